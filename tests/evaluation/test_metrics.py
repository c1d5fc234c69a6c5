"""Every metric on cases worked by hand; the working stands beside each."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.metrics import METRICS, longbench, lveval
from evaluation.metrics.overlap import word_f1_chinese
from evaluation.metrics.rouge import common_subsequence


def score(name, answer, *references):
    return METRICS[name](answer, references)


@pytest.mark.parametrize(
    "answer, references, expected",
    [
        ("The blue door.", ["a Blue, DOOR"], 1.0),
        # {blue} of 2 given and 2 right words: P = R = 1/2.
        ("blue door", ["blue lamp"], 0.5),
        # 2 of 5 given words (the article is no word), 2 of 3 right ones: 2 * 2 / (5 + 3).
        ("It was the red door upstairs", ["a red door handle"], 0.5),
        # "very" counts as often as both have it: once. 2 * 2 / (3 + 2).
        ("very very late", ["very late"], 0.8),
        # The closest reference counts: 0 for the first, 1 for the second.
        ("at noon", ["midnight", "At noon!"], 1.0),
        ("", ["blue"], 0.0),
        ("nothing alike", ["blue"], 0.0),
    ],
)
def test_token_f1(answer, references, expected):
    assert score("token_f1", answer, *references) == pytest.approx(expected)


def test_character_f1_compares_characters_without_punctuation():
    # 北京大学 and 北京 share 2 characters of 4 and of 2: 2 * 2 / (4 + 2).
    assert score("character_f1", "北京大学。", "“北京”") == pytest.approx(2 / 3)
    assert score("character_f1", "上海", "北京", " 上 海 ！") == 1.0


def test_word_f1_of_chinese_compares_words_without_punctuation():
    # Given 我 爱 北京, right 爱 北京 天安门: 2 shared of 3 and 3.
    spaced = word_f1_chinese("我 爱 北京 。", ["爱 北京 天安门"], cut=str.split)
    assert spaced == pytest.approx(2 / 3)


def test_exact_and_substring_matches_are_of_whole_words():
    assert score("exact_match", "The Blue Door!", "blue door") == 1.0
    assert score("exact_match", "a blue door handle", "blue door") == 0.0
    assert score("substring_match", "It is the Blue Door, sir.", "lamp", "a blue door") == 1.0
    assert score("substring_match", "111 steps", "11") == 0.0


def test_the_longest_common_subsequence_of_a_worked_example():
    # a b c b d a b and b d c a b a have b c b a, b d a b and b c a b: each of length 4.
    first, second = "a b c b d a b".split(), "b d c a b a".split()
    found = common_subsequence(first, second)
    assert len(found) == 4 and found == sorted(found)
    left = iter(second)
    assert all(first[i] in left for i in found)


@given(st.lists(st.sampled_from("abc"), max_size=7), st.lists(st.sampled_from("abc"), max_size=7))
def test_the_longest_common_subsequence_is_one_and_the_longest(first, second):
    def length(i, j):
        if i == len(first) or j == len(second):
            return 0
        if first[i] == second[j]:
            return 1 + length(i + 1, j + 1)
        return max(length(i + 1, j), length(i, j + 1))

    found = common_subsequence(first, second)
    left = iter(second)
    assert len(found) == length(0, 0) and all(first[i] in left for i in found)


def test_rouge_l():
    # Lin 2004: "police killed the gunman" against "police kill the gunman": 3 words in order of
    # 4 and 4; "the gunman kill police" has only "the gunman" in order: 2 of 4 and 4.
    assert score("rouge_l", "Police kill the gunman.", "police killed the gunman") == 0.75
    assert score("rouge_l", "the gunman kill police", "police killed the gunman") == 0.5
    assert score("rouge_l", "...", "police") == 0.0
    assert score("rouge_l", "a b", "x", "a b") == 1.0


def test_rouge_lsum():
    # Lin 2004, 3.2: the line w1 w2 w3 w4 w5 against the lines w1 w2 w6 w7 w8 and w1 w3 w8 w9 w5:
    # the union of w1 w2 and w1 w3 w5 has 4 words. R = 4/5, P = 4/10: F = 2 * 4 / 15.
    answer = "w1 w2 w6 w7 w8\nw1 w3 w8 w9 w5"
    assert score("rouge_lsum", answer, "w1 w2 w3 w4 w5") == pytest.approx(8 / 15)
    # A word that the answer has once counts once, though it is in two lines: F = 2 * 1 / (1 + 2).
    assert score("rouge_lsum", "so", "so\nso") == pytest.approx(2 / 3)
    # Lines may change places, which ROUGE-L without lines punishes.
    assert score("rouge_lsum", "c d\n\na b", "a b\nc d") == 1.0
    assert score("rouge_l", "c d\n\na b", "a b\nc d") == 0.5


def test_longbench_rouge_counts_every_word_once():
    # Distinct words: given {a, b} and right {a, b, c}; in common a, b: 2 * 2 / (2 + 3).
    assert score("longbench_rouge_l", "a b a b", "a b c") == pytest.approx(0.8)
    # Sentences end at full stops: each of the two is found whole, though they change places.
    assert score("longbench_rouge_l", "c d.a b", "a b.c d") == 1.0
    # The blank after the last full stop is an empty word: given {a, ""}, right {a}: 2 / 3.
    assert score("longbench_rouge_l", "a. ", "a") == pytest.approx(2 / 3)
    assert score("longbench_rouge_l", "", "a b") == 0.0


def test_longbench_rouge_of_chinese_is_of_words():
    # Given {爱, 北京}, right {我, 爱, 北京}, in order: 2 * 2 / (2 + 3).
    found = longbench.rouge_l_chinese("爱/北京", ["我/爱/北京"], cut=lambda text: text.split("/"))
    assert found == pytest.approx(0.8)


def test_ruler_counts_all_or_any_of_the_references():
    answer = "The numbers are 123 and ABC."
    assert score("ruler_all", answer, "123", "abc", "789") == pytest.approx(2 / 3)
    assert score("ruler_part", answer, "789", "abc") == 1.0
    assert score("ruler_part", answer, "789") == 0.0


def test_lveval_f1_is_zero_below_a_fifth_of_the_keywords():
    right = "He was born in the old town of Bern in May"
    # Keywords: bern, may, of, in. "of" and "in" are stop words: none of the 4 is found.
    assert score("lveval_f1", "in the town of Rome", right, "Bern May of in") == 0.0
    # bern: 1 of 4 >= 0.2. Words: in bern = 2, the right answer has 10; "in" and "bern": 4 / 12.
    assert score("lveval_f1", "in Bern", right, "Bern May of in") == pytest.approx(1 / 3)
    # Exactly a fifth is enough: 1 of 5 keywords. 2 * 1 / (1 + 10).
    found = score("lveval_f1", "Bern", right, "Bern May old town born")
    assert found == pytest.approx(2 / 11)
    # Without keywords, plain F1: in, town, of are shared: 2 * 3 / (4 + 10).
    assert score("lveval_f1", "in the town of Rome", right) == pytest.approx(3 / 7)


def test_lveval_f1_of_chinese_needs_two_fifths_of_the_keywords():
    def found(answer, *references):
        return lveval.keyword_f1_chinese(answer, references, cut=str.split)

    right = "他 在 北京 的 大学"
    # Keywords 北京 大学 上海: 北京 is 1/3 < 0.4; 北京 and 大学 are 2/3. 的 is a stop word.
    assert found("北京 的", right, "北京 大学 上海") == 0.0
    assert found("北京 大学", right, "北京 大学 上海") == pytest.approx(2 * 2 / (2 + 5))
    # Without keywords the right answer's own words: 北京 大学 are 2 of 5 = 0.4.
    assert found("北京 大学", right) == pytest.approx(4 / 7)
    assert found("北京 的", right) == 0.0


def test_lveval_rouge_leaves_stop_words_out():
    # Given 北京, right 北京 大学; 的 and 在 are stop words: 2 * 1 / (1 + 2).
    found = lveval.rouge_l_chinese("在 北京", ["北京 的 大学 。"], cut=str.split)
    assert found == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    "name, answer, references, expected",
    [
        ("first_digits", "is 71432. Remember 5", ["71432"], 1),
        ("first_digits", "5, then 71432", ["71432"], 0),
        ("first_digits", "none", ["71432"], 0),
        ("first_number", "It is 7, not 9", ["7"], 1),
        ("first_number", "1.5 or 2", ["1.5"], 1),
        ("first_number", "1.5", ["1"], 0),
        ("first_number", "", ["1"], 0),
        ("words", '{"k": "a-b"}.', ["a-b"], 1),
        ("words", "xa-b", ["a-b"], 0),
        ("first_label", "Ace: I think.", ["ACE", "ACE ROTHSTEIN"], 1),
        ("first_label", "Rothstein", ["ACE", "ROTHSTEIN"], 0),
        ("last_word", "The return value is: `-12`.", ["-12"], 1),
        ("last_word", "12 it is", ["12"], 0),
        ("last_word", "", ["12"], 0),
        # 1 and 4 are right, 7 is not: 2 of 4; what follows does not count.
        ("leading_values", "[1, 4, 7, 10]", ["1", "4", "8", "10"], 0.5),
        ("leading_values", "1", ["1", "4"], 0.5),
        ("leading_values", "", ["1", "4"], 0),
        ("option", "B. the sea", ["the sea", "B"], 1),
        ("option", "Because of A", ["the sea", "A"], 0),  # the first character, B, decides
        ("option", "the sea", ["the sea", "B"], 1),
        ("option", "I say the answer is: C", ["the sea", "C"], 1),
        ("option", "so the option is D.", ["the sea", "A"], 0),
        ("option", "it may be D or A", ["the sea", "D"], 1),  # the first single letter
        ("option", "", ["the sea", "D"], 0),
        ("function", "B: get", ["get", "B"], 1),
        ("function", "I think the answer is: `get`", ["get", "B"], 1),
        ("function", "the answer is: option A", ["get", "B"], 0),
        ("function", "it is get", ["get", "B"], 0),  # nothing says which one is the answer
    ],
)
def test_infinitebench(name, answer, references, expected):
    assert METRICS[f"infinitebench_{name}"](answer, references) == expected


def test_longbench_classification_divides_by_the_classes_named():
    classes = ["Other number", "number", "Date", "Person"]
    # "number" is a part of the right class and does not count; "Date" does: 1 / 2.
    found = score("longbench_classification", "Other number, not a Date", classes[0], *classes)
    assert found == 0.5
    assert score("longbench_classification", "Date", "Person", *classes) == 0.0
    # Examples that a model adds on the next lines do not count.
    assert score("longbench_classification", "\nPerson\nDate", "Person", *classes) == 1.0


def test_longbench_classification_keeps_the_class_after_a_removed_one():
    # Both "a b" and "b" are parts of "a b c". "a b" is removed, "b" is then passed over: 1 / 2.
    assert score("longbench_classification", "a b c", "a b c", "a b", "b", "a b c") == 0.5


def test_longbench_counts_right_numbers():
    # 3 among 3, 5 and 3: 2 of 3.
    assert score("longbench_count", "3, 5 or 3", "3") == pytest.approx(2 / 3)
    assert score("longbench_count", "none", "3") == 0.0
    assert score("longbench_retrieval", "Paragraph 7 or 8", "Paragraph 7") == 0.5
    assert score("longbench_retrieval", "段落7", "段落7") == 1.0
    with pytest.raises(ValueError, match="no paragraph"):
        score("longbench_retrieval", "7", "Paragraph")


def test_longbench_code_compares_the_first_line_of_code():
    # "x = 1" and "x = 2" share "x = ", 4 of 5 characters each: 8 / 10.
    answer = "```python\n# set it\nx = 1\ny = 2"
    assert score("longbench_code", answer, "x = 2") == 0.8
    assert score("longbench_code", "# only a comment", "x = 2") == 0.0


def test_only_the_first_line_counts_where_examples_were_given():
    assert score("longbench_f1_first_line", "\nParis\nPassage: Rome", "Paris") == 1.0
    assert score("longbench_rouge_l_first_line", "a b\nDialogue: c", "a b") == 1.0


def test_every_metric_gives_a_number_from_0_to_1():
    references = {
        "infinitebench_function": ["get", "B"],
        "longbench_retrieval": ["Paragraph 3"],
    }
    for name, metric in METRICS.items():
        if "chinese" in name and not name.startswith("character"):
            continue
        for answer in ("", "3", "a 3", "The answer is: B."):
            found = metric(answer, references.get(name, ["3", "1"]))
            assert 0 <= found <= 1, name


def test_without_jieba_chinese_words_are_refused_in_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "jieba", None)
    with pytest.raises(ValueError, match="pip install jieba"):
        score("word_f1_chinese", "北京", "北京")
