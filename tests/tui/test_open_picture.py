"""Handing a picture to the system's viewer, for which a small script stands in."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from small_pictures import draw_picture

from mmsa_tui.pictures.decoder import PictureError
from mmsa_tui.pictures.viewer import NoViewerError, open_in_viewer
from mmsa_tui.records import Picture

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the viewer is called otherwise there")


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


async def test_a_picture_is_opened_where_it_lies(tmp_path, viewer):
    path = tmp_path / "a; touch x.png"
    draw_picture(path, 1)
    open_in_viewer(Picture(path.name, path), tmp_path / "cache", Picture.read)
    assert await written(viewer) == f"1|{path.resolve()}"


def test_a_picture_under_a_false_name_is_opened_as_a_copy(tmp_path, viewer):
    path = tmp_path / "picture.desktop"
    draw_picture(tmp_path / "p.png", 1)
    (tmp_path / "p.png").rename(path)
    opened = open_in_viewer(Picture(path.name, path), tmp_path / "cache", Picture.read)
    assert opened.suffix == ".png"
    assert opened.parent == tmp_path / "cache" / "opened"


def test_what_is_no_picture_is_not_opened(tmp_path, viewer):
    path = tmp_path / "program.png"
    path.write_text("#!/bin/sh\necho")
    with pytest.raises(PictureError):
        open_in_viewer(Picture(path.name, path), tmp_path / "cache", Picture.read)


def test_without_a_screen_the_path_is_named(tmp_path, viewer, monkeypatch):
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    path = tmp_path / "p.png"
    draw_picture(path, 1)
    with pytest.raises(NoViewerError, match=r"p\.png"):
        open_in_viewer(Picture(path.name, path), tmp_path / "cache", Picture.read)


def test_a_link_is_judged_by_the_file_that_it_opens(tmp_path, viewer):
    page = tmp_path / "page.html"
    draw_picture(tmp_path / "p.png", 1)
    page.write_bytes((tmp_path / "p.png").read_bytes() + b"<script>alert(1)</script>")
    link = tmp_path / "s1.png"
    link.symlink_to(page)
    opened = open_in_viewer(Picture(link.name, link), tmp_path / "cache", Picture.read)
    assert opened.parent == tmp_path / "cache" / "opened"
    assert opened.suffix == ".png"
