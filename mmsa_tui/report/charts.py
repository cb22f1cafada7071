"""Charts as HTML and inline SVG: bars and columns, each part with its numbers as a tooltip.

Colours come from CSS classes `c0`, `c1`... in label order, and never stand alone: every chart has
a legend or names beside it, and parts are divided by gaps. All of them shrink with the window.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from mmsa_tui.analysis import percentages
from mmsa_tui.analysis.estimates import Estimate
from mmsa_tui.analysis.shares import GroupShares, Share
from mmsa_tui.text.display import safe_line

_HEIGHT = 180
_WIDTH = 1000
"""Of the drawing of columns, which is stretched to the room there is."""


def share_bar(counts: Mapping[str, int], labels: Sequence[str]) -> str:
    """Draw one bar of the labels' shares, with names and percentages in the parts."""
    numbers = [counts.get(label, 0) for label in labels]
    total = sum(numbers)
    if not total:
        return ""
    parts, words = [], []
    for at, (label, number, percent) in enumerate(zip(labels, numbers, percentages(numbers), strict=True)):
        words.append(f"{label} {percent} %")
        if number:
            parts.append(
                _part(at, 100 * number / total, f"{label}: {number:,} ({percent} %)", f"{percent} %")
            )
    return f'<div class="bar share" role="img" aria-label="{_text(", ".join(words))}">{"".join(parts)}</div>'


def interval_bars(intervals: Sequence[Estimate]) -> str:
    """Draw each share with its interval on a scale from 0 to 100 %, and a mark where the model alone is."""
    lines = []
    for at, one in enumerate(intervals):
        if one.value is None or one.low is None or one.high is None:
            continue
        bounds = f"95 % interval {100 * one.low:.1f} to {100 * one.high:.1f} %"
        words = f"{one.name}: {100 * one.value:.1f} %, {bounds}"
        model = ""
        if one.raw is not None:
            words += f", by the model alone {100 * one.raw:.1f} %"
            model = f'<em style="left:{100 * one.raw:.2f}%"></em>'
        style = f"left:{100 * one.low:.2f}%;width:{100 * (one.high - one.low):.2f}%"
        drawn = (
            f'<div class="interval" role="img" aria-label="{_text(words, 200)}" title="{_text(words, 200)}">'
            f'<span class="c{at}" style="{style}"></span><i style="left:{100 * one.value:.2f}%"></i>'
            f"{model}</div>"
        )
        lines.append(
            f'<tr><th scope="row">{_text(one.name, 40)}</th><td class="bar-cell">{drawn}</td>'
            f"<td>{100 * one.value:.1f} %</td></tr>"
        )
    if not lines:
        return ""
    note = "Bars are 95 % intervals, the line in them the share; a triangle is the share by the model alone."
    named = '<table class="ranked" aria-label="shares with their 95 % intervals">'
    return f"{named}<tbody>{''.join(lines)}</tbody></table><p>{note}</p>"


def ranked_bars(
    counts: Sequence[tuple[str, Mapping[str, int]]],
    labels: Sequence[str],
    about: str = "posts by name and label",
) -> str:
    """Draw a bar for every name, parted by label, as long as its count.

    Args:
        about: what the chart shows, for who cannot see it.
    """
    if not counts:
        return ""
    most = max(sum(by_label.values()) for _, by_label in counts)
    lines = []
    for name, by_label in counts:
        total = sum(by_label.values())
        parts = [
            _part(at, 100 * by_label[label] / most, f"{name}, {label}: {by_label[label]:,}")
            for at, label in enumerate(labels)
            if by_label.get(label, 0)
        ]
        words = _text(", ".join(f"{label} {by_label.get(label, 0):,}" for label in labels), 200)
        bar = f'<div class="bar" role="img" aria-label="{words}">{"".join(parts)}</div>'
        lines.append(
            f'<tr><th scope="row">{_text(name, 40)}</th><td class="bar-cell">{bar}</td>'
            f"<td>{total:,}</td></tr>"
        )
    named = f'<table class="ranked" aria-label="{_text(about, 200)}">'
    return f"{named}<tbody>{''.join(lines)}</tbody></table>"


def grouped_bars(groups: Sequence[GroupShares], labels: Sequence[str], by: str) -> str:
    """Draw a bar of all labels' shares for every group, with each share and its interval beside it."""
    head = "".join(f'<th scope="col">{_text(name, 40)}</th>' for name in (by, "posts", "", *labels))
    lines = []
    for group in groups:
        parts = "".join(
            _part(at, 100 * share.value, f"{group.name}, {share.label}: {_share(share)}")
            for at, share in enumerate(group.shares)
            if share.value > 0
        )
        # The cells that follow say the same.
        bar = f'<div class="bar" aria-hidden="true">{parts}</div>'
        cells = "".join(f"<td>{_text(_share(share), 40)}</td>" for share in group.shares)
        lines.append(
            f'<tr><th scope="row">{_text(group.name, 40)}</th><td>{group.n_posts:,}</td>'
            f'<td class="bar-cell">{bar}</td>{cells}</tr>'
        )
    if not lines:
        return ""
    body = f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody>"
    return f'<table class="grouped" aria-label="shares by {_text(by, 60)}">{body}</table>'


def _share(share: Share) -> str:
    value = f"{100 * share.value:.0f} %"
    if share.low is None or share.high is None:
        return value
    return f"{value} ({100 * share.low:.0f}–{100 * share.high:.0f})"


def columns(
    counts: Sequence[tuple[str, Mapping[str, int]]],
    labels: Sequence[str],
    marks: Mapping[int, str],
    about: str = "posts by column and label",
) -> str:
    """Draw a column for every period or step, parted by label.

    Args:
        counts: the name of each column, shown as a tooltip, and its counts.
        marks: words under the axis, by the number of the column at whose left edge they stand.
        about: what the chart shows, for who cannot see it.
    """
    most = max((sum(by_label.get(label, 0) for label in labels) for _, by_label in counts), default=0)
    if not most:
        return ""
    step = _WIDTH / len(counts)
    drawn, ticks = [], []
    for value in _ticks(most):
        y = _HEIGHT * (1 - value / most)
        drawn.append(f'<line class="grid" x1="0" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        ticks.append(f'<span style="bottom:{100 * value / most:.2f}%">{value:,}</span>')
    for column, (name, by_label) in enumerate(counts):
        y = float(_HEIGHT)
        for number, label in enumerate(labels):
            n = by_label.get(label, 0)
            if n:
                part = _HEIGHT * n / most
                y -= part
                drawn.append(
                    f'<rect class="c{number}" x="{column * step:.2f}" y="{y:.2f}" width="{step * 0.92:.2f}"'
                    f' height="{part:.2f}"><title>{_text(f"{name}, {label}: {n:,}", 200)}</title></rect>'
                )
    under = "".join(
        f'<span style="left:{100 * column / len(counts):.2f}%">{_text(words)}</span>'
        for column, words in marks.items()
    )
    return (
        f'<div class="columns"><div class="ticks" aria-hidden="true">{"".join(ticks)}</div>'
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img"'
        f' aria-label="{_text(about, 200)}">{"".join(drawn)}</svg>'
        f'<div class="marks" aria-hidden="true">{under}</div></div>'
    )


def legend(labels: Sequence[str], counts: Mapping[str, int] | None = None) -> str:
    """Name the colours, with the labels' shares where there are counts."""
    shares = [""] * len(labels)
    if counts is not None:
        numbers = [counts.get(label, 0) for label in labels]
        shares = [f" {percent} %" for percent in percentages(numbers)] if sum(numbers) else shares
    items = (
        f'<span><i class="c{at}"></i>{_text(label)}{share}</span>'
        for at, (label, share) in enumerate(zip(labels, shares, strict=True))
    )
    return f'<p class="legend">{"".join(items)}</p>'


def _part(number: int, percent: float, about: str, words: str = "") -> str:
    # What is written in a part too narrow for it would only be cut.
    shown = words if percent >= 8 else ""
    style = f'class="c{number}" style="width:{percent:.2f}%"'
    return f'<span {style} title="{_text(about, 200)}">{_text(shown)}</span>'


def _ticks(most: int) -> list[int]:
    """Choose two to five round values from 0 up to `most`."""
    step = 1
    for step in (base * 10**power for power in range(12) for base in (1, 2, 5)):
        if most / step <= 5:
            break
    return list(range(0, most + 1, step))


def _text(text: str, limit: int = 60) -> str:
    return escape(safe_line(text, limit))
