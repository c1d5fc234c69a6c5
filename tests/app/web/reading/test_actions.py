"""The card follows the reading: one statement, nothing sent when nothing changed, then gone."""

import time

import gradio as gr
import pytest

from app.web.reading.actions import NOTHING, ReadingActions
from tests.support.pdf_samples import make_pdf
from tests.support.service import wait_until_read

SAME = (gr.skip(),) * 3


@pytest.fixture
def service(make_service, tmp_path):
    path = tmp_path / "harbour.pdf"
    path.write_bytes(make_pdf(*["The ship came into the harbour in March.\n" * 40] * 4))
    service = make_service(checkpoint_tokens=256)
    service.sessions.create("s")
    service.documents.add("s", path)
    service.context.indexer.step()
    service.context.worker.step()
    return service


def test_the_card_shows_the_page_and_its_picture_and_is_sent_once(service):
    act = ReadingActions(service)
    picture, card, shown = act.opened("s")
    assert "harbour" in card and "The ship came into the harbour" in card
    deadline = time.monotonic() + 60
    while not shown.picture:
        assert time.monotonic() < deadline
        time.sleep(0.05)
        *_, now = act.tick(service.sessions.presence("s"), shown)
        shown = shown if now == gr.skip() else now
    assert shown.picture.startswith('<img class="now-page" src="data:image/png;base64,')
    assert len(shown.picture) < 60_000 and "drawn small" in shown.picture
    unchanged = [act.tick(service.sessions.presence("s"), shown) for _ in range(3)]
    assert unchanged[-1] == SAME
    assert (
        act.tick(service.sessions.presence("no such"), shown) == ("", "", NOTHING)
        and act.tick(service.sessions.presence(None), NOTHING) == SAME
    )
    service.start_reading()
    wait_until_read(service, "s")
    assert act.tick(service.sessions.presence("s"), shown) == ("", "", NOTHING), (
        "it is gone when nothing is being read"
    )


def test_a_tick_costs_one_statement(service):
    act, sent = ReadingActions(service), []
    connection = service.db.connection.conn
    for session, count in (("s", 1), ("no such", 1)):
        present = service.sessions.presence(session)
        connection.set_trace_callback(sent.append)
        act.tick(present, None)
        connection.set_trace_callback(None)
        assert len(sent) == count, "for one that does not exist nothing is asked"
