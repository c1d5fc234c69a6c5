"""Generated tasks: as long as asked for, the needle where it was asked for, the same for a seed."""

import json
import re
from collections import Counter

import pytest

from evaluation.metrics import METRICS
from evaluation.tasks.generated.haystack import NOISE, hide, noise_lines
from evaluation.tasks.options import TaskOptions, group_of
from evaluation.tasks.registry import TASKS

GENERATED = [name for name, task in TASKS.items() if not task.needs_data]


def encode(text):
    """Words, signs and line ends, so that lengths are not those in characters."""
    return re.findall(r"\w+|[^\w\s]|\n", text)


def make(name, **options):
    return list(TASKS[name].make(TaskOptions(encode, **options)))


@pytest.mark.parametrize("name", GENERATED)
def test_a_text_has_the_length_asked_for_and_the_references_in_it(name):
    for length in (8_000, 40_000):
        items = make(name, items=3, lengths=(length,))
        texts = 1 if name == "niah_depths" else 3
        assert len({item.documents for item in items}) == texts
        assert len({item.id for item in items}) == 3
        for item in items:
            ((_, text),) = item.documents
            assert 0.9 * length <= len(encode(text)) <= 1.01 * length
            assert item.references and all(reference in text for reference in item.references)
            assert not any(reference in item.question for reference in item.references)
            assert METRICS[item.metric](" ".join(item.references), item.references) == 1
            assert METRICS[item.metric]("I could not find it.", item.references) == 0


@pytest.mark.parametrize("name", GENERATED)
def test_a_seed_gives_the_same_items_and_another_seed_others(name):
    assert make(name, items=2, seed=1, lengths=(8_000,)) == make(
        name, items=2, seed=1, lengths=(8_000,)
    )
    first, other = (
        make(name, items=1, seed=1, lengths=(8_000,)),
        make(name, items=1, seed=2, lengths=(8_000,)),
    )
    assert first[0].references != other[0].references


@pytest.mark.parametrize("name", ["passkey", "number_string", "kv_retrieval", "niah_single"])
def test_the_needle_is_at_the_depth_asked_for(name):
    for item in make(name, items=4, lengths=(20_000,), depths=(0, 33, 67, 100)):
        ((_, text),) = item.documents
        depth = text.index(item.references[0]) / len(text)
        assert depth == pytest.approx(int(group_of(item.id).split("/")[1][:-1]) / 100, abs=0.02)


def test_a_text_of_a_million_tokens_is_made():
    (item,) = make("passkey", items=1, lengths=(1_000_000,), depths=(50,))
    ((_, text),) = item.documents
    assert 990_000 < len(encode(text)) <= 1_000_000
    assert text.count(item.references[0]) == 2


def test_needles_of_one_depth_keep_their_order_and_the_text_stays_whole():
    needles = [("one\n", 0.5), ("two\n", 0.5), ("end\n", 1.0), ("start\n", 0.0)]
    lines = hide(needles, noise_lines, 1_000, encode, None).splitlines(keepends=True)
    assert lines[0] == "start\n" and lines[-1] == "end\n"
    assert lines.index("two\n") == lines.index("one\n") + 1
    assert set(lines) - {NOISE} == {needle for needle, _ in needles}


def test_a_text_without_room_for_its_needles_is_refused():
    with pytest.raises(ValueError, match="greater --length"):
        make("niah_multivalue", lengths=(20,))
    with pytest.raises(ValueError, match="8192"):
        make("common_words", lengths=(200,))


def test_a_number_string_has_each_of_five_digits_twice():
    (key,) = make("number_string", items=1)[0].references
    assert len(key) == 10 and key[::2] == key[1::2]


def test_pairs_are_json_and_the_value_is_that_of_the_key_asked_for():
    (item,) = make("kv_retrieval", items=1, depths=(50,))
    pairs = json.loads(item.documents[0][1])
    assert pairs[item.question.split('"')[1]] == item.references[0]
    assert len(pairs) > 100


def test_a_variable_has_the_value_through_those_before_it():
    (item,) = make("variable_tracking", items=1)
    ((_, text),) = item.documents
    sources = dict(
        line.removeprefix("VAR ").split(" = ")
        for line in text.splitlines()
        if line.startswith("VAR ")
    )
    assert len(sources) == len(item.references) == 5

    def value(name):
        source = sources[name]
        return value(source.removeprefix("VAR ")) if source.startswith("VAR ") else source

    assert {value(name) in item.question for name in item.references} == {True}


def test_the_common_words_occur_thirty_times_and_the_others_three_times():
    (item,) = make("common_words", items=1, lengths=(8_000,))
    counts = Counter(item.documents[0][1].split()[1::2])
    assert {counts[word] for word in item.references} == {30}
    assert {n for word, n in counts.items() if word not in item.references} == {3}


def test_the_three_frequent_words_are_those_after_the_dots():
    (item,) = make("frequent_words", items=1, lengths=(8_000,))
    ranked = Counter(item.documents[0][1].split()).most_common(5)
    assert ranked[0][0] == "...."
    assert tuple(word for word, _ in ranked[1:4]) == item.references
    assert ranked[3][1] > ranked[4][1]


def test_several_values_and_queries_are_all_asked_for():
    (values,) = make("niah_multivalue", items=1)
    key = values.question.split("numbers for ")[1].split(" mentioned")[0]
    assert values.documents[0][1].count(f"numbers for {key} is") == len(values.references) == 4
    (queries,) = make("niah_multiquery", items=1)
    for value in queries.references:
        line = next(x for x in queries.documents[0][1].splitlines() if value in x)
        assert line.split("numbers for ")[1].split(" is")[0] in queries.question


def test_one_text_has_a_key_at_every_depth_and_each_is_asked_for_alone():
    items = make("niah_depths", items=21, lengths=(40_000,))
    assert len(items) == 21 and len({item.documents for item in items}) == 1
    ((_, text),) = items[0].documents
    for i, item in enumerate(items):
        key = item.question.split("number for ")[1].split(" mentioned")[0]
        assert f"numbers for {key} is: {item.references[0]}." in text
        assert text.index(item.references[0]) / len(text) == pytest.approx(i / 20, abs=0.02)
    assert [group_of(item.id) for item in items][::10] == ["40000/0%", "40000/50%", "40000/100%"]
    (single,) = make("niah_depths", items=1)
    assert single.documents[0][1].count(single.references[0]) == 1
    with pytest.raises(ValueError, match="--items"):
        make("niah_depths", items=10_000, lengths=(1_000_000,))


@pytest.mark.parametrize(
    "options, option",
    [({"items": 0}, "--items"), ({"lengths": (0,)}, "--length"), ({"depths": (101,)}, "--depths")],
)
def test_options_out_of_their_domain_are_refused(options, option):
    with pytest.raises(ValueError, match=option):
        TaskOptions(encode, **options)
