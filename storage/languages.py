"""Finds the language of a text, and cuts words to their stems in it.

A stem is what the forms of a word have in common: "lighthouse" and "lighthouses", "Leuchtturm" and
"Leuchttürme". Text is stored under the stems of its own language; a question is asked with those of
every language that the session's documents have.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

DEFAULT_LANGUAGE = "english"
MAX_SAMPLE_CHARACTERS = 8_000
_MIN_PROBABILITY = 0.9
_MIN_WORD_SHARE = 0.6
_MAX_SHORT_CHARACTERS = 3
_MIN_SHORT_SHARE = 0.1  # articles, prepositions and the like; a list of names or messages has few
_PUNCTUATION = ".,;:!?()\"'-"
_MIN_STEMMED_CHARACTERS = 3
_UNSTEMMED = re.compile(r"[\d#+.&^]")

_SCRIPTS = {
    **dict.fromkeys(("english", "german", "french", "spanish", "italian", "portuguese"), "LATIN"),
    **dict.fromkeys(("dutch", "danish", "norwegian", "swedish", "finnish", "estonian"), "LATIN"),
    **dict.fromkeys(("polish", "czech", "hungarian", "romanian", "lithuanian", "turkish"), "LATIN"),
    **dict.fromkeys(("catalan", "basque", "irish", "indonesian", "esperanto"), "LATIN"),
    "russian": "CYRILLIC",
    "greek": "GREEK",
    "armenian": "ARMENIAN",
    "tamil": "TAMIL",
    "arabic": "ARABIC",
    "persian": "ARABIC",
    "hindi": "DEVANAGARI",
    "nepali": "DEVANAGARI",
}
"""The languages with a stemmer, by the names that Snowball gives them, and their scripts."""

_STEMMERS_OF_SCRIPTS = {
    "LATIN": "english",
    "CYRILLIC": "russian",
    "GREEK": "greek",
    "ARMENIAN": "armenian",
    "ARABIC": "arabic",
    "DEVANAGARI": "hindi",
    "TAMIL": "tamil",
}
"""For words in another script than the language of their text."""

_CODES = {
    "en": "english",
    "de": "german",
    "fr": "french",
    "es": "spanish",
    "it": "italian",
    "pt": "portuguese",
    "nl": "dutch",
    "da": "danish",
    "sv": "swedish",
    "fi": "finnish",
    "no": "norwegian",
    "nb": "norwegian",
    "nn": "norwegian",
    "et": "estonian",
    "pl": "polish",
    "cs": "czech",
    "hu": "hungarian",
    "ro": "romanian",
    "lt": "lithuanian",
    "tr": "turkish",
    "ca": "catalan",
    "eu": "basque",
    "ga": "irish",
    "id": "indonesian",
    "eo": "esperanto",
    "ru": "russian",
    "el": "greek",
    "hy": "armenian",
    "ta": "tamil",
    "ar": "arabic",
    "fa": "persian",
    "hi": "hindi",
    "ne": "nepali",
}

_ENGLISH = re.compile(r"\b(?:the|of|and)\b")
_MIN_ENGLISH_SHARE = 0.06  # of all words; far more in English prose, almost none in other languages


def detect_language(sample: str) -> str:
    """Return the language of a text by Snowball's name, `DEFAULT_LANGUAGE` if it is not clear.

    Args:
        sample: some hundred words are enough; what is longer is cut.
    """
    sample = sample[:MAX_SAMPLE_CHARACTERS]
    # Most text is English. Then the model of languages, which takes a second to load, is not used.
    if len(_ENGLISH.findall(sample)) >= _MIN_ENGLISH_SHARE * max(1, len(sample.split())):
        return DEFAULT_LANGUAGE
    if not _is_prose(sample):
        return DEFAULT_LANGUAGE
    code, probability = _identifier().classify(sample)
    if probability < _MIN_PROBABILITY:
        return DEFAULT_LANGUAGE
    return _CODES.get(code, DEFAULT_LANGUAGE)


def _is_prose(sample: str) -> bool:
    """Whether a text has sentences enough to have a language; logs and tables do not."""
    if not sample.isascii():
        return any(character.isalpha() for character in sample)
    words = [word.strip(_PUNCTUATION) for word in sample.split()]
    plain = sum(map(str.isalpha, words))
    if not words or plain < _MIN_WORD_SHARE * len(words):
        return False
    short = sum(len(word) <= _MAX_SHORT_CHARACTERS and word.islower() for word in words)
    return short >= _MIN_SHORT_SHARE * plain


def stems(word: str, languages: Iterable[str]) -> tuple[str, ...]:
    """Return the stems of a folded word in some languages, each once.

    A word in another script than a language is cut as its own script's commonest language does.
    """
    return tuple(dict.fromkeys(stem(word, language) for language in languages))


@lru_cache(maxsize=1 << 16)
def stem(word: str, language: str) -> str:
    """Return the stem of a folded word in a language; that of a code or a sign is itself."""
    if len(word) < _MIN_STEMMED_CHARACTERS or _UNSTEMMED.search(word):
        return word
    script = "LATIN" if word.isascii() else _script(word)
    if _SCRIPTS.get(language) != script:
        language = _STEMMERS_OF_SCRIPTS.get(script, "")
    return str(_stemmer(language).stemWord(word)) if language else word


def _script(word: str) -> str:
    return unicodedata.name(word[0], "").partition(" ")[0]


@cache
def _stemmer(language: str) -> Any:
    import Stemmer

    return Stemmer.Stemmer(language)


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
