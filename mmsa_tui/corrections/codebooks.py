"""A codebook on its way between laptops: beside corrections, beside an export, in a workbook.

A file of corrections names the codebook on each record and carries its definition once: as its first line,
or as the sheet `Codebook` of a workbook. A file without one is of the default codebook.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmsa_tui.codebook import Codebook, CodebookError, from_fields, keys_of_place, to_fields
from mmsa_tui.decoding import DecodingError, from_json, from_toml
from mmsa_tui.disk.safety import check_source
from mmsa_tui.errors import SourceError
from mmsa_tui.export.summary_sheet import TextTable
from mmsa_tui.sources.files.ndjson import read_entries
from mmsa_tui.sources.files.workbook import is_workbook, open_book
from mmsa_tui.store.study import codebook_of_file

DEFINITION = "codebook_definition"
"""The one field of a line that carries a codebook."""
SHEET = "Codebook"
_SHEET_COLUMNS = ("label", "key", "definition", "examples", "codebook", "title")

_SQLITE = b"SQLite format 3\0"
_MAX_BYTES = 4 << 20
_MAX_ROWS = 1000
"""Of a sheet that somebody else has filled."""


def to_json(codebook: Codebook) -> str:
    """Write a codebook as JSON; ASCII, in one line."""
    return json.dumps(to_fields(codebook))


def definition_line(codebook: Codebook) -> dict[str, Any]:
    """Describe a codebook as a line of a file of corrections."""
    return {DEFINITION: to_fields(codebook)}


def codebook_sheet(codebook: Codebook) -> TextTable:
    """Describe a codebook as a sheet of a workbook; examples are JSON text."""
    rows = [
        (
            label.name,
            label.key or keys_of_place(place),
            label.definition,
            json.dumps(label.examples, ensure_ascii=False) if label.examples else "",
            codebook.name,
            codebook.title,
        )
        for place, label in enumerate(codebook.labels, start=1)
    ]
    return TextTable(SHEET, _SHEET_COLUMNS, rows)


def read_definition(text: str, where: str) -> Codebook:
    """Undo `to_json`.

    Raises:
        CodebookError: it is none.
    """
    try:
        return from_fields(from_json(text, dict[str, Any]))
    except DecodingError as error:
        raise CodebookError(f"the codebook in {where} is damaged: {error}", "Get the file again.") from error


def read_codebook_file(path: Path) -> Codebook:
    """Read a codebook from its own file (.toml, .json), from corrections, a workbook or a store.

    Raises:
        SourceError: the file is missing or unreadable.
        CodebookError: it carries no codebook, or one that cannot be used.
    """
    check_source(path)
    if path.is_dir():
        raise SourceError(f"{path} is a folder", "Give the file of a codebook.")
    try:
        with path.open("rb") as file:
            head = file.read(16)
        if head.startswith(_SQLITE):
            name, definition = codebook_of_file(path)
            found = read_definition(definition, path.name) if name else None
        elif is_workbook(head):
            found = _from_sheet(path)
        elif path.suffix.lower() == ".toml":
            if path.stat().st_size > _MAX_BYTES:
                raise CodebookError(f"{path.name} is larger than {_MAX_BYTES >> 20} MB", "It is no codebook.")
            found = from_fields(from_toml(path.read_bytes()))
        else:
            found = _from_json_lines(path)
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read: {error.strerror or error}", "Copy it to this laptop and try again."
        ) from error
    except DecodingError as error:
        raise CodebookError(
            f"{path.name} is no codebook: {error}", "`mmsa codebook show -o FILE.toml` writes one."
        ) from error
    if found is None:
        raise CodebookError(
            f"{path.name} carries no codebook", "Only files made under a codebook other than the default do."
        )
    return found


def _from_json_lines(path: Path) -> Codebook | None:
    if path.stat().st_size <= _MAX_BYTES:
        try:
            fields = from_json(path.read_bytes(), dict[str, Any])
        except DecodingError:
            # Several lines are no one value.
            pass
        else:
            return from_fields(fields.get(DEFINITION, fields))
    for entry in read_entries(path):
        if entry.value is not None and DEFINITION in entry.value:
            definition = entry.value[DEFINITION]
            if isinstance(definition, Mapping):
                return from_fields(definition)
    return None


def _from_sheet(path: Path) -> Codebook | None:
    with open_book(path) as book:
        if SHEET not in book.sheets:
            return None
        rows = (cells for _, cells in book.rows(SHEET))
        names = [name.strip() for name in next(rows, ())]
        found = [dict(zip(names, row, strict=False)) for row, _ in zip(rows, range(_MAX_ROWS), strict=False)]
    if "label" not in names or "definition" not in names:
        return None
    found = [row for row in found if row.get("label", "").strip()]
    if not found:
        return None
    labels = []
    for place, row in enumerate(found, start=1):
        key = row.get("key", "").strip()
        labels.append(
            {
                "name": row["label"].strip(),
                "definition": row.get("definition", ""),
                "examples": _examples(row.get("examples", "")),
                "key": "" if key == keys_of_place(place) else key,
            }
        )
    fields = {
        "name": found[0].get("codebook", "").strip(),
        "title": found[0].get("title", ""),
        "labels": labels,
    }
    return from_fields(fields)


def _examples(cell: str) -> list[str]:
    """Read a cell of examples: JSON as written here, else one example a line as people type them."""
    try:
        return from_json(cell, list[str]) if cell.strip() else []
    except DecodingError:
        return [line.strip() for line in cell.splitlines() if line.strip()]
