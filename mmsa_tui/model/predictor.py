"""Posts to predictions with one bundle: what classify, the app and evaluate call."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from mmsa_tui.bundle.meta import Bundle
from mmsa_tui.config import Paths
from mmsa_tui.errors import BundleError
from mmsa_tui.model.cache import FeatureCache
from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.encoded import Arrays, Encoded, Floats
from mmsa_tui.model.encoding import Encoders, Pending, open_encoders
from mmsa_tui.model.head import Head
from mmsa_tui.records import Post, Prediction, Status

if TYPE_CHECKING:
    from mmsa_tui.model.explain import Explanation
    from mmsa_tui.model.picture_words import PictureWords, Read

_AHEAD = 3
"""Batches that are being encoded while one is judged and stored; posts a core that wait to be explained."""


class Predictor:
    """One bundle on one device.

    `device_name` says where and in which numbers, `cpu fp32`; `model` is the hash of what answers.
    """

    def __init__(
        self,
        bundle_id: str,
        labels: Sequence[str],
        head: Head,
        calibration: Calibration,
        encoders: Encoders,
        model: str = "",
    ) -> None:
        self.bundle_id, self.labels, self.model = bundle_id, tuple(labels), model
        self.head, self.calibration, self.encoders = head, calibration, encoders

    @property
    def device_name(self) -> str:
        return self.encoders.runtimes.name

    @property
    def notes(self) -> list[str]:
        """What did not go as planned, in words for a user."""
        return self.encoders.runtimes.notes

    @classmethod
    def load(
        cls,
        bundle: Bundle,
        paths: Paths,
        device: str = "auto",
        batch_size: int = 32,
        threads: int = 0,
        cache: bool = True,
        probe: bool = True,
    ) -> Predictor:
        """Load a bundle; encoders follow when a post is not in the feature cache.

        Args:
            device, batch_size, threads, probe: as in `open_encoders`.
            cache: whether features are looked up in the feature cache and kept there.

        Raises:
            BundleError: damaged. DeviceError: the device is not there.
        """
        head = Head.load(bundle)
        calibration = Calibration.load(bundle)
        features = FeatureCache(paths.features_file) if cache else None
        encoders = open_encoders(
            bundle, paths, device, threads=threads, batch_size=batch_size, cache=features, probe=probe
        )
        return cls(bundle.id, bundle.labels, head, calibration, encoders, bundle.model)

    @cached_property
    def picture_words(self) -> PictureWords:
        """What reads the words in pictures, loaded when first needed.

        Raises:
            UsageError: what it takes is not installed. BundleError: its models are damaged.
        """
        from mmsa_tui.model.picture_words import Gate, PictureWords, RapidReader

        gate = Gate.of(self.encoders.image_encoder)
        return PictureWords(self.encoders, gate, RapidReader(), self.encoders.n_workers)

    @property
    def can_read_pictures(self) -> bool:
        """Whether what reads the words in pictures is installed."""
        from mmsa_tui.model.picture_words import is_installed

        return is_installed()

    def read_pictures(self, posts: Sequence[Post], known: Mapping[str, str]) -> Read:
        """Read the words in the pictures of posts, but for those `known` by digest.

        Raises:
            UsageError, BundleError: see `picture_words`.
        """
        return self.picture_words.read(posts, known)

    def predict(self, posts: Sequence[Post]) -> list[Prediction]:
        """Judge posts: one prediction for each, in order; one that cannot be judged has status `failed`."""
        try:
            return self.judge(posts, self.encoders.encode(posts))
        finally:
            self.encoders.close_archives()

    def predict_batches(self, batches: Iterable[Sequence[Post]]) -> Iterator[list[Prediction]]:
        """Judge batch after batch, the next ones being encoded meanwhile."""
        begun: deque[Pending] = deque()
        try:
            for batch in batches:
                begun.append(self.encoders.begin(batch))
                if len(begun) > _AHEAD:
                    yield self._finished(begun.popleft())
            while begun:
                yield self._finished(begun.popleft())
        finally:
            for pending in begun:
                pending.cancel()
            self.encoders.close_archives()

    def explain(self, post: Post) -> Explanation:
        """Say which words and which regions of the deciding picture carried the decision."""
        from mmsa_tui.model.explain import explain

        try:
            return explain(self, post)
        finally:
            self.encoders.close_archives()

    def explain_all(self, posts: Iterable[Post]) -> Iterator[Explanation]:
        """Explain posts in their order, as many at once as there are cores."""
        from mmsa_tui.model.explain import explain

        n = self.encoders.n_workers
        begun: deque[Future[Explanation]] = deque()
        # Not the encoders' threads: they encode what an explanation waits for.
        with ThreadPoolExecutor(n, thread_name_prefix="explain") as threads:
            try:
                for post in posts:
                    begun.append(threads.submit(explain, self, post))
                    if len(begun) > _AHEAD * n:
                        yield begun.popleft().result()
                while begun:
                    yield begun.popleft().result()
            finally:
                for waiting in begun:
                    waiting.cancel()
                self.encoders.close_archives()

    def probs(self, features: Arrays) -> tuple[Floats, Floats, Floats]:
        """Calibrated probabilities for the decision, text alone and picture alone, each [B, K].

        The decision is the fused one, or that of the only modality there is.

        Raises:
            BundleError: the model gives numbers that are not finite.
        """
        fused, text, image = self.head.logits(features)
        fused = Calibration.soften(fused, self.calibration.both)
        text = Calibration.soften(text, self.calibration.text)
        image = Calibration.soften(image, self.calibration.image)
        alone = np.where(features.has_text[:, None], text, image)
        decided = np.where((features.has_text & features.has_image)[:, None], fused, alone)
        if not np.isfinite(decided[features.has_text | features.has_image]).all():
            raise BundleError(
                f"bundle {self.bundle_id} gives numbers that are no probabilities: its weights are damaged",
                "Check it with `mmsa bundle verify`, or choose another with `mmsa bundle use`.",
            )
        return decided, text, image

    def _finished(self, pending: Pending) -> list[Prediction]:
        return self.judge(pending.posts, self.encoders.finish(pending))

    def judge(self, posts: Sequence[Post], encoded: Encoded) -> list[Prediction]:
        """Judge posts by what they were encoded to: one prediction for each, in order."""
        if not posts:
            return []
        features = encoded.features
        scores = self.probs(features)
        deciding = self._deciding_pictures(encoded, scores[0])
        # Plain numbers: reading an array cell by cell takes longer than the head itself.
        decided, text, image = (part.tolist() for part in scores)
        out = []
        for row, post in enumerate(posts):
            has_text, has_image = bool(features.has_text[row]), bool(features.has_image[row])
            problem = encoded.problems[row]
            if not has_text and not has_image:
                reason = problem or "nothing to judge: no words and no picture"
                out.append(
                    Prediction(
                        post.content_hash,
                        self.bundle_id,
                        "failed",
                        error=reason,
                        runtime=self.device_name,
                        model=self.model,
                    )
                )
                continue
            status: Status = "ok" if has_text and has_image else "text_only" if has_text else "image_only"
            out.append(
                Prediction(
                    post.content_hash,
                    self.bundle_id,
                    status,
                    label=self._label(decided[row]),
                    confidence=max(decided[row]),
                    probs=tuple(decided[row]),
                    text_label=self._label(text[row]) if has_text else "",
                    text_probs=tuple(text[row]) if has_text else None,
                    image_label=self._label(image[row]) if has_image else "",
                    image_probs=tuple(image[row]) if has_image else None,
                    deciding_picture=deciding[row],
                    error=problem,
                    runtime=self.device_name,
                    model=self.model,
                )
            )
        return out

    def _deciding_pictures(self, encoded: Encoded, decided: Floats) -> list[int | None]:
        """Of several pictures, the one that alone with the text speaks most for the decision."""
        rows, indices, vectors = [], [], []
        best: list[int | None] = [pictures[0][0] if pictures else None for pictures in encoded.pictures]
        for row, pictures in enumerate(encoded.pictures):
            for index, vector in pictures if len(pictures) > 1 else ():
                rows.append(row)
                indices.append(index)
                vectors.append(vector)
        if not rows:
            return best
        repeated = encoded.features.take(rows)
        alone, _, _ = self.probs(
            Arrays(repeated.text, repeated.lexicon, np.stack(vectors), repeated.has_text, repeated.has_image)
        )
        strength = [-1.0] * len(best)
        for row, index, probs in zip(rows, indices, alone, strict=True):
            value = float(probs[int(decided[row].argmax())])
            if value > strength[row]:
                best[row], strength[row] = index, value
        return best

    def _label(self, probs: Sequence[float]) -> str:
        return self.labels[probs.index(max(probs))]
