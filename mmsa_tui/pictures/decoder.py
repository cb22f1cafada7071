"""Picture bytes to pixels: the only place where a picture is opened, whoever wants to see it.

Model, app, report, thumbnails, viewer and the check for damage all come in here, so that they
accept the same files and see the same picture: first frame, upright, on white. Part of the
transform whose version is in `model.preprocessing`: what ordinary pictures look like must not change.

Knows bytes and pixels; no file, no torch. Pillow is imported when the first picture comes.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from threading import Condition
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL.Image import Image, Transpose

    Pixels = npt.NDArray[np.uint8]

_LFS = b"version https://git-lfs.github.com/"
"""What Git keeps in place of a large file that was not fetched."""
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""As Pillow calls them; MPO opens as JPEG, and by its own name not at all. None of their decoders
starts a program, as that of EPS does."""
MAX_PIXELS = 120_000_000
"""No tweet's picture is larger."""
MAX_DECODING_BYTES = 640_000_000
"""A picture that would need more memory to be decoded is refused; see `_memory_needed`."""
TOGETHER_BYTES = 256_000_000
"""What all threads together may take for decoding; a picture that needs more is decoded alone."""

_STRIP_PIXELS = 2_000_000
_TURNED_WHOLE_PIXELS = 16_000_000
_ORIENTATION = 0x0112
_SWAPPING = ("TRANSPOSE", "ROTATE_270", "TRANSVERSE", "ROTATE_90")


class PictureError(ValueError):
    """The bytes are not a picture that can be used; the message says why, for a person."""


def fit_picture(data: bytes, side_px: int) -> Image:
    """Decode picture bytes to an upright RGB image whose longer side is `side_px` at most.

    Of a picture several times as large, blocks of pixels are averaged.

    Raises:
        PictureError: empty, cut short, not a picture, or too large.
    """
    from PIL.Image import Resampling

    opened = _open(data, side_px)
    width, height = opened.size
    scale = min(1.0, side_px / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    if opened.image.size == size:
        return opened.image
    return opened.image.resize(size, Resampling.BICUBIC, (0, 0, *opened.filled), reducing_gap=2.0)


def square_pixels(data: bytes, side_px: int) -> Pixels:
    """Decode picture bytes to [side, side, 3] uint8; the whole picture, its aspect not kept.

    A crop would lose the caption at a picture's edge, which is where tweets put it.

    Raises:
        PictureError: see `fit_picture`.
    """
    import numpy as np
    from PIL.Image import Resampling

    opened = _open(data, side_px)
    image = opened.image
    if image.size != (side_px, side_px):
        box = (0, 0, *opened.filled)
        image = image.resize((side_px, side_px), Resampling.BILINEAR, box, reducing_gap=2.0)
    return np.array(image, dtype=np.uint8)


def why_corrupt(data: bytes) -> str:
    """Say why bytes will not decode as a picture, "" when they will.

    JPEG is decoded at an eighth of its size, which finds a cut file as surely and costs less.
    """
    try:
        _open(data, 32)
    except PictureError as error:
        return str(error)
    return ""


@dataclass(frozen=True, slots=True)
class _Opened:
    """An upright RGB image, perhaps reduced.

    `filled` is how much of its width and height is picture: the last block of a reduction may hold
    a part only. `size` is the picture's before the reduction.
    """

    image: Image
    filled: tuple[float, float]
    size: tuple[int, int]


def _open(data: bytes, target_px: int) -> _Opened:
    from PIL import Image as PillowImage
    from PIL import UnidentifiedImageError

    if not data:
        raise PictureError("the file is empty")
    if data.startswith(_LFS):
        raise PictureError("a pointer of Git LFS, not the picture: run git lfs pull in its repository")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with PillowImage.open(io.BytesIO(data), formats=FORMATS) as image:
                n_pixels = image.width * image.height
                # Twice the target is the size at which `draft` still saves work (it halves at a time).
                image.draft("RGB", (target_px, target_px))
                needed = _memory_needed(image, n_pixels, data)
                if n_pixels > MAX_PIXELS or needed > MAX_DECODING_BYTES:
                    raise PictureError(f"{image.width}x{image.height} pixels is too large to decode")
                with _memory.held(needed):
                    _give_back_large_blocks()
                    image.load()
                    return _upright_rgb(image, target_px)
    except PictureError:
        raise
    except UnidentifiedImageError as error:
        raise PictureError("not a picture in a known format") from error
    except PillowImage.DecompressionBombError as error:
        raise PictureError("too large to decode") from error
    except Exception as error:
        # Pillow's plugins raise nearly anything on damaged files, zlib.error and struct.error too; a
        # picture must never end a run.
        raise PictureError(f"cannot be decoded: {str(error) or type(error).__name__}") from error


def _memory_needed(image: Image, n_pixels: int, data: bytes) -> int:
    """Estimate the bytes that decoding takes at its peak, before a pixel is decoded.

    Args:
        image: opened, and drafted.
        n_pixels: of the whole picture.
    """
    # Pillow keeps one or two bytes a pixel for these, four for all others.
    wide = 1 if image.mode in ("1", "L", "P") else 2 if image.mode.startswith("I;16") else 4
    kept = image.width * image.height * wide
    if image.format in ("JPEG", "MPO") and data.count(b"\xff\xda") > 1:
        # In several scans, as progressive ones are: all coefficients are kept, two bytes each.
        layers: Any = getattr(image, "layer", None) or [(0, 1, 1, 0)]
        most = max(h * v for _, h, v, _ in layers)
        return kept + int(2 * n_pixels * sum(h * v for _, h, v, _ in layers) / most)
    if image.format == "WEBP":
        # Two canvases and the frame lie beside the image.
        return kept * 4
    if image.format == "TIFF":
        # A strip may be as large as the picture; and Pillow sets it upright beside what it has loaded.
        return kept * (2 if image.getexif().get(_ORIENTATION, 1) == 1 else 3)
    return kept


_BLOCK_BYTES = 1 << 26


@cache
def _give_back_large_blocks() -> None:
    """Let Pillow take the memory of large pictures in blocks that go back to the system when freed.

    glibc keeps for each thread what was freed in blocks of under 32 MB; Pillow's own are 16 MB.
    """
    from PIL import _imaging

    _imaging.set_block_size(_BLOCK_BYTES)


class _Memory:
    """Memory for decoding, shared by all threads: one large picture at a time, or several small ones."""

    def __init__(self) -> None:
        self._forget()
        if hasattr(os, "register_at_fork"):
            # The threads that held some are not there in a child.
            os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._used = 0
        self._changed = Condition()

    @contextmanager
    def held(self, needed: int) -> Iterator[None]:
        """Wait until so many bytes may be taken; who is alone may take any number."""
        with self._changed:
            self._changed.wait_for(lambda: not self._used or self._used + needed <= TOGETHER_BYTES)
            self._used += needed
        try:
            yield
        finally:
            with self._changed:
                self._used -= needed
                self._changed.notify_all()


_memory = _Memory()


def _upright_rgb(image: Image, target_px: int) -> _Opened:
    scale = _scale(image)
    turn = _turn(image)
    if turn is not None and image.width * image.height <= _TURNED_WHOLE_PIXELS:
        image, turn = image.transpose(turn), None
    # The blocks that `Image.resize` with a reducing gap of 2 would average after conversion.
    width, height = image.size
    x, y = (max(1, int(side / target_px / 2)) for side in (width, height))
    rgb = _reduced_rgb(image, (x, y), scale)
    if turn is None:
        return _Opened(rgb, (width / x, height / y), (width, height))
    # Blocks that are not full would come to lie at the left or at the top.
    rgb = rgb.crop((0, 0, max(1, width // x), max(1, height // y))).transpose(turn)
    size = (height, width) if turn.name in _SWAPPING else (width, height)
    return _Opened(rgb, (float(rgb.width), float(rgb.height)), size)


def _turn(image: Image) -> Transpose | None:
    """Return what sets a picture upright, by its EXIF or XMP; None where it is so."""
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return turns.get(image.getexif().get(_ORIENTATION, 1))


def _reduced_rgb(image: Image, factors: tuple[int, int], scale: float | None) -> Image:
    """Convert to RGB on white and average blocks of so many pixels.

    A large picture goes strip by strip: beside what was decoded there is never a second one.
    """
    from PIL import Image as PillowImage

    if image.mode == "RGB" and "transparency" not in image.info:
        return image.reduce(factors)
    if image.width * image.height <= _STRIP_PIXELS:
        rgb = _to_rgb(image, scale)
        return rgb.reduce(factors) if factors != (1, 1) else rgb
    x, y = factors
    rows = max(1, _STRIP_PIXELS // image.width // y) * y
    small = PillowImage.new("RGB", (-(-image.width // x), -(-image.height // y)))
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(image.height, top + rows)))
        small.paste(_to_rgb(strip, scale).reduce(factors), (0, top // y))
    return small


def _scale(image: Image) -> float | None:
    """Return what pixels of more than 8 bits are multiplied with; None where there are none such.

    The scale is that of the format and never of the brightest pixel: a dark picture is dark.
    """
    if image.mode.startswith("I;16"):
        return 1 / 256
    if image.mode == "I":
        # 32 bits, of which few programs use more than 16.
        return 1 / 256 if _brightest(image) < 65_536 else 1 / 2**23
    if image.mode == "F":
        top = _brightest(image)
        return 255.0 if top <= 1 else 1.0 if top < 256 else 1 / 256
    return None


def _brightest(image: Image) -> float:
    extrema: Any = image.getextrema()
    return float(extrema[1])


def _to_rgb(image: Image, scale: float | None) -> Image:
    import numpy as np
    from PIL import Image as PillowImage

    if scale is not None:
        values = np.nan_to_num(np.asarray(image, dtype=np.float32) * np.float32(scale))
        return PillowImage.fromarray(values.clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = PillowImage.new("RGBA", rgba.size, (255, 255, 255, 255))
        return PillowImage.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")
