"""Whoever opens a picture sees the same one, or the same refusal: model, app, report, workbook, viewer."""

from __future__ import annotations

import asyncio
import base64
import io
import re
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from export_rows import LABELS, predicted
from PIL import Image

from mmsa_tui.analysis import Counts, Examples, Survey, Timeline
from mmsa_tui.export.write import write
from mmsa_tui.pictures.decoder import PictureError, why_corrupt
from mmsa_tui.pictures.thumbnails import small_jpeg
from mmsa_tui.pictures.viewer import place
from mmsa_tui.records import Picture, Post
from mmsa_tui.report.content import About, Content
from mmsa_tui.report.page import compose
from mmsa_tui.store import Row
from mmsa_tui.tui.pictures import Pictures

Door = Callable[[Path], Image.Image | None]


def through_model(path: Path) -> Image.Image | None:
    from mmsa_tui.model.preprocessing import decode

    try:
        return Image.fromarray(decode(path.read_bytes()).transpose(1, 2, 0))
    except PictureError:
        return None


def through_app(path: Path) -> Image.Image | None:
    pictures = Pictures()
    try:
        return asyncio.run(pictures.get(Picture(path.name, path)))
    except PictureError:
        return None
    finally:
        pictures.close()


def through_thumbnail(path: Path) -> Image.Image | None:
    small = small_jpeg(Picture(path.name, path), 96)
    return Image.open(io.BytesIO(small)) if small else None


def row_with(path: Path) -> Row:
    post = Post("1", "a text", (Picture(path.name, path),), content_hash="b2:1")
    return Row(0, post, None, predicted().prediction, None)


def through_report(path: Path) -> Image.Image | None:
    shown = Examples({label: [] for label in LABELS}, [row_with(path)], [])
    survey = Survey(Timeline("day", (), 0), (), ())
    page = compose(Content(About("t"), LABELS, Counts(), survey, shown, Counter(), Counter()))
    found = re.search(r"data:image/jpeg;base64,([^\"]+)", page)
    return Image.open(io.BytesIO(base64.b64decode(found[1]))) if found else None


def through_workbook(path: Path) -> Image.Image | None:
    book = path.with_suffix(".xlsx")
    write([row_with(path)], book, LABELS, overwrite=True, source_columns=(), thumbnails=True)
    with ZipFile(book) as parts:
        names = [name for name in parts.namelist() if name.startswith("xl/media/")]
        return Image.open(io.BytesIO(parts.read(names[0]))) if names else None


DOORS: dict[str, Door] = {
    "model": through_model,
    "app": through_app,
    "thumbnail": through_thumbnail,
    "report": through_report,
    "workbook": through_workbook,
}


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    """The colours of the four quarters of a picture, clockwise from the top left."""
    small = np.asarray(image.convert("RGB").resize((80, 80)), dtype=float)
    middles = [small[20, 20], small[20, 60], small[60, 60], small[60, 20]]
    return [tuple(int(value) for value in middle) for middle in middles]


def quarters(mode: str, *colours: object) -> Image.Image:
    image = Image.new(mode, (120, 120))
    for colour, at in zip(colours, [(0, 0), (60, 0), (60, 60), (0, 60)], strict=True):
        image.paste(colour, (*at, at[0] + 60, at[1] + 60))  # type: ignore[arg-type]
    return image


RED, GREEN, BLUE, WHITE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)


def grey_16() -> Image.Image:
    values = np.zeros((120, 120), np.uint16)
    values[:60, :60], values[:60, 60:], values[60:, 60:] = 10_000, 30_000, 50_000
    return Image.fromarray(values)


def see_through_palette() -> Image.Image:
    image = quarters("P", 0, 1, 2, 3)
    image.putpalette([*RED, *GREEN, *BLUE, *BLACK])
    image.info["transparency"] = 3
    return image


def turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


PICTURES = {
    "16-bit grey": (grey_16, "png", {}, [(39,) * 3, (117,) * 3, (195,) * 3, BLACK]),
    "16-bit grey TIFF": (grey_16, "tiff", {}, [(39,) * 3, (117,) * 3, (195,) * 3, BLACK]),
    "grey of 0 to 1": (
        lambda: Image.fromarray(np.asarray(grey_16(), np.float32) / 65_535),
        "tiff",
        {},
        [(39,) * 3, (117,) * 3, (195,) * 3, BLACK],
    ),
    "CMYK": (
        lambda: quarters("CMYK", (0, 255, 255, 0), (255, 0, 255, 0), (255, 255, 0, 0), (0, 0, 0, 255)),
        "jpg",
        {"quality": 95},
        [RED, GREEN, BLUE, BLACK],
    ),
    "palette": (see_through_palette, "png", {}, [RED, GREEN, BLUE, WHITE]),
    "key colour": (
        lambda: quarters("RGB", RED, GREEN, BLUE, BLACK),
        "png",
        {"transparency": BLACK},
        [RED, GREEN, BLUE, WHITE],
    ),
    "half transparent": (
        lambda: quarters("RGBA", (*RED, 255), (*GREEN, 255), (*BLUE, 128), (0, 0, 0, 0)),
        "png",
        {},
        [RED, GREEN, (127, 127, 255), WHITE],
    ),
    "turned by EXIF": (
        lambda: quarters("RGB", RED, GREEN, BLUE, WHITE),
        "jpg",
        {"exif": turned(), "quality": 95},
        [WHITE, RED, GREEN, BLUE],
    ),
    "animated": (
        lambda: quarters("RGB", RED, GREEN, BLUE, WHITE),
        "gif",
        {"save_all": True, "append_images": [Image.new("RGB", (120, 120), BLACK)]},
        [RED, GREEN, BLUE, WHITE],
    ),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("kind", PICTURES)
def test_every_door_shows_the_same_picture(tmp_path: Path, kind: str, door: str) -> None:
    make, suffix, options, expected = PICTURES[kind]
    path = tmp_path / f"picture.{suffix}"
    make().save(path, **options)
    seen = DOORS[door](path)
    assert seen is not None
    for found, right in zip(corners(seen), expected, strict=True):
        assert np.abs(np.subtract(found, right)).max() <= 6, (corners(seen), expected)


LOOP = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\n{} loop\n%%EOF\n"


def psd() -> bytes:
    return b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 10, 10, 8, 3) + bytes(12) + bytes(2) + bytes(300)


STRANGERS = {
    "EPS": LOOP,
    "EPS with a preview": b"\xc5\xd0\xd3\xc6" + struct.pack("<7I", 32, len(LOOP), 0, 0, 0, 0, 0xFFFF) + LOOP,
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>',
    "PSD": psd(),
    "PDF": b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",
    "PPM": b"P6 4 4 255\n" + bytes(48),
}  # fmt: skip


@pytest.fixture
def no_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise AssertionError(f"a program is started: {args}")

    monkeypatch.setattr(subprocess, "Popen", refuse)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("kind", STRANGERS)
@pytest.mark.usefixtures("no_programs")
def test_what_is_no_bitmap_is_refused_by_every_door(tmp_path: Path, kind: str, door: str) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(STRANGERS[kind])
    assert DOORS[door](path) is None


@pytest.mark.parametrize("kind", STRANGERS)
@pytest.mark.usefixtures("no_programs")
def test_what_is_no_bitmap_is_corrupt_and_is_not_handed_to_a_viewer(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(STRANGERS[kind])
    assert why_corrupt(STRANGERS[kind]) == "not a picture in a known format"
    with pytest.raises(PictureError):
        place(Picture(path.name, path), tmp_path, Picture.read)


MEASURE = """
import re, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from mmsa_tui.pictures.decoder import square_pixels
data = Path(sys.argv[1]).read_bytes()
with ThreadPoolExecutor(3) as pool:
    list(pool.map(lambda _: square_pixels(data, 224), range(3)))
# What getrusage tells begins with what the parent had when it forked.
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted otherwise there")
@pytest.mark.parametrize(("mode", "most_mb"), [("RGBA", 144), ("LA", 144), ("I;16", 216)])
def test_large_pictures_are_not_converted_whole_nor_decoded_together(
    tmp_path: Path, mode: str, most_mb: int
) -> None:
    side = 6_000
    picture = tmp_path / "large.png"
    Image.new(mode, (side, side), 7 if mode == "I;16" else None).save(picture, compress_level=1)
    ran = subprocess.run([sys.executable, "-c", MEASURE, picture], capture_output=True, text=True, check=True)
    assert int(ran.stdout) < most_mb + 160
