"""What an answer rests on: one quiet line, and behind it a picture and sentences.

The details of an answer may be damaged or of an older version: what cannot be read is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, NamedTuple

from app.service import (
    REPEATS_QUESTION,
    asked_of_text,
    left_out_notes,
    some_of_matching,
    support_notes,
)
from app.web.formatting import counted, duration, with_numbers

WORDS_PER_TOKEN = 0.75
"""Of English prose, about; other languages have fewer."""
WORDS_PER_PAGE = 300
_USAGE = ("passages", "passage_tokens", "window_tokens", "memory_tokens", "matching_passages")


class _Sentence(NamedTuple):
    """A sentence; one of our own words only has numbers that are not part of a name or a title."""

    text: str
    is_ours: bool = False


def quiet_line(details: Mapping[str, Any], passages: int) -> str:
    """How long an answer took, from how many passages, as of where, of which sources; may be empty.

    That an answer only repeats its question is said there, too: no sentence is underlined then.

    Args:
        passages: that the answer had before it; 0 if it cites none of them.
    """
    return "".join(sentence.text for sentence in _quiet(details, passages))


def quiet_line_html(details: Mapping[str, Any], passages: int) -> str:
    """The same as escaped HTML, with the numbers marked."""
    said = _quiet(details, passages)
    return "".join(with_numbers(s.text) if s.is_ours else escape(s.text) for s in said)


def _quiet(details: Mapping[str, Any], passages: int) -> list[_Sentence]:
    taken = [_time_taken(details)]
    taken += [f"from {counted(passages, 'passage')}"] if passages else []
    line = " ".join(filter(None, taken))
    as_of = details.get("as_of")
    bound = f"as of {as_of}" if as_of else ""
    parts = [_Sentence(line, is_ours=True), _Sentence(bound)]
    parts = [
        part for part in (*parts, _Sentence(asked_of_text(details), is_ours=True)) if part.text
    ]
    said: list[_Sentence] = []
    for part in parts:
        if said:
            said.append(_Sentence(", "))
        text = part.text if said else f"{part.text[0].upper()}{part.text[1:]}"
        said.append(part._replace(text=text))
    said += [_Sentence(".")] if said else []
    if details.get("repeats_question"):
        said.append(_Sentence(f" {REPEATS_QUESTION}" if said else REPEATS_QUESTION))
    return said


def sentences_on(details: Mapping[str, Any]) -> list[str]:
    """What an answer rests on and what it leaves out, a sentence or two for each."""
    return [sentence.text for sentence in _sentences(details)]


def sentences_html(details: Mapping[str, Any]) -> list[str]:
    """The same as escaped HTML, with the numbers marked."""
    return [with_numbers(s.text) if s.is_ours else escape(s.text) for s in _sentences(details)]


def picture_html(details: Mapping[str, Any]) -> str:
    """What the model had before it, in proportion; empty where nothing is known of that.

    A part that is too small to be seen is drawn a few pixels wide. The words say the sizes.
    """
    usage = _usage(details)
    found = [part for part in _PARTS if usage[part.tokens]]
    if not found:
        return ""
    label = "; ".join(f"{part.name}: {about_words(usage[part.tokens])}" for part in found)
    bar = "".join(
        f'<span class="{part.kind}" style="flex-grow:{usage[part.tokens]}"></span>'
        for part in found
    )
    names = "".join(f'<li class="{part.kind}">{part.name}</li>' for part in found)
    return (
        f'<div class="rests-on"><div class="rests-bar" role="img" aria-label="{escape(label)}">'
        f'{bar}</div><ul class="rests-names" aria-hidden="true">{names}</ul></div>'
    )


class _Part(NamedTuple):
    """A part of the picture: the class of its colour, its name, and the key of its tokens."""

    kind: str
    name: str
    tokens: str


_PARTS = (
    _Part("outline", "remembered in outline", "memory_tokens"),
    _Part("exact", "known word for word", "window_tokens"),
    _Part("again", "read again", "passage_tokens"),
)
"""In the order in which the model meets them: the past, the end of it, then the passages."""


def _sentences(details: Mapping[str, Any]) -> list[_Sentence]:
    as_of, looked_at = details.get("as_of"), details.get("looked_at")
    said = [_Sentence(f"As of {as_of}: nothing after it was used.")] if as_of else []
    said += [_Sentence(f"Looked at: {looked_at}.")] if looked_at else []
    said += [_Sentence(text, is_ours=True) for text in _context(_usage(details))]
    said += [_Sentence(note) for note in support_notes(details) if note != REPEATS_QUESTION]
    said += [_Sentence(note) for note in left_out_notes(details)]
    if details.get("was_revised"):
        revised = (
            "The first answer had numbers or names that are in no passage, or said nothing new; "
            "this is another."
        )
        said.append(_Sentence(revised))
    first, whole = _seconds(details, "first_word_s"), _seconds(details, "seconds")
    if first and whole:
        took = f"The first word came after {_time(first)}, the last one after {_time(whole)}."
        said.append(_Sentence(took, is_ours=True))
    return said


def about_words(tokens: int) -> str:
    """A number of tokens as words and pages: "about 1,200 words (4 pages)".

    >>> about_words(1616)
    'about 1,200 words (4 pages)'
    """
    words = round(tokens * WORDS_PER_TOKEN)
    size = 10 ** max(0, len(str(words)) - 2)
    pages = round(words / WORDS_PER_PAGE)
    shown = f"about {counted(max(1, round(words / size) * size), 'word')}"
    return f"{shown} ({counted(pages, 'page')})" if pages else shown


def _context(usage: Mapping[str, int]) -> list[str]:
    """What the model had before it, and what each part of that is good for."""
    said = []
    if usage["passages"]:
        some = some_of_matching(usage) or counted(usage["passages"], "passage")
        said.append(
            f"Read again just before the answer: {some}, {about_words(usage['passage_tokens'])}. "
            "Names, numbers and quotations come from there."
        )
    if usage["window_tokens"]:
        said.append(
            f"Known word for word: the end of what was read, {about_words(usage['window_tokens'])}."
        )
    if usage["memory_tokens"]:
        said.append(
            f"Remembered in outline only: {about_words(usage['memory_tokens'])} before that. This "
            "helps to tell what the whole is about, and holds no exact names or numbers."
        )
    return said


def _time_taken(details: Mapping[str, Any]) -> str:
    seconds = _seconds(details, "seconds")
    if not seconds:
        return ""
    if seconds < 0.1:
        return "answered at once"
    return f"answered in {_time(seconds)}"


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else duration(seconds)


def _seconds(details: Mapping[str, Any], name: str) -> float:
    value = details.get(name)
    return float(value) if isinstance(value, int | float) and 0 < value < 1e9 else 0.0


def _usage(details: Mapping[str, Any]) -> dict[str, int]:
    """The numbers of a stored `ContextUsage`; 0 for what is missing or damaged."""
    stored = details.get("rests_on")
    known = stored if isinstance(stored, Mapping) else {}
    found = {name: known.get(name) for name in _USAGE}
    return {n: v if isinstance(v, int) and 0 < v < 1 << 60 else 0 for n, v in found.items()}
