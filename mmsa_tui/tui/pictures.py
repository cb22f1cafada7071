"""Pictures of posts, decoded off the event loop, kept small, and turned into coloured half blocks.

A picture that is missing or broken is a `PictureError` with words for the user; what a picture
looks like is the decoder's business.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from mmsa_tui.pictures.decoder import PictureError, fit_picture
from mmsa_tui.pictures.files import PictureFiles
from mmsa_tui.records import Picture
from mmsa_tui.tui.themes import AGAINST, FOR

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_SIDE_PX = 512
"""Longest side that is kept: more than a pane of half blocks shows, enough for a graphics terminal."""
MAX_KEPT = 48
"""Pictures kept, at most 0.8 MB each."""
GRID = 7
"""Regions of an explanation along each side of a picture."""

_FOR, _AGAINST = (tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5)) for colour in (FOR, AGAINST))


Key = tuple[Path | None, str | None, str]


class Pictures:
    """Decodes pictures on a thread of its own and keeps the last ones."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, Image | PictureError] = OrderedDict()
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pictures")
        self._files = PictureFiles()

    async def get(self, picture: Picture) -> Image:
        """Fetch a picture, at most `MAX_SIDE_PX` wide and high, RGB, upright.

        Raises:
            PictureError: it is missing or cannot be decoded.
        """
        key = (picture.path, picture.member, picture.digest)
        if key not in self._kept:
            found = await asyncio.get_running_loop().run_in_executor(self._executor, self._load, picture)
            self._kept[key] = found
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        found = self._kept[key]
        if isinstance(found, PictureError):
            raise found
        return found

    def read(self, picture: Picture) -> bytes:
        """Read the bytes as they are on disk; blocks.

        Raises:
            OSError: the picture is missing or unreadable.
        """
        return self._files.read(picture)

    async def draw(self, image: Image, columns: int, rows: int, regions: tuple[float, ...] | None) -> Blocks:
        """Draw a picture as half blocks that fit into so many cells."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, draw_blocks, image, columns, rows, regions)

    def close(self) -> None:
        self._executor.submit(self._files.close)
        self._executor.shutdown(wait=True)

    def _load(self, picture: Picture) -> Image | PictureError:
        if picture.is_missing:
            return PictureError("picture is not in the source")
        try:
            data = self._files.read(picture)
        except FileNotFoundError:
            return PictureError("picture is gone from the disk")
        except OSError as error:
            return PictureError(f"picture cannot be read: {error.strerror or error}")
        try:
            return fit_picture(data, MAX_SIDE_PX)
        except PictureError as error:
            return error


def fit_size(width_px: int, height_px: int, columns: int, rows: int) -> tuple[int, int]:
    """Scale a picture into cells that hold two square pixels each, one above the other.

    Returns:
        Width in cells, height in cells; at least 1 each. Small pictures grow, at most fourfold.
    """
    scale = min(columns / width_px, rows * 2 / height_px, 4.0)
    return (
        max(1, min(columns, round(width_px * scale))),
        max(1, min(rows, round(height_px * scale / 2))),
    )


Blocks = list[list[Segment]]
"""Lines of a picture; each is exactly as wide as the others."""


def draw_blocks(image: Image, columns: int, rows: int, regions: tuple[float, ...] | None = None) -> Blocks:
    """Draw a picture as half blocks, two pixels a cell, optionally under a heat map."""
    from PIL import Image as Pil

    width, height = fit_size(image.width, image.height, columns, rows)
    small = image.resize((width, height * 2), Pil.Resampling.LANCZOS, reducing_gap=3.0)
    if regions is not None:
        small = heat(small, regions)
    pixels = small.tobytes()
    lines = []
    for row in range(height):
        top, bottom = row * 2 * width * 3, (row * 2 + 1) * width * 3
        line = []
        for at in range(0, width * 3, 3):
            above = Color.from_rgb(*pixels[top + at : top + at + 3])
            below = Color.from_rgb(*pixels[bottom + at : bottom + at + 3])
            line.append(Segment("▀", Style(color=above, bgcolor=below)))
        lines.append(line)
    return lines


def heat(image: Image, regions: tuple[float, ...]) -> Image:
    """Lay a heat map on a picture: what counted stays bright, the rest turns dark and grey.

    The colours mean for the label and against it; brightness alone tells how much, for those who
    cannot tell the colours apart.

    Args:
        regions: `GRID` x `GRID` weights from -1 to 1, row by row.
    """
    from PIL import Image as Pil

    def spread(weights: list[float]) -> Image:
        grid = Pil.new("L", (GRID, GRID))
        grid.putdata([round(255 * min(1.0, max(0.0, weight))) for weight in weights])
        return grid.resize(image.size, Pil.Resampling.BICUBIC)

    strength = spread([abs(weight) for weight in regions])
    dark = image.convert("L").point(lambda value: value * 0.35).convert("RGB")
    lit = Pil.composite(image, dark, strength)
    for weights, tint in (
        (list(regions), _FOR),
        ([-weight for weight in regions], _AGAINST),
    ):
        mask = spread(weights).point(lambda value: value * 0.45)
        lit = Pil.composite(Pil.new("RGB", image.size, tint), lit, mask)
    return lit
