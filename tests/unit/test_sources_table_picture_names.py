"""Pictures that a table names, or that lie beside it under the ids of its posts."""

from __future__ import annotations

from pathlib import Path

import pytest
from table_files import ROWS, notes_of, posts, write

from mmsa_tui.records import Post
from mmsa_tui.sources import ReadOptions, read

JPEG = b"\xff\xd8\xff\xe0"


@pytest.mark.parametrize(
    "name",
    ["7.jpg", "images/7.jpg", "images/0a1b2c3d-7.jpg", "images/7.png"],
    ids=["beside", "below", "hash", "stem"],
)
def test_a_picture_is_found_anywhere_below_by_what_a_cell_says(tmp_path: Path, name: str) -> None:
    (tmp_path / "images").mkdir()
    write(tmp_path / name, JPEG)
    path = write(tmp_path / "a.csv", "id,text,image\n1,x,https://x.example/a/7.jpg?size=large\n")
    assert [picture.path for picture in posts(path)[0].pictures] == [(tmp_path / name).resolve()]


@pytest.mark.parametrize(
    "cell",
    [
        "a.jpg b.jpg",
        "a.jpg,b.jpg",
        "a.jpg|b.jpg",
        "['a.jpg', 'b.jpg']",
        '[{"url": "https://x/a.jpg"}, {"url": "b.jpg"}]',
    ],
)
def test_every_way_to_list_pictures_in_a_cell_is_read(tmp_path: Path, cell: str) -> None:
    for name in ("a.jpg", "b.jpg"):
        write(tmp_path / name, JPEG)
    path = write(tmp_path / "a.tsv", f"id\ttext\tmedia\n1\thello there\t{cell}\n2\tgood day\t{cell}\n")
    assert [picture.path.name for picture in posts(path)[0].pictures if picture.path] == ["a.jpg", "b.jpg"]


def test_pictures_are_found_by_the_id_of_the_post(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    for name in ("1918410713521908131-1.jpg", "ann_1918410713521908131_photo_2.jpg"):
        write(tmp_path / "media" / name, JPEG)
    path = write(tmp_path / "a.csv", "id,text\n" + "".join(f"{n},{text}\n" for n, text in ROWS))
    assert [len(post.pictures) for post in posts(path)] == [2, 0]


def test_pictures_beside_the_folder_of_a_table_are_found_where_most_lie_there(tmp_path: Path) -> None:
    for folder in ("texts", "dataset_images"):
        (tmp_path / folder).mkdir()
    write(tmp_path / "dataset_images" / "7.jpg", JPEG)
    path = write(tmp_path / "texts" / "a.csv", "id,text,image\n1,hello,7.jpg\n")
    assert not posts(path)[0].pictures[0].is_missing
    assert any("dataset_images" in note for note in notes_of(path))


def test_two_pictures_of_one_name_are_told_and_a_folder_can_be_said(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / "7.jpg", JPEG)
    path = write(tmp_path / "a.csv", "id,text,image\n1,hello,7.jpg\n")
    assert any("several folders" in note for note in notes_of(path))
    (post,) = read(path, options=ReadOptions(pictures=str(tmp_path / "two")))
    assert isinstance(post, Post) and post.pictures[0].path == (tmp_path / "two" / "7.jpg").resolve()


def test_two_pictures_called_like_one_id_are_told(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        for number in range(1, 6):
            write(tmp_path / folder / f"{number}.jpg", JPEG)
    path = write(tmp_path / "a.csv", "id,text\n" + "".join(f"{n},words of {n}\n" for n in range(1, 6)))
    assert any("5 pictures lie in several folders" in note for note in notes_of(path))
