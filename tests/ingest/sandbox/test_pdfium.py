import json
import signal
import subprocess
import sys

import pytest

from ingest import Limits
from ingest.sandbox import pdfium as pdf_spare
from ingest.sandbox.pdfium import SpareExtractor
from tests.support.pdf_samples import encrypted, make_pdf


@pytest.fixture
def spare(tmp_path):
    """Return a function that writes a file and makes an extractor for it."""

    def make(data, password=None, limits=None):
        path = tmp_path / "a.pdf"
        path.write_bytes(data)
        return SpareExtractor(path, password, limits or Limits())

    return make


def test_pages_are_given_in_any_order(spare):
    with spare(make_pdf("one", "two")) as extractor:
        assert [extractor.page_text(index) for index in (1, 0, 1)] == ["two", "one", "two"]


def test_the_password_opens_it(spare):
    with spare(encrypted(make_pdf("one"), "sesame"), "sesame") as extractor:
        assert extractor.page_text(0) == "one"


@pytest.mark.parametrize("data", [b"no pdf", encrypted(make_pdf("one"), "sesame")])
def test_what_cannot_be_opened_has_no_text(spare, data):
    with spare(data) as extractor:
        assert [extractor.page_text(index) for index in (0, 0)] == ["", ""]


def test_a_page_that_is_not_there_has_no_text_and_the_others_do(spare):
    with spare(make_pdf("one")) as extractor:
        assert [extractor.page_text(index) for index in (7, 0)] == ["", "one"]


def test_text_is_bounded(spare):
    with spare(make_pdf("x" * 60), limits=Limits(max_page_chars=20)) as extractor:
        assert extractor.page_text(0) == "x" * 20


@pytest.mark.parametrize(
    "program",
    ["import time; time.sleep(60)", "import os; os.abort()", "print('no json', flush=True)"],
    ids=["hangs", "crashes", "babbles"],
)
def test_a_process_that_is_lost_costs_its_page_only(spare, tmp_path, monkeypatch, program):
    child = tmp_path / "child.py"
    child.write_text(program)
    monkeypatch.setattr(pdf_spare, "_CHILD", child)
    with spare(make_pdf("one"), limits=Limits(seconds_per_page=1.0)) as extractor:
        assert [extractor.page_text(0), extractor.page_text(0)] == ["", ""]


ALONE = """
import runpy, sys, time, types
class Hanging:
    def __init__(self, path, password): pass
    def __getitem__(self, index): time.sleep(60)
sys.modules["pypdfium2"] = types.SimpleNamespace(PdfDocument=Hanging)
runpy.run_path(sys.argv[1], run_name="__main__")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no alarm")
def test_a_process_that_hangs_ends_though_nobody_is_left_to_end_it():
    opening = {"path": "a.pdf", "password": None, "max_chars": 9, "max_pixels": 9, "seconds": 0.2}
    ended = subprocess.run(
        [sys.executable, "-c", ALONE, str(pdf_spare._CHILD)],
        input=f'{json.dumps(opening)}\n["text", 0]\n'.encode(),
    )
    assert ended.returncode == -signal.SIGALRM


def test_no_process_is_started_in_vain(spare, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    with spare(make_pdf("one")):
        pass
