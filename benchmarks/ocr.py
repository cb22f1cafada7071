"""Words in pictures: the gate made and judged, and what reading is worth.

    python -m benchmarks.ocr gate ../shared/data/mvsa_single --texts texts.jsonl
    python -m benchmarks.ocr memes [BUNDLE]
    python -m benchmarks.ocr mvsa ../shared/data/mvsa_single --texts texts.jsonl [BUNDLE]

`--texts` keeps what was read, by the digest of the picture, so that a second run reads nothing twice.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from benchmarks.memes import draw_all, foreign, noise, page_of_text
from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.config import find_paths
from mmsa_tui.model.encoded import Floats
from mmsa_tui.model.encoding import open_encoders
from mmsa_tui.model.metrics import IntArray, accuracy, bootstrap_interval, macro_f1
from mmsa_tui.model.picture_words import GATES, Gate, RapidReader
from mmsa_tui.model.predictor import Predictor
from mmsa_tui.records import Picture, Post, content_hash, hash_bytes
from mmsa_tui.sources import ReadOptions
from mmsa_tui.sources.reading import read

MANY_WORDS = 3
"""Pictures with so many words are worth reading."""
MISSED = 0.1
"""Of these the gate may miss so many."""
_BUNDLES = ("mvsa 2.3.0", "mvsa 1.0.0", "enriched 1.0.0")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("what", choices=("gate", "memes", "mvsa"))
    parser.add_argument("rest", nargs="*")
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--known", action="store_true", help="take only pictures that --texts has")
    asked = parser.parse_args()
    if asked.what == "memes":
        judge_memes(asked.rest[0] if asked.rest else "")
        return
    posts = [post for post in read(Path(asked.rest[0]), options=ReadOptions()) if isinstance(post, Post)]
    posts = [post for post in posts if any(picture.digest for picture in post.pictures)]
    if asked.known:
        known = dict(_kept(asked.texts))
        posts = [post for post in posts if post.pictures[0].digest in known]
    texts = _read_all(posts, asked.texts)
    if asked.what == "gate":
        make_gates(posts, texts)
    else:
        judge_mvsa(posts, texts, asked.rest[1] if len(asked.rest) > 1 else "")


def make_gates(posts: Sequence[Post], texts: Mapping[str, str]) -> None:
    """Fit a gate for each shipped picture encoder and say how it does on pictures it has not seen."""
    wanted = np.array([_n_words(texts[post.pictures[0].digest]) >= MANY_WORDS for post in posts])
    _, groups = np.unique([post.pictures[0].digest for post in posts], return_inverse=True)
    print(f"{len(posts):,} pictures, {wanted.mean():.1%} with {MANY_WORDS} words or more")
    gates: dict[str, Floats] = {}
    paths = find_paths()
    for name in _BUNDLES:
        encoders = open_encoders(find_bundle(paths, name), paths)
        features = encoders.encode([replace(post, text="") for post in posts]).features.image
        scores = np.zeros(len(posts))
        for rows, held in GroupKFold(5).split(features, wanted, groups):
            weight, bias = _fit(features[rows], wanted[rows])
            scores[held] = features[held] @ weight + bias
        cut = float(np.quantile(scores[wanted], MISSED))
        weight, bias = _fit(features, wanted)
        gates[encoders.image_encoder[:20]] = np.append(weight, bias - cut).astype(np.float32)
        passing = scores > cut
        print(
            f"  {name}: AUC out of fold {roc_auc_score(wanted, scores):.3f};"
            f" {passing.mean():.1%} of all and {passing[wanted].mean():.1%} of those pass"
        )
    np.savez_compressed(GATES, allow_pickle=False, **gates)
    print(f"wrote {GATES}, {GATES.stat().st_size:,} bytes")


def judge_memes(bundle_name: str) -> None:
    """Judge the drawn pictures without and with reading, and time both."""
    predictor = _predictor(bundle_name)
    drawn = list(draw_all())
    with tempfile.TemporaryDirectory() as folder:
        posts = [_post(Path(folder), f"{n}.png", one.png, one.text) for n, one in enumerate(drawn)]
        truth = np.array([predictor.labels.index(one.label) for one in drawn])
        gate = Gate.of(predictor.encoders.image_encoder)
        features = predictor.encoders.encode(posts).features.image
        print(f"{int(gate.passes(features).sum()) if gate else len(posts)} of {len(posts)} pass the gate")
        before = _indices(predictor, posts)
        started = time.process_time()
        found = predictor.read_pictures(posts, {}).posts
        print(f"{(time.process_time() - started) / len(posts):.3f} CPU-seconds a picture, all of them read")
        told = [replace(post, image_text=found[post.content_hash]) for post in posts]
        after = _indices(predictor, told)
        said = {word.strip(".,!?:").lower() for text in found.values() for word in text.split()}
        wanted = [word.strip(".,!?:").lower() for one in drawn for word in one.words.split()]
        print(f"{sum(word in said for word in wanted)} of {len(wanted)} words read")
        for name, data in (
            ("page of text", page_of_text()),
            ("noise", noise()),
            ("unknown script", foreign()),
        ):
            started = time.process_time()
            (text,) = predictor.read_pictures(
                [_post(Path(folder), name + ".png", data, "")], {}
            ).posts.values()
            print(f"  {name}: {len(text):,} characters in {time.process_time() - started:.2f} CPU-seconds")
    kinds = np.array([one.kind for one in drawn])
    for kind in (*dict.fromkeys(kinds), "all"):
        rows = np.ones(len(kinds), bool) if kind == "all" else kinds == kind
        hits = [int((said[rows] == truth[rows]).sum()) for said in (before, after)]
        print(f"  {kind:14} {hits[0]:3} of {rows.sum()} right without reading, {hits[1]:3} with it")


def judge_mvsa(posts: Sequence[Post], texts: Mapping[str, str], bundle_name: str) -> None:
    """Judge posts of MVSA by people's labels without and with reading, all and those with words."""
    predictor = _predictor(bundle_name)
    known = [post for post in posts if post.truth.get("post") in predictor.labels]
    truth = np.array([predictor.labels.index(post.truth["post"]) for post in known])
    told = [replace(post, image_text=texts[post.pictures[0].digest]) for post in known]
    before, after = _indices(predictor, known), _indices(predictor, told)
    n_words = np.array([_n_words(post.image_text) for post in told])
    for title, rows in (
        ("all", n_words >= 0), ("no word", n_words == 0), ("3 words or more", n_words >= 3),
        ("8 words or more", n_words >= 8), ("20 words or more", n_words >= 20),
    ):  # fmt: skip
        print(f"{title}: {int(rows.sum()):,} posts")
        if not rows.any():
            continue
        for name, measure in (("accuracy", accuracy), ("macro F1", macro_f1)):
            print(f"  {name}: {_compared(measure, truth[rows], before[rows], after[rows])}")


def _compared(
    measure: Callable[[IntArray, IntArray], float], truth: IntArray, off: IntArray, on: IntArray
) -> str:
    def gain(at: IntArray) -> float:
        return measure(truth[at], on[at]) - measure(truth[at], off[at])

    low, high = bootstrap_interval(gain, len(truth))
    return f"{measure(truth, off):.3f} without, {measure(truth, on):.3f} with [{low:+.3f}, {high:+.3f}]"


def _fit(features: Floats, wanted: np.ndarray) -> tuple[Floats, float]:
    scaler = StandardScaler().fit(features)
    model = LogisticRegression(C=0.003, class_weight="balanced", max_iter=2000)
    model.fit(scaler.transform(features), wanted)
    weight = model.coef_[0] / scaler.scale_
    return weight, float(model.intercept_[0] - weight @ scaler.mean_)


def _read_all(posts: Sequence[Post], kept: Path | None) -> dict[str, str]:
    texts = dict(_kept(kept)) if kept is not None and kept.is_file() else {}
    reader = RapidReader()
    for post in posts:
        for picture in post.pictures:
            if picture.digest not in texts:
                texts[picture.digest] = reader.read(picture.read())
                if kept is not None:
                    with kept.open("a", encoding="utf-8") as file:
                        file.write(json.dumps([picture.digest, texts[picture.digest]]) + "\n")
    return texts


def _kept(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        digest, text = json.loads(line)
        yield digest, text


def _n_words(text: str) -> int:
    return sum(sum(char.isalpha() for char in word) >= 2 for word in text.split())


def _predictor(name: str) -> Predictor:
    paths = find_paths()
    return Predictor.load(find_bundle(paths, name), paths)


def _indices(predictor: Predictor, posts: Sequence[Post]) -> np.ndarray:
    labels = [prediction.label for prediction in predictor.predict(posts)]
    return np.array([predictor.labels.index(label) if label else -1 for label in labels])


def _post(folder: Path, name: str, data: bytes, text: str) -> Post:
    path = folder / name
    path.write_bytes(data)
    digest = hash_bytes(data)
    return Post(name, text, (Picture(name, path, digest=digest),), content_hash=content_hash(text, [digest]))


if __name__ == "__main__":
    main()
