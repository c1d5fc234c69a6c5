"""The version of Ammon that is running."""

from __future__ import annotations

import functools
import shutil
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
_GIT_TIMEOUT_S = 5.0


@functools.cache
def version() -> str:
    """The version number, with the commit if the program runs from its git repository."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        number = str(tomllib.load(file)["project"]["version"])
    commit = _commit()
    return f"{number}, commit {commit}" if commit else number


def _commit() -> str:
    """The short hash of the commit that is checked out; empty if git cannot say."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return ""
    command = [git, "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_GIT_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
