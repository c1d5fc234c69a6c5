"""Whether anything has changed that a page may show."""

import pytest

import storage
from app.service import changes


@pytest.fixture(autouse=True)
def nothing_is_assumed(monkeypatch):
    """However long a test takes, only what really changes counts."""
    monkeypatch.setattr(changes, "AGAIN_S", 1e9)


def test_a_mark_stays_the_same_until_something_changes(make_service, book):
    service = make_service(checkpoint_tokens=512)
    mark = service.changes.mark
    seen = [mark()]

    def changed() -> bool:
        seen.append(mark())
        return seen[-1] != seen[-2]

    service.sessions.list()
    assert not changed(), "it was only read"
    service.sessions.create("s")
    assert changed() and not changed()
    with storage.Database(service.settings.database_path) as other:
        storage.create_session(other, "of another process", {"by": "it"})
    assert changed() and not changed()
    document = service.documents.add("s", book)
    service.context.indexer.step()
    assert changed()
    service.context.worker.step()
    assert changed() and not changed()
    service.context.jobs._job(document.session_id).notice = "It waits."
    assert changed()
    with service.context.queue.answering() as ticket:
        while ticket.wait(0.1):
            pass
        assert changed()
    assert changed() and not changed()
    service.close()


def test_a_look_costs_one_statement_however_much_is_stored(make_service, book):
    service = make_service()
    service.sessions.create("s")
    document = service.documents.add("s", book)
    # By hand: the threads of a started service sweep, and ask something of their own meanwhile.
    service.context.indexer.step()
    service.context.worker.step()
    service.documents.pause(document.id)
    service.changes.mark()
    count = service.db.statement_count
    service.changes.mark()
    assert service.db.statement_count == count + 1
