"""Judging again after a promotion, and what that changed, in words and in a table."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from mmsa_tui.cli import console
from mmsa_tui.cli.wording import counted

if TYPE_CHECKING:
    from mmsa_tui.bundle.meta import Bundle
    from mmsa_tui.config import Config
    from mmsa_tui.model.predictor import Predictor
    from mmsa_tui.retrain import Change, Comparison
    from mmsa_tui.store import SourceRow, Store

_SHOWN = 10


def reclassify_after(config: Config, parent: Bundle, bundle: Bundle, target: Path | None) -> None:
    """Judge again what the bundle before had judged; from the feature cache, so only the head runs."""
    from mmsa_tui import retrain as service
    from mmsa_tui.cli.opened import load_predictor
    from mmsa_tui.corrections import write_table
    from mmsa_tui.store import Store

    found: list[Change] = []
    with Store.open(config.paths.database) as store:
        sources = service.sources_judged_by(store, parent.id)
        predictor = load_predictor(bundle, config) if sources else None
        for source in sources:
            assert predictor is not None
            _classify(store, source, predictor, parent)
            comparison = service.compare(store, source.id, parent.id, bundle.id)
            console.talk(_describe_changes(source.title, comparison))
            found += comparison.changes
    if not sources:
        console.talk(f"no source was classified by {parent.id}, so nothing was judged again")
    if target is not None:
        rows = [service.describe_change(change) for change in found]
        columns = tuple(service.describe_change(found[0])) if found else ("post_id",)
        write_table(target, columns, rows)
        console.talk(f"wrote {counted(len(rows), 'change')} to {target}")


def _classify(store: Store, source: SourceRow, predictor: Predictor, before: Bundle) -> None:
    from mmsa_tui.services.classify import classify
    from mmsa_tui.store import judged_by

    with console.progress(f"classifying {source.title}") as advance:
        classify(
            # What is there under the name of a new bundle is of another that is gone.
            store, source.id, predictor, where=judged_by(before.id), restart=True,
            on_progress=lambda progress: advance(progress.done, progress.total),
        )  # fmt: skip


def _describe_changes(title: str, comparison: Comparison) -> str:
    changed = comparison.changes
    ways = Counter((change.before, change.after) for change in changed)
    posts = counted(comparison.n_compared, "post")
    lines = [f"{title}: {len(changed):,} of {posts} judged before have another label now"]
    if comparison.n_unlike:
        unlike = counted(comparison.n_unlike, "post")
        lines.append(f"  {unlike} left out: a picture was there for one of the two judgements only")
    lines += [f"  {before} -> {after}: {count:,}" for (before, after), count in ways.most_common()]
    rows = [(c.post_id, c.before, c.after, c.corrected_label, c.text[:60]) for c in changed[:_SHOWN]]
    if rows:
        lines.append(console.table([("post", "before", "after", "corrected", "text"), *rows], indent="  "))
    return "\n".join(lines)
