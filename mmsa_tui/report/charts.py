"""Charts as inline SVG: stacked bars and columns, each part with its numbers as a tooltip.

Colours come from CSS classes `c0`, `c1`... in label order, and never stand alone: every chart has
a legend or names beside it, and parts are divided by gaps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from mmsa_tui.text.display import safe_line

_WIDTH = 720
_GAP = 1.0


def share_bar(counts: Mapping[str, int], labels: Sequence[str]) -> str:
    """Draw one bar of the labels' shares, with names and percentages in the parts."""
    total = sum(counts.get(label, 0) for label in labels)
    if not total:
        return ""
    parts, x = [], 0.0
    for number, label in enumerate(labels):
        n = counts.get(label, 0)
        width = _WIDTH * n / total
        if n:
            share = f"{100 * n / total:.0f} %"
            parts.append(_part(x, 0, width, 44, number, f"{label}: {n:,} ({share})"))
            words = f"{label} {share}" if width > 8 * len(f"{label} {share}") else share if width > 40 else ""
            parts.append(f'<text class="on c{number}" x="{x + width / 2:.1f}" y="27">{_text(words)}</text>')
        x += width
    return _svg(_WIDTH, 44, parts, "share of posts by label")


def ranked_bars(counts: Sequence[tuple[str, Mapping[str, int]]], labels: Sequence[str]) -> str:
    """Draw a bar for every name, parted by label, as long as its count."""
    if not counts:
        return ""
    most = max(sum(by_label.values()) for _, by_label in counts)
    row, name_width, room = 22, 210, _WIDTH - 210 - 60
    parts = []
    for line, (name, by_label) in enumerate(counts):
        y, x = line * row, float(name_width)
        parts.append(f'<text class="name" x="{name_width - 8}" y="{y + 15}">{_text(name, 28)}</text>')
        for number, label in enumerate(labels):
            n = by_label.get(label, 0)
            width = room * n / most
            if n:
                parts.append(_part(x, y + 3, width, row - 6, number, f"{name}, {label}: {n:,}"))
            x += width
        total = sum(by_label.values())
        parts.append(f'<text class="count" x="{x + 6:.1f}" y="{y + 15}">{total:,}</text>')
    return _svg(_WIDTH, row * len(counts), parts, "posts by name and label")


def columns(
    counts: Sequence[tuple[str, Mapping[str, int]]], labels: Sequence[str], marks: Mapping[int, str]
) -> str:
    """Draw a column for every period or step, parted by label.

    Args:
        counts: the name of each column, shown as a tooltip, and its counts.
        marks: words under the axis, by the number of the column at whose left edge they stand.
    """
    most = max((sum(by_label.values()) for _, by_label in counts), default=0)
    if not most:
        return ""
    height, left, bottom = 180.0, 46.0, 22.0
    step = (_WIDTH - left) / len(counts)
    parts = []
    for value in _ticks(most):
        y = height - height * value / most + 8
        parts.append(f'<line class="grid" x1="{left}" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="tick" x="{left - 6}" y="{y + 4:.1f}">{value:,}</text>')
    for column, (name, by_label) in enumerate(counts):
        y = height + 8
        for number, label in enumerate(labels):
            n = by_label.get(label, 0)
            if n:
                part = height * n / most
                y -= part
                about = f"{name}, {label}: {n:,}"
                parts.append(_part(left + column * step, y, max(step - 1, 0.5), part, number, about))
    for column, words in marks.items():
        x = left + column * step
        parts.append(
            f'<text class="mark" x="{x:.1f}" y="{height + 8 + bottom - 6:.1f}">{_text(words)}</text>'
        )
    return _svg(_WIDTH, height + 8 + bottom, parts, "posts by column and label")


def legend(labels: Sequence[str]) -> str:
    """Name the colours."""
    items = (
        f'<span><svg width="12" height="12" aria-hidden="true"><rect class="c{number}" width="12" '
        f'height="12"/></svg> {_text(label)}</span>'
        for number, label in enumerate(labels)
    )
    return f'<p class="legend">{"".join(items)}</p>'


def _part(x: float, y: float, width: float, height: float, number: int, about: str) -> str:
    drawn = max(width - _GAP, 0.4)
    return (
        f'<rect class="c{number}" x="{x:.1f}" y="{y:.1f}" width="{drawn:.1f}" height="{height:.1f}">'
        f"<title>{_text(about, 200)}</title></rect>"
    )


def _ticks(most: int) -> list[int]:
    """Choose two to five round values from 0 up to `most`."""
    step = 1
    for step in (base * 10**power for power in range(12) for base in (1, 2, 5)):
        if most / step <= 5:
            break
    return list(range(0, most + 1, step))


def _text(text: str, limit: int = 60) -> str:
    return escape(safe_line(text, limit))


def _svg(width: float, height: float, parts: Sequence[str], about: str) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'aria-label="{escape(about)}">{"".join(parts)}</svg>'
    )
