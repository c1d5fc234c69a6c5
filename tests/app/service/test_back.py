"""Going back and removing: the state is as if what is gone had never been read."""

import pytest
import torch

import storage
from app.errors import NoSuchPlace, SessionBusy
from app.service import Service
from app.service.reading.locks import SessionLocks
from tests.app.conftest import wait_until_read


@pytest.fixture
def second(tmp_path):
    path = tmp_path / "second.txt"
    path.write_text("The second book tells of a ferry over the river Tay. " * 60)
    return path


@pytest.fixture
def third(tmp_path):
    path = tmp_path / "third.txt"
    path.write_text("The third book tells of a heron that stood in the reeds. " * 60)
    return path


def read(service: Service, session: str, *paths) -> None:
    service.ensure_session(session)
    for path in paths:
        service.add_document(session, path)
    wait_until_read(service, session)


def state_of(service: Service, session: str) -> list[torch.Tensor]:
    with service.context.queue.reading():
        live = service.context.live.get(service.session(session).id)
        return [t for layer in live.session.state.layers for t in (layer.k, layer.v, layer.memory)]


def assert_equal_states(service: Service, one: str, other: str) -> None:
    for ours, theirs in zip(state_of(service, one), state_of(service, other), strict=True):
        assert torch.equal(ours, theirs)


def test_without_a_document_all_is_as_if_it_had_never_come(make_service, book, second, third):
    service = make_service(checkpoint_tokens=512)
    service.start()
    read(service, "all", book, second, third)
    list(service.ask("all", "Who kept a parrot?"))
    gone = service.documents("all")[1].document
    service.remove_document(gone.id)
    wait_until_read(service, "all")
    read(service, "two", book, third)
    assert [s.document.title for s in service.documents("all")] == ["lighthouse", "third"]
    assert_equal_states(service, "all", "two")
    assert service.db.integrity_check() == []
    assert not storage.search_passages(service.db, service.session("all").id, "ferry Tay")
    assert service.messages("all"), "what was said stays"


def test_the_first_and_one_that_was_never_read_can_be_removed(make_service, book, second):
    service = make_service(checkpoint_tokens=512)
    service.start()
    read(service, "s", book, second)
    service.remove_document(service.documents("s")[0].document.id)
    wait_until_read(service, "s")
    read(service, "one", second)
    assert_equal_states(service, "s", "one")
    row = service.create_session("fresh")
    unread = storage.add_document(
        service.db, row.id, title="t", kind="text", file_name="t", sha256="0", byte_count=1
    )
    service.remove_document(unread.id)
    assert service.documents("fresh") == []


def test_going_back_forgets_what_came_after(make_service, book, second):
    service = make_service(checkpoint_tokens=512)
    service.start()
    read(service, "s", book, second)
    first = service.documents("s")[0].document
    end = next(c for c in service.checkpoints("s") if c.document_tokens == first.token_count)
    service.go_back("s", end.id)
    states = [s.document.state for s in service.documents("s")]
    assert states == ["done", "paused"] and service.checkpoints("s")[0].id == end.id
    assert service.report("s").tokens == end.position
    read(service, "one", book)
    assert_equal_states(service, "s", "one")
    service.resume(service.documents("s")[1].document.id)
    wait_until_read(service, "s")
    read(service, "both", book, second)
    assert_equal_states(service, "s", "both")
    with pytest.raises(NoSuchPlace, match="no checkpoint number 9999"):
        service.go_back("s", 9999)


def test_in_the_middle_of_a_document_it_waits_there(make_service, book):
    service = make_service(checkpoint_tokens=512)
    service.start()
    read(service, "s", book)
    middle = service.checkpoints("s")[-1]
    service.go_back("s", middle.id)
    (status,) = service.documents("s")
    assert status.document.state == "paused"
    assert status.document.tokens_read == middle.document_tokens
    service.resume(status.document.id)
    wait_until_read(service, "s")
    read(service, "whole", book)
    assert_equal_states(service, "s", "whole")


def test_a_session_that_another_process_reads_is_left_alone(make_service, book):
    service = make_service(checkpoint_tokens=512)
    service.start()
    read(service, "s", book)
    row, checkpoints = service.session("s"), service.checkpoints("s")
    with SessionLocks(service.settings.locks_dir).held(row.id):
        with pytest.raises(SessionBusy, match="is reading this session"):
            service.go_back("s", checkpoints[-1].id)
        with pytest.raises(SessionBusy, match="is reading this session"):
            service.remove_document(service.documents("s")[0].document.id)
    assert service.checkpoints("s") == checkpoints
