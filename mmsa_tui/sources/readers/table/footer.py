"""Rows below the posts that are none: a total, who exported it and when.

Only the last rows of a table can be such, and only where they lack what the others have. What could be a
post is one, and told.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from mmsa_tui.sources.files.cells import NOTHING, shape
from mmsa_tui.sources.files.table_rows import Record
from mmsa_tui.sources.readers.table.finding import Found

MAX_ROWS = 20
"""So many rows about a table stand below it at most."""
MAX_HELD = 1_000
"""So many more may be of another table, below the first."""
_KINDS = frozenset(("csv", "tsv", "xlsx", "xls", "ods"))
_USUAL = 0.5
_SHOWN = 80
_SUMMARY = re.compile(
    r"(?:(?:grand |sub ?)?totals?|sum(?:me|ma)?|gesamt(?:summe)?|insgesamt|anzahl|count|average|mean"
    r"|mittelwert|(?:number of )?(?:rows|records|posts|results|tweets|items|mentions)"
    r"|[\d.,]+ (?:rows|records|posts|results)"
    r"|total(?:e|es)?(?: g[eé]n[eé]ral)?|somme|suma|合计|总计|合計|итого|всего)\W*[\d.,% ]*"
    r"|(?:exported|generated|created|downloaded|retrieved|produced|printed|report(?:ed)?|data) "
    r"(?:by|on|at|from|with|via|as of)\b.*"
    r"|(?:exportiert|erstellt|erzeugt|heruntergeladen|abgerufen) (?:von|am|mit|aus)\b.*|stand:? .*\d.*"
    r"|(?:source|quelle|fuente|fonte)s?: .*|(?:©|\(c\)|copyright) .*|end of (?:report|file|export|data)\W*",
    re.IGNORECASE | re.DOTALL,
)
_RARE = 0.3
"""A kind of cell that fewer cells of a column than this are of."""


class Footer:
    """Judges whether a row at the end of a table is a post, and says what was left out or is in doubt."""

    def __init__(self, found: Found) -> None:
        self._roles = roles = found.roles
        sample = [record.values for record in found.table.sample if not record.error]
        # The rows in question are no measure of themselves.
        sample = sample[: max(len(sample) // 2 + 1, len(sample) - MAX_ROWS)]
        self._usual: dict[str, frozenset[str]] = {}
        """The columns that most rows have filled, and the shapes that their cells have."""
        for column in filter(None, (roles.id, roles.author, roles.created_at)):
            shapes = Counter(_shape(cell) for values in sample if _is_filled(cell := values.get(column, "")))
            count = shapes.total()
            if len(sample) > 1 and count > _USUAL * len(sample):
                self._usual[column] = frozenset(kind for kind, n in shapes.items() if n > _RARE * count)
        self._strict = {column for column, kinds in self._usual.items() if kinds and "" not in kinds}
        """Of these the columns that hold numbers, moments or codes alone."""
        self._can_be = found.table.kind in _KINDS
        self._has_numbers = "number" in self._usual.get(roles.id, ())
        self._left_out: list[str] = []
        self._doubtful: list[str] = []

    def may_be(self, record: Record) -> bool:
        """Whether a row is none of the posts, if none of them comes behind it."""
        # Nearly every row is told by its id, a million times.
        if not self._can_be or (self._has_numbers and record.values.get(self._roles.id, "").isdecimal()):
            return False
        return not record.error and self._rate(record) > 0

    def stands_above(self, record: Record) -> bool:
        """Whether a first row is surely the total of those below; it is counted."""
        return (
            self.may_be(record) and self._is_total(record) and self._rate(record) == 2 and self.is_one(record)
        )

    def is_one(self, record: Record) -> bool:
        """Whether a row at the end is surely no post; it is counted, as is one that is in doubt."""
        shown = f"{record.where}: {_shown(record.values)}"
        if self._rate(record) < 2:
            self._doubtful.append(shown)
            return False
        self._left_out.append(shown)
        return True

    def notes(self) -> Iterator[str]:
        """Say which rows were left out, and which could be no posts."""
        if self._left_out:
            yield (
                "rows below or above the posts that are none, such as a total, left out: "
                f"{len(self._left_out):,} ({'; '.join(self._left_out[:5])})"
            )
        if self._doubtful:
            yield (
                "rows at the end that lack what the others have, and are read as posts: "
                f"{len(self._doubtful):,} ({'; '.join(self._doubtful[:5])})"
            )

    def _rate(self, record: Record) -> int:
        """Say how surely a row is no post: 0 for a post, 1 in doubt, 2 surely."""
        values, roles = record.values, self._roles
        lacking = [column for column in self._usual if self._lacks(column, values.get(column, ""))]
        # Of a second table below the first only a name may stand where one stands above.
        is_other = len(self._strict) > 1 and self._strict.issubset(lacking)
        if len(lacking) < len(self._usual) and not is_other:
            return 0
        if any(_is_filled(values.get(column, "")) for column in roles.image):
            return 0
        text = next((t for c in (roles.text, *roles.more_texts) if (t := values.get(c, "").strip())), "")
        if not any(map(_is_filled, values.values())):
            return 0
        speaks_of_table = self._is_total(record)
        if not self._usual:
            return int(speaks_of_table and record.is_short)
        if not text:
            return 2
        if len(lacking) < len(self._usual):
            return 0
        if not speaks_of_table:
            return 1
        return 2 if len(self._usual) > 1 or shape(text) == "number" else 1

    @staticmethod
    def _is_total(record: Record) -> bool:
        """Whether the first cell of a row speaks of the table."""
        first = next((cell.strip() for cell in record.values.values() if _is_filled(cell)), "")
        return _SUMMARY.fullmatch(first) is not None

    def _lacks(self, column: str, cell: str) -> bool:
        kinds, kind = self._usual[column], _shape(cell)
        if not _is_filled(cell):
            return True
        # Names are of many shapes, but none is a number alone.
        return kind not in kinds and (kind == "number" or not {"", *kinds} <= kinds) and bool(kinds)


def _shape(cell: str) -> str:
    """Name what a cell is, `word` for a name or an id of letters and digits."""
    text = cell.strip()
    return shape(text) or ("word" if " " not in text and any(map(str.isdigit, text)) else "")


def _is_filled(cell: str) -> bool:
    return cell.strip().casefold() not in NOTHING


def _shown(values: Mapping[str, str]) -> str:
    text = " ".join(" ".join(values.values()).split())
    return text[:_SHOWN] + ("…" if len(text) > _SHOWN else "")
