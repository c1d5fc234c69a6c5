"""Tiny models as GGUF files."""

from __future__ import annotations

import json
from pathlib import Path

from gguf import GGMLQuantizationType, GGUFWriter
from safetensors.torch import load_file

from ahn_runtime.loading.gguf import _LAYER_NAMES, _TOP_NAMES


def write_gguf(path: Path, model: Path, alignment: int = 32) -> Path:
    """A tiny model without memory as a float32 GGUF, each tensor at a multiple of `alignment`."""
    config = json.loads((model / "config.json").read_text())
    writer = GGUFWriter(path, config["model_type"])
    writer.add_custom_alignment(alignment)
    writer.add_context_length(4096)
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    if "head_dim" in config:
        writer.add_key_length(config["head_dim"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_theta"])
    names = json.loads((model / "tokenizer.json").read_text())
    tokens = sorted(names["model"]["vocab"], key=names["model"]["vocab"].get)
    writer.add_token_list([*tokens, *(each["content"] for each in names["added_tokens"])])
    writer.add_token_types([1] * len(tokens) + [3] * len(names["added_tokens"]))
    for name, tensor in load_file(model / "model.safetensors").items():
        writer.add_tensor(gguf_name(name), tensor.numpy(), raw_dtype=GGMLQuantizationType.F32)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def gguf_name(name: str) -> str:
    """The name in a GGUF of a weight with this stock name."""
    for ours, stock in _TOP_NAMES.items():
        if name.startswith(f"{stock}."):
            return name.replace(stock, ours)
    _, _, layer, rest = name.split(".", 3)
    for ours, stock in _LAYER_NAMES.items():
        if rest.startswith(f"{stock}."):
            return f"blk.{layer}.{rest.replace(stock, ours)}"
    raise AssertionError(name)
