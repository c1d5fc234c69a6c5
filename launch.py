#!/usr/bin/env python3
"""Start Ammon: the web page without a command, everything else with one (see --help)."""

import app.torch_threads  # noqa: F401, I001 (must come before torch is imported)
from app.cli.main import launch

if __name__ == "__main__":
    launch()
