"""Pictures that lie in the cells of a table: bytes alone, or with a name as in data sets of Hugging Face.

Knows values and places in a file of Parquet, Arrow or SQLite; a picture's bytes stay where they are and are
read when asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mmsa_tui.disk.parquet_pictures import BYTES_FIELDS, place_of
from mmsa_tui.disk.sqlite_pictures import column_of
from mmsa_tui.pictures.finder import HEAD_BYTES, PICTURE_SUFFIXES, kind_of, split_name
from mmsa_tui.pictures.media import file_name
from mmsa_tui.records import Picture, hash_bytes
from mmsa_tui.sources.columns import is_weak, parse_name, rank

MAX_PICTURES = 100
"""Pictures of one row; more come from a damaged file."""
_STRUCT_FIELDS = frozenset((*BYTES_FIELDS, "path"))


def holds_picture(value: object) -> bool:
    """Whether a cell is, or has as a field, the bytes of a picture."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else (value,)
    return any(
        bool(kind_of(part[:HEAD_BYTES])) if isinstance(part, bytes) else
        part is not value and isinstance(part, dict) and holds_picture(part)
        for part in parts
    )  # fmt: skip


def take_pictures(
    row: Mapping[str, object], path: Path, number: int, table: str = ""
) -> tuple[Mapping[str, object], tuple[Picture, ...]]:
    """Part a row of a file into what is not a picture, and its pictures in the order of the columns.

    Args:
        number: of the row, from 0.
        table: of a database, the table that it is a row of.
    """
    rest: dict[str, object] = {}
    found: list[Picture] = []
    for column, value in row.items():
        items = value if isinstance(value, list) else [value]
        kept: list[object] = []
        n_taken = 0
        for index, item in enumerate(items):
            taken = _read(item, column) if len(found) < MAX_PICTURES else None
            if taken is None:
                kept.append(item)
                continue
            data, name = taken
            n_taken += 1
            kept.append(name)
            shown = file_name(name) or f"{column} of row {number + 1:,}"
            place = place_of(number, index, column_of(table, column) if table else column)
            found.append(Picture(shown, path, place, digest=hash_bytes(data)))
        if not n_taken:
            rest[column] = value
        elif isinstance(value, dict):
            rest[column] = {key: part for key, part in value.items() if key not in BYTES_FIELDS}
        elif isinstance(value, list):
            rest[column] = kept
    return rest, tuple(found)


def _read(item: object, column: str) -> tuple[bytes, str] | None:
    """Return the bytes of a picture and its name, None for anything else, such as a sound."""
    if isinstance(item, dict):
        data = next((item[name] for name in BYTES_FIELDS if name in item), None)
        name = item.get("path")
        name = name if isinstance(name, str) else ""
        is_kept_so = item.keys() <= _STRUCT_FIELDS
    else:
        data, name, is_kept_so = item, "", False
    if not isinstance(data, bytes) or not data:
        return None
    # A picture that is damaged is one all the same, and is told when it is decoded.
    suffix = split_name(name)[2]
    is_called = suffix in PICTURE_SUFFIXES or (not suffix and _is_called_picture(column))
    return (data, name) if kind_of(data[:HEAD_BYTES]) or (is_kept_so and is_called) else None


def _is_called_picture(column: str) -> bool:
    name = parse_name(column)
    return rank("image", name) is not None and not is_weak("image", name)
