"""How the page looks: `page.css`, and a colour for every label on light and on dark paper."""

from __future__ import annotations

from pathlib import Path

from mmsa_tui.export.colours import label_colour


def style(n_labels: int) -> str:
    """Return the CSS of a page with so many labels, in their order."""
    css = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    light, dark = (
        " ".join(f"--c{at}: {label_colour(at, n_labels, dark=on_dark)};" for at in range(n_labels))
        for on_dark in (False, True)
    )
    rules = [f".c{at} {{ background: var(--c{at}); fill: var(--c{at}); }}" for at in range(n_labels)]
    scheme = f":root {{ {light} }}\n@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"
    return "\n".join([css, scheme, *rules])
