"""Which row of a table names its columns: the first, one below lines about the table, or none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from mmsa_tui.sources.columns import is_known, unique_names
from mmsa_tui.sources.files.cells import NOTHING, Column, count_words, is_token, shape
from mmsa_tui.sources.label_words import propose_map

LOOK_AT = 40
"""A header lies in the first rows; no tool writes more lines about a table than this."""
_MAX_NAME = 200
_SENTENCE_WORDS = 4
_MOST_MORE = 3
"""Rows below a header that go on naming columns, at most."""
_KINDS = frozenset((
    "string", "continuous", "discrete", "time", "meta", "class", "ignore", "text", "varchar", "integer",
    "int", "float", "double", "date", "datetime", "timestamp", "bool", "boolean", "nominal", "numeric",
    "polynominal", "id", "label", "attribute", "c", "d", "s", "t", "m", "i",
))  # fmt: skip
"""How programs call the kinds of columns."""
_PLACEHOLDER = re.compile(
    r"(?:source|column|col|field|var|v|f|x|unnamed)[\s:_(]*(?:[A-Z]|\d+)\)?", re.IGNORECASE
)
"""A name that a program made for a column that had none."""
_FEW_ROWS = 3
"""Of fewer rows below none says what its columns hold."""


@dataclass(frozen=True, slots=True)
class Header:
    """`row` is its index among the rows, -1 if the table has none; `names` are of all columns.

    `skipped` counts the rows before it, `reason` says how it was found. `more` counts the rows right below
    that go on naming columns: a question in full, the key that a service knows it by.
    """

    row: int
    names: list[str]
    reason: str = ""
    more: int = 0

    @property
    def skipped(self) -> int:
        return max(self.row, 0)

    @property
    def first(self) -> int:
        """The index of the first row of data."""
        return self.row + 1 + self.more


def find_header(rows: Sequence[Sequence[str]]) -> Header:
    """Find the header among the first rows of a table.

    Args:
        rows: the first rows, without those that are blank or broken; at least one.
    """
    first = rows[: LOOK_AT * 5]
    row = _below_preamble(first)
    # Below lines about the table stands a header, or why would it have them.
    if row == 0 and _is_data(first):
        return without_header(first, "the first row reads like the others: there is no header")
    more = _rows_that_go_on(first[row:])
    names = list(_trim(rows[row]))
    for below in rows[row + 1 : row + 1 + more]:
        names += [""] * (len(_trim(below)) - len(names))
        pairs = zip_longest(names, below, fillvalue="")
        names = [cell if not name.strip() or _is_better_name(name, cell) else name for name, cell in pairs]
    return Header(row, unique_names(_trim(names)), more=more)


def without_header(rows: Sequence[Sequence[str]], reason: str) -> Header:
    """Number the columns of a table without a header."""
    width = max((len(_trim(row)) for row in rows), default=0)
    return Header(-1, unique_names([""] * width), reason)


def header_at(rows: Sequence[Sequence[str]], row: int) -> Header:
    """Take the row of this index for the header, because the user says so."""
    return Header(row, unique_names(_trim(rows[row])), "")


def _below_preamble(rows: Sequence[Sequence[str]]) -> int:
    """Return the index of the first row that is as wide as the table and reads like names."""
    widths = [_filled_width(row) for row in rows]
    usual = _usual_width(widths)
    filled = sum(bool(cell.strip()) for cell in rows[0])
    # A row with gaps may name groups of columns, above the row that names each.
    is_plain = (widths[0] >= usual and filled > 0.7 * widths[0]) or usual < 2
    known = [sum(map(is_known, _trim(row))) for row in rows[:LOOK_AT]]
    if _names_groups(rows, known):
        return 1
    if is_plain or (known[0] >= 2 and known[0] >= max(known)):
        return 0
    best = 0
    for index in range(1, min(LOOK_AT, len(rows))):
        # Data may leave its last columns empty, but a header names them.
        if widths[index] >= usual and _reads_like_names(rows[index]):
            best = index
            break
    # The row that is recognised wins over one that is merely wide.
    most = max(range(len(known)), key=lambda index: (known[index], -index))
    if known[most] >= 2 and known[most] > known[best] and widths[most] >= 0.5 * usual:
        return most
    return best


def _names_groups(rows: Sequence[Sequence[str]], known: Sequence[int]) -> bool:
    """Whether the first row names groups of columns, each over and over, and the second each column."""
    first, second = (
        ([cell.strip() for cell in row if cell.strip()] for row in rows[:2]) if rows[1:] else ([], [])
    )
    if len(set(first)) == len(first) or len(set(second)) < len(second):
        return False
    return len(known) > 1 and known[1] >= 2 and _reads_like_names(rows[1])


def _usual_width(widths: Sequence[int]) -> int:
    """Return the width that most rows have, not counting the lines about the table at the top."""
    later = widths[LOOK_AT:] or widths[len(widths) // 2 :] or widths
    counts = Counter(later)
    # Rows that end in empty cells are narrower than their table.
    return max(counts, key=lambda width: (counts[width] >= 0.3 * len(later), width))


def _trim(row: Sequence[str]) -> list[str]:
    cells = list(row)
    while len(cells) > 1 and not cells[-1].strip():
        cells.pop()
    return cells


def _filled_width(row: Sequence[str]) -> int:
    return len(_trim(row)) if any(cell.strip() for cell in row) else 0


def _reads_like_names(row: Sequence[str]) -> bool:
    cells = [cell.strip() for cell in _trim(row)]
    filled = [cell for cell in cells if cell]
    return (
        len(filled) >= 0.6 * len(cells)
        and len(set(filled)) >= 0.8 * len(filled)
        and all(len(cell) <= _MAX_NAME for cell in filled)
        and sum(bool(shape(cell)) for cell in filled) <= 0.2 * len(filled)
    )


def _is_data(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row holds what the rows below it hold, rather than names of it."""
    first, below = [cell.strip() for cell in rows[0]], rows[1:]
    if not any(first) or any(is_known(cell) for cell in first if cell):
        return False
    if [cell for cell in first if cell] in (_counted(first, 0), _counted(first, 1)):
        return False  # a program numbered columns that had no names
    columns = [Column([row[place] for row in below if place < len(row)]) for place in range(len(first))]
    names = 0
    for cell, column in zip(first, columns, strict=True):
        if not cell:
            continue
        kind = shape(cell)
        if kind and (kind == column.shape or not column.filled):
            return True
        if _is_known_label(cell) and column.filled and all(map(_is_known_label, column.filled)):
            return True
        if is_token(cell) and column.filled and _are_alike(cell, column):
            return True
        if _is_one_of(cell, column):
            return True
        names += not kind and count_words(cell) < _SENTENCE_WORDS
    # A sentence above sentences is a post, unless it asks for them as a questionnaire does.
    return not names and any(
        count_words(cell) >= _SENTENCE_WORDS
        and not cell.rstrip().endswith(("?", ":"))
        and (column.words >= 0.6 * _SENTENCE_WORDS or not column.filled)
        for cell, column in zip(first, columns, strict=True)
    )


def repeats(cells: Sequence[str], names: Sequence[str]) -> bool:
    """Whether a row is the header once more, where files were put together."""
    # Nearly every row is told from the header by its last cell; that of a repeated name has no number.
    return (
        len(cells) == len(names) > 1
        and names[-1].startswith(cells[-1].strip()[:1] or "column_")
        and unique_names(cells) == list(names)
    )


def _rows_that_go_on(rows: Sequence[Sequence[str]]) -> int:
    """Count the rows right below a header, the first of these, that name its columns once more.

    Qualtrics writes each question in full and a record of its key, SurveyMonkey what kind of answer a column
    holds. Such a row has words, or nothing, in each column that holds numbers or dates below.
    """
    for count in range(_MOST_MORE, 0, -1):
        if len(rows) > count and _holds_keys(rows[count]):
            return count
    return next((n - 1 for n in range(1, _MOST_MORE + 1) if not _goes_on(rows, n)), _MOST_MORE)


def _holds_keys(row: Sequence[str]) -> bool:
    filled = [cell.strip() for cell in row if cell.strip()]
    return len(filled) > 1 and all(cell.startswith('{"ImportId":') for cell in filled)


def _goes_on(rows: Sequence[Sequence[str]], at: int) -> bool:
    below = rows[at + 1 :]
    if not below:
        return False
    cells = [cell.strip() for cell in rows[at]]
    if _names_kinds(cells) or _names_unknown(rows[0], cells):
        return True
    if len(below) < _FEW_ROWS:
        return False
    columns = [Column([row[place] for row in below if place < len(row)]) for place in range(len(cells))]
    plain = [cell for cell, column in zip(cells, columns, strict=True) if column.fill >= 0.9 and column.shape]
    named = [cell for cell in plain if cell.casefold() not in NOTHING]
    if len(plain) < 2 or any(map(shape, cells)) or len(set(named)) < len(named):
        return False
    # Words in each of these columns name them. Without any, the others must be too short for a post.
    names = [*(cell.strip() for cell in rows[0]), *[""] * len(cells)]
    filled = [(cell, name) for cell, name in zip(cells, names, strict=False) if cell]
    return len(named) == len(plain) or (
        not named
        and bool(filled)
        and all(not name or count_words(cell) < _SENTENCE_WORDS for cell, name in filled)
    )


def _names_kinds(cells: Sequence[str]) -> bool:
    """Whether a row says of each column what kind it is of, as Orange writes it: `string`, `meta`."""
    filled = [cell.casefold() for cell in cells if cell]
    return len(filled) > 1 and _KINDS.issuperset(filled)


def _names_unknown(names: Sequence[str], cells: Sequence[str]) -> bool:
    """Whether a row has known names below those that a program made, as LIWC's `Source (A)`."""
    return sum(map(_is_better_name, names, cells)) > 1


def _is_better_name(name: str, cell: str) -> bool:
    return _PLACEHOLDER.fullmatch(name.strip()) is not None and is_known(cell.strip())


def _counted(cells: Sequence[str], start: int) -> list[str]:
    return [str(number) for number in range(start, start + sum(map(bool, cells)))]


def _is_known_label(cell: str) -> bool:
    return bool(propose_map([cell])(cell))


def _are_alike(cell: str, column: Column) -> bool:
    """Whether a cell is a code or the name of a picture as those below it are: `hau_00001`, `1a2.jpg#0`."""
    below = [value.strip() for value in column.filled]
    lengths = [len(value) for value in below]
    return all(map(is_token, below)) and min(lengths) - 2 <= len(cell) <= max(lengths) + 2


def _is_one_of(cell: str, column: Column) -> bool:
    """Whether a column holds few different words and this is one of them."""
    words = {value.strip() for value in column.filled}
    return len(column.filled) >= 4 and len(words) <= max(2, len(column.filled) // 2) and cell in words
