"""Settings that must stand before torch is imported."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

# A change is judged by the same examples as the one before it; `make fuzz` looks for new ones.
hypothesis.settings.register_profile("the same every time", derandomize=True)
if "MMSA_FUZZ" not in os.environ:
    hypothesis.settings.load_profile("the same every time")

HERE = Path(__file__).parent

# Two threads that wait for each other at every operator take many times as long where another program
# has a core; on networks as small as those of the tests a second thread brings nothing.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give what waits for processes and a terminal two more tries; the summary names each that needed it.

    Such a story hangs on the machine as well as on us. One that is named more than once has a fault.
    """
    for item in items:
        if item.path.relative_to(HERE).parts[0] in ("cli", "tui"):
            item.add_marker(pytest.mark.flaky(reruns=2))
