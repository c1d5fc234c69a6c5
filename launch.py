"""Start Ammon: the web page without a command, everything else with one (see --help)."""

import os

# Before torch comes: between two products its threads wait by spinning, for so long that on a
# machine that does anything else they take away the very cores they wait for; told not to spin at
# all, they are woken too late for products this small (half the speed on an idle machine). So they
# spin for some tens of microseconds, then sleep.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")

from app.cli import main  # noqa: E402

if __name__ == "__main__":
    main()
