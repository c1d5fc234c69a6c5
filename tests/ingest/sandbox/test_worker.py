"""The document worker with a fake connection: what it answers, in which batches, and when."""

import pytest

from ingest import DamagedDocument, Document, Limits, Locator, Segment
from ingest.sandbox import worker as worker_module
from ingest.sandbox.document_messages import pack_request, pack_segment, unpack_error
from ingest.sandbox.worker import DocumentWorker


class FakeConnection:
    def __init__(self):
        self.sent, self.silence_limits = [], []

    def send(self, message):
        self.sent.append(message)

    def end_after_silence(self, seconds):
        self.silence_limits.append(seconds)


class FakeReader:
    """Reads these segments; an exception among them is raised, None is a step."""

    def __init__(self, parts):
        self.parts = parts

    def read(self, document):
        for part in self.parts:
            if isinstance(part, Exception):
                raise part
            if part is None:
                document.on_step()
            else:
                yield part


@pytest.fixture(autouse=True)
def no_memory_bound(monkeypatch):
    """The worker's bound would hold for the test process."""
    monkeypatch.setattr(worker_module, "bound_memory", lambda max_bytes, *, can_change: None)


def segment(text, line=1):
    return Segment(text, Locator("line", line, line))


def answer(*parts, tmp_path, read=True, times=1):
    """Return what a worker sends, how often it opened the file, and its limits of silence."""
    opened, connection = [], FakeConnection()

    def open_document(path, *, name, password, encoding, limits):
        opened.append((path, name, password, encoding))
        if isinstance(parts[0], Exception) and parts[0].args == ("opening",):
            raise parts[0]
        return Document(name, "text", path, 1, "line", None, FakeReader(parts))

    worker = DocumentWorker(connection, open_document)
    limits = Limits(seconds_without_step=3.0)
    request = pack_request(7, tmp_path / "a", "a.txt", "sesame", "cp1254", limits)
    for _ in range(times):
        worker.answer({**request, "read": read})
    return connection.sent, opened, connection.silence_limits


def test_a_document_is_answered_without_segments_unless_they_are_asked_for(tmp_path):
    sent, opened, _ = answer(segment("x"), tmp_path=tmp_path, read=False)
    assert [set(message) for message in sent] == [{"document"}]
    assert sent[0]["document"]["title"] == "a.txt"
    assert opened == [(tmp_path / "a", "a.txt", "sesame", "cp1254")]


def test_segments_come_in_batches_before_the_document(tmp_path):
    many = [segment("x" * 40_000, line) for line in (1, 2, 3)]
    *batches, last = answer(*many, tmp_path=tmp_path)[0]
    assert all(batch["more"] is True for batch in batches) and "more" not in last
    assert [len(batch["segments"]) for batch in batches] == [2, 1]
    assert [v for batch in batches for v in batch["segments"]] == list(map(pack_segment, many))


def test_a_step_after_a_silence_sends_what_there_is_even_if_it_is_nothing(tmp_path, monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr(worker_module.time, "monotonic", lambda: next(clock))
    sent, *_ = answer(None, segment("x"), None, tmp_path=tmp_path)
    assert [message.get("segments") for message in sent] == [[], [pack_segment(segment("x"))], None]


def test_steps_in_quick_succession_send_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(worker_module.time, "monotonic", lambda: 5.0)
    sent, *_ = answer(*[None] * 1000, tmp_path=tmp_path)
    assert [set(message) for message in sent] == [{"document"}]


def test_an_error_comes_after_the_segments_before_it(tmp_path):
    error = DamagedDocument("a.txt is damaged.")
    batch, last = answer(segment("before"), error, tmp_path=tmp_path)[0]
    assert batch["segments"] == [pack_segment(segment("before"))]
    back = unpack_error(last["error"])
    assert (type(back), str(back)) == (DamagedDocument, str(error)) and last["document"]


def test_a_fault_of_the_reader_comes_with_its_bounded_traceback(tmp_path):
    (last,) = answer(KeyError("x" * 100_000), tmp_path=tmp_path)[0]
    assert last["fault"].startswith("KeyError: ") and len(last["fault"]) == 500
    assert len(last["traceback"]) <= 8000


@pytest.mark.parametrize("error", [DamagedDocument("opening"), KeyError("opening")])
def test_a_file_that_cannot_be_opened_has_no_document(tmp_path, error):
    (last,) = answer(error, tmp_path=tmp_path)[0]
    assert last["document"] is None and ("error" in last) != ("fault" in last)


def test_the_document_opened_last_is_read_again_without_opening_it(tmp_path):
    sent, opened, _ = answer(segment("x"), tmp_path=tmp_path, times=3)
    assert len(opened) == 1 and len(sent) == 6


def test_the_alarm_is_later_than_the_limit_of_the_client(tmp_path):
    assert answer(segment("x"), tmp_path=tmp_path)[2] == [6.0]
