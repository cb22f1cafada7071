"""Hand a picture to the system's viewer.

A source is a stranger's: only bytes that are a picture are opened, under a name that says so, and
no shell is asked.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mmsa_tui.pictures.decoder import PictureError, why_corrupt
from mmsa_tui.pictures.finder import HEAD_BYTES, kind_of
from mmsa_tui.records import Picture, hash_bytes

_SUFFIXES = {
    "jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "png": (".png",),
    "gif": (".gif",),
    "bmp": (".bmp",),
    "tiff": (".tif", ".tiff"),
    "webp": (".webp",),
}
"""The names under which a system knows each kind, the usual one first."""


class NoViewerError(Exception):
    """The system has no viewer; the message says where the picture is."""


def open_in_viewer(picture: Picture, cache_dir: Path, read: Callable[[Picture], bytes]) -> Path:
    """Open a picture in the system's viewer; blocks while the picture is read and decoded.

    Returns:
        The file that was opened: the source's own, or a copy if that is in an archive or has a
        name that the system might take for something else.

    Raises:
        PictureError: it is missing, or is no picture.
        NoViewerError: there is no screen or no program to show it.
    """
    path = place(picture, cache_dir, read)
    _launch(path)
    return path


def place(picture: Picture, cache_dir: Path, read: Callable[[Picture], bytes]) -> Path:
    """Find or make a file of the picture that is safe to open.

    Raises:
        PictureError: see `open_in_viewer`.
    """
    if picture.path is None:
        raise PictureError("picture is not in the source")
    try:
        # Links are followed now: what is judged is the file that the viewer will open.
        own = picture.path.resolve(strict=True)
        data = read(replace(picture, path=own))
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PictureError(f"picture cannot be read: {reason}") from error
    problem = why_corrupt(data)
    if problem:
        raise PictureError(problem)
    suffixes = _SUFFIXES.get(kind_of(data[:HEAD_BYTES]), (".png",))
    if picture.member is None and own.suffix.lower() in suffixes:
        return own
    folder = cache_dir / "opened"
    copy = folder / (hash_bytes(data)[:16] + suffixes[0])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(data)
    except OSError as error:
        raise PictureError(f"picture cannot be copied to {folder}: {error.strerror}") from error
    return copy


def _launch(path: Path) -> None:
    if sys.platform == "win32":
        os.startfile(path)
        return
    if sys.platform == "darwin":
        command = "open"
    else:
        command = "xdg-open"
        if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            raise NoViewerError(f"There is no screen to open it on; the file is {path}")
    program = shutil.which(command)
    if program is None:
        raise NoViewerError(f"There is no {command} here; the file is {path}")
    subprocess.Popen(
        [program, str(path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
