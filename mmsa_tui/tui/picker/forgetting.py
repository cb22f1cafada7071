"""A source forgotten for good from the app: what goes and what stays, and its labels written out first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mmsa_tui.errors import MmsaError, UsageError
from mmsa_tui.services.forget import Forgetting, plan_everywhere
from mmsa_tui.store import SourceRow
from mmsa_tui.text.display import counted, safe_line
from mmsa_tui.tui.dialogs.ask import AskOne, AskText

if TYPE_CHECKING:
    from mmsa_tui.tui.app import MmsaApp


async def forget_for_good(app: MmsaApp, source: SourceRow, done: Callable[[], object]) -> None:
    """Ask whether a source is to be forgotten, and do it; `done` is called when it is, or could not be."""
    paths, title = app.config.paths, safe_line(source.title)
    try:
        found = await app.slow.run(lambda store: plan_everywhere(paths, source.location))
    except MmsaError as error:
        app.show_error(error)
        return

    async def carry_out(export: Path | None) -> None:
        try:
            await app.slow.run(lambda store: found.carry_out(export))
        except MmsaError as error:
            app.show_error(error)
        else:
            written = f" Its corrections are in {export}." if export else ""
            app.notify(f"{title} is forgotten.{written}", markup=False)
        done()

    async def take_file(typed: str | None) -> None:
        if typed:
            await carry_out(Path(typed).expanduser())

    async def take(way: str | None) -> None:
        if way == "write":
            proposed = str(Path.cwd() / f"{Path(source.location).stem or 'posts'}-corrections.jsonl")
            await app.ask(AskText("Write the corrections to", proposed, "a .jsonl or .xlsx file"), take_file)
        elif way == "forget":
            await carry_out(None)

    ways, note = _ways(found)
    lines = "\n".join(safe_line(line, 400) for line in [*found.lines(), *note])
    await app.ask(AskOne(f"Forget {title} for good?", ways, explanation=lines), take)


def _ways(found: Forgetting) -> tuple[list[tuple[str, str]], list[str]]:
    """List what can be done, nothing first, and what is to be said besides."""
    ways, note = [("keep", "Keep it")], list[str]()
    if not found.n_corrections:
        return [*ways, ("forget", "Forget it")], note
    number = counted(found.n_corrections, "correction")
    try:
        found.check_export()
        ways.append(("write", f"Write its {number} to a file, then forget it"))
    except UsageError as error:
        note.append(f"{error.message}: `mmsa --codebook NAME corrections export -o FILE` writes them first")
    return [*ways, ("forget", f"Forget it, its {number} too")], note
