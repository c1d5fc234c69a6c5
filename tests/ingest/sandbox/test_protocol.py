"""The lines between a process and its worker: every string survives, anything else is refused."""

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sandbox.protocol import decode_line, encode_line, has_more
from tests.support.paths import ROOT

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(alphabet=st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.dictionaries(st.text(), PLAIN, max_size=4))
def test_a_message_is_one_ascii_line_that_gives_it_back(message):
    line = encode_line(message)
    assert line.isascii() and line.endswith(b"\n") and line.count(b"\n") == 1
    assert decode_line(line) == message


@pytest.mark.parametrize(
    "line",
    [b"", b"\n", b'{"cut": ', b"[1]\n", b'"text"\n', b"7\n", b"\xff\n", b"[" * 100_000],
    ids=["end", "blank", "cut", "list", "text", "number", "no utf-8", "deep"],
)
def test_a_line_that_is_not_a_json_object_is_a_value_error(line):
    with pytest.raises(ValueError):
        decode_line(line)


def test_an_answer_says_whether_more_follow():
    assert has_more({"more": True}) and not has_more({}) and not has_more({"more": False})


WORKER = """
import os, time
from ingest.sandbox.protocol import WorkerConnection
connection = WorkerConnection()
print("from a library")
os.write(1, b"from native code\\n")
for request in connection.requests():
    os.write(2, b"too late for the terminal\\n")
    connection.send(request)
    if request.get("sleep"):
        time.sleep(60)
"""


@pytest.fixture
def worker():
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT, **pipes)
    yield process
    process.kill()
    process.communicate()


def test_what_libraries_print_is_not_between_the_answers(worker):
    worker.stdin.write(encode_line({"a": 1}))
    worker.stdin.flush()
    answers = [decode_line(worker.stdout.readline()) for _ in range(2)]
    rest, printed = worker.communicate()
    assert answers == [{"ready": True}, {"a": 1}] and (rest, printed) == (b"", b"")


def test_the_worker_ends_when_its_input_ends_though_it_is_busy(worker):
    worker.stdin.write(encode_line({"sleep": True}))
    worker.stdin.flush()
    assert [decode_line(worker.stdout.readline()) for _ in range(2)][1] == {"sleep": True}
    worker.stdin.close()
    assert worker.wait(timeout=20) == 0
    worker.stdin = open(os.devnull, "wb")  # noqa: SIM115 - for `communicate` of the fixture
