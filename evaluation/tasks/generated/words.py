"""Made-up names, numbers and words for generated texts."""

from __future__ import annotations

import uuid
from random import Random

_ONSETS = ("b", "br", "d", "f", "fl", "g", "gr", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v")
_VOWELS = ("a", "e", "i", "o", "u", "ai", "ou")
_ADJECTIVES = (
    *("abrupt", "amber", "brisk", "calm", "cheerful", "clumsy", "cosmic", "eager", "fragile"),
    *("frosty", "gloomy", "graceful", "hasty", "honest", "icy", "jolly", "lazy", "loud", "mellow"),
    *("nimble", "odd", "polite", "proud", "rapid", "rusty", "shy", "silent", "sturdy", "tidy"),
    *("tricky", "vivid", "wary", "wild", "witty", "young", "zesty"),
)
_NOUNS = (
    *("acorn", "anchor", "badger", "balloon", "barrel", "beacon", "candle", "canyon", "cobra"),
    *("compass", "dolphin", "drum", "falcon", "feather", "glacier", "hammer", "island", "jacket"),
    *("ladder", "lantern", "magnet", "marble", "needle", "otter", "pebble", "pepper", "rocket"),
    *("saddle", "shovel", "spider", "teapot", "thimble", "tunnel", "violin", "walnut", "zipper"),
)


def digits(rng: Random, count: int) -> str:
    """A number of `count` digits, the first not 0."""
    return str(rng.randrange(10 ** (count - 1), 10**count))


def names(rng: Random, count: int) -> list[str]:
    """Different names of an adjective and a noun, such as "shy-walnut".

    Raises:
        ValueError: there are not so many.
    """
    most = len(_ADJECTIVES) * len(_NOUNS)
    if count > most:
        raise ValueError(f"There are names for {most:,} keys at most; choose fewer --items.")
    pairs = rng.sample(range(most), count)
    return [f"{_ADJECTIVES[i // len(_NOUNS)]}-{_NOUNS[i % len(_NOUNS)]}" for i in pairs]


def random_uuid(rng: Random) -> str:
    """A UUID, version 4."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def made_up_words(rng: Random, count: int) -> list[str]:
    """Different pronounceable words, none of which is contained in another."""
    found: dict[str, None] = {}
    while len(found) < count:
        # q and x occur nowhere else, so no word contains another.
        syllables = (rng.choice(_ONSETS) + rng.choice(_VOWELS) for _ in range(3))
        found["q" + "".join(syllables) + "x"] = None
    return list(found)


def coded_words(rng: Random, count: int, letters: int = 6) -> list[str]:
    """Different words of random letters."""
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=letters))] = None
    return list(found)
