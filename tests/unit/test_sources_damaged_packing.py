"""Packed files that were cut, or of which a byte was changed: what stands before the damage is read."""

import gzip
import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from mmsa_tui.disk.inflate import Pieces, gunzip
from mmsa_tui.errors import SourceError
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import read

TEXTS = [f"post number {n} of a long day" for n in range(200)]
TABLE = "id,text\n" + "".join(f"{n},{text}\n" for n, text in enumerate(TEXTS))


def packed(path: Path) -> bytearray:
    """Pack the table in the way that the name of a file says."""
    if path.suffix == ".gz":
        return bytearray(gzip.compress(TABLE.encode(), mtime=0))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("posts.csv", TABLE)
    return bytearray(path.read_bytes())


def workbook(path: Path) -> bytearray:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.append(("id", "text"))
    for number, text in enumerate(TEXTS):
        sheet.append((str(number), text))
    book.save(path)
    return bytearray(path.read_bytes())


def test_what_a_cut_gzip_file_holds_is_read_up_to_the_cut(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv.gz"
    data = packed(path)
    path.write_bytes(data[: len(data) * 2 // 3])
    *posts, failure = read(path)
    assert [post.text for post in posts] == TEXTS[: len(posts)] and len(posts) > 100
    assert isinstance(failure, Failure) and "cut off" in failure.reason


@pytest.mark.parametrize("name", ["posts.csv.gz", "posts.zip"])
def test_what_stands_before_a_changed_byte_is_read_and_the_damage_is_told(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    data = packed(path)
    data[len(data) // 2] ^= 16
    path.write_bytes(data)
    items = list(read(path))
    texts = [item.text for item in items if isinstance(item, Post)]
    assert texts[:40] == TEXTS[:40]
    assert isinstance(items[-1], Failure)


def test_a_file_that_is_damaged_from_its_first_byte_on_says_so(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv.gz"
    path.write_bytes(packed(path)[:20])
    with pytest.raises(SourceError, match="no post in it can be read"):
        list(read(path))


def test_a_workbook_is_read_up_to_the_damage_in_its_sheet(tmp_path: Path) -> None:
    path = tmp_path / "posts.xlsx"
    data = workbook(path)
    with zipfile.ZipFile(path) as archive:
        sheet = archive.getinfo("xl/worksheets/sheet1.xml")
    data[sheet.header_offset + sheet.compress_size * 2 // 3] ^= 64
    path.write_bytes(data)
    items = list(read(path))
    texts = [item.text for item in items if isinstance(item, Post)]
    assert texts[:20] == TEXTS[:20]
    failure = items[-1]
    assert isinstance(failure, Failure) and "damaged in xl/worksheets/sheet1.xml" in failure.reason


def test_a_workbook_with_damage_where_no_posts_are_loses_none(tmp_path: Path) -> None:
    path = tmp_path / "posts.xlsx"
    data = workbook(path)
    with zipfile.ZipFile(path) as archive:
        theme = archive.getinfo("xl/theme/theme1.xml")
    data[theme.header_offset + theme.compress_size // 2] ^= 1
    path.write_bytes(data)
    assert [item.text for item in read(path) if isinstance(item, Post)] == TEXTS


def test_gzip_files_that_were_put_together_are_one(tmp_path: Path) -> None:
    data = gzip.compress(b"one") + bytes(9) + gzip.compress(b"two" * 500_000) + bytes(70_000)
    assert Pieces(gunzip(io.BytesIO(data))).read() == b"one" + b"two" * 500_000


def test_what_is_no_gzip_behind_the_end_of_one_is_told() -> None:
    stream = Pieces(gunzip(io.BytesIO(gzip.compress(b"one") + b"more")))
    assert stream.read() == b"one"
    with pytest.raises(Exception, match="not packed"):
        stream.read()
