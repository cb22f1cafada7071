"""How the page looks: `page.css`, and a colour for every label."""

from __future__ import annotations

from pathlib import Path

_ENDS = ((193, 73, 61), (116, 126, 136), (42, 127, 98))
"""First, middle and last label: red, grey, green that differ in lightness too."""


def style(n_labels: int) -> str:
    """Return the CSS of a page with so many labels, in their order."""
    rules = [Path(__file__).with_name("page.css").read_text(encoding="utf-8")]
    for number in range(n_labels):
        place = number / (n_labels - 1) if n_labels > 1 else 0.5
        (low, high), part = (_ENDS[:2], place * 2) if place <= 0.5 else (_ENDS[1:], place * 2 - 1)
        mixed = [round(a + (b - a) * part) for a, b in zip(low, high, strict=True)]
        rules.append(f"rect.c{number} {{ fill: #{mixed[0]:02x}{mixed[1]:02x}{mixed[2]:02x}; }}")
    return "\n".join(rules)
