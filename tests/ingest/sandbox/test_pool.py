import gzip
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from ingest import (
    EncryptedDocument,
    IngestError,
    LimitExceeded,
    Limits,
    ReaderFailed,
    SandboxPool,
    open_document,
)
from tests.support.paths import ROOT
from tests.support.pdf_samples import encrypted, make_pdf
from tests.support.zip_samples import chapter, make_docx, make_epub, make_zip, word_paragraph

HOSTILE = "tests.support.hostile_readers:open_document"
PROSE = "".join(f"Sentence {i} of the book, neither long nor short.\n" for i in range(3000))
linux_only = pytest.mark.skipif(
    sys.platform != "linux", reason="as Linux bounds and ends processes"
)


@pytest.fixture(scope="module")
def processes():
    with SandboxPool() as kept:
        yield kept


@pytest.fixture(scope="module")
def hostile():
    with SandboxPool(Limits(max_reader_bytes=512 * 1024 * 1024), opener=HOSTILE) as kept:
        yield kept


@pytest.fixture(scope="module")
def impatient():
    with SandboxPool(Limits(seconds_without_step=3.0), opener=HOSTILE) as kept:
        yield kept


@pytest.fixture
def write(tmp_path):
    def to_file(data, name="file.txt"):
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    return to_file


def all_of(opener, path, **options):
    """Everything a reading gives, or the error that it ends with."""
    try:
        document = opener(path, **options)
        known = (document.title, document.kind, document.path, document.byte_count)
        segments = list(document.segments())
    except IngestError as error:
        return type(error), str(error)
    return *known, document.unit_name, document.unit_count, document.notes, segments


SAMPLES = {
    "a.txt": PROSE.encode(),
    "umlaut.txt": "Grüße aus Köln, 🌍 und Ελλάδα\n\0".encode() * 50,
    "old.txt": "Un été à la mer, déjà passé.\n".encode("cp1252") * 50,
    "a.log": b"".join(b"2024-01-01 10:00:%02d something happened\n" % i for i in range(60)),
    "a.jsonl": b'{"ts": "2024-01-01", "text": "half a pair: \\ud83d"}\nbroken\n' * 40,
    "a.py": b"def f():\n    return 1\n\n" * 100,
    "a.html": b"<html><body><h1>Head</h1><p>Words.</p></body></html>",
    "a.log.gz": gzip.compress(b"2024-01-01 10:00:00 packed\n" * 50),
    "cut.gz": gzip.compress(PROSE.encode())[:-500],
    "a.pdf": make_pdf("one", "", "three"),
    "a.epub": make_epub({"one.xhtml": chapter("One", "Words."), "two.xhtml": chapter("Two", "x")}),
    "a.docx": make_docx(word_paragraph("Words of the document.")),
    "empty.txt": b"",
    "blank.txt": b" \n \n",
    "fake.pdf": b"no pdf",
    "picture.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "scanned.pdf": make_pdf("", ""),
    "damaged.epub": b"PK\x03\x04" + b"META-INF/container.xml" * 3,
    "no.epub": make_zip({"META-INF/container.xml": "<broken"}),
    "locked.pdf": encrypted(make_pdf("one"), "sesame"),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_it_gives_what_the_reading_in_this_process_gives(processes, write, name):
    path = write(SAMPLES[name], name)
    assert all_of(processes.open_document, path) == all_of(open_document, path)


def test_a_missing_file_a_folder_and_a_nul_in_a_path_are_told_alike(processes, tmp_path):
    for path in (tmp_path / "none.txt", tmp_path, tmp_path / "a\0b"):
        assert all_of(processes.open_document, path) == all_of(open_document, path)


def test_a_name_and_a_password_reach_the_reader(processes, write):
    path = write(SAMPLES["locked.pdf"], "upload")
    options = {"name": "C:\\Secret.pdf", "password": "sesame"}
    assert all_of(processes.open_document, path, **options)[0] == "Secret"
    with pytest.raises(EncryptedDocument, match="password given for Secret.pdf"):
        processes.open_document(path, **{**options, "password": "open"})


@linux_only
def test_a_name_of_any_bytes_is_found(processes, tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xff\xfe.txt"))
    path.write_text("Words.\n")
    assert all_of(processes.open_document, path) == all_of(open_document, path)


def test_a_relative_path_is_meant_from_where_ammon_stands(processes, write, monkeypatch):
    processes.warm_up()
    monkeypatch.chdir(write(b"Words.\n").parent)
    assert [s.text for s in processes.open_document("file.txt").segments()] == ["Words.\n"]


def test_a_document_may_be_read_twice_and_two_at_once(processes, write):
    one, two = (processes.open_document(write(PROSE, name)) for name in ("1.txt", "2.txt"))
    want = list(open_document(one.path).segments())
    pairs = list(zip(one.segments(), two.segments(), strict=True))
    assert [a for a, _ in pairs] == [b for _, b in pairs] == want == list(one.segments())


def test_a_process_is_kept_for_the_next_document(processes, write):
    path = write(b"Words.\n")
    for _ in range(3):
        all_of(processes.open_document, path)
    with processes.borrow() as one:
        pass
    all_of(processes.open_document, path)
    with processes.borrow() as other:
        assert other is one


@pytest.mark.parametrize(
    ("deed", "error", "words"),
    [
        pytest.param("segfault", ReaderFailed, "crashed .*SIGSEGV", marks=linux_only),
        pytest.param("killed", LimitExceeded, "out of memory .* or was killed", marks=linux_only),
        pytest.param("eat", LimitExceeded, "ran out of memory .*536,870,912", marks=linux_only),
        ("exit", ReaderFailed, "crashed .*exit code 3"),
        ("fault", ReaderFailed, "failed .*KeyError.*a fault of Ammon's"),
    ],
)
@pytest.mark.parametrize("moment", ["opening", "reading"])
def test_what_the_reader_does_to_itself_costs_its_document_only(
    hostile, write, moment, deed, error, words
):
    bad, good = write(f"{moment} {deed}\n", "bad.txt"), write(PROSE, "good.txt")
    with pytest.raises(error, match=f"bad.txt .*{words}"):
        list(hostile.open_document(bad).segments())
    assert all_of(hostile.open_document, good) == all_of(open_document, good)


@pytest.mark.parametrize("deed", ["opening sleep", "reading sleep", "reading backtrack"])
def test_one_that_hangs_is_ended(impatient, write, deed):
    bad, good = write(f"{deed}\n", "bad.txt"), write(PROSE, "good.txt")
    with pytest.raises(LimitExceeded, match=r"bad.txt gave no sign of life for 3 s .* stopped"):
        list(impatient.open_document(bad).segments())
    assert all_of(impatient.open_document, good) == all_of(open_document, good)


def test_the_sentence_says_where(hostile, write):
    path = write(f"reading exit\n{PROSE}")
    with pytest.raises(ReaderFailed, match="somewhere after lines? [1-9].*exit code 3"):
        list(hostile.open_document(path).segments())


def test_what_came_before_the_end_was_given(hostile, write):
    path = write(f"reading exit\n{PROSE}")
    reading = hostile.open_document(path).segments()
    assert next(reading) == next(open_document(path).segments())
    with pytest.raises(ReaderFailed):
        list(reading)


def test_a_reader_that_goes_on_without_text_is_not_ended(impatient, write):
    assert len(all_of(impatient.open_document, write("reading steps\n"))[-1]) == 1


def test_what_libraries_print_disturbs_nothing(hostile, write, capfd):
    assert len(all_of(hostile.open_document, write("reading chatter\n"))[-1]) == 1
    assert capfd.readouterr() == ("", "")


def test_a_reading_that_is_dropped_leaves_the_next_one_alone(processes, write):
    path = write(PROSE * 20)
    for _ in range(3):
        reading = processes.open_document(path).segments()
        next(reading)
        reading.close()
    assert all_of(processes.open_document, path) == all_of(open_document, path)


def test_a_slow_taker_is_waited_for(write):
    """Back-pressure: the process waits with what nobody took yet, and that is no hanging."""
    path = write(PROSE * 40)
    with SandboxPool(Limits(seconds_without_step=1.5)) as processes:
        reading = processes.open_document(path).segments()
        first = next(reading)
        time.sleep(3.5)  # longer than what ends a process that hangs, with Ammon or without
        assert [first, *reading] == list(open_document(path).segments())


def test_who_waits_may_stop_it(hostile, write):
    document = hostile.open_document(write("reading sleep\n"))
    document.on_step = lambda: 1 / 0
    began = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        list(document.segments())
    assert time.monotonic() - began < 20


def test_a_process_killed_while_it_waits_is_replaced(processes, write):
    with processes.borrow() as process:
        pass
    os.kill(process.pid, signal.SIGTERM)
    while process.is_free:
        time.sleep(0.01)
    with processes.borrow() as other:
        assert other is not process
    path = write(b"Words.\n")
    assert all_of(processes.open_document, path) == all_of(open_document, path)


def test_a_process_that_cannot_start_is_not_the_files_fault(write, capfd):
    with SandboxPool(opener="no.such:thing") as processes:
        with pytest.raises(ReaderFailed, match="file.txt was not read: Ammon's own .* not start"):
            processes.open_document(write(b"Words.\n"))
    assert "ModuleNotFoundError" in capfd.readouterr().err


def test_closed_it_leaves_no_process(write):
    path = write(b"Words.\n")
    before = psutil.Process().children()
    with SandboxPool() as processes:
        all_of(processes.open_document, path)
        assert len(psutil.Process().children()) == len(before) + 1
    assert psutil.Process().children() == before


def test_many_threads_may_open_documents(processes, write):
    paths = [write(f"Number {i}.\n", f"{i}.txt") for i in range(8)]
    found = {}

    def read(path):
        found[path] = [s.text for s in processes.open_document(path).segments()]

    threads = [threading.Thread(target=read, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {path: [f"Number {i}.\n"] for i, path in enumerate(paths)}


READING = f"""
import sys
from ingest import Limits, SandboxPool
processes = SandboxPool(Limits(seconds_without_step=1.5), opener="{HOSTILE}")
with processes.borrow() as process:
    print(process.pid, flush=True)
list(processes.open_document(sys.argv[1]).segments())
"""


@linux_only
@pytest.mark.parametrize("deed", ["sleep", "backtrack"])
def test_a_killed_ammon_leaves_no_process(write, deed):
    command = [sys.executable, "-c", READING, str(write(f"reading {deed}\n"))]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as ammon:
        reader = psutil.Process(int(ammon.stdout.readline()))
        while reader.num_threads() < 2 or reader.status() == psutil.STATUS_DISK_SLEEP:
            time.sleep(0.05)
        time.sleep(0.5)
        ammon.kill()
    # Twice the limit, for one whose threads are all held by what it does.
    psutil.wait_procs([reader], timeout=10)
    assert not reader.is_running() or reader.status() == psutil.STATUS_ZOMBIE


@linux_only
def test_ctrl_c_is_for_ammon_alone(processes):
    with processes.borrow() as process:
        assert os.getpgid(process.pid) != os.getpgid(0)
        assert os.getsid(process.pid) != os.getsid(0)


@linux_only
def test_it_is_the_first_to_go_where_memory_is_short(processes, write):
    all_of(processes.open_document, write(b"Words.\n"))  # it has begun
    with processes.borrow() as process:
        score = Path(f"/proc/{process.pid}/oom_score_adj").read_text()
    assert int(score) == 1000
