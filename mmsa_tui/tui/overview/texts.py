"""What the overview says of what was counted: its title, groups with the filters that lead to them, notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mmsa_tui.analysis import N_BINS, Counts, Group
from mmsa_tui.store import SourceRow
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.themes import MUTED, Part
from mmsa_tui.tui.widgets.label_looks import LabelLooks, shorten

if TYPE_CHECKING:
    # numpy costs 0.1 s, which a source without an audit should not pay.
    from mmsa_tui.services.estimate import Estimates


def title(source: SourceRow, n_posts: int | None, only: str, n_by_others: int = 0) -> list[Part]:
    """Name the source.

    Args:
        n_posts: None while they are counted.
        only: which posts, if not all.
        n_by_others: how many of them another model of the bundle's id has judged.
    """
    parts: list[Part] = [
        ("Overview", "bold $text-accent"),
        (f" · {safe_line(source.title, 60)}", "bold"),
        (" · counting…" if n_posts is None else f" · {n_posts:,} posts", MUTED),
    ]
    if n_by_others:
        parts.append((f" · {n_by_others:,} by another model", "$text-warning"))
    return [*parts, (f" · only {only}", "$text-warning")] if only else parts


def label_groups(counted: Counts, labels: Sequence[str], looks: LabelLooks) -> list[Group]:
    """Make a group of each label, and one of the posts without any."""
    known = [label for label in (*labels, *counted.labels) if label]
    groups = [
        Group(
            f"{looks.sign(label)} {label}", {label: counted.labels.get(label, 0)}, f"label:{_quoted(label)}"
        )
        for label in dict.fromkeys(known)
    ]
    if counted.labels.get("", 0):
        groups.append(Group("· no label", {"": counted.labels[""]}, "label:none"))
    return groups


def facts(counted: Counts) -> tuple[list[Part], list[Part]]:
    """Count in two lines what has no chart."""
    first: list[Part] = [
        (f"▣ {counted.n_pictures:,}", "bold"), (" pictures", MUTED),
        (f"  ⚑ {counted.n_flagged:,}", "bold"), (" flagged", MUTED),
    ]  # fmt: skip
    more: list[Part] = [(f"≠ {counted.n_conflicts:,}", "bold"), (" conflicts", MUTED)]
    if counted.n_failed:
        more += [(f"  ✗ {counted.n_failed:,}", "bold $text-error"), (" failed", "$text-error")]
    if doubtful := counted.unvalidated.total():
        more += [(f"  ? {doubtful:,}", "bold $text-warning"), (" not validated", "$text-warning")]
    return first, more


def not_audited(audit_key: str, n_drawn: int = 0, *, has_model: bool) -> list[Part]:
    """Say in a line what shares are worth without an audited post.

    `audit_key` is "" where it has no key; `n_drawn` posts wait for a label.
    """
    how = f" ({audit_key}: audit)" if audit_key else ""
    if n_drawn:
        return [(f"not corrected: 0 of {n_drawn:,} audited{how}", MUTED)]
    what = "labels as they stand, not corrected" if has_model else "neither a model nor an audit"
    return [(f"{what}{how}", MUTED)]


def intervals(estimated: Estimates, looks: LabelLooks) -> list[Part]:
    """Say in a line within what bounds the shares are."""
    parts: list[Part] = [("95 %:" if estimated.has_model else "sample, 95 %:", MUTED)]
    for one in estimated.overall.shares:
        if one.low is not None and one.high is not None:
            bounds = f" {looks.sign(one.name)} {100 * one.low:.0f}–{100 * one.high:.0f}"
            parts.append((bounds, looks.colour(one.name)))
    return parts


def confidence(counted: Counts) -> tuple[list[Group], str]:
    """Make a group of each bin of confidence, and say what the mean is; "" where there is none."""
    bins = [_bin(at, counts) for at, counts in enumerate(counted.bins)]
    # Below an even split between the labels there is nothing to see.
    first = next((at for at, group in enumerate(bins) if group.total), 0)
    total = sum(group.total for group in bins)
    middle = sum((at + 0.5) * group.total for at, group in enumerate(bins)) / (N_BINS * max(total, 1))
    return bins[first:], f"mean {middle:.2f}" if total else ""


def correction_groups(counted: Counts, labels: Sequence[str]) -> list[Group]:
    """Make a group of the corrections that agree with the model, and one of each change, the most first."""
    short = shorten(labels)
    changed = sorted(
        ((pair, number) for pair, number in counted.corrections.items() if pair[0] != pair[1]),
        key=lambda item: -item[1],
    )
    agreed = counted.n_corrected - counted.n_changed
    groups = [Group("agreed", {"": agreed}, "is:corrected -is:changed")] if agreed else []
    groups += [
        Group(
            f"{short.get(model, model) or 'none'} → {short.get(given, given)}",
            {given: number},
            f"model:{_quoted(model) or 'none'} corrected:{_quoted(given)}",
        )
        for (model, given), number in changed
    ]
    return groups


def _bin(at: int, counts: Mapping[str, int]) -> Group:
    low, high = at / N_BINS, (at + 1) / N_BINS
    above = f" conf:<{high:.2f}" if at < N_BINS - 1 else ""
    return Group(f"{low:.2f}–{high:.2f}", counts, f"conf:>={low:.2f}{above}")


def accuracy(estimated: Estimates | None) -> Sequence[Sequence[Part]]:
    """Say how often the model is right, as far as an audit tells, and what speaks against it."""
    if estimated is None:
        return ()
    # An audit is there, and with it what this takes.
    from mmsa_tui.services.estimate_tables import cautions

    doubts: list[list[Part]] = [[(words, "$text-warning")] for words in cautions(estimated.status)]
    if not estimated.has_model:
        alone = f"audit alone: {estimated.status.n_labelled:,} labelled blind; {estimated.status.remark}"
        return [[(alone, MUTED)], *doubts]
    right = estimated.accuracy
    if right.low is None or right.high is None:
        return doubts
    bounds = f"right in {100 * right.low:.0f} to {100 * right.high:.0f} % of all posts"
    return [
        [("audit: model ", MUTED), (bounds, "bold")],
        [(f"{right.n_audited:,} labelled blind; {estimated.status.remark}", MUTED)],
        *doubts,
    ]


def _quoted(label: str) -> str:
    return f'"{label}"' if any(char.isspace() or char == "," for char in label) else label
