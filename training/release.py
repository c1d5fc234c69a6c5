"""Export of a trained memory in the layout of the released AHN models.

The layout is `config.json` and `model.safetensors`, with the memory's parameters only. They are
saved in bfloat16, except A_log and dt_bias, which stay float32: rounding them changes the decay.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from ahn_runtime.config import ModelConfig
from training.atomic import write_atomically

FLOAT32_NAMES = ("A_log", "dt_bias")


def write_release(
    directory: Path, memory: Mapping[str, Tensor], config: ModelConfig, cell: str
) -> None:
    """Write a memory so that `Runtime.load(base, ahn=directory)` can load it.

    Args:
        directory: an existing directory.
        memory: the memory's parameters by name, `model.layers.{i}.ahn.fn.*`.
        config: the configuration of the base model.
        cell: the kind of memory: "GatedDeltaNet", "DeltaNet" or "Mamba2".

    Raises:
        OSError: the directory cannot be written.
    """
    tensors = {name: _rounded(name, tensor) for name, tensor in memory.items()}
    write_atomically(directory / "model.safetensors", save(tensors, {"format": "pt"}))
    text = json.dumps(_hf_config(config, cell), indent=2) + "\n"
    write_atomically(directory / "config.json", text.encode())


def _rounded(name: str, tensor: Tensor) -> Tensor:
    dtype = torch.float32 if name.endswith(FLOAT32_NAMES) else torch.bfloat16
    return tensor.detach().to("cpu", dtype).contiguous()


def _hf_config(config: ModelConfig, cell: str) -> dict[str, object]:
    return {
        "model_type": "qwen2",
        "_ahn_implementation": cell,
        "hidden_size": config.hidden_size,
        "intermediate_size": config.intermediate_size,
        "num_hidden_layers": config.num_layers,
        "num_attention_heads": config.num_heads,
        "num_key_value_heads": config.num_kv_heads,
        "head_dim": config.head_dim,
        "vocab_size": config.vocab_size,
        "rms_norm_eps": config.rms_norm_eps,
        "rope_theta": config.rope_theta,
        "tie_word_embeddings": config.tie_word_embeddings,
        "max_position_embeddings": config.max_position_embeddings,
    }
