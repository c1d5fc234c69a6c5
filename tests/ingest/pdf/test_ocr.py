"""Scanned pages: with the real Tesseract where it is installed, and programs that misbehave."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ingest import EmptyDocument, Limits, Locator, SandboxPool
from ingest.pdf.ocr import Ocr, find_ocr
from ingest.sandbox.pdfium import PageImage
from ingest.sandbox.programs import with_cpu_limit
from tests.support.pdf_samples import make_pdf

SCANNED = "The lighthouse keeper"
needs_tesseract = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="apt-get install tesseract-ocr"
)
posix = pytest.mark.skipif(os.name != "posix", reason="its programs are shell scripts")


def scanned(text: str) -> bytes:
    """Return the content stream of a page that is a grey image of text."""
    figure = Figure(figsize=(6, 2), dpi=100)
    figure.text(0.05, 0.5, text, fontsize=22)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    grey = numpy.asarray(canvas.buffer_rgba())[..., 0]
    height, width = grey.shape
    head = f"q 500 0 0 {500 * height / width} 40 500 cm BI /W {width} /H {height} /BPC 8 "
    pixels = numpy.ascontiguousarray(grey).tobytes().hex().encode()
    return head.encode() + b"/CS /G /F /AHx ID " + pixels + b"> EI Q"


@pytest.fixture
def english(monkeypatch):
    monkeypatch.setenv("AMMON_OCR_LANGUAGES", "eng")


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Return a function that installs a script under the name of a program."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.defpath}")

    def write(script: str, name: str = "tesseract") -> Path:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\nset -e\n{script}\n")
        path.chmod(0o755)
        return path

    return write


LISTS = 'if [ "$1" = --list-langs ]; then echo "Languages (2):"; echo eng; echo osd; exit; fi\n'


@needs_tesseract
def test_scanned_pages_among_others_are_recognised_with_their_page_numbers(document, english):
    data = make_pdf("one", scanned(SCANNED), "three", b"", scanned("went to sleep."))
    opened = document(data, "a.pdf")
    assert [(segment.text, segment.locator) for segment in opened.segments()] == [
        ("one\n", Locator("page", 1, 1)),
        (f"{SCANNED}\n", Locator("page", 2, 2)),
        ("three\n", Locator("page", 3, 3)),
        ("went to sleep.\n", Locator("page", 5, 5)),
    ]
    assert opened.notes[0].startswith("Page 4 had no text")
    assert opened.notes[1].startswith("Pages 2, 5 had no text but a picture of it")


@needs_tesseract
def test_a_scan_is_recognised_in_a_worker(tmp_path, english):
    path = tmp_path / "scan.pdf"
    path.write_bytes(make_pdf(scanned(SCANNED)))
    seen: list[tuple[int, bool]] = []
    with SandboxPool() as processes:
        opened = processes.open_document(path)
        opened.on_step = lambda: seen.append((opened.at_unit, opened.is_recognising))
        segments = list(opened.segments())
    assert (1, True) in seen, "the worker says at which page it is, and that it recognises it"
    assert [(segment.text, str(segment.locator)) for segment in segments] == [
        (f"{SCANNED}\n", "page 1")
    ]


@needs_tesseract
def test_a_language_that_is_not_installed_is_named(document, monkeypatch):
    monkeypatch.setenv("AMMON_OCR_LANGUAGES", "eng,xyz_abc")
    with pytest.raises(EmptyDocument, match="lacks the language 'xyz_abc'.*ocr-xyz-abc"):
        list(document(make_pdf(scanned(SCANNED)), "a.pdf").segments())


@pytest.mark.skipif(shutil.which("ocrmypdf") is None, reason="OCRmyPDF is not installed")
def test_ocrmypdf_recognises_a_page(whole_text, english):
    assert find_ocr().ocrmypdf is not None
    assert whole_text(make_pdf(scanned(SCANNED)), "a.pdf") == f"{SCANNED}\n"


def test_without_any_program_the_document_says_what_to_install(document, monkeypatch, english):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EmptyDocument, match="on its page.*install Tesseract, or OCRmyPDF"):
        list(document(make_pdf(scanned(SCANNED)), "a.pdf").segments())
    opened = document(make_pdf("one", scanned(SCANNED)), "b.pdf")
    assert len(list(opened.segments())) == 1
    assert "Page 2 had no text (scanned?); to have scanned pages recognised" in opened.notes[0]


@posix
def test_ocrmypdf_is_preferred_and_gets_only_the_image_of_the_page(program, document, english):
    program(LISTS + "exit 1")
    program(
        'for last; do before=$path; path=$last; done; head -c 2 "$before"; echo " $*"', "ocrmypdf"
    )
    data = make_pdf(scanned(SCANNED), "two")
    text = next(document(data, "a.pdf").segments()).text
    assert text.startswith("P5 ") and "-l eng" in text and "--rotate-pages" in text
    assert "a.pdf" not in text


@posix
def test_a_page_that_takes_too_long_is_skipped_and_three_end_the_recognition(
    program, document, english
):
    program(LISTS + "exec sleep 60")
    data = make_pdf(*[scanned(SCANNED)] * 4, "five")
    opened = document(data, "a.pdf", limits=Limits(seconds_per_ocr_page=0.2))
    assert [segment.locator.start for segment in opened.segments()] == [5]
    assert opened.notes[1:] == [
        "The text recognition of page 1 took longer than 0.2 s.",
        "The text recognition of page 2 took longer than 0.2 s.",
        "The text recognition of page 3 took longer than 0.2 s. No more pages were tried.",
    ]


@posix
def test_an_ocr_program_that_fails_costs_only_its_page(program, document, english):
    program(LISTS + "exit 3")
    opened = document(make_pdf(scanned(SCANNED), "two"), "a.pdf")
    assert [segment.text for segment in opened.segments()] == ["two\n"]
    assert "page 1 made Tesseract, eng fail (exit code 3)" in opened.notes[1]


@posix
def test_the_system_ends_an_ocr_program_after_its_time_limit(program):
    path = program("while :; do :; done")
    command = with_cpu_limit([str(path)], 1.0)
    assert subprocess.run(command, timeout=60).returncode in (-signal.SIGXCPU, -signal.SIGKILL)


@posix
def test_recognised_text_is_bounded(program, english):
    path = program("cat > /dev/null; yes 'no end of it' | head -c 100000")
    limits = Limits(max_page_chars=50)
    assert len(Ocr(str(path)).text_of(PageImage(b"", 300), limits)) == 50


def test_a_page_of_one_colour_is_not_given_to_ocr(document, monkeypatch, english):
    monkeypatch.setattr(Ocr, "text_of", lambda *_: pytest.fail("it is blank"))
    assert len(list(document(make_pdf("one", b""), "a.pdf").segments())) == 1


def test_a_huge_page_is_rendered_at_a_lower_resolution(document, monkeypatch, english):
    seen: list[PageImage] = []
    monkeypatch.setattr("ingest.pdf.scans.find_ocr", lambda: Ocr("tesseract"))
    monkeypatch.setattr(Ocr, "text_of", lambda ocr, picture, limits: seen.append(picture) or "")
    data = make_pdf("one", scanned(SCANNED)).replace(b"[0 0 595 842]", b"[0 0 9000 9000]")
    list(document(data, "a.pdf", limits=Limits(max_ocr_pixels=250_000)).segments())
    assert seen[0].dpi == 4 and seen[0].pgm.startswith(b"P5\n500 500\n255\n")
    assert sys.getsizeof(seen[0].pgm) < 260_000
