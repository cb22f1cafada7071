"""Hand a picture to the system's viewer, or an address to its browser.

A source is a stranger's: only bytes that are a picture are opened, under a name that says so, only
addresses of the web, and no shell is asked.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from mmsa_tui.disk.private import make_private_folder
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

_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,252}[a-z0-9])?", re.IGNORECASE)
_MAX_ADDRESS = 2000


class NoViewerError(Exception):
    """The system has no viewer; the message says where the picture or the page is."""


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
    _launch(str(path), "file")
    return path


def open_in_browser(address: str) -> None:
    """Open an address of the web in the system's browser.

    Raises:
        NoViewerError: it is none, or there is no screen or no program to show it.
    """
    if not is_web_address(address):
        raise NoViewerError("That is no address of the web.")
    _launch(address, "address")


def is_web_address(text: str) -> bool:
    """Whether a text is an http or https address that a browser may be handed: no password, nothing odd."""
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and _HOST.fullmatch(host) is not None
        and "@" not in parts.netloc
        and len(text) <= _MAX_ADDRESS
        and text.isascii()
        and text.isprintable()
        and " " not in text
    )


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
        make_private_folder(folder)
        copy.write_bytes(data)
    except OSError as error:
        raise PictureError(f"picture cannot be copied to {folder}: {error.strerror}") from error
    return copy


def _launch(target: str, what: str) -> None:
    if sys.platform == "win32":
        os.startfile(target)
        return
    if sys.platform == "darwin":
        command = "open"
    else:
        command = "xdg-open"
        if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            raise NoViewerError(f"There is no screen to open it on; the {what} is {target}")
    program = shutil.which(command)
    if program is None:
        raise NoViewerError(f"There is no {command} here; the {what} is {target}")
    subprocess.Popen(
        [program, target],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
