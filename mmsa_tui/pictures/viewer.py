"""Hand a picture to the system's viewer.

A source is a stranger's: only bytes that are a picture are opened, under a name that says so, and
no shell is asked.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

from mmsa_tui.records import Picture, hash_bytes
from mmsa_tui.tui.pictures import PictureError, Pictures, decode

_SUFFIXES = {
    b"\xff\xd8\xff": ".jpg",
    b"\x89PNG": ".png",
    b"GIF8": ".gif",
    b"BM": ".bmp",
    b"II*\x00": ".tif",
    b"MM\x00*": ".tif",
}


class NoViewerError(Exception):
    """The system has no viewer; the message says where the picture is."""


async def open_picture(pictures: Pictures, picture: Picture, cache_dir: Path) -> Path:
    """Open a picture in the system's viewer.

    Returns:
        The file that was opened: the source's own, or a copy if that is in an archive or has a
        name that the system might take for something else.

    Raises:
        PictureError: it is missing, or is no picture.
        NoViewerError: there is no screen or no program to show it.
    """
    if picture.is_missing:
        raise PictureError("picture is not in the source")
    try:
        data = await pictures.read(picture)
    except OSError as error:
        raise PictureError(f"picture cannot be read: {error.strerror or error}") from error
    path = await asyncio.to_thread(_place, picture, data, cache_dir)
    await asyncio.to_thread(_launch, path)
    return path


def _place(picture: Picture, data: bytes, cache_dir: Path) -> Path:
    found = decode(data)
    if isinstance(found, PictureError):
        raise found
    suffix = _suffix(data)
    own = picture.path
    honest = (suffix, suffix.replace("jpg", "jpeg"), suffix + "f")
    if own is not None and picture.member is None and own.suffix.lower() in honest:
        return own.resolve()
    folder = cache_dir / "opened"
    copy = folder / (hash_bytes(data)[:16] + suffix)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(data)
    except OSError as error:
        raise PictureError(f"picture cannot be copied to {folder}: {error.strerror}") from error
    return copy


def _suffix(data: bytes) -> str:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ".webp"
    return next((suffix for magic, suffix in _SUFFIXES.items() if data.startswith(magic)), ".png")


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
