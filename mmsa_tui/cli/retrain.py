"""`mmsa retrain`: a better head from corrections, and the gate's verdict on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from mmsa_tui.cli import console, options
from mmsa_tui.display import safe
from mmsa_tui.errors import EXIT_FAILED_ROWS

DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show the gate's verdict, keep nothing.")]
PromoteOption = Annotated[
    bool | None,
    typer.Option(
        "--promote/--no-promote",
        help="Promote even if the gate refuses (on the record), or never. Default: if it passes.",
    ),
]
SeedOption = Annotated[int, typer.Option(help="For the order and the start of the fit.")]
JsonOption = Annotated[bool, typer.Option("--json", help="The verdict as JSON.")]


def register(app: typer.Typer) -> None:
    app.command()(retrain)


def retrain(
    dry_run: DryRunOption = False,
    promote: PromoteOption = None,
    seed: SeedOption = 1,
    json: JsonOption = False,
) -> None:
    """Learn from the corrections; the gate decides whether the result is promoted."""
    from mmsa_tui import retrain as service
    from mmsa_tui.model.bundle import find_bundle

    config = options.configure()
    bundle = find_bundle(config.paths, config.bundle)

    def listen(event: Mapping[str, Any]) -> None:
        if event["event"] == "epoch":
            console.talk(
                f"epoch {event['number']:>2}/{event['total']}  loss {event['loss']:.3f}  F1 {event['f1']:.3f}"
            )
        elif event["event"] == "encoded" and event["done"] == event["total"]:
            console.talk(f"{event['total']} corrected posts")

    result = service.retrain(
        config.paths,
        bundle,
        dry_run=dry_run,
        device=config.device,
        threads=config.threads,
        seed=seed,
        on_event=listen,
    )
    verdict = result.verdict
    if json:
        console.show_json({**verdict.as_json(), "candidate": str(result.candidate or "")})
    else:
        console.show(console.table(verdict.table(), right=(1, 2, 3)))
        for change in result.changes:
            console.show(
                f"{change['before']} -> {change['after']} (you: {change['wanted']}): {safe(change['text'])}"
            )
        console.show("the gate: passed" if verdict.passed else "the gate: refused")
        for reason in verdict.reasons:
            console.show(f"- {reason}")
    if result.candidate is not None and promote is not False and (verdict.passed or promote):
        promoted = service.promote(config.paths, result.candidate, overrule=bool(promote))
        note = "" if verdict.passed else ", against the gate; its record says so"
        console.talk(f"{promoted.id} is active{note}; `mmsa bundle rollback` goes back to {bundle.id}")
        return
    if result.candidate is not None:
        console.talk(f"kept aside in {result.candidate}; {bundle.id} stays active")
    if not verdict.passed:
        raise typer.Exit(EXIT_FAILED_ROWS)
