"""Service: the words in the pictures of a source, read once and kept in the store.

A post in which words are found is judged with them from then on: what was said of it before is dropped.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from mmsa_tui.records import Post, Prediction
from mmsa_tui.services.classify import Progress
from mmsa_tui.store import Store, Where

if TYPE_CHECKING:
    from mmsa_tui.model.picture_words import Read

TITLE = "reading pictures"

_BATCH = 32
"""Posts read between two looks at whether to stop: some seconds."""


class PictureReader(Protocol):
    """What reading needs of a predictor."""

    bundle_id: str

    def read_pictures(self, posts: Sequence[Post], known: Mapping[str, str]) -> Read: ...

    def predict(self, posts: Sequence[Post]) -> list[Prediction]: ...


@dataclass(frozen=True)
class Reading:
    """What a run did: how many posts it looked at, in how many it found words, and whether it was ended."""

    n_posts: int = 0
    n_with_words: int = 0
    stopped: bool = False


def read_pictures(
    store: Store,
    source_id: int,
    model: PictureReader,
    *,
    where: Where | None = None,
    judge: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Reading:
    """Read the pictures of every post of a source that nobody has read yet.

    Args:
        where: only these posts. judge: judge posts in which words were found at once.
        should_stop: asked between batches; what is done is kept.
    """
    waiting = store.image_texts.count_unread(source_id, model.bundle_id, where)
    start, n_posts, n_with_words = time.monotonic(), 0, 0
    for posts in _batches(store.image_texts.unread(source_id, model.bundle_id, where)):
        n_with_words += len(read_posts(store, posts, model, judge=judge))
        n_posts += len(posts)
        if on_progress is not None:
            on_progress(Progress.since(start, n_posts, waiting, TITLE))
        if should_stop is not None and should_stop():
            return Reading(n_posts, n_with_words, stopped=n_posts < waiting)
    return Reading(n_posts, n_with_words)


def read_posts(store: Store, posts: Sequence[Post], model: PictureReader, *, judge: bool) -> list[Post]:
    """Read the pictures of a few posts and keep what they say; returns those in which words were found."""
    digests = list({picture.digest for post in posts for picture in post.pictures if picture.digest})
    found = model.read_pictures(posts, store.image_texts.of_pictures(digests))
    store.image_texts.save(found.pictures, found.posts)
    telling = [
        replace(post, image_text=found.posts[post.content_hash])
        for post in posts
        if found.posts[post.content_hash]
    ]
    if judge and telling:
        store.save_predictions(model.predict(telling))
    return telling


def _batches(posts: Iterator[Post]) -> Iterator[list[Post]]:
    """Cut into batches, each content once a batch."""
    while batch := list(itertools.islice(posts, _BATCH)):
        yield list({post.content_hash: post for post in batch}.values())
