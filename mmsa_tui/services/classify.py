"""Posts of a source to predictions in the store, in batches, resumable at any moment.

Each batch is one transaction: after a kill the next run takes up what has no prediction yet.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from mmsa_tui.decoding import Tagged
from mmsa_tui.records import Post, Prediction, Status
from mmsa_tui.store import Store, Where
from mmsa_tui.text.display import counted

BATCH = 64


class Judge(Protocol):
    """What classifying needs of a predictor; `model` as in `Prediction`."""

    bundle_id: str
    labels: tuple[str, ...]
    model: str

    def predict_batches(self, batches: Iterable[Sequence[Post]]) -> Iterator[list[Prediction]]: ...


class Progress(Tagged, frozen=True):
    """How far a run is, in posts; rates over the run so far, `seconds_left` None until known.

    `title` names the source in hand where a run goes through several.
    """

    done: int
    total: int
    per_second: float = 0.0
    seconds_left: float | None = None
    paused: bool = False
    title: str = ""

    @classmethod
    def since(cls, start: float, done: int, total: int, title: str = "") -> Progress:
        """Measure a run that began at `start`, by the monotonic clock."""
        rate = done / max(time.monotonic() - start, 1e-6)
        return cls(done, total, rate, max(0, total - done) / rate if rate else None, title=title)


class Finished(Tagged, frozen=True):
    """What a run did: how many posts came to which status, and `n_skipped` that had a prediction already.

    `stopped` by the user. In the pictures of `n_with_words` posts words were read. `n_renewed` posts had
    been judged by another model of the same id when it began.
    """

    judged: Mapping[Status, int] = {}
    n_skipped: int = 0
    seconds: float = 0.0
    stopped: bool = False
    n_with_words: int = 0
    n_renewed: int = 0

    @property
    def n_done(self) -> int:
        return sum(self.judged.values())

    @property
    def n_failed(self) -> int:
        return self.judged.get("failed", 0)

    def plus(self, other: Finished) -> Finished:
        """Add up two runs; stopped if one of them was."""
        return Finished(
            Counter(self.judged) + Counter(other.judged),
            self.n_skipped + other.n_skipped,
            self.seconds + other.seconds,
            self.stopped or other.stopped,
            self.n_with_words + other.n_with_words,
            self.n_renewed + other.n_renewed,
        )


def classify(
    store: Store,
    source_id: int,
    predictor: Judge,
    *,
    where: Where | None = None,
    restart: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
    on_batch: Callable[[Sequence[Prediction]], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Finished:
    """Judge every post of a source that this bundle has not judged yet, or only another model of its id.

    Args:
        where: only these posts. restart: forget earlier predictions of the source first.
        on_batch: called after a batch is in the store. should_stop: asked between batches.
    """
    store.save_bundle_labels(predictor.bundle_id, predictor.labels, predictor.model)
    if restart:
        store.forget_predictions(source_id, predictor.bundle_id)
    renewed = store.count_by_others(source_id, predictor.bundle_id, where)
    total = store.count(source_id, predictor.bundle_id, where)
    waiting = store.count_unpredicted(source_id, predictor.bundle_id, where)
    counts: Counter[Status] = Counter()
    start, done, stopped = time.monotonic(), 0, False
    posts = (
        stored.post for stored in store.unpredicted(source_id, predictor.bundle_id, where) if stored.post
    )
    for predictions in predictor.predict_batches(_unique_batches(posts)):
        store.save_predictions(predictions)
        counts.update(prediction.status for prediction in predictions)
        done += len(predictions)
        if on_batch is not None:
            on_batch(predictions)
        if on_progress is not None:
            on_progress(Progress.since(start, done, waiting))
        if should_stop is not None and should_stop():
            stopped = done < waiting
            break
    return Finished(
        counts,
        n_skipped=max(0, total - waiting),
        seconds=time.monotonic() - start,
        stopped=stopped,
        n_renewed=renewed,
    )


def say_another_model(bundle: str, n_posts: int) -> str:
    """Say that a bundle's id goes to another model than the one that judged some posts of a source."""
    return f"{bundle} is another model now than the one that judged {counted(n_posts, 'post')} here"


def say_renewed(bundle: str, n_posts: int) -> str:
    """Say that these posts are judged anew; "" where there are none."""
    if not n_posts:
        return ""
    are = "it is" if n_posts == 1 else "they are"
    return f"{say_another_model(bundle, n_posts)}: {are} judged anew."


def _unique_batches(posts: Iterator[Post]) -> Iterator[list[Post]]:
    """Cut into batches, each content once a batch: copies share their prediction."""
    while batch := list(itertools.islice(posts, BATCH)):
        yield list({post.content_hash: post for post in batch}.values())
