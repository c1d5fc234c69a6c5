"""The tasks of RULER that need no data: needles, variable tracking, common and frequent words.

The needles are hidden in noise or in made-up prose, where the released sets use essays that cannot
be passed on. The beginning of an answer that RULER gives to base models is left out, for the
evaluated models answer in chat.

Source: "RULER: What's the Real Context Size of Your Long-Context Language Models?"
(arXiv 2404.06654), section 3 and appendix B.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random

from evaluation.tasks.generated.cells import DEFAULT_ITEMS, DEFAULT_LENGTHS, cells
from evaluation.tasks.generated.haystack import Lines, hide, noise_lines, prose_lines
from evaluation.tasks.generated.words import coded_words, digits, made_up_words, names, random_uuid
from evaluation.tasks.item import CONTEXT, Item
from evaluation.tasks.options import Encode, TaskOptions

METRIC = "ruler_all"
NEEDLE = "One of the special magic numbers for {key} is: {value}.\n"
SINGULAR = (
    "A special magic number is hidden within the following text. Make sure to memorize it. I will "
    "quiz you about the number afterwards.\n" + CONTEXT + "\n",
    "What is the special magic number for {query} mentioned in the provided text?",
)
PLURAL = (
    "Some special magic numbers are hidden within the following text. Make sure to memorize it. I "
    "will quiz you about the numbers afterwards.\n" + CONTEXT + "\n",
    "What are all the special magic numbers for {query} mentioned in the provided text?",
)
TRACKING_PROMPT = (
    "Memorize and track the chain(s) of variable assignment hidden in the following text.\n\n"
    + CONTEXT
    + "\n"
)
TRACKING_QUESTION = (
    "Find all variables that are assigned the value {value} in the text above, directly or through "
    "other variables."
)
COMMON_PROMPT = (
    "Below is a numbered list of words. In these words, some appear more often than others. "
    "Memorize the ones that appear most often.\n" + CONTEXT + "\n"
)
COMMON_QUESTION = "What are the 10 most common words in the above list?"
FREQUENT_PROMPT = (
    "Read the following coded text and track the frequency of each coded word.\n" + CONTEXT + "\n"
)
FREQUENT_QUESTION = (
    "Do not provide any explanation. Please ignore the dots '....'. What are the three most "
    "frequently appeared words in the above coded text?"
)
KEYS, VALUES = 4, 4
HOPS = 4
COMMON_WORDS, COMMON_TIMES, OTHER_TIMES = 10, 30, 3
ZETA_2 = 1.6449340668482264
"""Riemann's zeta(2): the sum of all k^-2, by which frequencies proportional to k^-2 are divided."""
DOTS = "...."


def niah_single(options: TaskOptions) -> Iterator[Item]:
    """One key with one value in noise (RULER's niah_single_1)."""
    for length, depth, name, rng in cells(options):
        pairs = [(key, digits(rng, 7)) for key in names(rng, 1)]
        yield _needles(name, pairs, [depth / 100], 1, noise_lines, length, options.encode, rng)


def niah_single_prose(options: TaskOptions) -> Iterator[Item]:
    """One key with one value in prose (niah_single_2)."""
    for length, depth, name, rng in cells(options):
        pairs = [(key, digits(rng, 7)) for key in names(rng, 1)]
        yield _needles(name, pairs, [depth / 100], 1, prose_lines, length, options.encode, rng)


def niah_multikey(options: TaskOptions) -> Iterator[Item]:
    """Four keys with a value each in prose; one is asked for (niah_multikey_1)."""
    for length, depth, name, rng in cells(options):
        pairs = [(key, digits(rng, 7)) for key in names(rng, KEYS)]
        depths = [depth / 100, *_random_depths(rng, KEYS - 1)]
        yield _needles(name, pairs, depths, 1, prose_lines, length, options.encode, rng)


def niah_depths(options: TaskOptions) -> Iterator[Item]:
    """Keys spread evenly over one prose text, one for each item; each is asked for alone.

    All items share the text, so that one reading of it measures every depth. Those of a tenth of
    the text are a group.
    """
    count = options.items or DEFAULT_ITEMS
    for length in options.lengths or DEFAULT_LENGTHS:
        rng = Random(f"{options.seed}/{length}")
        pairs = [(key, digits(rng, 7)) for key in names(rng, count)]
        depths = [i / max(1, count - 1) for i in range(count)]
        lines = [NEEDLE.format(key=key, value=value) for key, value in pairs]
        needles = list(zip(lines, depths, strict=True))
        text = hide(needles, prose_lines, length, options.encode, rng)
        prompt, question = SINGULAR
        for i, ((key, value), depth) in enumerate(zip(pairs, depths, strict=True)):
            name = f"{length}/{int(10 * depth) * 10}%/{i}"
            yield _item(name, text, prompt, question.format(query=key), (value,))


def niah_multikey_uuid(options: TaskOptions) -> Iterator[Item]:
    """One key in a text of nothing but needles; keys and values are UUIDs (niah_multikey_3)."""
    for length, depth, name, rng in cells(options):
        pairs = [(random_uuid(rng), random_uuid(rng))]
        yield _needles(name, pairs, [depth / 100], 1, _other_needles, length, options.encode, rng)


def niah_multivalue(options: TaskOptions) -> Iterator[Item]:
    """Four values of one key in prose; all are asked for."""
    for length, depth, name, rng in cells(options):
        (key,) = names(rng, 1)
        pairs = [(key, digits(rng, 7)) for _ in range(VALUES)]
        depths = [depth / 100, *_random_depths(rng, VALUES - 1)]
        yield _needles(name, pairs, depths, VALUES, prose_lines, length, options.encode, rng)


def niah_multiquery(options: TaskOptions) -> Iterator[Item]:
    """Four keys with a value each in prose; all are asked for."""
    for length, depth, name, rng in cells(options):
        pairs = [(key, digits(rng, 7)) for key in names(rng, KEYS)]
        depths = [depth / 100, *_random_depths(rng, KEYS - 1)]
        yield _needles(name, pairs, depths, KEYS, prose_lines, length, options.encode, rng)


def _random_depths(rng: Random, count: int) -> list[float]:
    return [rng.random() for _ in range(count)]


def _other_needles(rng: Random) -> Iterator[str]:
    while True:
        yield NEEDLE.format(key=random_uuid(rng), value=random_uuid(rng)).replace(
            "numbers", "uuids"
        )


def _needles(
    name: str,
    pairs: Sequence[tuple[str, str]],
    depths: Sequence[float],
    asked: int,
    haystack: Lines,
    length: int,
    encode: Encode,
    rng: Random,
) -> Item:
    """An item whose first `asked` pairs are asked for."""
    is_uuid = haystack is _other_needles
    lines = [NEEDLE.format(key=key, value=value) for key, value in pairs]
    prompt, question = SINGULAR if asked == 1 else PLURAL
    keys = list(dict.fromkeys(key for key, _ in pairs[:asked]))
    query = keys[0] if len(keys) == 1 else f"{', '.join(keys[:-1])}, and {keys[-1]}"
    question = question.format(query=query)
    if is_uuid:
        lines = [line.replace("numbers", "uuids") for line in lines]
        prompt, question = prompt.replace("number", "uuid"), question.replace("number", "uuid")
    text = hide(list(zip(lines, depths, strict=True)), haystack, length, encode, rng)
    references = tuple(value for _, value in pairs[:asked])
    return _item(name, text, prompt, question, references)


def variable_tracking(options: TaskOptions) -> Iterator[Item]:
    """A value that is passed on from variable to variable in noise: one chain, four hops."""
    for length, _, name, rng in cells(options):
        value, variables = digits(rng, 5), _variables(rng, HOPS + 1)
        sources = [value, *(f"VAR {variable}" for variable in variables)]
        lines = [
            f"VAR {variable} = {source}\n"
            for variable, source in zip(variables, sources, strict=False)
        ]
        depths = sorted(_random_depths(rng, len(lines)))
        needles = list(zip(lines, depths, strict=True))
        text = hide(needles, noise_lines, length, options.encode, rng)
        question = TRACKING_QUESTION.format(value=value)
        yield _item(name, text, TRACKING_PROMPT, question, tuple(variables), 60)


def _variables(rng: Random, count: int) -> list[str]:
    """Different names of five capital letters."""
    return [word.upper() for word in coded_words(rng, count, letters=5)]


def common_words(options: TaskOptions) -> Iterator[Item]:
    """A shuffled list in which ten words occur 30 times each, all others three times.

    Raises:
        ValueError: the list would be longer than the length asked for.
    """
    for length, _, name, rng in cells(options):
        words = _word_list(length, rng, options.encode)
        common = tuple(words[:COMMON_WORDS])
        listed = [word for word in common for _ in range(COMMON_TIMES)]
        listed += [word for word in words[COMMON_WORDS:] for _ in range(OTHER_TIMES)]
        rng.shuffle(listed)
        text = " ".join(f"{i}. {word}" for i, word in enumerate(listed, start=1))
        yield _item(name, text, COMMON_PROMPT, COMMON_QUESTION, common, 120)


def _word_list(length: int, rng: Random, encode: Encode) -> list[str]:
    """The common words, then as many others as a list of `length` tokens holds."""
    candidates = made_up_words(rng, COMMON_WORDS + 2 + length // (2 * OTHER_TIMES))
    words: list[str] = []
    entries = 0
    for word in candidates:
        times = COMMON_TIMES if len(words) < COMMON_WORDS else OTHER_TIMES
        # A number of the list costs a token per digit, a full stop and spaces.
        cost = times * (len(encode(f" {word}")) + len(encode(f" {entries + times}.")))
        if cost > length:
            break
        length, entries = length - cost, entries + times
        words.append(word)
    if len(words) <= COMMON_WORDS:
        raise ValueError(
            f"The task needs more room for {COMMON_WORDS} words of {COMMON_TIMES} occurrences "
            "each; choose a --length of 8192 or more."
        )
    return words


def frequent_words(options: TaskOptions) -> Iterator[Item]:
    """Coded words whose frequencies fall with the square of their rank; the first rank is dots."""
    for length, _, name, rng in cells(options):
        vocabulary = [DOTS, *coded_words(rng, 1 + length // 16)]
        total = length / _mean_cost(vocabulary, options.encode)
        listed = [
            word
            for rank, word in enumerate(vocabulary, start=1)
            for _ in range(round(total / ZETA_2 / rank**2))
        ]
        rng.shuffle(listed)
        if listed.count(vocabulary[3]) <= (listed.count(vocabulary[4]) if vocabulary[4:] else 0):
            raise ValueError(
                "In so short a text no three words are the most frequent ones; choose a --length "
                "of 512 or more."
            )
        references = tuple(vocabulary[1:4])
        yield _item(name, " ".join(listed), FREQUENT_PROMPT, FREQUENT_QUESTION, references, 50)


def _mean_cost(vocabulary: Sequence[str], encode: Encode) -> float:
    """Tokens of an average word of the text."""
    weights = [1 / rank**2 / ZETA_2 for rank in range(1, len(vocabulary) + 1)]
    costs = [len(encode(f" {word}")) for word in vocabulary]
    return sum(w * c for w, c in zip(weights, costs, strict=True))


def _item(
    name: str,
    text: str,
    prompt: str,
    question: str,
    references: tuple[str, ...],
    max_new_tokens: int = 128,
) -> Item:
    return Item(
        id=name,
        documents=(("", text),),
        question=question,
        prompt=prompt + question,
        references=references,
        choices=(),
        max_new_tokens=max_new_tokens,
        metric=METRIC,
    )


RULER: dict[str, Callable[[TaskOptions], Iterator[Item]]] = {
    "niah_single": niah_single,
    "niah_single_prose": niah_single_prose,
    "niah_multikey": niah_multikey,
    "niah_depths": niah_depths,
    "niah_multikey_uuid": niah_multikey_uuid,
    "niah_multivalue": niah_multivalue,
    "niah_multiquery": niah_multiquery,
    "variable_tracking": variable_tracking,
    "common_words": common_words,
    "frequent_words": frequent_words,
}
