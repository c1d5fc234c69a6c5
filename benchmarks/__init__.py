"""Speed and memory, ours beside others', as ratios of one run."""

import app.torch_threads  # noqa: F401 (before torch comes)
