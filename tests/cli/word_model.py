"""A small real model for tests of the command line: it counts glad and sad words.

Run as a script it is `mmsa` with that model; DIE_AFTER_BATCHES kills it, without any chance to
tidy up, once so many batches are stored.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import sys
import types
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from mmsa_tui.bundle.meta import HEAD
from mmsa_tui.records import Post, Prediction

LABELS = ("negative", "neutral", "positive")
CONTRARY = b"contrary"
"""What the head of a bundle holds that says the opposite of what the words say."""
GLAD = {"love", "lovely", "good", "great", "best", "happy"}
SAD = {"hate", "bad", "worst", "sad", "awful", "broken"}


class WordModel:
    """Judges by words; a picture whose name says glad or sad speaks too."""

    notes: Sequence[str] = ()

    def __init__(
        self, bundle_id: str, labels: tuple[str, ...] = LABELS, model: str = "", is_contrary: bool = False
    ) -> None:
        self.bundle_id = bundle_id
        self.labels = labels
        self.model = model
        self._is_contrary = is_contrary
        self.device_name = "cpu fp32"
        self._n_batches = 0

    def predict_batches(self, batches: Iterable[Sequence[Post]]) -> Iterator[list[Prediction]]:
        for batch in batches:
            if str(self._n_batches) == os.environ.get("DIE_AFTER_BATCHES"):
                os.kill(os.getpid(), signal.SIGKILL)
            self._n_batches += 1
            yield [self.judge(post) for post in batch]

    def judge(self, post: Post) -> Prediction:
        if "!interrupt" in post.text:
            raise KeyboardInterrupt
        if "!crash" in post.text:
            raise ZeroDivisionError("the model\x1b[2J broke")
        shown = [picture for picture in post.pictures if picture.digest]
        lost = [picture.name for picture in post.pictures if not picture.digest]
        text = _probs(post.text) if post.text.strip() else None
        image = _probs(" ".join(picture.name for picture in shown)) if shown else None
        problem = f"picture {lost[0]} cannot be used" if lost else ""
        if text is None and image is None:
            return Prediction(
                post.content_hash,
                self.bundle_id,
                "failed",
                error=problem or "nothing to judge",
                runtime=self.device_name,
                model=self.model,
            )
        parts = [probs for probs in (text, image) if probs]
        fused = tuple(sum(column) / len(parts) for column in zip(*parts, strict=True))
        fused = fused[::-1] if self._is_contrary else fused
        return Prediction(
            post.content_hash,
            self.bundle_id,
            "ok" if text and image else "text_only" if text else "image_only",
            label=_best(fused),
            confidence=max(fused),
            probs=fused,
            text_label=_best(text) if text else "",
            text_probs=text,
            image_label=_best(image) if image else "",
            image_probs=image,
            deciding_picture=0 if shown else None,
            error=problem,
            runtime=self.device_name,
            model=self.model,
        )

    def explain(self, post: Post) -> types.SimpleNamespace:
        words = [
            (match.start(), match.end(), 0.8 if match[0].lower() in GLAD else -0.6)
            for match in re.finditer(r"\w+", post.text)
            if match[0].lower() in GLAD | SAD
        ]
        regions = tuple(float(place == 0) for place in range(49)) if post.pictures else None
        return types.SimpleNamespace(words=tuple(words), regions=regions)

    def explain_all(self, posts: Iterable[Post]) -> Iterator[types.SimpleNamespace]:
        return map(self.explain, posts)


def _probs(text: str) -> tuple[float, float, float]:
    words = re.findall(r"[a-z]+", text.lower())
    sad, glad = 1 + 4 * sum(w in SAD for w in words), 1 + 4 * sum(w in GLAD for w in words)
    total = sad + 2 + glad
    return sad / total, 2 / total, glad / total


def _best(probs: tuple[float, ...]) -> str:
    return LABELS[max(range(len(probs)), key=probs.__getitem__)]


def predictor_module() -> types.ModuleType:
    """Stand in for `mmsa_tui.model.predictor`, which takes seconds to import."""

    class Predictor:
        @staticmethod
        def load(bundle: object, *settings: object) -> WordModel:
            is_contrary = (bundle.directory / HEAD).read_bytes() == CONTRARY  # type: ignore[attr-defined]
            return WordModel(bundle.id, bundle.labels, bundle.model, is_contrary)  # type: ignore[attr-defined]

    module = types.ModuleType("mmsa_tui.model.predictor")
    module.Predictor = Predictor  # type: ignore[attr-defined]
    return module


def reference_module() -> types.ModuleType:
    """Stand in for `mmsa_tui.model.reference`: a word model has no frozen posts."""
    module = types.ModuleType("mmsa_tui.model.reference")
    module.judge_reference = lambda bundle: types.SimpleNamespace(n=0, accuracy=0.0)  # type: ignore[attr-defined]
    return module


def write_tiny_encoder(folder: Path, which: str) -> None:
    """Write an encoder's files of the right form, with one layer of two numbers."""
    config: dict[str, object] = {"model_type": "mobilenet_v2"}
    shape = {"conv_stem.weight": [2]}
    if which == "text":
        config = {"model_type": "bert", "hidden_size": 2, "num_hidden_layers": 1}
        shape = {"encoder.layer.0.weight": [2]}
    header = json.dumps(
        {name: {"dtype": "F32", "shape": size, "data_offsets": [0, 8]} for name, size in shape.items()}
    ).encode()
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))


def write_word_bundle(home: Path, version: str = "1.0.0", parent: str = "", seen: Sequence[str] = ()) -> Path:
    """Write a bundle that passes every check, with weights that nobody can load.

    Args:
        seen: content hashes of the posts that it was made from.
    """
    from mmsa_tui.bundle.meta import REPLAY, REQUIRED, directory_hash

    encoders = {}
    for which in ("text", "image"):
        scratch = home / which
        scratch.mkdir(parents=True, exist_ok=True)
        write_tiny_encoder(scratch, which)
        encoders[which] = directory_hash(scratch)
        target = home / "data" / "encoders" / encoders[which]
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            scratch.rename(target)
    folder = home / "data" / "bundles" / f"words-{version}"
    folder.mkdir(parents=True)
    files = {}
    for name in REQUIRED:
        data = to_replay(seen) if name == REPLAY else name.encode()
        (folder / name).write_bytes(data)
        files[name] = hashlib.sha256(data).hexdigest()
    meta = {
        "format_version": 1, "name": "words", "version": version, "parent": parent,
        "created_at": "2025-05-01T00:00:00+00:00", "licence": "MIT", "labels": list(LABELS),
        "encoders": encoders, "files": files, "scores": {"accuracy": 0.5, "macro_f1": 0.4, "n": 10},
    }  # fmt: skip
    (folder / "meta.json").write_text(json.dumps(meta))
    return folder


def to_replay(seen: Sequence[str]) -> bytes:
    """Write the content hashes of posts as a bundle's file of what it was made from has them."""
    import numpy as np
    from safetensors.numpy import save

    hashes = [list(bytes.fromhex(content_hash.removeprefix("b2:"))) for content_hash in seen]
    return save({"hashes": np.array(hashes, dtype=np.uint8).reshape(-1, 20)})


def make_contrary(folder: Path) -> None:
    """Put another model in a bundle's place, under its name and version: one that says the opposite."""
    replace_file(folder, HEAD, CONTRARY)


def replace_file(folder: Path, name: str, data: bytes) -> None:
    """Write a file of a bundle anew, and sign it."""
    (folder / name).write_bytes(data)
    meta = json.loads((folder / "meta.json").read_text())
    meta["files"][name] = hashlib.sha256(data).hexdigest()
    (folder / "meta.json").write_text(json.dumps(meta))


if __name__ == "__main__":
    sys.modules["mmsa_tui.model.predictor"] = predictor_module()
    from mmsa_tui.cli import main

    main()
