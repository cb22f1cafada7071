"""`mmsa demo`: the app on the sample posts."""

from __future__ import annotations

from pathlib import Path

import typer

from mmsa_tui.cli import options
from mmsa_tui.errors import SourceError


def register(app: typer.Typer) -> None:
    app.command(epilog=options.example("mmsa demo"))(demo)


def demo() -> None:
    """Open the app on the sample posts that ship with it."""
    from mmsa_tui.cli.browse import open_app

    open_app(sample_posts(), None)


def sample_posts() -> Path:
    """Find the sample posts.

    Raises:
        SourceError: this installation has none.
    """
    import mmsa_tui

    path = Path(mmsa_tui.__file__).parent / "samples" / "posts.csv"
    if not path.is_file():
        raise SourceError(f"the sample posts are not at {path}", "Install mmsa-tui again.")
    return path
