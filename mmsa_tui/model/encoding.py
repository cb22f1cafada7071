"""Posts to features: reading, decoding, tokenising, both encoders, and the cache around them.

What is to be encoded is cut into small jobs, four pictures or eight texts of similar length each, and
as many threads take them as there are cores. No job waits for another, and the jobs of the posts after
these are queued already: a core is idle only when nothing is left.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from mmsa_tui.bundle.encoder_files import check_encoder
from mmsa_tui.bundle.meta import Bundle, read_json
from mmsa_tui.config import Paths
from mmsa_tui.model.cache import FeatureCache
from mmsa_tui.model.device import choose_device, n_workers
from mmsa_tui.model.encoded import Arrays, Encoded, Floats
from mmsa_tui.model.preprocessing import N_LEXICON, decode, lexicon
from mmsa_tui.model.probe import Choices, choose_runtimes
from mmsa_tui.model.runtimes import TextSpec, bucketed
from mmsa_tui.model.runtimes.pair import RuntimePair
from mmsa_tui.model.views import read_views
from mmsa_tui.pictures.decoder import PictureError
from mmsa_tui.pictures.files import PictureFiles
from mmsa_tui.records import Picture, Post, hash_bytes
from mmsa_tui.text.words import has_words

_T = TypeVar("_T")

IMAGE_BATCH = {"cpu": 4, "mps": 32, "cuda": 256}
"""Pictures of one job; larger batches fall out of a CPU's cache and run slower (eights by an eighth)."""
TEXT_BATCH = {"cpu": 8, "mps": 64, "cuda": 256}
"""Texts of one job at most."""
N_IMAGE = 1280
"""Width of MobileNetV2's features."""


@dataclass(frozen=True)
class _Shown:
    """What became of a picture: its digest and features, or the problem with it.

    `key` is what the cache knows it by, "" if it was not encoded now.
    """

    digest: str
    vector: Floats | None
    problem: str = ""
    key: str = ""


@dataclass(frozen=True)
class Pending:
    """Posts whose features are known or on their way."""

    posts: Sequence[Post]
    texts: dict[str, Floats]
    text_jobs: Sequence[Future[tuple[str, dict[str, Floats]]]]
    pictures: dict[Picture, _Shown]
    picture_jobs: Sequence[Future[dict[Picture, _Shown]]]

    def cancel(self) -> None:
        """Drop what has not begun."""
        for text_job in self.text_jobs:
            text_job.cancel()
        for picture_job in self.picture_jobs:
            picture_job.cancel()


class Encoders:
    """Both encoders of a bundle, loaded when first needed, with a feature cache around them.

    Args:
        runtimes: what runs them; it is asked for as many jobs at once as it has workers.
        batch_size: texts of one job at most.
        cache: None encodes everything anew.
    """

    def __init__(
        self, runtimes: RuntimePair, *, batch_size: int = 32, cache: FeatureCache | None = None
    ) -> None:
        self.runtimes, self._cache = runtimes, cache
        device, text = runtimes.device, runtimes.text_spec
        # Dynamic int8 scales all numbers of a batch alike: a text would be judged by what stands beside it.
        # One at a time they are not slower, and nearer to fp32 (95 % of labels agree, 94 % in batches).
        alone = device == "cpu" and text.precision == "int8"
        self._text_batch = 1 if alone else min(batch_size, TEXT_BATCH[device])
        self._image_batch = IMAGE_BATCH[device]
        self._threads = ThreadPoolExecutor(max_workers=runtimes.workers, thread_name_prefix="encode")
        self._picture_files = PictureFiles()
        self.image_encoder, self.n_workers = runtimes.image_folder.name, runtimes.workers
        """The picture encoder's hash, and how many jobs are done at once."""

    def load(self) -> None:
        """Load both encoders now rather than at the first miss of the cache."""
        for job in (self._threads.submit(self.runtimes.text), self._threads.submit(self.runtimes.image)):
            job.result()

    def close_archives(self) -> None:
        """Let go of the archives that pictures were read from; they are opened again when needed."""
        self._picture_files.close()

    def begin(self, posts: Sequence[Post]) -> Pending:
        """Look posts up in the cache and start encoding what is not there."""
        texts = list(dict.fromkeys(post.judged_text for post in posts if has_words(post.judged_text)))
        keys = {text: self.runtimes.text_key + _text_hash(text) for text in texts}
        known = self._cached(list(keys.values()))
        found = {text: known[key] for text, key in keys.items() if key in known}
        missing = [text for text in texts if text not in found]
        pictures = list(dict.fromkeys(picture for post in posts for picture in post.pictures))
        key = self.runtimes.image_key
        known = self._cached([key + picture.digest for picture in pictures if picture.digest])
        shown = {
            picture: _Shown(picture.digest, known[key + picture.digest])
            for picture in pictures
            if key + picture.digest in known
        }
        unseen = [picture for picture in pictures if picture not in shown]
        # Pictures with one digest are one picture: only the first of them is decoded.
        first = {picture.digest or picture: picture for picture in reversed(unseen)}
        fresh = [picture for picture in unseen if first[picture.digest or picture] is picture]
        # Texts last: short jobs leave no core idle at the end. But one of them is first, which at the start
        # opens its encoder while another thread opens that of pictures.
        buckets = bucketed([len(text) for text in missing], self._text_batch)
        jobs = [[missing[row] for row in rows] for rows in buckets]
        text_jobs = [self._threads.submit(self._encode_texts, job) for job in jobs[:1]]
        picture_jobs = [
            self._threads.submit(self._encode_pictures, fresh[start : start + self._image_batch])
            for start in range(0, len(fresh), self._image_batch)
        ]
        text_jobs += [self._threads.submit(self._encode_texts, job) for job in jobs[1:]]
        return Pending(posts, found, text_jobs, shown, picture_jobs)

    def finish(self, pending: Pending) -> Encoded:
        """Wait for what was begun; a picture that cannot be used becomes a problem, not an error."""
        texts, pictures = dict(pending.texts), dict(pending.pictures)
        fresh: dict[str, Floats] = {}
        for text_job in pending.text_jobs:
            key, done = text_job.result()
            texts |= done
            fresh |= {key + _text_hash(text): vector for text, vector in done.items()}
        by_digest = {shown.digest: shown for shown in pictures.values() if shown.vector is not None}
        for picture_job in pending.picture_jobs:
            for picture, shown in picture_job.result().items():
                pictures[picture] = shown
                if shown.vector is not None:
                    by_digest[shown.digest] = shown
                    fresh[shown.key] = shown.vector
        if self._cache is not None and fresh:
            self._cache.put(fresh)

        def of(picture: Picture) -> _Shown:
            return pictures[picture] if picture in pictures else self._twin(picture, by_digest, pictures)

        rows = [[of(picture) for picture in post.pictures] for post in pending.posts]
        return self._gather(pending.posts, texts, rows)

    def encode(self, posts: Sequence[Post]) -> Encoded:
        """Encode posts, in their order."""
        return self.finish(self.begin(posts))

    def encode_raw_texts(self, texts: Sequence[str]) -> Floats:
        """Encode texts as they are, past the cache: [N, T], in the order given."""
        buckets = bucketed([len(text) for text in texts], self._text_batch)
        jobs = [
            self._threads.submit(self.runtimes.encode_texts, [texts[row] for row in rows]) for rows in buckets
        ]
        parts = [job.result()[1] for job in jobs]
        out = np.zeros((len(texts), parts[0].shape[1] if parts else 0), np.float32)
        for rows, part in zip(buckets, parts, strict=True):
            out[rows] = part
        return out

    def read_picture(self, picture: Picture) -> bytes:
        """Read the file of a picture, out of an archive that stays open.

        Raises:
            OSError: it cannot be read.
        """
        return self._picture_files.read(picture)

    def regions(self, picture: Picture) -> Floats:
        """Encode one picture into its regions, [49, I].

        Raises:
            OSError, PictureError: it cannot be read or decoded.
        """
        return self.runtimes.regions(decode(self.read_picture(picture)))

    def _gather(self, posts: Sequence[Post], texts: dict[str, Floats], rows: list[list[_Shown]]) -> Encoded:
        n_text = next((len(vector) - N_LEXICON for vector in texts.values()), 0) or self._n_text()
        n_image = next((len(s.vector) for row in rows for s in row if s.vector is not None), N_IMAGE)
        text = np.zeros((len(posts), n_text), np.float32)
        scores = np.zeros((len(posts), N_LEXICON), np.float32)
        image = np.zeros((len(posts), n_image), np.float32)
        has_text, has_image = np.zeros(len(posts), bool), np.zeros(len(posts), bool)
        usable = []
        for row, post in enumerate(posts):
            vector = texts.get(post.judged_text)
            if vector is not None:
                text[row], scores[row], has_text[row] = vector[:n_text], vector[n_text:], True
            vectors = tuple((i, s.vector) for i, s in enumerate(rows[row]) if s.vector is not None)
            if vectors:
                image[row], has_image[row] = np.mean([v for _, v in vectors], axis=0), True
            usable.append(vectors)
        problems = tuple("; ".join(s.problem for s in row if s.problem) for row in rows)
        return Encoded(Arrays(text, scores, image, has_text, has_image), tuple(usable), problems)

    def _n_text(self) -> int:
        width = read_json(self.runtimes.text_spec.folder / "config.json").get("hidden_size")
        return sum(self.runtimes.text_spec.views.blocks(int(width or 0)))

    def _cached(self, keys: Sequence[str]) -> dict[str, Floats]:
        return self._cache.get(keys) if self._cache is not None and keys else {}

    def _encode_texts(self, texts: Sequence[str]) -> tuple[str, dict[str, Floats]]:
        key, encoded = self.runtimes.encode_texts(texts)
        vectors = np.concatenate([encoded, lexicon().features(texts)], axis=1)
        # Rounded as the cache keeps them: a post gets the same answer cached or not.
        return key, dict(zip(texts, vectors.astype(np.float16).astype(np.float32), strict=True))

    def _encode_pictures(self, pictures: Sequence[Picture]) -> dict[Picture, _Shown]:
        done: dict[Picture, _Shown] = {}
        pixels = []
        for picture in pictures:
            try:
                data = self._picture_files.read(picture)
                pixels.append((picture, picture.digest or hash_bytes(data), decode(data)))
            except (OSError, PictureError) as error:
                done[picture] = _Shown(picture.digest, None, _why(picture, error))
        if pixels:
            key, vectors = self.runtimes.encode_pictures(np.stack([array for _, _, array in pixels]))
            rounded = vectors.astype(np.float16).astype(np.float32)
            for (picture, digest, _), vector in zip(pixels, rounded, strict=True):
                done[picture] = _Shown(digest, vector, key=key + digest)
        return done

    def _twin(
        self, picture: Picture, by_digest: dict[str, _Shown], pictures: dict[Picture, _Shown]
    ) -> _Shown:
        """What became of a picture whose bytes another one has, by the name of this one."""
        shown = by_digest.get(picture.digest)
        if shown is not None:
            return shown
        # The other could not be read; this file may be whole.
        return self._encode_pictures([picture])[picture]


def open_encoders(
    bundle: Bundle,
    paths: Paths,
    device: str = "auto",
    *,
    threads: int = 0,
    batch_size: int = 32,
    cache: FeatureCache | None = None,
    probe: bool = True,
) -> Encoders:
    """Find the encoders of a bundle and say how they are run.

    Args:
        device: auto, cpu, cuda or mps. threads: 0 for all cores.
        probe: whether another runtime or other numbers may be chosen, see `model.probe`.

    Raises:
        BundleError: one is missing or cut. DeviceError: the device is not there.
    """
    chosen = choose_device(device)
    folders = [_checked_encoder(bundle, which, paths) for which in ("text", "image")]
    views = read_views(folders[0])
    text, choices = TextSpec(folders[0], views, views.precision), Choices()
    if chosen == "cpu" and probe:
        choices = choose_runtimes(bundle, text, folders[1], paths.cache_dir)
        if choices.texts.numbers == "int8":
            text = replace(text, precision="int8")
    runtimes = RuntimePair(
        text, folders[1], chosen, workers=n_workers(threads), graphs=paths.cache_dir, choices=choices
    )
    return Encoders(runtimes, batch_size=batch_size, cache=cache)


def _checked_encoder(bundle: Bundle, which: str, paths: Paths) -> Path:
    """Find an encoder and refuse one that is cut or no data of ours; checksums are `verify_bundle`'s work."""
    directory = bundle.encoder_directory(which, paths)
    check_encoder(directory, which)
    return directory


def _text_hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _why(picture: Picture, error: OSError | PictureError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"picture {picture.name} is missing"
    if isinstance(error, PictureError):
        return f"picture {picture.name}: {error}"
    return f"picture {picture.name} cannot be read ({error.strerror or error})"
