"""Service: posts of a source to a file, with a Summary that says which posts these are."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from mmsa_tui.analysis import Counts
from mmsa_tui.analysis.queues import QUEUES, queue_rows
from mmsa_tui.export import Summary, people_columns, write
from mmsa_tui.store import Order, Row, SourceRow, Store, Where

Posts = Literal["source", "list", "selection"]

WHOSE = {
    "label, confidence, p_…": "the model's; they belong together, whatever an analyst said",
    "corrected_label, note, flag": "an analyst's",
    "final_label": "the analyst's where there is one, else the model's",
}
"""Whose word a column is, for a Summary sheet."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which posts go out, and how a person would name them.

    `where` and `order` are those of the list; `queue` and `filter_text` say what made it.
    `selection` holds the ordinals of the marked posts.
    """

    posts: Posts
    where: Where | None = None
    order: Order | None = None
    queue: str = "all"
    filter_text: str = ""
    selection: tuple[int, ...] = ()
    own_only: bool = False


def count_choice(store: Store, source: SourceRow, bundle_id: str, choice: Choice) -> int:
    """Count the posts that would be written."""
    if choice.posts == "selection":
        return len(choice.selection)
    return store.count(source.id, bundle_id, choice.where if choice.posts == "list" else None)


def describe_choice(store: Store, source: SourceRow, bundle_id: str, choice: Choice) -> dict[str, str]:
    """State the queue, the filter and the selection, each with how many posts it leaves."""
    total = source.n_posts + source.n_failures
    facts = {"posts of the source": f"{total:,}"}
    if choice.posts == "source":
        return facts | {"queue": "all", "filter": "none", "selection": "none"}
    title = next((queue.title for queue in QUEUES if queue.name == choice.queue), choice.queue)
    where, _ = queue_rows(choice.queue, total)
    facts["queue"] = f"{title}: {store.count(source.id, bundle_id, where):,} posts"
    facts["filter"] = choice.filter_text.strip() or "none"
    facts["in the list"] = f"{store.count(source.id, bundle_id, choice.where):,} posts"
    marked = len(choice.selection)
    facts["selection"] = f"{marked:,} marked posts" if choice.posts == "selection" else "none"
    return facts


def export_posts(
    store: Store,
    source: SourceRow,
    bundle_id: str,
    target: Path,
    choice: Choice,
    *,
    overwrite: bool = False,
    on_row: Callable[[int], None] | None = None,
) -> int:
    """Write the chosen posts in the format of the target's suffix; returns how many.

    Args:
        on_row: told how many rows have been written; may raise to stop.

    Raises:
        OutputError: see `export.write`.
    """
    facts = {"source": source.location, "bundle": bundle_id}
    facts |= describe_choice(store, source, bundle_id, choice)
    facts["written"] = time.strftime("%Y-%m-%d %H:%M")
    columns = () if choice.own_only else source_columns(store, source)
    return write(
        _rows(store, source, bundle_id, choice, on_row),
        target,
        store.bundle_labels(bundle_id),
        overwrite=overwrite,
        summary=Summary(facts | WHOSE, Counts()),
        source_columns=columns,
    )


def source_columns(store: Store, *sources: SourceRow) -> list[str]:
    """List the columns that follow ours: people's labels in the source, then its own columns."""
    kinds = [kind for source in sources for kind in store.truth_kinds(source.id)]
    own = [name for source in sources for name in source.metadata_columns]
    return list(dict.fromkeys([*people_columns(kinds), *own]))


def _rows(
    store: Store,
    source: SourceRow,
    bundle_id: str,
    choice: Choice,
    on_row: Callable[[int], None] | None,
) -> Iterator[Row]:
    if choice.posts == "selection":
        rows = store.rows_at(source.id, bundle_id, sorted(choice.selection))
    else:
        where = choice.where if choice.posts == "list" else None
        rows = store.rows(source.id, bundle_id, where, choice.order)
    for number, row in enumerate(rows, start=1):
        if on_row is not None:
            on_row(number)
        yield _without_own_columns(row) if choice.own_only else row


def _without_own_columns(row: Row) -> Row:
    post, failure = row.post, row.failure
    return replace(
        row,
        post=replace(post, metadata={}, truth={}) if post is not None else None,
        failure=replace(failure, metadata={}) if failure is not None else None,
    )
