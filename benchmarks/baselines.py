"""Other programs on the same weights, where they are installed: transformers and llama.cpp."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from ahn_runtime.loading.embedded import fetch_embedded
from benchmarks.engine import Contestant

BLOCK_TOKENS = 512
"""What both programs read at a time by default, or are told to here."""


class Transformers(Contestant):
    """Full attention, as a model of `AutoModelForCausalLM` runs it."""

    def __init__(self, model: Any) -> None:
        from transformers import DynamicCache

        self._model, self._cache = model.eval(), DynamicCache(config=model.config)
        self._last: Any = None

    @classmethod
    def of_gguf(cls, gguf: str, threads: int) -> Transformers:
        """In float32, on so many threads."""
        import torch
        from transformers import AutoModelForCausalLM
        from transformers.utils import logging

        logging.disable_progress_bar()
        torch.set_num_threads(threads)
        path = Path(gguf)
        return cls(
            AutoModelForCausalLM.from_pretrained(
                path.parent, gguf_file=path.name, dtype=torch.float32
            )
        )

    def read(self, ids: list[int]) -> None:
        for start in range(0, len(ids), BLOCK_TOKENS):
            self._last = self._step(ids[start : start + BLOCK_TOKENS])

    def answer(self, count: int) -> None:
        last = self._last
        for _ in range(count):
            last = self._step([int(last.argmax())])
        self._cache.crop(-count)

    def cache_bytes(self) -> int:
        layers = self._cache.layers
        return sum(layer.keys.nbytes + layer.values.nbytes for layer in layers)

    def _step(self, ids: list[int]) -> Any:
        import torch

        with torch.inference_mode():
            out = self._model(
                torch.tensor([ids], device=self._model.device),
                past_key_values=self._cache,
                use_cache=True,
                logits_to_keep=1,
            )
        return out.logits[0, -1]


class LlamaCpp(Contestant):
    """Full attention on the quantized weights, as llama.cpp runs them."""

    def __init__(self, gguf: str, threads: int, context: int) -> None:
        from llama_cpp import Llama

        self._llama = Llama(
            gguf,
            n_ctx=context,
            n_batch=BLOCK_TOKENS,
            n_threads=threads,
            n_threads_batch=threads,
            verbose=False,
        )

    def read(self, ids: list[int]) -> None:
        self._llama.eval(ids)

    def answer(self, count: int) -> None:
        held = self._llama.n_tokens
        for _ in range(count):
            self._llama.eval([self._llama.sample(temp=0.0)])
        self._llama.n_tokens = held
        self._llama._ctx.kv_cache_seq_rm(-1, held, -1)

    def cache_bytes(self) -> int:
        known = self._llama.metadata
        layers, hidden, all_heads, heads = (
            int(known[f"qwen2.{name}"])
            for name in (
                "block_count",
                "embedding_length",
                "attention.head_count",
                "attention.head_count_kv",
            )
        )
        # llama.cpp reserves its context when it starts; K and V in float16.
        return 2 * 2 * self._llama.n_ctx() * layers * heads * hidden // all_heads


MODULES = {"transformers": "transformers", "llama.cpp": "llama_cpp"}


def is_installed(name: str) -> bool:
    """Whether a key of `MODULES` can be run here."""
    return importlib.util.find_spec(MODULES[name]) is not None


def make_transformers(options: dict[str, Any]) -> Transformers:
    """For `Worker`; on the embedded model."""
    return Transformers.of_gguf(str(fetch_embedded()), options["threads"])


def make_llama_cpp(options: dict[str, Any]) -> LlamaCpp:
    """For `Worker`; on the embedded model."""
    return LlamaCpp(str(fetch_embedded()), options["threads"], options["context"])
