"""What the readers of files that may be packed with gzip have in common."""

from dataclasses import dataclass

from ingest.limits import Limits
from ingest.source import Source


@dataclass(frozen=True)
class SourceReader:
    """Reads one file from its bytes.

    Args:
        source: of the bytes.
        name: what messages call the file.
        limits: what it may ask for.
    """

    source: Source
    name: str
    limits: Limits

    def inspect(self) -> tuple[int | None, list[str]]:
        """Return that neither the number of units nor a note is known before the reading."""
        return None, []
