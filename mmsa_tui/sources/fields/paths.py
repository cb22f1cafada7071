"""Follows a path through nested JSON: `account.acct`, `media.0.url`, `attachments.*.url`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mmsa_tui.sources.fields.lookup import as_id, as_text

_MAX_VALUES = 100


def values(value: object, path: str) -> Iterator[Any]:
    """Yield what a path leads to: a name is a key, a number an element, `*` every element."""
    yield from _follow(value, path.split("."))


def _follow(value: object, steps: list[str]) -> Iterator[Any]:
    if not steps:
        if value is not None:
            yield value
        return
    step, rest = steps[0], steps[1:]
    if isinstance(value, dict):
        # A list of pictures may be a map from their ids to them.
        found = value.values() if step == "*" and step not in value else [value.get(step)]
        for inner in found:
            yield from _follow(inner, rest)
    elif isinstance(value, list):
        if step == "*":
            for inner in value[:_MAX_VALUES]:
                yield from _follow(inner, rest)
        elif step.removeprefix("-").isdigit() and -len(value) <= int(step) < len(value):
            yield from _follow(value[int(step)], rest)


def has(value: object, paths: str) -> bool:
    """Whether one of the paths, parted by spaces, leads to something; `type=message` to that word."""
    for path in paths.split():
        name, equals, word = path.partition("=")
        if any(not equals or as_text(found) == word for found in values(value, name)):
            return True
    return False


def first(value: object, paths: str) -> str:
    """Return the first text or number that one of the paths, parted by spaces, leads to, or ""."""
    return first_as(as_text, value, paths)


def first_id_at(value: object, paths: str) -> str:
    """Return the first id that one of the paths leads to, or ""; a rounded number is none."""
    return first_as(as_id, value, paths)


def first_as(kind: Callable[[object], str], value: object, paths: str) -> str:
    """Return the first of what the paths lead to that `kind` makes something of, or ""."""
    for path in paths.split():
        for found in values(value, path):
            if text := kind(found).strip():
                return text
    return ""
