"""The words of a text that carry its meaning: proper names, and words that are not stop words.

Words are compared as the search compares them: folded, so that case, accents and the kind of an
apostrophe do not matter.
"""

from __future__ import annotations

import re
import unicodedata

from storage import CAPITAL, STOP_WORDS, folded_words

# Not at the beginning of a sentence, where every word has a capital letter.
_INSIDE_SENTENCE = re.compile(r"(?<=[^.?!:]\s)[\"'“‘«(]?([^\W\d_][\w'’\-&+#.]*)")
_MIN_PART_CHARACTERS = 3


def names_in(text: str) -> list[str]:
    """The words with a capital letter that do not begin a sentence.

    A stop word is one only in capitals ("the WHO"). A text in a script without capital letters has
    none.
    """
    words = _INSIDE_SENTENCE.findall(unicodedata.normalize("NFC", text))
    names = [word.rstrip("'’-.") for word in words if word[0].isupper()]
    return [name for name in names if len(name) > 1 and _is_name(name)]


def _is_name(word: str) -> bool:
    return word.isupper() or not STOP_WORDS.issuperset(folded_words(word))


def folded_name(name: str) -> set[str]:
    """The folded forms of a name, one of which a text about it contains.

    Of a name that is not in capitals it is how a word begins: names are declined and have plurals.
    """
    forms = folded_words(name)
    if len(forms) == 1:
        word = forms[0]
        if name.isupper():
            return {CAPITAL + word if word in STOP_WORDS else word}
        return {word.removesuffix("s") or word}
    return {form for form in forms if len(form) >= _MIN_PART_CHARACTERS} or set(forms)


def content_words(text: str) -> set[str]:
    """The folded words of a text, without stop words."""
    return {word for word in folded_words(text) if word not in STOP_WORDS}
