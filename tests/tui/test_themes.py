"""The app's themes can be read, and labels are told apart without colour."""

from __future__ import annotations

import pytest
from textual.app import App
from textual.color import Color

from mmsa_tui.errors import ConfigError
from mmsa_tui.export.colours import label_colour
from mmsa_tui.tui.themes import THEMES, keep_theme, kept_theme, label_sign, register_themes

AA = 4.5
"""Contrast of text that WCAG 2.2 asks for at level AA."""


def luminance(colour: Color) -> float:
    channels = [value / 255 for value in (colour.r, colour.g, colour.b)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    lighter, darker = sorted((luminance(Color.parse(first)), luminance(Color.parse(second))), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_every_text_colour_is_readable_on_every_ground(theme: object) -> None:
    texts = ("foreground", "primary", "secondary", "accent", "success", "warning", "error")
    for text in texts:
        for ground in ("background", "surface", "panel"):
            assert contrast(getattr(theme, text), getattr(theme, ground)) >= AA, (text, ground)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("n_labels", [1, 2, 3, 5, 8])
def test_every_label_is_readable_on_every_ground(theme: object, n_labels: int) -> None:
    for index in range(n_labels):
        colour = label_colour(index, n_labels, theme.dark)  # type: ignore[attr-defined]
        for ground in ("background", "surface", "panel"):
            assert contrast(colour, getattr(theme, ground)) >= AA, (index, ground)


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
