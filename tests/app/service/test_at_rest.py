"""The data directory is its owner's alone, and keeps nothing of what was deleted or left half."""

import json
import os
import stat
import subprocess
import sys
import time

import psutil
import pytest

from app.service import final_answer
from app.service.library.leftovers import noted_export, sweep_leftovers
from app.service.reading.locks import SessionLocks
from tests.support.service import read_whole, wait_until_read

POSIX_ONLY = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
MARK = "Ozymandias"


def _left(folder, *words):
    forms = [(w, w.encode(e)) for w in words for e in ("utf-8", "utf-16-le", "utf-16-be")]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {(p.name, w) for p in files for w, form in forms if form in p.read_bytes()}


def _dead_process():
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_nothing_is_left_of_a_session_deleted_from_the_trash(make_service, book):
    service = make_service(trash_s=0.0)
    read_whole(service, book, "zqsessionname")
    final_answer(service.questions.ask("zqsessionname", f"Who kept {MARK} the parrot?"))
    folder, words = service.settings.data_dir, (MARK, "lighthouse", "zqsessionname")
    assert {word for _, word in _left(folder, *words)} == set(words)
    service.trash.put("zqsessionname")
    service.trash.empty()
    assert _left(folder, *words, MARK[1:-1]) == set()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_nothing_is_left_of_a_removed_document(make_service, book, tmp_path, encoding):
    service = make_service()
    path = tmp_path / "secret.txt"
    path.write_bytes("The zqkeeper hid a zqlantern in the mill.\n\n".encode(encoding) * 30)
    read_whole(service, book, "s")
    document = service.documents.add("s", path)
    wait_until_read(service, "s")
    final_answer(service.questions.ask("s", "Where is the zqlantern?"))
    service.questions.history("s")
    folder = service.settings.data_dir
    assert {word for _, word in _left(folder, "zqkeeper", "zqlantern")} == {"zqkeeper", "zqlantern"}
    service.documents.remove(document.id)
    wait_until_read(service, "s")
    # The question says "zqlantern", and is kept.
    assert _left(folder, "zqkeeper", "secret") == set()


def test_nothing_is_left_of_a_question_that_was_replaced(make_service, book):
    service = make_service()
    read_whole(service, book, "s")
    final_answer(service.questions.ask("s", "Who is zqnobody?"))
    (asked, _) = service.questions.messages("s")
    assert _left(service.settings.data_dir, "zqnobody")
    final_answer(service.questions.ask("s", "Who kept the parrot?", "", asked.id))
    assert _left(service.settings.data_dir, "zqnobody") == set()


@POSIX_ONLY
def test_a_data_directory_is_made_its_owners_alone_and_an_older_one_is_mended(
    make_service, book, tmp_path
):
    service = make_service()
    read_whole(service, book, "s")
    folder = service.settings.data_dir
    service.close()
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    outside = tmp_path / "outside"
    outside.touch(mode=0o644)
    outside.chmod(0o644)
    (folder / "link").symlink_to(outside)
    again = make_service()
    again.sessions.export_to("s", tmp_path / "s.ammon")
    again.sessions.import_from(tmp_path / "s.ammon", "t")
    found = [path for path in (folder, *folder.rglob("*")) if not path.is_symlink()]
    loose = {p.name for p in found if stat.S_IMODE(p.stat().st_mode) & 0o077}
    assert loose <= {"exports"}, "a folder made below one that only the owner may enter"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "s.ammon").stat().st_mode) == 0o600
    assert stat.S_IMODE(outside.stat().st_mode) == 0o644


def test_half_done_copies_of_killed_processes_are_swept_and_others_stay(make_service, tmp_path):
    service = make_service()
    settings, dead = service.settings, _dead_process()
    for folder in (settings.files_dir, settings.exports_dir):
        folder.mkdir(exist_ok=True)
    part, living = tmp_path / "book.ammon.part", tmp_path / "other.ammon.part"
    precious = tmp_path / "precious.txt"
    for path in (part, tmp_path / "book.ammon.part-wal", living, precious):
        path.write_text("half")
    (settings.exports_dir / f"{dead}-1").write_text(json.dumps(str(part)))
    (settings.exports_dir / f"{dead}-2").write_text(json.dumps(str(precious)))
    (settings.exports_dir / f"{dead}-3").write_text("{not json")
    gone = [settings.files_dir / f"{dead}-x.part", settings.files_dir / "old.part"]
    kept = [settings.files_dir / f"{os.getpid()}-x.part", settings.files_dir / "new.part"]
    for path in (*gone, *kept):
        path.write_text("half")
    os.utime(gone[1], (time.time() - 7200,) * 2)
    for name in (f"import-{dead}-x", f"import-{os.getpid()}-x"):
        (settings.data_dir / name).mkdir()
        (settings.data_dir / name / "s.ammon").write_text("half")
    with noted_export(settings, living):
        sweep_leftovers(settings)
        assert living.exists()
    assert not any(path.exists() for path in (*gone, part, tmp_path / "book.ammon.part-wal"))
    assert all(path.exists() for path in (*kept, precious))
    assert not list(settings.exports_dir.iterdir())
    left = {path.name for path in settings.data_dir.glob("import-*")}
    assert left == {f"import-{os.getpid()}-x"}


def test_what_an_earlier_process_of_the_same_number_left_is_swept(make_service):
    settings = make_service().settings
    left = settings.data_dir / f"import-{os.getpid()}-x"
    left.mkdir()
    sweep_leftovers(settings)
    assert left.exists(), "this process makes it"
    os.utime(left, (psutil.Process().create_time() - 60,) * 2)
    sweep_leftovers(settings)
    assert not left.exists()


def test_a_lock_file_of_an_earlier_process_of_the_same_number_holds_nothing(tmp_path):
    locks = SessionLocks(tmp_path)
    with locks.held(1):
        assert locks.seems_held(1)
        os.utime(tmp_path / "1.pid", (psutil.Process().create_time() - 60,) * 2)
        assert not locks.seems_held(1)


def test_what_somebody_else_keeps_in_the_data_directory_stays_as_it_is(make_service):
    folder = make_service().settings.data_dir
    program = folder / "import-scripts" / "run.sh"
    notes = folder / "tmpmy_notes" / "notes.txt"
    for path in (program, notes):
        path.parent.mkdir()
        path.write_text("mine")
        path.chmod(0o755)
        os.utime(path.parent, (time.time() - 7200,) * 2)
    old = folder / "tmpabcd_123"
    old.mkdir()
    (old / "s.ammon").write_bytes(b"SQLite format 3\0" + bytes(100))
    os.utime(old, (time.time() - 7200,) * 2)
    make_service()
    assert program.exists() and notes.exists() and not old.exists()
    if sys.platform != "win32":
        assert {stat.S_IMODE(path.stat().st_mode) for path in (program, notes)} == {0o755}
