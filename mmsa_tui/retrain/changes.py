"""What another bundle makes of the same posts, post by post."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mmsa_tui.store import Row, SourceRow, Store


@dataclass(frozen=True)
class Change:
    """A post that two bundles label differently; `corrected_label` is the analyst's, or ""."""

    ordinal: int
    post_id: str
    text: str
    before: str
    before_confidence: float
    after: str
    after_confidence: float
    corrected_label: str
    content_hash: str


def changes(store: Store, source_id: int, before: str, after: str) -> Iterator[Change]:
    """Compare the predictions of two bundles, by id, in the order of the source.

    Posts that one of them has not judged are left out.
    """
    pairs = zip(store.rows(source_id, before), store.rows(source_id, after), strict=True)
    for old, new in pairs:
        change = _compare(old, new)
        if change is not None:
            yield change


def sources_judged_by(store: Store, bundle: str, limit: int = 100) -> list[SourceRow]:
    """List the sources of which a bundle has judged every post: those worth judging again."""
    rows = store.recent_sources(limit)
    return [row for row in rows if row.n_posts and not store.count_unpredicted(row.id, bundle)]


def describe_change(change: Change) -> dict[str, object]:
    """Describe a change as a row of a table."""
    return {
        "post_id": change.post_id,
        "text": change.text,
        "before": change.before,
        "before_confidence": round(change.before_confidence, 3),
        "after": change.after,
        "after_confidence": round(change.after_confidence, 3),
        "corrected_label": change.corrected_label,
        "content_hash": change.content_hash,
    }


def _compare(old: Row, new: Row) -> Change | None:
    one, other = old.prediction, new.prediction
    if new.post is None or one is None or other is None or one.label == other.label:
        return None
    return Change(
        ordinal=new.ordinal,
        post_id=new.post_id,
        text=new.text,
        before=one.label,
        before_confidence=one.confidence,
        after=other.label,
        after_confidence=other.confidence,
        corrected_label=new.corrected_label,
        content_hash=new.post.content_hash,
    )
