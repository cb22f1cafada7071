"""A chart as a file: png and svg for a page or a slide, csv for another program's chart.

The looks are the page's: a label's colour, and a marker that says the same without colour. A chart
with an audit behind it shows its intervals, one without says so.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from textwrap import wrap
from typing import Any

from mmsa_tui.analysis.shares import GroupShares
from mmsa_tui.disk.whole_file import check_place, whole_file
from mmsa_tui.errors import OutputError
from mmsa_tui.export.cells import clean
from mmsa_tui.export.colours import label_colour
from mmsa_tui.export.csv_file import write_csv
from mmsa_tui.report.fonts import FAMILY, find_fonts
from mmsa_tui.text.display import safe_line

SUFFIXES = (".png", ".svg", ".csv")
COLUMNS = ("group", "label", "posts", "share", "low", "high", "share_by_model")

NO_FONT = (
    "Boxes stand for letters that no font of this computer has: install one (Noto), or save as svg or csv."
)
"""What is said below a picture with such letters."""

_DPI = 200
_INK, _QUIET, _GRID = "#1c2026", "#565d68", "#d9d6cd"
_MARKERS = {1: "s", 2: "v^", 3: "vs^", 4: "v<>^", 5: "v<s>^"}
"""As the app's signs: from the first label pointing down to the last pointing up."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Shares by group, ready to be drawn.

    `by` is "" for one group of all posts; `is_time` says that groups are periods, in their order.
    `notes` stand below: what the shares are of and what they are worth.
    """

    title: str
    by: str
    labels: tuple[str, ...]
    groups: Sequence[GroupShares]
    is_time: bool
    notes: Sequence[str]

    @property
    def has_intervals(self) -> bool:
        return any(share.low is not None for group in self.groups for share in group.shares)


def check_chart_target(target: Path, *, overwrite: bool = False) -> None:
    """Refuse a target that cannot become a chart.

    Raises:
        OutputError: it has another suffix, exists, or lies where no file can be written.
    """
    if target.suffix.lower() not in SUFFIXES:
        raise OutputError(
            f"{target} ends in none of {', '.join(SUFFIXES)}", "Choose a name that ends in one of them."
        )
    check_place(target, overwrite=overwrite)


def write_chart(chart: Chart, target: Path, *, overwrite: bool = False) -> Chart:
    """Write a chart as its suffix says; returns it with what there is to say of the file.

    Raises:
        OutputError: see `check_chart_target`.
    """
    check_chart_target(target, overwrite=overwrite)
    suffix = target.suffix.lower()
    fonts = [FAMILY]
    if suffix == ".png":
        fonts, missing = find_fonts(_written(chart))
        if missing:
            chart = replace(chart, notes=[*chart.notes, NO_FONT])
    with whole_file(target, overwrite=overwrite) as part:
        if suffix == ".csv":
            write_csv(part, COLUMNS, _records(chart))
        else:
            _draw(chart, part, suffix.removeprefix("."), fonts)
    return chart


def _written(chart: Chart) -> list[str]:
    return [chart.title, *chart.labels, *(group.name for group in chart.groups), *chart.notes]


def _records(chart: Chart) -> list[dict[str, str | float | None]]:
    return [
        {
            "group": group.name or "all posts",
            "label": share.label,
            "posts": str(group.n_posts),
            "share": share.value,
            "low": share.low,
            "high": share.high,
            "share_by_model": share.by_model,
        }
        for group in chart.groups
        for share in group.shares
    ]


def _draw(chart: Chart, file: Path, kind: str, fonts: Sequence[str]) -> None:
    # matplotlib costs 0.4 s to import; a csv should not pay it.
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    height = 3.2 if not chart.by else 4.2 if chart.is_time else 1.6 + 0.34 * len(chart.groups)
    # What a chart is worth is read to its end.
    notes = [line for note in chart.notes for line in wrap(_words(note, 2_000), 130)]
    height = max(3.0, height) + 0.15 * (len(notes) - len(chart.notes))
    # Letters stay letters in an svg: they can be read out, searched and edited.
    looks = {"svg.fonttype": "none", "svg.hashsalt": "mmsa", "font.family": list(fonts)}
    with rc_context(looks), warnings.catch_warnings():
        # The chart says so itself, where there is no font for a letter; an svg is drawn with its reader's.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        # A font without a bold face is drawn as it is.
        logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
        figure = Figure(figsize=(8.0, height), layout="constrained", facecolor="white")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        for side in ("left", "bottom"):
            axes.spines[side].set_color(_QUIET)
        axes.tick_params(colors=_INK, labelcolor=_INK)
        if not chart.by:
            _draw_labels(axes, chart)
        elif chart.is_time:
            _draw_course(axes, chart)
        else:
            _draw_groups(axes, chart)
        axes.set_title(
            _words(chart.title, 90), loc="left", color=_INK, fontsize=12, fontweight="bold", parse_math=False,
            pad=28 if chart.by else 8,
        )  # fmt: skip
        figure.supxlabel("\n".join(notes), x=0.01, ha="left", fontsize=8, color=_QUIET, parse_math=False)
        figure.savefig(file, format=kind, dpi=_DPI, metadata={"Date": None} if kind == "svg" else {})


def _draw_labels(axes: Any, chart: Chart) -> None:
    """Draw a bar for every label, with its interval and what the model alone says."""
    shares = chart.groups[0].shares if chart.groups else ()
    for at, share in enumerate(shares):
        axes.barh(at, 100 * share.value, color=_colour(chart, at), height=0.6)
        edge = share.value
        if share.low is not None and share.high is not None:
            axes.plot([100 * share.low, 100 * share.high], [at, at], color=_INK, linewidth=1.6)
            edge = share.high
        if share.by_model is not None:
            axes.plot(100 * share.by_model, at, marker="d", color="white", markeredgecolor=_INK, markersize=6)
            edge = max(edge, share.by_model)
        axes.text(100 * edge + 1.5, at, f"{100 * share.value:.1f} %", va="center", color=_INK)
    axes.set_yticks(range(len(shares)), [_words(share.label, 30) for share in shares], parse_math=False)
    axes.invert_yaxis()
    axes.set_xlim(0, min(112, axes.get_xlim()[1] + 8))
    _percents(axes, "x")


def _draw_course(axes: Any, chart: Chart) -> None:
    """Draw a line for every label over time; what has no date is left out."""
    periods = [(moment, group) for group in chart.groups if (moment := _moment(group.name)) is not None]
    moments = [moment for moment, _ in periods]
    for at, label in enumerate(chart.labels):
        shares = [group.shares[at] for _, group in periods]
        colour = _colour(chart, at)
        axes.plot(
            moments, [100 * share.value for share in shares], color=colour, marker=_marker(chart, at),
            markersize=5, linewidth=1.8, label=_words(label, 30),
        )  # fmt: skip
        known = [
            (moment, 100 * share.low, 100 * share.high)
            for moment, share in zip(moments, shares, strict=True)
            if share.low is not None and share.high is not None
        ]
        if known:
            axes.fill_between(*zip(*known, strict=True), color=colour, alpha=0.18, linewidth=0)
    _percents(axes, "y")
    axes.set_ylim(0, 100)
    if len(set(moments)) < 2:
        axes.set_xticks(moments, [group.name for _, group in periods], parse_math=False)
    _legend(axes, chart)


def _draw_groups(axes: Any, chart: Chart) -> None:
    """Draw a line for every group: a bar cut by label, or marks with their intervals."""
    for row, group in enumerate(chart.groups):
        left = 0.0
        for at, share in enumerate(group.shares):
            colour = _colour(chart, at)
            named = _words(share.label, 30) if row == 0 else None
            if not chart.has_intervals:
                axes.barh(row, 100 * share.value, left=left, color=colour, height=0.7, label=named)
                left += 100 * share.value
                continue
            # Side by side, so that no interval hides another.
            y = row + 0.22 * (at - (len(group.shares) - 1) / 2)
            if share.low is not None and share.high is not None:
                axes.plot([100 * share.low, 100 * share.high], [y, y], color=colour, linewidth=1.6)
            axes.plot(
                100 * share.value, y, marker=_marker(chart, at), color=colour, linestyle="", markersize=6,
                label=named,
            )  # fmt: skip
    names = [f"{_words(group.name, 28)}  ({group.n_posts:,})" for group in chart.groups]
    axes.set_yticks(range(len(names)), names, parse_math=False)
    axes.set_ylim(len(names) - 0.4, -0.6)
    _percents(axes, "x")
    axes.set_xlim(0, 100)
    _legend(axes, chart)


def _percents(axes: Any, which: str) -> None:
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_formatter(lambda value, _: f"{value:.0f} %")
    axes.grid(axis=which, color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)


def _legend(axes: Any, chart: Chart) -> None:
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1.0), ncols=len(chart.labels), frameon=False, fontsize=9,
        borderaxespad=0.2,
    )  # fmt: skip


def _colour(chart: Chart, at: int) -> str:
    return label_colour(at, len(chart.labels), dark=False)


def _marker(chart: Chart, at: int) -> str:
    markers = _MARKERS.get(len(chart.labels), "vs^Dop*hX")
    return markers[at % len(markers)]


def _moment(name: str) -> datetime | None:
    """Read the beginning of a period from its name."""
    for form in ("%Y-%m-%d %Hh", "%Y-%m-%d", "%Y-%m", "%Y"):
        try:
            return datetime.strptime(name, form)
        except ValueError:
            continue
    return None


def _words(text: str, limit: int) -> str:
    return safe_line(clean(text), limit)
