"""Other programs as benchmark engines, if they are installed: transformers and llama.cpp."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from ahn_runtime.runtime import find_base
from benchmarks.engine import Engine

BLOCK_TOKENS = 512
"""Tokens that both engines read at a time."""


class Transformers(Engine):
    """Full attention by transformers.

    Args:
        model: of `AutoModelForCausalLM`.
    """

    def __init__(self, model: Any) -> None:
        from transformers import DynamicCache

        self._model, self._cache = model.eval(), DynamicCache(config=model.config)
        self._last: Any = None

    @classmethod
    def of_gguf(cls, gguf: str, threads: int) -> Transformers:
        """Load a model in float32.

        Args:
            gguf: path of a .gguf file; its weights are converted to float32.
            threads: number of torch's threads.
        """
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
        """Feed token ids, a block at a time."""
        for start in range(0, len(ids), BLOCK_TOKENS):
            self._last = self._step(ids[start : start + BLOCK_TOKENS])

    def answer(self, count: int) -> None:
        """Generate `count` tokens, then cut the cache back."""
        last = self._last
        for _ in range(count):
            last = self._step([int(last.argmax())])
        self._cache.crop(-count)

    def cache_bytes(self) -> int:
        """Bytes of keys and values."""
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


class LlamaCpp(Engine):
    """Full attention by llama.cpp, on the quantized weights of the file.

    Args:
        gguf: path of a .gguf file.
        threads: number of threads.
        context: tokens that llama.cpp reserves memory for.
    """

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
        """Feed token ids."""
        self._llama.eval(ids)

    def answer(self, count: int) -> None:
        """Generate `count` tokens, then cut the cache back."""
        tokens_before = self._llama.n_tokens
        for _ in range(count):
            self._llama.eval([self._llama.sample(temp=0.0)])
        self._llama.n_tokens = tokens_before
        self._llama._ctx.kv_cache_seq_rm(-1, tokens_before, -1)

    def cache_bytes(self) -> int:
        """Bytes of keys and values of the tokens read."""
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
        # llama.cpp reserves its whole context at the start; keys and values are float16.
        return 2 * 2 * self._llama.n_ctx() * layers * heads * hidden // all_heads


MODULES = {"transformers": "transformers", "llama.cpp": "llama_cpp"}


def is_installed(name: str) -> bool:
    """Whether an engine is installed.

    Args:
        name: a key of `MODULES`.
    """
    return importlib.util.find_spec(MODULES[name]) is not None


def make_transformers(options: dict[str, Any]) -> Transformers:
    """Make transformers with a model from a GGUF file, in a worker's process.

    Args:
        options: "model", a preset or file, and "threads", the number of threads.
    """
    return Transformers.of_gguf(str(find_base(options["model"])), options["threads"])


def make_llama_cpp(options: dict[str, Any]) -> LlamaCpp:
    """Make llama.cpp with a model from a GGUF file, in a worker's process.

    Args:
        options: "model" and "threads" as above, and "context", in tokens.
    """
    return LlamaCpp(str(find_base(options["model"])), options["threads"], options["context"])
