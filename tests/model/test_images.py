import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from mmsa_tui.model.preprocessing import SIZE_PX, decode, normalise
from mmsa_tui.pictures.decoder import PictureError, fit_picture


def encoded(image: Image.Image, format: str = "JPEG") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format)
    return buffer.getvalue()


def test_a_picture_becomes_bytes_of_the_model_size() -> None:
    pixels = decode(encoded(Image.new("RGB", (640, 480), (250, 10, 20))))
    assert pixels.shape == (3, SIZE_PX, SIZE_PX)
    assert pixels.dtype == np.uint8
    assert abs(int(pixels[0, 100, 100]) - 250) < 6


def test_normalised_pixels_run_from_minus_one_to_one() -> None:
    scaled = normalise(np.array([0, 255], np.uint8).reshape(1, 2, 1, 1))
    np.testing.assert_allclose(scaled.flatten(), [-1, 1], atol=1e-6)


@pytest.mark.parametrize("mode", ["CMYK", "L", "LA", "P", "RGBA", "1", "I;16"])
def test_every_colour_mode_is_read_as_rgb(mode: str) -> None:
    image = Image.new("L", (50, 40), 120)
    image = Image.fromarray(np.full((40, 50), 30_000, np.uint16)) if mode == "I;16" else image.convert(mode)
    data = encoded(image, "JPEG" if mode == "CMYK" else "PNG")
    assert fit_picture(data, 20).mode == "RGB"


def test_transparency_is_laid_on_white() -> None:
    assert fit_picture(encoded(Image.new("RGBA", (9, 9), (0, 0, 0, 0)), "PNG"), 9).getpixel((4, 4)) == (
        255,
        255,
        255,
    )


def test_a_rotated_photo_is_set_upright() -> None:
    image = Image.new("RGB", (80, 40))
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif)
    assert fit_picture(buffer.getvalue(), 20).size[1] > fit_picture(buffer.getvalue(), 20).size[0]


def test_the_first_frame_of_an_animation_is_used() -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    assert fit_picture(buffer.getvalue(), 20).getpixel((5, 5)) == (255, 0, 0)


def _huge_png() -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0"))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"<html>not found</html>", "not a picture"),
        (encoded(Image.new("RGB", (300, 300), "green"))[:700], "cannot be decoded"),
        (_huge_png(), "too large"),
    ],
    ids=["zero bytes", "html", "truncated", "20,000 x 20,000"],
)
def test_a_bad_picture_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(PictureError, match=reason):
        decode(data)
