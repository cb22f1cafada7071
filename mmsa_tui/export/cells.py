"""Text made fit for files that other programs open: no formula, no control character.

Tweets are written by strangers. A spreadsheet runs a cell that begins like a formula, a terminal
obeys escape sequences, and XML has no room for most control characters.
"""

from __future__ import annotations

import re

CELL_UNITS = 32_767
"""UTF-16 units an Excel cell holds (Excel specifications and limits, Microsoft)."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
# The characters that OWASP's "CSV Injection" names, the full-width ones included, at the beginning of a
# cell or of what becomes one: a spreadsheet that parts at ";", where the file parts at ",", does not see
# the quotes around a cell. Apostrophes in front are part of the pattern so that `restore` can tell ours
# from the author's.
_SIGNS = "=+\\-@＝＋－＠"
_BLANKS = " \u00a0\u200b\ufeff\"'"
_BEGINS = re.compile(f"\\A('*)(?=[\t\r\n])|(\\A|[;|\t\r\n])([{_BLANKS}]*)(?=[{_SIGNS}])")
_BEGAN = re.compile(f"\\A('*)'(?=[\t\r\n])|(\\A|[;|\t\r\n])([{_BLANKS}]*)'(?=[{_SIGNS}])")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?([;|\t\r\n]|\Z)")


def clean(text: str) -> str:
    """Show U+FFFD for control characters other than tab and line ends, and for what is no text."""
    # Most cells are short and plain; this spares them the search.
    return text if text.isprintable() else _CONTROL.sub("\ufffd", text)


def encodable(text: str) -> str:
    """Show U+FFFD for lone surrogates, which UTF-8 cannot hold; change nothing else."""
    return _SURROGATE.sub("\ufffd", text)


def neutralise(text: str) -> str:
    """Put an apostrophe before whatever a spreadsheet would take for a formula; plain numbers stay.

    That is the beginning of the text, and what follows a separator or a line end inside it.
    """

    def guard(found: re.Match[str]) -> str:
        number = _NUMBER.match(text, found.end()) if "'" not in found[0] else None
        # The last number of a longer text is followed by what comes after the cell, not by a separator.
        is_plain = number is not None and (bool(number[2]) or found.start() == found.end() == 0)
        return found[0] if is_plain else found[0] + "'"

    return _BEGINS.sub(guard, text)


def restore(text: str) -> str:
    """Undo `neutralise`."""
    return _BEGAN.sub(lambda found: found[0][:-1], text)


def cut(text: str, units: int = CELL_UNITS) -> str:
    """Shorten text to what a cell holds, saying so at its end.

    Args:
        units: UTF-16 units; an emoji takes two.
    """
    if len(text) * 2 <= units:
        return text
    encoded = text.encode("utf-16-le")
    if len(encoded) <= 2 * units:
        return text
    mark = f" … [cut here: {len(text):,} characters in all]"
    # "ignore" drops half an emoji at the edge.
    return encoded[: 2 * (units - len(mark))].decode("utf-16-le", "ignore") + mark


def fit(text: str) -> str:
    """Make text fit for a cell of a workbook."""
    # XML turns a carriage return into a line feed, or into a visible escape.
    return cut(clean(text.replace("\r\n", "\n").replace("\r", "\n")))
