"""What a user says of a file against what the file says of itself: no difference passes in silence.

What is said is obeyed, and the difference told; what has no room in a file is left aside; what would
leave nothing to read is refused. Knows how files lie, not what their columns mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mmsa_tui.errors import UsageError
from mmsa_tui.sources.columns import is_known
from mmsa_tui.sources.files.csv_rows import Row
from mmsa_tui.sources.files.dialect import NO_DELIMITER, SAMPLE_BYTES, sniff
from mmsa_tui.sources.files.encodings import encoding_by_mark, encoding_by_nuls
from mmsa_tui.sources.files.header import Header, find_header

_TEXT = ("csv", "tsv")
_SHEETS = ("xlsx", "ods", "xls")
_ROOM = {
    "--encoding": _TEXT,
    "--delimiter": _TEXT,
    "--sheet": (*_SHEETS, "sqlite"),
    "--header-row": (*_TEXT, *_SHEETS),
    "--no-header": (*_TEXT, *_SHEETS),
}
"""The kinds of table in which an option has something to say."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a user says of how a table lies in its file; "", 0 and None where nothing is said."""

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header_row: int = 0
    has_header: bool | None = None

    def options(self) -> Iterator[str]:
        """Yield the options that were given."""
        said = {
            "--encoding": self.encoding,
            "--delimiter": self.delimiter,
            "--sheet": self.sheet,
            "--header-row": self.header_row,
            "--no-header": self.has_header is False,
        }
        return (option for option, value in said.items() if value)


def without_room(name: str, kind: str, said: Said) -> Iterator[str]:
    """Tell of the options that a kind of table has no room for."""
    for option in said.options():
        if kind and kind not in _ROOM[option]:
            why = "states its encoding" if option == "--encoding" else "has none"
            yield f"{name} is {kind}, which {why}: {option} is left aside"


def about_encoding(name: str, sample: bytes, said: str) -> str:
    """Tell that a text is in another encoding than the user says, "" where it may be in that.

    Raises:
        UsageError: it is in no case in it.
    """
    marked = encoding_by_mark(sample).removesuffix("-sig")
    if marked:
        is_same = said.replace("_", "-").startswith(marked)
        return "" if is_same else f"{name} is marked as {marked.upper()}: --encoding {said} is left aside"
    if said.startswith(("utf-16", "utf-32")) and b"\0" not in sample:
        raise UsageError(
            f"{name} is not in {said}: each line of such a text has NUL bytes, and this one has none",
            "Leave --encoding off, or name another.",
        )
    found = encoding_by_nuls(sample) or ("utf-8" if _is_utf8(sample) else "")
    if not found or said.startswith(found[:6]):
        return ""
    return f"{name} reads as {found.upper()} without a fault; as you say --encoding {said}, it is read so"


def _is_utf8(sample: bytes) -> bool:
    """Whether bytes, perhaps cut within a character, have characters that only UTF-8 has."""
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError as error:
        if len(sample) - error.start >= 4 or error.reason != "unexpected end of data":
            return False
    return not sample.isascii()


def about_delimiter(name: str, sample: bytes, said: Said) -> str:
    """Tell that cells end at another character than the user says, "" where they do not plainly.

    Raises:
        UsageError: no row would have more than one cell.
    """
    is_whole = len(sample) < SAMPLE_BYTES
    found = sniff(sample, said.encoding, is_whole=is_whole)
    obeyed = sniff(sample, said.encoding, said.delimiter, is_whole=is_whole)
    if found is None or obeyed is None or found.delimiter in (said.delimiter, NO_DELIMITER):
        return ""
    seen, wanted = ("tab" if mark == "\t" else repr(mark) for mark in (found.delimiter, said.delimiter))
    if obeyed.width < 2 <= found.width:
        raise UsageError(
            f"no row of {name} has a cell that ends at {wanted}: they end at {seen}",
            f"Leave --delimiter off, or write --delimiter {seen}.",
        )
    return f"cells of {name} seem to end at {seen}; as you say --delimiter {wanted}, they are parted there"


def about_header(name: str, rows: Sequence[Row], chosen: Header, said: Said) -> str:
    """Tell that another row than the user says reads like the header, "" where none does."""
    if not (said.header_row or said.has_header is False):
        return ""
    found = find_header([row.cells for row in rows])
    names = [cell for cell in found.names if is_known(cell)]
    if found.row == chosen.row or found.row < 0 or not names:
        return ""
    row = f"row {rows[found.row].line:,} of {name} reads like the header ({', '.join(found.names[:5])})"
    if said.header_row:
        return f"{row}; as you say --header-row {said.header_row}, that row names the columns"
    return f"{row}; as you say --no-header, it is read as a post"


def about_sheet(name: str, chosen: str, better: Sequence[str]) -> str:
    """Tell that other sheets, and not the one the user says, hold texts; "" where none does."""
    if not better:
        return ""
    return (
        f"sheet `{chosen}` of {name} has no column that is called like a text, and {', '.join(better[:5])} "
        f"has; as you say --sheet {chosen}, it is read"
    )
