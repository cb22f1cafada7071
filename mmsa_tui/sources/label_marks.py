"""Labels in columns of their own, of which one is marked in each row: `negative`, `neutral`, `positive`.

Knows names of columns and marks; what a word means is known by `label_words`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mmsa_tui.sources.columns import parse_name, speaks_of_labels
from mmsa_tui.sources.files.cells import parse_cell
from mmsa_tui.sources.label_words import propose_map, spelled

_YES = frozenset(("1", "1.0", "x", "true", "yes", "y", "✓", "✔", "ja", "oui", "sí", "да"))
_NO = frozenset(("", "0", "0.0", "false", "no", "n", "-", "nan", "none", "nein", "non", "нет"))
_JOINTS = re.compile(r"[.:/]+")
_LEAST = 2
_LOOK_AT_COLUMNS, _LOOK_AT_ROWS = 60, 50


def label_columns(columns: Sequence[str]) -> dict[str, str]:
    """Return the columns that are called like a label, `positive` or `mood:::positive`, and that label."""
    tails = {name: spelled(_JOINTS.split(name)[-1]) for name in columns}
    known = propose_map(tails.values()).words
    found = {name: tail for name, tail in tails.items() if tail in known}
    return found if len({known[tail] for tail in found.values()}) >= _LEAST else {}


def are_marked(columns: Mapping[str, str], rows: Sequence[Mapping[str, str]]) -> bool:
    """Whether such columns hold marks and nothing else, and most rows have one."""
    cells = [row.get(name, "").strip().casefold() for row in rows for name in columns]
    if not columns or not cells or not all(cell in _YES or cell in _NO for cell in cells):
        return False
    return 2 * sum(bool(marked(columns, row)) for row in rows) > len(rows)


def marked(columns: Mapping[str, str], row: Mapping[str, str]) -> str:
    """Return the label whose column is marked in a row, "" for none or several."""
    found = [label for name, label in columns.items() if row.get(name, "").strip().casefold() in _YES]
    return found[0] if len(found) == 1 else ""


def lists_of_labels(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the columns of lists of records with a label in each: one for a person, or for an aspect."""
    found = []
    for column in columns[:_LOOK_AT_COLUMNS]:
        cells = [cell for row in rows[:_LOOK_AT_ROWS] if (cell := row.get(column, ""))[:2] == "[{"]
        lists = [value for value in map(parse_cell, cells) if isinstance(value, list) and value]
        keys = [set(items[0]) if isinstance(items[0], dict) else set[str]() for items in lists]
        if keys and all(any(speaks_of_labels(parse_name(key)) for key in of_one) for of_one in keys):
            found.append(column)
    return found
