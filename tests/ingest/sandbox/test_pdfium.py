"""Text and images of pages from PDFium: right, bounded, and "" when the worker is lost."""

import signal
import subprocess
import sys
import time

import pytest

from ingest import Limits
from ingest.sandbox import pdfium
from ingest.sandbox.pdfium import PdfiumExtractor
from ingest.sandbox.protocol import decode_line, encode_line
from tests.support.paths import ROOT
from tests.support.pdf_samples import encrypted, make_pdf


@pytest.fixture
def extractor_of(tmp_path):
    """Return a function that writes a file and makes an extractor for it."""

    def make(data, password=None, limits=None):
        path = tmp_path / "a.pdf"
        path.write_bytes(data)
        return PdfiumExtractor(path, password, limits or Limits())

    return make


def test_pages_are_given_in_any_order(extractor_of):
    with extractor_of(make_pdf("one", "two")) as extractor:
        assert [extractor.page_text(index) for index in (1, 0, 1)] == ["two", "one", "two"]


def test_the_password_opens_the_file(extractor_of):
    with extractor_of(encrypted(make_pdf("one"), "sesame"), "sesame") as extractor:
        assert extractor.page_text(0) == "one"


@pytest.mark.parametrize("data", [b"no pdf", encrypted(make_pdf("one"), "sesame")])
def test_a_file_that_cannot_be_opened_has_no_text(extractor_of, data):
    with extractor_of(data) as extractor:
        assert [extractor.page_text(index) for index in (0, 0)] == ["", ""]


def test_a_page_that_does_not_exist_has_no_text_and_the_others_do(extractor_of):
    with extractor_of(make_pdf("one")) as extractor:
        assert [extractor.page_text(index) for index in (7, 0)] == ["", "one"]


def test_words_have_their_places(extractor_of):
    content = b"BT /F1 10 Tf 50 700 Td (ten to 10) Tj 5 Ts (5) Tj 0 -40 Td (next) Tj ET"
    with extractor_of(make_pdf(content, b"")) as extractor:
        words = extractor.page_words(0)
        assert [extractor.page_words(index) for index in (1, 7)] == [[], []]
    assert [word.text for word in words] == ["ten", "to", "10", "5", "next"]
    assert [round(word.baseline) for word in words] == [700, 700, 700, 705, 665]
    assert [word.has_space for word in words] == [False, True, True, False, False]
    assert words[0].left == 50 < words[0].right < words[1].left and words[0].angle == 0


def test_words_of_a_turned_line_run_from_left_to_right(extractor_of):
    content = b"BT /F1 10 Tf 0 1 -1 0 300 50 Tm (up the page) Tj ET"
    with extractor_of(make_pdf(content)) as extractor:
        words = extractor.page_words(0)
    assert len({(word.angle, round(word.baseline)) for word in words}) == 1
    assert [word.left for word in words] == sorted(word.left for word in words)


@pytest.mark.parametrize(
    "answer", [7, [7], [["x"]], [["x", 1, 2, "y", 4, 0, 0]], [[7, 1, 2, 3, 4, 0, 0]]]
)
def test_words_that_are_none_are_not_trusted(extractor_of, monkeypatch, answer):
    monkeypatch.setattr(PdfiumExtractor, "_ask", lambda *_, **__: {"words": answer})
    with extractor_of(make_pdf("one")) as extractor:
        assert extractor.page_words(0) == []


def test_text_is_bounded(extractor_of):
    with extractor_of(make_pdf("x" * 60), limits=Limits(max_page_chars=20)) as extractor:
        assert extractor.page_text(0) == "x" * 20


def test_an_image_is_bounded_and_a_blank_or_missing_page_has_none(extractor_of):
    limits = Limits(max_ocr_pixels=10_000)
    with extractor_of(make_pdf("one", b""), limits=limits) as extractor:
        image = extractor.page_image(0)
        assert [extractor.page_image(index) for index in (1, 7)] == [None, None]
    header, size, depth, pixels = image.pgm.split(b"\n", 3)
    columns, rows = map(int, size.split())
    assert (header, depth, len(pixels)) == (b"P5", b"255", columns * rows)
    assert columns * rows <= 10_000 and image.dpi == 10


@pytest.mark.parametrize(
    "program",
    [
        "import time; time.sleep(60)",
        "import os; os.abort()",
        "print('no json', flush=True)",
        "print('{\"ready\": true}', flush=True); import time; time.sleep(60)",
    ],
    ids=["never ready", "crashes", "babbles", "hangs"],
)
def test_a_lost_worker_costs_only_its_page_and_is_not_asked_again(
    extractor_of, monkeypatch, program
):
    monkeypatch.setattr(
        pdfium, "light_worker_command", lambda module: [sys.executable, "-I", "-c", program]
    )
    began = time.monotonic()
    with extractor_of(make_pdf("one"), limits=Limits(seconds_per_page=0.5)) as extractor:
        assert [extractor.page_text(0), extractor.page_text(0)] == ["", ""]
        assert extractor.page_image(0) is None
    assert time.monotonic() - began < 20


WITH_A_PDFIUM_THAT_HANGS = """
import sys, time, types
class Hanging:
    def __init__(self, path, password): pass
    def __getitem__(self, index): time.sleep(60)
sys.modules["pypdfium2"] = types.SimpleNamespace(PdfDocument=Hanging)
from ingest.sandbox.pdfium_worker import main
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no alarm")
def test_a_worker_that_hangs_ends_itself_without_its_client():
    request = {"path": "a.pdf", "password": None, "wanted": "text", "page_index": 0, "max_chars": 9}
    with subprocess.Popen(
        [sys.executable, "-c", WITH_A_PDFIUM_THAT_HANGS],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as worker:
        assert decode_line(worker.stdout.readline()) == {"ready": True}
        worker.stdin.write(encode_line({**request, "seconds": 0.2}))
        worker.stdin.flush()
        assert worker.wait(timeout=20) == -signal.SIGALRM


def test_no_worker_is_started_before_it_is_asked(extractor_of, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    with extractor_of(make_pdf("one")) as extractor:
        pass
    with extractor_of(make_pdf("one")) as extractor:
        assert extractor.page_text(0) == ""
