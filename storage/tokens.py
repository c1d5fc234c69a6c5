"""Cuts folded text into the tokens of the search index.

A word is stored by its stem. What can be spelled in more than one way is stored in each: parts and
whole of a compound ("co-operative": co, operative, cooperative), of a code (AB-1204: ab, 1204,
ab1204) and of a number with separators (1,234: 1, 234, 1234). A word with a letter that is also
written as two is stored in this form, too (Müller: muller, +mueller). Scripts without spaces are
stored as overlapping groups of characters, one from each character on, so that a word is found
wherever it begins, and a single character as the beginning of a group.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from storage.folding import LETTER_PAIRS, fold, join_lines, with_letter_pairs
from storage.languages import stem

MAX_TOKEN_CHARACTERS = 100
TOKEN_SIGNS = "#+.&^"
"""Characters of tokens besides letters and digits: C#, C++, .NET and 3.14, R&D, and `CAPITAL`."""
CAPITAL = "^"
"""Before a word that only its capitals make a name: the WHO, the IT department."""
TWO_LETTERED = "+"
"""Before a word that the text has with one letter instead of two: "+mueller" for Müller.

So it is told from the word that a text has in two letters, and a text counts once for each word of
a question: "Müller" asks for muller and mueller, "Mueller" for mueller and +mueller.
"""
_LETTER_PAIR = re.compile("|".join(LETTER_PAIRS))

# Scripts written without spaces, and Hangul, where particles are attached to words. Han and the
# syllables of Hangul and kana are found in twos; the letters of the others are too few for that.
_PAIRED = (
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_LETTERED = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u0edc-\u0edf\u1000-\u103f\u1050-\u108f\u1780-\u17d3"
)
_UNSPACED_RUN = re.compile(f"[{_PAIRED}]+|[{_LETTERED}]+")
_PAIRED_CHARACTER = re.compile(f"[{_PAIRED}]")

_GROUPED = re.compile(r"\d{1,3}(?:([,.' ])\d{3})(?:\1\d{3})*")
_GROUPED_WITH_FRACTION = re.compile(r"(\d{1,3}(?:([,.'])\d{3})+)(?!\2)[.,](\d+)")
_SPACED_THOUSANDS = re.compile("\\d{1,3}(?:[ \u00a0\u2009\u202f]\\d{3})+(?![\\d.,']?\\d)")
# Beginning with one sign, or one of four, these find in a third of the time that there are none.
_ASCII_THOUSANDS = re.compile(r" (?<=\d )\d{3}(?!\d)")
_ANY_THOUSANDS = re.compile("[ \u00a0\u2009\u202f](?<=\\d.)\\d{3}(?!\\d)")
_DECIMAL = re.compile(r"(\d+)[.,](\d+)")
_DOTTED_NUMBER = re.compile(r"\d+(?:\.\d+){2,}")
_ABBREVIATION = re.compile(r"[^\W\d_](?:\.[^\W\d_])+")
_CONTRACTION = re.compile(r"(.+)'(?:s|t|ll|re|ve|d|m)", re.DOTALL)
_SEPARATORS = re.compile(r"['.\-_&, ]")
_LETTERS_OR_DIGITS = re.compile(r"\d+|\D+")
_MAX_PIECES = 3  # of letters and digits in one word; a longer change of both is a hash
_MAX_JOINED_PARTS = 4  # more are a time or an identifier, which nobody writes as one word
_MAX_SIGNED_CHARACTERS = 9
_MAX_KEPT_CHARACTERS = 32
_MAX_KEPT_PIECES = 1 << 16
_SIGNS_OF_NO_WORD = b'!"$%()*/:;<=>?@[\\]^`{|}~'
_WITHOUT_SIGNS = bytes(0x20 if code in _SIGNS_OF_NO_WORD else code for code in range(256))
_COMMON_SIGNS = (
    *(("\u2018", "'"), ("\u2019", "'"), ("\u201c", " "), ("\u201d", " ")),
    *(("\u2014", " "), ("\u2026", " "), ("\u00a0", " ")),
)
_CAPITALS = re.compile("[A-Z]{2,5}")  # looking behind would take longer than all the rest


@dataclass(frozen=True)
class Chunk:
    """A word of folded text, or what its spelling binds into one.

    Args:
        parts: its words, in order; one for an ordinary word.
        whole: other spellings of all of it, as one word each.
        two_lettered: the same with two letters for each that is also written so; None: it has none.
    """

    parts: tuple[str, ...]
    whole: tuple[str, ...] = ()
    two_lettered: Chunk | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """The parts and the other spellings."""
        return (*self.parts, *self.whole)

    def each_part(self) -> Iterator[Chunk]:
        """Yield each part as a chunk."""
        others: Sequence[str] = self.two_lettered.parts if self.two_lettered else self.parts
        for part, other in zip(self.parts, others, strict=True):
            yield Chunk((part,), two_lettered=Chunk((other,)) if other != part else None)


def has_letter_pair(word: str) -> bool:
    """Return whether a folded word has two letters that can stand for one with a mark."""
    return _LETTER_PAIR.search(word) is not None


def index_tokens(text: str, language: str, capital_words: frozenset[str]) -> str:
    """Return the tokens of a text, separated by spaces.

    Args:
        language: whose stems are stored; see `storage.languages`.
        capital_words: words in small letters that are names if a text writes them in capitals.
    """
    tokens = _tokens_of(language, capital_words)
    found = " ".join(filter(None, map(tokens.__getitem__, _pieces_of(text))))
    if CAPITAL in found:
        names = [CAPITAL + word for word in capital_names(text, capital_words)]
        found = " ".join([found.replace(CAPITAL, ""), *names])
    return found


def folded_words(text: str, capital_words: frozenset[str] = frozenset()) -> list[str]:
    """Return the tokens of a text as `index_tokens` does, but whole words instead of stems."""
    words = [CAPITAL + word for word in capital_names(text, capital_words)]
    for chunk in chunks(text):
        run = chunk.parts[0]
        words += groups(run) if is_unspaced(run) else chunk.words
    return words


def two_lettered_words(text: str) -> dict[str, str]:
    """Return the folded words of a text that have a letter also written as two, and that form.

    >>> two_lettered_words("Müller and Aarhus")
    {'muller': 'mueller'}
    """
    if text.isascii():
        return {}
    spelled = ((chunk, chunk.two_lettered) for chunk in chunks(text))
    pairs = (zip(a.words, b.words, strict=True) for a, b in spelled if b is not None)
    return {word: other for pair in pairs for word, other in pair if word != other}


def count_words(text: str) -> int:
    """Return how many words a text has, about so in a script without spaces."""
    words = (chunk.parts[0] for chunk in chunks(text))
    return sum(max(1, len(w) // group_size(w)) if is_unspaced(w) else 1 for w in words)


def chunks(text: str) -> Iterator[Chunk]:
    """Yield the words of a text, folded; a run of a script without spaces is one word."""
    for piece in _pieces_of(text):
        yield from _chunks_of(piece)


def _chunks_of(piece: str) -> list[Chunk]:
    found = [_analyse(chunk) for chunk in _chunks_in(fold(piece))]
    if (spelled := with_letter_pairs(piece)) != piece:
        others = [_analyse(chunk) for chunk in _chunks_in(fold(spelled))]
        if len(others) == len(found):
            return list(map(_with_two_letters, found, others))
    return found


def _with_two_letters(chunk: Chunk, other: Chunk) -> Chunk:
    is_alike = (len(chunk.parts), len(chunk.whole)) == (len(other.parts), len(other.whole))
    return replace(chunk, two_lettered=other) if is_alike and other != chunk else chunk


def _pieces_of(text: str) -> list[str]:
    """Parts of a text that no word goes beyond; the fewer different ones, the less is to be cut."""
    text = _spaced(text)
    if not text.isascii():
        # Most English text has no other characters than ASCII and these, folded as `fold` does.
        for sign, folded in _COMMON_SIGNS:
            text = text.replace(sign, folded)
    if text.isascii():
        # Signs that are in no word would make "tide", "tide." and "(tide" three pieces.
        text = text.encode().translate(_WITHOUT_SIGNS).decode().replace("--", " ")
    else:
        for sign in ";!?":
            text = text.replace(sign, " ")
    return text.replace(", ", " ").replace(". ", " ").split()


def _spaced(text: str) -> str:
    """A text in which what is one word has no spaces: a word on two lines, a number's thousands."""
    text = join_lines(text)
    if (_ASCII_THOUSANDS if text.isascii() else _ANY_THOUSANDS).search(text):
        text = _SPACED_THOUSANDS.sub(_joined_thousands, text)
    return text


def _joined_thousands(match: re.Match[str]) -> str:
    before = match.string[match.start() - 1 : match.start()]
    is_inside = before.isdecimal() or before in {".", ",", "'"}
    return match[0] if is_inside else "'".join(match[0].split())


def capital_names(text: str, words: frozenset[str]) -> list[str]:
    """Return those of the words, in small letters, that the text has as names, in capitals.

    What a line in capitals only contains is no name.
    """
    found = []
    text = join_lines(text)
    for match in _CAPITALS.finditer(text):
        if (word := match[0].lower()) in words and _is_whole_word(match):
            start = text.rfind("\n", 0, match.start()) + 1
            end = text.find("\n", match.end())
            if not text[start : end if end >= 0 else None].isupper():
                found.append(word)
    return found


def _is_whole_word(match: re.Match[str]) -> bool:
    text, start, end = match.string, match.start(), match.end()
    return not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum())


def is_unspaced(word: str) -> bool:
    """Return whether a folded word is a run of a script without spaces."""
    return _UNSPACED_RUN.match(word) is not None


def group_size(run: str) -> int:
    """Return how many characters the groups of a run of a script without spaces have."""
    return 2 if _PAIRED_CHARACTER.match(run) else 3


def groups(run: str) -> list[str]:
    """Return the overlapping groups of such a run, one from each character on."""
    size = group_size(run)
    return [run[i : i + size] for i in range(len(run))]


def _chunks_in(piece: str) -> list[str]:
    """The chunks of folded text without spaces."""
    if piece.isalpha() and piece.isascii():
        return [piece]
    return (_ascii_chunks if piece.isascii() else _other_chunks())(piece)


def _chunk_pattern(word: str) -> str:
    return (
        rf"(?:(?<![^(\[/])\.(?=[a-z]))?{word}(?:['.\-_&]{word}|(?<=\d),\d+)*"
        rf"(?:\+\+|#(?![a-z0-9]))?"
    )


_ascii_chunks = re.compile(_chunk_pattern("[a-z0-9]+")).findall


@cache
def _other_chunks() -> Callable[[str], list[str]]:
    """The function that finds the chunks of any folded text, made when it is first needed."""
    word = _chunk_pattern(f"[{_word_characters()}]+")
    return re.compile(f"[{_PAIRED}]+|[{_LETTERED}]+|{word}").findall


def _word_characters() -> str:
    """A character class of the letters, digits and marks of scripts that are written in words."""
    ranges: list[list[int]] = []
    for code in range(0x20000):
        character = chr(code)
        if not character.isalnum() and unicodedata.category(character)[0] != "M":
            continue
        if _UNSPACED_RUN.match(character):
            continue
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


class _KeptTokens(dict[str, str]):
    """The tokens of pieces of text without spaces, made when first asked for; many are kept.

    Those of a piece that has one of the capital words begin with `CAPITAL`.
    """

    def __init__(self, language: str, capital_words: frozenset[str]) -> None:
        super().__init__()
        self._language, self._capital_words = language, capital_words

    def __missing__(self, piece: str) -> str:
        if piece.isdecimal() and piece.isascii() and len(piece) <= MAX_TOKEN_CHARACTERS:
            return self._keep(piece, piece)  # much of a table
        end = piece.rstrip("_,.'")  # no word ends with these
        if len(end) < len(piece):
            return self._keep(piece, self[end])
        tokens = _tokens_in(self._language, piece)
        names = () if piece.islower() else _CAPITALS.findall(piece)
        if names and any(word.lower() in self._capital_words for word in names):
            tokens = CAPITAL + tokens
        return self._keep(piece, tokens)

    def _keep(self, piece: str, tokens: str) -> str:
        if len(piece) <= _MAX_KEPT_CHARACTERS:
            if len(self) >= _MAX_KEPT_PIECES:
                self.clear()
            self[piece] = tokens
        return tokens


_tokens_of = cache(_KeptTokens)


def _tokens_in(language: str, piece: str) -> str:
    if piece.isalpha() and piece.isascii():  # most pieces, and what the rest gives for them
        return stem(piece.lower(), language) if len(piece) <= MAX_TOKEN_CHARACTERS else ""
    words: list[str] = []
    for chunk in _chunks_in(fold(piece)):
        if chunk.isascii() and chunk.isalpha():
            words.append(stem(chunk, language))
        elif chunk.isascii() and chunk.isdecimal():  # much of a log, and what `_analyse` gives
            words.append(chunk)
        elif is_unspaced(chunk):
            words += groups(chunk)
        else:
            forms = _analyse(chunk)
            words += [stem(word, language) for word in forms.words]
    if not piece.isascii() and (spelled := with_letter_pairs(piece)) != piece:
        if len(words) == 1 and spelled.isalpha():  # most, and what the rest gives for them
            other = stem(fold(spelled), language)
            words += [TWO_LETTERED + other] if other != words[0] else []
        else:
            words += [w for each in _chunks_of(piece) for w in _two_lettered_stems(each, language)]
    return " ".join(word for word in words if len(word) <= MAX_TOKEN_CHARACTERS)


def _two_lettered_stems(chunk: Chunk, language: str) -> list[str]:
    """The stems that a chunk has with two letters only, each with its sign before it."""
    if chunk.two_lettered is None:
        return []
    stored = [stem(word, language) for word in chunk.words]
    pairs = zip(stored, chunk.two_lettered.words, strict=True)
    others = [stem(word, language) for _, word in pairs]
    return [TWO_LETTERED + word for word in others if word not in stored]


def _analyse(text: str) -> Chunk:
    """Return the parts of a chunk of folded text, and the other spellings of the whole."""
    if text.isalpha():
        return Chunk((text,))
    if text[-1] in "#+":
        name = text.rstrip("#+")
        return Chunk((text,)) if name.isalpha() else _analyse(name)
    if text[0] == ".":
        rest = _analyse(text[1:])
        return Chunk(rest.parts, (*rest.whole, text) if text[1:].isalpha() else rest.whole)
    if text[0].isdecimal() and (number := _number(text)):
        return number
    if _ABBREVIATION.fullmatch(text):
        return Chunk((text.replace(".", ""),))
    if "'" in text and (contracted := _CONTRACTION.fullmatch(text)):
        while further := _CONTRACTION.fullmatch(contracted[1]):
            contracted = further
        return _analyse(contracted[1])
    parts = tuple(piece for part in _SEPARATORS.split(text) for piece in _pieces(part))
    joined = "".join(parts)
    whole = [joined] if 1 < len(parts) <= _MAX_JOINED_PARTS else []
    if "&" in text and len(text) <= _MAX_SIGNED_CHARACTERS:
        whole = [text]
    return Chunk(parts, tuple(whole))


def _number(text: str) -> Chunk | None:
    """A number with separators, or None: its digits, and with the point where it has a fraction."""
    parts = tuple(_SEPARATORS.split(text))
    if _GROUPED.fullmatch(text):
        # 1.234 and 1,234 may be a thousand and more, or one and a fraction.
        fraction = [".".join(parts)] if len(parts) == 2 and text[-4] in ".," else []
        return Chunk(parts, ("".join(parts), *fraction))
    if match := _GROUPED_WITH_FRACTION.fullmatch(text):
        return Chunk(parts, ("".join(_SEPARATORS.split(match[1])) + "." + match[3],))
    if match := _DECIMAL.fullmatch(text):
        return Chunk(parts, (f"{match[1]}.{match[2]}",))
    if _DOTTED_NUMBER.fullmatch(text):
        return Chunk(parts, (text,))
    return None


def _pieces(word: str) -> list[str]:
    """A word, cut between letters and digits if it is a code of few of them."""
    if word.isalpha() or word.isdecimal():
        return [word]
    pieces = _LETTERS_OR_DIGITS.findall(word)
    return pieces if len(pieces) <= _MAX_PIECES else [word]
