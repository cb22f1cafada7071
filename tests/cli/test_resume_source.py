"""`--resume` goes on without reading the source again, unless anything about it has changed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from command_runs import Mmsa
from PIL import Image

KEPT = "are not read again"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A table of three posts, one with a picture, in a folder of its own."""
    folder = tmp_path / "posts"
    folder.mkdir()
    Image.new("RGB", (60, 40), "red").save(folder / "glad_best.png")
    (folder / "posts.csv").write_text("id,text,image\n1,best day,glad_best.png\n2,worst day,\n3,a day,\n")
    return folder


@pytest.fixture
def resume(mmsa: Mmsa, folder: Path, tmp_path: Path) -> Callable[..., str]:
    """Classify it once; what is returned does it with `--resume` and gives what was said."""

    def resume(*more: object) -> str:
        ran = mmsa("classify", folder / "posts.csv", "-o", tmp_path / "out.csv", "--resume", *more)
        assert ran.code == 0
        return ran.err

    resume()
    return resume


def test_a_source_that_is_as_it_was_is_not_read_again(
    resume: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (tmp_path / "out.csv").read_bytes()

    def read(*_: object, **__: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr("mmsa_tui.sources.read", read)
    assert KEPT in resume()
    assert (tmp_path / "out.csv").read_bytes() == before


def append_row(folder: Path) -> None:
    with (folder / "posts.csv").open("a") as file:
        file.write("4,best of all,\n")


def change_bytes_alone(folder: Path) -> None:
    path = folder / "posts.csv"
    times = path.stat()
    path.write_text(path.read_text().replace("a day", "A day"))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def save_picture_again(folder: Path) -> None:
    Image.new("RGB", (60, 40), "blue").save(folder / "glad_best.png")


def add_picture(folder: Path) -> None:
    Image.new("RGB", (60, 40), "blue").save(folder / "other.png")


def take_picture_away(folder: Path) -> None:
    (folder / "glad_best.png").unlink()


def add_folder_of_pictures_beside(folder: Path) -> None:
    (folder.parent / "images").mkdir()
    Image.new("RGB", (60, 40), "blue").save(folder.parent / "images" / "2.png")


@pytest.mark.parametrize(
    "change",
    [
        append_row,
        change_bytes_alone,
        save_picture_again,
        add_picture,
        take_picture_away,
        add_folder_of_pictures_beside,
    ],
)
def test_a_source_that_has_changed_is_read_again_and_that_is_said(
    resume: Callable[..., str], folder: Path, change: Callable[[Path], None]
) -> None:
    change(folder)
    said = resume()
    assert "has changed since it was read: it is read again" in said
    assert KEPT in resume()


def test_a_source_that_is_to_be_read_otherwise_is_read_again(resume: Callable[..., str]) -> None:
    assert "is to be read otherwise than before: it is read again" in resume("--map", "text=text")


def test_a_source_of_which_posts_were_forgotten_is_read_again(
    resume: Callable[..., str], mmsa: Mmsa, folder: Path
) -> None:
    assert mmsa("forget", folder / "posts.csv", "--yes").code == 0
    said = resume()
    assert KEPT not in said
    assert "3 posts" in said


def test_a_change_while_a_source_is_read_is_noticed_the_next_time(
    mmsa: Mmsa, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mmsa_tui import sources

    read = sources.read

    def read_and_change(*arguments: object, **named: object) -> object:
        yield from read(*arguments, **named)
        append_row(folder)

    command = ("classify", folder / "posts.csv", "-o", tmp_path / "out.csv", "--resume")
    with monkeypatch.context() as patch:
        patch.setattr(sources, "read", read_and_change)
        assert mmsa(*command).code == 0
    assert "4 posts" in mmsa(*command).err


def test_a_folder_is_compared_file_by_file(mmsa: Mmsa, tmp_path: Path) -> None:
    folder = tmp_path / "pairs"
    folder.mkdir()
    for name, text in (("1", "best day"), ("2", "worst day")):
        (folder / f"{name}.txt").write_text(text)
    command = ("classify", folder, "-o", tmp_path / "out.csv", "--resume")
    assert mmsa(*command).code == 0
    assert KEPT in mmsa(*command).err
    (folder / "2.txt").write_text("best day!")
    assert KEPT not in mmsa(*command).err
