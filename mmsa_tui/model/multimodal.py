"""The transform and a dataset for reuse in other people's training code, without pickle.

`MultimodalPreprocessor` is the one transform of this project behind a small door: what it gives is
what the encoders of a bundle saw. `MultimodalDataset` feeds it to a `DataLoader`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.config import find_paths
from mmsa_tui.errors import BundleError
from mmsa_tui.model.preprocessing import SIZE_PX, TRANSFORM_VERSION, TextTransform, decode, lexicon, normalise
from mmsa_tui.pictures.decoder import PictureError
from mmsa_tui.pictures.files import PictureFiles
from mmsa_tui.records import Post

_CONFIG = "multimodal_preprocessor.json"


@dataclass(frozen=True)
class MultimodalBatch:
    """What both encoders take, for B posts.

    input_ids, attention_mask: [B, T] int64. pixel_values: [B, 3, 224, 224] float32 in -1..1,
    zeros where `has_image` [B] bool is false. lexicon: [B, 4]. labels: [B] int64, -1 unlabelled.
    """

    input_ids: Tensor
    attention_mask: Tensor
    pixel_values: Tensor
    has_image: Tensor
    lexicon: Tensor
    labels: Tensor


class MultimodalPreprocessor:
    """Texts and picture bytes to tensors.

    Args:
        tokenizer: a local directory or hub id with a tokenizer.
    """

    def __init__(self, tokenizer: str | Path) -> None:
        self._text = TextTransform(tokenizer)

    @classmethod
    def of_bundle(cls, bundle: str = "") -> MultimodalPreprocessor:
        """Transform as a bundle does; "" for the active one.

        Raises:
            BundleError: it is not there, or damaged.
        """
        paths = find_paths()
        return cls(find_bundle(paths, bundle).encoder_directory("text", paths))

    def __call__(
        self, texts: Sequence[str], pictures: Sequence[bytes | None], labels: Sequence[int] | None = None
    ) -> MultimodalBatch:
        """Transform one batch; a picture that is None or cannot be decoded counts as missing.

        Raises:
            ValueError: the sequences differ in length.
        """
        if len(texts) != len(pictures) or (labels is not None and len(labels) != len(texts)):
            raise ValueError("texts, pictures and labels must be of one length")
        tokens = self._text.collate(self._text.encode(texts))
        decoded = [_decode(data) for data in pictures]
        blank = np.zeros((3, SIZE_PX, SIZE_PX), np.uint8)
        pixels = torch.from_numpy(normalise(np.stack([blank if d is None else d for d in decoded])))
        has_image = torch.tensor([d is not None for d in decoded])
        pixels[~has_image] = 0.0
        return MultimodalBatch(
            torch.from_numpy(tokens.input_ids),
            torch.from_numpy(tokens.attention_mask),
            pixels,
            has_image,
            torch.from_numpy(lexicon().features(texts)),
            torch.tensor([-1] * len(texts) if labels is None else list(labels), dtype=torch.int64),
        )

    def save_pretrained(self, directory: Path) -> None:
        """Write tokenizer and transform version as JSON."""
        directory.mkdir(parents=True, exist_ok=True)
        self._text.save(directory)
        config = {"transform_version": TRANSFORM_VERSION}
        (directory / _CONFIG).write_text(json.dumps(config), encoding="utf-8")

    @classmethod
    def from_pretrained(cls, directory: Path) -> MultimodalPreprocessor:
        """Load what `save_pretrained` wrote.

        Raises:
            BundleError: it is missing, or of another transform version.
        """
        try:
            config = json.loads((directory / _CONFIG).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BundleError(
                f"{directory} holds no preprocessor ({error})", "Save one there first."
            ) from error
        if config.get("transform_version") != TRANSFORM_VERSION:
            raise BundleError(f"{directory} is of another transform version", "Update mmsa-tui.")
        return cls(directory)


def _decode(data: bytes | None) -> NDArray[np.uint8] | None:
    if data is None:
        return None
    try:
        return decode(data)
    except PictureError:
        return None


class MultimodalDataset(Dataset[tuple[str, bytes | None, int]]):
    """Posts and labels, one item a post: (text, first readable picture's bytes or None, class index).

    Use with `DataLoader(dataset, collate_fn=dataset.collate)`, which gives `MultimodalBatch`; any
    number of workers may read. Archives of pictures stay open.

    Args:
        labels: class index of each post, -1 unlabelled.
    """

    def __init__(
        self, posts: Sequence[Post], labels: Sequence[int], preprocessor: MultimodalPreprocessor
    ) -> None:
        if len(posts) != len(labels):
            raise ValueError(f"{len(posts)} posts and {len(labels)} labels")
        self._posts, self._labels, self._preprocessor = list(posts), list(labels), preprocessor
        self._picture_files = PictureFiles()

    def __len__(self) -> int:
        return len(self._posts)

    def __getitem__(self, index: int) -> tuple[str, bytes | None, int]:
        post = self._posts[index]
        for picture in post.pictures:
            try:
                return post.text, self._picture_files.read(picture), self._labels[index]
            except OSError:
                continue
        return post.text, None, self._labels[index]

    def collate(self, items: Sequence[tuple[str, bytes | None, int]]) -> MultimodalBatch:
        texts, pictures, labels = zip(*items, strict=True)
        return self._preprocessor(texts, pictures, labels)
