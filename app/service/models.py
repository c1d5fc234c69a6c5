"""The loaded models; sessions that differ only in what they cache share the weights."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace

from ahn_runtime import Runtime
from ahn_runtime.loading.presets import PRESETS
from ahn_runtime.runtime import choose_retained, choose_window, has_cuda
from app.settings import ModelOptions

Load = Callable[[ModelOptions], Runtime]


class Models:
    """Loads models on first use and keeps them.

    Args:
        load: makes a runtime; called once for each set of options, in any thread.

    Attributes:
        problem: why the last loading failed; None if it did not.
    """

    def __init__(self, load: Load) -> None:
        self._load, self._loading = load, threading.Lock()
        self._loaded: dict[ModelOptions, Runtime] = {}
        self.problem: Exception | None = None

    def get(self, options: ModelOptions) -> Runtime:
        """The runtime of these options.

        Raises:
            AhnError: it cannot be loaded, with the reason.
        """
        resolved = resolve_options(options)
        known = self._loaded.get(resolved)
        if known is not None:  # a loaded model is returned while another is loading
            return known
        with self._loading:
            if resolved not in self._loaded:
                try:
                    self._loaded[resolved] = self._sharing(resolved) or self._load(resolved)
                except Exception as error:
                    self.problem = error
                    raise
                self.problem = None
            return self._loaded[resolved]

    def _sharing(self, options: ModelOptions) -> Runtime | None:
        """A runtime on weights that are loaded already, if only cache options differ."""
        preset = PRESETS.get(options.model)
        window, sinks = choose_window(options.window, options.sinks, preset)
        for known, runtime in self._loaded.items():
            if _weights(known) == _weights(options):
                return runtime.with_stream(
                    window=window,
                    sinks=sinks,
                    kv_dtype=options.kv_dtype,
                    positions=options.positions,
                    retain=choose_retained(options.retain, window, preset),
                )
        return None

    def if_loaded(self, options: ModelOptions) -> Runtime | None:
        """The runtime for these options if it is in memory, else None."""
        return self._loaded.get(resolve_options(options))

    def keep(self, options: Iterable[ModelOptions]) -> None:
        """Unload all models but those of these options; they are loaded again when needed."""
        kept = set(map(resolve_options, options))
        with self._loading:
            self._loaded = {known: rt for known, rt in self._loaded.items() if known in kept}

    @property
    def is_loading(self) -> bool:
        """Whether a model is being loaded, or fetched for that."""
        return self._loading.locked()

    @property
    def any_loaded(self) -> bool:
        """Whether any model is in memory."""
        return bool(self._loaded)


def _weights(options: ModelOptions) -> ModelOptions:
    """Options without those that only say what a session caches."""
    plain = ModelOptions()
    return replace(
        options,
        # Without a window nothing is evicted, so no memory is needed.
        ahn=options.ahn if options.window is not None else None,
        window=plain.window,
        sinks=plain.sinks,
        kv_dtype=plain.kv_dtype,
        positions=plain.positions,
        retain=plain.retain,
    )


def resolve_options(options: ModelOptions) -> ModelOptions:
    """Options with "auto" quantization decided: int8 on a CPU, exact anywhere else."""
    if options.quantize != "auto":
        return options
    on_cpu = options.device == "cpu" or (options.device == "auto" and not has_cuda())
    int8 = on_cpu and options.dtype == "float32"
    return replace(options, quantize="int8" if int8 else None)
