"""What was found in a source, in words: before it is read in, and in the list of recent ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from textual.content import Content

from mmsa_tui.records import ReadAs
from mmsa_tui.sources.inspect import Inspection, Trouble
from mmsa_tui.store import SourceRow
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.hints import in_app
from mmsa_tui.tui.themes import Part
from mmsa_tui.tui.widgets.post_columns import fit
from mmsa_tui.worker.messages import Detected

MAX_WORDS = 6
"""Languages, encodings or labels that are named; the rest are summed up."""


def describe_detected(found: Detected, read_as: ReadAs) -> Content:
    """Say what a source is, why one thinks so, and how it is read because the user said so."""
    parts: list[Part] = [
        (safe_line(found.title, 80), "bold $text-success"),
        (f"\n{safe_line(found.reason, 300)}", "$foreground-muted"),
    ]
    if found.others:
        names = ", ".join(name for name, _ in found.others[:4])
        style = "$text-warning" if found.is_ambiguous else "$foreground-muted"
        parts.append((f"\nIt could also be: {names} (ctrl+f chooses)", style))
    stated = [f"{name} from column {column}" for name, column in read_as.columns.items()]
    if read_as.encoding:
        stated.append(f"encoding {read_as.encoding}")
    if read_as.date_order:
        stated.append(f"dates {read_as.date_order.replace('-', ' ')}")
    if stated:
        parts.append((f"\nAs you said: {safe_line(', '.join(stated), 300)}", "$text-accent"))
    return Content.assemble(*parts)


def describe_found(found: Inspection, keys: Mapping[str, str]) -> Content:
    """Say what reading a source will give.

    Args:
        keys: the config's keys by action.
    """
    lines: list[tuple[str, str, str]] = []
    pictures, failures = found.pictures, found.failures
    posts = f"{found.posts:,}"
    if failures.count:
        posts += f", and {failures.count:,} inputs that are no post: {_examples(failures)}"
    lines.append(("posts", posts, ""))
    kinds = (
        (found.with_both, "with text and picture"),
        (found.text_only, "text only"),
        (found.image_only, "picture only"),
        (found.empty, "empty"),
    )
    lines.append(("content", _list(kinds), ""))
    if pictures.named:
        states = [(pictures.found, "found")]
        lines.append(("pictures", _list(states), ""))
        for word, trouble in (("missing", pictures.missing), ("corrupt", pictures.corrupt)):
            if trouble.count:
                lines.append((word, f"{trouble.count:,}: {_examples(trouble)}", "$text-warning"))
    if found.similar_texts or found.duplicates:
        lines.append(
            (
                "repeats",
                f"{found.similar_texts:,} in words, {found.duplicates:,} in words and pictures",
                "",
            )
        )
    if found.dated:
        lines.append(("dates", f"{found.earliest[:10]} to {found.latest[:10]}", ""))
    if found.reading and (order := found.reading.dates):
        lines.append(("date order", f"{safe_line(order, 200)} (ctrl+t chooses)", ""))
    for name, tally, most in (("languages", found.languages, 0), ("encodings", found.encodings, 1)):
        if len(tally) > most:
            lines.append((name, _tally(tally), ""))
    for kind, labels in found.truth.items():
        lines.append(("labels" if kind == "label" else f"{kind} labels", _tally(labels), ""))
    for note in found.notes[:4]:
        lines.append(("note", safe_line(in_app(note, keys), 300), "$foreground-muted"))
    return Content("\n").join(
        Content.assemble((f"{name:<14}", "$foreground-muted"), (text, style)) for name, text, style in lines
    )


def describe_recent(source: SourceRow, width: int) -> Content:
    """Write a source that was read before on one line: title, size, when read, where."""
    total = source.n_posts + source.n_failures
    location_style = "$foreground-muted" if Path(source.location).exists() else "$text-warning"
    room = max(12, width - 36)
    return Content.assemble(
        (fit(safe_line(source.title, 80), 22), "bold"),
        (f"{total:>10,}", ""),
        ("  ", ""),
        (fit(source.format, 12), "$foreground-muted"),
        (fit(safe_line(_home(source.location), 300), room), location_style),
    )


def _home(location: str) -> str:
    home = str(Path.home())
    return "~" + location[len(home) :] if location.startswith(home) and home != "/" else location


def _list(counts: Any) -> str:
    return " · ".join(f"{n:,} {word}" for n, word in counts if n) or "none"


def _tally(counts: Mapping[str, int]) -> str:
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    shown = [f"{safe_line(word, 30)} {n:,}" for word, n in ranked[:MAX_WORDS]]
    if len(ranked) > MAX_WORDS:
        shown.append(f"{len(ranked) - MAX_WORDS} more")
    return " · ".join(shown)


def _examples(trouble: Trouble) -> str:
    return safe_line("; ".join(trouble.examples[:2]), 160)
