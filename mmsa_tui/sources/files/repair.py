"""Cells of a csv row that breaks the rules: quotes that no program doubled, or that never close.

Takes a row only where there is one way to read it; what could be read in two ways is no row.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

_MAX_PIECES = 400
"""Pieces between delimiters; the work grows with their square."""


def split_row(text: str, delimiter: str, width: int, open_quotes: bool = False) -> list[str] | None:
    """Split a row into exactly `width` cells, or return None if that is impossible or ambiguous.

    A cell that begins with a quote ends with one before a delimiter, whatever lies between.

    Args:
        open_quotes: let a quote at the start of a cell be the author's, never closed.
    """
    pieces = text.split(delimiter)
    if len(pieces) < width or len(pieces) > _MAX_PIECES:
        return None
    found = _groupings(pieces, width, open_quotes, limit=3)
    if len(found) > 1:
        # Where a quoted cell holds `","`, that is where two cells meet.
        tidy = [group for group in found if not any(_holds_border(cell) for cell in _joined(pieces, group))]
        found = tidy or found
    if len(found) != 1:
        return None
    return [unquote(delimiter.join(cell)) for cell in _joined(pieces, found[0])]


def _joined(pieces: Sequence[str], ends: Sequence[int]) -> list[list[str]]:
    cells, start = [], 0
    for end in ends:
        cells.append(list(pieces[start:end]))
        start = end
    return cells


def _groupings(pieces: Sequence[str], width: int, open_quotes: bool, limit: int) -> list[list[int]]:
    """Return the ways, at most `limit`, to join pieces into `width` cells, as the ends of the cells."""
    count = len(pieces)
    opens = [piece.startswith('"') for piece in pieces]
    closes = [piece.endswith('"') for piece in pieces]
    ways: list[dict[int, list[list[int]]]] = [{} for _ in range(count + 1)]
    ways[0][0] = [[]]
    for start in range(count):
        if not ways[start]:
            continue
        ends = []
        if not opens[start]:
            ends.append(start + 1)
        else:
            if open_quotes and not (closes[start] and len(pieces[start]) > 1):
                ends.append(start + 1)
            first = start + 1 if closes[start] and len(pieces[start]) > 1 else start + 2
            ends += [end for end in range(first, count + 1) if closes[end - 1]]
        for end in ends:
            for cells, found in ways[start].items():
                # So many cells are still to come, and so many pieces to make them of.
                if cells + 1 > width or count - end < width - cells - 1:
                    continue
                kept = ways[end].setdefault(cells + 1, [])
                kept += [[*way, end] for way in found][: limit - len(kept)]
    return ways[count].get(width, [])


def _holds_border(cells: Sequence[str]) -> bool:
    return any(left.endswith('"') and right.startswith('"') for left, right in itertools.pairwise(cells))


def unquote(cell: str) -> str:
    """Take off the quotes around a cell; doubled ones inside become one, if all are doubled."""
    if len(cell) < 2 or cell[0] != '"' or cell[-1] != '"':
        return cell
    inner = cell[1:-1]
    return inner if '"' in inner.replace('""', "") else inner.replace('""', '"')
