"""What a session is at: the stage of its document, where in it, and for how long."""

import pytest

from app.cli.progress import bar_of
from app.service import Stage
from app.web.reading.html import card_html
from app.web.sources.html import documents_html
from tests.support.pdf_samples import make_pdf
from tests.support.service import hold_reading, read_in_part, wait_until_read


def test_a_reading_is_followed_from_the_file_to_its_end(make_service, book):
    service = make_service(checkpoint_tokens=512)
    service.sessions.create("s")
    assert service.readings.of("s") is None and service.readings.of("no such") is None
    document = service.documents.add("s", book)
    assert service.readings.of("s").stage is Stage.WAITING, "no thread is at it"
    service.context.indexer.step()
    found = service.readings.of("s")
    assert found.stage is Stage.WAITING and found.seconds_left is None and found.share == 0
    service.context.worker.step()
    found = service.readings.of("s")
    assert found.stage is Stage.READING and 0 < found.share < 1
    assert found.document.text.text in book.read_text("utf-8")
    assert found.tokens_per_second > 0 and found.seconds_left > 0
    service.documents.pause(document.id)
    service.context.worker.step()
    found = service.readings.of("s")
    assert (found.stage, found.tokens_per_second) == (Stage.PAUSED, 0.0)
    service.documents.resume(document.id)
    service.start_reading()
    wait_until_read(service, "s")
    assert service.readings.of("s") is None


def test_it_says_when_reading_waits_for_a_question(make_service, book):
    service = make_service()
    read_in_part(service, "s", book)
    service.documents.resume(service.documents.list("s")[0].document.id)
    with service.context.queue.answering() as ticket:
        while ticket.wait(0.1):
            pass
        assert service.context.queue.is_answering
        assert service.readings.of("s").stage in (Stage.ANSWERING, Stage.NOTING)
    assert not service.context.queue.is_answering


def test_it_says_when_another_session_is_read_first(make_service, book, monkeypatch):
    service = make_service()
    hold_reading(service, monkeypatch, 600)
    for name in ("s", "t"):
        service.sessions.create(name)
        service.documents.add(name, book)
        service.context.indexer.step()
    jobs = service.context.jobs
    job = jobs.take_to_read()
    assert jobs.session_being_read == service.sessions.get("s").id
    assert service.readings.of("t").stage is Stage.WAITING
    assert service.readings.of("s").stage is Stage.READING
    job.notice = "Another process reads it."
    held = service.readings.of("s")
    assert (held.stage, held.notice) == (Stage.HELD, "Another process reads it.")
    jobs.end_reading(job, has_more=False)


@pytest.mark.parametrize("kind, page", [("pdf", 4), ("text", None)])
def test_only_a_pdf_has_a_page_to_draw(make_service, book, kind, page):
    service = make_service()
    service.sessions.create("s")
    service.documents.add("s", book)
    service.context.indexer.step()
    service.db.execute("UPDATE documents SET kind = ?", [kind])
    service.db.execute("UPDATE segments SET locator_kind = 'page', locator_start = 5")
    assert service.readings.of("s").page_index == page


def test_the_indexing_of_a_scanned_book_says_its_page_on_the_page_and_in_the_terminal(
    make_service, tmp_path, monkeypatch
):
    service = make_service()
    path = tmp_path / "plates.pdf"
    path.write_bytes(make_pdf("The first plate.", "", "The third plate."))
    service.sessions.create("s")
    document = service.documents.add("s", path)
    jobs, noted = service.context.jobs, []
    marks = [service.changes.mark()]
    report = jobs.report_indexing

    def look(job, step):
        report(job, step)
        found, (listed,) = service.readings.of("s"), service.documents.list("s")
        assert (found.step, listed.step) == (step, step) and found.stage is Stage.INDEXING
        assert str(step) in card_html(found) and str(step) in documents_html([listed], "")
        assert bar_of(listed)["note"] == str(step)
        marks.append(service.changes.mark())
        assert marks[-1] != marks[-2] or step == noted[-1], "the page is told of it"
        noted.append(step)

    monkeypatch.setattr(jobs, "report_indexing", look)
    service.context.indexer.step()
    said = list(dict.fromkeys(map(str, noted)))
    assert said[0] == "Opening the file"
    assert said[-1] == "Taking out the text: 3 of 3 pages", said
    assert jobs.indexing_steps() == {}, "it is over"
    assert service.documents.list("s")[0].document.id == document.id
