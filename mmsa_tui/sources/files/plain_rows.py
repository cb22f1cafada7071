"""Tables that are neither csv nor JSON, as data sets of research come: rows as lists of Python, or in blocks.

MMSD writes `['682716753374351360', 'i love mondays', 1]` on each line; Twitter-15 and Twitter-17 four
lines for each row: a text with `$T$`, what stood there, a label from -1 to 1, and the name of a picture.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmsa_tui.sources.files.byte_stream import DAMAGE, open_plain
from mmsa_tui.sources.files.csv_rows import Row

BLOCK_NAMES = ("text", "target", "label", "image")
_BLOCK = len(BLOCK_NAMES)
_MAX_LINE = 1 << 20
_PICTURE = re.compile(r"\S+\.(?:jpe?g|png|gif|webp)", re.IGNORECASE)


def kind_of_plain(sample: bytes) -> str:
    """Name the kind of such a table by its beginning: `lists`, `blocks` or ""."""
    lines = sample[:65_536].decode("utf-8", "replace").split("\n")
    lines = [line.rstrip("\r") for line in (lines[:-1] if len(lines) > 1 else lines)][:200]
    filled = [line for line in lines if line.strip()]
    if not filled:
        return ""
    lists = sum(line.startswith("[") and _parse_list(line) is not None for line in filled[:50])
    if lists >= max(2, 0.8 * len(filled[:50])):
        return "lists"
    blocks = [filled[at : at + _BLOCK] for at in range(0, len(filled) - _BLOCK + 1, _BLOCK)]
    good = sum(_is_block(block) for block in blocks)
    return "blocks" if good >= max(1, 0.8 * len(blocks)) and good else ""


def _is_block(lines: Sequence[str]) -> bool:
    is_labelled = lines[2].strip() in ("-1", "0", "1", "2")
    return "$T$" in lines[0] and is_labelled and bool(_PICTURE.fullmatch(lines[3].strip()))


def _parse_list(line: str) -> list[str] | None:
    try:
        value = ast.literal_eval(line.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    if not isinstance(value, list) or len(value) < 2:
        return None
    return [item if isinstance(item, str) else repr(item) for item in value]


def plain_rows(path: Path, kind: str) -> Iterator[Row]:
    """Yield the rows of such a table; there is no header.

    Raises:
        OSError: it cannot be read.
    """
    block: list[str] = []
    number = 0
    try:
        with open_plain(path) as file:
            while data := file.readline(_MAX_LINE):
                number += 1
                line = data.decode("utf-8", "replace").rstrip("\r\n")
                if not line.strip():
                    continue
                if kind == "lists":
                    cells = _parse_list(line)
                    yield Row(number, tuple(cells)) if cells else Row(number, error="it is no list of cells")
                    continue
                block.append(line)
                if _PICTURE.fullmatch(line.strip()) or len(block) > _BLOCK:
                    # The name of a picture ends a row, whatever is missing in it.
                    start = number - len(block) + 1
                    whole = len(block) == _BLOCK
                    error = f"a row of {len(block)} lines, and the others have {_BLOCK}"
                    yield Row(start, tuple(block)) if whole else Row(start, error=error)
                    block = []
        if block:
            error = f"a row of {len(block)} lines, and the others have {_BLOCK}"
            yield Row(number - len(block) + 1, error=error)
    except DAMAGE as error:
        yield Row(number + 1, error=f"it cannot be read beyond line {number:,}: {error}")
