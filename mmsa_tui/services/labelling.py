"""Service: what an analyst does to posts, as acts in the store: label, accept, note, flag, in bulk, undo.

Each act is on disk when its function returns, as one step of undo. Knows the store, no widget.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from mmsa_tui.records import FACTS, Correction
from mmsa_tui.store import Row, Step, Store, Where
from mmsa_tui.text.copies import says_the_same, text_key

MAX_ALIKE = 5000
"""Copies that one key may label at most; a group so large is spam, to be dealt with in bulk."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where acts happen: a source, the bundle whose predictions are shown, and who acts.

    The source's location names the undo list, so that undo never reaches into another source.
    """

    source_id: int
    location: str
    bundle_id: str
    analyst: str


@dataclass(frozen=True, slots=True)
class Change:
    """What an act does to a post; None leaves a part of its state as it is. A `label` of "" withdraws."""

    label: str | None = None
    note: str | None = None
    flagged: bool | None = None


Accept = Literal["accept"]
"""Instead of a `Change`: take each post's predicted label for the analyst's."""


@dataclass(frozen=True, slots=True)
class Done:
    """An act that is on disk: what to call it, which contents it changed, and how many posts have them."""

    title: str
    content_hashes: frozenset[str]
    n_posts: int


def change_post(store: Store, place: Place, row: Row, change: Change, title: str, *, alone: bool) -> Done:
    """Change one post, and unless `alone` also those that repeat it if the change is a label."""
    # The row on screen may be older than the database: another window may have changed the post.
    rows = list(store.rows_at(place.source_id, place.bundle_id, [row.ordinal]))
    if change.label is not None and not alone:
        rows += alike(store, place, row)
    made, _ = _corrections(iter(rows), place, lambda _: change)
    store.acts.record(made, title, place.location)
    changed = frozenset(correction.content_hash for correction in made)
    return Done(title, changed, count_posts(store, place, changed))


def alike(store: Store, place: Place, row: Row) -> list[Row]:
    """Find the other posts of the source with the same words and the same pictures.

    The same words under another picture may mean something else, and so may words that begin alike
    and end otherwise: those do not count.
    """
    if row.post is None:
        return []
    group = text_key(row.post.text)
    if not group:
        return []
    where = _copies_of(group, row)
    pictures = _digests(row)
    found = store.rows(place.source_id, place.bundle_id, where, limit=MAX_ALIKE)
    return [
        other for other in found if _digests(other) == pictures and says_the_same(row.post.text, other.text)
    ]


def _copies_of(group: str, row: Row) -> Where:
    # `unlikely` sends SQLite to the index of groups, in which only rows with copies are; it would walk the
    # source to spare a sort.
    return Where("unlikely(duplicate_group = ?) AND ordinal <> ? AND n_duplicates > 1", (group, row.ordinal))


@dataclass(frozen=True, slots=True)
class Copies:
    """The other posts of a post's group of duplicates, and those of them that are labelled with it.

    `n_exact` of these are its equal in every letter and share its state, whatever is done.
    """

    n_duplicates: int
    n_alike: int
    n_exact: int


def count_copies(store: Store, place: Place, row: Row) -> Copies:
    """Count the duplicates of a post, as the queue of duplicates has them, and those `alike`."""
    group = text_key(row.post.text) if row.post is not None else ""
    if row.post is None or not group:
        return Copies(0, 0, 0)
    where, digest = _copies_of(group, row), row.post.content_hash
    found = alike(store, place, row)
    n_exact = sum(other.post is not None and other.post.content_hash == digest for other in found)
    return Copies(store.count(place.source_id, place.bundle_id, where), len(found), n_exact)


def count_posts(store: Store, place: Place, content_hashes: Collection[str]) -> int:
    """Count the posts of the source that have one of these contents: exact copies share their state."""
    if not content_hashes:
        return 0
    is_one = (
        "unlikely(content_id IN (SELECT id FROM contents WHERE hash IN (SELECT value FROM json_each(?))))"
    )
    return store.count(place.source_id, place.bundle_id, Where(is_one, (json.dumps(list(content_hashes)),)))


def change_many(
    store: Store,
    place: Place,
    where: Where | None,
    change: Change | Accept,
    title: str,
    *,
    keeps_corrected: bool = False,
    on_count: Callable[[int], None] | None = None,
) -> Done:
    """Change every post a condition holds for, as one act.

    Args:
        change: what to do, or `accept` to confirm each post's predicted label.
        keeps_corrected: leave posts alone that have an analyst's label.
        on_count: called now and then with how many rows have been looked at; may raise to stop,
            which changes nothing.
    """

    def change_for(row: Row) -> Change | None:
        if keeps_corrected and row.corrected_label:
            return None
        if change != "accept":
            return change
        label = row.prediction.label if row.prediction else ""
        return Change(label=label) if label else None

    rows = _counted(store.rows(place.source_id, place.bundle_id, where), on_count)
    made, n_posts = _corrections(rows, place, change_for)
    if made:
        store.acts.record(made, title, place.location)
    return Done(title, frozenset(correction.content_hash for correction in made), n_posts)


def undo(store: Store, place: Place) -> tuple[Step | None, list[int], int]:
    """Take the analyst's last act in the source back; also returns the first rows that it changed, and how
    many there are."""
    return _with_rows(store, place, store.acts.undo(place.location, place.analyst))


def redo(store: Store, place: Place) -> tuple[Step | None, list[int], int]:
    """Do again what the analyst took back last; returns what `undo` does."""
    return _with_rows(store, place, store.acts.redo(place.location, place.analyst))


def _with_rows(store: Store, place: Place, step: Step | None) -> tuple[Step | None, list[int], int]:
    n_posts = count_posts(store, place, step.content_hashes) if step is not None else 0
    return step, _rows_of(store, place, step), n_posts


def _corrections(
    rows: Iterator[Row], place: Place, change_for: Callable[[Row], Change | None]
) -> tuple[list[Correction], int]:
    """Write what a change makes of posts; also says how many of the rows it changes."""
    made: dict[str, Correction | None] = {}
    n_posts = 0
    for row in rows:
        change = change_for(row)
        if row.post is None or change is None:
            continue
        digest = row.post.content_hash
        # Posts of equal content share their state: one correction is enough.
        if digest not in made:
            made[digest] = _correction(row, place, change)
        n_posts += made[digest] is not None
    return [correction for correction in made.values() if correction is not None], n_posts


def _correction(row: Row, place: Place, change: Change) -> Correction | None:
    """Write what the change makes of the post; None if nothing of it changes."""
    assert row.post is not None
    now = row.correction or Correction("", row.post.content_hash, "")
    label = now.new_label if change.label is None else change.label
    note = now.note if change.note is None else change.note
    flagged = now.flagged if change.flagged is None else change.flagged
    # A colleague's label is not mine: who gives the same one has said so, too.
    is_label_new = label != now.new_label or (bool(change.label) and now.analyst != place.analyst)
    changed = (is_label_new, note != now.note, flagged != now.flagged)
    facts = tuple(fact for fact, is_changed in zip(FACTS, changed, strict=True) if is_changed)
    if not facts:
        return None
    return Correction(
        uid="",
        content_hash=row.post.content_hash,
        new_label=label,
        note=note,
        flagged=flagged,
        facts=facts,
        old_label=row.final_label,
        probs=row.prediction.probs if row.prediction else (),
        bundle=row.prediction.bundle if row.prediction else "",
        analyst=place.analyst,
        post_id=row.post.post_id,
        text=row.post.text,
    )


def _digests(row: Row) -> tuple[str, ...]:
    return tuple(picture.digest or picture.name for picture in row.post.pictures) if row.post else ()


def _rows_of(store: Store, place: Place, step: Step | None) -> list[int]:
    if step is None or not step.content_hashes:
        return []
    is_it = "unlikely(content_id = (SELECT id FROM contents WHERE hash = ?))"
    where = Where(is_it, (step.content_hashes[0],))
    return [row.ordinal for row in store.rows(place.source_id, place.bundle_id, where, limit=10)]


def _counted(rows: Iterator[Row], on_count: Callable[[int], None] | None) -> Iterator[Row]:
    n = 0
    while chunk := list(islice(rows, 500)):
        n += len(chunk)
        if on_count is not None:
            on_count(n)
        yield from chunk
