"""What the retrain screen says: corrections that wait, the gate's verdict, examples, advice.

Records in, text out; knows no widget and no file.
"""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content

from mmsa_tui.bundle.meta import Bundle
from mmsa_tui.retrain import AS_FOUND, TEACHINGS, Example, Result, Teaching, Waiting
from mmsa_tui.retrain.verdict import Verdict
from mmsa_tui.services.promote import Kept
from mmsa_tui.text.display import counted, safe_line
from mmsa_tui.tui.themes import MUTED, Part
from mmsa_tui.tui.widgets.belief_bars import bar
from mmsa_tui.tui.widgets.label_looks import LabelLooks
from mmsa_tui.tui.widgets.post_columns import fit

_INTERVAL = 4
"""The column of `Verdict.table` that can be done without."""


def describe_waiting(
    waiting: Waiting,
    teaching: Teaching,
    bundle: Bundle,
    n_contradictory: int,
    settle_key: str,
    looks: LabelLooks,
    width: int,
) -> Content:
    """Sum up what there is to learn from, and whether a retrain is worth it.

    Args:
        teaching: how they are to be taken.
        bundle: the one in use.
        n_contradictory: posts on which analysts disagree; `settle_key` opens them, among the posts.
    """
    most = max(waiting.by_label.values(), default=0)
    lines: list[Content] = []
    for label, number in waiting.by_label.items():
        name = fit(f"{looks.sign(label)} {safe_line(label, 20)}", looks.widest + 3)
        room = max(4, width - cell_len(name) - 8)
        drawn = bar(number / most if most else 0.0, room)
        lines.append(
            Content.assemble(
                (name, looks.colour(label)), (f"{number:>6,}  ", "bold"), (drawn, looks.colour(label))
            )
        )
    n_new = f", {waiting.n_new:,} new since the last retrain" if bundle.meta.parent else ""
    lines = [
        _line(f"{counted(waiting.n_all, 'correction')}{n_new}", "bold"),
        _advise(waiting),
        *lines,
    ]
    if waiting.n_all:
        taken = f"taken as {teaching.name.removeprefix('as ')}: {teaching.meaning}"
        if teaching is AS_FOUND and bundle.meta.training.get("lesson", {}).get("is_rule"):
            taken = f"taken for the rule that {bundle.id} was taught"
        if not waiting.is_few_shot:
            lines.append(_line(taken, MUTED if teaching is AS_FOUND else "$text-accent"))
        lines.append(_line(_compare_with_shown(waiting), MUTED))
        if not waiting.is_few_shot:
            held_out = f"{waiting.n_held_out:,} of {waiting.n_all:,} held out: they judge, never teach"
            lines.append(_line(f"{held_out} (a fifth, and posts that judge anyway)", MUTED))
        people = sorted(waiting.by_analyst.items(), key=lambda item: -item[1])
        named = ", ".join(f"{safe_line(name, 20) or '(no name)'} {number:,}" for name, number in people[:4])
        more = f" and {len(people) - 4} more" if len(people) > 4 else ""
        lines.append(_line(f"by {named}{more}", MUTED))
    lines += [
        _line(f"left out: {counted(number, 'correction')} {reason}", "$text-warning")
        for reason, number in waiting.left_out.items()
    ]
    if n_contradictory:
        settles = f": {settle_key} in the list settles them" if settle_key else ""
        said = f"analysts disagree on {counted(n_contradictory, 'post')}{settles}"
        lines.append(_line(said, "$text-warning"))
    return Content("\n").join(lines)


def _compare_with_shown(waiting: Waiting) -> str:
    n_unshown = waiting.n_all - waiting.n_changed - waiting.n_same
    parts = []
    if waiting.n_changed or waiting.n_same:
        parts.append(f"{waiting.n_changed:,} contradict what was shown, {waiting.n_same:,} confirm it")
    if n_unshown:
        parts.append(f"{n_unshown:,} came before a classification")
    return "; ".join(parts)


def _advise(waiting: Waiting) -> Content:
    if not waiting.n_new or waiting.n_held_out >= waiting.n_all:
        return _line(waiting.advice, "$text-warning")
    return _line(f"{waiting.advice} s starts it.", "$text-success" if waiting.is_enough else MUTED)


def teaching_options() -> list[tuple[str, str]]:
    """Offer how corrections may be taken: names, each with what it is for."""
    return [(teaching.name, f"{teaching.name}: {teaching.meaning}") for teaching in TEACHINGS]


def describe_result(result: Result, name: str, looks: LabelLooks, width: int) -> Content:
    """Show what the gate says of a candidate, on what, and what it would change."""
    verdict = result.verdict
    lines = [*describe_verdict(verdict, name, width), _line(verdict.basis, MUTED)]
    style = "$text-accent" if result.lesson.is_rule else MUTED
    lines += [_line(sentence, style) for sentence in result.lesson.sentences()]
    if result.lesson.is_rule and result.lesson.is_found:
        lines.append(_line("If you follow no rule of your own: w, then usual, and s again.", style))
    lines += [
        _line(f"left out: {counted(number, 'correction')} {reason}", "$text-warning")
        for reason, number in result.left_out.items()
    ]
    if result.advice:
        lines += [Content(""), _line(result.advice, "$text-accent")]
    if result.examples:
        lines += [
            Content(""),
            _line(
                "Labelled posts that a model which had not seen them judges otherwise"
                if result.lesson.said
                else "Corrected posts that it judges otherwise (◦ held out, never learned)",
                "bold",
            ),
        ]
        lines += [describe_example(example, looks, width) for example in result.examples]
    return Content("\n").join(lines)


def describe_verdict(verdict: Verdict, name: str, width: int) -> list[Content]:
    """Say what the gate decided, why, and on which figures; without intervals where they do not fit."""
    if verdict.passed:
        head = Content.assemble((f"The gate passed {name}", "bold $text-success"))
    else:
        head = Content.assemble((f"The gate REFUSED {name}", "bold $text-error"))
    rows = verdict.table()
    widths = [max(cell_len(cell) for cell in column) for column in zip(*rows, strict=True)]
    if sum(widths) + 2 * (len(widths) - 1) > width:
        rows = [(*row[:_INTERVAL], *row[_INTERVAL + 1 :]) for row in rows]
        del widths[_INTERVAL]
    lines = [head, *(_line(f"✗ {reason}", "$text-error") for reason in verdict.reasons), Content("")]
    for number, row in enumerate(rows):
        cells = [
            fit(cell, width, right=0 < at < 4)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        style = "bold" if not number else "" if row[-1] == "ok" else "bold $text-error"
        lines.append(_line("  ".join(cells).rstrip(), style))
    return [*lines, Content("")]


def describe_example(example: Example, looks: LabelLooks, width: int) -> Content:
    """Write one post as it is judged before and after, and as the analyst has judged it."""
    parts = change_parts(example.before, example.after, example.wanted, looks)
    used = sum(cell_len(text) for text, _ in parts)
    text = fit(safe_line(example.text, 300), max(8, width - used - 12))
    held_out = "◦ " if example.held_out else "  "
    return Content.assemble(
        (held_out + fit(safe_line(example.post_id, 40), 8) + "  ", MUTED), *parts, (text, "")
    )


def change_parts(before: str, after: str, yours: str, looks: LabelLooks) -> list[Part]:
    """Write a change of label in columns, with the analyst's label if there is one."""
    cell = looks.widest + 2
    is_right = yours == after
    return [
        (fit(f"{looks.sign(before)} {before}", cell), looks.colour(before)),
        (" → ", MUTED),
        (fit(f"{looks.sign(after)} {after}", cell) + " ", f"bold {looks.colour(after)}"),
        (
            fit(f"{'✓' if is_right else '✗'} you: {yours}" if yours else "", cell + 6) + " ",
            "" if is_right else MUTED,
        ),
    ]


def describe_kept(item: Kept) -> str:
    """Name a candidate that was kept aside: when made, what the gate said, how much it has learned."""
    said = "passed" if item.verdict.passed else "refused"
    made = item.bundle.meta.created_at[:16].replace("T", " ")
    training = item.bundle.meta.training
    learned = counted(int(training.get("n_corrections", 0)), "correction")
    weight = f" × {training['correction_weight']:.3g}" if "correction_weight" in training else ""
    return f"{item.bundle.id} · {made} · {said} · {learned}{weight}"


def _line(text: str, style: str = "") -> Content:
    return Content.styled(text, style) if style else Content(text)
