"""Saved views as the filter line offers them, and what it says when they change."""

from __future__ import annotations

from pathlib import Path

from mmsa_tui.display import safe_line
from mmsa_tui.errors import MmsaError
from mmsa_tui.tui.widgets.offer_list import Offer
from mmsa_tui.views import View, read_views, remove_view, save_view


def offered_views(file: Path | None, typed: str) -> list[Offer]:
    """Offer the views whose name begins with what is typed; a damaged file offers none."""
    begun = typed.strip().casefold()
    try:
        views = read_views(file) if file is not None else []
    except MmsaError:
        return []
    return [
        Offer(f"★ {view.name}", view.filter, view.filter, len(view.filter), view.name)
        for view in views
        if view.name.casefold().startswith(begun)
    ]


def save_as_view(file: Path, name: str, filter_text: str) -> str:
    """Save a view; returns what to say about it.

    Raises:
        ConfigError, OutputError: see `save_view`.
    """
    save_view(file, View(name, filter_text))
    return f"View {safe_line(name, 60)} is saved; an empty filter offers it."


def forget_view(file: Path, name: str) -> str:
    """Remove a view; returns what to say about it.

    Raises:
        ConfigError, OutputError: see `remove_view`.
    """
    remove_view(file, name)
    return f"View {safe_line(name, 60)} is removed."
