"""Filters that an analyst has given a name, in a small JSON file beside the database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmsa_tui.decoding import DecodingError, from_json
from mmsa_tui.disk.whole_file import whole_file
from mmsa_tui.errors import ConfigError

MAX_VIEWS = 200


@dataclass(frozen=True, slots=True)
class View:
    """A filter with a name; names differ by more than case."""

    name: str
    filter: str


@dataclass(frozen=True, slots=True)
class _Saved:
    views: tuple[View, ...]


def read_views(path: Path) -> list[View]:
    """Read the saved views by name; none if there is no file yet.

    Raises:
        ConfigError: the file is damaged or cannot be read; it is left as it is.
    """
    try:
        views = from_json(path.read_bytes(), _Saved).views
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigError(
            f"the saved views in {path} cannot be read: {error.strerror or error}",
            "Give yourself access to the file.",
        ) from error
    except DecodingError as error:
        raise ConfigError(
            f"the saved views in {path} are damaged", "Repair the file, or move it away."
        ) from error
    return _sorted(views[:MAX_VIEWS])


def save_view(path: Path, view: View) -> list[View]:
    """Add a view, in place of one of the same name.

    Raises:
        ConfigError: the name is empty, there are too many views, or the file is damaged.
        OutputError: the file cannot be written.
    """
    view = View(" ".join(view.name.split()), view.filter.strip())
    if not view.name:
        raise ConfigError("a view needs a name", "Type one.")
    views = _without(read_views(path), view.name)
    if len(views) >= MAX_VIEWS:
        raise ConfigError(f"there are {MAX_VIEWS} views already", "Remove one first.")
    return _write(path, [*views, view])


def remove_view(path: Path, name: str) -> list[View]:
    """Remove a view; one that is not there is no error.

    Raises:
        ConfigError: the file is damaged.
        OutputError: the file cannot be written.
    """
    return _write(path, _without(read_views(path), name))


def _without(views: Sequence[View], name: str) -> list[View]:
    return [view for view in views if view.name.casefold() != name.casefold()]


def _sorted(views: Sequence[View]) -> list[View]:
    return sorted(views, key=lambda view: view.name.casefold())


def _write(path: Path, views: Sequence[View]) -> list[View]:
    ordered = _sorted(views)
    saved = {"views": [{"name": view.name, "filter": view.filter} for view in ordered]}
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path, overwrite=True) as part:
        part.write_text(json.dumps(saved, indent=1) + "\n", encoding="ascii")
    return ordered
