"""Themes are found and kept, and labels are told apart without colour."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.app import App

from mmsa_tui.errors import ConfigError
from mmsa_tui.tui.themes import THEMES, keep_theme, kept_theme, label_sign, register_themes


@pytest.mark.parametrize("n_labels", range(1, 10))
def test_labels_differ_by_their_sign_alone(n_labels: int) -> None:
    assert len({label_sign(index, n_labels) for index in range(n_labels)}) == n_labels


def test_the_default_theme_is_ours() -> None:
    app: App[None] = App()
    register_themes(app)
    assert app.theme == "mmsa-dark"


def test_a_theme_of_the_config_is_put_on() -> None:
    app: App[None] = App()
    register_themes(app, "nord")
    assert app.theme == "nord"


def test_an_unknown_theme_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError) as caught:
        register_themes(App(), "midnight")
    assert "mmsa-dark, mmsa-light, mmsa-contrast" in caught.value.hint


def test_a_theme_that_was_chosen_stays(tmp_path) -> None:
    assert kept_theme(tmp_path) == ""
    keep_theme(tmp_path, THEMES[1].name)
    assert kept_theme(tmp_path) == THEMES[1].name
    keep_theme(tmp_path, "gone")
    assert kept_theme(tmp_path) == ""


@pytest.mark.parametrize(("named", "kept"), [("", "mmsa-light"), ("nord", "")])
async def test_a_choice_stays_unless_the_config_names_a_theme_and_then_it_says_so(
    make_app, config, named, kept
) -> None:
    app = make_app(config=replace(config, theme=named))
    async with app.run_test() as pilot:
        app.keep_theme("mmsa-light")
        await pilot.pause()
        told = [note.message for note in app._notifications]
        assert kept_theme(config.paths.data_dir) == kept
        assert any("nord" in words for words in told) == bool(named)
