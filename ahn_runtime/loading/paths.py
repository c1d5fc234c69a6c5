"""The directory for files that the runtime can fetch or compute again."""

import os
from pathlib import Path

import platformdirs

CACHE_VARIABLE = "AMMON_CACHE_DIR"


def cache_directory() -> Path:
    """For models and compiled loops: $AMMON_CACHE_DIR, or the platform's cache directory."""
    chosen = os.environ.get(CACHE_VARIABLE)
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("ammon", appauthor=False))
