"""Benchmarks of speed and memory; engines are compared within one run, as ratios."""

import app.torch_threads  # noqa: F401 (must be imported before torch)
