"""Look-ups in JSON of unknown shape: what a field should hold, or the empty value of that kind.

Files on disk are written by many tools and cut short by some; a field of the wrong type is an
absent field. Knows no format.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

Object: TypeAlias = Mapping[str, Any]
"""A JSON object; its values may be anything."""

_GONE = frozenset(
    ("[removed]", "[deleted]", "[deleted by user]", "[ Removed by Reddit ]", "Not Available", "Not available")
)
"""What sites and the data sets of SemEval put where a text is not to be had any more."""


def as_object(value: object) -> Object:
    """Return `value` if it is a JSON object, otherwise an empty one."""
    return value if isinstance(value, dict) else {}


def as_objects(value: object) -> Iterator[Object]:
    """Yield the objects of a JSON array, leaving out whatever else it holds."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def dig(value: object, *keys: str) -> Any:
    """Follow `keys` through nested objects; None as soon as one is missing."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def as_text(value: object) -> str:
    """Return a string as it is, a number in digits, otherwise ""."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, int):
        # An integer of thousands of digits is nobody's count, and str() refuses it.
        return str(value) if value.bit_length() <= 256 else ""
    if isinstance(value, float) and math.isfinite(value):
        return str(int(value)) if value.is_integer() and abs(value) < 1e18 else repr(value)
    return ""


def as_id(value: object) -> str:
    """Return an id as a string: "" for 0 and for what is not an id.

    Tools write 0 where there is nothing to refer to, and a number that passed through a float has
    lost its last digits and names another post.
    """
    if isinstance(value, float):
        return ""
    text = as_text(value).strip()
    return "" if text in {"0", "-1"} else text


def is_gone(text: str) -> bool:
    """Whether a site put this where a text was removed."""
    return text.strip() in _GONE


def first_text(*values: object) -> str:
    """Return the first value that is a non-empty text, otherwise ""."""
    return next((text for text in map(as_text, values) if text), "")


def first_id(*values: object) -> str:
    """Return the first value that is an id, otherwise ""."""
    return next((text for text in map(as_id, values) if text), "")
