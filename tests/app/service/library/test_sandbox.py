"""A document that hangs, crashes or uses up memory fails alone; the queue continues."""

import sqlite3
import sys
import time

import psutil
import pytest

from app.messages import sentence
from app.service import Done
from ingest import IngestError, Limits, SandboxPool
from tests.support.service import wait_until_read

HOSTILE = "tests.support.hostile_readers:open_document"
DEEDS = {
    "sleep": "gave no sign of life",
    "exit": "crashed",
    "fault": "a fault of Ammon's",
    **({"segfault": "SIGSEGV", "eat": "ran out of memory"} if sys.platform == "linux" else {}),
}


@pytest.fixture
def hostile():
    limits = Limits(seconds_without_step=5.0, max_reader_bytes=512 * 1024 * 1024)
    with SandboxPool(limits, opener=HOSTILE) as processes:
        yield processes


@pytest.fixture
def write(tmp_path):
    def to_file(name, text):
        path = tmp_path / name
        path.write_text(text * 50)
        return path

    return to_file


def test_bad_files_among_good_ones_fail_alone(make_service, write, hostile):
    service = make_service(processes=hostile)
    service.sessions.create("s")
    service.start()
    for deed in DEEDS:
        service.documents.add("s", write(f"{deed}.txt", f"reading {deed}\n"))
        service.documents.add("s", write(f"after {deed}.txt", f"A good text after {deed}.\n"))
    wait_until_read(service, "s")
    rows = {status.document.file_name: status.document for status in service.documents.list("s")}
    assert len(rows) == 2 * len(DEEDS)
    for deed, words in DEEDS.items():
        assert rows[f"{deed}.txt"].state == "failed" and words in (rows[f"{deed}.txt"].error or "")
        assert rows[f"after {deed}.txt"].state == "done"
    with sqlite3.connect(service.settings.database_path) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    *_, last = service.questions.ask("s", "What is the good text after?")
    assert isinstance(last, Done)


@pytest.mark.parametrize("deed", DEEDS)
def test_a_document_that_cannot_be_recognised_is_refused(make_service, write, hostile, deed):
    service = make_service(processes=hostile)
    service.sessions.create("s")
    with pytest.raises(IngestError) as refused:
        service.documents.add("s", write("bad.txt", f"opening {deed}\n"))
    assert "bad.txt" in sentence(refused.value) and DEEDS[deed] in sentence(refused.value)
    assert service.documents.list("s") == [] and not service.settings.files_dir.exists()


def test_closing_does_not_wait_for_a_document_that_hangs(make_service, write):
    with SandboxPool(opener=HOSTILE) as patient:
        service = make_service(processes=patient)
        service.sessions.create("s")
        service.start()
        service.documents.add("s", write("bad.txt", "reading sleep\n"))
        time.sleep(1.0)
        began = time.monotonic()
        service.close()
        assert time.monotonic() - began < 5
    again = make_service()
    assert again.documents.list("s")[0].document.state == "indexing"  # and the next one tries again


def test_an_indexed_document_is_read_and_re_read_without_its_file(make_service, book):
    service = make_service()
    service.sessions.create("s")
    document = service.documents.add("s", book)
    service.documents.pause(document.id)
    service.start_reading()
    wait_until_read(service, "s")
    service.close()
    with SandboxPool(opener="no.such:thing") as none:
        other = make_service(processes=none)
        other.start()
        other.documents.resume(document.id)
        wait_until_read(other, "s")
        assert other.documents.list("s")[0].document.state == "done"
        other.rereads.begin("s", {"window": 800})
        while other.rereads.progress("s") is not None:
            time.sleep(0.05)
        assert other.sessions.report("s").window == 800


def test_a_closed_service_leaves_no_process(make_service, book):
    before = psutil.Process().children()
    service = make_service(processes=None)
    service.sessions.create("s")
    service.start()
    service.documents.add("s", book)
    assert psutil.Process().children() != before
    service.close()
    assert psutil.Process().children() == before
