"""The model card, generated from meta so that the two never disagree.

What meta says is other people's text: each field is one line, and no markup in it counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from mmsa_tui.bundle.lesson import Lesson
from mmsa_tui.bundle.meta import IMPORTED, VALIDATED_F1, BundleMeta, is_validated
from mmsa_tui.text.display import safe_line


def model_card(meta: BundleMeta) -> str:
    """Write a bundle's card in Markdown."""
    lines = [
        f"# {meta.name} {meta.version}",
        "",
        "Sentiment of a tweet from its text and its pictures together: "
        + ", ".join(map(_plain, meta.labels))
        + ". A text encoder and MobileNetV2, joined by a linear head and multi-head attention.",
        "",
        f"- made: {_plain(meta.created_at)}",
        f"- parent: {_plain(meta.parent or 'none')}",
        f"- licence: {_plain(meta.licence or 'not stated')}",
        f"- needs mmsa-tui {_plain(meta.requires_mmsa)}",
    ]
    came_as = _mapping(meta.training, IMPORTED)
    if came_as:
        lines += [f"- imported: {_plain(came_as.get('at'))}, came as {_plain(came_as.get('id'))}"]
    if meta.sources:
        lines += ["", "## Learned from", ""] + [f"- {_plain(source)}" for source in meta.sources]
    if meta.training:
        lines += ["", "## Training", ""] + [
            f"- {_plain(key)}: {_plain(value)}"
            for key, value in meta.training.items()
            if not isinstance(value, dict | list)
        ]
    decision = list(_decision(meta.training))
    if decision:
        lines += ["", "## Retraining", "", *decision]
    lines += ["", "## Scores", "", *_scores(meta)]
    lines += ["", *_languages(meta), *_calibration(meta.scores), *_explanation(meta.scores)]
    lines += [
        "## Known failures",
        "",
        _limits_of_languages(meta),
        "- One person judged each picture and text it learned from: expect about three in four right.",
        "- Irony is taken at its word, in posts and in pictures: `python -m benchmarks.ocr memes`.",
        "- Text and picture at odds are where it errs most. Look at the conflict queue.",
        "- Words in pictures count only where they were read (`--ocr`).",
        "",
        "## Not to be used for",
        "",
        "- Judging a person, or deciding anything about one: it is for what a mass of posts feels.",
        "- Moderation, policing, hiring, credit, or health: it was measured for none of these.",
        "- Figures from posts in languages that are not validated, or without an audit of your own posts.",
        "",
        "## Licences of the parts",
        "",
        f"- this bundle: {_plain(meta.licence or 'not stated')}",
        *(f"- {part}" for part in _PARTS),
    ]
    return "\n".join(lines) + "\n"


_PARTS = (
    "MobileNetV2, which its picture encoder comes from: Apache-2.0",
    "VADER's word list: MIT; CLD2, which tells languages: Apache-2.0",
    "RapidOCR and the PP-OCRv6 models in its package, if installed: Apache-2.0",
    "mmsa-tui itself: MIT",
)
"""What every bundle runs with."""


def _languages(meta: BundleMeta) -> list[str]:
    """Lay out the scores by language."""
    languages = _mapping(meta.scores, "languages")
    if not languages:
        return []
    lines = [
        "## Languages",
        "",
        "| language | posts | macro-F1 | at least | validated |",
        "|---|---|---|---|---|",
    ]
    for code in languages:
        row = _mapping(languages, code)
        said = "yes" if is_validated(row) else "no"
        figures = f"{_figure(row.get('macro_f1'))} | {_figure(row.get('low'))}"
        lines.append(f"| {_plain(code)} | {_plain(row.get('n', ''))} | {figures} | {said} |")
    return [*lines, ""]


def _calibration(scores: Mapping[str, Any]) -> list[str]:
    """Draw how often posts of each confidence are right, and what can be answered at an accuracy."""
    bins = [one for one in _list(scores, "reliability") if isinstance(one, Mapping)]
    if not bins:
        return []
    lines = [
        "## Calibration", "", "How often posts of a confidence are right; | is where they should be.", "",
        "| confidence | posts | right | |", "|---|---|---|---|",
    ]  # fmt: skip
    for one in bins:
        confidence, right = one.get("confidence"), one.get("accuracy")
        if isinstance(confidence, int | float) and isinstance(right, int | float):
            bar = _bar(float(right), float(confidence))
            lines.append(f"| {confidence:.2f} | {_plain(one.get('n', ''))} | {right:.2f} | `{bar}` |")
    lines.append("")
    lines += _calibration_errors(_mapping(scores, "calibration"))
    for one in _list(scores, "coverage"):
        if not isinstance(one, Mapping):
            continue
        figures = [one.get(key) for key in ("accuracy", "share", "confidence")]
        wanted, share, least = (float(x) if isinstance(x, int | float) else 0.0 for x in figures)
        answers = (
            f"answers {share:.0%} of posts (`--min-confidence {least:.2f}`)" if share else "answers none"
        )
        lines.append(f"- at {wanted:.0%} accuracy it {answers}")
    return [*lines, ""]


def _calibration_errors(kinds: Mapping[str, Any]) -> list[str]:
    """Say what each kind's calibration error is out of fold, and what chance alone would make it."""
    lines = []
    for kind in kinds:
        row = _mapping(kinds, kind)
        error, n_frozen = row.get("ece"), _plain(row.get("n_frozen", ""))
        if isinstance(error, int | float):
            lines.append(
                f"- {_plain(kind)}: calibration error {error:.3f} on {_plain(row.get('n', ''))} posts that"
                " neither head nor temperatures were fitted on; by chance alone it would be"
                f" {_by_chance(row, 'by_chance')} there, and {_by_chance(row, 'by_chance_frozen')}"
                f" on {n_frozen}"
            )
    if lines:
        lines.append("")
    return lines


def _by_chance(row: Mapping[str, Any], key: str) -> str:
    figures = [one for one in _list(row, key) if isinstance(one, int | float)]
    return (
        _plain(f"{figures[0]:.3f} [{figures[1]:.3f}, {figures[2]:.3f}]") if len(figures) == 3 else "unknown"
    )


def _explanation(scores: Mapping[str, Any]) -> list[str]:
    """Lay out how far explanations are ahead of chance."""
    explanation = _mapping(scores, "explanation")
    parts = _mapping(explanation, "parts")
    if not parts:
        return []
    lines = [
        "## Explanations", "",
        "How much lower the confidence in the label is where what speaks most for it goes first (deletion),"
        " and how much higher where it stays longest (insertion), than in an order drawn by chance. Brackets"
        " show 95 % bootstrap intervals.", "",
        "| of | posts | deletion | insertion |", "|---|---|---|---|",
    ]  # fmt: skip
    for kind in parts:
        row = _mapping(parts, kind)
        figures = [_with_interval(row, name) for name in ("deletion", "insertion")]
        lines.append(f"| {_plain(kind)} | {_plain(row.get('n', ''))} | {' | '.join(figures)} |")
    ratio = explanation.get("ratio")
    if isinstance(ratio, int | float):
        lines += ["", f"Explaining every post makes classifying take {ratio:.1f} times as long."]
    if explanation.get("command"):
        command = safe_line(str(explanation["command"])).replace("`", "'")
        lines += ["", f"Reproduce: `{command}`"]
    return [*lines, ""]


def _with_interval(row: Mapping[str, Any], name: str) -> str:
    ends = [end for end in _list(row, f"{name}_interval") if isinstance(end, int | float)]
    between = f" [{ends[0]:.3f}, {ends[1]:.3f}]" if len(ends) == 2 else ""
    return _plain(_figure(row.get(name)) + between)


def _bar(right: float, wanted: float, width: int = 20) -> str:
    cells = ["█" if place < round(right * width) else "·" for place in range(width)]
    cells[min(width - 1, max(0, round(wanted * width) - 1))] = "|"
    return "".join(cells)


def _limits_of_languages(meta: BundleMeta) -> str:
    languages = _mapping(meta.scores, "languages")
    if not languages:
        return "- Learned from English tweets; other languages get an answer that means little."
    weak = [code for code in languages if not is_validated(_mapping(languages, code))]
    if not weak:
        return "- Languages without a table above get an answer that nobody has measured."
    return (
        "- Not validated: "
        + ", ".join(_plain(code) for code in weak)
        + f" (macro-F1 not surely above {VALIDATED_F1}), and every language without a table above."
    )


def _decision(training: Mapping[str, Any]) -> Iterator[str]:
    """Say how corrections were taken, what the gate decided, and who decided after it."""
    for sentence in _lesson(training):
        yield f"- {_plain(sentence)}"
    gate, promotion = _mapping(training, "gate"), _mapping(training, "promotion")
    if gate:
        yield "- gate: passed" if gate.get("passed") is True else "- gate: refused, because"
        for reason in _list(gate, "reasons"):
            yield f"  - {_plain(reason)}"
    if promotion:
        by = f"by {_plain(promotion['by'])}" if promotion.get("by") else "by whom is not on record"
        yield f"- promoted: {_plain(promotion.get('at') or 'at an unknown time')}, {by}"
        if promotion.get("run"):
            yield f"- run: {_plain(promotion['run'])}"
        if promotion.get("overruled"):
            yield "- the gate was overruled, against these reasons:"
            for reason in _list(promotion, "against") or ["none on record"]:
                yield f"  - {_plain(reason)}"
        else:
            yield "- the gate was not overruled"
    elif gate:
        yield "- promoted: no"


def _lesson(training: Mapping[str, Any]) -> tuple[str, ...]:
    stored = _mapping(training, "lesson")
    if "n_learned" not in stored:
        return ()
    try:
        # Another version may have kept fewer facts or more: what it did not know counts as no.
        return Lesson(**{fact.name: stored.get(fact.name, False) for fact in fields(Lesson)}).sentences()
    except (TypeError, ValueError):
        return ()


def _scores(meta: BundleMeta) -> list[str]:
    scores = meta.scores
    tables = _mapping(scores, "tables")
    if not tables:
        return ["None recorded."]
    lines = [
        f"Split: {_plain(scores.get('split', 'unknown'))}.",
        "",
        "| on | n | accuracy | macro-F1 | weighted F1 | macro recall | ECE |",
        "|---|---|---|---|---|---|---|",
    ]
    for title in tables:
        row = _mapping(tables, title)
        figures = [_figure(row.get(key)) for key in _FIGURES]
        lines.append(f"| {_plain(title)} | {_plain(row.get('n', ''))} | {' | '.join(figures)} |")
    if scores.get("command"):
        command = safe_line(str(scores["command"])).replace("`", "'")
        lines += ["", f"Reproduce: `{command}`"]
    return lines


_FIGURES = ("accuracy", "macro_f1", "weighted_f1", "macro_recall", "ece")


def _figure(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, int | float) else ""


def _plain(value: object) -> str:
    return re.sub(r"[\\`*<|\[\]]", r"\\\g<0>", safe_line(str(value)))


def _mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}


def _list(data: Mapping[str, Any], key: str) -> list[Any]:
    value = data.get(key)
    return list(value) if isinstance(value, list | tuple) else []
