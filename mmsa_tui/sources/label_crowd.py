"""Tables of crowds: what MTurk and Toloka put into the columns of an answer. Knows columns, no words.

`Input.text` and `INPUT:text` are of the post, `Answer.…` and `OUTPUT:…` of the worker; all others are of the
task: its title, its reward, when it was given out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mmsa_tui.sources.columns import parse_name, spell
from mmsa_tui.sources.files.cells import parse_cell

_INPUTS = ("input.", "input:")
_ANSWERS = ("answer.", "output:")
_OF_TASK = frozenset(("hitid", "assignmentid", "assignmentassignmentid", "assignmentworkerid", "workerid"))
_STATES = frozenset(("assignmentstatus", "status"))
_LABEL_WORDS = ("label", "sentiment", "polarity", "result", "answer", "category", "class")


def is_crowd(columns: Sequence[str]) -> bool:
    """Whether each row is what one worker said of a post."""
    # What is put together of all workers has no column of the task.
    return bool(inputs(columns)) and (bool(answers(columns)) or not _OF_TASK.isdisjoint(map(spell, columns)))


def inputs(columns: Sequence[str]) -> list[str]:
    """Return the columns that tell of the post."""
    return [name for name in columns if name.casefold().startswith(_INPUTS)]


def answers(columns: Sequence[str]) -> list[str]:
    """Return the columns of what the workers said, those that are called like a label first."""
    found = [name for name in columns if name.casefold().startswith(_ANSWERS)]
    return sorted(found, key=lambda name: not any(word in name.casefold() for word in _LABEL_WORDS))


def states(columns: Sequence[str]) -> list[str]:
    """Return the columns that say whether an answer was accepted."""
    return [name for name in columns if spell(name) in _STATES or parse_name(name).full == "assignmentstatus"]


def is_rejected(row: Mapping[str, str], columns: Sequence[str]) -> bool:
    """Whether who asked has refused the answer."""
    return any(row.get(name, "").strip().casefold() == "rejected" for name in columns)


def answer_of(row: Mapping[str, str], columns: Sequence[str]) -> str:
    """Return the label that a worker gave, "" for none or several.

    A column may hold it, or each label have a column of true and false, or all of it be JSON.

    Args:
        columns: as `answers` returns them.
    """
    cells = {name: row.get(name, "").strip() for name in columns}
    chosen = [name for name, cell in cells.items() if cell.casefold() == "true"]
    if chosen or any(cell.casefold() == "false" for cell in cells.values()):
        return _tail(chosen[0]) if len(chosen) == 1 else ""
    for cell in cells.values():
        if cell[:1] in ("{", "["):
            return _in_json(parse_cell(cell))
        if cell:
            return cell
    return ""


def _tail(column: str) -> str:
    return column.replace(":", ".").rpartition(".")[2]


def _in_json(value: object) -> str:
    """Return the one label in what MTurk keeps in `Answer.taskAnswers`."""
    if isinstance(value, list):
        found = [word for item in value if (word := _in_json(item))]
        return found[0] if len(found) == 1 else ""
    if not isinstance(value, dict):
        return value.strip() if isinstance(value, str) else ""
    if value and all(isinstance(flag, bool) for flag in value.values()):
        chosen = [str(name) for name, flag in value.items() if flag]
        return chosen[0] if len(chosen) == 1 else ""
    named = [value[name] for name in value if any(word in name.casefold() for word in _LABEL_WORDS)]
    return _in_json(named[0] if named else next(iter(value.values()), ""))
