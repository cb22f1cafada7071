"""Posts of every kind that breaks programs, through the shipped bundle: one row each, always."""

from __future__ import annotations

import csv
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from mmsa_tui import cli
from mmsa_tui.config import find_paths

pytestmark = [
    pytest.mark.bundle,
    pytest.mark.skipif(
        not any(find_paths().shipped_bundles.glob("mvsa-*/meta.json")),
        reason="the shipped bundles are not in this checkout",
    ),
]

GOOD_TEXT = b"what a lovely day at the harbour"


def huge_png() -> bytes:
    """A valid PNG of 20,000 x 20,000 black pixels in 40 kB."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    side = 20_000
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = bytes(1 + side // 8)
    pixels = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def make_posts(folder: Path) -> dict[str, str]:
    """Write the posts as pairs of files; returns the status that each must get."""
    red = Image.new("RGB", (640, 480), "red")
    expected = {}

    def post(name: str, text: bytes | None, status: str) -> Path:
        if text is not None:
            (folder / f"{name}.txt").write_bytes(text)
        expected[name] = status
        return folder / f"{name}.jpg"

    red.save(folder / "whole.jpg", "JPEG")
    jpeg = (folder / "whole.jpg").read_bytes()
    post("whole", GOOD_TEXT, "ok")
    post("truncated", GOOD_TEXT, "text_only").write_bytes(jpeg[: len(jpeg) // 3])
    post("zero-bytes", GOOD_TEXT, "text_only").touch()
    post("no-picture", GOOD_TEXT, "text_only").write_bytes(b"<html>404 not found</html>" * 50)
    post("huge", GOOD_TEXT, "text_only").write_bytes(huge_png())
    red.convert("CMYK").save(post("cmyk", GOOD_TEXT, "ok"), "JPEG")
    red.convert("P").save(post("palette", GOOD_TEXT, "ok"), "PNG")
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue", "green")]
    frames[0].save(post("animated", GOOD_TEXT, "ok"), "GIF", save_all=True, append_images=frames[1:])
    exif = Image.Exif()
    exif[0x0112] = 6
    red.save(post("rotated", GOOD_TEXT, "ok"), "JPEG", exif=exif)
    red.save(post("picture-alone", None, "image_only"), "JPEG")
    post("broken-picture-alone", None, "failed").write_bytes(b"nothing")
    post("empty-text", b"", "failed")
    post("long-text", b"harbour " * 1250, "text_only")
    post("undecodable-text", b"\xff\xfe\x81\xff" * 20 + b"\x81", "failed")
    post("only-links", b"https://t.co/abc http://example.org/x", "failed")
    post("control-characters", b"\x1b[2J\x07 lovely \x00 day", "text_only")
    return expected


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], list[dict[str, str]]]:
    folder = tmp_path_factory.mktemp("hostile")
    posts = folder / "posts"
    posts.mkdir()
    expected = make_posts(posts)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MMSA_HOME", str(folder / "home"))
        patched.setenv("MMSA_BUNDLE", "mvsa")
        assert cli.run(["classify", str(posts), "-o", str(folder / "out.csv"), "--device", "cpu"]) == 0
    with (folder / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        return expected, list(csv.DictReader(file))


def test_every_post_has_exactly_one_row(outcome: tuple[dict[str, str], list[dict[str, str]]]) -> None:
    expected, rows = outcome
    assert sorted(row["post_id"] for row in rows) == sorted(expected)


def test_each_is_judged_by_what_can_be_used(outcome: tuple[dict[str, str], list[dict[str, str]]]) -> None:
    expected, rows = outcome
    assert {row["post_id"]: row["status"] for row in rows} == expected


def test_a_row_without_a_label_says_why(outcome: tuple[dict[str, str], list[dict[str, str]]]) -> None:
    _, rows = outcome
    assert all(row["label"] or row["error"] for row in rows)
