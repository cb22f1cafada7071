"""Which formats there are: every module or folder of `sources.readers` is one.

Reader modules are imported when a source is looked at, not before.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from mmsa_tui.errors import UsageError
from mmsa_tui.sources import readers
from mmsa_tui.sources.base import Reader


@cache
def formats() -> Mapping[str, Reader]:
    """Return the readers by the word for `--format`, in its alphabetical order."""
    found: list[Reader] = [
        importlib.import_module(f"{readers.__name__}.{module.name}").READER
        for module in pkgutil.iter_modules(readers.__path__)
    ]
    return {reader.name: reader for reader in sorted(found, key=lambda reader: reader.name)}


def reader(name: str) -> Reader:
    """Return the reader for a `--format` word.

    Raises:
        UsageError: there is no such format.
    """
    try:
        return formats()[name.lower()]
    except KeyError:
        raise UsageError(f"There is no format {name!r}", f"Formats: {', '.join(formats())}.") from None
