"""How many threads torch has in a test process; import it before torch.

Parallel test processes share the cores: with all of them in each process, threads would wait for
others that have no core. Processes that a test starts inherit this.
"""

import os

PROCESSES = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))

if PROCESSES > 1:
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // PROCESSES)))
