"""Paths as people give them: typed with completion, or dropped onto the terminal."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from textual import events
from textual.suggester import Suggester
from textual.widgets import Input

MAX_ENTRIES = 5000
"""Entries of a folder that are looked at for a completion."""


def dropped_path(text: str) -> Path | None:
    """Find the path in what a terminal pastes when a file is dropped on it.

    Terminals quote it, put a backslash before each special character, or send a `file:` address;
    of several paths the first counts.

    Returns:
        An existing file or folder, or None if the text is something else.
    """
    text = text.strip().splitlines()[0].strip() if text.strip() else ""
    if not text or len(text) > 4096 or "\0" in text:
        return None
    for candidate in _readings(text):
        try:
            path = Path(candidate).expanduser()
            if path.is_absolute() and path.exists():
                return path
        except (OSError, ValueError, RuntimeError):
            continue
    return None


def _readings(text: str) -> list[str]:
    readings = [text]
    if text.startswith("file:"):
        # It brings the whole of http and ssl along, which the first paint should not wait for.
        from urllib.request import url2pathname

        readings.append(url2pathname(urlsplit(text).path))
        readings.append(unquote(urlsplit(text).path))
    if text[0] in "'\"":
        end = text.find(text[0], 1)
        if end > 0:
            readings.append(text[1:end])
    if os.sep == "/":
        readings.append(re.sub(r"\\(.)", r"\1", text))
    return readings


class PathSuggester(Suggester):
    """Completes a path to the first entry of its folder that begins so; folders before files."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        if not value.strip():
            return None
        return await asyncio.to_thread(complete, value)


def complete(value: str) -> str | None:
    """Complete a path by one name; None if nothing fits."""
    folder, separator, start = value.rpartition("/") if "/" in value else value.rpartition(os.sep)
    try:
        base = Path(folder + separator if separator else ".").expanduser()
        with os.scandir(base) as entries:
            found = [
                (not entry.is_dir(), entry.name)
                for entry, _ in zip(entries, range(MAX_ENTRIES), strict=False)
                if entry.name.startswith(start) and (start.startswith(".") or not entry.name.startswith("."))
            ]
    except (OSError, ValueError, RuntimeError):
        return None
    if not found:
        return None
    is_file, name = min(found)
    return folder + separator + name + ("" if is_file else "/")


class PathInput(Input):
    """Leaves a paste that is a whole path to whoever opens paths."""

    def _on_paste(self, event: events.Paste) -> None:
        if dropped_path(event.text) is not None:
            # Keeps Input from typing it in, and lets it bubble.
            event.prevent_default()
