"""Imports and exports in the background: numbered names, sentences, stopping, nothing half done."""

import threading
import time
from functools import partial

import pytest

import storage
from app.errors import TooManyTransfers, TransferStopped
from app.messages import sentence
from app.service import archive
from app.service.archive import COPYING
from app.service.transfers import MAX_FILES, MAX_OPEN, WAITING_FOR_MODEL
from ingest.sniffing import is_session_export
from tests.support.loading import model_loading
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
    discarded = []
    number, waiting = (
        service.transfers.begin_import(exported, "lamp.ammon", partial(discarded.append, which))
        for which in ("stopped", "waiting")
    )
    assert is_copying.wait(PATIENCE_S)
    assert service.transfers.find(waiting).step is None, "one at a time"
    mark = service.changes.mark()
    service.transfers.end(number)
    assert service.transfers.find(number).is_stopping and service.changes.mark() != mark
    service.transfers.end(waiting)
    assert service.transfers.find(waiting) is None, "what only waits is gone at once"
    assert discarded == ["waiting"]
    may_copy.set()
    assert ended(service, number) is None and service.changes.mark() != mark
    assert discarded == ["waiting", "stopped"]
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
    assert (
        is_session_export(file.path.read_bytes()) and service.transfers.file_of(number + 1) is None
    )
    assert service.sessions.import_from(file.path, "again").name == "again"
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


@pytest.fixture
def hold(service, tmp_path):
    """Keep the thread of the imports and exports at work; what is begun then waits."""
    with model_loading(service):
        yield service.transfers.begin_import(tmp_path / "missing", "held.ammon")


def wait_for(is_so):
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_session_with_the_longest_name_is_exported(service, tmp_path):
    name = "灯" * storage.MAX_NAME_CHARACTERS
    service.sessions.rename("Lamp", name)
    exported = ended(service, service.transfers.begin_export(name, tmp_path))
    assert exported.error is None and exported.file.name == f"{name}.ammon"


def test_a_file_name_may_be_as_long_as_the_system_allows(service, tmp_path):
    path = tmp_path / f"{'x' * 249}.ammon"
    service.sessions.export_to("Lamp", path)
    assert path.is_file() and list(tmp_path.glob("*.part*")) == []
    assert service.sessions.import_from(path, "again").name == "again"


def test_an_import_that_waits_for_the_model_can_be_stopped(service, hold):
    wait_for(lambda: str(service.transfers.find(hold).step) == WAITING_FOR_MODEL)
    service.transfers.end(hold)
    assert ended(service, hold) is None


def test_the_end_of_the_server_does_not_wait_for_the_model(service, hold):
    discarded = []
    service.transfers.begin_import("x", "waits.ammon", partial(discarded.append, 1))
    wait_for(lambda: str(service.transfers.find(hold).step) == WAITING_FOR_MODEL)
    service.transfers.stop_all()
    assert service.transfers.list() == [] and discarded == [1]


def test_an_error_names_the_file_as_the_person_does(service, tmp_path):
    inner = tmp_path / "inner"
    said = []
    for path in (inner / "gone", inner):
        failed = ended(service, service.transfers.begin_import(path, "lamp.ammon"))
        said.append(sentence(failed.error))
        inner.mkdir(exist_ok=True)
    assert all("lamp.ammon" in text and "inner" not in text for text in said), said


def test_a_file_name_from_a_browser_is_shown_as_one_short_line(service, tmp_path):
    called = "\u202egpj.\x1b[31m\n" + "x" * 500
    failed = ended(service, service.transfers.begin_import(tmp_path / "gone", called))
    for text in (failed.what, sentence(failed.error)):
        assert text.isprintable() and "gpj.[31m xxx" in text and "x" * 80 not in text
    unnamed = ended(service, service.transfers.begin_import(tmp_path / "gone", "\u202e"))
    assert unnamed.what == "Importing a file without a name"


def test_a_session_that_waits_to_be_exported_is_not_exported_twice(service, tmp_path, hold):
    service.sessions.create("Other")
    number = service.transfers.begin_export("Lamp", tmp_path)
    assert service.transfers.begin_export("Lamp", tmp_path) == number
    assert service.transfers.begin_export("Other", tmp_path) != number
    service.transfers.end(number)
    assert service.transfers.begin_export("Lamp", tmp_path) != number


def test_only_the_newest_exported_files_are_kept(service, tmp_path):
    numbers = []
    for _ in range(MAX_FILES + 1):
        numbers.append(service.transfers.begin_export("Lamp", tmp_path / "saved"))
        ended(service, numbers[-1])
    assert [t.id for t in service.transfers.list()] == numbers[1:]
    wait_for(lambda: len(list((tmp_path / "saved").iterdir())) == MAX_FILES)


def test_a_full_queue_refuses_with_a_sentence(service, hold):
    for _ in range(MAX_OPEN - 1):
        service.transfers.begin_import("x", "waits.ammon")
    with pytest.raises(TooManyTransfers, match="^20 imports and exports are waiting already, "):
        service.transfers.begin_import("x", "one-more.ammon")
    assert len(service.transfers.list()) == MAX_OPEN
    service.transfers.end(service.transfers.list()[-1].id)
    service.transfers.begin_import("x", "one-more.ammon")


class SlowlyForgetting(dict):
    """Waits after each removal, so that a hole between two steps is seen."""

    def pop(self, *key):
        found = super().pop(*key)
        time.sleep(0.1)
        return found

    def __delitem__(self, key):
        super().__delitem__(key)
        time.sleep(0.1)


def test_an_import_that_ends_is_found_at_every_moment(service, tmp_path):
    service.transfers._transfers = SlowlyForgetting()
    assert ended(service, service.transfers.begin_import(tmp_path / "gone", "x.ammon")).error
