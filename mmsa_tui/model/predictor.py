"""Posts to predictions with one bundle: what classify, the app and evaluate call."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from mmsa_tui.bundle.meta import CALIBRATION, CONFIG, HEAD, Bundle, file_hash, read_json
from mmsa_tui.config import Paths
from mmsa_tui.errors import BundleError
from mmsa_tui.model.cache import FeatureCache
from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.device import choose_device, set_threads
from mmsa_tui.model.encoding import Encoded, Encoders
from mmsa_tui.model.features import Features
from mmsa_tui.model.network import FusionHead, HeadConfig, build_head
from mmsa_tui.model.numerics import choose_numerics
from mmsa_tui.model.preprocessing import TRANSFORM_VERSION
from mmsa_tui.records import Post, Prediction, Status

if TYPE_CHECKING:
    from mmsa_tui.model.explain import Explanation


def load_head(bundle: Bundle) -> FusionHead:
    """Load a bundle's fusion head, every file checked first; in eval mode on the CPU.

    Raises:
        BundleError: a file is missing, altered, cut short, or does not fit the config.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    for name in (CONFIG, HEAD, CALIBRATION):
        path = bundle.directory / name
        if not path.is_file():
            raise BundleError(f"bundle {bundle.id}: {name} is missing", "see `mmsa bundle verify`")
        if file_hash(path) != bundle.meta.files.get(name):
            raise BundleError(
                f"bundle {bundle.id}: {name} is damaged (its checksum differs)", "see `mmsa bundle verify`"
            )
    config = read_json(bundle.directory / CONFIG)
    theirs = config.get("transform_version")
    if theirs != TRANSFORM_VERSION:
        raise BundleError(
            f"bundle {bundle.id} has transform {theirs!r}; this program has {TRANSFORM_VERSION!r}",
            "update mmsa-tui, or train the bundle again",
        )
    try:
        head = build_head(HeadConfig.from_json(config["head"]))
        if head.config.n_labels != len(bundle.labels):
            raise ValueError(f"{head.config.n_labels} outputs for {len(bundle.labels)} labels")
        head.load_state_dict(load_file(bundle.directory / HEAD))
    except (SafetensorError, RuntimeError, KeyError, TypeError, ValueError) as error:
        raise BundleError(
            f"bundle {bundle.id}: the head does not fit its config ({error})", "see `mmsa bundle verify`"
        ) from error
    return head.eval()


class Predictor:
    """One bundle on one device.

    `device_name` says where and in which numbers, `cpu bf16`.
    """

    def __init__(
        self,
        bundle_id: str,
        labels: Sequence[str],
        head: FusionHead,
        calibration: Calibration,
        encoders: Encoders,
    ) -> None:
        self.bundle_id, self.labels = bundle_id, tuple(labels)
        self.head, self.calibration, self.encoders = head.eval(), calibration, encoders
        number = {torch.float32: "fp32", torch.bfloat16: "bf16", torch.float16: "fp16"}[encoders.dtype]
        self.device_name = f"{encoders.device.type} {number}"
        self._ahead = ThreadPoolExecutor(max_workers=1, thread_name_prefix="prepare")

    @classmethod
    def load(
        cls,
        bundle: Bundle,
        paths: Paths,
        device: str = "auto",
        batch_size: int = 32,
        threads: int = 0,
        cache: bool = True,
    ) -> Predictor:
        """Load a bundle; encoders follow when a post is not in the feature cache.

        Args:
            device: auto, cpu, cuda or mps. threads: 0 for all cores.

        Raises:
            BundleError: damaged. DeviceError: the device is not there.
        """
        chosen = choose_device(device)
        set_threads(threads)
        head = load_head(bundle)
        text, image = (_checked_encoder(bundle, which, paths) for which in ("text", "image"))
        features = FeatureCache(paths.features_file) if cache else None
        dtype = choose_numerics(chosen, text, image, paths.cache_dir)
        calibration = Calibration.load(bundle.directory / CALIBRATION)
        return cls(
            bundle.id,
            bundle.labels,
            head,
            calibration,
            Encoders(text, image, chosen, dtype, batch_size, features),
        )

    def predict(self, posts: Sequence[Post]) -> list[Prediction]:
        """Judge posts: one prediction for each, in order; one that cannot be judged has status `failed`."""
        try:
            return self._judge(posts, self.encoders.encode(posts))
        finally:
            self.encoders.close_archives()

    def predict_batches(self, batches: Iterable[Sequence[Post]]) -> Iterator[list[Prediction]]:
        """Judge batch after batch, decoding the pictures of the next while encoding this one."""
        waiting = None
        try:
            for batch in itertools.chain(batches, [None]):
                following = (
                    None if batch is None else (batch, self._ahead.submit(self.encoders.prepare, batch))
                )
                if waiting is not None:
                    yield self._judge(waiting[0], self.encoders.encode(waiting[0], waiting[1].result()))
                waiting = following
        finally:
            self.encoders.close_archives()

    def explain(self, post: Post) -> Explanation:
        """Say which words and which regions of the deciding picture carried the decision."""
        from mmsa_tui.model.explain import explain

        return explain(self, post)

    @torch.inference_mode()
    def probs(self, features: Features) -> tuple[Tensor, Tensor, Tensor]:
        """Calibrated probabilities for the decision, text alone and picture alone, each [B, K].

        The decision is the fused one, or that of the only modality there is.
        """
        logits = self.head(features)
        text = Calibration.probs(logits.text, self.calibration.text)
        image = Calibration.probs(logits.image, self.calibration.image)
        fused = Calibration.probs(logits.fused, self.calibration.both)
        decided = torch.where(
            (features.has_text & features.has_image).unsqueeze(1),
            fused,
            torch.where(features.has_text.unsqueeze(1), text, image),
        )
        return decided, text, image

    def _judge(self, posts: Sequence[Post], encoded: Encoded) -> list[Prediction]:
        if not posts:
            return []
        features = encoded.features
        scores = self.probs(features)
        deciding = self._deciding_pictures(encoded, scores[0])
        # Plain numbers: reading a tensor cell by cell takes longer than the head itself.
        decided, text, image = (part.tolist() for part in scores)
        out = []
        for row, post in enumerate(posts):
            has_text, has_image = bool(features.has_text[row]), bool(features.has_image[row])
            problem = encoded.problems[row]
            if not has_text and not has_image:
                reason = problem or "nothing to judge: no words and no picture"
                out.append(Prediction(post.content_hash, self.bundle_id, "failed", error=reason))
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
                )
            )
        return out

    def _deciding_pictures(self, encoded: Encoded, decided: Tensor) -> list[int | None]:
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
            Features(
                repeated.text, repeated.lexicon, torch.stack(vectors), repeated.has_text, repeated.has_image
            )
        )
        strength = [-1.0] * len(best)
        for row, index, probs in zip(rows, indices, alone, strict=True):
            value = float(probs[int(decided[row].argmax())])
            if value > strength[row]:
                best[row], strength[row] = index, value
        return best

    def _label(self, probs: Sequence[float]) -> str:
        return self.labels[probs.index(max(probs))]


def _checked_encoder(bundle: Bundle, which: str, paths: Paths) -> Path:
    """Find an encoder and refuse a cut one; full checksums are `verify_bundle`'s work."""
    directory = bundle.encoder_directory(which, paths)
    for name in ("config.json", "model.safetensors"):
        path = directory / name
        if not path.is_file() or path.stat().st_size == 0:
            raise BundleError(
                f"bundle {bundle.id}: {name} of its {which} encoder is missing", "see `mmsa bundle verify`"
            )
    return directory
