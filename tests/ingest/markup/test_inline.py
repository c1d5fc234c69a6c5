"""Raised, lowered and struck-out text in a paragraph stays apart from what is around it."""

import pytest

from ingest.markup.inline import Run, joined_runs, note_mark


@pytest.mark.parametrize(
    ("raised", "text"),
    [
        ("5", "10⁵"),
        ("-3", "10⁻³"),
        ("n", "10ⁿ"),
        ("th", "10th"),
        ("e", "10e"),
        ("x+1", "10^(x+1)"),
        ("k", "10^(k)"),
        ("*", "10*"),
        ("[3]", "10[3]"),
        ("(a)", "10(a)"),
        (" 5 ", "10 ⁵ "),
        ("", "10"),
    ],
)
def test_a_raised_figure_is_no_digit_of_the_number_before_it(raised, text):
    assert joined_runs([Run("10"), Run(raised, "sup")]) == text


@pytest.mark.parametrize(("lowered", "text"), [("2", "H₂"), ("max", "H_(max)"), ("(s)", "H(s)")])
def test_lowered_text_stays_apart(lowered, text):
    assert joined_runs([Run("H"), Run(lowered, "sub")]) == text


def test_runs_that_are_set_alike_are_one():
    runs = [Run("10"), Run("1", "sup"), Run("3", "sup"), Run("x", "sup"), Run(" km")]
    assert joined_runs(runs) == "10^(13x) km"


def test_a_passage_in_small_raised_type_is_plain_text():
    passage = "A passage of some length that is set in small type."
    assert joined_runs([Run("Text. "), Run(passage, "sup")]) == f"Text. {passage}"


@pytest.mark.parametrize(
    ("runs", "text"),
    [
        ([Run("old", struck=True), Run(" new")], "~~old~~ new"),
        ([Run("a "), Run("ol", struck=True), Run("d ", struck=True), Run("b")], "a ~~old~~ b"),
        ([Run("10"), Run("5", "sup", struck=True)], "10~~⁵~~"),
        ([Run(" ", struck=True)], " "),
    ],
)
def test_struck_out_text_is_marked(runs, text):
    assert joined_runs(runs) == text


@pytest.mark.parametrize(("mark", "shown"), [("3", "[3]"), ("[3]", "[3]"), ("†", "†"), ("", "")])
def test_the_mark_of_a_note_is_set_off(mark, shown):
    assert note_mark(mark) == shown
