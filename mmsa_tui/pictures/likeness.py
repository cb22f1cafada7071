"""What a picture looks like in 128 bits: the same when it is saved again at another quality.

Source: N. Krawetz's difference hash, along both directions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from mmsa_tui.pictures.decoder import PictureError, square_pixels
from mmsa_tui.records import Picture
from mmsa_tui.text.copies import LOOK, text_key

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Greys = npt.NDArray[np.float32]

PICTURE = "picture:"
"""What the key of a picture's bytes begins with."""

_SIDE_PX = 72
_CELLS = 8
_MIN_CONTRAST = 8
"""Differences of brightness below this are noise: a picture of a few such only has no look."""
_MIN_SIGNS = 16


def copy_keys(
    text: str, pictures: Iterable[Picture], read: Callable[[Picture], bytes] | None = None
) -> tuple[str, ...]:
    """List what a post has in common with its copies, for `text.copies.group_copies`: words, pictures, looks.

    Args:
        read: gives a picture's bytes; without it, looks are left out.
    """
    keys = [text_key(text)]
    for picture in pictures:
        if picture.digest:
            keys.append(PICTURE + picture.digest)
            if read is not None and (seen := _look_of(picture, read)):
                keys.append(LOOK + seen)
    return tuple(key for key in keys if key)


_looks: dict[str, str] = {}
_MAX_LOOKS = 100_000


def _look_of(picture: Picture, read: Callable[[Picture], bytes]) -> str:
    # By digest: what has been looked at once in this process need not be decoded again.
    if picture.digest not in _looks:
        if len(_looks) >= _MAX_LOOKS:
            _looks.clear()
        try:
            _looks[picture.digest] = look(read(picture))
        except OSError:
            return ""
    return _looks[picture.digest]


def look(data: bytes) -> str:
    """Describe picture bytes as 32 hex characters, "" where they do not decode or show too little."""
    import numpy as np

    try:
        pixels = square_pixels(data, _SIDE_PX)
    except PictureError:
        return ""
    grey = pixels.astype(np.float32) @ np.array((0.299, 0.587, 0.114), np.float32)
    columns = _means(grey, _CELLS, _CELLS + 1)
    rows = _means(grey, _CELLS + 1, _CELLS)
    steps = np.concatenate([np.diff(columns, axis=1).ravel(), np.diff(rows, axis=0).ravel()])
    if int((np.abs(steps) >= _MIN_CONTRAST).sum()) < _MIN_SIGNS:
        return ""
    # Above the noise: of two cells that are alike neither is the brighter.
    return np.packbits(steps > _MIN_CONTRAST / 2).tobytes().hex()


def _means(grey: Greys, n_rows: int, n_columns: int) -> Greys:
    """Average an image over a grid of cells that divide it evenly."""
    height, width = grey.shape
    return grey.reshape(n_rows, height // n_rows, n_columns, width // n_columns).mean(axis=(1, 3))
