"""A post that another screen leads back to."""

from __future__ import annotations

from dataclasses import dataclass

from mmsa_tui.store import SourceRow


@dataclass(frozen=True, slots=True)
class Jump:
    """A row of a source, for the main screen to go to."""

    source: SourceRow
    ordinal: int
