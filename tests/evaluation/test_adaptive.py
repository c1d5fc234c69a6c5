"""A window that changes with the text, against a fixed one of the same mean size."""

from __future__ import annotations

import json

import pytest
import torch

from ahn_runtime import Runtime
from evaluation import adaptive
from evaluation.adaptive import RULES, Signals, fixed_edges, window_edges
from evaluation.memory import MemoryReport, MemorySettings


@pytest.fixture(scope="module")
def plain(tiny_dir):
    return Runtime.load(tiny_dir, ahn=None, window=24, sinks=4)


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("texts")
    for name in ("a", "b"):
        words = " ".join(f"{name}{number * 7919 % 1000}" for number in range(2000))
        (folder / f"{name}.txt").write_text(words)
    return tuple(sorted(folder.iterdir()))


@pytest.fixture(scope="module")
def ids(plain):
    generator = torch.Generator().manual_seed(3)
    return torch.randint(0, plain.config.vocab_size, (200,), generator=generator)


def random_signals(length: int, seed: int = 0) -> Signals:
    generator = torch.Generator().manual_seed(seed)
    return Signals(*(torch.rand(length, generator=generator) for _ in range(2)))


@pytest.mark.parametrize("window", [7, 24, 1000])
def test_a_fixed_window_is_what_a_session_computes(plain, ids, window):
    session = plain.with_stream(window=window, sinks=4).session()
    read = session.feed(ids.tolist(), logits="all")
    states = adaptive.masked_forward(plain, ids, fixed_edges(len(ids), window, 4), 4)
    torch.testing.assert_close(plain.model.lm_head(states), read, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("rule", RULES)
def test_what_has_left_the_window_does_not_come_back(rule):
    edges = window_edges(rule, random_signals(900), 40, 4)
    held = torch.arange(900) + 1 - edges
    assert bool((edges.diff() >= 0).all()), "nothing comes back"
    assert bool((held.diff() <= 1).all()), "so a window widens by one token at a time"
    assert held.max() == 60 and held[200:].min() >= 20, "of 40 it holds between half and 3/2"
    assert int(edges.min()) == 4, "sinks are always seen"
    assert len(set(held[200:].tolist())) > 10, "it changes"


@pytest.mark.parametrize("rule", RULES)
def test_only_what_came_before_decides(rule):
    before, after = random_signals(600), random_signals(600, seed=1)
    mixed = Signals(
        torch.cat((before.surprise[:300], after.surprise[300:])),
        torch.cat((before.entropy[:300], after.entropy[300:])),
    )
    # Position 300 itself is not known before it is predicted.
    edges, other = (window_edges(rule, signals, 40, 4) for signals in (before, mixed))
    assert torch.equal(edges[:301], other[:301])


def test_the_window_is_wide_where_the_signal_is_above_its_median():
    dense = torch.zeros(1200)
    dense[400:600] = 1.0
    signals = Signals(dense, 1 - dense)
    held = {rule: torch.arange(1200) + 1 - window_edges(rule, signals, 40, 4) for rule in RULES}
    assert (
        held[adaptive.SURPRISE][460:600].min() >= 50 and held[adaptive.SURPRISE][700:].max() == 20
    )
    assert (
        held[adaptive.REVERSED][460:600].max() == 20 and held[adaptive.REVERSED][760:].min() == 60
    )
    assert not torch.equal(held[adaptive.ENTROPY], held[adaptive.SURPRISE])


def test_signals_are_the_models_own(plain, ids):
    _, signals = adaptive.full_attention(plain, ids)
    logits = plain.with_stream(window=None, sinks=0).session().feed(ids.tolist(), logits="all")
    expected = -logits.float().log_softmax(-1)[:-1].gather(1, ids[1:, None])[:, 0]
    torch.testing.assert_close(signals.surprise[1:], expected, atol=1e-3, rtol=1e-3)
    assert signals.surprise[0] == 0
    assert bool((signals.entropy >= 0).all()) and bool((signals.entropy <= 1 + 1e-5).all())


def test_attention_that_looks_everywhere_has_the_entropy_1():
    q, k = torch.zeros(4, 3, 8), torch.randn(2, 5, 8)
    seen = torch.ones(3, 5, dtype=torch.bool)
    torch.testing.assert_close(adaptive._entropy(q, k, seen), torch.ones(3))
    one = torch.zeros(3, 5, dtype=torch.bool)
    one[:, 0] = True
    torch.testing.assert_close(adaptive._entropy(q, k, one), torch.zeros(3))


def test_the_part_compares_every_rule_at_equal_cost(tiny_dir, texts, tmp_path):
    report = MemoryReport(
        MemorySettings(texts=texts, model=str(tiny_dir), windows=(48,), sinks=4, length=400)
    )
    report.run("adaptive")
    rows = report.values["adaptive"]
    assert [row["way"] for row in rows] == list(RULES) and {row["documents"] for row in rows} == {2}
    for row in rows:
        assert 24 <= row["held"] <= 72
        assert row["gain"] == pytest.approx(row["fixed"] - row["adaptive"], abs=1e-9)
    assert "| 48 | wider while surprised |" in report.tables()
    report.write(tmp_path)
    assert json.loads((tmp_path / "memory.json").read_text())["adaptive"] == rows


def test_a_window_without_anything_past_it_is_refused(plain, texts):
    for window in (1, 300):
        with pytest.raises(ValueError, match=f"A window of {window} with 4 sinks"):
            list(adaptive.measure(plain, texts, (window,), 4, 400))
