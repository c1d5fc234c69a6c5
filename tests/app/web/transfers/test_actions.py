"""Exported sessions on the page: recognised among documents, imported, shown, selected, saved."""

import time
from types import SimpleNamespace

import gradio as gr
import pytest

from app.service import SUFFIX
from app.web.sidebar.actions import SessionActions
from app.web.sources.actions import SourceActions
from app.web.transfers.actions import TransferActions, is_export
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

    def send(session, **files):
        paths = []
        for number, (name, content) in enumerate(files.items()):
            own = folder / str(number)
            own.mkdir(parents=True)
            paths.append(own / name.replace("_", "."))
            paths[-1].write_bytes(content)
        return actions.upload(session, [str(path) for path in paths], "", "")

    return send


@pytest.fixture
def content(service, tmp_path):
    path = tmp_path / f"lamp{SUFFIX}"
    service.sessions.export_to("Lamp", path)
    return path.read_bytes()


def ticked(act, service, selected, begun):
    """What the tick returns by which nothing is awaited any more."""
    deadline = time.monotonic() + PATIENCE_S
    view = None
    while True:
        ended = all(
            (found := service.transfers.find(i)) is None or found.has_ended for i in begun.ids
        )
        html, view, left, arrived = act.tick(service.sessions.presence(selected), begun, view)
        if ended:
            return html, left, arrived
        assert time.monotonic() < deadline
        time.sleep(0.01)


def names(service):
    return sorted(service.sessions.names(""))


@pytest.mark.filterwarnings("ignore")
def test_an_export_among_documents_becomes_a_session_whatever_it_is_called(
    service, act, upload, content
):
    *_, begun = upload("Lamp", notes_txt=b"The parrot is grey.", backup_dat=content)
    assert begun.session == "Lamp" and len(begun.ids) == 1
    titles = [s.document.title for s in service.documents.list("Lamp")]
    assert titles[-1] == "notes" and len(titles) == 2
    _, left, arrived = ticked(act, service, "Lamp", begun)
    assert (left, arrived.session) == (None, "Lamp 2")
    radio, *_, search = act.select(arrived)
    assert (radio.value, search) == ("Lamp 2", "")
    assert names(service) == ["Lamp", "Lamp 2"]
    assert list((service.settings.uploads_dir / "one").iterdir()) == [], "uploads are deleted"


def test_a_session_that_was_selected_meanwhile_stays_selected(service, act, upload, content):
    service.sessions.create("Other")
    radio, *_, begun = upload("Lamp", lamp_ammon=content)
    assert radio == gr.skip()
    with pytest.warns(UserWarning, match="Imported the session .*Lamp 2"):
        _, left, arrived = ticked(act, service, "Other", begun)
    assert (left, arrived) == (None, gr.skip())


def test_a_file_that_is_only_named_so_is_refused_as_in_the_terminal(service, act, upload, content):
    *_, begun = upload(
        None, lamp_ammon=content[: len(content) // 2], letter_ammon=b"Dear Sir, " * 99
    )
    html, left, arrived = ticked(act, service, None, begun)
    assert (left, arrived) == (None, gr.skip())
    assert "Importing lamp.ammon: lamp.ammon is damaged (" in html and 'role="alert"' in html
    assert "letter.ammon is damaged (it is not a database); export the session again." in html
    assert names(service) == ["Lamp"]
    for number in begun.ids:
        act.end(SimpleNamespace(_data={"id": number}))
    assert act.shown() == ""
    for nonsense in ({"id": "x"}, {"id": -1}, None):
        assert act.end(SimpleNamespace(_data=nonsense)) == ""


def test_a_name_is_shown_as_text(service, act, tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"no export")
    begun = act.begin_imports([str(path)], None)
    service.transfers.end(begun.ids[0])
    number = service.transfers.begin_import(path, "<img src=x>.ammon")
    html, *_ = ticked(act, service, None, begun._replace(ids=(number,)))
    assert "<img" not in html and "&lt;img" in html


def test_a_document_is_no_export(tmp_path):
    text = tmp_path / "about.txt"
    text.write_bytes(b"SQLite format 3\0" + bytes(80) + b"Ammn")
    assert not is_export(str(text)) and not is_export(str(tmp_path / "gone.txt"))
    assert is_export(str(tmp_path / "gone.AMMON"))


@pytest.mark.filterwarnings("ignore")
def test_an_export_is_written_and_a_link_saves_it(service, act, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    assert act.export(None) == ""
    assert "Exporting Lamp" in act.export("Lamp")
    deadline = time.monotonic() + PATIENCE_S
    while "download=" not in (html := act.shown()):
        assert time.monotonic() < deadline, html
        time.sleep(0.01)
    (transfer,) = service.transfers.list()
    assert f'href="exports/{transfer.id}" download="Lamp.ammon"' in html
    transfer.file.unlink()
    assert act.shown() == "", "after an hour it is not kept any more"
