"""Imports and exports in the background: numbered names, sentences, stopping, nothing half done."""

import threading
import time

import pytest

import storage
from app.errors import TransferStopped
from app.service import archive
from app.service.archive import COPYING
from tests.support.service import PATIENCE_S, read_whole


@pytest.fixture
def service(make_service, book):
    service = make_service(checkpoint_tokens=512)
    read_whole(service, book, "Lamp")
    return service


@pytest.fixture
def exported(service, tmp_path):
    path = tmp_path / "lamp.ammon"
    service.sessions.export_to("Lamp", path)
    return path


def ended(service, number):
    """The transfer when it has ended; None if it was stopped."""
    deadline = time.monotonic() + PATIENCE_S
    while (found := service.transfers.find(number)) is not None and not found.has_ended:
        assert time.monotonic() < deadline, found
        time.sleep(0.01)
    return found


def names(service):
    return sorted(s.session.name for s in service.sessions.list())


def test_an_imported_session_keeps_its_name_and_a_taken_one_gets_a_number(service, exported):
    numbers = [service.transfers.begin_import(exported, "lamp.ammon") for _ in range(2)]
    assert [ended(service, number).session for number in numbers] == ["Lamp 2", "Lamp 3"]
    service.sessions.rename("Lamp", "Light")
    assert ended(service, service.transfers.begin_import(exported, "x")).session == "Lamp"
    assert service.questions.messages("Lamp 2") == []
    assert [d.document.state for d in service.documents.list("Lamp 2")] == ["done"]


def test_a_name_that_is_taken_while_it_is_copied_gets_a_number_too(service, exported, monkeypatch):
    service.sessions.rename("Lamp", "Light")
    import_session = storage.import_session

    def late(db, export, name, **more):
        if name == "Lamp":
            service.sessions.create("Lamp")
        return import_session(db, export, name, **more)

    monkeypatch.setattr(archive.storage, "import_session", late)
    assert ended(service, service.transfers.begin_import(exported, "x")).session == "Lamp 2"


def test_what_is_no_export_is_refused_with_the_terminals_sentence(service, tmp_path):
    path = tmp_path / "copy"
    path.write_bytes(b"Dear Sir, " * 200)
    discarded = []
    number = service.transfers.begin_import(path, "my letters.ammon", lambda: discarded.append(1))
    failed = ended(service, number)
    assert isinstance(failed.error, storage.DamagedDatabase)
    assert str(failed.error) == (
        "my letters.ammon is damaged (it is not a database); export the session again."
    )
    assert names(service) == ["Lamp"] and discarded == [1]
    service.transfers.end(number)
    assert service.transfers.list() == []


def test_a_stopped_import_leaves_nothing_and_the_next_one_comes(service, exported, monkeypatch):
    files = sorted(service.settings.data_dir.rglob("*"))
    is_copying, may_copy = threading.Event(), threading.Event()
    counted = archive._counted

    def held(what, report):
        def tell(done, total):
            if what == COPYING:
                is_copying.set()
                assert may_copy.wait(PATIENCE_S)
            counted(what, report)(done, total)

        return tell

    monkeypatch.setattr(archive, "_counted", held)
    number = service.transfers.begin_import(exported, "lamp.ammon")
    waiting = service.transfers.begin_import(exported, "lamp.ammon")
    assert is_copying.wait(PATIENCE_S)
    assert service.transfers.find(waiting).step is None, "one at a time"
    mark = service.changes.mark()
    service.transfers.end(number)
    service.transfers.end(waiting)
    may_copy.set()
    assert ended(service, number) is None and ended(service, waiting) is None
    assert service.changes.mark() != mark
    assert names(service) == ["Lamp"]
    assert service.db.value("SELECT count(*) FROM sessions") == 1
    left = [p for p in service.settings.data_dir.rglob("*") if p not in files]
    assert [p for p in left if p.suffix != ".lock"] == []
    assert ended(service, service.transfers.begin_import(exported, "x")).session == "Lamp 2"


def test_an_exported_session_waits_in_a_file_until_it_is_forgotten(service, tmp_path):
    service.sessions.rename("Lamp", "On / off")
    number = service.transfers.begin_export("On / off", tmp_path / "saved")
    file = ended(service, number).file
    assert file.name == "On - off.ammon" and service.transfers.file_of(number) == file
    assert storage.is_export(file) and service.transfers.file_of(number + 1) is None
    assert service.sessions.import_from(file, "again").name == "again"
    service.transfers.end(number)
    assert list((tmp_path / "saved").iterdir()) == [] and service.transfers.file_of(number) is None


def test_an_export_says_how_far_it_is(service, tmp_path):
    steps = []
    service.sessions.export_to("Lamp", tmp_path / "out.ammon", report=steps.append)
    assert list(dict.fromkeys(step.what for step in steps)) == [archive.WRITING, archive.CHECKING]
    written = [step.share for step in steps if step.what == archive.WRITING]
    assert len(written) > 1 and written == sorted(written) and written[-1] == 1


def test_nothing_is_begun_while_ammon_is_being_stopped(service, exported):
    service.transfers.stop_all()
    with pytest.raises(TransferStopped, match="being stopped"):
        service.transfers.begin_import(exported, "lamp.ammon")
    assert service.transfers.list() == []
