"""Recognises the text on the image of a page with OCRmyPDF or Tesseract, if they are installed.

Knows no PDF: the page comes as an image, so a file from outside never reaches these programs.
OCRmyPDF rotates and straightens an image before it gives it to Tesseract; Tesseract alone rotates
it. Both read one page at a time. The operating system limits their time, too: a recognition that is
still running when Ammon is gone ends by itself.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass

from ingest.limits import Limits
from ingest.sandbox.pdfium import PageImage
from ingest.sandbox.programs import run_program

LANGUAGES_VARIABLE = "AMMON_OCR_LANGUAGES"
_DEFAULT_LANGUAGES = "eng"
_OFF = "none"
# Not a language: Tesseract's data for finding the orientation of a page.
_ORIENTATION = "osd"
_ASK_S = 20.0
_INSTALL = (
    "to have scanned pages recognised (OCR), install Tesseract, or OCRmyPDF with it (on Debian and "
    "Ubuntu: apt-get install tesseract-ocr), and read the file again"
)


class OcrFailed(Exception):
    """A page could not be recognised; the message is the end of the note about the page."""


@dataclass(frozen=True)
class Ocr:
    """The OCR programs of this machine and their languages.

    Args:
        tesseract: path of the program, None if it is not installed.
        ocrmypdf: path of the program, None if it is not installed; it is preferred.
        languages: to recognise, as Tesseract takes them: "eng+deu".
        finds_orientation: pages that lie on their side are rotated.
        problem: why nothing can be recognised, and what to do; "" if it can.
    """

    tesseract: str | None = None
    ocrmypdf: str | None = None
    languages: str = _DEFAULT_LANGUAGES
    finds_orientation: bool = False
    problem: str = ""

    def __str__(self) -> str:
        return f"{'OCRmyPDF' if self.ocrmypdf else 'Tesseract'}, {self.languages}"

    def text_of(self, image: PageImage, limits: Limits) -> str:
        """Return the text on a page's image, "" if there is none.

        Args:
            image: of the page.
            limits: `seconds_per_ocr_page` and `max_page_chars` hold.

        Raises:
            OcrFailed: the program failed, or took longer than the limits allow.
        """
        seconds = limits.seconds_per_ocr_page
        try:
            exit_code, output = run_program(
                self._command(image, limits), image.pgm, seconds, cpu_s=seconds
            )
        except subprocess.TimeoutExpired:
            raise OcrFailed(f"took longer than {seconds:g} s") from None
        except OSError as error:
            raise OcrFailed(f"could not be given to {self} ({error.strerror})") from error
        if exit_code:
            raise OcrFailed(f"made {self} fail (exit code {exit_code})")
        text = output[: 4 * limits.max_page_chars].decode("utf-8", "replace")
        return text.replace("\f", "\n")[: limits.max_page_chars]

    def _command(self, image: PageImage, limits: Limits) -> list[str]:
        """Return the command that reads an image from its standard input."""
        if self.ocrmypdf is None:
            assert self.tesseract is not None
            layout = "1" if self.finds_orientation else "3"
            options = ["-l", self.languages, "--dpi", str(image.dpi), "--psm", layout]
            return [self.tesseract, "stdin", "stdout", *options]
        options = ["--quiet", "--jobs", "1", "-l", self.languages, "--image-dpi", str(image.dpi)]
        options += ["--output-type", "none", "--sidecar", "-", "--deskew"]
        options += ["--rotate-pages"] * self.finds_orientation
        options += ["--tesseract-timeout", str(limits.seconds_per_ocr_page)]
        return [self.ocrmypdf, *options, "-", os.devnull]


def find_ocr() -> Ocr:
    """Return the OCR programs of this machine, for the languages of $AMMON_OCR_LANGUAGES.

    If there are none, or a language is missing, `problem` of the result says what to do.
    """
    wanted = os.environ.get(LANGUAGES_VARIABLE, "").replace(",", "+").replace(" ", "")
    languages = wanted or _DEFAULT_LANGUAGES
    if languages == _OFF:
        return Ocr(
            languages=languages,
            problem=f"{LANGUAGES_VARIABLE} is {_OFF}: unset it to have scanned pages recognised",
        )
    tesseract = shutil.which("tesseract")  # OCRmyPDF needs it, too
    if tesseract is None:
        return Ocr(languages=languages, problem=_INSTALL)
    known = _installed_languages(tesseract)
    missing = [language for language in languages.split("+") if language not in known]
    if missing:
        return Ocr(tesseract, languages=languages, problem=_missing_languages(missing, known))
    return Ocr(tesseract, shutil.which("ocrmypdf"), languages, _ORIENTATION in known)


def _missing_languages(missing: list[str], known: list[str]) -> str:
    installed = ", ".join(language for language in known if language != _ORIENTATION) or "none"
    return (
        f"Tesseract lacks the language {' and '.join(map(repr, missing))} (it has {installed}): "
        "install it (on Debian and Ubuntu: apt-get install "
        f"tesseract-ocr-{missing[0].replace('_', '-')}), or name others in "
        f"{LANGUAGES_VARIABLE}, and read the file again"
    )


def _installed_languages(tesseract: str) -> list[str]:
    try:
        # Older versions list them on standard error.
        output = run_program([tesseract, "--list-langs"], b"", _ASK_S, with_errors=True)[1]
    except (OSError, subprocess.TimeoutExpired):
        return []
    lines = output.decode("utf-8", "replace").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.endswith(":")]
