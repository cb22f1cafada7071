"""The dialect of a csv or tsv: what tells cells apart, judged on many rows. Knows no columns.

Programs write csv in more ways than RFC 4180 has: with backslashes before quotes (Spark, MySQL, R),
with quotes that nobody doubled, with lines that end in CR alone, under a first line `sep=;`.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mmsa_tui.sources.columns import is_known
from mmsa_tui.sources.files.cells import MAX_SHAPED, shape
from mmsa_tui.sources.files.encodings import encoding_by_mark, encoding_by_nuls
from mmsa_tui.sources.files.quotes import (
    are_single,
    escapes_all_quotes,
    pair_quotes,
    quoted_columns,
    sets_quotes,
    start_quoted,
    swap_quotes,
    unwrapped,
)

SAMPLE_BYTES = 256 * 1024
"""How much of a file's beginning decides on its dialect."""
DELIMITERS = (",", "\t", ";", "|", "\x01")
"""The last is Hive's."""
NO_DELIMITER = "\x1f"
"""Of a table of one column whose texts hold commas without quotes."""

_LOOK_AT_LINES = 400
_SEP = re.compile(r"\ufeff?\"?sep=(.)\"?\s*", re.IGNORECASE)
_LONE_CR = re.compile(r"\r(?!\n)")
_TEXT_BYTES = bytes([1, 9, 10, 13, *range(32, 256)])
"""All but the control characters, which binary files are full of."""

# Stand for signs that the reader of csv must not see; noncharacters, which no text holds.
BACKSLASH, QUOTE, RETURN, ESCAPED = "\ufdd0", "\ufdd1", "\ufdd2", "\ufdd3"

Shape = tuple[str, int, int] | None
"""What most cells of a column are, and the fewest and most characters they have."""
ID_DIGITS = 14
"""Numbers of more digits are ids, of the same length more or less."""
_LONE_BACKSLASH = re.compile(r"\\(?![Nntr0\n]|$)")
_MARKED = 8
"""Characters of a cell that is not mistaken for the end of another: a day, an id."""
_HEADER_LINES = 15
_SURE_NAMES = 3
"""So many cells of one line that are names of columns are a header, whatever the rows below look like."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How cells are told apart.

    `is_raw`: each line is a row and a quote may be the author's, as in most tsv files.
    `quoted`: the columns of such a file whose every cell is quoted. `escapes`: a backslash stands before
    quotes, delimiters and line ends of a text. `line_end` is what readline splits at. `has_sep`: the first
    line names the delimiter. `width`: cells of most rows. `is_strict`: every row of the sample is as RFC
    4180 says. `starts_quoted`: rows begin with a quote, and what does not is a part of one.
    `first_length`: characters of the first cell where all rows begin alike, with an id or a moment; else 0.
    `last_length`: the same of the last cell, by which a row is known whose end was cut off.
    """

    encoding: str
    delimiter: str
    is_raw: bool = False
    quoted: frozenset[int] = frozenset()
    escapes: bool = False
    line_end: str = "\n"
    has_sep: bool = False
    width: int = 0
    is_strict: bool = True
    starts_quoted: bool = False
    shapes: tuple[Shape, ...] = ()
    first_length: int = 0
    last_length: int = 0
    pairs_quotes: bool = False
    is_single: bool = False

    def swap(self, line: str) -> str:
        """Make single quotes double ones, in the line of a table that has such."""
        return swap_quotes(line) if self.is_single else line

    def mask(self, line: str) -> str:
        """Hide from the reader of csv what is no quote, delimiter or line end of the swapped table."""
        if self.escapes and "\\" in line:
            line = line.replace("\\\\", BACKSLASH).replace('\\"', QUOTE)
            line = line.replace("\\" + self.delimiter, ESCAPED)
        if "\r" in line:
            line = _LONE_CR.sub(RETURN, line) if self.line_end == "\n" else line
        return line

    def unmask(self, cell: str) -> str:
        """Undo `swap` and `mask` in a cell."""
        if RETURN in cell:
            cell = cell.replace(RETURN, "\r")
        if self.escapes:
            cell = cell.replace("\\\n", "\n").replace(ESCAPED, self.delimiter)
            cell = cell.replace(QUOTE, '"').replace(BACKSLASH, "\\")
        return self.swap(cell)

    def has_shape(self, cells: Sequence[str]) -> int:
        """Count the columns whose cell has the shape of its column; 0 as soon as one has not."""
        found = 0
        for cell, known in zip(cells, self.shapes, strict=False):
            if known is None or not cell.strip():
                continue
            kind, fewest, most = known
            plain = cell.strip().strip('"')
            if shape(plain) != kind or not fewest <= len(plain) <= most:
                return 0
            found += 1
        return found


def sniff(
    sample: bytes, encoding: str = "", delimiter: str = "", spots: Iterable[str] = (), is_whole: bool = False
) -> Dialect | None:
    """Find the dialect of a table from its beginning, or None if it is no text.

    Args:
        encoding: what it is in where no mark says so, "" to take UTF-8 and see.
        delimiter: what the user says it is.
        spots: whole lines from further places of the file, swapped.
        is_whole: whether the sample is all of the file.
    """
    encoding = encoding_by_mark(sample) or encoding or encoding_by_nuls(sample)
    if not encoding and 20 * len(sample.translate(None, _TEXT_BYTES)) > len(sample):
        return None
    text = sample.decode(encoding or "utf-8", "replace").removeprefix("\ufeff")
    line_end = _line_end(text)
    # What ends in the middle of a character or a line says nothing about the dialect.
    whole = text.rpartition(line_end)[0] if len(sample) >= SAMPLE_BYTES and not is_whole else text
    # Not splitlines, which also splits at characters that tweets hold.
    lines = [line.removesuffix("\r") for line in (whole or text).split(line_end)]
    if not any(line.strip() for line in lines):
        return None
    has_sep = False
    if match := _SEP.fullmatch(lines[0]):
        has_sep, delimiter = True, delimiter or match[1]
        lines = lines[1:]
    start = Dialect(encoding or "utf-8", delimiter or ",", line_end=line_end, has_sep=has_sep)
    lines = [line for line in lines if line.strip()][:_LOOK_AT_LINES]
    if not lines:
        return start
    if are_single(lines, [delimiter] if delimiter else DELIMITERS):
        start = replace(start, is_single=True)
        lines = [start.swap(line) for line in lines]
    lines = unwrapped(lines, [delimiter] if delimiter else DELIMITERS)
    if delimiter:
        return _finish(start, lines, spots)
    if _is_one_column(lines) or _is_prose(lines):
        return _finish(replace(start, delimiter=NO_DELIMITER), lines, spots)
    trials = [replace(start, delimiter=mark, escapes=escapes_all_quotes(lines)) for mark in DELIMITERS]
    best = max(trials, key=lambda trial: (_names_columns(lines, trial.delimiter), *_score(lines, trial)))
    return _finish(best, lines, spots)


def _names_columns(lines: Sequence[str], delimiter: str) -> bool:
    """Whether a line near the start, parted so, holds several names that columns have.

    It outweighs how the rows are parted: one open quote hides all rows behind it.
    """
    return any(
        sum(is_known(cell.strip().strip('"')) for cell in line.split(delimiter)) >= _SURE_NAMES
        for line in lines[:_HEADER_LINES]
    )


def _line_end(text: str) -> str:
    lone, new = len(_LONE_CR.findall(text)), text.count("\n")
    return "\r" if lone and (not new or lone > 5 * new) else "\n"


def _is_one_column(lines: Sequence[str]) -> bool:
    """Whether the header is one known name alone, so that commas below it are the authors'."""
    head = lines[0].strip().strip('"')
    return is_known(head) and not any(mark in lines[0] for mark in DELIMITERS)


def _is_prose(lines: Sequence[str]) -> bool:
    """Whether each line is a text, whose commas have spaces behind them as an author sets them."""
    if any(map(is_known, re.split(r"[,;\t|\x01]", lines[0]))) or any(
        "\t" in line or '"' in line or "\x01" in line for line in lines
    ):
        return False
    text = "\n".join(lines)
    marks = len(re.findall(r"[,;]", text))
    return len(re.findall(r"[,;](?=[ \n]|$)", text)) >= 0.8 * marks and "|" not in text


def _rows(lines: Sequence[str], dialect: Dialect) -> list[list[str]]:
    """Parse lines by the lenient rules of most programs."""
    rows: list[list[str]] = []
    try:
        rows.extend(csv.reader([dialect.mask(line) + "\n" for line in lines], delimiter=dialect.delimiter))
    except csv.Error:
        pass
    return [row for row in rows if row]


def _score(lines: Sequence[str], dialect: Dialect) -> tuple[float, int]:
    """Rate a delimiter: the share of rows as wide as most, then that width."""
    lines = lines[:200]
    rows = _rows(_put_together(lines, dialect) if dialect.escapes else lines, dialect)
    widths = Counter(len(row) for row in rows if row)
    width = max(widths, key=lambda width: (widths[width], width), default=0)
    if width < 2:
        # A few lines about the table may outnumber a few rows of it.
        width = max((w for w in widths if w > 1 and widths[w] > 1), default=0)
    if width < 2:
        return (0.1, max(widths)) if len(rows) == 1 and max(widths) > 1 else (0.0, 0)
    # Known names in the first line are as good as all rows of one width: a quote left open hides rows.
    named = _header_width(lines, dialect)
    return widths[width] / sum(widths.values()) + bool(named), named or width


def _finish(dialect: Dialect, lines: Sequence[str], spots: Iterable[str]) -> Dialect:
    """Settle how quotes are meant, and what rows look like."""
    if dialect.escapes or escapes_all_quotes((*lines, *spots)):
        dialect = replace(dialect, escapes=True)
        lines = _put_together(lines, dialect)
    width = _header_width(lines, dialect) or max(1, _score(lines, dialect)[1])
    spots = [line for line in spots if line.strip()]
    bare = replace(dialect, escapes=True)
    joined = _put_together(lines, bare)
    is_bare = _is_bare(lines, joined, bare, width)
    if is_bare:
        dialect, lines = bare, joined
    is_raw = is_bare or (dialect.delimiter in "\t\x01" and _fits_lines(lines, dialect.delimiter, width))
    escapes = dialect.escapes
    if not escapes and any("\\" in line for line in (*lines, *spots)):
        escaped = replace(dialect, escapes=True)
        plain_fit, escaped_fit = (_fit(lines, spots, trial, width) for trial in (dialect, escaped))
        escapes = escaped_fit > plain_fit
    dialect = replace(dialect, escapes=escapes, width=width)
    rows = _rows(lines, dialect)
    # Lines that are rows by themselves: what quotes make of the others is not sure yet.
    sure = [line for line in lines if '"' not in line]
    sure = sure if len(sure) > 12 else list(lines)
    plain = [[cell.strip('"') for cell in line.split(dialect.delimiter)] for line in sure]
    full = [row for row in plain if len(row) == width]
    full = full if len(full) > 4 else [row for row in rows if len(row) == width]
    head = next((line for line in lines if line.count(dialect.delimiter) == width - 1), lines[0])
    cells = head.split(dialect.delimiter)
    shapes = tuple(_shape_of([row[place] for row in full[1:]]) for place in range(min(width, 200)))
    return replace(
        dialect,
        is_raw=is_raw and (is_bare or not escapes),
        quoted=quoted_columns(lines, cells, width, dialect.delimiter) if is_raw else frozenset(),
        is_strict=_is_strict(lines, spots, dialect),
        starts_quoted=start_quoted(lines, dialect.delimiter, width),
        shapes=shapes,
        pairs_quotes=not is_raw and not escapes and pair_quotes(lines, dialect.delimiter),
        first_length=_common_length([row[0] for row in full[1:]]) if shapes and shapes[0] else 0,
        last_length=_common_length([row[-1] for row in full[1:]]) if shapes and shapes[-1] else 0,
    )


def _is_bare(lines: Sequence[str], joined: Sequence[str], dialect: Dialect, width: int) -> bool:
    """Whether backslashes alone keep cells apart, as MySQL writes a table unless it is told to set quotes.

    Args:
        joined: the lines, put together where one ends in a backslash.
        dialect: one that has escapes.
    """
    rows = [dialect.mask(line) for line in joined]
    if width < 2 or sets_quotes(rows, dialect.delimiter):
        return False
    wide = [row.count(dialect.delimiter) == width - 1 for row in rows]
    joins = [is_wide for row, is_wide in zip(rows, wide, strict=True) if "\n" in row]
    hidden = sum(ESCAPED in row for row in rows)
    doubled = sum(BACKSLASH in row for row in rows)
    lone = sum(bool(_LONE_BACKSLASH.search(row)) for row in rows)
    is_told = hidden or len(joined) < len(lines) or (doubled >= _SURE_NAMES and not lone)
    return bool(is_told) and all(joins) and sum(wide) >= 0.98 * len(wide)


def _common_length(cells: Sequence[str]) -> int:
    """Return the length that nearly all cells have, 0 if they differ or are short."""
    length, count = next(iter(Counter(map(len, cells)).most_common(1)), (0, 0))
    return length if length >= _MARKED and count >= max(3, 0.95 * len(cells) - 1) else 0


def _put_together(lines: Sequence[str], dialect: Dialect) -> list[str]:
    """Join lines that end in a backslash with what follows them."""
    found: list[str] = []
    is_open = False
    for line in lines:
        if is_open:
            found[-1] += "\n" + line
        else:
            found.append(line)
        is_open = dialect.mask(line).endswith("\\")
    return found


def _header_width(lines: Sequence[str], dialect: Dialect) -> int:
    """Return the cells of the first line where most are known names of columns, else 0."""
    first = next(iter(_rows(lines[:1], dialect)), [])
    known = sum(map(is_known, first))
    return len(first) if len(first) > 1 and 2 * known >= len(first) else 0


def _fit(lines: Sequence[str], spots: Sequence[str], dialect: Dialect, width: int) -> int:
    """Count the rows, and the lines from elsewhere, that are as wide as most by the strict rules."""
    good = sum(len(row) == width for row in _strict_rows(lines, dialect))
    return good + sum(len(row) == width for line in spots for row in _strict_rows([line], dialect))


def _strict_rows(lines: Sequence[str], dialect: Dialect) -> list[list[str]]:
    """Parse lines by the strict rules; where a row breaks them, go on with the next line."""
    rows: list[list[str]] = []
    at = 0
    masked = [dialect.mask(line) + "\n" for line in lines]
    while at < len(masked):
        # The start of each row is kept, to go on behind the first line of a row that breaks.
        reader = csv.reader(iter(masked[at:]), delimiter=dialect.delimiter, strict=True)
        done = 0
        try:
            for row in reader:
                rows.append(row)
                done = reader.line_num
            return rows
        except csv.Error:
            at += done + 1
    return rows


def _is_strict(lines: Sequence[str], spots: Sequence[str], dialect: Dialect) -> bool:
    try:
        list(
            csv.reader(
                [dialect.mask(line) + "\n" for line in lines], delimiter=dialect.delimiter, strict=True
            )
        )
    except csv.Error as error:
        # A sample may end inside a row.
        if "unexpected end" not in str(error):
            return False
    # A line from elsewhere may begin inside a row: only what no rule allows counts.
    return not any(_breaks_rules(dialect.mask(line), dialect.delimiter) for line in spots)


def _breaks_rules(line: str, delimiter: str) -> bool:
    return line.count('"') % 2 == 0 and not line.startswith('"') and _raises(line, delimiter)


def _raises(line: str, delimiter: str) -> bool:
    try:
        list(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error:
        return True
    return False


def _fits_lines(lines: Sequence[str], delimiter: str, width: int) -> bool:
    """Whether every line of a file with tabs, or marks of Hive, is a row, so that no quoted cell spans lines.

    Tweets are full of quotes that no program doubled; taking those for quoted cells would merge
    rows without a sound. Line by line, the worst that stays is a visible quote.
    """
    return all(line.count(delimiter) == width - 1 or line.count('"') % 2 == 0 for line in lines)


def _shape_of(cells: Sequence[str]) -> Shape:
    filled = [cell.strip() for cell in cells if cell.strip()]
    if len(filled) < 2:
        return None
    counts = Counter(map(shape, filled))
    kind, count = counts.most_common(1)[0]
    if not kind or count < 0.7 * len(filled):
        return None
    if kind != "number":
        return kind, 1, MAX_SHAPED
    lengths = [len(cell) for cell in filled if shape(cell) == kind]
    usual = sorted(lengths)[len(lengths) // 2]
    # One that is longer has run into the next: a line end was lost.
    longest = usual + 1 if usual > ID_DIGITS else max(lengths)
    return kind, max(1, min(lengths) - 1), longest + 1
