"""Reading speeds: stored with the checkpoints, of reading time only, and never in its way."""

import time

import pytest

from tests.support.service import wait_until_read


def read(service, *paths):
    service.sessions.ensure("s")
    for path in paths:
        service.documents.add("s", path)
    wait_until_read(service, "s")


@pytest.fixture
def note(tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("The ferry over the river Tay leaves at seven. " * 20)
    return path


def test_every_checkpoint_has_its_reading_speed_also_after_a_restart(make_service, book):
    service = make_service()
    service.start()
    read(service, book)
    speeds = service.sessions.report("s").speeds
    assert [s.position for s in speeds] == [c.position for c in service.sessions.checkpoints("s")][
        ::-1
    ]
    assert len(speeds) > 3
    document = service.documents.list("s")[0].document
    assert sum(s.tokens for s in speeds) == document.token_count
    assert all(s.tokens_per_second > 0 for s in speeds)
    service.close()
    again = make_service().sessions.report("s")
    assert again.speeds == speeds
    assert again.as_dict()["speeds"][0]["tokens_per_second"] == speeds[0].tokens_per_second
    assert again.tokens_per_second == pytest.approx(document.token_count / again.reading_seconds)


def test_time_spent_waiting_for_an_answer_is_not_reading_time(make_service, note):
    service = make_service()
    service.start()
    service.runtime()
    begun = time.monotonic()
    with service.context.queue.answering() as ticket:
        assert ticket.wait(10) == 0
        service.sessions.create("s")
        service.documents.add("s", note)
        time.sleep(0.6)
    wait_until_read(service, "s")
    waited_at_least = time.monotonic() - begun - service.sessions.report("s").reading_seconds
    assert waited_at_least > 0.6


def test_a_speed_that_cannot_be_stored_harms_no_reading(make_service, book, note):
    service = make_service()
    service.start()
    service.db.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON speeds BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    read(service, book)
    assert service.documents.list("s")[0].document.state == "done"
    assert service.sessions.report("s").speeds == [] and service.sessions.reading_notes("s") == []
    service.db.execute("DROP TRIGGER refuse")
    read(service, note)
    total = sum(status.document.token_count for status in service.documents.list("s"))
    assert sum(s.tokens for s in service.sessions.report("s").speeds) == total
