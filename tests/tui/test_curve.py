"""The curve of a run, drawn with dots."""

from __future__ import annotations

from mmsa_tui.tui.retrain.curve import draw_line


def test_a_curve_rises_to_the_right_where_the_figure_rises() -> None:
    lines = draw_line([0.0, 1.0], width=4, height=2)
    assert lines[0][0] == "\u2800" and lines[0][-1] != "\u2800"
    assert lines[1][0] != "\u2800" and lines[1][-1] == "\u2800"


def test_half_a_run_fills_half_the_width() -> None:
    (line,) = draw_line([0.0, 1.0], width=6, height=1, n_all=3)
    assert line[:3].strip("\u2800") and not line[4:].strip("\u2800")
