"""Prompt lookup: the same answer, token by token and state by state, in fewer blocks."""

import pytest
import torch

from ahn_runtime import Runtime
from ahn_runtime.model.qwen2 import Qwen2
from ahn_runtime.speculative import MAX_DRAFT_TOKENS, PromptLookup, accepted_prefix
from tests.support.model import assert_same_state, token_ids


def test_what_followed_the_longest_run_is_drafted():
    lookup = PromptLookup([1, 2, 3, 4, 9, 2, 3, 5])
    lookup.extend([2])
    assert lookup.draft(7) == []
    lookup.extend([3])
    assert lookup.draft(7) == [5, 2, 3], "the latest occurrence of 2 3"
    lookup.extend([4])
    assert lookup.draft(2) == [9, 2], "2 3 4 is longer than 3 4, and at most two are wanted"
    lookup.extend([6, 6])
    assert lookup.draft(7) == [], "a run does not find itself"
    assert PromptLookup([]).draft(7) == []


def test_a_draft_is_short():
    lookup = PromptLookup([*range(100), 0, 1])
    assert lookup.draft(50) == [2, 3, 4, 5, 6, 7, 8] and MAX_DRAFT_TOKENS == 7


def test_agreement_ends_at_the_first_difference():
    chosen = torch.tensor([5, 6, 7, 8])
    assert accepted_prefix([5, 6, 9], chosen) == 2
    assert accepted_prefix([5, 6, 7], chosen) == 3
    assert accepted_prefix([], chosen) == 0


def greedy_twin(session, count):
    """Greedy decoding as the definition reads."""
    ids = []
    for _ in range(count):
        ids.append(int(session.next_logits()[0].argmax()))
        session.feed(ids[-1:], logits=None)
    return ids


@pytest.mark.parametrize("window, sinks", [(64, 4), (5, 2), (None, 0)])
@pytest.mark.parametrize("positions", ["absolute", "cache"])
@pytest.mark.parametrize("retain", [0, 12])
def test_the_answer_and_the_state_are_those_of_plain_decoding(
    load_each, window, sinks, positions, retain
):
    runtime = load_each(window=window, sinks=sinks, positions=positions, retain=retain)
    ids = token_ids(90, seed=3)
    session = runtime.session()
    session.feed(ids, logits=None)
    plain, guided, wrong = session.fork(), session.fork(), session.fork()
    expected = greedy_twin(plain, 40)
    # Tokens that hold the answer, and tokens that lead astray in the middle of each run.
    assert list(guided.generate(40, lookup=[*ids.tolist(), *expected], stop_ids=())) == expected
    assert_same_state(plain, guided)
    astray = [t if i % 5 else (t + 1) % 259 for i, t in enumerate(expected)]
    assert list(wrong.generate(40, lookup=astray, stop_ids=())) == expected
    assert_same_state(plain, wrong)
    assert torch.allclose(plain.next_logits(), wrong.next_logits(), atol=1e-4)
    assert session.tokens_seen == 90, "the parent is not changed"


def test_fewer_blocks_are_fed(load_tiny, monkeypatch):
    runtime = load_tiny(window=64, sinks=4)
    session = runtime.session()
    session.feed(token_ids(90), logits=None)
    expected = greedy_twin(session.fork(), 32)
    fed = []
    forward = Qwen2.forward

    def count(model, ids, *rest):
        fed.append(len(ids))
        return forward(model, ids, *rest)

    monkeypatch.setattr(Qwen2, "forward", count)
    assert list(session.generate(32, lookup=expected, stop_ids=())) == expected
    assert len(fed) <= 8 and max(fed) == 1 + MAX_DRAFT_TOKENS


def test_a_stop_ends_the_answer_and_is_not_fed(load_tiny):
    runtime = load_tiny(window=64, sinks=4)
    session = runtime.session()
    session.feed(token_ids(90), logits=None)
    expected = greedy_twin(session.fork(), 20)
    stop = expected[11]
    cut = expected.index(stop)
    answer = list(session.generate(20, lookup=expected, stop_ids=[stop]))
    assert answer == expected[:cut] and session.tokens_seen == 90 + cut


def test_drafts_are_for_greedy_answers(load_tiny):
    session = load_tiny().session()
    session.feed([1, 2, 3], logits=None)
    with pytest.raises(ValueError, match="greedy answers only"):
        list(session.generate(4, 0.7, lookup=[1]))


def test_the_real_model_copies_faster_and_says_the_same(embedded: Runtime):
    text = "The keys are: alpha 7301, bravo 4472, charlie 9925, delta 1180. "
    ids = embedded.tokenizer.encode(text * 3 + "The keys are: alpha")
    session = embedded.session()
    session.feed(ids, logits=None)
    expected = list(session.fork().generate(24))
    assert list(session.fork().generate(24, lookup=ids)) == expected
