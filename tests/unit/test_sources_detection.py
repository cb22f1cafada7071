"""Which format a source is in, and what is said of one in none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from source_files import picture_bytes, write

from mmsa_tui.errors import SourceError
from mmsa_tui.records import Post
from mmsa_tui.sources import detect, formats, read, readers


def test_every_module_of_readers_is_a_format_of_its_own() -> None:
    room = Path(readers.__path__[0])
    modules = [*room.glob("[!_]*.py"), *(path.parent for path in room.glob("[!_]*/__init__.py"))]
    assert len(formats()) == len(modules)
    assert len({reader.title for reader in formats().values()}) == len(modules)
    assert list(formats()) == sorted(formats())


def test_an_empty_folder_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="empty folder"):
        detect(tmp_path)


def test_an_empty_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    with pytest.raises(SourceError, match="empty file"):
        detect(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("data", "advice"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "save it as .xlsx"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(100), "7z x"),
        (bytes(range(256)), "--format"),
    ],
    ids=["old Excel", "7z", "anything"],
)
def test_an_unknown_file_comes_with_advice(tmp_path: Path, data: bytes, advice: str) -> None:
    (tmp_path / "a.dat").write_bytes(data)
    with pytest.raises(SourceError) as caught:
        detect(tmp_path / "a.dat")
    assert advice in caught.value.hint


def test_a_file_of_blanks_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b" \n\n  \r\n")
    with pytest.raises(SourceError, match="blanks"):
        detect(tmp_path / "a.csv")


@pytest.mark.parametrize("name", ["a.parquet", "a.xlsx", "a.db", "a.zip"])
def test_a_file_that_is_not_what_it_is_called_is_said_to_be_damaged(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(bytes(range(256)) * 9)
    with pytest.raises(SourceError) as caught:
        detect(tmp_path / name)
    assert "download it again" in caught.value.hint


def test_a_zip_file_of_which_nothing_may_be_read_is_not_to_be_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("../../posts.csv", "id,text\n1,hello\n")
    with pytest.raises(SourceError) as caught:
        detect(tmp_path / "a.zip")
    assert "lead out of it" in caught.value.hint and "unpack" not in caught.value.hint


def test_a_folder_of_pipes_and_links_alone_says_so(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "posts.csv")
    with pytest.raises(SourceError) as caught:
        detect(tmp_path)
    assert "links or devices" in caught.value.hint


def test_further_claims_are_listed_the_strongest_first(tmp_path: Path) -> None:
    write(tmp_path, {"data/1.txt": "x", "data/1.jpg": picture_bytes(), "posts.csv": "id,text\n1,hello you\n"})
    found = detect(tmp_path)
    assert [found.format, *(other.format for other in found.others)] == ["mvsa", "pairs", "table"]
    assert not found.is_ambiguous


def test_posts_come_before_what_people_labelled_of_them(tmp_path: Path) -> None:
    tweet = {"id": "1", "text": "hi", "author_id": "2", "edit_history_tweet_ids": ["1"]}
    write(
        tmp_path,
        {
            "labels.jsonl": '{"id": 1, "text": "hi", "label": ["positive"]}\n',
            "tweets.jsonl": json.dumps(tweet),
        },
    )
    found = detect(tmp_path)
    assert (found.format, found.others[0].format, found.is_ambiguous) == ("twarc", "annotation", True)


def test_readers_are_imported_when_a_source_is_read_and_not_before() -> None:
    code = (
        "import sys, mmsa_tui.sources; loaded = set(sys.modules);"
        "heavy = {'openpyxl', 'pyarrow', 'PIL', 'pandas', 'torch', 'numpy', 'mmsa_tui.sources.readers.mvsa'};"
        "print(sorted(heavy & loaded))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("suffix", ["tar", "tar.gz", "tar.xz", "7z", "rar"])
def test_an_archive_that_is_no_zip_file_is_refused_with_a_command_that_unpacks_it(
    tmp_path: Path, suffix: str
) -> None:
    source = tmp_path / f"my set.{suffix}"
    (tmp_path / "posts.csv").write_text("id,text\n7,a fine day\n")
    if suffix in ("7z", "rar"):
        source.write_bytes({"7z": b"7z\xbc\xaf\x27\x1c", "rar": b"Rar!\x1a\x07\x01\0"}[suffix] + bytes(600))
    else:
        with tarfile.open(source, "w" if suffix == "tar" else f"w:{suffix[4:]}") as archive:
            archive.add(tmp_path / "posts.csv", "posts.csv")
    for act in (detect, lambda path: list(read(path)), lambda path: list(read(path, format="table"))):
        with pytest.raises(SourceError) as error:
            act(source)
        assert suffix[:3] in error.value.message and "Unpack it" in error.value.hint
    if suffix.startswith("tar"):
        command = error.value.hint.removeprefix("Unpack it, ").removesuffix(", and point at the folder.")
        subprocess.run(["/bin/sh", "-c", command], check=True)
        (post,) = read(tmp_path / "my set-unpacked")
        assert isinstance(post, Post) and post.text == "a fine day"


@pytest.mark.parametrize("start", ["var tweets = ", "window.data=", "callback("])
def test_a_script_that_holds_json_is_refused_with_what_to_take_off(tmp_path: Path, start: str) -> None:
    (tmp_path / "a.js").write_text(start + '[{"id": "1", "text": "a fine day"}, {"id": "2", "text": "rain"}]')
    with pytest.raises(SourceError) as caught:
        detect(tmp_path / "a.js")
    assert "script" in caught.value.hint and ".json" in caught.value.hint
