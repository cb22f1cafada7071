"""Who has labelled what, out of files and the store: what agreement is measured on.

An adjudication is nobody's independent judgement and is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mmsa_tui.corrections.conflicts import is_adjudication
from mmsa_tui.corrections.intake import (
    Rejection,
    check_codebook,
    check_labels,
    name_files,
    read_corrections,
)
from mmsa_tui.corrections.record import Incoming, RecordError, time_us
from mmsa_tui.errors import UsageError
from mmsa_tui.records import Correction
from mmsa_tui.store import Store

NAMELESS = "(no name)"


@dataclass(frozen=True)
class Ratings:
    """Each rater's last label of each post, by content hash; and what is known of the posts.

    `posts` maps a content hash to the post's id and text.
    """

    by_rater: Mapping[str, Mapping[str, str]]
    posts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    rejections: tuple[Rejection, ...] = ()


def collect_ratings(store: Store, names: Sequence[str] = (), labels: Sequence[str] = ()) -> Ratings:
    """Gather the ratings of analysts.

    Args:
        names: files of corrections, or names of analysts in the store; without any, all analysts
            in the store. A file with several analysts stands for all of them.
        labels: the labels in use here; a record of a file that chose from others is rejected, as an
            import would. Without any, no label is.

    Raises:
        UsageError: a name is neither a file nor an analyst.
        SourceError: a file cannot be read.
    """
    here = by_analyst(store.corrections())
    files = [Path(name) for name in names if Path(name).exists()]
    titles = dict(zip(files, name_files(files), strict=True))
    acts: dict[str, list[Correction]] = {}
    rejections: list[Rejection] = []
    for name in names or here:
        path = Path(name)
        if path in titles:
            read = [_check(store, where, item, labels) for where, item in read_corrections(path)]
            rejections += [item for item in read if isinstance(item, Rejection)]
            found = [item.correction for item in read if isinstance(item, Incoming)]
            for analyst, made in by_analyst(store.date_corrections(found)).items():
                title = analyst if analyst not in acts else f"{analyst} ({titles[path]})"
                acts.setdefault(title, []).extend(made)
        elif name in here:
            acts.setdefault(name, []).extend(here[name])
        else:
            raise UsageError(
                f"{name!r} is neither a file nor an analyst in the store",
                f"The analysts here are: {', '.join(here) or 'none'}.",
            )
    posts = {act.content_hash: (act.post_id, act.text) for made in acts.values() for act in made}
    return Ratings({title: last_labels(made) for title, made in acts.items()}, posts, tuple(rejections))


def _check(
    store: Store, where: str, item: Incoming | Rejection, labels: Sequence[str]
) -> Incoming | Rejection:
    if isinstance(item, Rejection) or not labels:
        return item
    made = item.correction
    try:
        check_codebook(store, item)
        chosen_from = () if item.codebook else item.labels or store.bundle_labels(made.bundle)
        check_labels(made.new_label, chosen_from, labels)
    except RecordError as error:
        return Rejection(where, str(error), made.post_id)
    return item


def by_analyst(made: Iterable[Correction]) -> dict[str, list[Correction]]:
    """Sort corrections by who made them, in order of arrival."""
    found: dict[str, list[Correction]] = {}
    for act in made:
        if act.says("label") and not is_adjudication(act):
            found.setdefault(act.analyst or NAMELESS, []).append(act)
    return found


def last_labels(made: Sequence[Correction]) -> dict[str, str]:
    """Reduce one analyst's acts to the label each post was left with; withdrawn ones are none."""
    labels: dict[str, str] = {}
    for act in sorted(made, key=time_us):
        labels[act.content_hash] = act.new_label
    return {post: label for post, label in labels.items() if label}
