"""The limits that a worker sets on itself: each ends or bounds a real process."""

import base64
import json
import subprocess
import sys

import pytest

from ingest.sandbox.limits import (
    EXIT_ALARM,
    max_binary_line_bytes,
    max_text_line_bytes,
)
from ingest.sandbox.protocol import encode_line
from tests.support.paths import ROOT

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="as Linux bounds processes")


def run(program):
    """Return the ended process of a program that begins with the imports of `limits.py`."""
    imports = "from ingest.sandbox.limits import *\nimport resource, signal, time\n"
    return subprocess.run(
        [sys.executable, "-c", imports + program], cwd=ROOT, capture_output=True, text=True
    )


@linux_only
def test_the_alarm_ends_a_process_that_python_code_cannot_interrupt():
    stuck = "import re; set_alarm(0.2); re.match('(a+)+$', 'a' * 60 + 'b')"
    assert run(stuck).returncode == EXIT_ALARM


@linux_only
def test_an_alarm_that_is_cancelled_does_not_end_the_process():
    assert run("set_alarm(0.1); set_alarm(0); time.sleep(0.3)").returncode == 0


@linux_only
def test_memory_beyond_the_bound_is_a_memory_error_and_no_core_is_dumped():
    ended = run(
        "bound_memory(1 << 30)\n"
        "assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)\n"
        "try: bytearray(2 << 30)\n"
        "except MemoryError: print('refused')"
    )
    assert (ended.returncode, ended.stdout) == (0, "refused\n"), ended.stderr


@linux_only
def test_only_a_bound_that_can_change_can_be_raised_again():
    bounds = (
        "bound_memory(1 << 30, can_change=True); bound_memory(2 << 30, can_change=True)\n"
        "print(resource.getrlimit(resource.RLIMIT_AS)[0])\n"
        "bound_memory(1 << 30); bound_memory(2 << 30)\n"
        "print(resource.getrlimit(resource.RLIMIT_AS)[0])\n"
    )
    assert run(bounds).stdout.split() == [str(2 << 30), str(1 << 30)]


@linux_only
def test_an_expendable_process_has_the_highest_score():
    shown = run("be_expendable(); print(open('/proc/self/oom_score_adj').read())")
    assert int(shown.stdout) == 1000


@pytest.mark.parametrize("text", ["x", "é", "🙂", "\ud83d", "\0", '"'])
def test_the_longest_text_fits_into_its_line(text):
    assert len(encode_line({"text": text * 5000})) <= max_text_line_bytes(5000)


def test_the_longest_bytes_fit_into_their_line():
    data = base64.b64encode(bytes(100_001)).decode()
    assert len(json.dumps({"pgm": data})) <= max_binary_line_bytes(100_001)
