"""An answer is made once more only where it has what no passage has, and kept only if better."""

from dataclasses import replace

import pytest

from app.service.answering.citations import Citation
from app.service.answering.events import AnswerView, Revised, Revising, fold, revising_text
from app.service.answering.examples import NOT_FOUND
from app.service.answering.prompt import build_prompt
from app.service.answering.revision import (
    MIN_ANSWER_TOKENS,
    Checker,
    Resumable,
    is_better_than,
    revise,
)
from app.service.answering.support import has_support
from app.web.chat.html import turn
from tests.support.passages import passage

QUESTION = "Who kept the parrot?"
PASSAGE = passage(1, "In 1873 the harbour master kept a grey parrot.")


@pytest.fixture
def runtime(load_tiny):
    return load_tiny(window=600, sinks=16)


@pytest.fixture
def prompt(runtime):
    return build_prompt(runtime.tokenizer, QUESTION, [PASSAGE], [], 400, 0)


@pytest.fixture
def checker(prompt):
    return Checker(prompt.passages, QUESTION, QUESTION, ("english",))


def run(runtime, prompt, checker, draft, max_tokens=400):
    at = len(prompt.ids) - prompt.tail_tokens
    before, record = Resumable(runtime.session(), list(prompt.ids[:at])), []
    events, steps = revise(before, prompt, checker, draft, max_tokens, record), []
    while True:
        try:
            steps.append(next(events))
        except StopIteration as end:
            return end.value, steps, record


def test_an_answer_with_unknown_names_and_numbers_is_made_once_more(runtime, prompt, checker):
    draft = checker.check("In 1874 Captain Nemo met Ahab and Ishmael in 1999, with Queequeg.")
    assert len(draft.unknown) == 7
    final, steps, record = run(runtime, prompt, checker, draft)
    assert isinstance(steps[0], Revising) and steps[0].unknown == draft.unknown
    assert record, "the second answer's tokens are counted"
    is_better = len(final.unknown) < len(draft.unknown)
    assert (final is not draft) is is_better is isinstance(steps[-1], Revised)
    assert all(isinstance(step, Revising) for step in steps[:-1])
    if is_better:
        assert steps[-1] == Revised(final.text, draft.unknown)


@pytest.mark.parametrize(
    "answer, found_nothing, max_tokens",
    [
        ("The harbour master, in 1873.", False, 400),
        ("The baker.", False, 400),
        ("Captain Nemo.", True, 400),
        ("Captain Nemo.", False, MIN_ANSWER_TOKENS),
    ],
)
def test_otherwise_the_first_answer_stays(
    runtime, prompt, checker, answer, found_nothing, max_tokens
):
    draft = checker.check(answer)
    asked = replace(prompt, found_nothing=found_nothing)
    assert run(runtime, asked, checker, draft, max_tokens) == (draft, [], [])


@pytest.mark.parametrize(
    "answer, says_nothing", [("[1]", True), (" [1]\n[2]", True), ("", True), ("Yes [1].", False)]
)
def test_an_answer_without_words_is_made_once_more(runtime, prompt, checker, answer, says_nothing):
    draft = checker.check(answer)
    assert draft.says_nothing is says_nothing
    final, steps, _ = run(runtime, prompt, checker, draft)
    assert bool(steps) is says_nothing
    assert (final is draft) is not any(isinstance(step, Revised) for step in steps)
    assert not final.says_nothing or final is draft


def test_an_answer_that_repeats_the_question_is_made_once_more(runtime, prompt, checker):
    draft = checker.check("The parrot was kept.")
    assert draft.repeats_question and not draft.unknown and not draft.says_nothing
    final, steps, record = run(runtime, prompt, checker, draft)
    assert steps and record and steps[0].unknown == ()
    is_taken = isinstance(steps[-1], Revised)
    assert (final is not draft) is is_taken
    assert not is_taken or (not final.repeats_question and has_support(final.sentences))


@pytest.mark.parametrize(
    "text, is_better",
    [
        ("the harbour master", True),
        ("The parrot was kept.", False),
        ("a baker from far away", False),
        ("Captain Nemo", False),
        ("[1]", False),
    ],
)
def test_it_is_taken_if_it_says_something_that_a_passage_supports(checker, text, is_better):
    assert is_better_than(checker.check(text), checker.check("The parrot was kept.")) is is_better


@pytest.mark.parametrize("found_nothing, max_tokens", [(True, 400), (False, MIN_ANSWER_TOKENS)])
def test_an_answer_of_the_examples_that_stays_is_none(
    runtime, prompt, checker, found_nothing, max_tokens
):
    draft = checker.check("because it had been his mother's")
    assert draft.copies_examples
    asked = replace(prompt, found_nothing=found_nothing)
    final, steps, record = run(runtime, asked, checker, draft, max_tokens)
    assert final.text == NOT_FOUND and steps == [Revised(NOT_FOUND, ())] and not record


def test_an_answer_of_the_examples_is_made_once_more(runtime, prompt, checker):
    draft = checker.check("because it had been his mother's")
    final, steps, record = run(runtime, prompt, checker, draft)
    assert isinstance(steps[0], Revising) and record
    assert not final.copies_examples and isinstance(steps[-1], Revised)
    good = checker.check("the harbour master")
    assert is_better_than(good, draft) and not is_better_than(draft, good)
    assert not is_better_than(checker.check("a seven-headed cow"), draft)


def test_a_notice_at_the_beginning_is_not_checked(checker):
    assert checker.check("Captain Nemo says. A parrot.", "Captain Nemo says.").unknown == ()


def test_a_page_shows_why_and_then_the_second_answer():
    view = AnswerView(QUESTION, text="Captain Nemo.")
    during = fold(view, Revising(("Nemo",)))
    assert turn(during).endswith(f">Captain Nemo.\n\n{revising_text(['Nemo'])}")
    after = fold(during, Revised("The harbour master.", ("Nemo",)))
    assert (after.text, after.revising) == ("The harbour master.", None)
    assert turn(after).endswith(">The harbour master.")


def test_passages_are_those_of_the_prompt(prompt):
    assert prompt.passages == (Citation.from_passage(1, PASSAGE, 0),)
