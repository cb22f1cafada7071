"""Many small files of JSON as one table: each is a row, and lies beside the picture that it is called like.

Downloaders write them: `7.jpg` and `7.json`, or `7.jpg.json`. Knows names and fields, not what they mean.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from mmsa_tui.pictures.finder import PICTURE_SUFFIXES, split_name
from mmsa_tui.sources.files.encodings import UndecodableError, decode
from mmsa_tui.sources.files.json_scan import Entry
from mmsa_tui.sources.files.table_rows import SAMPLE_ROWS, Layout, Record, Table
from mmsa_tui.sources.files.typed_rows import json_record

PICTURE = "image_file"
"""The column of the pictures that a file lies beside."""
SUFFIX = ".json"
_MAX_BYTES = 4 << 20
_NUMBERED = re.compile(r"(?P<stem>.+)[_-]\d{1,3}")


def pictures_beside(names: Iterable[str], sidecars: Sequence[str]) -> dict[str, list[str]]:
    """Return the pictures of each sidecar, by its name; `7_1.jpg` is of `7.json`, too."""
    found: dict[str, list[str]] = {name: [] for name in sidecars}
    by_key = {name.removesuffix(SUFFIX).casefold(): name for name in sidecars}
    for name in names:
        folder, stem, suffix = split_name(name)
        if suffix not in PICTURE_SUFFIXES:
            continue
        numbered = _NUMBERED.fullmatch(stem)
        keys = [name, folder + stem, folder + numbered["stem"] if numbered else ""]
        sidecar = next((by_key[key] for key in map(str.casefold, keys) if key in by_key), "")
        if sidecar:
            found[sidecar].append(name)
    return found


def open_json_files(source: Path, pictures: Mapping[str, Sequence[str]]) -> Table:
    """Open the files of a folder as one table.

    Args:
        pictures: the names of the files, relative to the folder, and the pictures beside each.
    """
    names = list(pictures)
    step = max(1, len(names) // SAMPLE_ROWS)
    sample = [_read(source, name, pictures[name]) for name in names[::step]]
    columns = dict.fromkeys(name for record in sample for name in record.values)

    def records(keep: Sequence[str]) -> Iterator[Record]:
        return (_read(source, name, pictures[name], set(keep)) for name in names)

    return Table("json", list(columns), sample, records, Layout(encoding="utf-8"), is_open=True)


def _read(source: Path, name: str, pictures: Sequence[str], wanted: set[str] | None = None) -> Record:
    reason, value = f"{name} is not a whole JSON record", None
    try:
        with (source / name).open("rb") as file:
            value = json.loads(decode(file.read(_MAX_BYTES)).text.lstrip("\ufeff"))
    except (UndecodableError, ValueError, RecursionError):
        pass
    except OSError as error:
        reason = f"{name} cannot be read: {error.strerror or error}"
    if not isinstance(value, dict):
        return Record(name, error=reason)
    stem = split_name(name.removesuffix(SUFFIX))
    key = stem[1] if stem[2] in PICTURE_SUFFIXES else name.removesuffix(SUFFIX).rpartition("/")[2]
    value = {**value, PICTURE: "\n".join(pictures)}
    return json_record(Entry(name, value, key=key), wanted or set())
