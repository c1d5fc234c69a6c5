"""Benchmarks of speed and memory; engines are compared within one run, as ratios.

They measure the runtime and the service from outside. In the application only the command
`benchmark` imports this package.
"""

import app.torch_threads  # noqa: F401 (must be imported before torch)
