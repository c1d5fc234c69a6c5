"""Likelihoods and generated continuations, against one plain session that reads everything."""

import pytest
import torch

from evaluation import continuations
from evaluation.continuations import Continuations

CONTEXT, OTHER = list(b"The keeper lit a lamp and read of the sea. " * 4), list(b"Elsewhere ")
ANSWER = list(b"blue lamp")


@pytest.fixture(params=["full", "window", "memory"])
def runtime(request, load_tiny):
    if request.param == "full":
        return load_tiny(ahn=None, window=None, sinks=0)
    return load_tiny(ahn="auto" if request.param == "memory" else None, window=48, sinks=4)


def reference(runtime, context, continuation):
    """Sum of log-probabilities and whether greedy, from the logits of one feed."""
    logits = runtime.session().feed([*context, *continuation], logits="all")
    rows = logits[len(context) - 1 : -1].log_softmax(-1)
    picked = rows.gather(1, torch.tensor(continuation)[:, None])
    return float(picked.sum()), rows.argmax(-1).tolist() == continuation


def greedy(runtime, count):
    session = runtime.session()
    session.feed(CONTEXT, logits=None)
    return list(session.generate(count, stop_ids=()))


def test_the_likelihood_is_that_of_one_feed(runtime):
    text = Continuations(runtime)
    for context in (CONTEXT, OTHER, CONTEXT):
        total, is_greedy = text.likelihood(context, ANSWER)
        assert total == pytest.approx(reference(runtime, context, ANSWER)[0], rel=1e-4)
        assert is_greedy is False


def test_a_greedy_continuation_is_known_as_one(runtime):
    text, likeliest = Continuations(runtime), greedy(runtime, 6)
    assert text.likelihood(CONTEXT, likeliest)[1] is True
    assert text.likelihood(CONTEXT, [*likeliest[:-1], (likeliest[-1] + 1) % 256])[1] is False


def test_the_likelihood_of_a_long_continuation_is_summed_over_blocks(runtime, monkeypatch):
    monkeypatch.setattr(continuations, "BLOCK_TOKENS", 7)
    total, _ = Continuations(runtime).likelihood(OTHER, CONTEXT)
    assert total == pytest.approx(reference(runtime, OTHER, CONTEXT)[0], rel=1e-4)


def test_one_continuation_never_changes_the_next(runtime):
    text = Continuations(runtime)
    first = text.likelihood(CONTEXT, ANSWER)
    text.likelihood(CONTEXT, list(b"something else"))
    text.generate(CONTEXT, max_new_tokens=8)
    assert text.likelihood(CONTEXT, ANSWER) == first


def test_the_text_written_is_the_sessions_up_to_a_stop_text(runtime):
    text = Continuations(runtime)
    runtime_stops = runtime.tokenizer.stop_ids
    ids = greedy(runtime, 24)
    ids = ids[: next((i for i, token in enumerate(ids) if token in runtime_stops), len(ids))]
    whole = runtime.tokenizer.decode(ids)
    assert text.generate(CONTEXT, max_new_tokens=24) == whole
    middle = whole[len(whole) // 2]
    assert (
        text.generate(CONTEXT, stops=["absent", middle], max_new_tokens=24)
        == (whole[: whole.index(middle)])
    )


def test_an_empty_continuation_is_certain_and_an_empty_context_is_refused(runtime):
    text = Continuations(runtime)
    assert text.likelihood(CONTEXT, []) == (0.0, True)
    with pytest.raises(ValueError, match="no context"):
        text.likelihood([], ANSWER)


@pytest.mark.parametrize("hold", ["full", "window", "memory"])
def test_what_left_the_window_is_held_by_full_attention_and_the_memory(load_tiny, hold):
    """Both contexts end alike, for longer than two layers of windows reach, but begin otherwise."""
    ahn = "auto" if hold == "memory" else None
    text = Continuations(load_tiny(ahn=ahn, window=None if hold == "full" else 48, sinks=0))
    first, second = (
        text.likelihood([*start, *CONTEXT], ANSWER)[0] for start in (b"aaaaaaaa", b"zzzzzzzz")
    )
    assert (abs(first - second) > 1e-4) == (hold != "window")
