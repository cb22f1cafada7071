"""Service: posts to a file, with a Summary that says which posts these are."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from mmsa_tui.analysis import Counts
from mmsa_tui.analysis.queues import describe_listed, queue_rows, title_of
from mmsa_tui.bundle.meta import Bundle
from mmsa_tui.codebook import Codebook, to_fields
from mmsa_tui.config import Paths
from mmsa_tui.disk.whole_file import check_place, whole_file
from mmsa_tui.errors import MmsaError, OutputError, UsageError
from mmsa_tui.export import Summary, TextTable, check_target, people_columns, write
from mmsa_tui.export.annotation import write_doccano, write_fourcat, write_label_studio
from mmsa_tui.services.bundles import learned_since
from mmsa_tui.services.share_tables import tabulate_shares
from mmsa_tui.services.uncorrected import say_uncorrected
from mmsa_tui.store import Order, Row, SourceRow, Store, Where, at_ordinals

Posts = Literal["source", "list", "selection"]

_TOOLS = {
    "label-studio": (".json", write_label_studio),
    "doccano": (".jsonl", write_doccano),
    "4cat": (".csv", write_fourcat),
}
"""Annotation tools, by their name on the command line: the suffix they take, and what writes it."""

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
    `selection` holds the ordinals of the marked posts. `chart_by` is a group whose shares a workbook draws.
    """

    posts: Posts
    where: Where | None = None
    order: Order | None = None
    queue: str = "all"
    filter_text: str = ""
    selection: tuple[int, ...] = ()
    own_only: bool = False
    chart_by: str = ""


def count_choice(store: Store, source: SourceRow, bundle_id: str, choice: Choice) -> int:
    """Count the posts that would be written."""
    if choice.posts == "selection":
        return len(choice.selection)
    return store.count(source.id, bundle_id, choice.where if choice.posts == "list" else None)


def describe_choice(store: Store, source: SourceRow, bundle_id: str, choice: Choice) -> dict[str, str]:
    """State the queue, the filter and the selection, each with how many posts it leaves.

    And how many of these are not judged by the model that goes by the bundle's id now.
    """
    total = source.n_posts + source.n_failures
    facts = {"posts of the source": f"{total:,}"}
    if n_others := store.count_by_others(source.id, bundle_id, _reckoned(choice)):
        facts["judged by another model of this name and version"] = f"{n_others:,} posts"
    if choice.posts == "source":
        return facts | {"queue": "all", "filter": "none", "selection": "none"}
    where, _ = queue_rows(choice.queue)
    held = f"{title_of(choice.queue)}: {store.count(source.id, bundle_id, where):,} posts"
    facts["queue"] = ", ".join(filter(None, [held, describe_listed(choice.queue)]))
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
    validated: Collection[str] | None = None,
    learned: frozenset[str] = frozenset(),
) -> int:
    """Write the chosen posts in the format of the target's suffix; returns how many.

    Args:
        on_row: told how many rows have been written; may raise to stop.
        validated: languages in which the bundle is, for the Summary.
        learned: what the bundle knows by heart of the source's audit, see `services.bundles.learned_since`.

    Raises:
        OutputError: see `export.write`.
    """
    facts = {"source": source.location, "bundle": bundle_id}
    facts |= describe_choice(store, source, bundle_id, choice)
    facts["written"] = time.strftime("%Y-%m-%d %H:%M")
    tables: list[TextTable] = []
    if _has_summary(target):
        where = _reckoned(choice)
        facts["shares"], tables = summarise_audit(store, source, bundle_id, where, learned)
        tables += tabulate_shares(store, source, bundle_id, where=where, by=choice.chart_by, learned=learned)
    columns = () if choice.own_only else source_columns(store, source)
    n_rows = write(
        _rows(store, source, bundle_id, choice, on_row),
        target,
        store.bundle_labels(bundle_id),
        overwrite=overwrite,
        summary=Summary(facts | WHOSE, Counts(validated=validated), tables, sheets_of(store)),
        source_columns=columns,
    )
    write_codebook_beside(store, target)
    return n_rows


def check_file(target: Path, tool: str | None = None, *, overwrite: bool = False) -> None:
    """Refuse a target that `write_rows` would refuse.

    Args:
        tool: the annotation tool that the file is for, if any.

    Raises:
        UsageError: there is no such tool.
        OutputError: the suffix names no format, or the file exists or cannot be written.
    """
    if tool is None:
        check_target(target, overwrite=overwrite)
        return
    if tool not in _TOOLS:
        raise UsageError(f"there is no annotation tool {tool!r}", f"Use one of {', '.join(_TOOLS)}.")
    suffix, _ = _TOOLS[tool]
    if target.suffix.lower() != suffix:
        raise OutputError(f"{tool} does not take {target.name}", f"End the name in {suffix}.")
    check_place(target, overwrite=overwrite)


def write_rows(
    store: Store,
    sources: Sequence[SourceRow],
    rows: Iterable[Row],
    bundle: Bundle,
    paths: Paths,
    target: Path,
    *,
    tool: str | None = None,
    overwrite: bool = False,
    where: Where | None = None,
    facts: Mapping[str, str] | None = None,
    further_columns: Sequence[str] = (),
    thumbnails: bool = False,
    about: str = "",
    chart_by: str = "",
) -> None:
    """Write rows of several sources, for an annotation tool or as a table.

    Args:
        where: which posts of the sources the rows are.
        facts: what the Summary says of these rows beside where they are from.
        further_columns: metadata that the rows have beside the sources' own.
        about: what a parquet file is to say of itself beside its rows.
        chart_by: a group whose shares a workbook draws, where all rows of one source are written.

    Raises:
        OutputError: see `check_file`; or the disk is full or fails.
    """
    if tool is not None:
        _TOOLS[tool][1](rows, target, overwrite=overwrite)
        return
    stated = {
        "source": ", ".join(source.location for source in sources),
        "bundle": bundle.id,
        "written": time.strftime("%Y-%m-%d %H:%M"),
    }
    tables: list[TextTable] = []
    for source in sources if _has_summary(target) else ():
        learned = learned_since(store, source, paths, bundle)
        of = f" of {source.title}" if len(sources) > 1 else ""
        stated[f"shares{of}"], found = summarise_audit(store, source, bundle.id, where, learned)
        if not of and not facts:
            found += tabulate_shares(store, source, bundle.id, by=chart_by, learned=learned)
        tables += (replace(table, title=table.title + of) for table in found)
    write(
        rows,
        target,
        store.bundle_labels(bundle.id),
        overwrite=overwrite,
        summary=Summary(
            stated | WHOSE | dict(facts or {}),
            Counts(validated=bundle.validated_languages),
            tables,
            sheets_of(store),
        ),
        source_columns=[*source_columns(store, *sources), *further_columns],
        thumbnails=thumbnails,
        about=about,
    )
    write_codebook_beside(store, target)


def codebook_of(store: Store) -> Codebook | None:
    """Find the codebook that the labels of a store are of; None for the default one."""
    name, definition = store.codebook()
    if not name:
        return None
    # All about corrections comes with it, which nobody pays for whose labels are the default ones.
    from mmsa_tui.corrections.codebooks import read_definition

    return read_definition(definition, name)


def sheets_of(store: Store) -> list[TextTable]:
    """List what goes into a workbook beside posts and Summary: the codebook, if it is not the default."""
    codebook = codebook_of(store)
    if codebook is None:
        return []
    from mmsa_tui.corrections.codebooks import codebook_sheet

    return [codebook_sheet(codebook)]


def write_codebook_beside(store: Store, target: Path) -> None:
    """Lay the codebook beside a table that has no sheets, as `NAME.codebook.json`.

    Raises:
        OutputError: something else has that name, or it cannot be written.
    """
    codebook = codebook_of(store)
    if codebook is None or target.suffix.lower() == ".xlsx":
        return
    beside = target.with_name(f"{target.stem}.codebook.json")
    with whole_file(beside, overwrite=_is_codebook(beside)) as part:
        part.write_text(json.dumps(to_fields(codebook), indent=2) + "\n", encoding="utf-8", newline="\n")


def _is_codebook(file: Path) -> bool:
    from mmsa_tui.corrections.codebooks import read_codebook_file

    try:
        read_codebook_file(file)
    except MmsaError:
        return False
    return True


def summarise_audit(
    store: Store,
    source: SourceRow,
    bundle_id: str,
    where: Where | None = None,
    learned: frozenset[str] = frozenset(),
) -> tuple[str, list[TextTable]]:
    """Say what the shares of posts are worth, with the tables of the source's audit if there is one."""
    if not store.audits.of(source.location):
        return say_uncorrected(store, source, bundle_id), []
    # numpy costs 0.1 s, which a source without an audit should not pay.
    from mmsa_tui.services import estimate_tables as words
    from mmsa_tui.services.estimate import estimate_if_audited

    found = estimate_if_audited(store, source, bundle_id, where, learned=learned)
    if found is None:
        return say_uncorrected(store, source, bundle_id), []
    if not found.has_shares:
        return words.standing(found), []
    note = " ".join([*words.warnings(found.status), *words.method(source, found)])
    intervals = [
        (one.name, one.value, one.low, one.high, one.raw if one.raw is not None else "", one.n_audited)
        for one in found.overall.shares
        if one.value is not None and one.low is not None and one.high is not None
    ]
    tables = [
        TextTable(
            words.shares_title(found).lower(),
            ("label", "share", "low", "high", "model alone", "audited"),
            intervals,
            percent=(1, 2, 3, 4),
            is_charted=True,
        )
    ]
    if found.has_model:
        scores = words.score_rows(found)
        tables.append(TextTable("how often the model is right", words.SCORES, scores, note=note))
    else:
        tables[0] = replace(tables[0], note=note)
    return words.standing(found), tables


def _has_summary(target: Path) -> bool:
    """Whether a file says what its shares are worth, which takes a walk through the source."""
    return target.suffix.lower() == ".xlsx"


def _reckoned(choice: Choice) -> Where | None:
    """Say which posts the shares are about: those that go into the file."""
    if choice.posts == "selection":
        return at_ordinals(choice.selection)
    return choice.where if choice.posts == "list" else None


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
