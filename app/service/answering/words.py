"""The words of a text that carry its meaning: proper names, and words that are not stop words.

Words are compared as the search compares them: folded, so that case, accents and the kind of an
apostrophe do not matter, and with two letters for one with a mark: Müller is Muller and Mueller.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from storage import CAPITAL, STOP_WORDS, folded_words, two_lettered_words

TITLES = frozenset("mr mrs ms miss dr sir lady lord madam prof".split())
SHORT_TITLES = ("Mr", "Mrs", "Ms", "Dr", "Prof", "Rev", "Hon", "Capt", "Col", "Gen")
"""Their full stop ends no sentence."""
# Not at the beginning of a sentence, where every word has a capital letter.
_AFTER_TITLE = "".join(rf"|(?<=\b{title}\.\s)" for title in SHORT_TITLES)
_INSIDE_SENTENCE = re.compile(rf"(?:(?<=[^.?!:]\s){_AFTER_TITLE})[\"'“‘«(]?([^\W\d_][\w'’\-&+#.]*)")
_MIN_PART_CHARACTERS = 3
# In capitals they are stressed ("Which is NOT true?") and name nothing.
_STRESSED = frozenset(
    "ALL ALWAYS AND ANY BEST BUT EACH EVERY EXCEPT FIRST LAST LEAST MOST MUST NEVER NO NONE NOT "
    "ONLY OR NICHT KEIN KEINE PAS".split()
)


def names_in(text: str) -> list[str]:
    """The words with a capital letter that do not begin a sentence.

    A stop word is one only in capitals ("the WHO"), and not if it is stressed ("NOT"). A text in a
    script without capital letters has none.
    """
    words = _INSIDE_SENTENCE.findall(unicodedata.normalize("NFC", text))
    names = [word.rstrip("'’-.") for word in words if word[0].isupper()]
    return [name for name in names if len(name) > 1 and _is_name(name)]


def _is_name(word: str) -> bool:
    return word not in _STRESSED and (
        word.isupper() or not STOP_WORDS.issuperset(folded_words(word))
    )


def folded_name(name: str) -> set[str]:
    """The folded forms of a name, one of which a text about it contains.

    Of a name that is not in capitals it is how a word begins: names are declined and have plurals.
    """
    return _name_forms(name, folded_words(name)) | _name_forms(
        name, list(two_lettered_words(name).values())
    )


def _name_forms(name: str, forms: Sequence[str]) -> set[str]:
    if len(forms) == 1:
        word = forms[0]
        if name.isupper():
            return {CAPITAL + word if word in STOP_WORDS else word}
        return {word.removesuffix("s") or word}
    return {form for form in forms if len(form) >= _MIN_PART_CHARACTERS} or set(forms)


def content_words(text: str) -> dict[str, str]:
    """The folded words of a text, without stop words, each with its form that has two letters.

    >>> content_words("the Müller of Aarhus")
    {'muller': 'mueller', 'aarhus': 'aarhus'}
    """
    others = two_lettered_words(text)
    words = (word for word in folded_words(text) if word not in STOP_WORDS)
    return {word: others.get(word, word) for word in words}


def count_shared(words: Mapping[str, str], others: Mapping[str, str]) -> int:
    """How many of the words are among others, in one of their forms; see `content_words`."""
    known = {*others, *others.values()}
    return sum(word in known or form in others for word, form in words.items())
