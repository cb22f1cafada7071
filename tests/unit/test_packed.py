from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from mmsa_tui.disk.packed import INDEX, digest_of, read_index
from mmsa_tui.disk.parquet_pictures import ParquetPictures
from mmsa_tui.errors import OutputError, SourceError
from mmsa_tui.pictures.files import PictureFiles
from mmsa_tui.records import Post
from mmsa_tui.services.pack import pack
from mmsa_tui.sources import detect, read


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Seven posts: with a picture, with one that is no picture, with one that is missing, with none."""
    folder = tmp_path / "source"
    folder.mkdir()
    Image.new("RGB", (8, 6), "red").save(folder / "a.png")
    (folder / "b.png").write_bytes(b"no picture")
    rows = ['1,"A fine day, 👍",a.png,kim', "2,Broken,b.png,kim", "3,Gone,c.png,lee", "4,Words alone,,lee"]
    rows += [f"{number},Again {number},a.png,lee" for number in (5, 6, 7)]
    (folder / "posts.csv").write_text("id,text,image,who\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return folder / "posts.csv"


def posts_of(place: Path) -> list[Post]:
    return [item for item in read(place) if isinstance(item, Post)]


def test_a_pack_is_read_as_the_posts_that_were_packed(source: Path, tmp_path: Path) -> None:
    packed = pack(source, tmp_path / "pack", posts_per_part=3)
    assert (packed.n_posts, packed.n_pictures, packed.n_missing, len(packed.parts)) == (7, 6, 1, 3)
    assert detect(tmp_path / "pack").format == "packed"
    before, after = posts_of(source), posts_of(tmp_path / "pack")
    for name in ("post_id", "text", "author", "content_hash", "metadata", "truth", "encoding"):
        assert [getattr(post, name) for post in after] == [getattr(post, name) for post in before]
    shown = [[(p.name, p.digest, p.is_missing) for p in post.pictures] for post in after]
    assert shown == [[(p.name, p.digest, p.is_missing) for p in post.pictures] for post in before]


def test_pictures_of_a_pack_are_the_bytes_that_were_packed(source: Path, tmp_path: Path) -> None:
    pack(source, tmp_path / "pack", posts_per_part=3)
    source.with_name("a.png").rename(tmp_path / "elsewhere.png")
    with PictureFiles() as files:
        read_back = [files.read(post.pictures[0]) for post in posts_of(tmp_path / "pack")[4:]]
    assert read_back == [(tmp_path / "elsewhere.png").read_bytes()] * 3


def test_a_part_alone_is_a_source(source: Path, tmp_path: Path) -> None:
    pack(source, tmp_path / "pack", posts_per_part=3)
    part = tmp_path / "pack" / "posts-000002.parquet"
    assert detect(part).format == "packed"
    assert [post.post_id for post in posts_of(part)] == ["7"]


def test_inputs_that_are_no_posts_keep_their_place(tmp_path: Path) -> None:
    lines = ['{"id": "1", "text": "one"}', "{broken", '{"id": "3", "text": "three"}']
    (tmp_path / "posts.jsonl").write_text("\n".join(lines) + "\n")
    expected = [(type(item), item.post_id) for item in read(tmp_path / "posts.jsonl")]
    pack(tmp_path / "posts.jsonl", tmp_path / "pack")
    assert [(type(item), item.post_id) for item in read(tmp_path / "pack")] == expected


def test_a_part_is_known_by_its_contents_wherever_it_lies(source: Path, tmp_path: Path) -> None:
    pack(source, tmp_path / "one", posts_per_part=3)
    pack(source, tmp_path / "two", posts_per_part=4)
    one, two = read_index(tmp_path / "one"), read_index(tmp_path / "two")
    assert one.digest == two.digest
    assert one.parts[0].digest != two.parts[0].digest
    assert digest_of(tmp_path / "one" / one.parts[1].name) == one.parts[1].digest


def test_a_pack_without_its_index_is_started_over(source: Path, tmp_path: Path) -> None:
    pack(source, tmp_path / "pack", posts_per_part=1)
    (tmp_path / "pack" / INDEX).unlink()
    assert pack(source, tmp_path / "pack").parts[1:] == []
    assert len(list((tmp_path / "pack").iterdir())) == 2


def test_a_pack_is_not_overwritten_unasked(source: Path, tmp_path: Path) -> None:
    pack(source, tmp_path / "pack")
    with pytest.raises(OutputError, match="holds a pack"):
        pack(source, tmp_path / "pack")
    assert pack(source, tmp_path / "pack", restart=True).n_posts == 7


def test_a_folder_with_other_files_is_left_alone(source: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="lies in the source"):
        pack(source.parent, source.parent / "pack")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.docx").write_text("mine")
    with pytest.raises(OutputError, match="other files"):
        pack(source, tmp_path / "full", restart=True)


def test_a_pack_with_a_part_missing_is_refused_by_its_name(source: Path, tmp_path: Path) -> None:
    pack(source, tmp_path / "pack", posts_per_part=3)
    (tmp_path / "pack" / "posts-000001.parquet").unlink()
    with pytest.raises(SourceError, match=r"1 of 3 parts .* posts-000001.parquet"):
        list(read(tmp_path / "pack"))


@pytest.mark.parametrize("damage", [b"", b"PAR1 nothing of that", b"{}"])
def test_a_damaged_part_is_an_error_with_its_name(source: Path, tmp_path: Path, damage: bytes) -> None:
    pack(source, tmp_path / "pack")
    (tmp_path / "pack" / "posts-000000.parquet").write_bytes(damage)
    with pytest.raises(SourceError, match=r"posts-000000.parquet"):
        list(read(tmp_path / "pack"))


def test_an_index_that_leads_out_of_the_folder_is_refused(source: Path, tmp_path: Path) -> None:
    pack(source, tmp_path / "pack")
    index = tmp_path / "pack" / INDEX
    stated = json.loads(index.read_text())
    stated["parts"][0]["name"] = "../source/posts.csv"
    index.write_text(json.dumps(stated))
    with pytest.raises(SourceError, match="outside its folder"):
        list(read(tmp_path / "pack"))


@pytest.mark.parametrize("place", ["9/0", "0/5", "-1/0", "2/0", "x", ""])
def test_a_picture_that_is_not_in_a_part_is_an_os_error(source: Path, tmp_path: Path, place: str) -> None:
    pack(source, tmp_path / "pack")
    pictures = ParquetPictures(tmp_path / "pack" / "posts-000000.parquet")
    with pytest.raises(OSError):
        pictures.open(place)
    pictures.close()
