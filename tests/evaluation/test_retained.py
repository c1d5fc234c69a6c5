"""What a retained set keeps: kinds of tokens by hand, shares by definition."""

import pytest

from evaluation import retained
from evaluation.retained import KINDS


class Words:
    """A tokenizer of given texts."""

    def __init__(self, texts):
        self.texts = texts

    def decode(self, ids):
        return "".join(self.texts[token] for token in ids)


def test_kinds_of_tokens():
    texts = ["The", " cat", " sat", "\n\n", ",", " 12", " Mary", " zebra", "ing", " ", "\u201c"]
    ids = [0, *[1, 2] * 60, 3, 4, 5, 6, 7, 8, 9, 10]
    words = [f" w{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(48)]
    ids += [len(texts) + i for i in range(48) for _ in range(3)]
    kinds = [KINDS[k] for k in retained.kinds_of(ids, Words(texts + words))]
    assert kinds[0] == "capitalised word"
    assert set(kinds[1:121]) == {"frequent word"}
    assert kinds[121:129] == [
        "line break",
        "punctuation",
        "number",
        "capitalised word",
        "other word",
        "later part of a word",
        "punctuation",
        "punctuation",
    ]


def test_what_is_retained_is_what_a_session_retains(load_tiny, monkeypatch):
    monkeypatch.setattr(retained, "EVERY_TOKENS", 10)
    runtime = load_tiny(20, 4, retain=12)
    ids = list(b"It was the 1st of May. The cat, \nhe said, was not there; nor was it 7. " * 2)
    found = retained.measure(runtime, ids[:100])
    session, sets, kinds = runtime.session(), [], retained.kinds_of(ids[:100], runtime.tokenizer)
    of_retained, of_text = [], []
    for end in range(10, 101, 10):
        session.feed(ids[end - 10 : end], logits=None)
        if end < 36:
            continue
        heads = [row.tolist() for layer in session.state.layers for row in layer.retained]
        sets.append([set(head[:12]) for head in heads])
        everything = [p for head in sets[-1] for p in head]
        left = range(4, end - 20)
        of_retained.append([sum(kinds[p] == k for p in everything) for k in range(len(KINDS))])
        of_text.append([sum(kinds[p] == k for p in left) / len(left) for k in range(len(KINDS))])
    total = len(sets[0]) * 12
    means = [sum(row[k] for row in of_retained) / total / len(sets) for k in range(len(KINDS))]
    assert list(found.of_retained.values()) == pytest.approx(means)
    means = [sum(row[k] for row in of_text) / len(sets) for k in range(len(KINDS))]
    assert list(found.of_text.values()) == pytest.approx(means)
    stays = sorted(
        sum(len(sets[i][h] & sets[i + 2][h]) for i in range(len(sets) - 2)) / 12 / (len(sets) - 2)
        for h in range(len(sets[0]))
    )
    low, median, high = found.stays[20]
    assert stays[0] <= low <= median <= high <= stays[-1] and low < high


def test_a_short_text_is_refused(load_tiny):
    with pytest.raises(ValueError, match="read 304 or more"):
        retained.measure(load_tiny(20, 4, retain=12), [1] * 100)
