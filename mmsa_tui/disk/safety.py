"""What a reader may touch on disk: nothing outside its source, and no device.

Knows paths, no format. Every name that comes out of data goes through `resolve_inside` before
anything is opened; names inside a zip file go through `archive.Archive`.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from mmsa_tui.errors import SourceError

MAX_DEPTH = 32
"""Folders nested deeper than this are left out."""
MAX_FILES = 2_000_000
"""Files beyond this many are left out: someone has pointed at a whole disk."""
DRIVE = re.compile(r"^[A-Za-z]:")
"""A path that Windows would start at a drive."""

_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{port}{digit}" for port in ("com", "lpt") for digit in range(1, 10)]
)


def ignore(note: object) -> None:
    """Take a remark about the source and do nothing with it."""


def check_source(source: Path) -> Path:
    """Return `source` if it is a regular file or a folder that can be read.

    Raises:
        SourceError: it is absent, a device, a pipe, or may not be read.
    """
    try:
        mode = source.stat().st_mode
    except (OSError, ValueError) as error:
        if isinstance(error, PermissionError):
            raise _unreadable(source) from error
        raise SourceError(
            f"There is no file or folder {source}", "Check the spelling of the path."
        ) from error
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise SourceError(
            f"{source} is a device or a pipe, not a file or a folder",
            "Save its content to a file and point at that.",
        )
    try:
        if stat.S_ISDIR(mode):
            os.scandir(source).close()
        else:
            source.open("rb").close()
    except OSError as error:
        raise _unreadable(source) from error
    return source


def _unreadable(source: Path) -> SourceError:
    return SourceError(f"{source} cannot be read", "Ask for permission to read it, or copy it.")


def resolve_inside(root: Path, name: str) -> Path | None:
    """Find the regular file that `name`, a path written in data, stands for inside `root`.

    Backslashes count as separators, for tables made on Windows. Links are followed and judged by
    where they end.

    Returns:
        A path inside `root`, or None when there is no such file or it lies outside.
    """
    name = name.strip().replace("\\", "/")
    if not name or "\0" in name or len(name) > 4096:
        return None
    if DRIVE.match(name) and os.name != "nt":
        return None
    if name.rsplit("/", 1)[-1].split(".", 1)[0].casefold() in _DEVICES:
        return None
    try:
        base = root.resolve()
        path = (base / name).resolve()
        if path.is_relative_to(base) and path.is_file():
            return path
    except (OSError, ValueError, RuntimeError):
        # A name too long for the file system, an unreadable folder, a loop of links.
        return None
    return None


def is_hidden(name: str) -> bool:
    """Whether a file or folder is the system's own (`.DS_Store`, `._1.jpg`, `__MACOSX`)."""
    return name.startswith(".") or name in ("__MACOSX", "Thumbs.db", "desktop.ini")


def walk(root: Path, note: Callable[[str], None] = ignore) -> Iterator[str]:
    """Yield the regular files below `root`, relative, with `/`, in no particular order.

    Hidden files, devices, links out of the source and links to folders are left out; so is what
    cannot be read. `note` is told how many.
    """
    base = root.resolve()
    pending = [("", 0)]
    seen = 0
    left_out = {"unreadable folders": 0, "links or devices": 0, "folders nested too deep": 0}
    while pending:
        folder, depth = pending.pop()
        try:
            with os.scandir(base / folder) as entries:
                for entry in entries:
                    if is_hidden(entry.name):
                        continue
                    relative = f"{folder}{entry.name}"
                    kind = _kind(base, entry)
                    if kind == "folder":
                        if depth >= MAX_DEPTH:
                            left_out["folders nested too deep"] += 1
                        else:
                            pending.append((relative + "/", depth + 1))
                    elif kind == "file":
                        seen += 1
                        if seen > MAX_FILES:
                            note(f"more than {MAX_FILES:,} files: the rest are left out")
                            return
                        yield relative
                    else:
                        left_out["links or devices"] += 1
        except OSError:
            left_out["unreadable folders"] += 1
    for what, count in left_out.items():
        if count:
            note(f"{what} left out: {count}")


def _kind(base: Path, entry: os.DirEntry[str]) -> str:
    """Tell `file`, `folder` or `other`; a link to a file counts where it ends inside `base`."""
    try:
        if entry.is_symlink():
            target = Path(entry.path).resolve()
            return "file" if target.is_relative_to(base) and target.is_file() else "other"
        if entry.is_dir(follow_symlinks=False):
            return "folder"
        return "file" if entry.is_file(follow_symlinks=False) else "other"
    except (OSError, RuntimeError):
        return "other"
