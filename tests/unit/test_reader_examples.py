"""Each reader carries a tiny example of its format, which is recognised and read as it says."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from mmsa_tui.records import Post
from mmsa_tui.sources import detect, formats, read
from mmsa_tui.sources.base import Reader


def written(reader: Reader, root: Path) -> Path:
    """Write a reader's example to disk and return what a user points at."""
    for name, content in reader.example.files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        elif callable(content):
            content(path)
        else:
            book = openpyxl.Workbook()
            for row in content:
                book.active.append(row)
            book.save(path)
    return root / reader.example.point_at


@pytest.mark.parametrize("reader", formats().values(), ids=formats())
def test_the_example_of_a_reader_is_recognised_and_read(reader: Reader, tmp_path: Path) -> None:
    example = reader.example
    source = written(reader, tmp_path)
    assert detect(source).format == reader.name
    post = next(iter(read(source)))
    assert isinstance(post, Post)
    assert (post.post_id, post.text) == (example.post_id, "A fine day")
    assert (post.author, post.created_at) == (example.author, example.created_at)
    found = [Path(picture.member or picture.path).name for picture in post.pictures if picture.path]
    assert found == [Path(name).name for name, content in example.files.items() if content == ""]
