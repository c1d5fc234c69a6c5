"""Sessions as wholes: found, renamed, doubled, thrown away and taken back."""

import os
import time

import pytest

import storage
from tests.app.conftest import wait_until_read
from tests.app.service.test_service import read_whole, same_bits, state_of


def test_a_renamed_session_goes_on_under_its_new_name(make_service, book):
    service = make_service()
    read_whole(service, book, "old")
    list(service.ask("old", "Who kept a parrot?"))
    service.rename_session("old", "new")
    assert [s.session.name for s in service.sessions()] == ["new"]
    *_, answer = service.ask("new", "Who kept a parrot?")
    assert answer.done and len(service.messages("new")) == 4
    service.create_session("other")
    with pytest.raises(storage.AlreadyExists):
        service.rename_session("new", "other")


def test_a_duplicate_stands_where_its_model_stood_and_takes_hardly_any_disk(
    make_service, book, tmp_path
):
    service = make_service(checkpoint_tokens=512)
    read_whole(service, book, "one")
    list(service.ask("one", "Who kept a parrot?"))
    pages = service.db.value("SELECT count(*) FROM pages")
    service.duplicate_session("one", "two")
    assert service.db.value("SELECT count(*) FROM pages") == pages
    same_bits(state_of(service, "one"), state_of(service, "two"))
    texts = [[m.text for m in service.messages(name)] for name in ("one", "two")]
    assert texts[0] == texts[1] and len(texts[0]) == 2
    (document,) = service.documents("two")
    cited = service.messages("two")[-1].details["passages"]
    assert {p["document_id"] for p in cited} == {document.document.id}
    service.delete_session("one")
    more = tmp_path / "more.txt"
    more.write_text("The second book tells of a ferry over the river Tay. " * 20)
    service.add_document("two", more)
    wait_until_read(service, "two")
    assert [d.document.state for d in service.documents("two")] == ["done", "done"]
    assert service.db.integrity_check() == []


def test_a_duplicate_made_amid_a_reading_ends_in_the_same_bits(make_service, book):
    service = make_service(checkpoint_tokens=10**6, slice_tokens=256)
    service.create_session("one")
    service.add_document("one", book)
    service.reader.start()
    while service.documents("one")[0].tokens_read < 500:
        pass
    service.duplicate_session("one", "two")
    assert 0 < service.documents("two")[0].document.tokens_read
    wait_until_read(service, "one")
    wait_until_read(service, "two")
    same_bits(state_of(service, "one"), state_of(service, "two"))


def test_a_thrown_away_session_comes_back_as_it_was(make_service, book):
    service = make_service(checkpoint_tokens=10**6)
    service.create_session("s")
    service.add_document("s", book)
    service.reader.start()
    while service.documents("s")[0].tokens_read < 500:
        pass
    trashed = service.trash_session("s")
    assert service.sessions() == [] and [t.name for t in service.trashed_sessions()] == ["s"]
    with pytest.raises(storage.NotFound):
        service.session("s")
    service.create_session("s")  # the name is free meanwhile
    service.delete_session("s")
    assert len(list(service.settings.files_dir.iterdir())) == 1
    assert service.restore_session(trashed.session_id).name == "s"
    assert service.documents("s")[0].document.tokens_read > 0
    wait_until_read(service, "s")
    read_whole_state = state_of(service, "s")
    service.create_session("lone")
    service.add_document("lone", book)
    wait_until_read(service, "lone")
    same_bits(read_whole_state, state_of(service, "lone"))


def test_the_trash_is_really_emptied_after_a_while_and_at_the_start(make_service, book):
    service = make_service(trash_s=0.2)
    service.create_session("s")
    service.add_document("s", book)
    trashed = service.trash_session("s")
    deadline = time.monotonic() + 10
    while service.trashed_sessions():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    with pytest.raises(storage.NotFound, match="no longer in the trash"):
        service.restore_session(trashed.session_id)
    tables = ("sessions", "documents", "segments", "messages", "checkpoints", "pages", "trash")
    while any(service.db.value(f"SELECT count(*) FROM {table}") for table in tables):
        assert time.monotonic() < deadline
    service.create_session("again")
    service.trash_session("again")
    service.close()
    later = make_service(trash_s=0.0)
    later.start()
    assert later.trashed_sessions() == [] and later.sessions() == []


def test_a_taken_name_is_numbered_when_a_session_comes_back(make_service):
    service = make_service()
    service.create_session("s")
    trashed = service.trash_session("s")
    service.create_session("s")
    assert service.restore_session(trashed.session_id).name == "s (2)"


def test_sessions_are_found_by_name_and_title_and_tell_size_and_progress(make_service, book):
    service = make_service()
    read_whole(service, book, "Harbour notes")
    service.create_session("Übung")
    found = {text: [s.session.name for s in service.sessions(text)] for text in ("LIGHT harb", "ü")}
    assert found == {"LIGHT harb": ["Harbour notes"], "ü": ["Übung"]}
    assert service.sessions("lighthouse Übung") == []
    (summary,) = service.sessions("harbour", sizes=True)
    assert summary.tokens_read == summary.token_count > 0 and summary.open_count == 0
    assert summary.byte_count > book.stat().st_size


def test_a_copy_that_was_killed_long_ago_goes_with_the_next_deletion(make_service):
    service = make_service()
    service.create_session("one")
    folder = service.settings.files_dir
    folder.mkdir(parents=True, exist_ok=True)
    fresh, old = folder / "fresh.part", folder / "old.part"
    for path in (fresh, old):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    service.delete_session("one")
    assert fresh.exists() and not old.exists()
