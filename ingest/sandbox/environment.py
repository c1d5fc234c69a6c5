"""The environment variables that worker processes and the programs of OCR get.

All others stay here: they hold tokens and passwords. Only the standard library is imported.
"""

import os

_KEPT = {
    # Where programs, libraries and Python itself are found.
    *("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "PYTHONHOME"),
    *("SYSTEMROOT", "WINDIR", "PATHEXT", "COMSPEC", "TEMP", "TMP", "TMPDIR"),
    # Language, time zone and warnings.
    *("LANG", "LANGUAGE", "TZ", "PYTHONUTF8", "PYTHONWARNINGS", "PYTHONDONTWRITEBYTECODE"),
    # Text recognition.
    *("AMMON_OCR_LANGUAGES", "TESSDATA_PREFIX"),
    # Some processors need a kernel that is named to numpy.
    "OPENBLAS_CORETYPE",
}
# One thread each: the model needs the others, and a process is confined before it has a second one.
_ADDED = {"OMP_THREAD_LIMIT": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def worker_environment() -> dict[str, str]:
    """Return the environment for a process that has to do with files from outside."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.upper() in _KEPT or name.startswith("LC_")
    }
    return {**kept, **_ADDED}
