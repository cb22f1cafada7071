"""Words in pictures: which pictures hold some, and what they say. Imports no torch.

Reading a picture takes some 150 ms of a core, and three in four hold nothing to read. So a gate looks at
the features that the picture's encoder gives anyway, and only what passes is read, by RapidOCR with the
models that come in its package (extra `ocr`); nothing is ever fetched. Its recogniser, PP-OCRv6, keeps the
spaces between English words, which that of version 4 drops.

`text_gate.npz` holds the gate, one for each shipped picture encoder; `benchmarks.ocr` makes it and says
how well it does.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import re
import threading
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mmsa_tui.errors import BundleError, UsageError
from mmsa_tui.model.encoded import Flags, Floats
from mmsa_tui.model.encoding import Encoders
from mmsa_tui.pictures.decoder import PictureError, fit_picture
from mmsa_tui.records import Post

GATES = Path(__file__).with_name("text_gate.npz")
SIDE_PX = 960
"""Longer side of what is read; the text of a screenshot is still ten pixels high."""
LEAST_SIDE_PX = 416
"""Shorter side that the detector works on: of 40 pictures it finds 95 % of the letters that it finds at 736
pixels, in a third of the time."""
MOST_LENGTHS = 4
"""Times as long as it is wide: a longer strip is put on a wider sheet, as the detector enlarges every picture
to `LEAST_SIDE_PX` and would need a minute and gigabytes for a line of one pixel."""
LEAST_SCORE = 0.7
"""Lines of which the recogniser is less sure are mostly scripts that it does not know, or patterns."""
MAX_CHARACTERS = 2_000
"""A page of text is cut here; the encoder takes far less."""

_MODELS = ("PP-OCRv6_det_small.onnx", "PP-OCRv6_rec_small.onnx")
_REPAIR = "Install it again: `pip install --force-reinstall --no-deps rapidocr`."
_WORD = re.compile(r"[^\W\d_]{2}")
_ALPHABETS = frozenset({"LATIN", "GREEK", "CYRILLIC"})
_GLUED = re.compile(r"(?<=[a-z]{2})(?=[A-Z][a-z])|(?<=[a-z]{3}[,.!?;:])(?=[A-Za-z]{2})")


def is_installed() -> bool:
    """Whether the extra that reads pictures is there."""
    return importlib.util.find_spec("rapidocr") is not None


class Reader(Protocol):
    """What reads a picture."""

    def read(self, data: bytes) -> str:
        """Return the words of a picture line by line, "" for none.

        Raises:
            PictureError: it cannot be decoded.
        """
        ...


class Gate:
    """Tells from the features of a picture whether it holds words worth reading: a logistic regression.

    Args:
        weight: [I]. bias: with `weight` it gives 0 where one picture in ten that holds three words
            would be missed.
    """

    def __init__(self, weight: Floats, bias: float) -> None:
        self._weight, self._bias = weight, bias

    @classmethod
    def of(cls, encoder: str) -> Gate | None:
        """Load the gate for a picture encoder, named by its hash; None if there is none for it.

        Raises:
            BundleError: the file is missing or damaged.
        """
        try:
            with np.load(GATES, allow_pickle=False) as gates:
                if encoder[:20] not in gates:
                    return None
                numbers = gates[encoder[:20]].astype(np.float32)
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise BundleError(f"{GATES} cannot be read ({error})", "Install mmsa-tui again.") from error
        return cls(numbers[:-1], float(numbers[-1]))

    def passes(self, features: Floats) -> Flags:
        """Judge pictures, [B, I] -> [B]."""
        return np.asarray(features @ self._weight + self._bias > 0)


class RapidReader:
    """RapidOCR with the models of its package, one engine for each thread.

    Raises:
        UsageError: the extra is not installed. BundleError: its models are missing or damaged.
    """

    def __init__(self) -> None:
        if not is_installed():
            raise UsageError(
                "reading the words in pictures needs RapidOCR, which is not installed",
                "Install it with `pip install 'mmsa-tui[ocr]'`.",
            )
        self._own = threading.local()
        # A damaged model is found out before the first picture, not at it.
        self._engine()

    def read(self, data: bytes) -> str:
        pixels = np.asarray(fit_picture(data, SIDE_PX))[:, :, ::-1]
        found = self._engine()(_on_a_sheet(pixels), use_det=True)
        lines = zip(found.txts or (), found.scores or (), strict=True)
        return tidy([line for line, score in lines if score >= LEAST_SCORE])

    def _engine(self) -> Any:
        engine = getattr(self._own, "engine", None)
        if engine is None:
            engine = self._own.engine = _load_engine()
        return engine


def _on_a_sheet(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Widen a strip [H, W, 3] by white until it is `MOST_LENGTHS` times as long as wide."""
    height, width = pixels.shape[:2]
    least = -(-max(height, width) // MOST_LENGTHS)
    missing = (max(0, least - height), max(0, least - width), 0)
    sheet = np.pad(pixels, [(0, n) for n in missing], constant_values=255)
    return np.ascontiguousarray(sheet)


def _load_engine() -> Any:
    folder = check_models()
    single = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
    try:
        import rapidocr

        engine = rapidocr.RapidOCR(
            params={
                **single,
                "Global.use_cls": False,
                "Global.log_level": "critical",
                "Global.max_side_len": SIDE_PX,
                "Det.limit_side_len": LEAST_SIDE_PX,
                "Det.model_path": str(folder / _MODELS[0]),
                "Rec.model_path": str(folder / _MODELS[1]),
            }
        )
        # Models are loaded when first used. What a call sets stays set, so that every call says `use_det`.
        nothing = np.full((48, 64, 3), 255, np.uint8)
        engine(nothing, use_det=True)
        engine(nothing, use_det=False)
    except Exception as error:  # its own errors and those of its runtime have no common class
        raise BundleError(f"RapidOCR in {folder.parent} cannot be loaded ({error})", _REPAIR) from error
    return engine


def check_models() -> Path:
    """Find the folder of RapidOCR's models, which must be there and as they were installed.

    Raises:
        BundleError: one is missing or changed.
    """
    spec = importlib.util.find_spec("rapidocr")
    if spec is None or spec.origin is None:
        raise BundleError("what is left of RapidOCR is no program", _REPAIR)
    folder, sums = Path(spec.origin).parent / "models", _installed_sums()
    for name in _MODELS:
        file = folder / name
        # RapidOCR would fetch what is not there; nothing here ever goes to a network.
        if not file.is_file():
            raise BundleError(f"the model {file} of RapidOCR is missing", _REPAIR)
        # Its runtime finds out that a file is cut, not that its numbers are others.
        if name in sums and sums[name] != _sum_of(file):
            raise BundleError(f"the model {file} of RapidOCR is not as it was installed", _REPAIR)
    return folder


def _installed_sums() -> dict[str, str]:
    """SHA-256 of the models as pip has noted them, by name; {} where it was installed in another way."""
    try:
        files = metadata.files("rapidocr") or []
    except metadata.PackageNotFoundError:
        return {}
    return {
        file.name: file.hash.value
        for file in files
        if file.name in _MODELS and file.hash is not None and file.hash.mode == "sha256"
    }


def _sum_of(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").digest()
    except OSError as error:
        raise BundleError(f"the model {file} of RapidOCR cannot be read ({error})", _REPAIR) from error
    return base64.urlsafe_b64encode(found).decode().rstrip("=")


def tidy(lines: Sequence[str]) -> str:
    """Join lines, words that were run together parted; "" where none of them holds a word.

    A word of letters from two alphabets is of a third one, that the recogniser does not know.
    """
    kept = [_GLUED.sub(" ", line.strip()) for line in lines if not any(map(_is_mixed, line.split()))]
    text = "\n".join(filter(None, kept))
    return text[:MAX_CHARACTERS] if _WORD.search(text) else ""


def _is_mixed(word: str) -> bool:
    if word.isascii():
        return False
    alphabets = {unicodedata.name(char, "").partition(" ")[0] for char in word if char.isalpha()}
    return len(alphabets & _ALPHABETS) > 1


@dataclass(frozen=True)
class Read:
    """What was read: by digest of the picture, and by content hash of the post."""

    pictures: Mapping[str, str]
    posts: Mapping[str, str]


class PictureWords:
    """Reads the words in the pictures of posts.

    Args:
        encoders: give the features that the gate looks at, kept in the feature cache. gate: without one
            every picture is read. workers: how many pictures are read at once.
    """

    def __init__(self, encoders: Encoders, gate: Gate | None, reader: Reader, workers: int = 1) -> None:
        self._encoders, self._gate, self._reader = encoders, gate, reader
        self._threads = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="read")

    def read(self, posts: Sequence[Post], known: Mapping[str, str]) -> Read:
        """Read the pictures of posts; one that cannot be decoded says nothing.

        Args:
            known: what was read before, by digest of the picture.
        """
        encoded = self._encoders.encode([replace(post, text="", image_text="") for post in posts])
        wanted: dict[str, bytes] = {}
        for post, pictures in zip(posts, encoded.pictures, strict=True):
            passing = self._passing([vector for _, vector in pictures])
            for (index, _), passes in zip(pictures, passing, strict=True):
                picture = post.pictures[index]
                if passes and picture.digest not in known and picture.digest not in wanted:
                    try:
                        wanted[picture.digest] = self._encoders.read_picture(picture)
                    except OSError:
                        continue
        fresh = dict(zip(wanted, self._threads.map(self._words, wanted.values()), strict=True))
        texts = {**known, **fresh}
        by_post = {
            post.content_hash: "\n".join(
                filter(None, (texts.get(picture.digest, "") for picture in post.pictures))
            )[:MAX_CHARACTERS]
            for post in posts
        }
        self._encoders.close_archives()
        return Read(fresh, by_post)

    def _passing(self, vectors: Sequence[Floats]) -> Sequence[bool]:
        if self._gate is None or not vectors:
            return [True] * len(vectors)
        return [bool(passes) for passes in self._gate.passes(np.stack(vectors))]

    def _words(self, data: bytes) -> str:
        try:
            return self._reader.read(data)
        except PictureError:
            return ""
