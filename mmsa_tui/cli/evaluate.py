"""`mmsa evaluate`: how far a bundle agrees with people's labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from mmsa_tui.cli import console, options

if TYPE_CHECKING:
    from mmsa_tui.services.evaluate import Evaluation, Line

_KINDS = {
    "post": "people's labels of the post",
    "text": "people's labels of the text",
    "image": "people's labels of the picture",
    "label": "labels",
}


def register(app: typer.Typer) -> None:
    app.command(epilog=options.example("mmsa evaluate tweets.csv --labels people.csv"))(
        options.takes_groups(evaluate)
    )


def evaluate(
    source: options.SourceArgument,
    labels: options.LabelsOption = None,
    labels_map: options.LabelsMapOption = None,
    label_kind: Annotated[
        str | None,
        options.option("--label-kind", "post|text|image|label", "What people have judged."),
    ] = None,
    bundle: options.BundleOption = None,
    device: options.DeviceOption = None,
    batch_size: options.BatchSizeOption = None,
    threads: options.ThreadsOption = None,
    ocr: options.OcrOption = False,
    how: options.HowToRead = options.AS_FOUND,
    json: options.JsonOption = False,
) -> None:
    """Compare a bundle with people's labels.

    Prints accuracy, F1, recall and calibration error with 95 % bootstrap intervals, beside those of the
    text alone, the picture alone and VADER on the same posts; scores by class; the confusion matrix; what
    share of the posts is answered at a wanted accuracy; and scores of parts of the posts, such as a language.
    """
    from mmsa_tui.services.evaluate import evaluate_source
    from mmsa_tui.sources.label_words import parse_label_map

    found = evaluate_source(
        options.configure(bundle, device, batch_size, threads),
        source,
        labels_file=labels,
        label_words=parse_label_map(labels_map) if labels_map else None,
        kind=label_kind,
        format=how.format,
        options=how.options(),
        ocr=ocr,
        bar=console.progress,
    )
    about = {
        "source": found.source,
        "labels_file": str(labels) if labels else "",
        "bundle": found.bundle,
        "device": found.device,
    }
    if json:
        console.show_json({**about, **found.outcome.to_json()})
    else:
        console.show(_describe(found.outcome, about))
    if found.outcome.warning:
        console.talk(f"note: {found.outcome.warning}")


def _describe(outcome: Evaluation, about: Mapping[str, str]) -> str:
    from mmsa_tui.services.evaluate import TITLES, coverage_table, scores_table
    from mmsa_tui.services.slices import slices_table

    parts = [
        f"{about['source']}",
        f"bundle {about['bundle']} against {_KINDS[outcome.label_kind]}, {outcome.n_scored:,} posts",
        *_remarks(outcome),
        "",
        console.table(scores_table(outcome), right=(1, 2, 4, 6, 7, 8)),
        "",
        *_difference_lines(outcome),
        "",
        f"{TITLES[outcome.main]}, by class",
        _class_table(outcome.lines[outcome.main]),
        "",
        "rows: people's label; columns: the bundle's",
        _confusion_table(outcome.lines[outcome.main], outcome.labels),
        "",
        "where less sure answers are left out (measured on these posts: expect a little less on others)",
        console.table(coverage_table(outcome), right=(0, 1, 2, 3), indent="  "),
        "",
        f"parts of the posts, {TITLES[outcome.main]} beside VADER on those of them that have words",
        console.table(slices_table(outcome.slices), right=(1, 2, 4, 6, 7, 9), indent="  "),
    ]
    return "\n".join(parts)


def _remarks(outcome: Evaluation) -> list[str]:
    remarks = list(outcome.notes)
    without = outcome.n_inputs - outcome.n_labelled
    if without:
        remarks.append(f"{without:,} of {outcome.n_inputs:,} inputs have no such label and are left out")
    if outcome.unknown:
        names = ", ".join(f"{name} ({count:,})" for name, count in list(outcome.unknown.items())[:5])
        remarks.append(f"labels that the bundle does not have are left out: {names}")
    if outcome.n_failed:
        remarks.append(f"{outcome.n_failed:,} labelled posts failed and are left out")
    if "vader" not in outcome.lines:
        remarks.append("no VADER line: it needs the labels negative, neutral and positive, and a text")
    return remarks


def _difference_lines(outcome: Evaluation) -> list[str]:
    from mmsa_tui.services.evaluate import TITLES, format_interval

    lines = []
    for way, less in outcome.differences.items():
        lines.append(
            f"{TITLES[outcome.main]} less {TITLES[way]}, on the same {less.n:,} posts: "
            f"accuracy {less.accuracy:+.3f} {format_interval(less.accuracy_interval, '+')}, "
            f"macro F1 {less.macro_f1:+.3f} {format_interval(less.macro_f1_interval, '+')}"
        )
    return lines


def _class_table(line: Line) -> str:
    from mmsa_tui.services.evaluate import format_score

    rows: list[tuple[str, ...]] = [("label", "precision", "recall", "F1", "posts")]
    for label, own in line.scores.per_class.items():
        scores = (format_score(own.precision), format_score(own.recall), format_score(own.f1))
        rows.append((label, *scores, f"{own.support:,}"))
    return console.table(rows, right=(1, 2, 3, 4), indent="  ")


def _confusion_table(line: Line, labels: tuple[str, ...]) -> str:
    rows = [("", *labels)]
    for label, counts in zip(labels, line.scores.confusion, strict=True):
        rows.append((label, *(f"{count:,}" for count in counts)))
    return console.table(rows, right=range(1, len(labels) + 1), indent="  ")
