"""Lines of a csv put together to rows: by the strict rules first, then as far as there is one way.

Knows a dialect and the kinds of its columns, no bytes and no names. What cannot be read in one way is an
error that names its lines; what may have been read wrongly is a row that says so.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import TextIOWrapper

from mmsa_tui.records import record
from mmsa_tui.sources.files.byte_stream import DAMAGE
from mmsa_tui.sources.files.dialect import ESCAPED, ID_DIGITS, Dialect
from mmsa_tui.sources.files.lines import MAX_LINE, MAX_ROW_LINES, Lines, TooLongError, without_end
from mmsa_tui.sources.files.quotes import unwrapped_row
from mmsa_tui.sources.files.repair import (
    closes_quote,
    explain,
    join_loose,
    split_pair,
    split_row,
    unquote_raw,
)

_COUNT = "it has another number of cells than the header"
_CUT_DIGITS = 2
"""By one digit ids differ among themselves: those of older tweets are shorter."""
_REPAIR_LINES = 60
"""Lines over which the end of a row with broken quotes is looked for."""


@record
class Row:
    """One record; `line` is where it starts, from 1. `error` says why there are no cells.

    `lines` are how many lines of the file it takes. `is_repaired`: its quotes break the rules, or
    those of its file do and it spans lines; there was one way to read it. `is_doubtful`: there may be
    another way; what it took, or what stands behind it, may belong elsewhere.
    """

    line: int
    cells: tuple[str, ...] = ()
    encoding: str = "utf-8"
    error: str = ""
    lines: int = 1
    is_repaired: bool = False
    is_doubtful: bool = False
    readable: tuple[str, ...] = ()
    """Of a row in an unknown encoding: its cells as far as they can be made out."""


class Rows:
    """Puts lines together to rows, by the strict rules first, then as far as there is one way."""

    def __init__(self, text: TextIOWrapper, dialect: Dialect) -> None:
        self._lines = Lines(text, dialect)
        self._dialect = dialect
        self._reader = csv.reader(self._lines, delimiter=dialect.delimiter, strict=True)
        self._is_plain = (
            dialect.is_strict and not (dialect.is_raw or dialect.escapes) and dialect.delimiter not in " \r\n"
        )
        """Whether a line without quotes is a row."""
        first = next(iter(dialect.shapes), None)
        self._longest_id = first[2] if first and first[0] == "number" and first[2] > ID_DIGITS else MAX_LINE
        self._is_under_way = False
        """Whether a row as wide as the table has come."""
        self._last_id = ""
        """The first cell of the row before, where all are as long."""
        self._broken_at = 0
        """The line of the last error, while the lines behind it may belong to its row; else 0."""

    def __iter__(self) -> Iterator[Row]:
        if self._dialect.is_strict and not self._dialect.is_raw:
            return self._read()
        return self._doubted()

    def _doubted(self) -> Iterator[Row]:
        """Yield the rows of a file that breaks the rules; one is in doubt before and behind a stray line."""
        before: Row | None = None
        try:
            for row in self._read():
                if before is not None:
                    is_whole = bool(before.cells) and self._is_under_way
                    if is_whole and self._is_stray(row):
                        before = replace(before, is_doubtful=True)
                    elif row.cells and self._is_stray(before) and not self._is_sure(row):
                        row = replace(row, is_doubtful=True)
                    yield before
                before = row
        except DAMAGE:
            # What was read before a file broke off is a row all the same.
            if before is not None:
                yield before
            raise
        if before is not None:
            yield before

    def _is_sure(self, row: Row) -> bool:
        """Whether a row is told by the kinds of its cells, whatever stands before it."""
        return self._dialect.has_shape(row.cells) > 0 and not any('"' in cell for cell in row.cells)

    def _is_stray(self, row: Row) -> bool:
        """Whether a row is no whole one: the lines around it may have been parted wrongly."""
        return bool(row.error) or len(row.cells) < self._dialect.width

    def _read(self) -> Iterator[Row]:
        if self._dialect.has_sep:
            self._lines.begin_row()
            next(self._lines, None)
        while True:
            start = self._lines.begin_row()
            try:
                if (plain := self._take_plain(start)) is not None:
                    yield plain
                    continue
                row = self._next(start)
            except StopIteration:
                return
            except TooLongError as error:
                self._lines.keep(1)
                row = Row(start, error=str(error))
            is_odd = row.error or row.is_repaired or len(row.cells) > self._dialect.width
            if is_odd and (pair := self._pair()):
                yield from (
                    Row(start, cells, lines=len(self._lines.taken), is_doubtful=True) for cells in pair
                )
            elif row.error:
                yield row
            elif any(row.cells) or len(row.cells) > 1:
                # Behind a row that broke lies what is left of it, until a whole row comes.
                if self._broken_at and self._is_rest(row):
                    yield replace(row, cells=(), error=f"a part of the row in line {self._broken_at:,}")
                    continue
                self._broken_at = 0
                self._is_under_way |= len(row.cells) >= self._dialect.width
                is_unsure = row.is_repaired and self._leaves_doubt(row.cells)
                if is_unsure or self._runs_on(row.cells) or self._is_cut(row.cells):
                    row = replace(row, is_doubtful=True)
                self._last_id = row.cells[0]
                cells, n_lines = row.cells, len(self._lines.taken)
                if self._dialect.escapes or self._lines.are_masked:
                    cells = tuple(map(self._dialect.unmask, cells))
                yield row if n_lines == 1 and cells is row.cells else replace(row, cells=cells, lines=n_lines)

    def _take_plain(self, start: int) -> Row | None:
        """Take a row that leaves no doubt, as nearly all do: one line, no quotes, as wide as the others."""
        if not self._is_plain or self._broken_at:
            return None
        lines, dialect = self._lines, self._dialect
        line = next(lines)
        if '"' not in line and not lines.are_masked:
            cells = tuple(without_end(line).split(dialect.delimiter))
            if (
                len(cells) == dialect.width > 1
                and dialect.first_length <= len(cells[0]) <= self._longest_id
                and dialect.last_length <= len(cells[-1])
            ):
                self._is_under_way = True
                self._last_id = cells[0]
                return Row(start, cells)
        lines.give_back()
        return None

    def _pair(self) -> list[tuple[str, ...]]:
        """Return the two rows that the lines at hand are where a line end was lost, else nothing."""
        found = split_pair(without_end("".join(self._lines.taken)), self._dialect)
        if found is None or not self._is_under_way:
            return []
        self._broken_at = 0
        return [tuple(map(self._dialect.unmask, cells)) for cells in found]

    def _runs_on(self, cells: Sequence[str]) -> bool:
        """Whether a row begins with more than an id: the line end before it was lost."""
        return len(cells[0]) > self._longest_id and len(cells) >= self._dialect.width and self._is_under_way

    def _is_cut(self, cells: Sequence[str]) -> bool:
        """Whether a row begins, or ends, with less of an id or a moment than the others."""
        dialect, last = self._dialect, cells[-1].strip()
        ends_early = len(cells) == dialect.width and len(last) < dialect.last_length and last[:1].isdigit()
        return ends_early or self._is_short_id(cells[0])

    def _is_short_id(self, cell: str) -> bool:
        """Whether a row alone among its neighbours begins with a shorter id: its start was cut off."""
        before, length = self._last_id, self._dialect.first_length
        if length <= ID_DIGITS or len(cell) > length - _CUT_DIGITS or not cell.isdigit():
            return False
        following = self._lines.peek()
        next_id = without_end(following).split(self._dialect.delimiter)[0].strip('"')
        return (len(before) == length or not before.isdigit()) and (not following or len(next_id) == length)

    def _leaves_doubt(self, cells: Sequence[str]) -> bool:
        """Whether a repaired row could have been parted otherwise.

        Where its delimiters alone part it, only a quote at one edge of a cell speaks for more lines; where
        texts hold delimiters, the kinds of its cells tell, unless it spans lines.
        """
        taken, dialect = self._lines.taken, self._dialect
        if len(without_end("".join(taken)).split(dialect.delimiter)) == dialect.width:
            return len(taken) == 1 and any(
                cell.strip().startswith('"') != cell.strip().endswith('"') for cell in cells
            )
        return len(taken) > 1 or not dialect.has_shape(cells) or any(map(self._holds_start, cells))

    def _holds_start(self, cell: str) -> bool:
        """Whether a row begins within a cell, behind a quote: the line end before it was lost."""
        starts = (piece.split(self._dialect.delimiter)[:2] for piece in cell.split('"')[1:])
        return any(map(self._begins_row, starts))

    def _next(self, start: int) -> Row:
        line = next(self._lines)
        if not line.strip(" \r\n"):
            return Row(start)
        dialect = self._dialect
        if dialect.is_raw:
            while dialect.escapes and without_end(line).endswith("\\") and self._lines.peek():
                line += next(self._lines)
            cells = without_end(line).split(dialect.delimiter)
            if len(cells) == 1 and dialect.width > 2 and self._is_under_way:
                return Row(start, error="it has one cell: a part of the row before it?")
            quoted = dialect.quoted
            return Row(start, tuple(unquote_raw(cell, place in quoted) for place, cell in enumerate(cells)))
        if dialect.escapes and without_end(line).endswith("\\"):
            return self._continued(start, line)
        if '"' not in line:
            cells = without_end(line).split(dialect.delimiter)
            if dialect.escapes and 0 < dialect.width - len(cells) == line.count(ESCAPED):
                # The backslashes before these delimiters are their author's.
                cells = without_end(line).replace(ESCAPED, "\\" + dialect.delimiter).split(dialect.delimiter)
                return Row(start, tuple(cells), is_doubtful=True)
            if not dialect.is_strict:
                if len(cells) < dialect.width:
                    return self._repair(start, "it has fewer cells than the header")
                if len(cells) == dialect.width and not self._is_plausible(cells):
                    return self._repair_kinds(start, cells)
            if len(cells) > dialect.width and (joined := self._loose(without_end(line))):
                return Row(start, tuple(joined), is_doubtful=True)
            return Row(start, tuple(cells))
        self._lines.give_back()
        return self._quoted(start)

    def _continued(self, start: int, line: str) -> Row:
        """Read a row whose line ends stand behind a backslash, as MySQL writes them."""
        delimiter, width = self._dialect.delimiter, self._dialect.width
        alone = split_row(without_end(line), delimiter, width)
        if alone and self._dialect.has_shape(alone) and self._fits(self._lines.peek()):
            return Row(start, tuple(alone), is_doubtful=True)  # the backslash is its author's
        text = line
        while without_end(text).endswith("\\") and self._lines.peek():
            text += next(self._lines)
        text = without_end(text)
        cells = split_row(text, delimiter, width) if '"' in text else text.split(delimiter)
        if cells:
            return Row(start, tuple(cells))
        self._lines.keep(1)
        return Row(start, error=explain("left open"))

    def _quoted(self, start: int) -> Row:
        lines, dialect = self._lines, self._dialect
        try:
            cells = next(self._reader)
        except csv.Error as error:
            return self._repair(start, str(error))
        except TooLongError:
            if not lines.taken or len(lines.taken) < MAX_ROW_LINES:
                raise
            return self._repair(start, "a quote is left open")
        if lines.ended_inside_row:
            return self._repair(start, "a quote is left open")
        if len(cells) == 1 and (inner := unwrapped_row(cells[0], dialect.delimiter, dialect.width)):
            return Row(start, tuple(inner))
        if len(lines.taken) > 1 and self._swallows_rows():
            return self._repair(start, "a quote is left open")
        if not self._dialect.is_strict:
            if len(cells) != self._dialect.width:
                return self._repair(start, _COUNT)
            if not self._is_plausible(cells):
                return self._repair_kinds(start, cells)
            if self._dialect.starts_quoted and not without_end(lines.taken[-1]).endswith('"'):
                return self._repair(start, "its last quote is missing")
            # Where quotes break the rules, one that spans lines may have taken a row in: it is told.
            is_told = len(lines.taken) > 1 or any('"' in cell for cell in cells)
            return Row(start, tuple(cells), is_repaired=is_told)
        if len(cells) > self._dialect.width and len(lines.taken) == 1:
            first = without_end(lines.taken[0])
            if f'{self._dialect.delimiter}"' not in first and (joined := self._loose(first)):
                return Row(start, tuple(joined), is_doubtful=True)
        # A quote without its other: the rest of the cell was cut off.
        is_cut = self._dialect.pairs_quotes and sum(line.count('"') for line in lines.taken) % 2 > 0
        return Row(start, tuple(cells), is_doubtful=is_cut)

    def _is_rest(self, row: Row) -> bool:
        """Whether a row behind a broken one is what is left of that: too short, or closing its quote."""
        dialect = self._dialect
        if row.is_repaired and any(dialect.shapes):
            return not (dialect.has_shape(row.cells) or self._begins_row(row.cells))
        # Without kinds to go by, a line that begins as rows begin is one, in doubt.
        cells = self._lines.taken[0].split(dialect.delimiter) if row.is_repaired else row.cells
        return len(row.cells) < dialect.width or closes_quote(cells)

    def _swallows_rows(self) -> bool:
        """Whether the lines behind the first are rows of their own, joined by a quote left open."""
        dialect = self._dialect
        rest = [without_end(line).split(dialect.delimiter) for line in self._lines.taken[1:]]
        first = without_end(self._lines.taken[0]).split(dialect.delimiter)
        if dialect.width < 2 or (dialect.is_strict and len(first) != dialect.width):
            return False
        likely = [len(cells) == dialect.width and dialect.has_shape(cells) for cells in rest]
        # Where all rows obey the rules, a text may hold lines of a table; elsewhere one is enough.
        if dialect.is_strict:
            return all(count >= 2 for count in likely)
        return any(likely) or any(map(self._begins_row, rest))

    def _repair(self, start: int, error: str) -> Row:
        """Read a row that breaks the rules in the one way there is, else fail its first line alone."""
        lines, dialect = self._lines, self._dialect
        lines.keep(1)
        text = without_end(lines.taken[0])
        taken = 1
        if dialect.width > 1:
            alone = split_row(text, dialect.delimiter, dialect.width, open_quotes=True)
            if alone and dialect.has_shape(alone) and self._fits(lines.peek()):
                return Row(start, tuple(alone), is_repaired=True)
            while True:
                cells = split_row(text, dialect.delimiter, dialect.width)
                if cells and self._is_plausible(cells):
                    return Row(start, tuple(cells), is_repaired=True)
                following = lines.peek()
                if taken >= _REPAIR_LINES or not following.strip("\r\n") or self._is_row(following):
                    break
                text += "\n" + without_end(next(lines))
                taken += 1
            lines.keep(1)
            first = without_end(lines.taken[0])
            cells = split_row(first, dialect.delimiter, dialect.width, open_quotes=True)
            if cells and self._is_plausible(cells):
                return Row(start, tuple(cells), is_repaired=True)
            if self._is_under_way and (joined := join_loose(first, self._dialect)):
                return Row(start, tuple(joined), is_doubtful=True)
        self._broken_at = start
        return Row(start, error=explain(error))

    def _loose(self, line: str) -> list[str] | None:
        return join_loose(line, self._dialect) if self._is_under_way else None

    def _repair_kinds(self, start: int, cells: Sequence[str]) -> Row:
        """Read a row that obeys the rules, but has a cell of another kind than its column."""
        lines, broken_at = self._lines, self._broken_at
        count = len(lines.taken)
        row = self._repair(start, "its cells are not of the kinds of their columns")
        if not row.error or not self._may_begin_row(lines.taken[0].split(self._dialect.delimiter)):
            return row
        # There is no other way to read it: `yesterday` among dates.
        self._broken_at = broken_at
        for _ in range(count - 1):
            next(lines)
        return Row(start, tuple(cells), is_repaired=True, is_doubtful=True)

    def _is_plausible(self, cells: Sequence[str]) -> bool:
        """Whether no cell is of another kind than its column, as far as columns are of a kind."""
        if not self._is_under_way:
            return True  # the first row names the columns
        is_told = any(
            known and cell.strip() for known, cell in zip(self._dialect.shapes, cells, strict=False)
        )
        return not is_told or self._dialect.has_shape(cells) > 0

    def _begins_row(self, pieces: Sequence[str]) -> bool:
        """Whether a line begins with cells of the kinds that rows begin with."""
        shapes = self._dialect.shapes
        return bool(shapes and shapes[0] and len(pieces) > 1 and self._dialect.has_shape(pieces[:2]))

    def _fits(self, line: str) -> bool:
        """Whether a line is as wide as the others and its cells are of their kinds, or there is none."""
        pieces = without_end(line).split(self._dialect.delimiter)
        return not line or (len(pieces) == self._dialect.width and self._dialect.has_shape(pieces) > 0)

    def _is_row(self, line: str) -> bool:
        """Whether a line is by itself a row as wide as the others, and looks like them."""
        dialect = self._dialect
        if dialect.starts_quoted and not line.startswith('"'):
            return False
        pieces = without_end(line).split(dialect.delimiter)
        if self._begins_row(pieces):
            return True
        cells = pieces if len(pieces) == dialect.width else split_row(
            without_end(line), dialect.delimiter, dialect.width
        )  # fmt: skip
        if cells is None or (any(dialect.shapes) and not dialect.has_shape(cells)):
            return False
        return bool(dialect.shapes and dialect.shapes[0]) or not closes_quote(pieces)

    def _may_begin_row(self, pieces: Sequence[str]) -> bool:
        """Whether a line does not belong to the one before it, as far as its first cells tell."""
        if self._dialect.shapes and self._dialect.shapes[0]:
            return self._begins_row(pieces)
        # Where the first column does not tell, a line that closes a quote belongs to what opened it.
        return not closes_quote(pieces)
