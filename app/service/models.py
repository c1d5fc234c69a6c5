"""The loaded models, one for each set of options that a session was made with."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from ahn_runtime import Runtime
from ahn_runtime.runtime import has_cuda
from app.settings import ModelOptions

Load = Callable[[ModelOptions], Runtime]


class Models:
    """Loads on first need and keeps what it loaded.

    Args:
        load: makes a runtime; called once for each set of options, in whatever thread needs it.
    """

    def __init__(self, load: Load) -> None:
        self._load, self._loading = load, threading.Lock()
        self._loaded: dict[ModelOptions, Runtime] = {}

    def get(self, options: ModelOptions) -> Runtime:
        """The runtime of these options.

        Raises:
            AhnError: why it cannot be loaded.
        """
        settled = settle(options)
        with self._loading:
            if settled not in self._loaded:
                self._loaded[settled] = self._load(settled)
            return self._loaded[settled]

    @property
    def any_loaded(self) -> bool:
        return bool(self._loaded)


def settle(options: ModelOptions) -> ModelOptions:
    """Options with "auto" quantization decided: int8 on a CPU, exact anywhere else."""
    if options.quantize != "auto":
        return options
    on_cpu = options.device == "cpu" or (options.device == "auto" and not has_cuda())
    int8 = on_cpu and options.dtype == "float32"
    return replace(options, quantize="int8" if int8 else None)
