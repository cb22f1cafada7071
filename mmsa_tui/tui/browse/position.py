"""Where the user was in a source, as the text that the store keeps for it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from mmsa_tui.decoding import Count, DecodingError, from_json
from mmsa_tui.store import Order


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """A column that the user wants to see; `is_own` for one of the source's own, `width` 0 for as it is."""

    name: str
    is_own: bool = False
    width: Count = 0


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a source: the row under the cursor, how the list was made, and which columns it has.

    Without `columns` they are chosen by the room there is.
    """

    ordinal: Count = 0
    filter: str = ""
    queue: str = "all"
    sort: str = ""
    descending: bool = False
    is_own_sort: bool = False
    columns: tuple[ColumnChoice, ...] = ()

    @property
    def order(self) -> Order | None:
        return Order(self.sort, self.descending, self.is_own_sort) if self.sort else None

    def to_text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Position:
        """Read what `to_text` wrote; anything else is the start of the source."""
        try:
            return from_json(text, cls)
        except DecodingError:
            return cls()
