"""What a cell or a column of a table looks like: a number, a moment, an address, words.

Knows shapes, no names and no formats.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

_NUMBER = re.compile(r"[-+]?[\d.,]*\d(?:[eE][-+]?\d+)?%?")
_MOMENT = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:T\d|\b).*|\d{1,2}[-/.](?:\d{1,2}|[A-Za-z]{3,9})[-/.]\d{2,4}\b.*"
    r"|[A-Za-z]{3},? (?:[A-Za-z]{3,9}\.? \d{1,2}|\d{1,2} [A-Za-z]{3,9})\b.*\d.*"
    r"|[^\W\d_]{3,10}\.? \d{1,2},? \d{4}\b.*|\d{1,2}\.? (?:de )?[^\W\d_]{3,10}\.?(?: de)?,? \d{4}\b.*"
    r"|\d{4} ?[年년] ?\d{1,2} ?[月월].*|\d{4}\. \d{1,2}\. \d{1,2}\b.*"
    r"|\d{1,2}:\d\d(?::\d\d)?(?: ?[AaPp]\.?[Mm]\.?)?"
)
_DOTTED = re.compile(r"\d{1,2}\.\d{1,2}\.(?:\d{4}|\d\d)|\d{4}\.\d{1,2}\.\d{1,2}")
"""A day that would be a number but for its dots."""
_ADDRESS = re.compile(r"(?:https?|at|ftp)://\S+|www\.\S+", re.IGNORECASE)
_PICTURE = re.compile(
    r"\.(?:jpe?g|jfif|png|webp|gif|bmp|tiff?|avif|heic)\b|@(?:jpeg|png|webp)\b", re.IGNORECASE
)
_AVATAR = re.compile(
    r"//[^/]+/(?:[^?#]*/)?(?:profile_images|avatars?|profile_pics?|userpics?)/", re.IGNORECASE
)
"""The address of the picture of an account."""
_FORMAT = re.compile(r"[?&]format=(?:jpe?g|png|webp)\b")
_PICTURE_OBJECT = re.compile(r"""["']type["']: ?["'](?:photo|image)["']""", re.IGNORECASE)
_TOKEN = re.compile(r"(?=.*\d)(?=.*[^\W\d_])[\w.#-]+")
_MIN_TOKEN, _MAX_TOKEN = 5, 200
_WORDS = re.compile(r"[^\W\d_]{2,}")
# Scripts that are written without spaces: a few of these are as much as a word.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
NOTHING = frozenset(("", "nan", "none", "null", "n/a", "na", "[]", "{}", "nil", "-", "\\n", "无"))
"""What programs write into a cell that holds nothing, in lower case."""


_INLINE = re.compile(r"\s*(?:data:image/[\w.+-]+;base64,|[/_]9j[/_]|iVBORw0KGgo|R0lGOD|UklGR)")
_MIN_INLINE, _FEW = 200, 5
MAX_SHAPED = 2_100
"""Characters of the longest cell that has a shape: an address."""


_MAX_LITERAL = 200_000
_SIDE_BY_SIDE = re.compile(r"""((?<=[^\s,\[(])['"])\s+(['"](?=[^\s,\])]))""")


def parse_cell(cell: str) -> object:
    """Return what a cell means that holds JSON, or a value as Python writes it; None for anything else."""
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        pass
    # numpy shows lists without commas, and Python would make one word of two that stand side by side.
    cell = _SIDE_BY_SIDE.sub(r"\1, \2", cell)
    if len(cell) > _MAX_LITERAL:
        return None
    try:
        return ast.literal_eval(cell)
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        pass
    try:
        return json.loads(cell.replace("'", '"'))
    except (ValueError, RecursionError):
        return None


def count_records(cell: str) -> int:
    """Count the records in a cell that holds a list of them as JSON."""
    value = parse_cell(cell) if cell.startswith("[{") else None
    return sum(isinstance(item, dict) for item in value) if isinstance(value, list) else 0


def shape(cell: str) -> str:
    """Name what a cell plainly is: `number`, `moment`, `address`, or "" for anything else."""
    text = cell.strip()
    if len(text) > MAX_SHAPED or not text:
        return ""
    if _NUMBER.fullmatch(text):
        return "moment" if _DOTTED.fullmatch(text) else "number"
    if len(text) < 60 and _MOMENT.fullmatch(text):
        return "moment"
    return "address" if _ADDRESS.fullmatch(text) else ""


def is_token(cell: str) -> bool:
    """Whether a cell is one code of letters and digits, such as an id or a file: `ed00q6i`, `a1.jpg#0`."""
    text = cell.strip()
    return _MIN_TOKEN <= len(text) <= _MAX_TOKEN and _TOKEN.fullmatch(text) is not None and not shape(text)


def count_words(text: str) -> float:
    """Count the words of a text; a third of one for each sign of a script without spaces."""
    text = text[:2_000]
    return len(_WORDS.findall(text)) + len(_UNSPACED.findall(text)) / 3


@dataclass(frozen=True)
class Column:
    """The cells of one column in a sample of rows; what is measured is measured once."""

    cells: Sequence[str]

    @cached_property
    def filled(self) -> list[str]:
        """The cells that hold something."""
        return [cell for cell in self.cells if cell.strip().casefold() not in NOTHING]

    @cached_property
    def fill(self) -> float:
        """The share of cells that hold something."""
        return len(self.filled) / len(self.cells) if self.cells else 0.0

    @cached_property
    def distinct(self) -> int:
        return len({cell.strip() for cell in self.filled})

    @cached_property
    def words(self) -> float:
        """The mean number of words of a cell that holds something, addresses left out."""
        found = (count_words(_ADDRESS.sub(" ", cell[:4_000])) for cell in self.filled)
        return sum(found) / len(self.filled) if self.filled else 0.0

    @cached_property
    def length(self) -> float:
        """The mean number of characters of a cell that holds something."""
        return sum(map(len, self.filled)) / len(self.filled) if self.filled else 0.0

    @cached_property
    def shapes(self) -> Mapping[str, float]:
        """The share of the cells that hold something, by `shape`."""
        counts: dict[str, float] = {}
        for cell in self.filled:
            name = shape(cell)
            counts[name] = counts.get(name, 0.0) + 1 / len(self.filled)
        return counts

    @cached_property
    def shape(self) -> str:
        """The `shape` that nine in ten cells have, or ""."""
        return next((name for name, share in self.shapes.items() if name and share >= 0.9), "")

    @cached_property
    def pictures(self) -> float:
        """The share of the cells that hold something, that name a picture file or its address."""
        return _share(self.filled, names_picture)

    @cached_property
    def avatars(self) -> float:
        """The share of the cells that hold something, that name the picture of an account."""
        return _share(self.filled, lambda cell: _AVATAR.search(cell) is not None)

    @cached_property
    def is_structured(self) -> bool:
        """Whether most cells are JSON or the like."""
        return (
            _share(self.filled, lambda cell: cell.lstrip()[:1] in ("{", "[") and cell.rstrip()[-1:] in "}]")
            > 0.5
        )

    @cached_property
    def is_unique(self) -> bool:
        """Whether hardly any cell repeats another, and hardly any is empty."""
        return self.fill >= 0.9 and self.distinct >= 0.95 * len(self.filled)


def names_picture(cell: str) -> bool:
    """Whether a cell names a picture file, or an address that plainly is one of a picture."""
    return bool(_PICTURE.search(cell) or _FORMAT.search(cell) or _PICTURE_OBJECT.search(cell))


def holds_bytes_as_text(cells: Iterable[str]) -> bool:
    """Whether the first cells that hold something hold the bytes of a picture, written in base64."""
    filled = islice((cell for cell in cells if cell.strip()), _FEW)
    found = [_INLINE.match(cell) is not None and len(cell) > _MIN_INLINE for cell in filled]
    return bool(found) and all(found)


def _share(cells: Sequence[str], holds: Callable[[str], bool]) -> float:
    return sum(map(holds, cells)) / len(cells) if cells else 0.0
