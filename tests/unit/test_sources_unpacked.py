"""A zip file with a folder in it is read as the folder is, and nothing gets out of it."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from PIL import Image

from mmsa_tui.errors import SourceError
from mmsa_tui.records import Post
from mmsa_tui.sources import ReadOptions, detect, read, unpacked


def picture(shade: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), (shade, 0, 0)).save(out, "PNG")
    return out.getvalue()


def zipped(path: Path, files: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


TABLE = "id,text,image\n1,A fine day,a.png\n2,A bad day,b.png\n3,No picture,c.png\n"


def test_a_table_and_its_pictures_are_read_from_a_zip_file(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "set.zip",
        {"set/posts.csv": TABLE, "set/img/a.png": picture(1), "set/img/b.png": picture(2)},
    )
    assert detect(path).format == "table"
    first, second, third = read(path)
    assert isinstance(first, Post) and isinstance(second, Post) and isinstance(third, Post)
    assert (first.text, first.pictures[0].path, first.pictures[0].member) == (
        "A fine day",
        path,
        "set/img/a.png",
    )
    assert first.pictures[0].read() == picture(1)
    assert first.pictures[0].digest and first.pictures[0].digest != second.pictures[0].digest
    assert third.pictures[0].is_missing


def test_nothing_that_was_unpacked_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    path = zipped(tmp_path / "set.zip", {"posts.csv": TABLE, "a.png": picture(1)})
    assert len(list(read(path))) == 3
    items = read(path)
    next(items)
    assert list(scratch.iterdir())
    items.close()  # type: ignore[attr-defined]
    assert not list(scratch.iterdir())


def test_what_a_killed_reading_unpacked_goes_at_the_next_start(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    path = zipped(tmp_path / "set.zip", {"posts.csv": TABLE, "a.png": picture(1)})
    code = (
        "import os, signal; from pathlib import Path; from mmsa_tui.sources import read; import sys; "
        "items = read(Path(sys.argv[1])); next(items); os.kill(os.getpid(), signal.SIGKILL)"
    )
    there = {**os.environ, "TMPDIR": str(scratch)}
    for _ in range(2):
        killed = subprocess.run([sys.executable, "-c", code, str(path)], env=there, check=False)
        assert killed.returncode == -signal.SIGKILL and len(list(scratch.iterdir())) == 1
    opens = (
        f"from pathlib import Path; from mmsa_tui.store import Store; Store.open(Path({str(path)!r} + '.db'))"
    )
    subprocess.run([sys.executable, "-c", opens], env=there, check=True)
    assert not list(scratch.iterdir())


def test_what_the_user_says_of_a_table_holds_in_a_zip_file(tmp_path: Path) -> None:
    path = zipped(tmp_path / "set.zip", {"posts.csv": "a,b\nx y z,well now then\n", "a.png": picture(1)})
    (post,) = read(path, options=ReadOptions(columns={"text": "b"}))
    assert post.text == "well now then"


def test_pictures_that_no_post_names_are_counted(tmp_path: Path) -> None:
    files = {"posts.csv": TABLE, "a.png": picture(1), "more/z.png": picture(3)}
    path = zipped(tmp_path / "set.zip", files)
    notes: list[str] = []
    list(read(path, options=ReadOptions(note=notes.append)))
    assert "picture files that no post names: 1 of 2, such as more/z.png" in notes


def test_an_archive_of_mastodon_is_read_from_its_zip_file(tmp_path: Path) -> None:
    note = {
        "type": "Note",
        "id": "https://m.example/users/kim/statuses/11",
        "published": "2026-05-01T10:00:00Z",
        "content": "<p>A fine day</p>",
        "attributedTo": "https://m.example/users/kim",
        "attachment": [
            {"type": "Document", "mediaType": "image/png", "url": "/media_attachments/files/1/a.png"}
        ],
    }
    create = {"type": "Create", "id": "x", "published": note["published"], "object": note}
    files = {
        "outbox.json": json.dumps({"type": "OrderedCollection", "orderedItems": [create]}),
        "actor.json": json.dumps({"type": "Person", "preferredUsername": "kim"}),
        "media_attachments/files/1/a.png": picture(1),
    }
    (post,) = read(zipped(tmp_path / "archive.zip", files))
    assert isinstance(post, Post)
    assert (post.post_id, post.text) == ("11", "A fine day")
    assert post.pictures[0].member == "media_attachments/files/1/a.png"


def test_a_download_of_instagram_is_read_from_its_zip_file(tmp_path: Path) -> None:
    media = [{"uri": "media/posts/1.png", "creation_timestamp": 1778407200, "title": "A fine day"}]
    files = {
        "your_instagram_activity/media/posts_1.json": json.dumps([{"media": media}]),
        "media/posts/1.png": picture(1),
        "personal_information/about.json": '{"profile": []}',
    }
    (post,) = read(zipped(tmp_path / "instagram.zip", files))
    assert isinstance(post, Post)
    assert (post.text, post.created_at, post.pictures[0].member) == (
        "A fine day",
        "2026-05-10T10:00:00Z",
        "media/posts/1.png",
    )


def test_two_tables_in_a_zip_file_are_named_with_advice_that_works(tmp_path: Path) -> None:
    path = zipped(tmp_path / "set.zip", {"a.csv": TABLE, "b.csv": TABLE})
    with pytest.raises(SourceError) as error:
        detect(path)
    assert "a.csv, b.csv" in error.value.message and error.value.hint.startswith("Unpack set.zip")
    assert "mmsa-" not in error.value.message + error.value.hint


def test_names_that_lead_out_write_nothing_and_are_told(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    files = {
        "posts.csv": TABLE,
        "a.png": picture(1),
        "../evil.csv": "x",
        "/abs.csv": "x",
        "..\\evil.csv": "x",
    }
    path = zipped(home / "set.zip", files)
    notes: list[str] = []
    assert len(list(read(path, options=ReadOptions(note=notes.append)))) == 3
    assert any("names that lead out of it left out: 3" in note for note in notes)
    assert not list(tmp_path.rglob("evil*")) and not Path("/abs.csv").exists()


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["../x.csv", "/x.csv", "posts.csv"], "names that lead out of it left out: 2"),
        (["posts.csv", "posts.csv"], "members with the name of a later one left out: 1"),
        (["more.zip", "posts.csv"], "nested archives left out: 1 (more.zip)"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_is_left_out_of_a_zip_file_of_one_table_is_told(
    tmp_path: Path, names: list[str], told: str
) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "id,text\n1,a fine day\n2,rain again\n")
    notes: list[str] = []
    items = list(read(path, options=ReadOptions(note=notes.append)))
    assert [item.text for item in items] == ["a fine day", "rain again"]
    assert notes == [f"a.zip: {told}"]


def test_more_than_there_is_room_for_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacked, "MAX_UNPACKED_BYTES", 10)
    path = zipped(tmp_path / "set.zip", {"posts.csv": TABLE, "a.png": picture(1)})
    with pytest.raises(SourceError, match="would expand"):
        detect(path)


def test_a_damaged_file_in_a_zip_file_is_told(tmp_path: Path) -> None:
    rows = "".join(f"{n},post number {n},{n}.png\n" for n in range(1000))
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("posts.csv", f"id,text,image\n{rows}")
        archive.writestr("a.png", picture(1))
    data = bytearray(path.read_bytes())
    at = data.index(b"post number 150")
    data[at : at + 4] = b"xxxx"
    path.write_bytes(data)
    notes: list[str] = []
    items = list(read(path, options=ReadOptions(note=notes.append)))
    assert any("files that are damaged" in note for note in notes)
    texts = [item.text for item in items]
    assert texts[:150] == [f"post number {n}" for n in range(150)] and len(texts) >= 800


def test_a_date_that_cannot_be_read_is_counted_and_kept(tmp_path: Path) -> None:
    status = {
        "id": "11",
        "created_at": "the day before",
        "content": "<p>A fine day</p>",
        "account": {"acct": "kim"},
        "media_attachments": [],
    }
    path = tmp_path / "statuses.json"
    path.write_text(json.dumps([status, {**status, "id": "12", "created_at": "2026-05-01T10:00:00Z"}]))
    notes: list[str] = []
    first, second = read(path, options=ReadOptions(note=notes.append))
    assert isinstance(first, Post) and isinstance(second, Post)
    assert (first.created_at, first.metadata["date_original"]) == ("", "the day before")
    assert second.created_at == "2026-05-01T10:00:00Z" and "date_original" not in second.metadata
    assert "dates that could not be read: 1, such as 'the day before'" in notes
