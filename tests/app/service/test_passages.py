"""A cited passage where it stands: its neighbours, and its page as a picture with it marked."""

import io

import pytest
from PIL import Image

import storage
from app.service import PagePlace
from app.service.passages import PageCut
from ingest import IngestError
from tests.support.pdf_samples import make_pdf
from tests.support.service import wait_until_read


@pytest.fixture
def service(make_service, book, tmp_path):
    path = tmp_path / "novel.pdf"
    path.write_bytes(make_pdf("the cover", "a zebra at the mill", "a theatre by the weir"))
    service = make_service()
    service.sessions.create("s")
    service.start_reading()
    service.documents.add("s", path)
    service.documents.add("s", book)
    wait_until_read(service, "s")
    return service


def found(service, question):
    return storage.search_passages(service.db, service.sessions.get("s").id, question)[0]


def texts(page):
    return [segment.text for segment in page.segments]


def test_a_passage_comes_with_the_text_of_its_page(service):
    passage = found(service, "zebra")
    page = service.passages.page("s", PagePlace(passage.segment_id))
    assert page.page_index == 1 and "zebra" in page.segment.text and page.name == "page 2"
    assert not any("theatre" in text for text in texts(page))
    assert page.document.title == "novel"


def test_lines_come_with_those_near_them_and_none_from_behind_a_place(service):
    passage = found(service, "Ozymandias")
    place = PagePlace(passage.segment_id)
    page = service.passages.page("s", place)
    at = page.segments.index(page.segment)
    assert page.page_index is None and 0 < at < len(page.segments) - 1
    assert passage.text == page.segment.text
    bound = service.passages.page("s", place, f"line {passage.locator_end}")
    assert texts(bound) == texts(page)[: at + 1] and bound.next is None
    with pytest.raises(storage.NotFound):
        service.passages.page("s", place, "line 40")


def read_through(service, document_id, at=""):
    """The texts of a document, page by page to its end, then back to its beginning."""
    page = service.passages.page("s", service.passages.place_in("s", document_id, 0, at), at)
    assert page.previous is None
    forward = [page]
    while page.next is not None:
        page = service.passages.page("s", page.next, at)
        forward.append(page)
    back = [page]
    while page.previous is not None:
        page = service.passages.page("s", page.previous, at)
        back.insert(0, page)
    return forward, back


def test_a_document_is_read_page_by_page_to_its_end_and_back(service):
    for status in service.documents.list("s"):
        document = status.document
        whole = [segment.text for segment in storage.iter_segments(service.db, document.id)]
        forward, back = read_through(service, document.id)
        assert [text for page in forward for text in texts(page)] == whole
        assert [text for page in back for text in texts(page)] == whole
        assert all(page.segments for page in forward)
    assert len(forward) > 1, "a few passages at a time"


def test_pages_without_text_are_on_the_way_but_not_behind_a_place(make_service, tmp_path):
    path = tmp_path / "gaps.pdf"
    path.write_bytes(make_pdf("", "a zebra at the mill", "", "", "a theatre by the weir", ""))
    service = make_service()
    service.sessions.create("s")
    service.start_reading()
    service.documents.add("s", path)
    wait_until_read(service, "s")
    first, *_ = storage.iter_segments(service.db, service.documents.list("s")[0].document.id)
    page = service.passages.page("s", PagePlace(first.id))
    onwards = []
    while page.next is not None:
        page = service.passages.page("s", page.next)
        onwards.append((page.page_index, len(page.segments)))
    assert onwards == [(2, 0), (3, 0), (4, 1), (5, 0)]
    page = service.passages.page("s", PagePlace(first.id))
    assert service.passages.page("s", page.previous).page_index == 0
    bound = service.passages.page("s", PagePlace(first.id), "page 2")
    assert bound.next is None and bound.page_index == 1
    for number in (3, 6, 7):
        with pytest.raises(storage.NotFound):
            service.passages.page("s", PagePlace(first.id, "around", number), "page 2")
    with pytest.raises(storage.NotFound):
        service.passages.page("s", PagePlace(first.id, "around", 7))


def test_a_page_that_is_only_partly_before_a_place_is_not_drawn(service):
    long = " ".join(f"Sentence {n} of the mill." for n in range(120))
    path = service.settings.data_dir.parent / "long.pdf"
    path.write_bytes(make_pdf(long))
    service.documents.add("s", path)
    wait_until_read(service, "s")
    document = service.documents.list("s")[-1].document
    first, second, *_ = storage.iter_segments(service.db, document.id)
    row = service.sessions.get("s")
    cut = PageCut(service.context, document, [first], first, position_behind(document, first))
    page = cut.page(PagePlace(first.id))
    assert page.page_index is None and page.next is None and row.id == document.session_id
    whole = service.passages.page("s", PagePlace(first.id))
    assert whole.page_index == 0 and second in whole.segments


def position_behind(document, segment):
    return document.start_position + segment.token_start + segment.token_count


def test_a_search_finds_the_passages_of_one_document_up_to_a_place(service):
    _, book = (status.document for status in service.documents.list("s"))
    words = service.passages.searched_words("s", "parrots")
    found_there = service.passages.search("s", book.id, words, 2)
    assert found_there.total >= len(found_there.passages) > 0
    assert {passage.document_id for passage in found_there.passages} == {book.id}
    for passage in found_there.passages:
        for start, end in words.spans(passage.text):
            assert passage.text[start:end].lower().startswith("parrot")
    first = found_there.passages[0]
    before = service.passages.search("s", book.id, words, 2, f"line {first.locator_end}")
    assert [passage.segment_id for passage in before.passages] == [first.segment_id]
    nothing = service.passages.searched_words("s", "??")
    assert service.passages.search("s", book.id, nothing, 2).total == 0


def test_passages_of_another_session_are_not_shown(service):
    passage = found(service, "Ozymandias")
    service.sessions.create("other")
    with pytest.raises(storage.NotFound, match="has no passage number"):
        service.passages.page("other", PagePlace(passage.segment_id))
    with pytest.raises(storage.NotFound, match="has no document number"):
        service.passages.place_in("other", passage.document_id)
    with pytest.raises(storage.NotFound, match="has no document with text"):
        service.passages.place_in("other", None)


def test_the_page_is_drawn_with_the_passage_marked(service):
    passage = found(service, "zebra")
    picture = service.passages.render(passage.document_id, 1, passage.text)
    image = Image.open(io.BytesIO(picture.png)).convert("L")
    assert image.size == (picture.width, picture.height)
    assert picture.marks
    for mark in picture.marks:
        inside = image.crop((mark.left, mark.top, mark.right, mark.bottom))
        assert inside.getextrema()[0] < 128, "there is ink where the passage is said to stand"
    assert service.passages.render(passage.document_id, 1, "nothing like this").marks == []


def test_a_page_that_cannot_be_drawn_is_reported(service):
    passage = found(service, "Ozymandias")
    with pytest.raises(storage.NotFound, match="no page to be drawn"):
        service.passages.render(passage.document_id, 0)
    with pytest.raises(IngestError, match="Page 100 of novel.pdf cannot be drawn"):
        service.passages.render(found(service, "zebra").document_id, 99)
