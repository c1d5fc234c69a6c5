"""The beginning that prompts share: kept, it changes no answer; it goes when its session does."""

import gc
import weakref

import torch

from app.service import Done
from app.service.answering.examples import example_ids
from app.service.answering.prompt_start import PromptStart
from tests.support.service import read_whole

IDS = [5, 6, 7, 8, 9]


def bits(session):
    names = ("k", "v", "gates", "memory")
    state = [getattr(layer, name) for layer in session.state.layers for name in names]
    return [*state, session.next_logits()]


def equal(a, b):
    return all(torch.equal(x, y) for x, y in zip(bits(a), bits(b), strict=True))


def read_session(load_tiny):
    session = load_tiny().session()
    session.feed(list(range(3, 60)), logits=None)
    return session


def test_a_kept_state_is_that_of_one_just_made_and_costs_nothing(load_tiny):
    session, start = read_session(load_tiny), PromptStart()
    first, before_first = start.fork(session, IDS)
    naive = session.fork()
    naive.feed(IDS, logits=None)
    first.feed([1, 2, 3], logits=None)  # what is done with a fork reaches no other
    second, before_second = start.fork(session, IDS)
    assert before_first == session.state.flops < before_second == second.state.flops
    assert second.state.flops == naive.state.flops and equal(second, naive)
    assert session.tokens_seen == 57


def test_it_is_made_anew_after_more_was_read_for_other_tokens_and_for_another_session(load_tiny):
    session, other, start = read_session(load_tiny), read_session(load_tiny), PromptStart()
    start.fork(session, IDS)
    assert start.fork(other, IDS)[1] == other.state.flops
    assert start.fork(other, IDS)[1] > other.state.flops
    assert start.fork(other, IDS[1:])[1] == other.state.flops
    other.feed([2], logits=None)
    fork, before = start.fork(other, IDS[1:])
    assert before == other.state.flops
    naive = other.fork()
    naive.feed(IDS[1:], logits=None)
    assert equal(fork, naive)


def test_a_mere_fork_is_made_without_a_beginning_and_keeps_what_is_kept(load_tiny):
    session, start = read_session(load_tiny), PromptStart()
    start.fork(session, IDS)
    fork, before = start.fork(session, [])
    assert fork.tokens_seen == 57 and before == session.state.flops
    assert start.fork(session, IDS)[1] > session.state.flops


def test_nothing_is_kept_of_a_session_that_is_gone(load_tiny):
    session, start = read_session(load_tiny), PromptStart()
    start.fork(session, IDS)
    kept = weakref.ref(start._kept.session)
    del session
    gc.collect()
    assert start._kept is None and kept() is None


def test_answers_are_the_same_whatever_was_asked_before(make_service, book):
    service = make_service(window=8192)
    read_whole(service, book, "one")

    def answer(question):
        *_, done = service.questions.ask("one", question, is_alone=True)
        assert isinstance(done, Done)
        return done.answer

    answer("Who kept a parrot?")
    after = answer("When did the lamp go out?")
    service.questions._start = PromptStart()
    alone = answer("When did the lamp go out?")
    assert (after.text, after.answer_tokens) == (alone.text, alone.answer_tokens)
    assert (after.passages, after.prompt_tokens) == (alone.passages, alone.prompt_tokens)
    tokens = service.context.runtime(service.sessions.get("one")).tokenizer
    assert after.prompt_tokens > len(example_ids(tokens))
    assert 0 < after.flops < alone.flops
