"""Service: corrections handed over between laptops, and what is said of what came of it.

The command line and the app's palette both come in here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from mmsa_tui.codebook import read_codebook
from mmsa_tui.config import Paths
from mmsa_tui.corrections import Conflict, Intake, Rejection, export_corrections, print_corrections
from mmsa_tui.records import Correction
from mmsa_tui.store import Store
from mmsa_tui.text.display import counted

VOTES = ("post_id", "text", "analyst", "label", "created_at", "note", "file", "counts_now", "content_hash")
"""Columns of `vote_records`."""


def hand_over(
    paths: Paths,
    target: Path | TextIO,
    *,
    analyst: str | None = None,
    current: bool = False,
    overwrite: bool = False,
) -> Counter[str]:
    """Write the corrections of the store for a colleague; returns how many say what: label, note, flag.

    Args:
        target: a file, or a stream for JSON lines.
        analyst: only what this one did.
        current: only what counts now of each post, not the history.

    Raises:
        OutputError, StoreError: they cannot be written, or read.
    """
    codebook = read_codebook(paths) if paths.codebook else None
    with Store.open_to_read(paths.database) as store:
        made = store.current_acts() if current else store.corrections()
        said: Counter[str] = Counter()
        chosen = _counting((act for act in made if analyst is None or act.analyst == analyst), said)
        if not isinstance(target, Path):
            print_corrections(chosen, target, store.bundle_labels, codebook)
        else:
            export_corrections(chosen, target, store.bundle_labels, codebook=codebook, overwrite=overwrite)
    return said


def _counting(made: Iterable[Correction], said: Counter[str]) -> Iterator[Correction]:
    for act in made:
        # Acts of before facts were told apart are of labels; the others decide one thing, or several at once.
        said[" and ".join(act.facts) or "label"] += 1
        yield act


def describe_said(said: Counter[str]) -> str:
    """Sum up what was handed over: `8 corrections`, and of what where not all are labels."""
    total = counted(said.total(), "correction")
    if set(said) <= {"label"}:
        return total
    kinds = (
        f"{number:,} of {kind}" if " " in kind else counted(number, kind)
        for kind, number in said.most_common()
    )
    return f"{total} ({', '.join(kinds)})"


def describe_intake(taken: Intake, *, dry_run: bool = False) -> str:
    """Sum up what became of the records."""
    return (
        f"{counted(taken.n_read, 'correction')}: {taken.n_new:,} {'would be new' if dry_run else 'new'},"
        f" {taken.n_known:,} known already, {len(taken.rejections):,} rejected"
    )


def describe_disagreement(taken: Intake) -> str:
    """Say on how many of the posts analysts disagree now; "" where they do not."""
    return f"analysts disagree on {counted(len(taken.conflicts), 'post')}" if taken.conflicts else ""


def describe_rejections(rejections: Sequence[Rejection], most: int) -> list[str]:
    """Say why records were not taken in, line by line."""
    lines = []
    for rejection in rejections[:most]:
        # A broken line's reason says itself where it stands.
        place = "" if rejection.where in rejection.reason else f"{rejection.where}: "
        lines.append(f"{place}{rejection.reason}")
    return lines


def describe_shared_names(conflicts: Sequence[Conflict]) -> str:
    """Say what only shows while files are apart: in one store a later label is a change of mind.

    Returns:
        "" where nobody disagrees under one name.
    """
    shared = [conflict for conflict in conflicts if len({vote.act.analyst for vote in conflict.votes}) == 1]
    if not shared:
        return ""
    names = ", ".join(dict.fromkeys(conflict.votes[0].act.analyst or "(no name)" for conflict in shared))
    return (
        f"{counted(len(shared), 'conflict')} under one name ({names}): the later label counts now;"
        " if two people share it, set `analyst` on each laptop"
    )


def conflict_rows(conflicts: Sequence[Conflict]) -> list[tuple[str, ...]]:
    """Lay out the posts on which analysts disagree; header first."""
    rows: list[tuple[str, ...]] = [("post", "votes", "counts now", "text")]
    for conflict in conflicts:
        votes = ", ".join(
            f"{vote.act.analyst or '(no name)'}{' (adjudication)' if vote.is_adjudication else ''}:"
            f" {vote.act.new_label}"
            for vote in conflict.votes
        )
        rows.append((conflict.post_id, votes, conflict.standing_label or "withdrawn", conflict.text[:60]))
    return rows


def vote_records(conflicts: Sequence[Conflict]) -> Iterator[dict[str, object]]:
    """Give each vote as a record under `VOTES`."""
    for conflict in conflicts:
        for vote in conflict.votes:
            yield {
                "post_id": conflict.post_id,
                "text": conflict.text,
                "analyst": vote.act.analyst,
                "label": vote.act.new_label,
                "created_at": vote.act.created_at,
                "note": vote.act.note,
                "file": vote.origin,
                "counts_now": vote.act.new_label == conflict.standing_label,
                "content_hash": conflict.content_hash,
            }


def intake_json(taken: Intake) -> dict[str, Any]:
    """Give everything to a program."""
    return {
        "n_read": taken.n_read,
        "n_new": taken.n_new,
        "n_known": taken.n_known,
        "rejected": [
            {"where": item.where, "post_id": item.post_id, "reason": item.reason} for item in taken.rejections
        ],
        "conflicts": [
            {
                "post_id": conflict.post_id,
                "content_hash": conflict.content_hash,
                "text": conflict.text,
                "counts_now": conflict.standing_label,
                "votes": [
                    {
                        "analyst": vote.act.analyst,
                        "label": vote.act.new_label,
                        "created_at": vote.act.created_at,
                        "note": vote.act.note,
                        "file": vote.origin,
                        "adjudication": vote.is_adjudication,
                    }
                    for vote in conflict.votes
                ],
            }
            for conflict in taken.conflicts
        ],
    }
