"""The bytes of pictures, and whether they decode."""

from __future__ import annotations

import io
import warnings
import zipfile
import zlib
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from mmsa_tui.errors import SourceError
from mmsa_tui.records import MAX_PICTURE_BYTES, Picture
from mmsa_tui.sources.archive import Archive

MAX_PIXELS = 120_000_000
"""As in `model.images`: what the predictor refuses is reported as corrupt."""
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""As in `model.images`."""

_OPEN_ARCHIVES = 8


class PictureFiles:
    """Reads pictures, and keeps archives open between them: their directory is costly to read.

    A context manager, for one thread.
    """

    def __init__(self) -> None:
        self._archives: dict[Path, Archive] = {}
        self._stack = ExitStack()

    def read(self, picture: Picture) -> bytes:
        """Read a picture's bytes, at most `MAX_PICTURE_BYTES`.

        Raises:
            OSError: it is missing, unreadable or larger.
        """
        if picture.path is None or picture.member is None:
            return picture.read()
        try:
            return self._open(picture.path).read(picture.member, MAX_PICTURE_BYTES)
        except (SourceError, zipfile.BadZipFile, zlib.error) as error:
            raise OSError(f"{picture.name} cannot be unpacked: {error}") from error

    def _open(self, path: Path) -> Archive:
        if path not in self._archives:
            if len(self._archives) >= _OPEN_ARCHIVES:
                self.close()
            self._archives[path] = self._stack.enter_context(Archive(path))
        return self._archives[path]

    def close(self) -> None:
        self._stack.close()
        self._archives.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def why_corrupt(data: bytes) -> str:
    """Say why bytes will not decode as a picture, "" when they will.

    JPEG is decoded at an eighth of its size, which finds a cut file as surely and costs less.
    """
    from PIL import Image, UnidentifiedImageError

    if not data:
        return "the file is empty"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    return f"{image.width}x{image.height} pixels is too large to decode"
                image.draft("RGB", (32, 32))
                image.load()
    except Image.DecompressionBombError:
        return "too large to decode"
    except UnidentifiedImageError:
        return "not a picture in a known format"
    except Exception as error:
        # Pillow's plugins raise nearly anything on damaged files, zlib.error and struct.error too.
        return f"cannot be decoded: {error or type(error).__name__}"
    return ""
