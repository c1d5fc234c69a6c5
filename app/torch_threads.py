"""How torch's threads wait for work. To have an effect, import it before torch is imported.

OpenMP reads the setting once, when torch loads it.

By default, GNU OpenMP's threads spin between two parallel regions for so long that they take the
cores from every other program, and from each other when the machine is busy. Without any spinning
they wake too late for products as small as these: half the speed on an idle machine. With this
setting they spin for some tens of microseconds and then sleep. A setting made by the user in
OMP_WAIT_POLICY or GOMP_SPINCOUNT is left as it is.
"""

import os

if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")
