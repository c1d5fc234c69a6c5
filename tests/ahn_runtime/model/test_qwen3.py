"""Qwen3: norms of queries and keys, no bias before them, heads wider than their share."""

import json

import pytest
import torch

from ahn_runtime import Runtime
from ahn_runtime.backends.torch import TorchBackend
from ahn_runtime.errors import WeightsError
from ahn_runtime.loading.presets import PRESETS
from ahn_runtime.loading.tiny import TINY, byte_tokenizer, write_tiny
from ahn_runtime.tokenizer import END_THINK, THINK, from_tokenizer_json, no_thinking
from app.service.reading.stream_text import end_turn
from tests.support.gguf_files import write_gguf
from tests.support.model import assert_same_state, feed_split, token_ids
from tests.support.naive_model import logits_by_definition
from training.chat import closing

QWEN3 = {**TINY, "model_type": "qwen3", "head_dim": 16, "attention_bias": False}


@pytest.fixture(scope="module", params=[True, False], ids=["tied", "untied"])
def directory(request, tmp_path_factory):
    config = {**QWEN3, "tie_word_embeddings": request.param}
    return write_tiny(tmp_path_factory.mktemp("qwen3"), config=config)


def test_a_qwen3_equals_transformers_below_the_window(directory):
    from transformers import Qwen3Config, Qwen3ForCausalLM

    runtime, ids = Runtime.load(directory, window=64, sinks=4), token_ids(60)
    raw = {key: value for key, value in QWEN3.items() if key not in ("model_type", "rope_theta")}
    rope = {"rope_type": "default", "rope_theta": QWEN3["rope_theta"]}
    stock = Qwen3ForCausalLM(Qwen3Config(**raw, rope_parameters=rope)).eval()
    weights = {n: p for n, p in runtime.model.named_parameters() if ".ahn." not in n}
    stock.load_state_dict(weights, strict=True)
    with torch.inference_mode():
        expected = stock(ids[None]).logits[0]
    ours = runtime.session().feed(ids, logits="all")
    torch.testing.assert_close(ours, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("retain", [0, 9])
def test_a_qwen3_with_a_memory_equals_its_definition(directory, retain):
    runtime, ids = Runtime.load(directory, window=24, sinks=4, retain=retain), token_ids(150)
    whole, split = runtime.session(), runtime.session()
    got = whole.feed(ids, logits="all")
    torch.testing.assert_close(got, logits_by_definition(runtime, ids), rtol=0, atol=1e-4)
    again = feed_split(split, ids, [30, 1, 1, 50, 3])
    torch.testing.assert_close(again, got, rtol=0, atol=1e-4)
    assert_same_state(split, whole)


@pytest.mark.parametrize("sizes", [[1] * 10, [40, 1, 9]])
def test_an_int8_qwen3_in_loops_equals_the_one_in_calls(directory, sizes):
    loops = Runtime.load(directory, window=24, sinks=4, quantize="int8")
    calls = loops.with_stream(backend=TorchBackend()).session()
    ours, ids = loops.session(), token_ids(40 + sum(sizes))
    for session in (ours, calls):
        session.feed(ids[:40], logits=None)
    at = 40
    for size in sizes:
        found, expected = (s.feed(ids[at : at + size], logits="all") for s in (ours, calls))
        assert (found - expected).norm() < 0.02 * expected.norm()
        at += size


def test_a_gguf_of_a_qwen3_is_the_same_model(tmp_path):
    directory = write_tiny(tmp_path / "model", cell=None, config=QWEN3)
    ids = token_ids(40)
    expected = Runtime.load(directory, window=24, sinks=4).session().feed(ids, logits="all")
    packed = Runtime.load(write_gguf(tmp_path / "model.gguf", directory), window=24, sinks=4)
    assert torch.equal(packed.session().feed(ids, logits="all"), expected)


@pytest.mark.parametrize("kind", ["qwen3_moe", "llama", None])
def test_other_kinds_are_refused_in_a_sentence(directory, tmp_path, kind):
    (tmp_path / "config.json").write_text(json.dumps({**QWEN3, "model_type": kind}))
    with pytest.raises(WeightsError, match=r"dense Qwen3 models \('qwen3'\)"):
        Runtime.load(_with_weights(tmp_path, directory))


def test_a_qwen3_without_its_norms_is_refused(directory, tmp_path):
    """Weights of a Qwen2 beside a config.json that says qwen3."""
    qwen2 = write_tiny(tmp_path / "qwen2", cell=None, config={**TINY, "head_dim": 16})
    (qwen2 / "config.json").write_text(json.dumps(QWEN3))
    with pytest.raises(WeightsError):
        Runtime.load(qwen2)


def _with_weights(folder, directory):
    for name in ("model.safetensors", "tokenizer.json"):
        (folder / name).write_bytes((directory / name).read_bytes())
    return folder


def test_an_answer_is_not_thought_about_first(tmp_path):
    """Where the tokenizer has Qwen3's marks of thoughts, and nowhere else."""
    raw = byte_tokenizer()
    plain = tmp_path / "plain.json"
    plain.write_text(json.dumps(raw))
    assert no_thinking(from_tokenizer_json(plain)) == []
    raw["added_tokens"] += [{"id": 259, "content": THINK}, {"id": 260, "content": END_THINK}]
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(raw))
    tokens = from_tokenizer_json(path)
    blank = tokens.encode("\n\n")
    thought = [259, *blank, 260, *blank]
    assert no_thinking(tokens) == thought
    start = [tokens.control["<|im_start|>"], *tokens.encode("assistant\n")]
    assert closing(tokens, "Why?")[-len(start + thought) :] == start + thought
    begun = end_turn(tokens, "Why?", "Because")
    assert begun[-len([*start, *thought, *b"Because"]) :] == [*start, *thought, *b"Because"]
    assert 259 not in tokens.encode(THINK), "in a text they are characters"


@pytest.mark.parametrize("size", ["0.6b", "1.7b", "4b", "8b", "14b"])
def test_dense_qwen3_are_presets_with_their_licence(size):
    preset = PRESETS[f"qwen3-{size}"]
    assert preset.base == f"Qwen/Qwen3-{size.upper()}" and preset.licence == "Apache-2.0"
    assert preset.memory is None and preset.cell is None
