"""Cancelling a document: what was read stays known, the rest is not found, and can be resumed."""

import storage
from tests.support.service import hold_reading, read_in_part, same_bits, state_of, wait_until_read


def test_a_cancelled_document_of_which_nothing_was_read_is_deleted(make_service, book):
    service = make_service()
    service.sessions.create("s")
    document = service.documents.add("s", book)
    assert service.documents.cancel(document.id) is None
    assert service.documents.list("s") == [] and not list(service.settings.files_dir.iterdir())


def test_of_a_cancelled_document_only_what_was_read_is_found(make_service, book):
    service = make_service()
    document = read_in_part(service, "s", book)
    row = service.sessions.get("s")
    assert storage.search_passages(service.db, row.id, "Ozymandias")
    cancelled = service.documents.cancel(document.id)
    assert cancelled.state == "cancelled" and cancelled.tokens_read == document.tokens_read
    assert not storage.search_passages(service.db, row.id, "Ozymandias")
    assert storage.search_passages(service.db, row.id, "lamp room keeper")
    again = make_service()
    again.start()
    assert again.documents.list("s")[0].document.state == "cancelled", "it is not resumed by itself"


def test_a_document_cancelled_while_it_is_read_stops_there(make_service, book, monkeypatch):
    service = make_service(checkpoint_tokens=10**6)
    hold_reading(service, monkeypatch, 501)
    service.sessions.create("s")
    document = service.documents.add("s", book)
    service.start_reading()
    while not service.documents.list("s")[0].tokens_read > 500:
        pass
    cancelled = service.documents.cancel(document.id)
    assert cancelled.state == "cancelled" and 0 < cancelled.tokens_read < cancelled.token_count


def test_a_cancelled_document_resumed_at_once_ends_as_if_never_cancelled(make_service, book):
    service = make_service()
    document = read_in_part(service, "s", book)
    service.documents.cancel(document.id)
    assert service.documents.resume(document.id).id == document.id
    wait_until_read(service, "s")
    service.sessions.create("lone")
    service.documents.add("lone", book)
    wait_until_read(service, "lone")
    same_bits(state_of(service, "s"), state_of(service, "lone"))


def test_a_cancelled_document_resumed_after_others_is_read_again_from_its_start(
    make_service, book, tmp_path
):
    service = make_service()
    document = read_in_part(service, "s", book)
    more = tmp_path / "more.txt"
    more.write_text("The second book tells of a ferry over the river Tay. " * 20)
    added = service.documents.add("s", more)
    while storage.get_document(service.db, added.id).state == "indexing":
        pass
    assert storage.get_document(service.db, added.id).state == "queued", "a pause holds it up"
    service.documents.cancel(document.id)
    wait_until_read(service, "s")
    assert storage.get_document(service.db, added.id).state == "done"
    again = service.documents.resume(document.id)
    wait_until_read(service, "s")
    assert again.id != document.id and again.title == "lighthouse (reading 2)"
    states = [d.document.state for d in service.documents.list("s")]
    assert states == ["cancelled", "done", "done"]


def test_a_failed_document_is_tried_again(make_service, book, monkeypatch):
    service = make_service()
    service.sessions.create("s")
    with monkeypatch.context() as broken:
        broken.setattr("app.service.reading.worker.token_chunks", lambda *_: 1 / 0)
        service.start_reading()
        document = service.documents.add("s", book)
        wait_until_read(service, "s")
    assert service.documents.list("s")[0].document.state == "failed"
    service.documents.resume(document.id)
    wait_until_read(service, "s")
    assert service.documents.list("s")[0].document.state == "done"
