"""Going back and removing: the state is as if what is removed had never been read."""

import pytest
import torch

import storage
from app.errors import NoSuchPlace, SessionBusy
from app.service import Service
from app.service.reading.locks import SessionLocks
from tests.support.service import live_tensors, wait_until_read


@pytest.fixture
def third(tmp_path):
    path = tmp_path / "third.txt"
    path.write_text("The third book tells of a heron that stood in the reeds. " * 60)
    return path


def read(service: Service, session: str, *paths) -> None:
    service.sessions.ensure(session)
    for path in paths:
        service.documents.add(session, path)
    wait_until_read(service, session)


def assert_equal_states(service: Service, one: str, other: str) -> None:
    for ours, theirs in zip(live_tensors(service, one), live_tensors(service, other), strict=True):
        assert torch.equal(ours, theirs)


def test_after_a_removal_the_state_is_as_if_the_document_was_never_added(
    make_service, book, second, third
):
    service = make_service(checkpoint_tokens=512)
    service.start()
    read(service, "all", book, second, third)
    list(service.questions.ask("all", "Who kept a parrot?"))
    gone = service.documents.list("all")[1].document
    service.documents.remove(gone.id)
    wait_until_read(service, "all")
    read(service, "two", book, third)
    assert [s.document.title for s in service.documents.list("all")] == ["lighthouse", "third"]
    assert_equal_states(service, "all", "two")
    assert service.db.integrity_check() == []
    assert not storage.search_passages(service.db, service.sessions.get("all").id, "ferry Tay")
    assert service.questions.messages("all"), "what was said stays"


def test_the_first_document_and_one_never_read_can_be_removed(make_service, book, second):
    service = make_service(checkpoint_tokens=512)
    service.start()
    read(service, "s", book, second)
    service.documents.remove(service.documents.list("s")[0].document.id)
    wait_until_read(service, "s")
    read(service, "one", second)
    assert_equal_states(service, "s", "one")
    row = service.sessions.create("fresh")
    unread = storage.add_document(
        service.db, row.id, title="t", kind="text", file_name="t", sha256="0", byte_count=1
    )
    service.documents.remove(unread.id)
    assert service.documents.list("fresh") == []


def test_going_back_forgets_what_came_after(make_service, book, second):
    service = make_service(checkpoint_tokens=512)
    service.start()
    read(service, "s", book, second)
    first = service.documents.list("s")[0].document
    end = next(
        c for c in service.sessions.checkpoints("s") if c.document_tokens == first.token_count
    )
    service.sessions.go_back("s", end.id)
    states = [s.document.state for s in service.documents.list("s")]
    assert states == ["done", "paused"] and service.sessions.checkpoints("s")[0].id == end.id
    assert service.sessions.report("s").tokens == end.position
    read(service, "one", book)
    assert_equal_states(service, "s", "one")
    service.documents.resume(service.documents.list("s")[1].document.id)
    wait_until_read(service, "s")
    read(service, "both", book, second)
    assert_equal_states(service, "s", "both")
    with pytest.raises(NoSuchPlace, match="no checkpoint number 9999"):
        service.sessions.go_back("s", 9999)


def test_going_back_into_a_document_pauses_it_there(make_service, book):
    service = make_service(checkpoint_tokens=512)
    service.start()
    read(service, "s", book)
    middle = service.sessions.checkpoints("s")[-1]
    service.sessions.go_back("s", middle.id)
    (status,) = service.documents.list("s")
    assert status.document.state == "paused"
    assert status.document.tokens_read == middle.document_tokens
    service.documents.resume(status.document.id)
    wait_until_read(service, "s")
    read(service, "whole", book)
    assert_equal_states(service, "s", "whole")


def test_a_session_that_another_process_reads_does_not_go_back(make_service, book):
    service = make_service(checkpoint_tokens=512)
    service.start()
    read(service, "s", book)
    row, checkpoints = service.sessions.get("s"), service.sessions.checkpoints("s")
    reread = storage.begin_reread(service.db, row.id, row.settings)
    with SessionLocks(service.settings.locks_dir).held(row.id):
        with pytest.raises(SessionBusy, match="is reading this session"):
            service.sessions.go_back("s", checkpoints[-1].id)
        with pytest.raises(SessionBusy, match="is reading this session"):
            service.documents.remove(service.documents.list("s")[0].document.id)
    assert service.sessions.checkpoints("s") == checkpoints
    assert storage.find_reread(service.db, row.id) == reread, "what is refused changes nothing"
