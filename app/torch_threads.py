"""How torch's threads wait; to be imported before torch is.

Between two products they wait by spinning, for so long that on a machine that does anything else
they take away the very cores they wait for; told not to spin at all, they are woken too late for
products this small (half the speed on an idle machine). So they spin for some tens of
microseconds, then sleep.
"""

import os

if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")
