"""Nothing outside a source is touched, and no device is opened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mmsa_tui.disk.safety import check_source, resolve_inside, walk
from mmsa_tui.errors import SourceError

needs_links = pytest.mark.skipif(os.name == "nt", reason="Windows lets only administrators make links")
needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / "source"
    (root / "images").mkdir(parents=True)
    (root / "images" / "1.jpg").write_bytes(b"picture")
    (tmp_path / "secret.txt").write_text("not yours")
    return root


@pytest.mark.parametrize("name", ["images/1.jpg", "images\\1.jpg", "./images/1.jpg", " images/1.jpg "])
def test_a_name_inside_the_source_is_found(source: Path, name: str) -> None:
    assert resolve_inside(source, name) == (source / "images" / "1.jpg").resolve()


@pytest.mark.parametrize(
    "name",
    [
        "../secret.txt",
        "images/../../secret.txt",
        "..\\secret.txt",
        "/etc/passwd",
        "C:\\Windows\\win.ini",
        "\\\\server\\share\\x.jpg",
        "images",
        "",
        "a\0b",
        "x" * 5000,
        "nul",
        "https://example.org/1.jpg",
    ],
)
def test_a_name_that_leads_elsewhere_finds_nothing(source: Path, name: str) -> None:
    assert resolve_inside(source, name) is None


def test_an_absolute_path_to_a_file_outside_finds_nothing(source: Path) -> None:
    assert resolve_inside(source, str(source.parent / "secret.txt")) is None


@needs_links
def test_a_link_out_of_the_source_finds_nothing(source: Path) -> None:
    (source / "link.txt").symlink_to(source.parent / "secret.txt")
    assert resolve_inside(source, "link.txt") is None


@needs_links
def test_walking_leaves_out_links_that_lead_out_and_says_so(source: Path) -> None:
    (source / "link.txt").symlink_to(source.parent / "secret.txt")
    (source / "up").symlink_to(source.parent)
    (source / "loop").symlink_to(source / "loop")
    notes: list[str] = []
    assert list(walk(source, notes.append)) == ["images/1.jpg"]
    assert notes == ["links or devices left out: 3"]


@needs_links
def test_walking_keeps_a_link_to_a_file_of_the_source(source: Path) -> None:
    (source / "same.jpg").symlink_to(source / "images" / "1.jpg")
    assert sorted(walk(source)) == ["images/1.jpg", "same.jpg"]


@needs_pipes
def test_walking_does_not_wait_for_a_pipe(source: Path) -> None:
    os.mkfifo(source / "2.jpg")
    assert list(walk(source)) == ["images/1.jpg"]


def test_walking_leaves_out_what_the_system_put_there(source: Path) -> None:
    for name in (".DS_Store", "._1.jpg", "Thumbs.db"):
        (source / name).write_bytes(b"")
    (source / "__MACOSX").mkdir()
    (source / "__MACOSX" / "1.jpg").write_bytes(b"")
    assert list(walk(source)) == ["images/1.jpg"]


def test_walking_stops_at_a_depth(source: Path) -> None:
    deep = source
    for _ in range(40):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (deep / "1.txt").write_text("deep")
    notes: list[str] = []
    assert list(walk(source, notes.append)) == ["images/1.jpg"]
    assert notes == ["folders nested too deep left out: 1"]


def test_a_source_that_is_absent_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no file or folder"):
        check_source(tmp_path / "absent")


def test_a_source_name_with_a_nul_is_a_clear_error() -> None:
    with pytest.raises(SourceError, match="no file or folder"):
        check_source(Path("a\0b"))


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no /dev/zero")
def test_a_device_is_no_source() -> None:
    with pytest.raises(SourceError, match="device or a pipe"):
        check_source(Path("/dev/zero"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="everything is readable here")
def test_a_source_that_may_not_be_read_is_a_clear_error(source: Path) -> None:
    source.chmod(0)
    try:
        with pytest.raises(SourceError, match="cannot be read"):
            check_source(source)
    finally:
        source.chmod(0o700)
