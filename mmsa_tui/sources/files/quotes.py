"""How a table of text sets its quotes, told from its lines: around which cells, doubled, or single ones.

Knows lines, a delimiter and the names that columns have, no dialect and no rows.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence

from mmsa_tui.sources.columns import is_known

_FEW_ROWS = 3
_WRAPPED = re.compile(r'"(?:[^"]|"")+"')
"""A line that is one quoted cell."""
_SWAPPED = str.maketrans({"'": '"', '"': "'"})


def swap_quotes(line: str) -> str:
    """Make a table of single quotes one of double quotes; the other way round as well."""
    return line.translate(_SWAPPED)


def are_single(lines: Sequence[str], delimiters: Iterable[str]) -> bool:
    """Whether cells are quoted with `'`, as MySQL and SQLite do on demand: many begin so, and end so."""
    return any(_share(lines, "'", mark) >= 0.6 and _share(lines, '"', mark) < 0.1 for mark in delimiters)


def unwrapped(lines: Sequence[str], delimiters: Iterable[str]) -> list[str]:
    """Take off the quotes around whole rows: `"71,""A day, a night"",sam"`, below a header as wide.

    So Excel saves a csv with commas where cells end at a semicolon, and so do programs that quote twice.
    """
    wrapped = {place for place, line in enumerate(lines) if _WRAPPED.fullmatch(line)}
    if not wrapped:
        return list(lines)
    inner = [_inner(line) if place in wrapped else line for place, line in enumerate(lines)]
    for mark in delimiters:
        names = [name.strip('"') for name in inner[0].split(mark)]
        rows = [unwrapped_row(inner[place], mark, len(names)) for place in wrapped]
        if sum(map(is_known, names)) > 1 and sum(map(bool, rows)) >= 0.9 * len(rows):
            return inner
    return list(lines)


def unwrapped_row(cell: str, delimiter: str, width: int) -> list[str]:
    """Return the cells of a row that stands in one cell, nothing if that is no row of this width."""
    if width < 2 or delimiter not in cell:
        return []
    try:
        cells = next(csv.reader([cell], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []
    return cells if len(cells) == width else []


def _inner(line: str) -> str:
    return line[1:-1].replace('""', '"')


def sets_quotes(rows: Sequence[str], delimiter: str) -> bool:
    """Whether more cells have quotes around them than some within: a program has set those, not an author."""
    cells = [cell for row in rows if '"' in row for cell in row.split(delimiter) if '"' in cell]
    around = sum(_is_quoted([cell]) and '"' not in cell[1:-1] for cell in cells)
    return 2 * around >= len(cells) > 0


def _share(lines: Sequence[str], quote: str, delimiter: str) -> float:
    """Return the share of lines in which a cell begins, and one ends, with a quote."""
    mark = re.escape(delimiter)
    begins, ends = re.compile(f"(?:^|{mark}){quote}"), re.compile(f"{quote}(?:{mark}|$)")
    found = sum(bool(begins.search(line) and ends.search(line)) for line in lines)
    return found / len(lines)


def pair_quotes(lines: Sequence[str], delimiter: str) -> bool:
    """Whether there are quotes, and in hardly a row an odd number of them."""
    counts = [0]
    reader = csv.reader((line + "\n" for line in lines), delimiter=delimiter)
    done = 0
    try:
        for _ in reader:
            counts.append(sum(line.count('"') for line in lines[done : reader.line_num]))
            done = reader.line_num
    except csv.Error:
        return False
    quoted = [count for count in counts if count]
    return bool(quoted) and sum(count % 2 for count in quoted) <= max(1, 0.02 * len(quoted))


def quoted_columns(lines: Sequence[str], header: Sequence[str], width: int, delimiter: str) -> frozenset[int]:
    """Return the columns that a program put quotes around, all of them or the labels alone."""
    if _is_quoted(header) or _all_quoted(lines[1:], delimiter):
        return frozenset(range(width))
    rows = [cells for line in lines[1:] if len(cells := line.split(delimiter)) == width]
    if len(rows) < _FEW_ROWS:
        return frozenset()
    return frozenset(place for place in range(width) if all(_is_quoted([row[place]]) for row in rows))


def _is_quoted(cells: Iterable[str]) -> bool:
    return all(len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in cells)


def _all_quoted(lines: Sequence[str], delimiter: str) -> bool:
    """Whether a program put quotes around every cell below the header."""
    rows = [line.split(delimiter) for line in lines]
    return len(rows) > 1 and sum(map(_is_quoted, rows)) >= 0.9 * len(rows)


def start_quoted(lines: Sequence[str], delimiter: str, width: int) -> bool:
    """Whether rows begin and end with a quote: every cell is quoted, doubled or not."""
    whole = [line for line in lines if line.count(delimiter) == width - 1]
    quoted = sum(line.startswith('"') and line.endswith('"') for line in whole)
    return len(whole) >= 2 and width > 1 and quoted >= 0.9 * len(whole)


def escapes_all_quotes(lines: Iterable[str]) -> bool:
    """Whether every quote in the lines stands behind a backslash, as a program writes them."""
    found = 0
    for line in lines:
        plain = line.replace("\\\\", "")
        escaped = plain.count('\\"')
        if plain.count('"') != escaped:
            return False
        found += escaped + plain.endswith("\\")
    return found > 1
