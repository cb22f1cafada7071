"""Folders of texts and pictures that share their stems."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmsa_tui.pictures.finder import PictureIndex, kind_of, natural_key
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import ReadOptions, detect, read

JPEG = b"\xff\xd8\xff\xe0 enough to be known by"
PNG = b"\x89PNG\r\n\x1a\n enough to be known by"


def write(root: Path, files: dict[str, bytes | str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def posts(source: Path) -> list[Post]:
    items = list(read(source, format="pairs"))
    assert all(isinstance(item, Post) for item in items)
    return [item for item in items if isinstance(item, Post)]


def names(post: Post) -> list[str]:
    return [picture.name for picture in post.pictures]


def test_a_text_and_a_picture_of_one_stem_are_one_post(tmp_path: Path) -> None:
    (post,) = posts(write(tmp_path, {"1.txt": "hello", "1.jpg": JPEG}))
    assert (post.post_id, post.text, names(post)) == ("1", "hello", ["1.jpg"])


def test_posts_come_in_natural_order(tmp_path: Path) -> None:
    source = write(tmp_path, {f"{n}.txt": "x" for n in (10, 2, 1, 100)})
    assert [post.post_id for post in posts(source)] == ["1", "2", "10", "100"]


def test_several_pictures_of_one_stem_belong_to_one_post(tmp_path: Path) -> None:
    (post,) = posts(write(tmp_path, {"1.txt": "x", "1.png": PNG, "1.jpg": JPEG, "1.webp": b""}))
    assert names(post) == ["1.jpg", "1.png", "1.webp"]


def test_a_text_or_a_picture_alone_is_a_post(tmp_path: Path) -> None:
    text, picture = posts(write(tmp_path, {"1.txt": "x", "2.jpg": JPEG}))
    assert (text.pictures, picture.text, names(picture)) == ((), "", ["2.jpg"])


@pytest.mark.parametrize("name", ["1.JPG", "1.Jpeg", "1.bin", "1"])
def test_a_picture_is_known_by_its_bytes_not_its_extension(tmp_path: Path, name: str) -> None:
    (post,) = posts(write(tmp_path, {"1.txt": "x", name: JPEG}))
    assert names(post) == [name]


def test_a_picture_that_is_named_txt_is_a_picture(tmp_path: Path) -> None:
    (post,) = posts(write(tmp_path, {"1.txt": JPEG}))
    assert (post.text, names(post)) == ("", ["1.txt"])


def test_files_of_other_kinds_are_no_posts(tmp_path: Path) -> None:
    files = {"1.txt": "x", "2.mp4": "x", "notes.md": "x", "README.txt": "x", "3.bin": "no picture"}
    assert [post.post_id for post in posts(write(tmp_path, files))] == ["1"]


def test_stems_that_repeat_in_subfolders_keep_their_folder(tmp_path: Path) -> None:
    source = write(tmp_path, {"a/1.txt": "x", "a/1.jpg": JPEG, "b/1.txt": "y", "b/2.txt": "z"})
    assert [post.post_id for post in posts(source)] == ["a/1", "b/1", "2"]


def test_texts_and_pictures_in_folders_of_their_own_find_each_other(tmp_path: Path) -> None:
    source = write(tmp_path, {"text/1.txt": "x", "images/1.jpg": JPEG, "images/2.jpg": JPEG})
    assert [(post.post_id, names(post)) for post in posts(source)] == [("2", ["2.jpg"]), ("1", ["1.jpg"])]


def test_a_picture_whose_name_differs_by_case_finds_its_text(tmp_path: Path) -> None:
    (post,) = posts(write(tmp_path, {"Beach.txt": "x", "beach.JPG": JPEG}))
    assert names(post) == ["beach.JPG"]


def test_ids_that_differ_only_by_case_are_two_posts(tmp_path: Path) -> None:
    source = write(tmp_path, {"a.txt": "x", "a.jpg": JPEG, "A.txt": "y", "A.jpg": PNG})
    if len(list(source.iterdir())) < 4:
        pytest.skip("this disk does not tell case apart")
    assert [(post.text, names(post)) for post in posts(source)] == [("y", ["A.jpg"]), ("x", ["a.jpg"])]


def test_crlf_a_byte_order_mark_and_entities_are_undone(tmp_path: Path) -> None:
    (post,) = posts(write(tmp_path, {"1.txt": b"\xef\xbb\xbffish &amp; chips \r\n"}))
    assert post.text == "fish & chips"


def test_an_undecodable_text_costs_one_row(tmp_path: Path) -> None:
    source = write(tmp_path, {"1.txt": b"caf\xe9 au lait", "2.txt": "x"})
    failure, post = read(source, format="pairs")
    assert isinstance(failure, Failure)
    assert (failure.post_id, post.post_id) == ("1", "2")
    assert "1.txt" in failure.reason


def test_a_folder_of_pairs_is_recognised(tmp_path: Path) -> None:
    found = detect(write(tmp_path, {"1.txt": "x", "1.jpg": JPEG, "2.txt": "y"}))
    assert (found.format, found.reason) == ("pairs", "texts with a picture of the same name: 1")


def test_an_index_prefers_the_folder_that_is_named_like_the_label(tmp_path: Path) -> None:
    write(tmp_path, {"Positive/1.jpg": JPEG, "NEGATIVE/1.jpg": PNG})
    (path,) = PictureIndex.of_folder(tmp_path).find("1", hint="negative")
    assert path.read_bytes() == PNG


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (JPEG, "jpeg"),
        (PNG, "png"),
        (b"GIF89a", "gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "webp"),
        (b"\0\0\0\x1cftypavif", "avif"),
        (b"BM\x36\0\0\0\0\0\0\0", "bmp"),
        (b"BMW is a car", ""),
        (b"RIFF\0\0\0\0WAVE", ""),
        (b"", ""),
    ],
)
def test_the_first_bytes_tell_what_a_picture_is(head: bytes, kind: str) -> None:
    assert kind_of(head) == kind


def test_natural_order_ignores_case_and_counts_digits() -> None:
    assert sorted(["b2", "B10", "a10", "a9", "9" * 300], key=natural_key) == [
        "9" * 300,
        "a9",
        "a10",
        "b2",
        "B10",
    ]


def test_files_that_vanish_while_a_folder_is_read_cost_their_rows(tmp_path: Path) -> None:
    write(tmp_path, {"1.txt": "x", "2.txt": "y", "3.txt": "z", "3.jpg": JPEG})
    reading = read(tmp_path, format="pairs")
    first = next(reading)
    (tmp_path / "2.txt").unlink()
    (tmp_path / "3.jpg").unlink()
    second, third = reading
    assert (first.post_id, second.post_id, third.post_id) == ("1", "2", "3")
    assert isinstance(second, Failure) and second.reason == "2.txt cannot be read: No such file or directory"
    assert isinstance(third, Post) and [(p.name, p.digest) for p in third.pictures] == [("3.jpg", "")]


def test_captions_are_texts_and_pages_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "1.jpg": JPEG,
            "1.caption": "a fine day",
            "2.jpg": JPEG,
            "2.md": "rain",
            "3.md": "x",
            "README.md": "x",
        },
    )
    notes: list[str] = []
    found = [
        item for item in read(tmp_path, options=ReadOptions(note=notes.append)) if isinstance(item, Post)
    ]
    assert [(post.post_id, post.text) for post in found] == [("1", "a fine day"), ("2", "rain")]
    assert any("not read: 1 (3.md)" in note for note in notes)


def test_a_text_that_names_its_columns_beside_pictures_is_a_table_and_no_post(tmp_path: Path) -> None:
    lines = "image,caption\n1.jpg,A fine day\n2.jpg,Rain again, and wind\n"
    write(tmp_path, {"captions.txt": lines, "Images/1.jpg": JPEG, "Images/2.jpg": PNG})
    found = [item for item in read(tmp_path) if isinstance(item, Post)]
    assert [(post.text, post.pictures[0].name) for post in found] == [
        ("A fine day", "1.jpg"), ("Rain again, and wind", "2.jpg"),
    ]  # fmt: skip


def test_pictures_in_a_folder_that_is_called_like_the_id_are_those_of_the_post(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {"a.csv": "id,text\n1918410,a fine day\n1918411,rain\n"}
    files |= {"media/1918410/1.jpg": JPEG, "media/1918410/2.jpg": PNG, "media/19/1.jpg": JPEG}
    found = [item for item in read(write(tmp_path, files)) if isinstance(item, Post)]
    assert [[p.name for p in post.pictures] for post in found] == [["1.jpg", "2.jpg"], []]


def test_a_text_that_reads_as_chinese_by_chance_is_told_where_its_neighbours_are_japanese(
    tmp_path: Path,
) -> None:
    texts = [
        "灯台の夕べは素晴らしかったです。",
        "フェリーがまた欠航になりました。",
        "荷物が壊れて届きました。",
    ]
    texts += ["古い桟橋と船の写真、1907年。"]
    source = write(tmp_path, {f"{n}.txt": text.encode("cp932") for n, text in enumerate(texts)})
    assert [isinstance(item, Failure) for item in read(source)] == [True] * 4
    named = read(source, options=ReadOptions(encoding="cp932"))
    assert [item.text for item in named if isinstance(item, Post)] == texts
