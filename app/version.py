"""Which Ammon this is."""

from __future__ import annotations

import functools
import shutil
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
_ASK_S = 5.0


@functools.cache
def version() -> str:
    """The version, and the commit where the program lies in its repository."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        number = str(tomllib.load(file)["project"]["version"])
    commit = _commit()
    return f"{number}, commit {commit}" if commit else number


def _commit() -> str:
    """The commit that is checked out; empty where git does not tell."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return ""
    command = [git, "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=_ASK_S)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return told.stdout.strip() if told.returncode == 0 else ""
