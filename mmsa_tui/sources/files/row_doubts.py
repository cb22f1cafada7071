"""What is told, below the posts of a csv, of rows that were read though they break its rules.

Knows rows and lines, no columns and no posts.
"""

from __future__ import annotations

from collections.abc import Iterator

from mmsa_tui.sources.files.table_rows import Record

_NAMED = 20
"""Rows of a kind that a note names; it counts all."""


class RowDoubts:
    """Counts the rows of one table that may not be what was written."""

    def __init__(self) -> None:
        self._repaired = 0
        self._doubtful = _Tally()
        self._short = _Tally()

    def add(self, record: Record) -> None:
        """Look at a row that becomes a post."""
        self._repaired += record.is_repaired
        if record.is_doubtful:
            self._doubtful.add(record.where)
        if record.is_short:
            self._short.add(record.where)

    def notes(self, name: str) -> Iterator[str]:
        """Yield sentences for people; `name` is the file's."""
        if self._repaired:
            yield (
                f"{name} does not double the quotes within its texts, as csv should: rows with such quotes, "
                f"parted by their delimiters and the kinds of their cells: {self._repaired:,}"
            )
        if self._doubtful.count:
            yield (
                "rows that may have been cut or parted wrongly, as their ids, quotes, commas or the lines "
                f"beside them can be read in two ways: {self._doubtful}"
            )
        if self._short.count:
            yield f"rows with fewer cells than the header, the last ones taken for empty: {self._short}"


class _Tally:
    """Counts rows and names the first of them."""

    def __init__(self) -> None:
        self.count = 0
        self._named: list[str] = []

    def add(self, where: str) -> None:
        self.count += 1
        name = where.removeprefix("lines ").removeprefix("line ")
        # One line may hold two rows.
        if len(self._named) < _NAMED and name not in self._named[-1:]:
            self._named.append(name)

    def __str__(self) -> str:
        more = f" and {self.count - _NAMED:,} more" if self.count > len(self._named) >= _NAMED else ""
        word = "line" if self._named[0].isdigit() and len(self._named) == 1 else "lines"
        return f"{self.count:,} ({word} {', '.join(self._named)}{more})"
