"""Cells of a csv row that breaks the rules: quotes that no program doubled, or that never close, two in one.

Takes a row only where there is one way to read it; what could be read in two ways is no row.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator, Sequence

from mmsa_tui.sources.files.cells import shape
from mmsa_tui.sources.files.dialect import RETURN, Dialect

_CR = "\r" + RETURN
"""May be left of a line end of two characters."""
_LOOSE = 20
"""Delimiters within a text that has no quotes around it."""
_MAX_PIECES = 400
"""Pieces between delimiters; the work grows with their square."""


def join_loose(line: str, dialect: Dialect) -> list[str] | None:
    """Read a line whose text holds delimiters and no quotes around it, where one column can have them.

    An author sets a space behind a comma, a program does not.
    """
    pieces = line.split(dialect.delimiter)
    loose = len(pieces) - dialect.width
    if dialect.delimiter == "\t" or not 0 < loose <= _LOOSE:
        return None
    found = []
    for at in range(dialect.width):
        end = at + loose + 1
        cells = [*pieces[:at], dialect.delimiter.join(pieces[at:end]), *pieces[end:]]
        is_prose = all(piece.startswith(" ") for piece in pieces[at + 1 : end])
        is_alone = not any(piece.startswith(" ") for piece in (*pieces[: at + 1], *pieces[end:]))
        is_told = dialect.has_shape(cells) > 0 or not any(dialect.shapes)
        if is_prose and is_alone and is_told and dialect.shapes[at : at + 1] == (None,):
            found.append(cells)
    return found[0] if len(found) == 1 else None


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


def unquote_raw(cell: str, always: bool) -> str:
    """Undo the quoting of one cell that is quoted as a whole.

    Without `always` only where it holds doubled quotes: an author may quote a whole tweet too.
    """
    if always:
        return unquote(cell)
    body = cell.replace('""', "")
    if len(cell) < 2 or cell[0] != '"' or cell[-1] != '"' or body.count('"') not in (0, 2):
        return cell
    return unquote(cell) if body != cell else cell


def closes_quote(pieces: Sequence[str]) -> bool:
    """Whether the first quote at the edge of a cell closes it, and none has opened one before."""
    for piece in pieces:
        if piece.startswith('"'):
            return piece == '"'
        if piece.endswith('"'):
            return True
    return False


def split_pair(text: str, dialect: Dialect) -> tuple[list[str], list[str]] | None:
    """Part two rows that ran together as a line end was lost; None unless there is one way.

    The second begins where an id or a moment as long as all others ends, and both are whole: as wide as the
    table, each cell of the kind of its column, and more than one cell of a kind that can be told.
    """
    found = []
    for at in _seams(text, dialect):
        both = [_whole_row(part, dialect) for part in (text[:at].rstrip(_CR), text[at:])]
        if both[0] and both[1]:
            found.append((both[0], both[1]))
    return found[0] if len(found) == 1 else None


def _seams(text: str, dialect: Dialect) -> Iterator[int]:
    """Yield where in a text a first cell begins, were the text parted there."""
    length, known = dialect.first_length, next(iter(dialect.shapes), None)
    if not length or known is None or text.count(dialect.delimiter) > _MAX_PIECES:
        return
    end = text.find(dialect.delimiter)
    while end >= 0:
        is_quoted = text[end - 1 : end] == '"' == text[end - length - 2 : end - length - 1]
        start = end - length - is_quoted
        if start - is_quoted > 0 and shape(text[start : start + length]) == known[0]:
            yield start - is_quoted
        end = text.find(dialect.delimiter, end + 1)


def _whole_row(text: str, dialect: Dialect) -> list[str] | None:
    if dialect.is_raw:
        cells = text.split(dialect.delimiter)
    else:
        try:
            lines = [line + "\n" for line in text.split("\n")]
            rows = list(csv.reader(lines, delimiter=dialect.delimiter, strict=True))
        except csv.Error:
            return None
        cells = rows[0] if len(rows) == 1 else []
    told = sum(bool(known and cell.strip()) for known, cell in zip(dialect.shapes, cells, strict=False))
    is_whole = len(cells) == dialect.width and told > 1 and dialect.has_shape(cells) == told
    return cells if is_whole else None


def explain(error: str) -> str:
    """Say in words what the reader of csv found wrong with a row."""
    if "field larger" in error:
        return f"a cell of more than {csv.field_size_limit():,} characters, or a quote left open"
    if "unexpected end" in error or "left open" in error:
        return "a quote is left open"
    if "cells than" in error:
        return error
    return f"its quotes can be read in more than one way, or in none ({error})"
