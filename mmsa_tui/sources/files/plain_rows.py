"""Tables that are neither csv nor JSON: rows as lists of Python, in blocks, or as fields one below the other.

MMSD writes `['682716753374351360', 'i love mondays', 1]` on each line; Twitter-15 and Twitter-17 four
lines for each row: a text with `$T$`, what stood there, a label from -1 to 1, and the name of a picture.
Downloads of TikTok write `Date: …`, `Link: …` and `Title: …`, an empty line, and so on.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmsa_tui.sources.columns import is_known
from mmsa_tui.sources.files.byte_stream import DAMAGE, open_plain
from mmsa_tui.sources.files.csv_rows import Row
from mmsa_tui.sources.files.dataset_rows import (
    MAX_LINE,
    is_marked,
    is_threes,
    is_tokens,
    labelled_rows,
    labels_beside,
    marked_rows,
    three_rows,
    token_rows,
)

BLOCK_NAMES = ("text", "target", "label", "image")
_BLOCK = len(BLOCK_NAMES)
_MIN_FIELDS = 2
_OF_LINES = {"tokens": token_rows, "threes": three_rows, "marked": marked_rows}
_FIELD = re.compile(r"(?P<name>[A-Z][\w ()/'-]{0,30}):(?: (?P<value>.*))?")
_PICTURE = re.compile(r"\S+\.(?:jpe?g|png|gif|webp)", re.IGNORECASE)


def kind_of_plain(sample: bytes) -> str:
    """Name the kind of such a table by its beginning, "" for another: `lists`, `tokens` and so on."""
    lines = sample[:65_536].decode("utf-8-sig", "replace").split("\n")
    lines = [line.rstrip("\r") for line in (lines[:-1] if len(lines) > 1 else lines)][:200]
    filled = [line for line in lines if line.strip()]
    if not filled:
        return ""
    lists = sum(line.startswith("[") and _parse_list(line) is not None for line in filled[:50])
    if lists >= max(2, 0.8 * len(filled[:50])):
        return "lists"
    blocks = [filled[at : at + _BLOCK] for at in range(0, len(filled) - _BLOCK + 1, _BLOCK)]
    good = sum(_is_block(block) for block in blocks)
    if good >= max(1, 0.8 * len(blocks)) and good:
        return "blocks"
    if is_marked(filled):
        return "marked"
    if is_tokens(filled):
        return "tokens"
    if is_threes(lines):
        return "threes"
    return "fields" if _are_fields(lines) else ""


def _are_fields(lines: Sequence[str]) -> bool:
    """Whether lines are named, in the same way in each of several paragraphs."""
    paragraphs = "\n".join(lines).strip().split("\n\n")
    if len(paragraphs) < 2:
        return False
    named = [[match and match["name"] for match in map(_FIELD.fullmatch, p.split("\n"))] for p in paragraphs]
    first = named[0]
    if len(set(first)) < max(_MIN_FIELDS, len(first)) or not any(name and is_known(name) for name in first):
        return False  # talk, perhaps, with the names of those who speak
    return sum(names[:_MIN_FIELDS] == first[:_MIN_FIELDS] for names in named) >= 0.8 * len(named)


def field_names(sample: bytes) -> list[str]:
    """Return the names of the fields in the beginning of such a table, in their order."""
    lines = sample.decode("utf-8-sig", "replace").splitlines()
    counts = Counter(match["name"] for match in map(_FIELD.fullmatch, lines) if match)
    # A text may have a line that looks like one.
    return [name for name, count in counts.items() if count > 1]


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


def plain_rows(path: Path, kind: str, names: Sequence[str] = ()) -> Iterator[Row]:
    """Yield the rows of such a table; there is no header.

    Args:
        names: of the fields, where they stand one below the other.

    Raises:
        OSError: it cannot be read.
    """
    if kind == "fields":
        yield from _rows_of_fields(path, names)
        return
    if kind in _OF_LINES:
        yield from _OF_LINES[kind](path)
        return
    if kind == "labelled" and (labels := labels_beside(path)):
        yield from labelled_rows(path, labels)
        return
    block: list[str] = []
    number = 0
    try:
        with open_plain(path) as file:
            while data := file.readline(MAX_LINE):
                number += 1
                line = data.decode("utf-8-sig" if number == 1 else "utf-8", "replace").rstrip("\r\n")
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


def _rows_of_fields(path: Path, names: Sequence[str]) -> Iterator[Row]:
    """Yield a row for each paragraph of named lines; what has no name goes on with the line before."""
    places = {name: place for place, name in enumerate(names)}
    cells = [""] * len(names)
    start, number, place = 0, 0, -1
    try:
        with open_plain(path) as file:
            while data := file.readline(MAX_LINE):
                number += 1
                line = data.decode("utf-8-sig" if number == 1 else "utf-8", "replace").rstrip("\r\n")
                match = _FIELD.fullmatch(line)
                found = places.get(match["name"], -1) if match else -1
                if match and found >= 0 and start and (found == 0 or cells[found]):
                    yield Row(start, tuple(cells))
                    cells, start = [""] * len(names), 0
                if match and found >= 0:
                    place, start = found, start or number
                    cells[place] = match["value"] or ""
                elif line.strip() and start:
                    cells[place] += f"\n{line}"
                elif line.strip():
                    yield Row(number, error="it has no name, and no line before it has one")
        if start:
            yield Row(start, tuple(cells))
    except DAMAGE as error:
        yield Row(number + 1, error=f"it cannot be read beyond line {number:,}: {error}")
