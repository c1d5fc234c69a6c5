"""Whether an answer declines: it says that the material does not tell what was asked."""

from __future__ import annotations

from app.service.answering.declining import says_not_found


def declines(answer: str) -> bool:
    """True if an answer says that it was not found, or if it is empty.

    It is the assistant's own test, so that what is measured is what people are shown.
    """
    return not answer.strip() or says_not_found(answer)
