"""Has a service load a model for as long as a test wants it to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from app.service import Service
from tests.support.service import PATIENCE_S


@contextmanager
def model_loading(service: Service) -> Iterator[threading.Event]:
    """A model is being loaded until the event that this yields is set, or the block ends."""
    is_loading, may_load = threading.Event(), threading.Event()

    def load() -> None:
        with service.context.models._loading:
            is_loading.set()
            assert may_load.wait(PATIENCE_S)

    thread = threading.Thread(target=load)
    thread.start()
    assert is_loading.wait(PATIENCE_S)
    try:
        yield may_load
    finally:
        may_load.set()
        thread.join()
