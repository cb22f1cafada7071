"""Many pictures out of few archives."""

from __future__ import annotations

import os
import pickle
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mmsa_tui.pictures.files import PictureFiles
from mmsa_tui.records import MAX_PICTURE_BYTES, Picture


def pack(path: Path, count: int = 3, packing: int = zipfile.ZIP_STORED, repeated: int = 20) -> list[Picture]:
    with zipfile.ZipFile(path, "w", packing) as file:
        for n in range(count):
            file.writestr(f"{n}.jpg", f"picture {n}" * repeated)
    return [Picture(f"{n}.jpg", path, f"{n}.jpg") for n in range(count)]


def test_an_archive_is_opened_once_for_many_pictures(tmp_path: Path) -> None:
    pictures = pack(tmp_path / "a.zip")
    with PictureFiles() as files:
        first = files.read(pictures[0])
        # An archive that is held open can still be read after its name is gone.
        if os.name != "nt":
            (tmp_path / "a.zip").unlink()
        assert [first, files.read(pictures[2])] == [b"picture 0" * 20, b"picture 2" * 20]


def test_more_archives_than_are_kept_open_can_be_read(tmp_path: Path) -> None:
    pictures = [pack(tmp_path / f"{n}.zip", 1)[0] for n in range(20)]
    with PictureFiles() as files:
        assert {files.read(picture) for picture in pictures} == {b"picture 0" * 20}


def test_threads_read_the_same_archive_at_once(tmp_path: Path) -> None:
    pictures = pack(tmp_path / "a.zip", 200, zipfile.ZIP_DEFLATED)
    with PictureFiles() as files, ThreadPoolExecutor(8) as threads:
        found = list(threads.map(files.read, pictures))
    assert found == [f"picture {n}".encode() * 20 for n in range(200)]


def test_it_can_be_read_on_after_closing(tmp_path: Path) -> None:
    (picture, *_) = pack(tmp_path / "a.zip")
    files = PictureFiles()
    assert files.read(picture)
    files.close()
    assert files.read(picture)
    files.close()


def test_a_pickled_copy_opens_the_archive_anew(tmp_path: Path) -> None:
    (picture, *_) = pack(tmp_path / "a.zip")
    with PictureFiles() as files:
        files.read(picture)
        with pickle.loads(pickle.dumps(files)) as copy:  # noqa: S301
            assert copy.read(picture) == files.read(picture)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_copy_does_not_move_the_position_in_the_file(tmp_path: Path) -> None:
    # Larger than what Python holds of a file, so that reading moves it.
    pictures = pack(tmp_path / "a.zip", repeated=100_000)
    with PictureFiles() as files:
        files.read(pictures[0])
        (before,) = positions(files)
        if (child := os.fork()) == 0:
            files.read(pictures[2])
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert positions(files) == [before]


def positions(files: PictureFiles) -> list[int]:
    """Where the open archives stand, as the system and not as Python knows it."""
    return [os.lseek(archive.fp.fileno(), 0, os.SEEK_CUR) for archive in files._archives.values()]


@pytest.mark.parametrize("wrong", ["absent", "damaged", "no zip", "gone"])
def test_what_cannot_be_unpacked_is_an_os_error(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "a.zip"
    (picture, *_) = pack(path, packing=zipfile.ZIP_DEFLATED)
    if wrong == "absent":
        picture = Picture("9.jpg", path, "9.jpg")
    elif wrong == "damaged":
        data = bytearray(path.read_bytes())
        data[36:46] = b"\xff" * 10
        path.write_bytes(data)
    elif wrong == "no zip":
        path.write_bytes(b"something else")
    else:
        path.unlink()
    with PictureFiles() as files, pytest.raises(OSError):
        files.read(picture)
    with pytest.raises(OSError):
        picture.read()


def test_a_picture_that_explodes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file, file.open("bomb.jpg", "w") as member:
        for _ in range(MAX_PICTURE_BYTES // (1 << 20) + 1):
            member.write(bytes(1 << 20))
    with PictureFiles() as files, pytest.raises(OSError, match="larger than 64 MB"):
        files.read(Picture("bomb.jpg", path, "bomb.jpg"))
