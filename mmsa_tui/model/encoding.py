"""Posts to features: decoding, tokenising, both encoders, and the cache in front of them.

The stages are decoupled: pictures are decoded by threads while the encoders work on the batch
before, small image batches and large text batches, each of the size that suits it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from mmsa_tui.model import mobilenet
from mmsa_tui.model.cache import FeatureCache
from mmsa_tui.model.encoders import ImageEncoder, TextEncoder
from mmsa_tui.model.features import Features
from mmsa_tui.model.preprocessing import (
    N_LEXICON,
    TRANSFORM_VERSION,
    TextTransform,
    decode,
    lexicon,
    normalise,
)
from mmsa_tui.pictures.decoder import PictureError
from mmsa_tui.pictures.files import PictureFiles
from mmsa_tui.records import Picture, Post, hash_bytes
from mmsa_tui.text.words import has_words

IMAGE_BATCH = {"cpu": 8, "mps": 32, "cuda": 256}
"""Larger image batches fall out of a CPU's cache and run slower."""


@dataclass(frozen=True)
class Encoded:
    """Posts as features, with what each picture said and what went wrong.

    `pictures[i]` are post i's usable pictures as (index in the post, [I] features);
    `problems[i]` says why others were not used, "" where all were.
    """

    features: Features
    pictures: tuple[tuple[tuple[int, Tensor], ...], ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class _Loaded:
    """A post's picture: its digest and pixels [3, 224, 224] uint8, None where features are cached."""

    digest: str
    pixels: Tensor | None
    problem: str = ""


class Encoders:
    """Both encoders of a bundle, loaded when first needed, with a feature cache in front.

    Args:
        text_directory, image_directory: Hugging Face directories whose names are their hashes.
        dtype: of the weights while encoding; bfloat16 only where the probe allowed it.
        cache: None encodes everything anew.
    """

    def __init__(
        self,
        text_directory: Path,
        image_directory: Path,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
        batch_size: int = 32,
        cache: FeatureCache | None = None,
    ) -> None:
        self._directories = (text_directory, image_directory)
        self.device, self.dtype, self.batch_size = device, dtype, batch_size
        self._cache = cache
        self._text: tuple[TextTransform, TextEncoder] | None = None
        self._image: ImageEncoder | None = None
        self._widths: tuple[int, int] | None = None
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="decode")
        self._picture_files = PictureFiles()
        tag = "half" if dtype != torch.float32 else "full"
        self._text_key = f"t{TRANSFORM_VERSION}:{tag}:{text_directory.name[:20]}:"
        self._image_key = f"i{TRANSFORM_VERSION}:{tag}:{image_directory.name[:20]}:"

    def load(self) -> None:
        """Load both encoders now rather than at the first miss of the cache."""
        self.text_encoder()
        self.image_encoder()

    def text_encoder(self) -> tuple[TextTransform, TextEncoder]:
        if self._text is None:
            encoder = TextEncoder(self._directories[0]).eval().to(self.device, self.dtype)
            self._text = (TextTransform(self._directories[0]), encoder)
        return self._text

    def image_encoder(self) -> ImageEncoder:
        if self._image is None:
            encoder = ImageEncoder(self._directories[1]).eval()
            mobilenet.fold(encoder.model)
            self._image = mobilenet.channels_last(encoder.to(self.device, self.dtype))
        return self._image

    def widths(self) -> tuple[int, int]:
        """Width of text and of image features, from the encoders' configs."""
        if self._widths is None:
            from transformers import AutoConfig

            text = AutoConfig.from_pretrained(str(self._directories[0]))
            self._widths = (int(text.hidden_size), 1280)
        return self._widths

    def close_archives(self) -> None:
        """Let go of the archives that pictures were read from; they are opened again when needed."""
        self._picture_files.close()

    def prepare(self, posts: Sequence[Post]) -> list[list[_Loaded]]:
        """Read and decode the pictures of a batch; safe to run in a thread of its own."""
        known: set[str] = set()
        if self._cache is not None:
            digests = [p.digest for post in posts for p in post.pictures if p.digest]
            known = {
                key.removeprefix(self._image_key)
                for key in self._cache.get([self._image_key + d for d in digests])
            }
        read = self._picture_files.read
        jobs = [
            [self._threads.submit(_load, picture, known, read) for picture in post.pictures] for post in posts
        ]
        return [[job.result() for job in row] for row in jobs]

    def encode(self, posts: Sequence[Post], prepared: Sequence[Sequence[_Loaded]] | None = None) -> Encoded:
        """Encode posts, in their order; a picture that cannot be used becomes a problem, not an error."""
        loaded = self.prepare(posts) if prepared is None else prepared
        n_text, n_image = self.widths()
        text_vectors = self._encode_texts(posts)
        image_vectors = self._encode_images([item for row in loaded for item in row])
        text = torch.zeros(len(posts), n_text)
        lexicon_scores = torch.zeros(len(posts), N_LEXICON)
        image = torch.zeros(len(posts), n_image)
        has_text, has_image = (
            torch.zeros(len(posts), dtype=torch.bool),
            torch.zeros(len(posts), dtype=torch.bool),
        )
        pictures, problems = [], []
        for row, post in enumerate(posts):
            vector = text_vectors.get(post.text)
            if vector is not None:
                text[row], lexicon_scores[row], has_text[row] = vector[:n_text], vector[n_text:], True
            usable = tuple(
                (i, image_vectors[item.digest]) for i, item in enumerate(loaded[row]) if not item.problem
            )
            if usable:
                image[row], has_image[row] = torch.stack([v for _, v in usable]).mean(0), True
            pictures.append(usable)
            problems.append("; ".join(item.problem for item in loaded[row] if item.problem))
        features = Features(text, lexicon_scores, image, has_text, has_image)
        return Encoded(features, tuple(pictures), tuple(problems))

    def _encode_texts(self, posts: Sequence[Post]) -> dict[str, Tensor]:
        """Raw text -> [H + 4] features and lexicon scores, for texts with words."""
        texts = list(dict.fromkeys(post.text for post in posts if has_words(post.text)))
        keys = {text: self._text_key + _text_hash(text) for text in texts}
        found = self._cache.get(list(keys.values())) if self._cache is not None else {}
        missing = [text for text in texts if keys[text] not in found]
        fresh: dict[str, Tensor] = {}
        if missing:
            # Rounded as the cache keeps them: a post gets the same answer cached or not.
            vectors = (
                torch.cat([self.encode_raw_texts(missing), lexicon().features(missing)], dim=1).half().float()
            )
            fresh = {keys[text]: vector for text, vector in zip(missing, vectors, strict=True)}
            if self._cache is not None:
                self._cache.put(fresh)
        both = found | fresh
        return {text: both[key] for text, key in keys.items()}

    @torch.inference_mode()
    def encode_raw_texts(self, texts: Sequence[str]) -> Tensor:
        """Encode texts in batches of similar length: [N, H] float32 on the CPU, in the order given."""
        transform, encoder = self.text_encoder()
        ids = transform.encode(texts)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        out = torch.zeros(len(ids), encoder.n_features)
        for start in range(0, len(order), self.batch_size):
            rows = order[start : start + self.batch_size]
            batch = transform.collate([ids[i] for i in rows])
            hidden = encoder(batch.input_ids.to(self.device), batch.attention_mask.to(self.device))
            out[rows] = hidden.float().cpu()
        return out

    @torch.inference_mode()
    def _encode_images(self, items: Sequence[_Loaded]) -> dict[str, Tensor]:
        """Digest -> [I] features of every usable picture."""
        usable = {item.digest: item for item in items if not item.problem}
        found: dict[str, Tensor] = {}
        if self._cache is not None:
            hits = self._cache.get([self._image_key + digest for digest in usable])
            found = {key.removeprefix(self._image_key): vector for key, vector in hits.items()}
        missing = [item for digest, item in usable.items() if digest not in found and item.pixels is not None]
        fresh: dict[str, Tensor] = {}
        size = IMAGE_BATCH[self.device.type]
        for start in range(0, len(missing), size):
            part = missing[start : start + size]
            pixels = torch.stack([item.pixels for item in part if item.pixels is not None]).to(self.device)
            vectors = self.image_encoder()(normalise(pixels, self.dtype)).half().float().cpu()
            fresh |= {item.digest: vector for item, vector in zip(part, vectors, strict=True)}
        if self._cache is not None and fresh:
            self._cache.put({self._image_key + digest: vector for digest, vector in fresh.items()})
        return found | fresh


def _text_hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _load(picture: Picture, known: set[str], read: Callable[[Picture], bytes]) -> _Loaded:
    if picture.digest in known:
        return _Loaded(picture.digest, None)
    try:
        data = read(picture)
        return _Loaded(picture.digest or hash_bytes(data), decode(data))
    except FileNotFoundError:
        return _Loaded(picture.digest, None, f"picture {picture.name} is missing")
    except PictureError as error:
        return _Loaded(picture.digest, None, f"picture {picture.name}: {error}")
    except OSError as error:
        return _Loaded(
            picture.digest, None, f"picture {picture.name} cannot be read ({error.strerror or error})"
        )
