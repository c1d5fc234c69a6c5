"""What is read again before an answer, and what an answer is said to rest on."""

import pytest

from app.errors import BadQuestion
from app.service.answering.citations import Citation, mark_cited
from app.service.answering.followup import follows_up
from app.service.answering.prompt import Turn, budget_tokens, build_prompt
from app.service.answering.retrieval import lacks_named_entity
from storage import Passage


def passage(number: int, text: str, score: float = 1.0, position: int | None = 0) -> Passage:
    return Passage(
        segment_id=number,
        document_id=1,
        document_title="Book",
        text=text,
        locator=f"page {number}",
        locator_kind="page",
        locator_start=number,
        locator_end=number,
        token_start=0,
        token_count=10,
        position=position,
        score=score,
        is_read=True,
    )


@pytest.fixture(scope="module")
def tokens(load_tiny):
    return load_tiny().tokenizer


def prompt_text(tokens, found, history=(), budget=2000, position=1000):
    prompt = build_prompt(tokens, "Who came?", found, list(history), budget, position)
    assert len(prompt.ids) <= budget
    return tokens.decode(prompt.ids), prompt


def test_the_best_passage_stands_last_and_is_number_one(tokens):
    text, prompt = prompt_text(tokens, [passage(1, "best"), passage(2, "second", 0.9)])
    assert text.index("second") < text.index("best") < text.index("Who came?")
    assert [(c.number, c.text) for c in prompt.passages] == [(1, "best"), (2, "second")]


def test_far_weaker_passages_are_left_out(tokens):
    _, prompt = prompt_text(tokens, [passage(1, "best"), passage(2, "weak", 0.5)])
    assert [c.text for c in prompt.passages] == ["best"]


def test_the_best_passage_is_clipped_to_fit_and_cited_whole(tokens):
    long = "a lamp was lit " * 200
    text, prompt = prompt_text(tokens, [passage(1, long)], budget=600)
    assert "…" in text and prompt.passages[0].text == long.strip()


def test_history_gives_way_before_passages(tokens):
    turns = [Turn("old question", "old answer " * 20), Turn("new question", "new answer")]
    found = [passage(1, "a passage " * 20)]
    whole, _ = prompt_text(tokens, found, turns, budget=2000)
    assert "old question" in whole and whole.index("old question") < whole.index("a passage")
    tight, prompt = prompt_text(tokens, found, turns, budget=620)
    assert "a passage" in tight and "old question" not in tight and prompt.history_turns <= 1


def test_what_is_not_yet_read_is_marked(tokens):
    text, prompt = prompt_text(tokens, [passage(1, "ahead", position=None)])
    assert "not yet read" in text and not prompt.passages[0].is_read


def test_a_question_that_cannot_fit_is_refused(tokens):
    with pytest.raises(BadQuestion, match="fewer words"):
        build_prompt(tokens, "why? " * 500, [], [], 500, 0)


@pytest.mark.parametrize("window, wanted", [(2048, 200), (300, 200), (None, 64)])
def test_the_budget_is_half_the_window(window, wanted):
    prompt, answer = budget_tokens(window, wanted)
    assert prompt + answer == (window or 4096) // 2 and 1 <= answer <= wanted


def test_named_passages_are_cited():
    prompt = [passage(1, "the lamp"), passage(2, "the parrot")]
    shown = [c for c in _citations(prompt)]
    assert [c.cited for c in mark_cited("It was lit [2].", shown)] == [False, True]


def test_without_a_name_the_passage_that_shares_the_words_is_cited():
    shown = _citations([passage(1, "the lamp burned"), passage(2, "a grey parrot, Ozymandias")])
    assert [c.cited for c in mark_cited("Ozymandias, the parrot", shown)] == [False, True]


def test_an_answer_that_found_nothing_cites_nothing():
    shown = _citations([passage(1, "could not find the lamp")])
    assert [c.cited for c in mark_cited("I could not find it.", shown)] == [False]


def _citations(found):
    return [Citation.from_passage(i + 1, p, 1000) for i, p in enumerate(found)]


@pytest.mark.parametrize(
    "question, follows",
    [
        ("Why did he leave the house?", True),
        ("And then?", True),
        ("Where was it hidden at last?", True),
        ("What did Scudder carry in his pocket-book?", False),
        ("Who is the keeper of the lamp?", False),
        ("Where did George and Mary meet as children?", False),
    ],
)
def test_only_follow_ups_are_read_with_the_conversation(question, follows):
    assert follows_up(question) is follows


@pytest.mark.parametrize(
    "question, nothing",
    [
        ("Where does Ozymandias live?", False),
        ("Is that Ozymandias's?", False),
        ("Where does Crae live?", True),
        ("Where does Oz live with Crae?", False),
        ("Where does Man live?", True),
        ("where is the parrot?", False),
    ],
)
def test_a_name_that_no_passage_has_was_not_found(question, nothing):
    assert lacks_named_entity(question, [passage(1, "The parrot Ozymandias came.")]) is nothing
    assert lacks_named_entity(question, [])
