"""Bad input for every reader: hostile archives, wide tables, and what could be meant in two ways."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from source_files import write
from test_reader_examples import written

from mmsa_tui.errors import MmsaError, SourceError
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import ReadOptions, formats, inspect, read
from mmsa_tui.sources.base import Reader

SECRET = '[{"id": "666", "text": "a secret that lay outside", "date": "2026-05-01"}]'


def packed(reader: Reader, root: Path, target: Path) -> list[str]:
    """Put a reader's example into a zip file, among members that are hostile; return its picture names."""
    (root / "inside").mkdir()
    written(reader, root / "inside")
    (root / "secret.json").write_text(SECRET)
    files = sorted(path for path in (root / "inside").rglob("*") if path.is_file())
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.relative_to(root / "inside").as_posix())
        for name in ("../secret.json", "/etc/secret.json", "C:\\secret.json", "a/../../secret.json"):
            archive.writestr(name, SECRET)
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w") as nested:
            nested.writestr("more.json", SECRET)
        archive.writestr("nested.zip", inner.getvalue())
        link = zipfile.ZipInfo("link.json")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, str(root / "secret.json"))
    return [path.name for path in files]


@pytest.mark.parametrize("reader", formats().values(), ids=formats())
def test_nothing_gets_in_from_outside_a_hostile_archive_and_it_is_told(
    reader: Reader, tmp_path: Path
) -> None:
    target = tmp_path / "hostile.zip"
    packed(reader, tmp_path, target)
    before = sorted(path for path in tmp_path.rglob("*"))
    notes: list[str] = []
    try:
        items = list(read(target, options=ReadOptions(note=notes.append)))
    except SourceError as error:
        # A single file of its own kind, beside others in a zip file, may leave too much to be meant.
        assert error.hint
        return
    texts = [item.text for item in items if isinstance(item, Post)]
    assert not any("secret" in text for text in texts)
    assert texts == ["A fine day"] or any(isinstance(item, Failure) for item in items)
    assert any("lead out" in note and "4" in note for note in notes), notes
    assert any("nested archives" in note for note in notes), notes
    assert sorted(path for path in tmp_path.rglob("*")) == before


@pytest.mark.parametrize("reader", formats().values(), ids=formats())
def test_an_archive_that_is_a_bomb_is_refused_by_every_reader(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    written(reader, tmp_path / "inside")
    target = tmp_path / "bomb.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in (tmp_path / "inside").rglob("*"):
            if path.is_file():
                archive.write(path, path.relative_to(tmp_path / "inside").as_posix())
        archive.writestr("posts.json", bytes(100 << 20))
    for format in (None, reader.name):
        with pytest.raises(MmsaError) as error:
            list(read(target, format=format))
        assert "expand" in error.value.message or "zip" in error.value.message, error.value.message


def test_a_table_of_300_columns_is_read_with_all_of_them(tmp_path: Path) -> None:
    columns = ["id", "text", "created_at", *(f"public_metrics.count_{number}" for number in range(297))]
    rows = [
        [str(row), f"a fine day {row}", "2026-05-01T10:00:00Z", *(str(n * row) for n in range(297))]
        for row in range(20)
    ]
    lines = [",".join(row) for row in (columns, *rows)]
    posts = list(read(write(tmp_path, {"wide.csv": "\n".join(lines)}) / "wide.csv"))
    assert [post.text for post in posts] == [row[1] for row in rows]
    last = posts[-1]
    assert isinstance(last, Post) and len(last.metadata) == 298
    assert last.metadata["public_metrics.count_296"] == str(296 * 19)


def test_two_tables_that_could_be_meant_are_both_named_and_neither_is_read(tmp_path: Path) -> None:
    write(tmp_path, {f"{name}.csv": f"id,text\n1,a fine day of {name}\n2,so it goes\n" for name in "ab"})
    with pytest.raises(SourceError) as error:
        inspect(tmp_path)
    assert "a.csv" in error.value.message and "b.csv" in error.value.message
    assert str(tmp_path / "a.csv") in error.value.hint


def test_of_two_folders_of_pictures_with_the_same_names_one_is_taken_and_that_is_told(
    tmp_path: Path,
) -> None:
    def picture(shade: int) -> bytes:
        out = io.BytesIO()
        Image.new("RGB", (8, 8), (shade, 0, 0)).save(out, "PNG")
        return out.getvalue()

    files = {
        f"{folder}/{n}.png": picture(10 * n + shade)
        for n in range(3)
        for folder, shade in (("a", 1), ("b", 2))
    }
    write(tmp_path, {**files, "posts.csv": "text,image\none,0.png\ntwo,1.png\nthree,2.png\n"})
    notes: list[str] = []
    posts = [
        item for item in read(tmp_path, options=ReadOptions(note=notes.append)) if isinstance(item, Post)
    ]
    assert {post.pictures[0].path.parent.name for post in posts if post.pictures[0].path} == {"a"}
    assert any("3 pictures lie in several folders" in note and "--pictures" in note for note in notes)
    said = ReadOptions(pictures=str(tmp_path / "b"))
    chosen = [item for item in read(tmp_path, options=said) if isinstance(item, Post)]
    assert {post.pictures[0].path.parent.name for post in chosen if post.pictures[0].path} == {"b"}
