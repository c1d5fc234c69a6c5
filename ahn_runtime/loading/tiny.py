"""A tiny random model as a directory in the released layout: for laws, drift and load tests.

Its tokens are the 256 bytes and three control tokens, so that it can read any text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from ahn_runtime.config import ModelConfig
from ahn_runtime.model.qwen2 import Qwen2

CONTROL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
TINY = {
    "model_type": "qwen2",
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 256 + len(CONTROL),
    "rms_norm_eps": 1e-6,
    "rope_theta": 10000.0,
    "tie_word_embeddings": False,
}


def write_tiny(
    directory: Path,
    cell: str | None = "GatedDeltaNet",
    seed: int = 0,
    config: Mapping[str, Any] = TINY,
) -> Path:
    """Write a random model with a random memory, and its tokenizer; returns the directory.

    Args:
        cell: kind of the memory; None for none.
        config: as in `config.json`.
    """
    torch.manual_seed(seed)
    model = Qwen2(ModelConfig.from_hf(config), cell)
    for name, parameter in model.named_parameters():
        if "norm" in name or name.endswith(".D"):
            torch.nn.init.normal_(parameter, 1.0, 0.1)
        elif name.endswith(("dt_bias", "A_log")):
            torch.nn.init.normal_(parameter, -1.0, 0.5)
        elif "ahn.fn.o_proj" in name:
            torch.nn.init.normal_(parameter, 0.0, 1.0)
        else:
            torch.nn.init.normal_(parameter, 0.0, 0.3)
    directory.mkdir(parents=True, exist_ok=True)
    named = {**config, "_ahn_implementation": cell} if cell else dict(config)
    (directory / "config.json").write_text(json.dumps(named))
    save_file(
        {n: p.detach().clone() for n, p in model.named_parameters()},
        directory / "model.safetensors",
    )
    (directory / "tokenizer.json").write_text(json.dumps(byte_tokenizer()))
    return directory


def byte_tokenizer() -> dict[str, object]:
    """A tokenizer.json whose tokens are the 256 bytes and the control tokens."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in printable]
    chars = {b: chr(b) for b in printable} | {b: chr(256 + i) for i, b in enumerate(others)}
    added = [{"id": 256 + i, "content": name} for i, name in enumerate(CONTROL)]
    return {"model": {"vocab": {chars[b]: b for b in range(256)}}, "added_tokens": added}
