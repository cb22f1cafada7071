"""`mmsa retrain`: a better head from corrections, and the gate's verdict on it."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmsa_tui.cli import console, options
from mmsa_tui.errors import ExitCode, MmsaError, OutputError, UsageError
from mmsa_tui.text.display import counted

if TYPE_CHECKING:
    from mmsa_tui.bundle.meta import Bundle
    from mmsa_tui.config import Config
    from mmsa_tui.retrain import Event, Result
    from mmsa_tui.retrain.verdict import Verdict
    from mmsa_tui.services.classify import Progress
    from mmsa_tui.services.reclassify import Comparison

DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show the gate's verdict, keep nothing.")]
PromoteOption = Annotated[
    bool | None,
    typer.Option(
        "--promote/--no-promote",
        help="Promote even if the gate refuses, on the record; or never. Else: if it passes.",
    ),
]
CandidateOption = Annotated[
    Path | None, options.path_option("--candidate", "Promote one that was kept aside; no new retrain.", "DIR")
]
ReclassifyOption = Annotated[
    bool,
    typer.Option(
        "--reclassify/--no-reclassify",
        help="After a promotion, classify again what the previous bundle had classified.",
    ),
]
WeightOption = Annotated[
    float | None,
    typer.Option(
        "--weight",
        min=1,
        max=100,
        help="How many of the model's own posts one correction counts for; else 8, or 48 for a rule.",
    ),
]
RuleOption = Annotated[
    bool | None,
    typer.Option(
        "--rule/--no-rule",
        help="The labels follow a rule of your own: the model gives way to it, at a cost that the gate"
        " states; or they do not. Else: told by how they fit the model.",
    ),
]
AuditedOption = Annotated[
    bool,
    typer.Option(
        "--learn-audited",
        help="Learn from posts drawn into an audit too; estimates from it are biased then for the new model.",
    ),
]
ChangesOption = Annotated[
    Path | None, options.path_option("--changes", "Write each post whose label changed, .jsonl or .xlsx.")
]

_SHOWN = 10


def register(app: typer.Typer) -> None:
    app.command(epilog=options.example("mmsa retrain --dry-run"))(retrain)


def retrain(
    dry_run: DryRunOption = False,
    promote: PromoteOption = None,
    candidate: CandidateOption = None,
    reclassify: ReclassifyOption = True,
    changes: ChangesOption = None,
    rule: RuleOption = None,
    weight: WeightOption = None,
    learn_audited: AuditedOption = False,
    bundle: options.BundleOption = None,
    device: options.DeviceOption = None,
    threads: options.ThreadsOption = None,
    json: options.JsonOption = False,
) -> None:
    """Learn from the corrections; a gate decides whether the new model is promoted.

    A fifth of the corrections is held out and judges the result, together with posts that no model was
    ever trained on. What the gate refuses is kept aside, and the exit code is 1.
    """
    from mmsa_tui.bundle.registry import find_learner
    from mmsa_tui.corrections import check_table_target

    config = options.configure(bundle, device, threads=threads)
    if changes is not None:
        if dry_run or promote is False or not reclassify:
            raise UsageError(
                "--changes lists what a promotion changes, and --dry-run, --no-promote and --no-reclassify"
                " leave nothing to list",
                "Leave one of them out.",
            )
        check_table_target(changes)
    parent = find_learner(config.paths, config.bundle)
    if candidate is not None and (dry_run or promote is False):
        raise UsageError(
            "--candidate promotes a bundle, which --dry-run and --no-promote rule out",
            "`mmsa bundle info DIR` only shows a candidate.",
        )
    if reclassify and not dry_run:
        written = _finish_judging(config, parent, changes)
        if written is not None:
            console.talk(f"{parent.id} was promoted before; run the same command with another file to go on")
            if json:
                console.show_json({"promoted": parent.id, "changes": str(written)})
            return
    if candidate is not None:
        _promote(config, parent, candidate, promote, reclassify, changes)
        return
    result = _run(config, parent, dry_run, weight, rule, learn_audited)
    promoted = None
    if rule is None and not json and result.lesson.is_rule:
        console.show("If you follow no rule of your own, --no-rule learns from them with more care.")
    is_wanted = promote is not False and (result.verdict.passed or promote is True)
    if not json:
        _show(result)
    if result.candidate is not None and is_wanted:
        promoted = _promote(config, parent, result.candidate, promote, reclassify, changes)
    elif result.candidate is not None:
        console.talk(f"kept aside in {result.candidate}; {parent.id} stays active")
    if json:
        console.show_json(_as_json(result, promoted))
    if not result.verdict.passed and promoted is None:
        raise typer.Exit(ExitCode.FAILED_ROWS)


def _run(
    config: Config,
    parent: Bundle,
    dry_run: bool,
    weight: float | None,
    rule: bool | None,
    learn_audited: bool,
) -> Result:
    from mmsa_tui.services import retrain as retraining

    with ExitStack() as bars:
        return retraining.retrain(
            config.paths,
            parent,
            dry_run=dry_run,
            device=config.device,
            threads=config.threads,
            weight=weight,
            rule=rule,
            learns_audited=learn_audited,
            on_event=_Bars(bars).show_event,
        )


class _Bars:
    """Says how far a retrain is: a line for each epoch that is learned from, else a bar on a terminal."""

    def __init__(self, bars: ExitStack) -> None:
        self._bars = bars
        self._title = ""
        self._advance: console.Advance = lambda done, total: None

    def show_event(self, event: Event) -> None:
        """Show an event of a retrain."""
        from mmsa_tui.retrain.messages import Encoded, Epoch, stage_of

        if isinstance(event, Epoch):
            place = f"epoch {event.number:>2}/{event.total}"
            self._talk(f"{place}  loss {event.loss:.3f}  F1 {event.f1:.3f}")
        elif isinstance(event, Encoded) and event.done == event.total:
            self._talk(f"{counted(event.total, 'corrected post')}, features at hand")
        elif (stage := stage_of(event)) is not None:
            self._show(stage.title, stage.done, stage.total, stage.unit)

    def show_progress(self, progress: Progress) -> None:
        """Show how far judging again is."""
        self._show(f"classifying {progress.title}", progress.done, progress.total, "posts")

    def _show(self, title: str, done: int, total: int, unit: str) -> None:
        if title != self._title:
            self._bars.close()
            self._title = title
            self._advance = self._bars.enter_context(console.progress(title, unit=unit))
        self._advance(done, total)

    def _talk(self, message: str) -> None:
        # A line that is printed while a bar stands would begin at its end.
        self._bars.close()
        self._title = ""
        console.talk(message)


def _promote(
    config: Config,
    parent: Bundle,
    candidate: Path,
    promote: bool | None,
    reclassify: bool,
    changes: Path | None,
) -> Bundle:
    from mmsa_tui.bundle.registry import is_stand_in
    from mmsa_tui.services import promote as promotion
    from mmsa_tui.services.wanted_list import wanted

    with ExitStack() as stack:
        if changes is not None and not is_stand_in(parent, config.paths):
            stack.enter_context(wanted(config.paths, candidate, parent.id, changes))
        bundle = promotion.promote(
            config.paths, candidate, in_use=parent.id, overrule=promote is True, analyst=config.analyst
        )
        _use(config, parent, bundle, reclassify, changes)
    return bundle


def _use(config: Config, parent: Bundle, bundle: Bundle, reclassify: bool, changes: Path | None) -> None:
    """Say that a bundle is active now, and let it judge what the one before had judged."""
    from mmsa_tui.bundle.registry import is_stand_in
    from mmsa_tui.cli.bundle import warn_if_another_is_set

    overruled = bundle.meta.training["overruled"]
    note = ", against the gate; its record says so" if overruled else ""
    if is_stand_in(parent, config.paths):
        console.talk(f"{bundle.id} is active{note}; `mmsa classify SOURCE -o FILE` labels a source with it")
        return
    console.talk(f"{bundle.id} is active{note}; `mmsa bundle rollback` goes back to {bundle.meta.parent}")
    warn_if_another_is_set(bundle)
    if reclassify:
        try:
            _reclassify(config, parent.id, bundle, changes)
        except (KeyboardInterrupt, MmsaError):
            console.talk(
                f"{bundle.id} is active all the same; `mmsa classify SOURCE -o FILE` judges what is left of a"
                " source, and the next `mmsa retrain` begins with all of them"
                + ("." if changes is None else f" and writes {changes}.")
            )
            raise


def _finish_judging(config: Config, bundle: Bundle, changes: Path | None) -> Path | None:
    """Go on with what a promotion before was interrupted in.

    A list that was asked for then is written where it is asked for now, else where it was to go.

    Returns:
        The file, if a list was asked for now: it is not one of what this command promotes.
    """
    from mmsa_tui.services.reclassify import left_to_judge
    from mmsa_tui.services.wanted_list import find_list, forget_list
    from mmsa_tui.store import Store

    if not config.paths.database.is_file():
        return None
    with Store.open(config.paths.database) as store:
        left = left_to_judge(store, bundle)
    target = find_list(config.paths, bundle)
    if target is not None and target.exists():
        # Stopped right after it was written: what is there is whole, and is not replaced.
        forget_list(config.paths)
        target = None
    if target is not None and changes is not None:
        target = changes
    if left.n_posts:
        console.talk(
            f"{counted(left.n_posts, 'post')} judged by {left.before} were not judged by {bundle.id}, which"
            " was promoted instead: doing that first"
        )
    elif target is not None:
        console.talk(f"what {bundle.id} changed when it was promoted was not written: doing that first")
    if left.n_posts or target is not None:
        try:
            _reclassify(config, left.before, bundle, target)
        except OutputError as error:
            hint = f"{error.hint} `mmsa retrain --changes FILE` writes it elsewhere."
            raise OutputError(error.message, hint) from error
    if target is None:
        return None
    forget_list(config.paths)
    return target if changes is not None else None


def _show(result: Result) -> None:
    from mmsa_tui.retrain.eligible import AUDITED

    verdict = result.verdict
    console.show(_table(verdict))
    console.show(verdict.basis)
    for sentence in result.lesson.sentences():
        console.show(sentence)
    for reason, count in result.left_out.items():
        more = "; --learn-audited learns from them" if reason == AUDITED else ""
        console.talk(f"left out: {counted(count, 'correction')} {reason}{more}")
    if result.examples:
        header = ("post", "before", "after", "people", "", "text")
        rows = [
            (e.post_id, e.before, e.after, e.wanted, _seen(result, e.held_out), e.text[:60])
            for e in result.examples
        ]
        console.show(console.table([header, *rows], indent="  "))
    if result.advice:
        console.show(result.advice)
    console.show("the gate passed it" if verdict.passed else "the gate refused it:")
    for reason in verdict.reasons:
        console.show(f"- {reason}")


def _seen(result: Result, is_held_out: bool) -> str:
    """Say whether the head that gave an example's label had learned the post."""
    if result.lesson.said:
        return "unseen"
    return "held out" if is_held_out else "learned"


def _table(verdict: Verdict) -> str:
    return console.table(verdict.table(), right=(1, 2, 3))


def _as_json(result: Result, promoted: Bundle | None) -> dict[str, Any]:
    return {
        **result.verdict.as_json(),
        "lesson": asdict(result.lesson),
        "n_frozen_corrections": result.n_frozen,
        "left_out": dict(result.left_out),
        "outlook": None if result.outlook is None else result.outlook.as_json(),
        "candidate": str(result.candidate or ""),
        "run": str(result.run_folder),
        "promoted": promoted.id if promoted else "",
        "overruled": bool(promoted and promoted.meta.training["overruled"]),
    }


def _reclassify(config: Config, before: str, bundle: Bundle, target: Path | None) -> None:
    """Judge again what the bundle `before`, by id, had judged, and say what that changed."""
    from mmsa_tui.corrections import write_table
    from mmsa_tui.services.reclassify import describe_change, list_changes, reclassify, sources_judged_by
    from mmsa_tui.services.work import Work
    from mmsa_tui.store import Store

    with Store.open_to_write(config.paths.database) as store, ExitStack() as bars:
        if sources_judged_by(store, before):
            predictor = Work(config, bundle, store, console.progress).predictor
            reclassify(store, predictor, before, on_progress=_Bars(bars).show_progress)
            bars.close()
        else:
            console.talk(f"no source was classified by {before}, so nothing was judged again")
        found = list_changes(store, before, bundle.id)
    for comparison in found:
        console.talk(_describe_changes(comparison))
    if target is not None:
        rows = [describe_change(change) for comparison in found for change in comparison.changes]
        write_table(target, tuple(rows[0]) if rows else ("post_id",), rows)
        console.talk(f"wrote {counted(len(rows), 'change')} to {target}")


def _describe_changes(comparison: Comparison) -> str:
    changed = comparison.changes
    ways = Counter((change.before, change.after) for change in changed)
    posts = counted(comparison.n_compared, "post")
    lines = [f"{comparison.source.title}: {len(changed):,} of {posts} judged before have another label now"]
    if comparison.n_unlike:
        unlike = counted(comparison.n_unlike, "post")
        lines.append(f"  {unlike} left out: a picture was there for one of the two judgements only")
    lines += [f"  {before} -> {after}: {count:,}" for (before, after), count in ways.most_common()]
    rows = [(c.post_id, c.before, c.after, c.corrected_label, c.text[:60]) for c in changed[:_SHOWN]]
    if rows:
        lines.append(console.table([("post", "before", "after", "corrected", "text"), *rows], indent="  "))
    return "\n".join(lines)
