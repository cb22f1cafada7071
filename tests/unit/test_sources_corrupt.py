"""Which pictures and files count as damaged."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
from PIL import Image
from source_files import picture_bytes

from mmsa_tui.pictures.decoder import why_corrupt
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import read


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
def test_a_whole_picture_is_not_corrupt(kind: str) -> None:
    assert why_corrupt(picture_bytes(kind)) == ""


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP"])
def test_a_picture_that_is_cut_is_corrupt(kind: str) -> None:
    data = picture_bytes(kind)
    assert why_corrupt(data[: len(data) // 2]).startswith("cannot be decoded")


def test_empty_bytes_text_and_giants_are_corrupt() -> None:
    giant = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(giant, "PNG")
    reasons = [why_corrupt(data) for data in (b"", b"hello", giant.getvalue())]
    assert reasons == [
        "the file is empty",
        "not a picture in a known format",
        "too large to decode",
    ]


@pytest.mark.parametrize("format", ["twarc", "table"])
def test_a_gzip_file_whose_checksum_does_not_fit_is_read_and_told(tmp_path: Path, format: str) -> None:
    data = bytearray(gzip.compress(b'{"id_str": "1", "full_text": "hello"}\n'))
    data[-8] ^= 1  # in the checksum, which is compared once the record is unpacked
    (tmp_path / "a.jsonl.gz").write_bytes(data)
    post, failure = read(tmp_path / "a.jsonl.gz", format=format)
    assert isinstance(post, Post) and post.text == "hello"
    assert isinstance(failure, Failure) and "checksum" in failure.reason


def test_a_pointer_of_git_lfs_in_place_of_a_picture_says_what_to_do() -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
    assert "git lfs pull" in why_corrupt(pointer)
