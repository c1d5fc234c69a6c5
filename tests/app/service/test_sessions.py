"""Sessions as wholes: found, renamed, duplicated, put into the trash and restored."""

import os
import threading
import time

import pytest

import storage
from app.service import Done
from app.service.reading.progress import Progress
from tests.support.service import read_whole, same_bits, state_of, wait_until_read


def test_a_renamed_session_is_read_under_its_new_name(make_service, book):
    service = make_service()
    read_whole(service, book, "old")
    list(service.questions.ask("old", "Who kept a parrot?"))
    service.sessions.rename("old", "new")
    assert [s.session.name for s in service.sessions.list()] == ["new"]
    *_, last = service.questions.ask("new", "Who kept a parrot?")
    assert isinstance(last, Done) and len(service.questions.messages("new")) == 4
    service.sessions.create("other")
    with pytest.raises(storage.AlreadyExists):
        service.sessions.rename("new", "other")


def test_a_duplicate_has_the_same_state_and_takes_hardly_any_disk_space(
    make_service, book, tmp_path
):
    service = make_service(checkpoint_tokens=512)
    read_whole(service, book, "one")
    list(service.questions.ask("one", "Who kept a parrot?"))
    pages = service.db.value("SELECT count(*) FROM pages")
    service.sessions.duplicate("one", "two")
    assert service.db.value("SELECT count(*) FROM pages") == pages
    same_bits(state_of(service, "one"), state_of(service, "two"))
    texts = [[m.text for m in service.questions.messages(name)] for name in ("one", "two")]
    assert texts[0] == texts[1] and len(texts[0]) == 2
    (document,) = service.documents.list("two")
    cited = service.questions.messages("two")[-1].details["passages"]
    assert {p["document_id"] for p in cited} == {document.document.id}
    service.sessions.delete("one")
    more = tmp_path / "more.txt"
    more.write_text("The second book tells of a ferry over the river Tay. " * 20)
    service.documents.add("two", more)
    wait_until_read(service, "two")
    assert [d.document.state for d in service.documents.list("two")] == ["done", "done"]
    assert service.db.integrity_check() == []


def test_what_is_being_read_counts_before_its_checkpoint(make_service, book):
    service = make_service(checkpoint_tokens=10**6, slice_tokens=256)
    service.sessions.create("one")
    service.sessions.create("two")
    service.documents.add("one", book)
    service.context.indexer.step()
    seen = []

    def look() -> None:
        (listed,) = [s for s in service.sessions.listing().rows if s.session.name == "one"]
        assert [s.tokens_read for s in service.sessions.list("one")] == [listed.tokens_read]
        seen.append((listed.tokens_read, service.documents.list("one")[0].tokens_read))

    advance = Progress.advance
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Progress, "advance", lambda *args: (advance(*args), look()))
        while service.context.worker.step():
            pass
    assert len({read for read, _ in seen}) > 3
    assert all(read == of_document for read, of_document in seen)
    (stored,) = [s for s in service.sessions.list() if s.session.name == "one"]
    assert stored.tokens_read == document_tokens(service, "one")


def test_a_session_keeps_its_place_in_the_list_while_it_is_read(make_service, book):
    service = make_service(checkpoint_tokens=256)
    service.sessions.create("read in the background")
    service.documents.add("read in the background", book)
    service.sessions.create("used since")
    service.context.indexer.step()
    while service.context.worker.step():
        listed = [s.session.name for s in service.sessions.listing().rows]
        assert listed == ["used since", "read in the background"]
    assert len(service.sessions.checkpoints("read in the background")) > 1
    list(service.questions.ask("read in the background", "Who kept a parrot?"))
    assert service.sessions.newest() == "read in the background"


def document_tokens(service, name: str) -> int:
    return sum(s.document.token_count for s in service.documents.list(name))


def test_a_duplicate_made_during_a_reading_ends_in_the_same_bits(make_service, book):
    service = make_service(checkpoint_tokens=10**6, slice_tokens=256)
    service.sessions.create("one")
    service.documents.add("one", book)
    service.start_reading()
    while service.documents.list("one")[0].tokens_read < 500:
        pass
    service.sessions.duplicate("one", "two")
    assert 0 < service.documents.list("two")[0].document.tokens_read
    wait_until_read(service, "one")
    wait_until_read(service, "two")
    same_bits(state_of(service, "one"), state_of(service, "two"))


def test_a_session_restored_from_the_trash_is_as_it_was(make_service, book):
    service = make_service(checkpoint_tokens=10**6)
    service.sessions.create("s")
    service.documents.add("s", book)
    service.start_reading()
    while service.documents.list("s")[0].tokens_read < 500:
        pass
    trashed = service.trash.put("s")
    assert service.sessions.list() == [] and [t.name for t in service.trash.list()] == ["s"]
    with pytest.raises(storage.NotFound):
        service.sessions.get("s")
    service.sessions.create("s")  # the name is free meanwhile
    service.sessions.delete("s")
    assert len(list(service.settings.files_dir.iterdir())) == 1
    assert service.trash.restore(trashed.session_id).name == "s"
    assert service.documents.list("s")[0].document.tokens_read > 0
    wait_until_read(service, "s")
    read_whole_state = state_of(service, "s")
    service.sessions.create("lone")
    service.documents.add("lone", book)
    wait_until_read(service, "lone")
    same_bits(read_whole_state, state_of(service, "lone"))


def test_the_trash_is_emptied_after_its_time_and_at_the_start(make_service, book):
    service = make_service(trash_s=0.2)
    service.sessions.create("s")
    service.documents.add("s", book)
    trashed = service.trash.put("s")
    deadline = time.monotonic() + 10
    while service.trash.list():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    with pytest.raises(storage.NotFound, match="no longer in the trash"):
        service.trash.restore(trashed.session_id)
    tables = ("sessions", "documents", "segments", "messages", "checkpoints", "pages", "trash")
    while any(service.db.value(f"SELECT count(*) FROM {table}") for table in tables):
        assert time.monotonic() < deadline
    service.sessions.create("again")
    service.trash.put("again")
    service.close()
    later = make_service(trash_s=0.0)
    later.start()
    assert later.trash.list() == [] and later.sessions.list() == []


def test_a_restored_session_gets_a_number_if_its_name_is_taken(make_service):
    service = make_service()
    service.sessions.create("s")
    trashed = service.trash.put("s")
    service.sessions.create("s")
    assert service.trash.restore(trashed.session_id).name == "s (2)"


def test_sessions_are_found_by_name_and_title_with_size_and_progress(make_service, book):
    service = make_service()
    read_whole(service, book, "Harbour notes")
    service.sessions.create("Übung")
    found = {
        text: [s.session.name for s in service.sessions.list(text)] for text in ("LIGHT harb", "ü")
    }
    assert found == {"LIGHT harb": ["Harbour notes"], "ü": ["Übung"]}
    assert service.sessions.list("lighthouse Übung") == []
    (summary,) = service.sessions.list("harbour", sizes=True)
    assert summary.tokens_read == summary.token_count > 0 and summary.open_count == 0
    assert summary.byte_count > book.stat().st_size


def hold_deletions(monkeypatch):
    """Hold each deletion: the first event says that one began, the second lets it go on."""
    began, may_end, delete = threading.Event(), threading.Event(), storage.delete_session

    def slowly(*args, **options):
        began.set()
        assert may_end.wait(60)
        return delete(*args, **options)

    monkeypatch.setattr(storage, "delete_session", slowly)
    return began, may_end


def test_a_stop_waits_for_the_deletion_under_way_and_begins_no_other(
    make_service, monkeypatch, caplog
):
    service = make_service(trash_s=0.0)
    for name in "abc":
        service.sessions.create(name)
    for name in "ab":
        storage.trash_session(service.db, service.sessions.get(name).id)
    began, may_end = hold_deletions(monkeypatch)
    service.trash.put("c")
    assert began.wait(60)
    stopping = threading.Thread(target=service.trash.stop)
    stopping.start()
    stopping.join(0.5)
    assert stopping.is_alive()
    may_end.set()
    stopping.join(60)
    assert [trashed.name for trashed in service.trash.list()] == ["b", "a"]
    assert not caplog.records


def test_a_stop_waits_for_a_deletion_though_another_timer_was_set_meanwhile(
    make_service, monkeypatch
):
    service = make_service(trash_s=0.0)
    for name in "ab":
        service.sessions.create(name)
    began, may_end = hold_deletions(monkeypatch)
    service.trash.put("a")
    assert began.wait(60)
    with monkeypatch.context() as later:
        later.setattr(service.trash, "_left_s", lambda trashed: 600.0)
        service.trash.put("b")
    stopping = threading.Thread(target=service.trash.stop)
    stopping.start()
    stopping.join(0.5)
    is_waiting = stopping.is_alive()
    may_end.set()
    stopping.join(60)
    assert is_waiting


def test_an_abandoned_partial_copy_is_deleted_with_the_next_session(make_service):
    service = make_service()
    service.sessions.create("one")
    folder = service.settings.files_dir
    folder.mkdir(parents=True, exist_ok=True)
    fresh, old = folder / "fresh.part", folder / "old.part"
    for path in (fresh, old):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    service.sessions.delete("one")
    assert fresh.exists() and not old.exists()


def test_a_session_that_another_process_makes_at_once_is_taken(make_service, monkeypatch):
    one, two = make_service(), make_service()
    create = one.sessions.create

    def create_late(name, model):
        two.sessions.create(name)
        return create(name, model)

    monkeypatch.setattr(one.sessions, "create", create_late)
    assert one.sessions.ensure("s").id == two.sessions.get("s").id
    assert [s.session.name for s in two.sessions.list()] == ["s"]


def test_a_session_whose_name_only_looks_like_another_is_refused_and_not_taken_for_it(make_service):
    service = make_service()
    service.sessions.create("mill")
    with pytest.raises(storage.AlreadyExists, match="not seen"):
        service.sessions.ensure("mi\u200bll")
    assert service.sessions.ensure("mill").name == "mill"
