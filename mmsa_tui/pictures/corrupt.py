"""Whether the bytes of a picture decode."""

from __future__ import annotations

import io
import warnings

MAX_PIXELS = 120_000_000
"""As in `model.images`: what the predictor refuses is reported as corrupt."""
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""As in `model.images`."""


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
