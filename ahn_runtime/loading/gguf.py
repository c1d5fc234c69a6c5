"""Reading a Qwen2 model out of one GGUF file: shape, vocabulary, dequantized weights.

The file is parsed by the `gguf` library. Its pure Python reader takes seconds over a vocabulary of
150,000 strings, so what it found is kept beside the file as JSON (`<name>.index.json`), bound to
the file's size and time of change; the weights are always read from the file itself.

Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ahn_runtime.config import ARCHITECTURES, QWEN3, ModelConfig
from ahn_runtime.errors import WeightsError
from ahn_runtime.tokenizer import Tokenizer, from_vocabulary

INDEX_VERSION = 1
PIECE_VALUES = 1 << 18
"""Dequantized at a time: the library's intermediate arrays stay in the cache."""

MAX_AHEAD = 8
"""Tensors that are dequantized before they are taken."""

_LAYER_NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_TOP_NAMES = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
}
_NORMAL_TOKEN = 1  # gguf's token type for ordinary vocabulary


class GGUFModel:
    """An opened GGUF of one of the known architectures.

    Raises:
        WeightsError: not a GGUF, cut short, or another architecture.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._index = _load_index(path)

    @property
    def config(self) -> ModelConfig:
        """The model's shape.

        Raises:
            WeightsError: a field is missing or makes no sense.
        """
        fields, tensors = self._index["fields"], self._index["tensors"]
        kind = fields["general.architecture"]
        try:
            heads = int(fields[f"{kind}.attention.head_count"])
            hidden = int(fields[f"{kind}.embedding_length"])
            return ModelConfig(
                hidden_size=hidden,
                intermediate_size=int(fields[f"{kind}.feed_forward_length"]),
                num_layers=int(fields[f"{kind}.block_count"]),
                num_heads=heads,
                num_kv_heads=int(fields[f"{kind}.attention.head_count_kv"]),
                head_dim=int(fields.get(f"{kind}.attention.key_length", hidden // heads)),
                vocab_size=len(self._index["tokens"]),
                rms_norm_eps=float(fields[f"{kind}.attention.layer_norm_rms_epsilon"]),
                rope_theta=float(fields[f"{kind}.rope.freq_base"]),
                tie_word_embeddings="output.weight" not in tensors,
                max_position_embeddings=int(fields[f"{kind}.context_length"]),
                attention_bias="blk.0.attn_q.bias" in tensors,
                qk_norm=kind == QWEN3,
            )
        except KeyError as missing:
            raise WeightsError(f"{self.path} has no GGUF field {missing}.") from missing

    def tokenizer(self) -> Tokenizer:
        """The tokenizer of the file's own vocabulary."""
        types = self._index["token_types"]
        return from_vocabulary(self._index["tokens"], [t != _NORMAL_TOKEN for t in types])

    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """Every weight under its stock name, dequantized to float32.

        A few are dequantized ahead: all of a model in float32 may be more than the memory.
        """
        raw = np.memmap(self.path, dtype=np.uint8, mode="r")
        workers = os.cpu_count() or 1
        ahead: deque[tuple[str, Future[Tensor]]] = deque()
        with ThreadPoolExecutor(max_workers=workers) as pool:
            for name, entry in self._index["tensors"].items():
                ahead.append((stock_name(name), pool.submit(_dequantize, raw, entry)))
                if len(ahead) > min(workers, MAX_AHEAD):
                    yield _next(ahead)
            while ahead:
                yield _next(ahead)


def _next(ahead: deque[tuple[str, Future[Tensor]]]) -> tuple[str, Tensor]:
    name, tensor = ahead.popleft()
    return name, tensor.result()


def stock_name(name: str) -> str:
    """`blk.3.attn_q.weight` -> `model.layers.3.self_attn.q_proj.weight`."""
    parts = name.split(".")
    if parts[0] == "blk" and len(parts) == 4 and parts[2] in _LAYER_NAMES:
        return f"model.layers.{parts[1]}.{_LAYER_NAMES[parts[2]]}.{parts[3]}"
    if len(parts) == 2 and parts[0] in _TOP_NAMES:
        return f"{_TOP_NAMES[parts[0]]}.{parts[1]}"
    raise WeightsError(f"The GGUF holds a tensor {name!r} that a Qwen model does not have.")


def _dequantize(raw: np.memmap, entry: dict[str, Any]) -> Tensor:
    from gguf import GGMLQuantizationType, dequantize

    data = np.asarray(raw[entry["offset"] : entry["offset"] + entry["nbytes"]])
    kind = GGMLQuantizationType(entry["type"])
    values = torch.empty(entry["shape"])  # aligned, as numpy's arrays are not; see `aligned`
    if kind == GGMLQuantizationType.F32:
        values.numpy()[...] = data.view(np.float32).reshape(entry["shape"])
        return values
    rows, out = data.reshape(entry["rows"], -1), values.view(entry["rows"], -1).numpy()
    step = max(1, PIECE_VALUES // out.shape[1])
    for first in range(0, len(rows), step):
        out[first : first + step] = dequantize(rows[first : first + step], kind)
    return values


def _load_index(path: Path) -> dict[str, Any]:
    stamp = [INDEX_VERSION, path.stat().st_size, path.stat().st_mtime_ns]
    kept = path.with_name(path.name + ".index.json")
    try:
        index: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        if index["stamp"] == stamp:
            return index
    except (OSError, ValueError, KeyError):
        pass  # none yet, or not ours: parse the file
    index = {"stamp": stamp, **_parse(path)}
    try:
        part = kept.with_name(f"{kept.name}.{os.getpid()}.part")
        part.write_text(json.dumps(index), encoding="utf-8")
        os.replace(part, kept)
    except OSError:
        pass  # a read-only model directory only costs the parse on every start
    return index


def _parse(path: Path) -> dict[str, Any]:
    from gguf import GGUFReader

    try:
        reader = GGUFReader(path)
        fields = {name: field.contents() for name, field in reader.fields.items()}
        tensors = {
            t.name: {
                "type": int(t.tensor_type),
                "offset": int(t.data_offset),
                "nbytes": int(t.n_bytes),
                "shape": [int(n) for n in reversed(t.shape)],
                "rows": int(t.data.shape[0]),
            }
            for t in reader.tensors
        }
    except (ValueError, IndexError, KeyError, OSError, UnicodeDecodeError) as error:
        raise WeightsError(
            f"{path} is not a readable GGUF file ({error}); fetch or convert it again."
        ) from error
    if fields.get("general.architecture") not in ARCHITECTURES:
        raise WeightsError(
            f"{path} holds a model of architecture {fields.get('general.architecture')!r}; "
            "Ammon runs 'qwen2' and 'qwen3'."
        )
    return {
        "tokens": fields.pop("tokenizer.ggml.tokens"),
        "token_types": fields.pop("tokenizer.ggml.token_type"),
        "fields": {k: v for k, v in fields.items() if isinstance(v, str | int | float)},
        "tensors": tensors,
    }
