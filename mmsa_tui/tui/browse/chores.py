"""What the palette does with a source as a whole: merge, agree, report, evaluate.

The services do the work, off the event loop; here they are asked, and what they say is told.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mmsa_tui.bundle.contents import trained_on
from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.corrections import take_in
from mmsa_tui.errors import MmsaError, UsageError
from mmsa_tui.services.agreement import basis, compare_analysts, summary
from mmsa_tui.services.handover import describe_disagreement, describe_intake, describe_rejections
from mmsa_tui.services.uncorrected import say_by_others
from mmsa_tui.store import SourceRow, Store
from mmsa_tui.text.display import counted, safe_line
from mmsa_tui.tui.app_screen import SUCCESS
from mmsa_tui.tui.dialogs.ask import AskText
from mmsa_tui.tui.hints import in_app

if TYPE_CHECKING:
    from mmsa_tui.tui.app import MmsaApp

T = TypeVar("T")


async def merge(app: MmsaApp, tell: Callable[[str, str], None], take: Callable[[], None]) -> None:
    """Ask for a file of corrections and add what it holds; `take` is called when it has."""

    async def add(typed: str | None) -> None:
        if not typed:
            return
        labels = app.labels
        file = Path(typed).expanduser()
        taken = await _do(app, lambda store: take_in(store, [file], labels))
        if taken is None:
            return
        first = describe_rejections(taken.rejections, 1)
        said = [describe_intake(taken), *(f"the first: {safe_line(reason, 120)}" for reason in first)]
        said += filter(None, [describe_disagreement(taken)])
        tell(f"Merged {file.name}: {' · '.join(said)}", SUCCESS)
        take()

    hint = "Enter: add · esc: cancel"
    await app.ask(
        AskText("Which file of corrections is to be merged?", "", "a .jsonl, .xlsx or mmsa.db", hint), add
    )


async def agree(app: MmsaApp, tell: Callable[[str, str], None]) -> None:
    """Say how far the analysts in the store agree."""
    labels = app.labels
    compared = await _do(app, lambda store: compare_analysts(store, (), labels))
    if compared is not None:
        figures = (f"{name} {figure}" for name, figure in summary(compared.measured, exact=False))
        tell(" · ".join([*figures, basis(compared.measured)]), SUCCESS)


async def report(app: MmsaApp, source: SourceRow, filter_text: str, tell: Callable[[str, str], None]) -> None:
    """Ask for a file and write the report of a source, or of what the filter leaves of it."""
    from mmsa_tui.services.bundles import learned_since
    from mmsa_tui.services.report import write_report

    async def write(typed: str | None) -> None:
        if not typed:
            return
        target, config = Path(typed).expanduser(), app.config

        def work(store: Store) -> int:
            bundle = find_bundle(config.paths, config.bundle)
            learned = learned_since(store, source, config.paths, bundle)
            done = write_report(store, source, bundle, target, filter_text=filter_text, learned=learned)
            return done.n_posts

        n_posts = await _do(app, work)
        if n_posts is not None:
            tell(f"The report of {counted(n_posts, 'post')} is written: {target}", SUCCESS)

    about = f": {safe_line(filter_text, 40)}" if filter_text else ""
    title = f"Report of {safe_line(source.title, 40)}{about}"
    proposed = str(Path.cwd() / f"{Path(source.location).stem or 'posts'}-report.html")
    await app.ask(AskText(title, proposed, "a file that ends in .html", "Enter: write · esc: cancel"), write)


async def evaluate(app: MmsaApp, source: SourceRow, tell: Callable[[str, str], None]) -> None:
    """Score the model on the labels that the source carries, as far as it is classified."""
    from mmsa_tui.services.evaluate import evaluate as score

    config, bundle_id, labels = app.config, app.bundle_id, app.labels

    def work(store: Store) -> str:
        rows = (row for row in store.rows(source.id, bundle_id) if row.prediction is not None)
        bundle = find_bundle(config.paths, config.bundle)
        outcome = score(rows, labels, seen=trained_on(bundle))
        scores = outcome.lines[outcome.main].scores
        # What takes from the scores comes before them: the end of a long line is not in sight.
        seen = f" ({outcome.n_seen:,} of them seen in training: too good)" if outcome.n_seen else ""
        said = (
            f"{counted(outcome.n_scored, 'post')} with people's labels{seen}: accuracy {scores.accuracy:.3f},"
            f" macro-F1 {scores.macro_f1:.3f}"
        )
        # So are those whose answers these are not.
        by_others = in_app(say_by_others(store, source, bundle_id), config.keys)
        return " ".join(filter(None, [by_others, f"{said}.", outcome.warning]))

    said = await _do(app, work)
    if said is not None:
        tell(said, SUCCESS)


async def _do(app: MmsaApp, work: Callable[[Store], T]) -> T | None:
    """Run work on the store; what goes wrong is shown, and None given."""
    try:
        return await app.slow.run(work)
    except MmsaError as error:
        app.show_error(error)
    except OSError as error:
        app.show_error(UsageError(f"that did not work: {error.strerror or error}", ""))
    return None
