"""Settings that must stand before torch is imported."""

from __future__ import annotations

import os

# Two threads that wait for each other at every operator take many times as long where another program
# has a core; on networks as small as those of the tests a second thread brings nothing.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
