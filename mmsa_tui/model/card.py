"""The model card, generated from meta so that the two never disagree."""

from __future__ import annotations

from mmsa_tui.model.bundle import BundleMeta


def model_card(meta: BundleMeta) -> str:
    """Write a bundle's card in Markdown."""
    lines = [
        f"# {meta.name} {meta.version}",
        "",
        "Sentiment of a tweet from its text and its pictures together: "
        + ", ".join(meta.labels)
        + ". Fine-tuned MiniLM and MobileNetV2, joined by projections and multi-head attention.",
        "",
        f"- made: {meta.created_at}",
        f"- parent: {meta.parent or 'none, trained in full'}",
        f"- licence: {meta.licence or 'not stated'}",
        f"- needs mmsa-tui {meta.requires_mmsa}",
    ]
    if meta.sources:
        lines += ["", "## Learned from", ""] + [f"- {source}" for source in meta.sources]
    if meta.training:
        lines += ["", "## Training", ""] + [
            f"- {key}: {value}" for key, value in meta.training.items() if not isinstance(value, dict | list)
        ]
    lines += ["", "## Scores", "", *_scores(meta)]
    lines += [
        "",
        "## Limits",
        "",
        "- Learned from English tweets; other languages get an answer that means little.",
        "- One person judged each picture and text it learned from: expect about three in four right.",
        "- Sarcasm, and text and picture at odds, are where it errs most. Look at the conflict queue.",
        "- Not for judging a person; for finding out what a mass of posts feels.",
    ]
    return "\n".join(lines) + "\n"


def _scores(meta: BundleMeta) -> list[str]:
    scores = meta.scores
    tables = scores.get("tables", {})
    if not tables:
        return ["None recorded."]
    lines = [
        f"Split: {scores.get('split', 'unknown')}.",
        "",
        "| on | n | accuracy | macro-F1 | weighted F1 | macro recall | ECE |",
        "|---|---|---|---|---|---|---|",
    ]
    for title, row in tables.items():
        ece = "" if row.get("ece") is None else f"{row['ece']:.3f}"
        lines.append(
            f"| {title} | {row['n']} | {row['accuracy']:.3f} | {row['macro_f1']:.3f}"
            f" | {row['weighted_f1']:.3f} | {row['macro_recall']:.3f} | {ece} |"
        )
    if scores.get("command"):
        lines += ["", f"Reproduce: `{scores['command']}`"]
    return lines
