"""JSON and TOML of other hands to values of a known shape, or one error that says why not.

Everything that comes from a file, a database cell or another process goes through here before anything
relies on it. What a hostile file does to a parser (nesting without end, numbers of 5,000 digits, halves
of characters, NaN) ends as `DecodingError`, never as an error of the parser's own. Callers say which
object it was and what to do next. msgspec checks the shape: it loads in 20 ms, a third of what the
alternatives take, and `mmsa --help` pays it too.
"""

from __future__ import annotations

import json
import math
import tomllib
from typing import Annotated, Any, Literal, NoReturn, TypeVar

import msgspec

MAX_DEPTH = 64
"""Lists in lists; no file of ours has more than ten, and a thousand break whoever walks through them."""

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
"""A probability or a score."""
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
"""How many; as large as any program reads back."""

_T = TypeVar("_T")

_MAX_BITS = 1000
"""A larger number is no float, and Python refuses to print one of 5,000 digits."""


class DecodingError(ValueError):
    """It is not what it should be; the message is the end of a sentence about it."""


class Tagged(msgspec.Struct, frozen=True, tag=True, tag_field="type", forbid_unknown_fields=True):
    """A record that is told from others by its `type` when it goes from process to process."""


def from_json(data: bytes | str, kind: type[_T], *, surrogates: Literal["refuse", "keep"] = "refuse") -> _T:
    """Read JSON text and check its shape.

    Args:
        kind: what it should be: any type that msgspec knows, such as a dataclass or `dict[str, str]`.
        surrogates: keep halves of characters where file names may have them, between our own processes.

    Raises:
        DecodingError: it is no JSON, too deep, or of another shape.
    """
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
        value = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise DecodingError("it is nested too deeply") from error
    except ValueError as error:
        raise DecodingError(_shorten(error)) from error
    return to_kind(value, kind, surrogates=surrogates)


def to_line(record: msgspec.Struct) -> bytes:
    """Write a record for another process, as one line of JSON."""
    # By the standard library: file names that are no text have halves of characters, which only it keeps.
    # Whatever msgspec does not know is a number of numpy's.
    return json.dumps(msgspec.to_builtins(record, enc_hook=float)).encode("ascii") + b"\n"


def from_toml(data: bytes | str) -> dict[str, Any]:
    """Read a table of TOML.

    Raises:
        DecodingError: it is no TOML, or too deep.
    """
    try:
        table = tomllib.loads(data.decode("utf-8-sig") if isinstance(data, bytes) else data)
    except RecursionError as error:
        raise DecodingError("it is nested too deeply") from error
    except ValueError as error:
        raise DecodingError(_shorten(error)) from error
    _check(table, "keep", MAX_DEPTH)
    return table


def to_kind(value: object, kind: type[_T], *, surrogates: Literal["refuse", "keep"] = "refuse") -> _T:
    """Check the shape of what was parsed already, and build what it stands for.

    Raises:
        DecodingError: it is too deep, or of another shape; says where.
    """
    _check(value, surrogates, MAX_DEPTH)
    try:
        return msgspec.convert(value, kind)
    except (ValueError, OverflowError, RecursionError) as error:
        raise DecodingError(_shorten(error)) from error


def _check(value: object, surrogates: str, depth: int) -> None:
    if isinstance(value, str):
        if surrogates == "refuse" and not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value):
            raise DecodingError("it holds half a character (a lone surrogate)")
    elif isinstance(value, dict | list):
        if not depth:
            raise DecodingError("it is nested too deeply")
        if isinstance(value, dict):
            for key in value:
                _check(key, surrogates, depth)
        for item in value.values() if isinstance(value, dict) else value:
            _check(item, surrogates, depth - 1)
    elif isinstance(value, float) and not math.isfinite(value):
        raise DecodingError("it holds a number that is too large or none at all")
    elif isinstance(value, int) and value.bit_length() > _MAX_BITS:
        raise DecodingError("it holds a number of hundreds of digits")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _shorten(error: Exception) -> str:
    reason = str(error)
    if "integer string conversion" in reason:
        return "it holds a number of thousands of digits"
    reason = reason.replace("`$.", "`").replace(" - at `$`", "")
    return f"{reason[:1].lower()}{reason[1:200]}"
