"""Printing: data on stdout, talk on stderr, progress on stderr if that is a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import typer

from mmsa_tui.text.display import safe, safe_line

Advance = Callable[[int, int | None], None]
"""Told how many are done, and of how many if that is known."""


def talk(message: str = "") -> None:
    """Say something to the user."""
    typer.echo(safe(message, newlines=True), err=True)


def note(message: str) -> None:
    """Say what is worth knowing beside the result."""
    talk(f"note: {message}")


def show(text: str = "") -> None:
    """Print data."""
    typer.echo(safe(text, newlines=True))


def show_json(value: object) -> None:
    """Print data for programs; ASCII, so that nothing in it can steer a terminal."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=True))


def table(rows: Sequence[Sequence[str]], right: Sequence[int] = (), indent: str = "") -> str:
    """Lay out cells in columns two spaces apart.

    Args:
        rows: cells of one line each, the header included.
        right: the columns that are aligned to the right, as numbers are.
    """
    # rich knows how wide emoji and CJK letters are; it is not needed for `--help`.
    from rich.cells import cell_len

    cells = [[_indentation(cell) + safe_line(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for row in cells:
        padded = []
        for number, (cell, width) in enumerate(zip(row, widths, strict=True)):
            space = " " * (width - cell_len(cell))
            padded.append(space + cell if number in right else cell + space)
        lines.append((indent + "  ".join(padded)).rstrip())
    return "\n".join(lines)


def _indentation(cell: str) -> str:
    return " " * (len(cell) - len(cell.lstrip(" ")))


@contextmanager
def progress(title: str, unit: str = "posts") -> Iterator[Advance]:
    """Show a bar while the block runs; nothing where nobody watches."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[count]}", markup=False),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(safe_line(title), total=None, count="")

        def advance(done: int, total: int | None) -> None:
            speed = bars.tasks[0].speed
            count = f"{done:,}" + (f"/{total:,}" if total else "") + f" {unit}"
            rate = f" · {speed:,.0f}/s" if speed else ""
            bars.update(task, completed=done, total=total, count=count + rate)

        yield advance
