"""The service through the whole stack: read, ask, resume, pause, refuse, delete."""

import pytest

import storage
from app.errors import BadQuestion, NothingRead, SessionBusy
from app.messages import sentence
from app.service import Done, final_answer
from app.service.reading.locks import SessionLocks
from ingest import IngestError
from tests.support.service import hold_reading, read_whole, same_bits, state_of, wait_until_read


def test_a_document_is_read_to_its_end(make_service, book):
    service = make_service()
    document = read_whole(service, book)
    assert document.state == "done" and document.tokens_read == document.token_count > 4500
    assert document.unit_name == "line" and document.title == "lighthouse"
    assert state_of(service).position == document.start_position + document.token_count


def test_an_answer_comes_with_the_passage_and_its_lines(make_service, book):
    service = make_service()
    read_whole(service, book)
    answer = final_answer(service.questions.ask("s", "What was the parrot Ozymandias kept by?"))
    assert "Ozymandias" in answer.passages[0].text
    assert answer.passages[0].locator.startswith("lines ") and answer.passages[0].is_read
    roles = [m.role for m in service.questions.messages("s")]
    assert roles == ["user", "assistant"]


def test_asking_never_disturbs_the_reading(make_service, book):
    service = make_service()
    read_whole(service, book)
    before = state_of(service)
    list(service.questions.ask("s", "parrot?"))
    same_bits(state_of(service), before)


def test_an_interrupted_reading_ends_in_the_same_bits(make_service, book, monkeypatch):
    service = make_service()
    whole = read_whole(service, book, "whole")
    first = make_service(checkpoint_tokens=512)
    hold_reading(first, monkeypatch, 601)
    first.sessions.create("cut")
    first.start_reading()
    document = first.documents.add("cut", book)
    while not first.documents.list("cut")[0].tokens_read > 600:
        pass
    first.stop_reading()
    part = first.documents.list("cut")[0].document
    assert 0 < part.tokens_read < whole.token_count
    second = make_service(checkpoint_tokens=2048)
    second.start()
    assert second.documents.add("cut", book).id == document.id
    wait_until_read(second, "cut")
    same_bits(state_of(second, "cut"), state_of(service, "whole"))


def test_a_damaged_checkpoint_falls_back_and_reads_again(make_service, book):
    service = make_service()
    document = read_whole(service, book)
    sound = state_of(service)
    newest = storage.list_checkpoints(service.db, service.sessions.get("s").id)[0]
    page = newest.manifest["memory_page"]
    service.db.execute("UPDATE pages SET data = zeroblob(20) WHERE hash = ?", [page])
    second = make_service()
    fallen = state_of(second)
    assert fallen.position < sound.position and "damaged" in fallen.notes[0]
    storage.set_document_state(second.db, document.id, "reading")
    second.start()
    wait_until_read(second, "s")
    same_bits(state_of(second), sound)


def test_a_paused_document_stays_so_until_it_is_resumed(make_service, book):
    service = make_service()
    service.sessions.create("s")
    document = service.documents.add("s", book)
    service.documents.pause(document.id)
    service.start_reading()
    wait_until_read(service, "s")
    paused = service.documents.list("s")[0].document
    assert paused.state == "paused" and 0 < paused.tokens_read < paused.token_count
    service.documents.resume(document.id)
    wait_until_read(service, "s")
    row = service.documents.list("s")[0].document
    assert row.state == "done" and row.tokens_read == row.token_count


def test_the_same_file_is_not_read_twice(make_service, book):
    service = make_service()
    document = read_whole(service, book)
    assert service.documents.add("s", book).id == document.id
    assert len(service.documents.list("s")) == 1


@pytest.mark.parametrize(
    "name, data",
    [
        ("empty.txt", b""),
        ("fake.pdf", b"not a pdf at all"),
        ("image.txt", b"\x89PNG\r\n\x1a\n\0\0"),
    ],
)
def test_a_refused_file_leaves_nothing_behind(make_service, tmp_path, name, data):
    service = make_service()
    service.sessions.create("s")
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(IngestError) as refused:
        service.documents.add("s", path)
    assert name in sentence(refused.value)
    assert service.documents.list("s") == [] and not service.settings.files_dir.exists()


def test_questions_that_cannot_be_asked(make_service, book):
    service = make_service()
    service.sessions.create("s")
    for question, error in [("  ", BadQuestion), ("x" * 5000, BadQuestion), ("why?", NothingRead)]:
        with pytest.raises(error):
            list(service.questions.ask("s", question))
    with pytest.raises(storage.NotFound, match="No session|no session"):
        list(service.questions.ask("nobody", "why?"))


def test_deleting_a_session_leaves_no_file(make_service, book):
    service = make_service()
    read_whole(service, book)
    service.sessions.delete("s")
    assert service.sessions.list() == [] and list(service.settings.files_dir.iterdir()) == []


def test_a_session_held_by_another_process_is_refused(tmp_path):
    one, other = SessionLocks(tmp_path), SessionLocks(tmp_path)
    with one.held(1), pytest.raises(SessionBusy, match="is reading this session"):
        with other.held(1):
            pass
    with other.held(1):
        pass


def test_savings_are_zero_below_the_window_and_grow_past_it(make_service, book):
    service = make_service()
    service.sessions.create("new")
    assert service.sessions.report("new").run_cache_saved == 0
    read_whole(service, book)
    report = service.sessions.report("s")
    held = state_of(service).session.cache_bytes
    assert report.run_cache_bytes == held
    assert 0 < report.run_cache_saved < 1 and 0 < report.paper_flops_saved < 1


def test_a_programming_error_fails_one_document_and_the_worker_continues(
    make_service, book, monkeypatch
):
    service = make_service()
    service.sessions.create("s")
    monkeypatch.setattr("app.service.reading.worker.token_chunks", lambda *_: 1 / 0)
    service.start_reading()
    document = service.documents.add("s", book)
    wait_until_read(service, "s")
    failed = service.documents.list("s")[0].document
    assert failed.state == "failed" and "ZeroDivisionError" in (failed.error or "")
    monkeypatch.undo()
    service.documents.resume(document.id)
    wait_until_read(service, "s")
    assert service.documents.list("s")[0].document.state == "done"


def test_a_session_is_answered_with_the_options_it_was_made_with(make_service, book):
    """One server serves sessions of several configurations, each from its own model."""
    service = make_service()
    read_whole(service, book, "int8")
    exact = make_service(quantize=None)
    exact.start()
    exact.sessions.create("exact")
    exact.documents.add("exact", book)
    wait_until_read(exact, "exact")
    found = [exact.runtime(exact.sessions.get(name)).stream.quantize for name in ("int8", "exact")]
    assert found == ["int8", None]
    for name in ("int8", "exact"):
        *_, last = exact.questions.ask(name, "Who kept the parrot Ozymandias?")
        assert isinstance(last, Done)


def test_a_session_older_than_an_option_has_its_old_default(make_service):
    service = make_service()
    row = service.sessions.create("old")
    old = set(row.settings["options"]) - {"quantize", "positions"}
    options = {name: row.settings["options"][name] for name in old}
    storage.update_session_settings(service.db, row.id, {**row.settings, "options": options})
    assert service.runtime(service.sessions.get("old")).stream.quantize is None
