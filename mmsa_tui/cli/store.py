"""`mmsa store`: checking the store, backing it up, and restoring it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from mmsa_tui.cli import console, options
from mmsa_tui.records import Correction
from mmsa_tui.text.display import counted, safe_line

_SHOWN = 20


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        help="Check, back up and restore the store of posts and corrections.", no_args_is_help=True
    )
    group.command(epilog=options.example("mmsa store check"))(check)
    group.command(epilog=options.example("mmsa store backup -o backup.db"))(backup)
    group.command(epilog=options.example("mmsa store restore backup.db"))(restore)
    app.add_typer(group, name="store")


def check(json: options.JsonOption = False) -> None:
    """Look at everything in the store, and name what is wrong with it."""
    from mmsa_tui.services import store_care

    health = store_care.check(options.configure().paths)
    if json:
        problems = [{"message": error.message, "hint": error.hint} for error in health.problems]
        counts = {"corrections": health.n_corrections, "posts": health.n_posts}
        console.show_json({**counts, "problems": problems})
    for error in () if json else health.problems:
        console.show(f"wrong: {error.message} ({error.hint})")
    if not json and not health.problems:
        console.show(f"whole: {health.n_corrections:,} corrections, {health.n_posts:,} posts")
    if health.problems:
        raise typer.Exit(health.problems[0].exit_code)


def backup(
    output: Annotated[Path | None, options.output("Where to; else beside the store, seven are kept.")] = None,
) -> None:
    """Copy the store, as it is now, into one file."""
    from mmsa_tui.services import store_care

    console.show(f"wrote {store_care.backup(options.configure().paths, output and output.expanduser())}")


def restore(
    file: Annotated[
        Path | None,
        options.path_argument("[FILE]", "A backup or a copy of a store; else the newest whole one."),
    ] = None,
) -> None:
    """Put a whole store in the place of a damaged one, with every correction that any copy holds.

    Close the app before. The damaged store is kept beside the new one.
    """
    from mmsa_tui.services import store_care

    restored = store_care.restore(options.configure().paths, file and file.expanduser())
    for path, number in restored.added:
        console.talk(f"{path.name}: {number:,} corrections that were in no copy before it")
    for path, reason in restored.unreadable:
        console.talk(f"not read: {path.name}: {reason}")
    console.show(f"restored: {restored.n_corrections:,} corrections")
    if restored.unproven:
        console.talk(
            f"{counted(len(restored.unproven), 'label')} of a damaged store of an earlier version cannot be"
            f" proven; look at these posts again: {_named(restored.unproven)}"
        )
    if restored.aside is not None:
        console.talk(f"the damaged store is kept: {restored.aside}")
    console.talk("sources that show no posts are to be opened again")


def _named(acts: Sequence[Correction]) -> str:
    posts = dict.fromkeys(act.post_id or act.content_hash for act in acts)
    return ", ".join(islice(map(safe_line, posts), _SHOWN)) + (" …" if len(posts) > _SHOWN else "")
