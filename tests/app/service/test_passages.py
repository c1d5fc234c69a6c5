"""A cited passage where it stands: its neighbours, and its page as a picture with it marked."""

import io

import pytest
from PIL import Image

import storage
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


def test_a_passage_comes_with_the_text_of_its_page(service):
    context = service.passages.context("s", found(service, "zebra").segment_id)
    assert context.page_index == 1 and "zebra" in context.text
    assert not any("theatre" in text for text in context.before + context.after)
    assert context.document.title == "novel"


def test_lines_come_with_those_near_them_and_none_from_behind_a_place(service):
    passage = found(service, "Ozymandias")
    context = service.passages.context("s", passage.segment_id)
    assert context.page_index is None and context.before and context.after
    assert passage.text == context.text
    bound = service.passages.context("s", passage.segment_id, f"line {passage.locator_end}")
    assert bound.before == context.before and bound.after == []
    with pytest.raises(storage.NotFound):
        service.passages.context("s", passage.segment_id, "line 40")


def test_passages_of_another_session_are_not_shown(service):
    passage = found(service, "Ozymandias")
    service.sessions.create("other")
    with pytest.raises(storage.NotFound, match="has no passage number"):
        service.passages.context("other", passage.segment_id)


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
