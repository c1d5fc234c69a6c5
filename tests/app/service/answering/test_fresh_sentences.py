"""Sentences of an answer: what was said before is taken back, with the state before it."""

import pytest

from app.service.answering.fresh_sentences import MAX_TAKEN_BACK, FreshSentences


@pytest.fixture(scope="module")
def tiny(load_tiny):
    return load_tiny(window=600, sinks=16)


class Scripted(FreshSentences):
    """Says given sentences, however it is begun: each feeds its tokens to the real session."""

    def script(self, *texts):
        self._texts, self.retries = list(texts), []
        return self

    def _sentence(self, is_retry):
        self.retries.append(is_retry)
        text = self._texts.pop(0)
        ids = self.session.runtime.tokenizer.encode(text)
        self.session.feed(ids, logits=None)
        self._left -= len(ids)
        self._has_ended = not self._texts
        return text, ids, True


def scripted(tiny, *texts, max_tokens=10_000):
    session = tiny.session()
    session.feed(tiny.tokenizer.encode("Tell me."), logits=None)
    return Scripted(session, max_tokens, []).script(*texts)


def test_a_sentence_that_says_the_same_again_is_taken_back(tiny):
    texts = ("Ann found a boat.", " Ann found a boat.", " Bob sold the mill.")
    fresh = scripted(tiny, *texts)
    start = fresh.session.tokens_seen
    assert list(fresh) == ["Ann found a boat.", " Bob sold the mill."]
    assert fresh.retries == [False, False, True]
    said = "".join(("Ann found a boat.", " Bob sold the mill."))
    assert tiny.tokenizer.decode(fresh.ids) == said
    assert fresh.session.tokens_seen == start + len(fresh.ids), "the state knows nothing of it"
    assert fresh.flops_taken_back > 0


@pytest.mark.parametrize(
    "again",
    [
        " In the end, Ann the miller found an old boat.",
        " Ann the miller found an owl.",
        " An old boat: Ann found it, the miller.",
    ],
)
def test_the_same_beginning_and_the_same_words_in_another_order_say_the_same(tiny, again):
    fresh = scripted(tiny, "Ann the miller found an old boat.", again, " Bob sold it.")
    assert len(list(fresh)) == 2


def test_a_sentence_that_goes_round_itself_is_taken_back(tiny):
    fresh = scripted(tiny, "Ann and Bob, " + "and Ann " * 20 + "and Bob.", " Bob sold the mill.")
    assert list(fresh) == [" Bob sold the mill."]


def test_an_answer_that_only_goes_round_ends(tiny):
    fresh = scripted(tiny, *["Ann found a boat."] * 50)
    assert list(fresh) == ["Ann found a boat."]
    assert len(fresh.retries) == MAX_TAKEN_BACK + 2


@pytest.mark.parametrize("temperature", [0.0, 0.7])
def test_what_the_model_says_is_within_its_tokens_and_ends_as_it_is(tiny, temperature):
    session = tiny.session()
    ids = tiny.tokenizer.encode("The lamp was lit.")
    session.feed(ids, logits=None)
    fresh = FreshSentences(session, 40, ids, temperature, 7 if temperature else None)
    text = "".join(fresh)
    assert 0 < len(fresh.ids) <= 40
    assert tiny.tokenizer.decode(fresh.ids) == text
    assert fresh.session.tokens_seen == len(ids) + len(fresh.ids)


def test_another_beginning_is_a_word_that_begins_a_sentence_or_none(tiny):
    session = tiny.session()
    session.feed(tiny.tokenizer.encode("The lamp was lit."), logits=None)
    fresh = FreshSentences(session, 40, [])
    found = set()
    while (token_id := fresh._other_beginning()) is not None:
        text = tiny.tokenizer.decode([token_id])
        assert text.strip()[0].isalpha() and not text.strip()[0].islower()
        assert token_id not in found, "no beginning comes twice"
        found.add(token_id)
        fresh._begun.add(token_id)


def test_what_was_drafted_beyond_a_sentence_is_not_left_in_the_state(tiny, monkeypatch):
    """A draft is fed in a group, and a sentence may end in the middle of it."""
    encode = tiny.tokenizer.encode
    text = "Ann found a boat. Then Bob sold the mill. At last the old weir broke."
    session = tiny.session()
    session.feed(encode("Tell me."), logits=None)
    start = session.tokens_seen

    def in_one_group(self, max_tokens, *_, **__):
        left = encode(text)[self.tokens_seen - start :]
        self.feed(left, logits=None)
        yield from left

    monkeypatch.setattr(type(session), "generate", in_one_group)
    fresh = FreshSentences(session, 1000, encode("Tell me."))
    assert "".join(fresh) == text
    assert fresh.ids == encode(text)
    assert fresh.session.tokens_seen == start + len(fresh.ids)
    assert fresh.flops_taken_back > 0
