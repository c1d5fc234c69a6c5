"""Makes notes on parts of a document from what the model wrote about them.

A small model repeats itself, speaks about "the passage", and invents. So a note is a line that is
cut at the end of a clause, and its names, its numbers and most of its words are those of the part.
Where the draft is not, the note is the sentence of the part that tells most, chosen by code.
"""

from __future__ import annotations

import math
import re
from collections import Counter

from app.service.answering import chapters
from app.service.answering.declining import says_not_found
from app.service.answering.line_wrapping import joined_lines
from app.service.answering.support import sentences, share_in_text
from app.service.answering.words import content_words, names_in
from app.service.reading.notes import Request
from storage import STOP_WORDS, Database, DocumentRow

MAX_NOTE_CHARACTERS = 160
MIN_NOTE_WORDS = 4
MIN_SHARE = 0.6
"""Of the content words of a draft that its part must have."""
MAX_SAME_SHARE = 0.7
"""Of its words that a note may share with the one before it."""
QUESTION = "\n\n---\nWhat happens in these last pages, in a few words?"
BEGINNING = "In these pages,"
MIN_NAMED = 3
"""How often a part has the name that its note begins with."""
_MIN_SENTENCES = 5
_MIN_LETTER_SHARE = 0.65
_TELLING_WORDS = range(7, 31)
"""Words of a sentence that may be a note."""
_NAME_WEIGHT = 2.0

_FRAME = re.compile(
    r"^\W*(?:(?:answer|summary|note|headline|title)\s*[:\-]\s*|here is (?:a|the|my)[^:]{0,40}:\s*|"
    r"(?:in|on|at|throughout) (?:the|this|these|those)\s+(?:last |final |first |above )*"
    r"(?:passages?|pages?|text|story|chapter|novel|book|section|excerpt)\b[^,]{0,30},\s*|"
    r"(?:the|this|these) (?:last |final |first |above )*(?:passages?|pages?|text|story|chapter|"
    r"novel|book|section|excerpt|author|narrator|summary)(?: of (?:the|this) \w+)?\s+"
    r"(?:is|are|tells?|describes?|shows?|says?|contains?|discuss(?:es)?|follows?|begins?|ends?)\s+"
    r"(?:about |how |that |of |with |by )*)",
    re.IGNORECASE,
)
_ABOUT_ITSELF = re.compile(
    r"\b(?:passages?|excerpt|last pages?|these pages|the text|the reader|the author|summar\w+|"
    r"assistant|language model|table of contents)\b",
    re.IGNORECASE,
)
_MARKS = re.compile(r"\s*\[\d{1,3}\]|\*+")  # of passages and of emphasis
_TITLE_POINT = re.compile(r"\b(Mr|Mrs|Ms|Dr|St|Prof)\.")
_SENTENCE_END = re.compile(
    r"(?<!\b[A-Z])(?<!\bM[rs])(?<!\bMrs)(?<!\bDr)(?<!\bSt)[.!?…](?=[\"'”’)]*(?:\s|$))"
)
_CLAUSE_END = re.compile(
    r"\s*(?:[,;:—–(]|\s-\s|\b(?:and|but|or|who|whom|which|that|when|while|where|because|as|so|if|"
    r"until|before|after|although|though)\b)"
)
_QUOTES = "\"'“”‘’„«»`*_# \t"
_FIRST_PERSON = re.compile(r"\b(?:I|me|my|we|our|you|your)\b")
_TITLES = frozenset("Mr Mrs Miss Ms Dr Sir Lady Lord Madam St Herr Frau Monsieur Madame".split())
_OWNS = re.compile(r"['’]s?$")
_WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")


class NoteEditor:
    """What `app.service.reading.notes.NoteTaker` needs to know about texts."""

    def chapter_ends(self, db: Database, document: DocumentRow) -> list[int]:
        """How many tokens of a document precede the end of each of its chapters, in order."""
        return chapters.chapter_ends(db, document)

    def is_prose(self, text: str) -> bool:
        """Whether a text has sentences, and not mostly numbers, code or lists."""
        filled = "".join(text.split())
        letters = sum(map(str.isalpha, filled))
        has_letters = letters >= _MIN_LETTER_SHARE * max(1, len(filled))
        return has_letters and len(sentences(_unwrapped(text))) >= _MIN_SENTENCES

    def request(self, text: str) -> Request:
        """What the model is asked for about a text: what its main character does, if it has one.

        The answer begins with the name. Left alone, a small model speaks about the text or its
        title; "first" makes it go on with a verb.
        """
        return Request(QUESTION, _beginning(main_name(text)))

    def note(self, draft: str, text: str, previous: str) -> str:
        """A note on a text, from what the model wrote; empty if there is nothing to say.

        Args:
            draft: begins as requested; its first line may be cut off, if no other follows.
            text: of the part.
            previous: the note on the part before; empty if there is none.
        """
        name = main_name(text)
        note = clean(name + draft.removeprefix(_beginning(name)))
        if is_sound(note, text) and not is_repetition(note, previous):
            return note
        return telling_sentence(text, previous)


def _beginning(name: str) -> str:
    """How the model's answer begins.

    Args:
        name: of the main character; empty if there is none.
    """
    return f"{BEGINNING} {name} first" if name else BEGINNING


def main_name(text: str) -> str:
    """The most frequent name in a text, with what mostly precedes it; empty if none is frequent.

    >>> main_name("Then Mr. Dombey rose. So did Mr. Dombey sit, and Mr. Dombey slept, said Ann.")
    'Mr. Dombey'
    """
    text = _unwrapped(text)
    words = Counter(_WORD.findall(text))
    counts = Counter(re.sub(r"['’]s?$", "", name) for name in _names_in(text))
    # "Oh" and "Come" begin what somebody says.
    names = [n for n in counts if counts[n] > 2 * words[n.lower()] and n not in _TITLES]
    name = max(names, key=lambda n: counts[n], default="")
    if counts[name] < MIN_NAMED:
        return ""
    before = Counter(re.findall(rf"\b([A-Z]\w+\.?)\s+{re.escape(name)}\b", text))
    ((first, count),) = before.most_common(1) or [("", 0)]
    is_part = 2 * count > counts[name] and first.lower() not in STOP_WORDS
    return f"{first} {name}" if is_part else name


def clean(draft: str) -> str:
    """The first line of a draft as a note: without frames, quotes and a clause that is cut off.

    Args:
        draft: its first line may be cut off, if no other follows.

    >>> clean("In this passage, Ann finds a boat [1], and then she")
    'Ann finds a boat'
    """
    line, is_whole, _ = draft.strip(" ").partition("\n")
    line = _FRAME.sub("", _MARKS.sub("", line).strip(_QUOTES), count=1).strip(_QUOTES)
    line = _first_sentence(line) or (line if is_whole else _without_last_clause(line))
    return (line[:1].upper() + line[1:]).strip(_QUOTES).rstrip(",;:—–. ")


def _first_sentence(line: str) -> str:
    """A line up to the end of its first sentence; empty if that is not in it."""
    ends = (end.end() for end in _SENTENCE_END.finditer(line))
    return next((line[:end] for end in ends if _is_long_enough(line[:end])), "")


def _without_last_clause(line: str) -> str:
    """A sentence that is cut off, up to its last whole clause; else without its last word."""
    starts = (clause.start() for clause in reversed(list(_CLAUSE_END.finditer(line))))
    whole = next((line[:start] for start in starts if _is_long_enough(line[:start])), "")
    return " ".join(_ended(whole.split())) or _shortened(line, len(line) - 1)


def _is_long_enough(text: str) -> bool:
    return len(_WORD.findall(text)) >= MIN_NOTE_WORDS


def _shortened(text: str, max_characters: int) -> str:
    """The whole words of a text that fit, without small words at the end, and "…"."""
    if len(text) <= max_characters:
        return text
    words = _ended(text[:max_characters].split()[:-1])
    return f"{' '.join(words).rstrip(',;:—– ')}…" if words else ""


def _ended(words: list[str]) -> list[str]:
    """Words without those at the end after which something must follow: "in", "the cuckoo's"."""
    count = len(words)
    while count and _needs_more(words[count - 1].strip(",;:")):
        count -= 1
    return words[:count]


def _needs_more(word: str) -> bool:
    return word.lower() in STOP_WORDS or _OWNS.search(word) is not None


def is_sound(note: str, text: str) -> bool:
    """Whether a note says something, and nothing that its text does not have."""
    words = [word.lower() for word in _WORD.findall(note)]
    if len(words) < MIN_NOTE_WORDS or len(note) > MAX_NOTE_CHARACTERS:
        return False
    telling = [word for word in words if word not in STOP_WORDS]
    counts = Counter(telling)
    if len(counts) < 2 or max(counts.values()) > 2 or "\ufffd" in note:
        return False
    if _ABOUT_ITSELF.search(note) or says_not_found(note):
        return False
    # Behind "it is": a name at the beginning of a sentence is checked, too.
    share, unknown = share_in_text(_without_points(f"it is {note}"), text)
    return share >= MIN_SHARE and not unknown


def is_repetition(note: str, previous: str) -> bool:
    """Whether a note says hardly more than the one before it."""
    words, before = set(content_words(note)), set(content_words(previous))
    return bool(words) and len(words & before) > MAX_SAME_SHARE * len(words)


def telling_sentence(text: str, previous: str = "") -> str:
    """The sentence of a text with most of the names and words that are frequent in it, shortened.

    Speech is left out, as who speaks is not in it. Empty if there is no such sentence.

    Args:
        previous: what it must not repeat.
    """
    plain = _unwrapped(text)
    counts, names = Counter(_WORD.findall(plain.lower())), Counter(_names_in(plain))
    best, found = 0.0, ""
    for sentence in sentences(plain):
        words = _WORD.findall(sentence)
        is_telling = sentence[0].isupper() and sentence[-1] in ".!" and len(words) in _TELLING_WORDS
        if not is_telling or _FIRST_PERSON.search(sentence) or set(sentence) & set('"“”„«»`*_|'):
            continue
        telling = {word.lower() for word in words} - STOP_WORDS
        score = sum(math.log(counts[word]) for word in telling)
        score += _NAME_WEIGHT * sum(math.log(1 + names[word]) for word in set(words))
        score /= math.sqrt(len(words))
        if score > best and not is_repetition(sentence, previous):
            best, found = score, sentence
    return _shortened(found, MAX_NOTE_CHARACTERS).rstrip(".")


def _names_in(text: str) -> list[str]:
    return names_in(_without_points(text))


def _without_points(text: str) -> str:
    """A text in which "Mr." ends no sentence, so that the name after it is known as one."""
    return _TITLE_POINT.sub(r"\1", text)


def _unwrapped(text: str) -> str:
    """A text whose lines are its paragraphs."""
    return joined_lines(text.replace("\r\n", "\n"))
