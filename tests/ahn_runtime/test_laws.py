"""The laws of a session, on tiny models with a random, non-zero memory of each kind."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.model import assert_same_state, feed_split, token_ids

# Law 1: chunking.


@settings(max_examples=40, deadline=None)
@given(
    window=st.integers(1, 40),
    sinks=st.integers(0, 9),
    count=st.integers(1, 150),
    lengths=st.lists(st.integers(0, 60), max_size=8),
    retain=st.sampled_from([0, 0, 1, 5, 30]),
)
def test_any_split_gives_the_same_logits_and_state(
    load_each, window, sinks, count, lengths, retain
):
    runtime, ids = load_each(window, sinks, retain=retain), token_ids(count)
    atol = 3e-4 if runtime.stream.cell == "Mamba2" else 1e-4
    whole, split = runtime.session(), runtime.session()
    torch.testing.assert_close(
        feed_split(split, ids, lengths), whole.feed(ids, logits="all"), rtol=0, atol=atol
    )
    assert_same_state(split, whole, atol)


@pytest.mark.parametrize("retain", [0, 9])
def test_split_with_bf16_keys_and_values(load_each, retain):
    runtime, ids = load_each(24, 4, kv_dtype="bfloat16", retain=retain), token_ids(200)
    whole = runtime.session().feed(ids, logits="all").log_softmax(-1)
    split = feed_split(runtime.session(), ids, [1, 7, 50, 3, 80]).log_softmax(-1)
    kl = (whole.exp() * (whole - split)).sum(-1).mean()
    assert kl <= 1e-4
    assert (whole.argmax(-1) == split.argmax(-1)).float().mean() >= 0.99


@pytest.mark.parametrize("retain", [0, 9])
def test_the_same_split_is_bit_equal(load_each, retain):
    runtime, ids = load_each(retain=retain), token_ids(90)
    a, b = (feed_split(runtime.session(), ids, [13, 1, 40]) for _ in range(2))
    assert torch.equal(a, b)


def test_without_a_window_nothing_is_retained(load_each):
    runtime = load_each(window=None, sinks=0, retain=9)
    other = load_each(24, 4, retain=9).with_stream(window=None, sinks=0)
    assert runtime.stream.retain == other.stream.retain == 0


def test_memory_matters_past_the_window(load_each):
    """The laws above are about a memory that really is there."""
    runtime, ids = load_each(), token_ids(90)
    with_memory = runtime.session().feed(ids, logits="all")
    without = load_each(ahn=None).session().feed(ids, logits="all")
    torch.testing.assert_close(with_memory[:28], without[:28], rtol=0, atol=1e-5)
    assert (with_memory[29:] - without[29:]).abs().amax(-1).min() > 1e-3


# Law 2: below W + S, stock Qwen2.


@pytest.mark.parametrize("window, sinks", [(40, 5), (None, 0)])
def test_below_the_window_equals_transformers(load_each, window, sinks):
    runtime, ids = load_each(window, sinks), token_ids(45)
    ours = runtime.session().feed(ids, logits="all")
    torch.testing.assert_close(ours, stock_logits(runtime, ids), rtol=0, atol=1e-4)


def stock_logits(runtime, ids):
    from transformers import Qwen2Config, Qwen2ForCausalLM

    c = runtime.config
    config = Qwen2Config(
        vocab_size=c.vocab_size,
        hidden_size=c.hidden_size,
        intermediate_size=c.intermediate_size,
        num_hidden_layers=c.num_layers,
        num_attention_heads=c.num_heads,
        num_key_value_heads=c.num_kv_heads,
        rms_norm_eps=c.rms_norm_eps,
        rope_parameters={"rope_type": "default", "rope_theta": c.rope_theta},
        tie_word_embeddings=False,
    )
    with torch.device("meta"):
        stock = Qwen2ForCausalLM(config)
    weights = {n: p for n, p in runtime.model.named_parameters() if ".ahn." not in n}
    stock.load_state_dict(weights, assign=True, strict=True)
    stock.model.rotary_emb = type(stock.model.rotary_emb)(config)
    with torch.inference_mode():
        return stock.eval()(ids[None]).logits[0]


@pytest.mark.parametrize("retain", [0, 11])
@pytest.mark.parametrize("positions", ["absolute", "cache"])
def test_what_reading_leaves_out_changes_nothing(load_each, positions, retain):
    """Without logits the last layer finishes one row a block; the state is that of all rows."""
    runtime = load_each(window=37, sinks=5, positions=positions, retain=retain)
    ids = token_ids(200)
    lean, whole = runtime.session(), runtime.session()
    for start, length in ((0, 41), (41, 1), (42, 36), (78, 122)):
        piece = ids[start : start + length]
        lean.feed(piece, logits=None)
        expected = whole.feed(piece, logits="all")[-1:]
        torch.testing.assert_close(lean.next_logits(), expected, rtol=0, atol=1e-4)
    for ours, theirs in zip(lean.state.layers, whole.state.layers, strict=True):
        for name in ("k", "v", "gates", "memory"):
            torch.testing.assert_close(
                getattr(ours, name), getattr(theirs, name), rtol=0, atol=1e-5
            )


@pytest.mark.slow
def test_embedded_equals_transformers_below_the_window(embedded):
    text = "Alice was beginning to get very tired of sitting by her sister on the bank. " * 12
    ids = torch.tensor(embedded.tokenizer.encode(text))
    ours = embedded.session().feed(ids, logits="all")
    torch.testing.assert_close(ours, stock_logits(embedded, ids), rtol=0, atol=1e-4)


# Law 4, in memory: snapshot and restore (checkpoints: test_checkpoint.py).


@pytest.mark.parametrize("retain", [0, 9])
@pytest.mark.parametrize("read", [3, 27, 28, 29, 53, 100])
def test_a_restored_snapshot_continues_bit_for_bit(load_each, read, retain):
    runtime, ids = load_each(retain=retain), token_ids(140)
    session = runtime.session()
    session.feed(ids[:read])
    snapshot = session.snapshot()
    expected = session.feed(ids[read:], logits="all")
    for _ in range(2):  # a snapshot can be restored more than once
        assert torch.equal(runtime.restore(snapshot).feed(ids[read:], logits="all"), expected)


# Law 5: isolation.


@pytest.mark.parametrize("retain", [0, 9])
@pytest.mark.parametrize("steps", [[70], [1] * 70, [9] * 8])
def test_a_fork_never_shows_in_its_parent(load_each, steps, retain):
    runtime, ids = load_each(retain=retain), token_ids(60)
    session, alone = runtime.session(), runtime.session()
    for s in (session, alone):
        s.feed(ids)
    fork = session.fork()
    for i, step in enumerate(steps):
        fork.feed(token_ids(step, seed=i + 1))
    assert_same_state(session, alone, atol=0)
    assert torch.equal(session.feed(ids, logits="all"), alone.feed(ids, logits="all"))


def test_a_parent_never_shows_in_its_fork(load_each):
    runtime, ids = load_each(), token_ids(60)
    session = runtime.session()
    session.feed(ids)
    fork, twin = session.fork(), session.fork()
    session.feed(token_ids(50, seed=9))
    session.feed(token_ids(1, seed=9))
    assert torch.equal(fork.feed(ids, logits="all"), twin.feed(ids, logits="all"))


def test_a_forks_logits_follow_the_state_it_was_forked_from(load_each):
    """What was read long ago, and left the window, still reaches the fork: through the memory."""
    runtime, tail = load_each(), token_ids(40)
    forks = []
    for seed in (1, 2):
        session = runtime.session()
        session.feed(token_ids(50, seed=seed))
        session.feed(tail)
        forks.append(session.fork())
    question = token_ids(5, seed=3)
    a, b = (fork.feed(question) for fork in forks)
    assert (a - b).abs().max() > 1e-3


def test_two_interleaved_sessions_equal_two_apart(load_each):
    runtime = load_each()
    ids = [token_ids(100, seed=1), token_ids(100, seed=2)]
    apart = [
        torch.cat([s.feed(p, logits="all") for p in i.split(11)])
        for i in ids
        for s in [runtime.session()]
    ]
    sessions = [runtime.session(), runtime.session()]
    mixed = [[], []]
    for a, b in zip(ids[0].split(11), ids[1].split(11), strict=True):
        mixed[0].append(sessions[0].feed(a, logits="all"))
        mixed[1].append(sessions[1].feed(b, logits="all"))
    for i in (0, 1):
        assert torch.equal(torch.cat(mixed[i]), apart[i])


# Law 6: constant memory.


@pytest.mark.parametrize("retain", [0, 9])
def test_bytes_held_are_constant_after_the_window(load_each, retain):
    session = load_each(24, 4, retain=retain).session()
    held, allocated = set(), set()
    session.feed(token_ids(28 + retain))
    for i in range(60):
        held.add(session.cache_bytes)
        allocated.add(
            sum(
                t.nbytes
                for la in session.state.layers
                for t in (la.k, la.v, la.gates, la.memory, la.attention, la.retained)
            )
        )
        session.feed(token_ids(i % 37 + 1, seed=i))
    assert len(held) == len(allocated) == 1
    assert held == allocated  # what is reported is what is allocated


def test_bytes_grow_with_the_text_below_the_window(load_each):
    session = load_each(24, 4).session()
    empty = session.cache_bytes
    session.feed(token_ids(10))
    assert 0 < session.cache_bytes - empty < load_each(24, 4).session().cache_bytes * 10
