"""Saved views survive, and a damaged file is neither trusted nor overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmsa_tui.errors import ConfigError
from mmsa_tui.filters.views import View, read_views, remove_view, save_view


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "views.json"


def test_there_are_no_views_at_first(file: Path) -> None:
    assert read_views(file) == []


def test_views_come_back_by_name(file: Path) -> None:
    save_view(file, View("Monday", 'label:negative "exact words" 😀'))
    save_view(file, View("angry", "conf:>0.9"))
    assert read_views(file) == [View("angry", "conf:>0.9"), View("Monday", 'label:negative "exact words" 😀')]


def test_a_view_replaces_one_of_the_same_name(file: Path) -> None:
    save_view(file, View("Monday", "a"))
    assert save_view(file, View(" monday ", "b")) == [View("monday", "b")]


def test_a_view_can_be_removed(file: Path) -> None:
    save_view(file, View("a", "x"))
    assert remove_view(file, "A") == []
    assert remove_view(file, "not there") == []


def test_a_view_needs_a_name(file: Path) -> None:
    with pytest.raises(ConfigError):
        save_view(file, View("  ", "x"))


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"views": 3}', '{"views": [{"name": "a"}]}', "\0", "[" * 9999]
)
def test_a_damaged_file_is_refused_and_left_as_it_is(file: Path, content: str) -> None:
    file.parent.mkdir()
    file.write_text(content, encoding="utf-8")
    for act in (
        lambda: read_views(file),
        lambda: save_view(file, View("a", "b")),
        lambda: remove_view(file, "a"),
    ):
        with pytest.raises(ConfigError, match="damaged"):
            act()
    assert file.read_text(encoding="utf-8") == content


def test_a_file_that_cannot_be_read_is_named(file: Path) -> None:
    file.mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"views\.json"):
        read_views(file)
