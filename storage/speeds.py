"""How fast a session was read: a row for each stretch between two checkpoints.

The rows are of the session that did the reading, on the machine that did it: a copy, out of an
export or beside the session, begins without any. What is forgotten by going back takes its rows
along, and a re-reading's rows become those of the session whose place it takes.
"""

from __future__ import annotations

from dataclasses import dataclass

from storage.database import Database
from storage.values import now


@dataclass(frozen=True)
class ReadingSpeed:
    """One stretch of reading, or several in a row.

    Args:
        read_at: when its end was reached, ISO 8601 in UTC.
        position: where it ends, in tokens of the session.
        tokens: read in it.
        seconds: spent on nothing but reading them.
    """

    read_at: str
    position: int
    tokens: int
    seconds: float

    @property
    def tokens_per_second(self) -> float:
        return self.tokens / self.seconds


def add_speed(db: Database, session_id: int, *, position: int, tokens: int, seconds: float) -> None:
    """Keep how fast a stretch was read that has just come to its end.

    Raises:
        StorageError: there is no such session, or nothing was read in no time.
    """
    db.execute(
        "INSERT OR REPLACE INTO speeds (session_id, position, tokens, seconds, read_at) "
        "VALUES (?, ?, ?, ?, ?)",
        [session_id, position, tokens, seconds, now()],
    )


def list_speeds(db: Database, session_id: int, limit: int) -> list[ReadingSpeed]:
    """The session's speeds in the order of its tokens; of more than so many, neighbours in one."""
    rows = db.rows(
        """
        SELECT max(read_at) AS read_at, max(position) AS position, sum(tokens) AS tokens,
            sum(seconds) AS seconds
        FROM (SELECT *, ntile(?) OVER (ORDER BY position) AS part FROM speeds WHERE session_id = ?)
        GROUP BY part ORDER BY part
        """,
        [limit, session_id],
    )
    return [ReadingSpeed(**row) for row in rows]


def forget_speeds(db: Database, session_id: int, position: int) -> None:
    """Forget how fast what lies behind a position was read."""
    db.execute("DELETE FROM speeds WHERE session_id = ? AND position > ?", [session_id, position])


def take_over_speeds(db: Database, session_id: int, from_session: int) -> None:
    """Put another session's speeds in the place of this one's."""
    forget_speeds(db, session_id, -1)
    db.execute("UPDATE speeds SET session_id = ? WHERE session_id = ?", [session_id, from_session])
