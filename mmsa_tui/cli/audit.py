"""`mmsa audit`: a random sample to label, and `mmsa estimate`: what it lets be said of a source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmsa_tui.cli import console, options
from mmsa_tui.errors import UsageError

if TYPE_CHECKING:
    from mmsa_tui.analysis.estimates import Difference
    from mmsa_tui.bundle.meta import Bundle
    from mmsa_tui.config import Config, Paths
    from mmsa_tui.services.audit import Status
    from mmsa_tui.services.estimate import Estimates, Group
    from mmsa_tui.services.estimate_sources import AcrossSources
    from mmsa_tui.store import SourceRow, Store

app = typer.Typer(
    help="Draw a random sample, label it blind, and get shares with intervals.", no_args_is_help=True
)

ByOption = Annotated[
    str,
    options.option(
        "--by", "COLUMN|week|author|…", "What you want to compare later: the sample has posts of each group."
    ),
]


def register(root: typer.Typer) -> None:
    root.add_typer(app, name="audit")
    root.command(epilog=options.example("mmsa estimate tweets.csv --by language"))(estimate)


@app.command(epilog=options.example("mmsa audit start tweets.csv"))
def start(
    source: options.SourceArgument,
    bundle: options.BundleOption = None,
    by: ByOption = "",
    width: Annotated[
        float, options.option("--width", "POINTS", "How exact shares are to be: give or take so many points.")
    ] = 5.0,
    size: Annotated[
        int | None, options.option("--size", "N", "How many posts to draw, whatever --width takes.")
    ] = None,
    seed: Annotated[
        str, options.option("--seed", "WORD", "The same seed draws the same posts elsewhere.")
    ] = "",
    new: Annotated[bool, typer.Option("--new", help="Begin another audit; the one there is stays.")] = False,
) -> None:
    """Draw the sample of an audit; label it in the app, where the model's answers stay hidden.

    Under a codebook without a model the sample is drawn from all posts alike, and speaks alone.
    """
    from mmsa_tui.bundle.registry import find_learner, is_stand_in
    from mmsa_tui.services.audit import audit_status, current_audit, start_audit

    config = options.configure(bundle)
    chosen = find_learner(config.paths, config.bundle)
    has_model = not is_stand_in(chosen, config.paths)
    if not has_model:
        _read(source, config.paths.database)
    with _opened(source, config.paths, chosen) as (store, row):
        if current_audit(store, row) is not None and not new:
            raise UsageError(
                f"{row.title} has an audit already", "`mmsa audit extend` enlarges it; --new begins another."
            )
        audit = start_audit(
            store, row, chosen.id, by=by, half_width=width / 100, size=size, seed=seed, has_model=has_model
        )
        found = audit_status(store, row, audit)
        console.show(_describe(found))
    if size is not None and found.n_sampled > size:
        kinds = "combination of the model's label and --by" if by else "label of the model"
        console.talk(
            f"note: {found.n_sampled:,} posts are drawn rather than {size:,}, so that no kind of post is left"
            f" out: each {kinds} gets two"
        )
    console.talk(f"label them with `mmsa browse {source}`: press t")


@app.command(epilog=options.example("mmsa audit status tweets.csv"))
def status(
    source: options.SourceArgument,
    json: options.JsonOption = False,
) -> None:
    """Say how far the audit of a source has come, and what more labels would bring."""
    from dataclasses import asdict

    from mmsa_tui.services.audit import audit_status, find_audit

    config = options.configure(None)
    with _opened(source, config.paths) as (store, row):
        found = audit_status(store, row, find_audit(store, row))
    if json:
        console.show_json({"source": row.location, **asdict(found)})
    else:
        console.show(_describe(found))


@app.command(epilog=options.example("mmsa audit extend tweets.csv --more 50"))
def extend(
    source: options.SourceArgument,
    more: Annotated[
        int | None,
        options.option(
            "--more", "N", "How many posts to add; else as many as the exactness wished for takes."
        ),
    ] = None,
) -> None:
    """Draw more posts into the sample; what was drawn and labelled stays."""
    from mmsa_tui.services.audit import audit_status, extend_audit, find_audit
    from mmsa_tui.text.display import counted

    config = options.configure(None)
    with _opened(source, config.paths) as (store, row):
        audit = find_audit(store, row)
        added = extend_audit(store, row, audit, more)
        console.show(_describe(audit_status(store, row, audit)))
    console.talk(f"added {counted(added, 'post')} to the sample")
    if not added and more is None:
        console.talk(
            "note: the posts drawn are as many as the wished interval takes; --more N draws N others"
        )
    elif not added:
        console.talk("note: no post is left that is not in the sample")
    elif more is not None and added > more:
        console.talk(
            f"note: that is more than {more:,}, as posts that changed or are gone are replaced, and each"
            " combination of the model's label and --by gets two"
        )


def estimate(
    sources: Annotated[
        list[Path], typer.Argument(metavar="SOURCE...", help="An audited source, or several.", readable=False)
    ],
    bundle: options.BundleOption = None,
    by: Annotated[
        str,
        options.option("--by", "COLUMN|week|hashtag|author|source|…", "Shares of each group as well."),
    ] = "",
    compare: Annotated[
        tuple[str, str] | None,
        options.option("--compare", "A B", "How two groups of --by differ, with intervals."),
    ] = None,
    filter: options.FilterOption = "",
    texts: Annotated[
        bool, typer.Option("--texts", help="Count each distinct text once, not each of its copies.")
    ] = False,
    json: options.JsonOption = False,
) -> None:
    """Give shares with 95 % intervals from the audit of a source.

    Also shows the shares by the model's labels alone and how far off they are, and the accuracy,
    precision and recall of the model on this very source. Several sources, each with an audit, stand
    beside each other: mmsa estimate may.csv june.csv --by source --compare may.csv june.csv
    """
    from mmsa_tui.bundle.registry import find_bundle, find_learner
    from mmsa_tui.services.audit import find_audit
    from mmsa_tui.services.bundles import learned_since
    from mmsa_tui.services.chosen_posts import posts_of_filter
    from mmsa_tui.services.estimate import estimate as reckon
    from mmsa_tui.services.estimate_tables import method

    config = options.configure(bundle)
    # A codebook's models come and go with its labels; the audit corrects the one in use, if there is one.
    model = None
    if config.paths.codebook:
        model = find_learner(config.paths, config.bundle)
    elif bundle:
        model = find_bundle(config.paths, config.bundle)
    chosen = "" if model is None else model.id
    if len(sources) > 1 or by == "source":
        _estimate_sources(sources, config, model, by, compare, filter, texts, json)
        return
    with _opened(sources[0], config.paths, model) as (store, row):
        where = posts_of_filter(store, row, chosen or find_audit(store, row).bundle, filter)
        learned = learned_since(store, row, config.paths, model) if model is not None else frozenset()
        found = reckon(
            store, row, chosen, by=by, comparing=compare, where=where, unit="text" if texts else "post",
            learned=learned,
        )  # fmt: skip
    if bundle and found.bundle != chosen:
        console.talk(
            f"note: {chosen} has not labelled these posts, or has other labels than the audit; the shares are"
            f" those of {found.bundle}, which was audited"
        )
    if json:
        console.show_json({"source": row.location, **found.to_json(), "method": method(row, found)})
    else:
        console.show(_describe_estimates(row, found, filter.strip()))


def _estimate_sources(
    sources: list[Path],
    config: Config,
    model: Bundle | None,
    by: str,
    compare: tuple[str, str] | None,
    filter: str,
    texts: bool,
    json: bool,
) -> None:
    """Estimate several sources beside each other."""
    from mmsa_tui.services.bundles import learned_since
    from mmsa_tui.services.estimate_sources import estimate_sources

    if by not in ("", "source") or filter.strip():
        raise UsageError(
            "several sources are compared as wholes; --by and --filter work on one source",
            "Use --by source, or name one source.",
        )
    with ExitStack() as opened:
        found = [opened.enter_context(_opened(source, config.paths, model)) for source in sources]
        store, rows = found[0][0], [row for _, row in found]
        across = estimate_sources(
            store,
            rows,
            "" if model is None else model.id,
            comparing=compare,
            unit="text" if texts else "post",
            learned=[] if model is None else [learned_since(store, row, config.paths, model) for row in rows],
        )
    console.show_json(across.to_json()) if json else console.show(_describe_sources(across))


def _describe_sources(across: AcrossSources) -> str:
    from mmsa_tui.services import estimate_tables as tables

    parts = []
    for row, found in across.parts:
        parts += [row.location, tables.standing(found), *tables.warnings(found.status)]
    unit = across.parts[0][1].unit
    for group in (across.overall, *across.groups):
        parts += ["", f"{group.name}: {_counted(group, unit)}"]
        parts.append(_share_table(group))
    parts += _difference_lines(across.groups, across.differences)
    for row, found in across.parts:
        parts += ["", tables.method(row, found)[0]]
    return "\n".join([*parts, "", *tables.method(*across.parts[0])[1:]])


@contextmanager
def _opened(source: Path, paths: Paths, model: Bundle | None = None) -> Iterator[tuple[Store, SourceRow]]:
    from mmsa_tui.services.bundles import know_models
    from mmsa_tui.services.ingest import describe_change, location_of
    from mmsa_tui.store import Store

    with Store.open_to_write(paths.database) as store:
        row = store.source(location_of(source))
        if row is None and store.codebook()[0]:
            raise UsageError(
                f"{source} has not been read under this codebook",
                f"Run `mmsa audit start {source}`; with a model, `mmsa classify {source} -o FILE.csv`.",
            )
        if row is None:
            raise UsageError(
                f"{source} has not been classified", f"Run `mmsa classify {source} -o FILE.csv` first."
            )
        if change := describe_change(row):
            console.note(change)
        know_models(store, row, paths, model)
        yield store, row


def _read(source: Path, database: Path) -> None:
    """Read a source that is not known yet: without a model nothing else would."""
    from mmsa_tui.services.ingest import location_of, read_in
    from mmsa_tui.store import Store

    with Store.open_to_write(database) as store:
        if store.source(location_of(source)) is None:
            row = read_in(store, source)
            console.talk(f"read {row.n_posts:,} posts")


def _describe(found: Status) -> str:
    from mmsa_tui.services.estimate_tables import drawn_by, warnings

    audit = found.audit
    rows = [
        ("posts", f"{found.n_posts:,}"),
        ("drawn", f"{found.n_sampled:,}"),
        ("labelled", f"{found.n_labelled:,}"),
        *((f"  by {coder or 'nobody named'}", f"{number:,}") for coder, number in found.by_coder.items()),
    ]
    if found.n_both:
        alpha = "undefined" if found.alpha is None else f"{found.alpha:.2f}"
        rows.append(("agreement (alpha)", f"{alpha} on {found.n_both:,} posts"))
    return "\n".join(
        [
            f"audit {audit.uid} of {audit.location}",
            f"{f'bundle {audit.bundle}' if found.is_by_model else 'no model'}, {drawn_by(found)},"
            f" seed {audit.seed}",
            "",
            console.table(rows, right=(1,)),
            "",
            found.remark,
            *warnings(found),
        ]
    )


def _describe_estimates(row: SourceRow, found: Estimates, filter: str) -> str:
    from mmsa_tui.services import estimate_tables as tables

    parts = [row.location, *([f"only posts that pass the filter {filter}"] if filter else [])]
    parts += [tables.standing(found), *tables.warnings(found.status)]
    parts += tables.left_out(found)
    for group in (found.overall, *found.groups):
        everything = "posts that pass the filter" if found.is_part else group.name
        named = f"{found.by} {group.name}" if group is not found.overall else everything
        parts += ["", f"{named}: {_counted(group, found.unit)}"]
        parts.append(_share_table(group))
    parts += _difference_lines(found.groups, found.differences)
    if found.has_model:
        parts += ["", f"bundle {found.bundle} on this source"]
        parts.append(console.table([tables.SCORES, *tables.score_rows(found)], right=(1, 3), indent="  "))
    return "\n".join([*parts, "", *tables.method(row, found)])


def _counted(group: Group, unit: str) -> str:
    from mmsa_tui.text.display import counted

    # A distinct text that lies in several groups counts for a part in each.
    return counted(round(group.n_posts), "distinct text" if unit == "text" else "post")


def _share_table(group: Group) -> str:
    from mmsa_tui.services import estimate_tables as tables

    return console.table([tables.SHARES, *tables.share_rows(group)], right=(1, 3, 4, 5), indent="  ")


def _difference_lines(groups: Sequence[Group], differences: Sequence[Difference]) -> list[str]:
    from mmsa_tui.services import estimate_tables as tables

    if not differences:
        return []
    rows = [tables.DIFFERENCES, *tables.difference_rows(differences)]
    return [
        "",
        f"{groups[0].name} less {groups[1].name}, in points; p-values adjusted by Holm's method",
        console.table(rows, right=(1, 3, 4), indent="  "),
    ]
