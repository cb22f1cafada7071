"""The one list of formats. A format is one module with a `READER`, and one line here.

Reader modules are imported when a source is looked at, not before.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from mmsa_tui.errors import UsageError
from mmsa_tui.sources.base import Reader


@dataclass(frozen=True, slots=True)
class Format:
    """A format by the word for `--format`, and the module that reads it.

    `takes_encoding`: whether it consists of text that does not say in what encoding it is.
    """

    name: str
    module: str
    takes_encoding: bool = False

    def reader(self) -> Reader:
        """Import the module and return its reader."""
        return cast(Reader, importlib.import_module(f"mmsa_tui.sources.{self.module}").READER)


# In the order of detection: of two equal claims the earlier wins.
FORMATS: Mapping[str, Format] = {
    format.name: format
    for format in (
        Format("enriched", "enriched"),
        Format("mvsa", "mvsa", takes_encoding=True),
        Format("x-archive", "x_archive"),
        Format("gallery-dl", "gallery_dl"),
        Format("twarc", "twarc"),
        Format("snscrape", "snscrape"),
        Format("4cat", "fourcat", takes_encoding=True),
        Format("zeeschuimer", "zeeschuimer"),
        Format("bluesky", "bluesky"),
        Format("annotation", "annotation"),
        Format("pairs", "pairs", takes_encoding=True),
        Format("table", "table", takes_encoding=True),
    )
}


def reader(name: str) -> Reader:
    """Return the reader for a `--format` word.

    Raises:
        UsageError: there is no such format.
    """
    try:
        return FORMATS[name.lower()].reader()
    except KeyError:
        raise UsageError(f"There is no format {name!r}", f"Formats: {', '.join(FORMATS)}.") from None
