"""What a reader would ask about, found in texts without the model: names, clauses, speakers.

A name is a word with a capital letter inside sentences that hardly ever has an article before it
and is not written small elsewhere; German nouns are told from names by that, too. What begins a
sentence, a line or what someone says counts neither for it nor against it, nor do headings. Whether
it is a person's or a place's is seen by the words before it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from storage import STOP_WORDS, STOP_WORDS_OF, folded_words

MIN_MENTIONS = 3
MAX_TURN_CHARS = 1000
"""In a talk that was written down a turn has so many at most, on average."""
_MAX_ARTICLES = 0.12  # of its mentions
_MAX_SMALL = 0.1
_MIN_PLACE = 0.34
_NAME = re.compile(
    r"(?<![^\W\d_])(?P<before>[^\W\d_]+)[,;]?[”“\"'’»«]*[^\S\n]+\(?"
    r"(?P<name>[^\W\d_a-z][^\W\d_]+(?:['’-][^\W\d_a-z][^\W\d_]+)*"
    r"(?:\s[^\W\d_a-z][^\W\d_]+)?)"
)
# A line by itself, which does not end as a sentence or what someone says.
_HEADING = re.compile(
    r"^[ \t]*#{1,6} .*$|(?:\A|(?<=\n\n))[^\n]{0,80}[^\n.!?…,;:\"'“”‘’«»)](?=\n\n)", re.MULTILINE
)
_ARTICLES = frozenset(
    "the a an this that these those his her my your our their its every each some any no all both "
    "der die das den dem des ein eine einen einem einer eines dieser diese dieses kein keine zum "
    "zur im am beim vom ins ihr sein mein unser jeder jede jedes aller alle ihre seine ihren "
    "meine meinen meiner dein deine deinen deiner seinen seinem seiner ihrem ihrer unsere unseren "
    "jeden jener jene welche welcher welches "
    "le la les un une des du au aux ce cette ces son sa ses leur mon ma notre "
    "el los las una unos unas del al este esta su sus mi".split()
)
_AT_PLACES = frozenset(
    "in at from near to towards toward of through into around for outside inside leave left reach "
    "nach aus bei à de vers en desde hacia hasta para dans".split()
)
_ONLY_AT_PLACES = frozenset("in at near through outside inside around nach vers desde en".split())
# Words that begin a name, and say nothing without it.
_FORMS = frozenset(
    "mr mrs miss ms dr sir lady lord king queen prince princess captain father mother aunt uncle "
    "brother sister saint st don doña señor señora monsieur madame mademoiselle herr frau fräulein "
    "graf gräfin könig königin doktor professor prof colonel major general judge squire "
    "count duke duchess earl baron president doctor reverend rev master".split()
)
# With a capital letter, but nobody's name.
_NO_NAMES = frozenset(
    "i god heaven lord christmas easter sunday monday tuesday wednesday thursday friday saturday "
    "january february march april may june july august september october november december "
    "english french german spanish american british indian european christian catholic "
    "yes no oh ah well chapter section article part book page table figure appendix clause "
    "sonntag montag dienstag mittwoch donnerstag freitag samstag januar februar märz mai juni juli "
    "oktober dezember sie ihnen ihr gott du er es wir project gutenberg".split()
)
_CLAUSE = re.compile(
    r"^[#*\s]*((?:Article|Artículo|Artikel|Section|Clause|Rule|§)\s*\d{1,3}(?:\.\d{1,3})*)\b",
    re.MULTILINE,
)
_SPEAKER = re.compile(
    r"^\W{0,3}([^\W\d_a-z][^\W\d_]+(?:[ .][^\W\d_a-z]?[^\W\d_]*){0,3}) ?:(?= )", re.MULTILINE
)
_DECISION = re.compile(
    r"\b(?:decided|agreed|resolved|approved|action items?|beschloss(?:en)?|vereinbart|"
    r"décidé|convenu|approuvé|decidi[óo]|acord[óo]|aprob[óo])\b",
    re.IGNORECASE,
)
_ERROR_LINE = re.compile(
    r"\b(?:error|fatal|critical|failed|failure|panic|exception)\b", re.IGNORECASE
)
_ANY_WORD = re.compile(r"\b[^\W\d_]+\b")
_WORD = re.compile(r"\b[^\W\d_]{5,}\b")
_SPEECH = re.compile(
    r"\b(?:said|asked|cried|replied|sagte|fragte|rief|antwortete|sprach|"
    r"dit|demanda|répondit|cria|dijo|preguntó|respondió|exclamó)\b"
)
_MIN_SPEECH = 0.4  # a thousand characters of a tale
_MARKDOWN_HEADING = re.compile(r"^#{1,6} +(\S.*?) *#*$", re.MULTILINE)
_NOISE = re.compile(r"\{[^{}]*\}|\[[^\[\]]*\]")
_MESSAGE = re.compile(
    r"\b(?:msg|message|error): ([^,\d][^,]{7,})|(?:\]|^[^:]*[A-Za-z]): ([^\W\d].{8,})|"
    r"\d{2} [\w.-]+ [\w./-]+: ([^\W\d].{8,})"
)
_SERVICE = re.compile(r"\b(?:service|component|logger|module): ([\w.-]{3,30})")
_REFUSED = re.compile(r'"[A-Z]{3,7} (/[\w./-]{3,40})[^"]*" [45]\d\d\b')
_PLAIN_BEGINNING = re.compile(r"[A-Za-z'’ -]{8,60}(?<=\S)(?!\w)")
_MAX_MESSAGE_WORDS = 6


class Name(NamedTuple):
    """A name that recurs: how often, and whether it is a place's."""

    text: str
    mentions: int
    is_place: bool


def names_of(texts: Iterable[str], favoured: str = "") -> list[Name]:
    """The names that recur in texts, the most frequent first.

    Args:
        favoured: a text whose names count several times, such as the notes on the texts.
    """
    mentions: Counter[str] = Counter()
    articles: Counter[str] = Counter()
    places: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    small: Counter[str] = Counter()
    for text in texts:
        small.update(word for word in _ANY_WORD.findall(text) if word.islower())
        for found in _NAME.finditer(_HEADING.sub("", text)):
            before = found["before"].casefold()
            if found["before"][0].isupper():
                continue  # it is a part of a longer name, or follows the first word of a sentence
            name = " ".join(found["name"].split())
            for part in {name, name.split()[0]}:
                mentions[part] += 1
                articles[part] += before in _ARTICLES
                places[part] += before in _ONLY_AT_PLACES
                seen[part] += before in _AT_PLACES
    ranked = {
        name: count * (4 if name in favoured else 1)
        for name, count in mentions.items()
        if count >= MIN_MENTIONS and _is_name(name, count, articles[name], small[name.lower()])
    }
    found_names = []
    for name in sorted(ranked, key=lambda name: -ranked[name]):
        is_place = places[name] >= _MIN_PLACE * mentions[name]
        found_names.append(Name(name, mentions[name], is_place))
    return _without_parts(found_names)


def _is_name(name: str, count: int, articles: int, small: int) -> bool:
    words = name.casefold().split()
    if any(word in _NO_NAMES for word in words) or words[-1] in _FORMS:
        return False
    is_code = sum(map(str.isupper, name)) > len(words) + name.count("-")
    if is_code or STOP_WORDS.issuperset(folded_words(name)):
        return False
    return articles <= _MAX_ARTICLES * count and small <= _MAX_SMALL * count


def _without_parts(names: Sequence[Name]) -> list[Name]:
    """The names without those that are a part of one that is about as frequent, or have one."""
    kept: list[Name] = []
    for name in names:
        words = set(name.text.split())
        if not any(words & set(other.text.split()) for other in kept):
            longer = [
                n for n in names if words < set(n.text.split()) and 3 * n.mentions >= name.mentions
            ]
            kept.append(max(longer, key=lambda n: n.mentions) if longer else name)
    return list(dict.fromkeys(kept))


def pairs_of(texts: Sequence[str], names: Sequence[Name]) -> list[tuple[str, str]]:
    """The pairs of persons that are named in one passage most often, the most frequent first."""
    counts: Counter[tuple[str, str]] = Counter()
    people = [name.text for name in names if not name.is_place]
    for text in texts:
        here = [name for name in people if re.search(rf"\b{re.escape(name)}\b", text)]
        counts.update((a, b) for i, a in enumerate(here) for b in here[i + 1 :])
    return [pair for pair, count in counts.most_common() if count >= MIN_MENTIONS]


def is_tale(texts: Sequence[str]) -> bool:
    """Whether it is told what people say, as in novels and tales."""
    characters = sum(map(len, texts))
    return 1000 * sum(len(_SPEECH.findall(text)) for text in texts) > _MIN_SPEECH * characters


def markdown_headings(texts: Iterable[str]) -> list[str]:
    """The headings of Markdown texts, in their order."""
    return [match[1] for text in texts for match in _MARKDOWN_HEADING.finditer(text)]


def clauses_of(texts: Iterable[str]) -> list[str]:
    """The labels of the clauses of a law or contract, in its order; none if there are few."""
    labels = dict.fromkeys(" ".join(m[1].split()) for text in texts for m in _CLAUSE.finditer(text))
    return list(labels) if len(labels) >= MIN_MENTIONS else []


def speakers_of(texts: Sequence[str]) -> dict[str, list[str]]:
    """Who speaks in a talk that was written down, and the words that recur in what each says."""
    said: dict[str, Counter[str]] = defaultdict(Counter)
    turns: Counter[str] = Counter()
    everywhere: Counter[str] = Counter()
    for text in (_NOISE.sub(" ", text) for text in texts):
        found = list(_SPEAKER.finditer(text))
        ends = [*(match.start() for match in found[1:]), len(text)][: len(found)]
        for match, end in zip(found, ends, strict=True):
            words = _telling_words(text[match.end() : end])
            turns[match[1]] += 1
            said[match[1]].update(words)
            everywhere.update(words)
    frequent = [name for name, count in turns.most_common() if count >= MIN_MENTIONS]
    # "NOTE:" here and there in a manual is no talk.
    is_talk = sum(turns[name] for name in frequent) * MAX_TURN_CHARS >= sum(map(len, texts))
    if len(frequent) < 2 or not is_talk:
        return {}
    # What one says more often than the others.
    return {
        name: sorted(
            (word for word, count in said[name].items() if count >= MIN_MENTIONS),
            key=lambda word: -(said[name][word] ** 2) / everywhere[word],
        )
        for name in frequent
    }


def has_decisions(texts: Iterable[str]) -> bool:
    """Whether the minutes of a meeting say what was decided."""
    return any(_DECISION.search(text) for text in texts)


def error_messages(texts: Iterable[str]) -> list[str]:
    """What the lines of a log say that report errors, without numbers, the most frequent first."""
    lines = (line for text in texts for line in text.splitlines() if _ERROR_LINE.search(line))
    counts: Counter[str] = Counter()
    for line in lines:
        found = _MESSAGE.search(line)
        plain = _PLAIN_BEGINNING.match(next(filter(None, found.groups()))) if found else None
        words = plain[0].split()[:_MAX_MESSAGE_WORDS] if plain else []
        while words and words[-1].casefold() in STOP_WORDS:
            words.pop()
        counts.update([" ".join(words)] if len(words) > 1 else [])
    return [message for message, _ in counts.most_common()]


def failing_services(texts: Iterable[str]) -> list[str]:
    """The services whose lines in a log report errors, the most frequent first."""
    lines = (line for text in texts for line in text.splitlines() if _ERROR_LINE.search(line))
    counts = Counter(found[1] for line in lines if (found := _SERVICE.search(line)))
    return [service for service, _ in counts.most_common()]


def refused_paths(texts: Iterable[str]) -> list[str]:
    """The paths that a web server's log says were asked for in vain, the most frequent first."""
    counts = Counter(path for text in texts for path in _REFUSED.findall(text))
    return [path for path, _ in counts.most_common()]


def frequent_words(texts: Iterable[str]) -> list[str]:
    """The words that recur in texts and carry meaning, the most frequent first."""
    counts = Counter(word for text in texts for word in _telling_words(text))
    return [word for word, count in counts.most_common(20) if count >= MIN_MENTIONS]


def _telling_words(text: str) -> list[str]:
    return [w for w in map(str.casefold, _WORD.findall(text)) if w not in _TELLING_NOTHING]


_COMMON = frozenset(
    "think thing things really right going would could should maybe actually people something "
    "there where which about their okay mean know like just because yeah other these those being "
    "again still gonna wanna gotta every "
    "first little before after might shall great never always nicht einen "
    "everyone without person human another within between through cannot guess probably different "
    "three seven eight fifteen twenty thank thanks question questions "
    "point points obviously possible particular important".split()
)
_TELLING_NOTHING = STOP_WORDS.union(*STOP_WORDS_OF.values()) | _COMMON
