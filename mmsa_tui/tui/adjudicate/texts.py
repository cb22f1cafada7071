"""What the adjudication screen says: how far analysts agree, the posts they do not, and their votes.

Records in, text out; knows no widget and no store.
"""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content

from mmsa_tui.corrections import Conflict, Vote
from mmsa_tui.corrections.agreement import Agreement, PairAgreement
from mmsa_tui.services.agreement import basis, figure, summary
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.themes import MUTED, Part
from mmsa_tui.tui.widgets.label_looks import LabelLooks, shorten
from mmsa_tui.tui.widgets.post_columns import fit

N_PAIRS = 4
"""Pairs of analysts that are shown, those who agree least first."""


def describe_agreement(measured: Agreement) -> Content:
    """Say how far analysts agree: all together, then pair by pair."""
    parts: list[Part] = []
    for name, value in summary(measured, exact=False):
        parts += [(f"{name} ", MUTED), (value, "bold"), (" · ", MUTED)]
    parts.append((basis(measured), MUTED))
    lines = [Content.assemble(*parts)]
    pairs = sorted(measured.pairs, key=_kappa)
    names = [f"{safe_line(pair.first, 24)} – {safe_line(pair.second, 24)}" for pair in pairs[:N_PAIRS]]
    widest = max(map(cell_len, names), default=0)
    for name, pair in zip(names, pairs, strict=False):
        row: list[Part] = [
            (fit(name, widest) + f"  {pair.n_posts:>5,} posts  ", ""),
            ("equal ", MUTED), (figure(pair.percent, ".0%"), ""),
            ("  Cohen's kappa ", MUTED), (figure(pair.kappa, ".2f"), ""),
        ]  # fmt: skip
        lines.append(Content.assemble(*row))
    if len(pairs) > N_PAIRS:
        lines.append(
            Content.styled(f"{len(pairs) - N_PAIRS} more pairs: mmsa corrections agree lists them", MUTED)
        )
    return Content("\n").join(lines)


def describe_case(
    conflict: Conflict, decided: str, looks: LabelLooks, width: int, *, is_hidden: bool
) -> Content:
    """Write a post of the list on one line: which labels it has, unless hidden, or what was decided."""
    short = shorten(looks.labels)
    parts: list[Part] = [(fit(safe_line(conflict.post_id, 40), 9) + " ", MUTED)]
    if decided:
        parts.append(
            (fit(f"✓ {looks.sign(decided)} {decided}", looks.widest + 6), f"bold {looks.colour(decided)}")
        )
    elif is_hidden:
        parts.append((fit(f"{len(conflict.votes)} differ", looks.widest + 6), MUTED))
    else:
        labels = list(dict.fromkeys(vote.act.new_label for vote in conflict.votes))
        for label in labels[:3]:
            parts.append(
                (f"{looks.sign(label)}{short.get(label, safe_line(label, 5))} ", looks.colour(label))
            )
        gap = looks.widest + 6 - sum(cell_len(text) for text, _ in parts[1:])
        parts.append((" " * max(0, gap), ""))
    used = sum(cell_len(text) for text, _ in parts) + 1
    parts.append((" " + fit(safe_line(conflict.text, 300), max(4, width - used)), MUTED if decided else ""))
    return Content.assemble(*parts)


def describe_votes(conflict: Conflict, decided: str, note: str, analyst: str, looks: LabelLooks) -> Content:
    """Set the votes side by side: label, analyst, time, note, and which of them counts now."""
    widest = max((cell_len(_name(vote)) for vote in conflict.votes), default=0)
    lines = []
    for at, vote in enumerate(conflict.votes):
        label = vote.act.new_label
        parts: list[Part] = [
            (
                fit(f"{looks.sign(label)} {safe_line(label, 20)}", looks.widest + 3),
                f"bold {looks.colour(label)}",
            ),
            (fit(_name(vote), widest) + "  ", ""),
            (safe_line(vote.act.created_at[:16].replace("T", " "), 20), MUTED),
        ]  # fmt: skip
        is_last = at == len(conflict.votes) - 1
        if is_last and not decided and vote.act.new_label == conflict.standing_label:
            parts.append(("  counts now", "$text-warning"))
        if vote.act.note:
            parts.append((f"\n  ¶ {safe_line(vote.act.note, 300)}", MUTED))
        lines.append(Content.assemble(*parts))
    if decided:
        by = safe_line(analyst, 24) or "you"
        lines.append(
            Content.assemble(
                (f"✓ {looks.sign(decided)} {decided}", f"bold {looks.colour(decided)}"),
                (f"  decided by {by}", ""),
            )
        )
    return Content.assemble(Content("\n").join(lines), *_own_note(note))


def describe_hidden(conflict: Conflict, note: str, key: str) -> Content:
    """Say that there are votes, and how they come in sight."""
    n = len(conflict.votes)
    words = f"{n} analysts give different labels. Hidden until you have decided ({key}: show)."
    return Content.assemble((words, MUTED), *_own_note(note))


def _own_note(note: str) -> list[Part]:
    return [("\n¶ yours, with the decision: ", MUTED), (safe_line(note, 300), "")] if note else []


def _name(vote: Vote) -> str:
    name = safe_line(vote.act.analyst, 24) or "(no name)"
    return f"{name}, adjudicating" if vote.is_adjudication else name


def _kappa(pair: PairAgreement) -> float:
    return 2.0 if pair.kappa.value is None else pair.kappa.value
