"""Text recognised on the picture of a page, by OCRmyPDF or Tesseract where they are installed.

Knows no PDF: the page comes as a picture, so a file from outside never reaches these programs.
OCRmyPDF turns and straightens a picture before it gives it to Tesseract; alone, Tesseract turns it.
Both read one page at a time, bounded in time by the system as well: a recognition that outlives
Ammon ends by itself.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.document import Limits

LANGUAGES_VARIABLE = "AMMON_OCR_LANGUAGES"
_DEFAULT_LANGUAGES = "eng"
_OFF = "none"
# A script that recognises no letters, but which way up they stand.
_ORIENTATION = "osd"
_ASK_S = 20.0
_INSTALL = (
    "to have scanned pages recognised (OCR), install Tesseract, or OCRmyPDF with it (on Debian and "
    "Ubuntu: apt-get install tesseract-ocr), and read the file again"
)


@dataclass(frozen=True)
class Picture:
    """A page as it looks: a grey PGM image and its dots per inch."""

    pgm: bytes
    dpi: int


class OcrFailed(Exception):
    """A page's recognition failed or took too long; the message ends the note about it."""


@dataclass(frozen=True)
class Ocr:
    """What recognises text here.

    Args:
        tesseract, ocrmypdf: their paths; either may be None.
        languages: those to look for, as Tesseract takes them: "eng+deu".
        finds_orientation: a page that lies on its side is turned.
        problem: why nothing can be recognised, and what to do; "" where it can.
    """

    tesseract: str | None = None
    ocrmypdf: str | None = None
    languages: str = _DEFAULT_LANGUAGES
    finds_orientation: bool = False
    problem: str = ""

    def __str__(self) -> str:
        return f"{'OCRmyPDF' if self.ocrmypdf else 'Tesseract'}, {self.languages}"

    def text_of(self, picture: Picture, limits: Limits) -> str:
        """Return the text on a page's picture, "" where there is none.

        Raises:
            OcrFailed: the program failed, or took longer than the limits allow.
        """
        with self._command(picture, limits) as (command, picture_by_pipe):
            try:
                ended = subprocess.run(
                    bounded(command, limits),
                    input=picture_by_pipe,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    timeout=limits.seconds_per_ocr_page,
                    # One thread: the others belong to the model.
                    env={**os.environ, "OMP_THREAD_LIMIT": "1"},
                )
            except subprocess.TimeoutExpired:
                raise OcrFailed(f"took longer than {limits.seconds_per_ocr_page:g} s") from None
            except OSError as error:
                raise OcrFailed(f"could not be given to {self} ({error.strerror})") from error
        if ended.returncode:
            raise OcrFailed(f"made {self} fail (exit code {ended.returncode})")
        text = ended.stdout[: 4 * limits.max_page_chars].decode("utf-8", "replace")
        return text.replace("\f", "\n")[: limits.max_page_chars]

    @contextlib.contextmanager
    def _command(
        self, picture: Picture, limits: Limits
    ) -> Iterator[tuple[list[str], bytes | None]]:
        """Yield a command, and what it takes from its standard input."""
        if self.ocrmypdf is None:
            assert self.tesseract is not None
            layout = "1" if self.finds_orientation else "3"
            options = ["-l", self.languages, "--dpi", str(picture.dpi), "--psm", layout]
            yield [self.tesseract, "stdin", "stdout", *options], picture.pgm
            return
        options = ["--quiet", "--jobs", "1", "-l", self.languages, "--image-dpi", str(picture.dpi)]
        options += ["--output-type", "none", "--sidecar", "-", "--deskew"]
        options += ["--rotate-pages"] * self.finds_orientation
        options += ["--tesseract-timeout", str(limits.seconds_per_ocr_page)]
        with tempfile.TemporaryDirectory(prefix="ammon-ocr-") as folder:
            path = os.path.join(folder, "page.pgm")
            with open(path, "wb") as stream:
                stream.write(picture.pgm)
            yield [self.ocrmypdf, *options, path, os.devnull], None


def find_ocr() -> Ocr:
    """Return what recognises text on this machine, in the languages of $AMMON_OCR_LANGUAGES."""
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
        return Ocr(tesseract, languages=languages, problem=_missing(missing, known))
    return Ocr(tesseract, shutil.which("ocrmypdf"), languages, _ORIENTATION in known)


def _missing(missing: list[str], known: list[str]) -> str:
    there = ", ".join(language for language in known if language != _ORIENTATION) or "none"
    return (
        f"Tesseract lacks the language {' and '.join(map(repr, missing))} (it has {there}): "
        "install it (on Debian and Ubuntu: apt-get install "
        f"tesseract-ocr-{missing[0].replace('_', '-')}), or name others in "
        f"{LANGUAGES_VARIABLE}, and read the file again"
    )


def _installed_languages(tesseract: str) -> list[str]:
    try:
        ended = subprocess.run(
            [tesseract, "--list-langs"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,  # where older ones list them
            timeout=_ASK_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    lines = ended.stdout.decode("utf-8", "replace").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.endswith(":")]


def bounded(command: list[str], limits: Limits) -> list[str]:
    """Let the system bound a command's processor time, for nobody may be left to do so."""
    shell = shutil.which("sh") if os.name == "posix" else None
    if shell is None:
        return command
    seconds = str(max(1, round(limits.seconds_per_ocr_page)))
    return [shell, "-c", 'ulimit -t "$0" && exec "$@"', seconds, *command]
