"""Handing a picture to the system's viewer, for which a small script stands in."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from small_pictures import draw_picture

from mmsa_tui.pictures.viewer import NoViewerError, open_picture
from mmsa_tui.records import Picture
from mmsa_tui.tui.pictures import PictureError, Pictures

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the viewer is called otherwise there")


@pytest.fixture
def pictures():
    pictures = Pictures()
    yield pictures
    pictures.close()


@pytest.fixture
def viewer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A viewer that writes down what it was given; the file appears when it has."""
    programs = tmp_path / "programs"
    programs.mkdir()
    opened = tmp_path / "opened.txt"
    script = programs / "xdg-open"
    script.write_text(
        f'#!/bin/sh\nprintf "%s|%s" "$#" "$1" > "{opened}.part"\nmv "{opened}.part" "{opened}"\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("DISPLAY", ":0")
    return opened


async def written(path: Path) -> str:
    """Wait for what the viewer writes down."""
    for _ in range(2000):
        if path.exists():
            return path.read_text()
        await asyncio.sleep(0.01)
    raise AssertionError("the viewer was not started")


async def test_a_picture_is_opened_where_it_lies(tmp_path, pictures, viewer):
    path = tmp_path / "a; touch x.png"
    draw_picture(path, 1)
    await open_picture(pictures, Picture(path.name, path), tmp_path / "cache")
    assert await written(viewer) == f"1|{path.resolve()}"


async def test_a_picture_under_a_false_name_is_opened_as_a_copy(tmp_path, pictures, viewer):
    path = tmp_path / "picture.desktop"
    draw_picture(tmp_path / "p.png", 1)
    (tmp_path / "p.png").rename(path)
    opened = await open_picture(pictures, Picture(path.name, path), tmp_path / "cache")
    assert opened.suffix == ".png"
    assert opened.parent == tmp_path / "cache" / "opened"


async def test_what_is_no_picture_is_not_opened(tmp_path, pictures, viewer):
    path = tmp_path / "program.png"
    path.write_text("#!/bin/sh\necho")
    with pytest.raises(PictureError):
        await open_picture(pictures, Picture(path.name, path), tmp_path / "cache")


async def test_without_a_screen_the_path_is_named(tmp_path, pictures, viewer, monkeypatch):
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    path = tmp_path / "p.png"
    draw_picture(path, 1)
    with pytest.raises(NoViewerError, match=r"p\.png"):
        await open_picture(pictures, Picture(path.name, path), tmp_path / "cache")
