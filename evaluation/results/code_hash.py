"""A hash of the code that answers, so that answers of different code are not mixed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODEL_CODE = (
    *("ahn_runtime", "evaluation/answering", "evaluation/metrics", "training/chat.py"),
    *("evaluation/results/result.py", "evaluation/scoring.py", "evaluation/declining.py"),
    *("evaluation/tasks/item.py", "evaluation/tasks/noise.py"),
    *("app/service/answering/declining.py", "app/service/answering/patterns.py"),
)
"""What decides an answer of a model, and what is stored of it."""
ASSISTANT_CODE = (
    *(*MODEL_CODE, "app/service", "app/settings.py", "app/cli/assistant.py", "ingest", "storage"),
)
"""What decides an answer of the assistant."""


def code_hash(parts: Iterable[str]) -> str:
    """A hash of the Python files of some folders and files of the repository."""
    digest = hashlib.sha256()
    for part in parts:
        path = ROOT / part
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.relative_to(ROOT).as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()
