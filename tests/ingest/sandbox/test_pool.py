"""Documents read in worker pool: as in this process, and a bad file harms only itself."""

import gzip
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
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
from ingest.sandbox.host import CAN_HOST
from tests.support.paths import ROOT
from tests.support.pdf_samples import encrypted, make_pdf
from tests.support.zip_samples import chapter, make_docx, make_epub, make_zip, word_paragraph

HOSTILE = "tests.support.hostile_readers:open_document"
PROSE = "".join(f"Sentence {i} of the book, neither long nor short.\n" for i in range(3000))
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="as Linux bounds and ends pool")


@pytest.fixture(scope="module")
def pool():
    with SandboxPool() as pool:
        yield pool


@pytest.fixture(scope="module")
def hostile():
    with SandboxPool(Limits(max_reader_bytes=512 * 1024 * 1024), opener=HOSTILE) as pool:
        yield pool


@pytest.fixture(scope="module")
def impatient():
    with SandboxPool(Limits(seconds_without_step=3.0), opener=HOSTILE) as pool:
        yield pool


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a file and returns its path."""
    return lambda data, name="file.txt": write_file(tmp_path / name, data)


def write_file(path, data):
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def all_of(opener, path, **options):
    """Return everything that a reading gives, or the error with which it ends."""
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
def test_a_worker_gives_what_a_reading_in_this_process_gives(pool, write, name):
    path = write(SAMPLES[name], name)
    assert all_of(pool.open_document, path) == all_of(open_document, path)


def test_a_missing_file_a_folder_and_a_nul_in_a_path_give_the_same_errors(pool, tmp_path):
    for path in (tmp_path / "none.txt", tmp_path, tmp_path / "a\0b"):
        assert all_of(pool.open_document, path) == all_of(open_document, path)


def test_a_name_and_a_password_reach_the_reader(pool, write):
    path = write(SAMPLES["locked.pdf"], "upload")
    options = {"name": "C:\\Secret.pdf", "password": "sesame"}
    assert all_of(pool.open_document, path, **options)[0] == "Secret"
    with pytest.raises(EncryptedDocument, match="password given for Secret.pdf"):
        pool.open_document(path, **{**options, "password": "open"})


@linux_only
def test_a_file_with_a_name_of_any_bytes_is_read(pool, tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xff\xfe.txt"))
    path.write_text("Words.\n")
    assert all_of(pool.open_document, path) == all_of(open_document, path)


def test_a_relative_path_is_relative_to_the_folder_of_this_process(pool, write, monkeypatch):
    pool.warm_up()
    monkeypatch.chdir(write(b"Words.\n").parent)
    assert [s.text for s in pool.open_document("file.txt").segments()] == ["Words.\n"]


def test_a_document_can_be_read_twice_and_two_at_once(pool, write):
    one, two = (pool.open_document(write(PROSE, name)) for name in ("1.txt", "2.txt"))
    want = list(open_document(one.path).segments())
    pairs = list(zip(one.segments(), two.segments(), strict=True))
    assert [a for a, _ in pairs] == [b for _, b in pairs] == want == list(one.segments())


def test_a_worker_is_kept_for_the_next_document(pool, write):
    path = write(b"Words.\n")
    for _ in range(3):
        all_of(pool.open_document, path)
    with pool.borrow() as one:
        pass
    all_of(pool.open_document, path)
    with pool.borrow() as other:
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
def test_a_reader_that_crashes_or_fails_costs_only_its_document(
    hostile, write, moment, deed, error, words
):
    bad, good = write(f"{moment} {deed}\n", "bad.txt"), write(PROSE, "good.txt")
    with pytest.raises(error, match=f"bad.txt .*{words}"):
        list(hostile.open_document(bad).segments())
    assert all_of(hostile.open_document, good) == all_of(open_document, good)


HANGING = ["opening sleep", "reading sleep", "reading backtrack"]


@pytest.fixture(scope="module")
def slow_readings(tmp_path_factory, impatient):
    """Return the outcomes, by deed, of the readings that take seconds.

    Some run at the same time, because each of them mostly waits. All have ended: `result()` of an
    outcome returns or raises at once.
    """
    folder = tmp_path_factory.mktemp("slow")
    paths = {deed: folder / f"{deed} bad.txt" for deed in [*HANGING, "reading steps"]}
    with ThreadPoolExecutor(4) as threads:
        outcomes = {
            deed: threads.submit(all_of, impatient.open_document, write_file(path, f"{deed}\n"))
            for deed, path in paths.items()
        }
        outcomes["slow caller"] = threads.submit(read_slowly, folder / "slow.txt")
        for deed in ("sleep", "backtrack"):
            path = write_file(folder / f"killed {deed}.txt", f"reading {deed}\n")
            outcomes[f"killed {deed}"] = threads.submit(kill_ammon_while_it_reads, path)
    return outcomes


@pytest.mark.parametrize("deed", HANGING)
def test_a_reader_that_hangs_is_ended(slow_readings, deed):
    error, message = slow_readings[deed].result()
    assert error is LimitExceeded
    assert re.search(r"bad.txt gave no sign of life for 3 s .* stopped", message)


def test_after_readers_that_hung_a_good_file_is_read(slow_readings, impatient, write):
    assert all(slow_readings[deed].result()[0] is LimitExceeded for deed in HANGING)
    good = write(PROSE, "good.txt")
    assert all_of(impatient.open_document, good) == all_of(open_document, good)


def test_the_message_says_after_which_lines(hostile, write):
    path = write(f"reading exit\n{PROSE}")
    with pytest.raises(ReaderFailed, match="somewhere after lines? [1-9].*exit code 3"):
        list(hostile.open_document(path).segments())


def test_the_segments_before_a_crash_are_given(hostile, write):
    path = write(f"reading exit\n{PROSE}")
    reading = hostile.open_document(path).segments()
    assert next(reading) == next(open_document(path).segments())
    with pytest.raises(ReaderFailed):
        list(reading)


def test_a_reader_that_works_without_giving_text_is_not_ended(slow_readings):
    assert len(slow_readings["reading steps"].result()[-1]) == 1


def test_what_libraries_print_disturbs_nothing(hostile, write, capfd):
    assert len(all_of(hostile.open_document, write("reading chatter\n"))[-1]) == 1
    assert capfd.readouterr() == ("", "")


def test_a_reading_that_is_dropped_does_not_disturb_the_next_one(pool, write):
    path = write(PROSE * 20)
    for _ in range(3):
        reading = pool.open_document(path).segments()
        next(reading)
        reading.close()
    assert all_of(pool.open_document, path) == all_of(open_document, path)


def read_slowly(path):
    """Return the segments of a long file, and those that a slow caller gets of it."""
    write_file(path, PROSE * 40)
    with SandboxPool(Limits(seconds_without_step=2.5)) as pool:
        reading = pool.open_document(path).segments()
        first = next(reading)
        time.sleep(5.5)  # longer than the limits of the client and of the worker's own alarm
        return list(open_document(path).segments()), [first, *reading]


def test_a_worker_that_waits_for_a_slow_caller_is_not_ended(slow_readings):
    """Back-pressure: the worker waits until its answers are taken, and that is not a silence."""
    want, got = slow_readings["slow caller"].result()
    assert len(want) > 1000 and got == want


def test_the_caller_can_stop_a_reading_while_it_waits(hostile, write):
    document = hostile.open_document(write("reading sleep\n"))
    document.on_step = lambda: 1 / 0
    began = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        list(document.segments())
    assert time.monotonic() - began < 20


def test_an_idle_worker_that_was_killed_is_replaced(pool, write):
    with pool.borrow() as worker:
        pass
    os.kill(worker.pid, signal.SIGTERM)
    while worker.is_free:
        time.sleep(0.01)
    with pool.borrow() as other:
        assert other is not worker
    path = write(b"Words.\n")
    assert all_of(pool.open_document, path) == all_of(open_document, path)


def test_a_worker_that_cannot_start_is_not_blamed_on_the_file(write, capfd):
    with SandboxPool(opener="no.such:thing") as pool:
        with pytest.raises(ReaderFailed, match="file.txt was not read: Ammon's own .* not start"):
            pool.open_document(write(b"Words.\n"))
    assert "ModuleNotFoundError" in capfd.readouterr().err


def test_a_closed_pool_leaves_no_process(write):
    path = write(b"Words.\n")
    before = psutil.Process().children()
    with SandboxPool() as pool:
        all_of(pool.open_document, path)
        assert len(psutil.Process().children()) == len(before) + 1
    assert psutil.Process().children() == before


def test_many_threads_can_open_documents(pool, write):
    paths = [write(f"Number {i}.\n", f"{i}.txt") for i in range(8)]
    found = {}

    def read(path):
        found[path] = [s.text for s in pool.open_document(path).segments()]

    threads = [threading.Thread(target=read, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {path: [f"Number {i}.\n"] for i, path in enumerate(paths)}


READING = f"""
import sys
from ingest import Limits, SandboxPool
pool = SandboxPool(Limits(seconds_without_step=2.5), opener="{HOSTILE}")
with pool.borrow() as worker:
    print(worker.pid, flush=True)
list(pool.open_document(sys.argv[1]).segments())
"""


def kill_ammon_while_it_reads(path):
    """Kill a process amid a reading, and return its worker's processes some seconds later."""
    command = [sys.executable, "-c", READING, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as ammon:
        host = psutil.Process(int(ammon.stdout.readline()))
        while CAN_HOST and not host.children():
            time.sleep(0.05)
        reader = host.children()[0] if CAN_HOST else host
        while reader.num_threads() < 2 or reader.status() == psutil.STATUS_DISK_SLEEP:
            time.sleep(0.05)
        time.sleep(0.5)
        ammon.kill()
    # After twice the limit the alarm ends a worker whose threads are all blocked.
    psutil.wait_procs([host, reader], timeout=20)
    return host, reader


@linux_only
@pytest.mark.parametrize("deed", ["sleep", "backtrack"])
def test_a_killed_ammon_leaves_no_worker(slow_readings, deed):
    for process in slow_readings[f"killed {deed}"].result():
        assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@linux_only
def test_a_worker_is_out_of_reach_of_ctrl_c(pool):
    with pool.borrow() as worker:
        assert os.getpgid(worker.pid) != os.getpgid(0)
        assert os.getsid(worker.pid) != os.getsid(0)


@linux_only
def test_a_worker_is_the_first_to_be_ended_when_memory_runs_out(pool, write):
    all_of(pool.open_document, write(b"Words.\n"))  # a worker has started
    with pool.borrow() as worker:
        score = Path(f"/proc/{worker.pid}/oom_score_adj").read_text()
    assert int(score) == 1000


def test_a_document_has_a_budget_of_processor_time_by_its_size(write):
    limits = Limits(document_seconds=0.1, document_seconds_per_mb=0.0)
    with SandboxPool(limits, opener=HOSTILE) as pool:
        document = pool.open_document(write("reading steps\n\nThe lamp was lit."))
        with pytest.raises(LimitExceeded, match="takes more than 0 s of processor time"):
            list(document.segments())
        document = pool.open_document(write("The lamp was lit.", "quick.txt"))
        assert [segment.text for segment in document.segments()]
    generous = Limits()
    assert generous.seconds_for(250_000) < 320 < generous.seconds_for(100_000_000) < 7200
    assert generous.seconds_for(512_000_000) == 7200
