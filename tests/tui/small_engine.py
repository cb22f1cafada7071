"""A model process with a tiny model: the app's real engine around a judge that reads hashes.

python small_engine.py [SECONDS_PER_BATCH]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.model.picture_words import Read
from mmsa_tui.records import Post, Prediction
from mmsa_tui.worker.conversation import Conversation
from mmsa_tui.worker.messages import Load, to_paths
from mmsa_tui.worker.model_side import serve

LABELS = ("negative", "neutral", "positive")
BUNDLE = "small 1.0.0"


@dataclass(frozen=True)
class SmallExplanation:
    label: str
    words: tuple[tuple[int, int, float], ...]
    regions: tuple[float, ...] | None
    picture: int | None


class SmallModel:
    """Judges by content hash, so that the same post always gets the same prediction."""

    bundle_id = BUNDLE
    labels = LABELS
    device_name = "cpu fp32"
    can_read_pictures = False

    def read_pictures(self, posts: Sequence[Post], known: Mapping[str, str]) -> Read:
        return Read({}, {post.content_hash: "" for post in posts})

    def predict(self, posts: Sequence[Post]) -> list[Prediction]:
        return [replace(judge(post), model=self.model) for post in posts]

    def __init__(self, seconds_per_batch: float, model: str = "") -> None:
        self._seconds_per_batch, self.model = seconds_per_batch, model

    def predict_batches(self, batches: Iterable[Sequence[Post]]) -> Iterator[list[Prediction]]:
        for batch in batches:
            time.sleep(self._seconds_per_batch)
            yield self.predict(batch)

    def explain(self, post: Post) -> SmallExplanation:
        first = len(post.text.split(" ")[0])
        words = ((0, first, 0.9), (first + 1, len(post.text), -0.5)) if post.text else ()
        regions = tuple(1.0 if at == 24 else -0.2 if at < 7 else 0.1 for at in range(49))
        return SmallExplanation(judge(post).label, words, regions if post.pictures else None, 0)


def judge(post: Post) -> Prediction:
    """Give a post probabilities that follow from its content hash."""
    text = _probs(post.content_hash[3:9])
    image = _probs(post.content_hash[9:15])
    has_picture = any(not picture.is_missing for picture in post.pictures)
    both = tuple((one + other) / 2 for one, other in zip(text, image, strict=True)) if has_picture else text
    return Prediction(
        content_hash=post.content_hash,
        bundle=BUNDLE,
        status="ok" if has_picture else "text_only",
        label=_best(both),
        confidence=max(both),
        probs=both,
        text_label=_best(text),
        text_probs=text,
        image_label=_best(image) if has_picture else "",
        image_probs=image if has_picture else None,
        deciding_picture=0 if has_picture else None,
    )


def _probs(digits: str) -> tuple[float, ...]:
    weights = [(int(digits[at : at + 2], 16) / 255) ** 2 + 0.02 for at in (0, 2, 4)]
    return tuple(weight / sum(weights) for weight in weights)


def _best(probs: Sequence[float]) -> str:
    return LABELS[max(range(len(LABELS)), key=probs.__getitem__)]


def load(request: Load) -> SmallModel:
    model = find_bundle(to_paths(request.paths), request.bundle).model
    return SmallModel(float(sys.argv[1]) if len(sys.argv) > 1 else 0.0, model)


if __name__ == "__main__":
    serve(Conversation.with_parent(), load)
