"""Ammon's command line on one data directory, each command in a process of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import storage
from tests.support import warm


class Commands:
    """Ammon's command line on one data directory."""

    def __init__(self, folder: Path, output: Path, model: Path) -> None:
        self.folder, self._output = folder, output
        self._options = ["--model", str(model), "--window", "500", "--sinks", "16"]
        self._options += ["--quantize", "none"]

    @property
    def database(self) -> Path:
        return self.folder / "ammon.sqlite"

    def arguments(self, *words: object) -> list[str]:
        model = self._options if words[0] == "read" else []
        return [*map(str, words), "--data-dir", str(self.folder), *model]

    def start(self, *words: object, prepare: warm.Prepare | None = None) -> warm.BaseProcess:
        return warm.start(self.arguments(*words), self._output, prepare)

    def run(
        self, *words: object, prepare: warm.Prepare | None = None
    ) -> subprocess.CompletedProcess[str]:
        return warm.run(self.arguments(*words), self._output, prepare)

    def read(self, *texts: Path, prepare: warm.Prepare | None = None) -> str:
        """Read texts to their end; returns what was said."""
        done = self.run("read", *texts, "--session", "s", prepare=prepare)
        assert done.returncode == 0, done.stderr
        return done.stderr

    def refused(self, *words: object, prepare: warm.Prepare | None = None) -> str:
        """What a command says that cannot do its work: sentences, in one line."""
        done = self.run(*words, prepare=prepare)
        assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
        return " ".join(done.stderr.split())

    def said(self) -> str:
        return " ".join(Path(f"{self._output}.err").read_text(encoding="utf-8").split())

    def state(self) -> Mapping[str, object]:
        """The newest checkpoint to the letter, in a sound database."""
        with storage.Database(self.database) as db:
            assert db.integrity_check() == []
            return storage.list_checkpoints(db, 1)[0].manifest
