"""Service: after a promotion, judge again what the bundle before had judged, and say what that changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from mmsa_tui.bundle.meta import Bundle
from mmsa_tui.services.classify import Finished, Judge, Progress, classify
from mmsa_tui.store import Row, SourceRow, Store, judged_by


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


@dataclass(frozen=True)
class Comparison:
    """What changed on the `n_compared` posts of a source that two bundles have judged by the same parts.

    `n_unlike` more lost or won a picture in between, so that no bundle is the reason.
    """

    source: SourceRow
    changes: tuple[Change, ...]
    n_compared: int
    n_unlike: int


def reclassify(
    store: Store,
    predictor: Judge,
    before: str,
    *,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Finished:
    """Judge again, in every source, what the bundle `before` has judged; from the feature cache, so only the
    head runs.

    Args:
        before: id of the bundle that was in use.
        on_progress: hears of each source in turn, by its title.
        should_stop: asked between batches; what is done is kept.
    """
    total = Finished()
    for source in sources_judged_by(store, before):

        def tell(progress: Progress, title: str = source.title) -> None:
            if on_progress is not None:
                on_progress(msgspec.structs.replace(progress, title=title))

        # What is there under the name of a new bundle is of another that is gone.
        done = classify(
            store, source.id, predictor, where=judged_by(before), restart=True,
            on_progress=tell, should_stop=should_stop,
        )  # fmt: skip
        total = total.plus(done)
        if should_stop is not None and should_stop():
            break
    return total


@dataclass(frozen=True)
class Left:
    """So many posts that the bundle `before`, by id, has judged and the one promoted instead has not."""

    before: str
    n_posts: int


def left_to_judge(store: Store, bundle: Bundle) -> Left:
    """Find out whether judging again after the promotion of a bundle was interrupted, or never begun."""
    promotion = bundle.meta.training.get("promotion")
    if not isinstance(promotion, dict):
        return Left("", 0)
    store.save_model(bundle.id, bundle.model)
    before = str(promotion.get("instead_of") or bundle.meta.parent)
    counts = [
        store.count_unpredicted(source.id, bundle.id, judged_by(before))
        for source in sources_judged_by(store, before)
    ]
    return Left(before, sum(counts))


def list_changes(store: Store, before: str, after: str) -> list[Comparison]:
    """Compare two bundles, by id, on every source of which the first has judged posts."""
    return [compare(store, source, before, after) for source in sources_judged_by(store, before)]


def compare(store: Store, source: SourceRow, before: str, after: str) -> Comparison:
    """Compare the predictions of two bundles, by id, in the order of the source."""
    changes: list[Change] = []
    n_compared = n_unlike = 0
    for old, new in zip(store.rows(source.id, before), store.rows(source.id, after), strict=True):
        one, other = old.prediction, new.prediction
        if new.post is None or one is None or other is None:
            continue
        if one.status != other.status:
            n_unlike += 1
            continue
        n_compared += 1
        if one.label != other.label:
            changes.append(_change(old, new))
    return Comparison(source, tuple(changes), n_compared, n_unlike)


def sources_judged_by(store: Store, bundle: str, limit: int = 100) -> list[SourceRow]:
    """List the sources of which a bundle has judged posts: those worth judging again."""
    return [row for row in store.recent_sources(limit) if store.count(row.id, bundle, judged_by(bundle))]


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


def _change(old: Row, new: Row) -> Change:
    one, other = old.prediction, new.prediction
    assert one is not None and other is not None and new.post is not None
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
