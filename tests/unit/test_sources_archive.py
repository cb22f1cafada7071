"""Zip files: what is read from them, what is left out, and what is refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from mmsa_tui.disk import archive
from mmsa_tui.disk.archive import Archive
from mmsa_tui.errors import SourceError


def write_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def test_members_are_read_by_name(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"data/tweets.js": b"[]", "data/media/1.jpg": b"x"})
    with Archive(path) as opened:
        assert list(opened.members) == ["data/tweets.js", "data/media/1.jpg"]
        assert opened.read("data/tweets.js") == b"[]"


def test_names_that_lead_out_are_left_out_and_counted(tmp_path: Path) -> None:
    names = ["../x.txt", "/etc/x.txt", "a/../../x.txt", "C:/x.txt", "..\\x.txt", "good.txt"]
    path = write_zip(tmp_path / "a.zip", dict.fromkeys(names, b"x"))
    notes: list[str] = []
    with Archive(path, notes.append) as opened:
        assert list(opened.members) == ["good.txt"]
    assert notes == ["a.zip: names that lead out of it left out: 5"]


def test_nested_archives_are_left_out(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"inner.zip": b"PK", "x.tar.gz": b"", "good.txt": b"x"})
    with Archive(path) as opened:
        assert list(opened.members) == ["good.txt"]


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "bomb.zip", {"0.txt": bytes(200 << 20)})
    with pytest.raises(SourceError, match="would expand"):
        Archive(path)


def test_one_member_that_explodes_is_refused_and_its_neighbour_is_read(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"0.txt": bytes(20 << 20), "good.txt": b"x"})
    with Archive(path) as opened:
        with pytest.raises(OSError, match="would expand"):
            opened.read("0.txt")
        assert opened.read("good.txt") == b"x"


def test_a_member_that_is_larger_than_asked_for_is_refused(tmp_path: Path) -> None:
    with Archive(write_zip(tmp_path / "a.zip", {"x": b"12345"})) as opened, pytest.raises(OSError):
        opened.read("x", limit=4)


def test_an_archive_with_too_many_entries_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBERS", 10)
    path = write_zip(tmp_path / "a.zip", {f"{n}.txt": b"" for n in range(11)})
    with pytest.raises(SourceError, match="11 entries"):
        Archive(path)


def test_an_archive_with_a_password_is_refused(tmp_path: Path) -> None:
    data = bytearray(write_zip(tmp_path / "a.zip", {"x.txt": b"12345"}).read_bytes())
    # The lowest bit of the flags, in the header of the member and in the directory.
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "locked.zip").write_bytes(data)
    with pytest.raises(SourceError, match="password"):
        Archive(tmp_path / "locked.zip")


@pytest.mark.parametrize("cut", [0, 10, 60, 100])
def test_an_archive_that_is_cut_is_a_clear_error(tmp_path: Path, cut: int) -> None:
    data = write_zip(tmp_path / "a.zip", {"x.txt": b"12345" * 100}).read_bytes()
    (tmp_path / "cut.zip").write_bytes(data[:cut])
    with pytest.raises(SourceError, match="not a zip file"):
        Archive(tmp_path / "cut.zip")


def test_a_damaged_member_is_an_error_of_that_member(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"bad.txt": bytes(range(256)) * 8, "good.txt": b"x"})
    data = bytearray(path.read_bytes())
    data[60:90] = b"\xff" * 30
    path.write_bytes(data)
    with Archive(path) as opened:
        with pytest.raises(OSError, match="damaged"):
            opened.read("bad.txt")
        assert opened.read("good.txt") == b"x"
