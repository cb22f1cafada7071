"""A screen as a picture that depends on what is to be seen, and on nothing else.

Textual's own screenshots also tell how the screen was pieced together, and which colour a letter
would have where there is none; both depend on the pace of the test.
"""

from __future__ import annotations

import io

from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style
from textual.app import App


def screen_svg(app: App) -> str:
    """Draw what the app shows now."""
    width, height = app.size
    console = Console(
        width=width, height=height, file=io.StringIO(), force_terminal=True, color_system="truecolor",
        record=True, legacy_windows=False, safe_box=False, _environ={},
    )  # fmt: skip
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    shown = [segment for segment in console.render(update) if not segment.control]
    for line in Segment.split_lines(shown):
        console.print(Segments([*_by_looks(line), Segment.line()]))
    return console.export_svg(title=app.title, unique_id="mmsa")


def _by_looks(line: list[Segment]) -> list[Segment]:
    """Cut a line where its looks change; a blank looks like what is before it, if its ground does."""
    runs: list[tuple[str, Style]] = []
    for text, style, _ in line:
        looks = (style or Style()).clear_meta_and_links()
        is_plain = not (looks.underline or looks.reverse or looks.strike)
        for letter in text:
            before = runs[-1][1] if runs else None
            is_blank = letter == " " and is_plain
            if before is not None and (
                before == looks or (is_blank and before.bgcolor == looks.bgcolor and not before.underline)
            ):
                runs[-1] = (runs[-1][0] + letter, before)
            else:
                runs.append((letter, Style(bgcolor=looks.bgcolor) if is_blank else looks))
    return [Segment(text, style) for text, style in runs]
