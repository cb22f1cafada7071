"""Lines of a text file, each of bounded length, that are put together to rows and can be taken again."""

from __future__ import annotations

from io import TextIOWrapper

from mmsa_tui.sources.files.dialect import Dialect

MAX_LINE = 16 << 20
"""Characters of one line; 100,000 columns of 100 characters still pass."""
MAX_ROW_LINES = 1_000
"""A row over more lines than this has lost its closing quote."""


class TooLongError(Exception):
    """A line is longer than any is, or a row has more lines than any has."""


def without_end(line: str) -> str:
    """Return a line without the characters that end it."""
    return line.removesuffix("\n").removesuffix("\r")


class Lines:
    """Lines of bounded length, which the reader of csv takes one by one and can be given again.

    Not a generator: that one would be over after its first exception.
    """

    def __init__(self, text: TextIOWrapper, dialect: Dialect) -> None:
        self._text = text
        self._dialect = dialect
        self._is_plain = dialect.line_end == "\n" and not dialect.is_single and not dialect.escapes
        self.taken: list[str] = []
        """The lines of the row so far."""
        self._again: list[str] = []
        self._number = 0
        self.are_masked = False
        """Whether any line held what the reader of csv must not see."""
        self.ended_inside_row = False
        """Whether the reader asked for more lines to complete a row and there were none."""

    def begin_row(self) -> int:
        """Start a row and return the number of its first line, from 1."""
        self._number += len(self.taken)
        self.taken.clear()
        self.ended_inside_row = False
        return self._number + 1

    def keep(self, count: int) -> None:
        """Offer the lines of this row again, all but the first `count`."""
        self._again.extend(reversed(self.taken[count:]))
        del self.taken[count:]
        self.ended_inside_row = False

    def give_back(self) -> None:
        """Offer the only line of this row again."""
        self._again.append(self.taken.pop())

    def peek(self) -> str:
        """Return the next line and leave it where it is, "" at the end."""
        if not self._again:
            try:
                self._again.append(self._read())
            except TooLongError:
                return ""
        return self._again[-1]

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_ROW_LINES:
            raise TooLongError(f"more than {MAX_ROW_LINES:,} lines, or a quote left open")
        line = self._again.pop() if self._again else self._read()
        if not line:
            self.ended_inside_row = bool(self.taken)
            raise StopIteration
        self.taken.append(line)
        return line

    def _read(self) -> str:
        line = self._text.readline(MAX_LINE)
        if self._is_plain and len(line) < MAX_LINE and "\ufeff" not in line:
            # Nearly every line is one of these, a million times.
            at = line.find("\r")
            if at < 0 or (at == len(line) - 2 and line[-1] == "\n"):
                return line
        if len(line) >= MAX_LINE and not line.endswith(self._dialect.line_end):
            # Kept as a line so that the count goes on, but not its content.
            self.taken.append("")
            self._skip_rest()
            raise TooLongError(f"a line of more than {MAX_LINE:,} characters, or a quote left open")
        # The mark at the start of each of several files that were put together.
        line = line.removeprefix("\ufeff")
        if self._dialect.line_end == "\r" and line.endswith("\r"):
            line = line[:-1] + "\n"
        if self._dialect.is_single:
            line = self._dialect.swap(line)
            self.are_masked = True
        has_lone_cr = "\r" in line and (line.count("\r") > 1 or not line.endswith("\r\n"))
        if has_lone_cr or (self._dialect.escapes and "\\" in line):
            line = self._dialect.mask(line)
            self.are_masked = True
        return line

    def _skip_rest(self) -> None:
        while rest := self._text.readline(MAX_LINE):
            if rest.endswith(self._dialect.line_end):
                return
