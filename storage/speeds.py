"""Reading speeds: how fast a session was read between each two checkpoints.

Speeds depend on the machine and belong to the session that was read: a copy or an import of a
session starts without any. Going back to a checkpoint deletes the speeds after it. When a
re-reading replaces the state of its session, its speeds replace those of the session.
"""

from __future__ import annotations

from dataclasses import dataclass

from storage.database import Database
from storage.values import SQL_TOTAL, now


@dataclass(frozen=True)
class ReadingSpeed:
    """The speed between two checkpoints, or over several such intervals in a row.

    Args:
        read_at: when the end of the interval was reached, ISO 8601 in UTC.
        position: the end of the interval in the session's stream, in tokens.
        tokens: how many tokens were read.
        seconds: the time spent on reading them, without pauses.
    """

    read_at: str
    position: int
    tokens: int
    seconds: float

    @property
    def tokens_per_second(self) -> float:
        """Tokens per second of reading alone."""
        return self.tokens / self.seconds


def add_speed(db: Database, session_id: int, *, position: int, tokens: int, seconds: float) -> None:
    """Store the speed of an interval that was just read.

    An interval that ends at the same position is replaced.

    Args:
        position: the end of the interval in the session's stream, in tokens.
        tokens: how many tokens were read, more than 0.
        seconds: how long that took, more than 0.

    Raises:
        StorageError: the session does not exist, or ``tokens`` or ``seconds`` is not positive.
    """
    db.execute(
        "INSERT OR REPLACE INTO speeds (session_id, position, tokens, seconds, read_at) "
        "VALUES (?, ?, ?, ?, ?)",
        [session_id, position, tokens, seconds, now()],
    )


def list_speeds(db: Database, session_id: int, limit: int) -> list[ReadingSpeed]:
    """Return the speeds of a session in the order of the stream.

    Args:
        limit: return at most this many; adjacent intervals are joined to fit.
    """
    rows = db.rows(
        f"""
        SELECT max(read_at) AS read_at, max(position) AS position,
            {SQL_TOTAL.format("tokens")} AS tokens,
            total(seconds) AS seconds
        FROM (SELECT *, ntile(?) OVER (ORDER BY position) AS part FROM speeds WHERE session_id = ?)
        GROUP BY part ORDER BY part
        """,
        [limit, session_id],
    )
    return [ReadingSpeed(**row) for row in rows]


def forget_speeds(db: Database, session_id: int, position: int) -> None:
    """Delete the speeds of all intervals that end after a position, in tokens."""
    db.execute("DELETE FROM speeds WHERE session_id = ? AND position > ?", [session_id, position])


def take_over_speeds(db: Database, session_id: int, from_session: int) -> None:
    """Replace the speeds of a session by those of another session, which then has none."""
    forget_speeds(db, session_id, -1)
    db.execute("UPDATE speeds SET session_id = ? WHERE session_id = ?", [session_id, from_session])
