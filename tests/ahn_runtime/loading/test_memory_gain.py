"""What a memory adds, by the size of the window."""

import json
import shutil

import pytest
import torch

from ahn_runtime import ModelMismatchError, Runtime, WeightsError
from ahn_runtime.loading.memory_gain import CONFIG_KEY, NO_GAIN_CHANGE, MemoryGain
from tests.support.model import token_ids


def test_it_is_linear_in_the_windows_logarithm():
    scale = MemoryGain.read({CONFIG_KEY: {"2048": 0.5, "512": 1}})
    assert [scale.at(w) for w in (512, 1024, 2048)] == [1.0, 0.75, 0.5]
    assert (scale.at(100), scale.at(30_000), scale.at(None)) == (1.0, 0.5, 1.0)
    assert MemoryGain.read({}).at(2048) == NO_GAIN_CHANGE.at(1) == 1.0
    assert MemoryGain.read({CONFIG_KEY: scale.as_config()}) == scale


@pytest.mark.parametrize("entry", [[1], {"a": 1}, {"0": 1}, {"8": -1}, {"8": None}, {"8": "nan"}])
def test_what_is_no_scale_is_refused(entry):
    with pytest.raises(WeightsError, match=CONFIG_KEY):
        MemoryGain.read({CONFIG_KEY: entry})


@pytest.fixture
def memory(tiny_dir, tmp_path):
    """A memory that is halved behind 24 tokens."""
    copy = shutil.copytree(tiny_dir, tmp_path / "memory")
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, CONFIG_KEY: {"24": 0.5}}))
    return copy


def test_a_scaled_memory_is_one_whose_projection_was_scaled(tiny_dir, memory):
    scaled = Runtime.load(tiny_dir, ahn=memory, window=24, sinks=4)
    by_hand = scaled.with_stream(memory_gain=NO_GAIN_CHANGE)
    ids = token_ids(100)
    halved = scaled.session().feed(ids, logits="all")
    whole = by_hand.session().feed(ids, logits="all")
    for layer in scaled.model.model.layers:
        layer.ahn.fn.o_proj.weight.data *= 0.5
    torch.testing.assert_close(by_hand.session().feed(ids, logits="all"), halved)
    assert not torch.allclose(whole, halved, atol=1e-2)


def test_states_of_another_scale_are_refused(tiny_dir, memory):
    scaled = Runtime.load(tiny_dir, ahn=memory, window=24, sinks=4)
    session = scaled.session()
    session.feed(token_ids(60), logits=None)
    with pytest.raises(ModelMismatchError, match="memory"):
        scaled.with_stream(memory_gain=NO_GAIN_CHANGE).restore(session.snapshot())
    assert scaled.with_stream(window=24).restore(session.snapshot()).tokens_seen == 60


def test_a_scale_that_is_given_is_obeyed_and_another_window_decides_its_own(tiny_dir, memory):
    runtime = Runtime.load(tiny_dir, ahn=memory, window=24, sinks=4)
    assert runtime.stream.memory_scale == 0.5
    given = runtime.with_stream(memory_scale=0.25)
    assert given.stream.memory_scale == 0.25
    assert given.with_stream(kv_dtype="bfloat16").stream.memory_scale == 0.25
    by_window = MemoryGain(((24, 0.5), (96, 0.1)))
    assert given.with_stream(by_window, window=48).stream.memory_scale == pytest.approx(0.3)
    parts = runtime.tokenizer, runtime.title, runtime.memory_status
    made = Runtime(runtime.model, given.stream, *parts)
    assert made.stream == given.stream and made.identity == given.identity
