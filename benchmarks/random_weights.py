"""A larger model's shape with random weights: ours beside transformers with full attention.

    python -m benchmarks.random_weights [--lengths 8192,32768,131072] [--window 32640]
                                        [--device cuda]

Random weights cost what trained ones cost; nothing is fetched. Meant for a GPU, where both run in
bfloat16 and transformers takes flash attention through torch; `--shape tiny --device cpu` only
shows that the command runs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import torch

from ahn_runtime import Runtime
from ahn_runtime.config import ModelConfig, StreamConfig
from ahn_runtime.loading.tiny import TINY
from ahn_runtime.model.qwen2 import Qwen2
from benchmarks.ammon import Ours
from benchmarks.baselines import Transformers
from benchmarks.engine import Contestant

QWEN_3B = {
    "model_type": "qwen2",
    "hidden_size": 2048,
    "intermediate_size": 11008,
    "num_hidden_layers": 36,
    "num_attention_heads": 16,
    "num_key_value_heads": 2,
    "vocab_size": 151_936,
    "rms_norm_eps": 1e-6,
    "rope_theta": 1e6,
    "tie_word_embeddings": True,
    "max_position_embeddings": 131_072 + 4096,
}
SHAPES: dict[str, dict[str, Any]] = {"3b": QWEN_3B, "tiny": TINY}
SINKS, ANSWER_TOKENS, INIT_STD = 128, 32, 0.02


def ours(shape: dict[str, Any], window: int, device: torch.device) -> Contestant:
    """A session of the runtime with a memory."""
    dtype, config = _dtype(device), ModelConfig.from_hf(shape)
    name = str(dtype).removeprefix("torch.")
    stream = StreamConfig(window, SINKS, "GatedDeltaNet", dtype=name, kv_dtype=name)
    with device:
        model = Qwen2(config, stream.cell).to(dtype)
    _fill(model)
    known = ("random", "random")  # no fingerprint of gigabytes of noise
    runtime = Runtime(model.eval(), stream, None, "random", "none", fingerprint=known)
    return Ours(runtime.session())


def theirs(shape: dict[str, Any], window: int, device: torch.device) -> Contestant:
    """Full attention by transformers, whatever the window."""
    from transformers import AutoModelForCausalLM, Qwen2Config

    with device:
        model = AutoModelForCausalLM.from_config(
            Qwen2Config(**shape), dtype=_dtype(device), attn_implementation="sdpa"
        )
    _fill(model)
    return Transformers(model)


def _dtype(device: torch.device) -> torch.dtype:
    return torch.bfloat16 if device.type == "cuda" else torch.float32


@torch.no_grad()
def _fill(model: torch.nn.Module) -> None:
    """Small random weights; norms and decays stay as they were made."""
    generator = torch.Generator(next(model.parameters()).device).manual_seed(0)
    for parameter in model.parameters():
        if parameter.ndim > 1:
            parameter.normal_(0, INIT_STD, generator=generator)


def main(shape: str, lengths: list[int], window: int, device: torch.device) -> None:
    """Read up to each length and answer there, one after the other; print a table."""
    print("| tokens read | | reading, tokens/s | answering, tokens/s | cache | peak, GPU |")
    print("| --- | --- | --- | --- | --- | --- |")
    vocab = SHAPES[shape]["vocab_size"]
    ids = torch.randint(vocab, (lengths[-1],), generator=torch.Generator().manual_seed(0)).tolist()
    for name, make in (("Ammon", ours), ("transformers", theirs)):
        who, before, seconds = make(SHAPES[shape], window, device), 0, 0.0
        for length in lengths:
            seconds += _timed(device, who.read, ids[before:length])
            who.answer(2)  # what is made on first need is not measured
            answering = _timed(device, who.answer, ANSWER_TOKENS)
            peak = torch.cuda.max_memory_allocated() / 1e9 if device.type == "cuda" else 0.0
            print(
                f"| {length:,} | {name} | {length / seconds:,.0f} "
                f"| {ANSWER_TOKENS / answering:.1f} | {who.cache_bytes() / 1e6:,.0f} MB "
                f"| {peak:.1f} GB |",
                flush=True,
            )
            before = length
        del who
        if device.type == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()


def _timed(device: torch.device, work: Callable[[Any], None], given: Any) -> float:
    began = time.perf_counter()
    work(given)
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - began


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shape", choices=list(SHAPES), default="3b")
    parser.add_argument("--lengths", default="8192,32768,131072")
    parser.add_argument("--window", type=int, default=32_640)
    parser.add_argument("--device", default="cuda")
    given = parser.parse_args()
    marks = [int(length) for length in given.lengths.split(",")]
    main(given.shape, marks, given.window, torch.device(given.device))
