"""Start Ammon: the web page without a command, everything else with one (see --help)."""

import os

# Before torch comes: its threads wait by spinning, which on a machine that does anything else
# takes away the very cores they wait for.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from app.cli import main  # noqa: E402

if __name__ == "__main__":
    main()
