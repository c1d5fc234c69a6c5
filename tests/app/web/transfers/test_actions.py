"""Exported sessions on the page: recognised among documents, imported, shown, selected, saved."""

import itertools
import os
import time
from types import SimpleNamespace

import gradio as gr
import pytest

from app.service import SUFFIX
from app.service.transfers import MAX_OPEN
from app.web.page import build
from app.web.sidebar.actions import SessionActions
from app.web.sources.actions import SourceActions
from app.web.transfers.actions import Begun, TransferActions, is_export
from app.web.upload_folder import ABANDONED_S, delete_abandoned
from tests.support.loading import model_loading
from tests.support.service import PATIENCE_S, read_whole


@pytest.fixture
def service(make_service, book):
    service = make_service(checkpoint_tokens=512)
    read_whole(service, book, "Lamp")
    return service


@pytest.fixture
def act(service):
    return TransferActions(service, SessionActions(service))


@pytest.fixture
def upload(service):
    """Upload files as the page does: each in a folder of its own."""
    actions = SourceActions(service, SessionActions(service))
    folder = service.settings.uploads_dir / "one"
    numbers = itertools.count()

    def send(session, begun=None, **files):
        paths = []
        for name, content in files.items():
            own = folder / str(next(numbers))
            own.mkdir(parents=True)
            paths.append(own / name.replace("_", "."))
            paths[-1].write_bytes(content)
        return actions.upload(session, [str(path) for path in paths], "", "", begun=begun)

    return send


@pytest.fixture
def content(service, tmp_path):
    path = tmp_path / f"lamp{SUFFIX}"
    service.sessions.export_to("Lamp", path)
    return path.read_bytes()


def ticked(act, service, selected, begun):
    """What the page shows, and what arrived, once all has ended and a tick has seen that."""
    deadline = time.monotonic() + PATIENCE_S
    numbers = [number for upload in begun for number in upload.ids]
    view, arrived = "", None
    while True:
        found = [service.transfers.find(number) for number in numbers]
        html, seen, came = act.tick(service.sessions.presence(selected), begun, view)
        assert html == seen
        view = view if seen == gr.skip() else seen
        arrived = arrived if came == gr.skip() else came
        if all(each is None or each.has_ended for each in found):
            return view, arrived
        assert time.monotonic() < deadline
        time.sleep(0.01)


def names(service):
    return sorted(service.sessions.names(""))


@pytest.mark.filterwarnings("ignore")
def test_an_export_among_documents_becomes_a_session_whatever_it_is_called(
    service, act, upload, content
):
    *_, begun = upload("Lamp", notes_txt=b"The parrot is grey.", backup_dat=content)
    assert [(upload.session, len(upload.ids)) for upload in begun] == [("Lamp", 1)]
    titles = [s.document.title for s in service.documents.list("Lamp")]
    assert titles[-1] == "notes" and len(titles) == 2
    _, arrived = ticked(act, service, "Lamp", begun)
    assert arrived.session == "Lamp 2"
    radio, *_, search, followed = act.select(arrived, "Lamp", None)
    assert (radio.value, search) == ("Lamp 2", "")
    skipped = (gr.skip(),) * 5
    assert act.select(arrived, "Other", None) == skipped, "another one was selected meanwhile"
    assert act.select(arrived, "Lamp", followed) == skipped, "one of each upload is selected"
    assert names(service) == ["Lamp", "Lamp 2"]
    assert list((service.settings.uploads_dir / "one").iterdir()) == [], "uploads are deleted"


def test_a_session_that_was_selected_meanwhile_stays_selected(service, act, upload, content):
    service.sessions.create("Other")
    radio, *_, begun = upload("Lamp", lamp_ammon=content)
    assert radio == gr.skip()
    with pytest.warns(UserWarning, match="Imported the session .*Lamp 2"):
        _, arrived = ticked(act, service, "Other", begun)
    assert arrived is None


def test_a_file_that_is_only_named_so_is_refused_as_in_the_terminal(service, act, upload, content):
    *_, begun = upload(
        None, lamp_ammon=content[: len(content) // 2], letter_ammon=b"Dear Sir, " * 99
    )
    html, arrived = ticked(act, service, None, begun)
    assert arrived is None
    assert "Importing lamp.ammon: lamp.ammon is damaged (" in html and 'role="alert"' in html
    assert "letter.ammon is damaged (it is not a database); export the session again." in html
    assert names(service) == ["Lamp"]
    for number in begun[0].ids:
        act.end(SimpleNamespace(_data={"id": number}))
    assert act.shown() == ""
    for nonsense in ({"id": "x"}, {"id": -1}, None):
        assert act.end(SimpleNamespace(_data=nonsense)) == ("", "")


def test_a_name_is_shown_as_text(service, act, tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"no export")
    number = service.transfers.begin_import(path, "<img src=x>.ammon")
    html, _ = ticked(act, service, None, [Begun((number,), None)])
    assert "<img" not in html and "&lt;img" in html


def test_a_document_is_no_export(tmp_path):
    text = tmp_path / "about.txt"
    text.write_bytes(b"SQLite format 3\0" + bytes(80) + b"Ammn")
    assert not is_export(str(text)) and not is_export(str(tmp_path / "gone.txt"))
    assert is_export(str(tmp_path / "gone.AMMON"))


@pytest.mark.filterwarnings("ignore")
def test_an_export_is_written_and_a_link_saves_it(service, act, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    assert act.export(None) == ("", "")
    html, view = act.export("Lamp")
    assert html == view and "Exporting Lamp" in html
    deadline = time.monotonic() + PATIENCE_S
    while "download=" not in (html := act.shown()):
        assert time.monotonic() < deadline, html
        time.sleep(0.01)
    (transfer,) = service.transfers.list()
    assert f'href="exports/{transfer.id}" download="Lamp.ammon"' in html
    transfer.file.path.unlink()
    assert act.shown() == "", "after an hour it is not kept any more"


@pytest.fixture
def busy(service):
    """Imports wait, because a model is being loaded, until the returned event is set."""
    with model_loading(service) as may_load:
        yield may_load


def test_a_second_upload_is_awaited_beside_the_first(service, act, upload, content, busy):
    *_, first = upload("Lamp", a_ammon=content)
    *_, both = upload("Lamp", first, b_ammon=content)
    assert both[:1] == first and len(both) == 2
    busy.set()
    with pytest.warns(UserWarning) as said:
        _, arrived = ticked(act, service, "Lamp", both)
    announced = " ".join(str(each.message) for each in said)
    assert "Lamp 2" in announced and "Lamp 3" in announced
    assert arrived.begun in both
    *_, third = upload("Lamp", both, c_ammon=content)
    assert len(third) == 1, "what was announced is not awaited any more"
    with pytest.warns(UserWarning, match="Lamp 4"):
        ticked(act, service, "Lamp", third)


@pytest.mark.filterwarnings("ignore")
def test_an_upload_that_waits_for_long_is_still_there_when_its_turn_comes(
    service, act, upload, content, busy
):
    *_, begun = upload("Lamp", a_ammon=content, b_ammon=content)
    folder = service.settings.uploads_dir / "one"
    long_ago = time.time() - ABANDONED_S - 1
    for path in folder.rglob("*"):
        os.utime(path, (long_ago, long_ago))
    delete_abandoned(folder)
    busy.set()
    ticked(act, service, "Lamp", begun)
    assert names(service) == ["Lamp", "Lamp 2", "Lamp 3"]
    assert list(folder.iterdir()) == []


def test_stopping_is_shown_at_once(service, act, upload, content, busy):
    *_, begun = upload("Lamp", a_ammon=content, b_ammon=content)
    working, waiting = begun[0].ids
    deadline = time.monotonic() + PATIENCE_S
    while service.transfers.find(working).step is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    html, view = act.end(SimpleNamespace(_data={"id": waiting}))
    assert html == view and "b.ammon" not in html
    mark = service.transfers.mark()
    held = service.transfers._changed
    with held:  # it cannot come to its next step
        html, _ = act.end(SimpleNamespace(_data={"id": working}))
        assert "Importing a.ammon: is being stopped" in html and "<button" not in html
        assert service.transfers.mark() != mark
    assert ticked(act, service, "Lamp", begun) == ("", None)


def test_uploads_that_the_full_queue_refuses_are_named_once_and_deleted(
    service, act, upload, content, busy
):
    files = {f"n{number}_ammon": b"Dear Sir" for number in range(MAX_OPEN + 3)}
    with pytest.warns(UserWarning) as said:
        *_, begun = upload("Lamp", **files)
    (text,) = (str(each.message) for each in said)
    assert "n20.ammon and 2 more cannot be imported now: 20 imports and exports" in text
    assert len(begun[0].ids) == MAX_OPEN
    service.transfers.stop_all()
    assert list((service.settings.uploads_dir / "one").iterdir()) == []


def test_the_page_knows_what_it_shows_after_an_export_that_is_stopped_at_once(
    service, act, tmp_path, monkeypatch, busy
):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    service.transfers.begin_import(tmp_path / "gone", "held.ammon")
    html, view = act.export("Lamp")
    (number,) = (t.id for t in service.transfers.list() if "Exporting" in t.what)
    service.transfers.end(number)  # on another page
    shown, *_ = act.tick(service.sessions.presence("Lamp"), None, view)
    assert "Exporting Lamp" in html and shown != gr.skip() and "Exporting" not in shown


def test_clicks_tell_the_page_what_it_shows(service):
    """Else a tick takes what a click showed for what it showed itself, and leaves it there."""
    blocks = build(service).blocks
    notices = next(
        block
        for block in blocks.blocks.values()
        if "transfers" in " ".join(getattr(block, "elem_classes", None) or ())
    )
    alone = [
        event.name
        for event in blocks.fns.values()
        if notices in event.outputs
        and not any(isinstance(output, gr.State) for output in event.outputs)
    ]
    assert alone == []
