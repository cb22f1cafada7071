"""Picture bytes to pixels: what any decoder may be handed, and what the image encoder sees.

Part of the transform whose version is in `preprocessing`.
"""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from PIL.Image import Image

SIZE_PX = 224
MAX_PIXELS = 120_000_000
"""Decoding more would cost over 400 MB; no tweet's picture is larger."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""As Pillow calls them; MPO opens as JPEG, and by its own name not at all."""


class PictureError(ValueError):
    """The bytes are not a picture that can be used; the message says why, for a person."""


def open_picture(data: bytes, target_px: int = SIZE_PX) -> Image:
    """Decode picture bytes to an upright RGB image at least `target_px` wide and high where possible.

    The first frame of an animation is used, transparency is laid on white, EXIF rotation is applied.

    Raises:
        PictureError: empty, cut short, not a picture, or larger than `MAX_PIXELS`.
    """
    from PIL import Image as PillowImage
    from PIL import ImageOps, UnidentifiedImageError

    if not data:
        raise PictureError("the file is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = PillowImage.open(io.BytesIO(data), formats=FORMATS)
            if image.width * image.height > MAX_PIXELS:
                raise PictureError(f"{image.width}x{image.height} pixels is too large to decode")
            # Twice the target is the size at which `draft` still saves work (it halves at a time).
            image.draft("RGB", (target_px, target_px))
            image.load()
            return _to_rgb(ImageOps.exif_transpose(image))
    except PictureError:
        raise
    except UnidentifiedImageError as error:
        raise PictureError("not a picture in a known format") from error
    except PillowImage.DecompressionBombError as error:
        raise PictureError("too large to decode") from error
    except (
        OSError,
        SyntaxError,
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        OverflowError,
        MemoryError,
        EOFError,
    ) as error:
        # Pillow's plugins raise all of these on damaged files.
        raise PictureError(f"cannot be decoded ({error})") from error
    except Exception as error:
        # zlib.error and struct.error derive from Exception directly; a picture must never end a run.
        raise PictureError(f"cannot be decoded ({type(error).__name__})") from error


def _to_rgb(image: Image) -> Image:
    from PIL import Image as PillowImage

    if image.mode == "RGB":
        return image
    if image.mode in ("I;16", "I;16B", "I", "F"):
        array = np.asarray(image, dtype=np.float32)
        top = float(array.max()) or 1.0
        return PillowImage.fromarray((array / top * 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = PillowImage.new("RGBA", rgba.size, (255, 255, 255, 255))
        return PillowImage.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")


def decode(data: bytes) -> Tensor:
    """Decode picture bytes to [3, 224, 224] uint8; the whole picture, its aspect not kept.

    A crop would lose the caption at a picture's edge, which is where tweets put it.

    Raises:
        PictureError: see `open_picture`.
    """
    from PIL import Image as PillowImage

    image = open_picture(data)
    if image.size != (SIZE_PX, SIZE_PX):
        image = image.resize((SIZE_PX, SIZE_PX), PillowImage.Resampling.BILINEAR, reducing_gap=2.0)
    return torch.from_numpy(np.array(image, dtype=np.uint8)).permute(2, 0, 1).contiguous()


def normalise(pixels: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """Scale uint8 pixels [B, 3, 224, 224] to -1..1, channels last: MobileNetV2's own normalisation."""
    scaled = pixels.to(dtype).mul_(1 / 127.5).sub_(1.0)
    return scaled.contiguous(memory_format=torch.channels_last)
