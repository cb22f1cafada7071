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
# The characters that OWASP's "CSV Injection" names, the full-width ones included; apostrophes in
# front are part of the pattern so that `restore` can tell ours from the author's.
_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?\Z")


def clean(text: str) -> str:
    """Show U+FFFD for control characters other than tab and line ends, and for what is no text."""
    # Most cells are short and plain; this spares them the search.
    return text if text.isprintable() else _CONTROL.sub("\ufffd", text)


def encodable(text: str) -> str:
    """Show U+FFFD for lone surrogates, which UTF-8 cannot hold; change nothing else."""
    return _SURROGATE.sub("\ufffd", text)


def neutralise(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would take for a formula; plain numbers stay."""
    if _FORMULA.match(text) and not _NUMBER.match(text):
        return "'" + text
    return text


def restore(text: str) -> str:
    """Undo `neutralise`."""
    if text.startswith("'") and _FORMULA.match(text):
        return text[1:]
    return text


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
