"""When work that can wait is due. Knows the clock, nothing of the work."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

REST_S = 1.0
"""The user must have been still for so long."""
PATIENCE_S = 15.0
"""After so long it is due even so."""
SHARE = 5
"""It takes at most one part in so many of the time."""


class Pace:
    """Keeps work on the whole source out of the way of keys."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stirred_s = self._ended_s = self._free_s = float("-inf")

    def stir(self) -> None:
        """Note that the user is at work."""
        self._stirred_s = self._clock()

    @property
    def is_due(self) -> bool:
        now_s = self._clock()
        is_still = now_s - self._stirred_s >= REST_S
        return now_s >= self._free_s and (is_still or now_s - self._ended_s >= PATIENCE_S)

    @contextmanager
    def work(self) -> Iterator[None]:
        """Do the work inside; the longer it takes, the longer it is not due again."""
        began_s = self._clock()
        try:
            yield
        finally:
            self._ended_s = self._clock()
            self._free_s = self._ended_s + (SHARE - 1) * (self._ended_s - began_s)
