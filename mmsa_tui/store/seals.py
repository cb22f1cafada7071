"""A seal on what an act says, kept in its row: whoever reads a damaged file can tell what somebody has said.

It covers what is decided, of which post, when and by whom. A note, a text or an id can lose a letter
without becoming another label.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations, product
from typing import Any

from mmsa_tui.records import Correction

_MOST_CHANGED = 2
"""Parts of one row that may be damaged at once."""
_MOST_KNOWN = 12
"""Of labels, analysts and the like that are tried; more cost seconds in a store full of holes."""


def seal_of(*cells: str | bytes | int) -> str:
    """Sum up what is stored as content hash, label, microseconds, flag, facts, analyst and origin."""
    digest = hashlib.blake2b(digest_size=8)
    for cell in cells:
        data = cell if isinstance(cell, bytes) else str(cell).encode("utf-8", "surrogatepass")
        digest.update(b"%d:%b" % (len(data), data))
    return digest.hexdigest()


def seal_act(act: Correction, created_us: int) -> str:
    """Sum up an act that was made so many microseconds after 1970."""
    said = (act.content_hash, act.new_label, created_us, int(act.flagged), " ".join(act.facts))
    return seal_of(*said, act.analyst, act.origin)


class Unsealer:
    """Tells what was sealed where damage has changed a part or two of a row.

    Args:
        whole: acts of the same store whose seals hold: what they have as label, facts, analyst and origin
            is what is tried.
    """

    def __init__(self, whole: Sequence[Correction]) -> None:
        self._labels = _frequent(act.new_label for act in whole)
        self._facts = _frequent(act.facts for act in whole)
        self._analysts = _frequent(act.analyst for act in whole)
        self._origins = _frequent(act.origin for act in whole)

    def open(self, act: Correction, moments: Sequence[int], seal: str) -> tuple[Correction, int] | None:
        """Find what somebody has said, and when; None if it cannot be told.

        Args:
            moments: the times that the row gives, in microseconds since 1970, one or two.
        """
        said: list[Any] = [act.new_label, moments[0], act.flagged, act.facts, act.analyst, act.origin]
        others = [
            self._labels, moments[1:], [not act.flagged], self._facts, self._analysts, self._origins
        ]  # fmt: skip
        for label, created_us, flagged, facts, analyst, origin in _near(said, others):
            tried = replace(
                act, new_label=label, flagged=flagged, facts=facts, analyst=analyst, origin=origin
            )
            if seal_act(tried, created_us) == seal:
                return tried, created_us
        return None


def _near(said: Sequence[Any], others: Sequence[Sequence[Any]]) -> Iterator[list[Any]]:
    """Yield what is said, then that with one part of it replaced, then with two."""
    for n_changed in range(_MOST_CHANGED + 1):
        for places in combinations(range(len(said)), n_changed):
            for values in product(*(others[place] for place in places)):
                tried = list(said)
                for place, value in zip(places, values, strict=True):
                    tried[place] = value
                yield tried


def _frequent(values: Iterable[Hashable]) -> list[Any]:
    return [value for value, _ in Counter(values).most_common(_MOST_KNOWN)]
