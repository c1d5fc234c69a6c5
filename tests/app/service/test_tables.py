"""Tables through the whole service: a row is found by its key, with the names of its columns."""

import pytest

import storage
from app.service.passages import PagePlace
from tests.support.service import wait_until_read
from tests.support.workbook_samples import make_xlsx, row

HEAD = ("SKU", "Name", "Purchase price")
ROWS = [(f"SKU-{i:04d}", f"Lamp {i}", i + 0.25) for i in range(1, 301)]


def as_csv():
    return "".join(",".join(map(str, cells)) + "\n" for cells in [HEAD, *ROWS]).encode()


def as_xlsx():
    rows = "".join(row(number, *cells) for number, cells in enumerate([HEAD, *ROWS], start=1))
    return make_xlsx({"Stock": rows})


def as_markdown():
    lines = [HEAD, ("---",) * 3, *ROWS]
    return "".join(f"| {' | '.join(map(str, cells))} |\n" for cells in lines).encode()


@pytest.mark.parametrize(
    ("name", "make"), [("t.csv", as_csv), ("t.xlsx", as_xlsx), ("t.md", as_markdown)]
)
def test_a_row_is_among_the_first_passages_with_its_header(make_service, tmp_path, name, make):
    path = tmp_path / name
    path.write_bytes(make())
    service = make_service()
    service.sessions.create("s")
    service.documents.add("s", path)
    service.context.indexer.step()
    session = service.sessions.get("s").id
    found = storage.search_passages(service.db, session, "Purchase price of SKU-0173?", limit=3)
    (passage,) = [one for one in found if "SKU-0173" in one.text]
    assert "SKU | Name | Purchase price" in passage.text
    assert "SKU-0173 | Lamp 173 | 173.25" in passage.text


def test_a_row_is_a_place_in_the_stream(make_service, tmp_path):
    path = tmp_path / "stock.csv"
    path.write_bytes(as_csv())
    service = make_service()
    service.sessions.create("s")
    service.start_reading()
    service.documents.add("s", path)
    wait_until_read(service, "s")
    session = service.sessions.get("s").id
    (position,) = storage.find_positions(service.db, session, "row", 120)
    assert position.locator.startswith("rows ") and position.position
    (passage, *_) = storage.search_passages(service.db, session, "SKU-0100")
    place = PagePlace(passage.segment_id)
    whole, bound = (service.passages.page("s", place, at) for at in ("", "row 120"))
    assert any("SKU-0140" in segment.text for segment in whole.segments)
    assert any("SKU-0100" in segment.text for segment in bound.segments)
    assert not any("SKU-0140" in segment.text for segment in bound.segments)
