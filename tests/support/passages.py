"""Passages as the search finds them, made by hand."""

from storage import Passage


def passage(number: int, text: str, score: float = 1.0, position: int | None = 0) -> Passage:
    """Page `number` of a book, ten tokens long; without a position it is not read yet."""
    return Passage(
        segment_id=number,
        document_id=1,
        document_title="Book",
        text=text,
        locator=f"page {number}",
        locator_kind="page",
        locator_start=number,
        locator_end=number,
        token_start=0,
        token_count=10,
        position=position,
        score=score,
        is_read=True,
    )
