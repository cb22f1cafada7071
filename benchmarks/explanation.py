"""Does an explanation name what decided? `python -m benchmarks.explanation POSTS [--bundle B] [--write]`.

Words, or regions of the picture, are taken away for good, a fifth at a time, and the post is judged anew
each time: those first that speak most for the label (deletion), or all but those (insertion). The mean
confidence in the label on the way must be lower, or higher, than when they go in an order drawn by chance
(V. Petsiuk et al., RISE, BMVC 2018). Posts are those of the bundle's frozen split; words in pictures are
those of the drawn memes of `benchmarks.memes`. Then what an explanation costs beside classifying, in CPU
seconds, on one thread, with the features of classified posts kept as they are in a run.
`--write` puts the figures into the bundle's record and card.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.memes import draw_all
from mmsa_tui.bundle.meta import EVALUATION
from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.bundle.writer import sign
from mmsa_tui.config import find_paths
from mmsa_tui.model.encoded import Arrays, Floats
from mmsa_tui.model.explain import GRID
from mmsa_tui.model.metrics import bootstrap_interval
from mmsa_tui.model.predictor import Predictor
from mmsa_tui.model.preprocessing import SIZE_PX, decode, lexicon
from mmsa_tui.records import IMAGE_TEXT_BREAK, Picture, Post, content_hash, hash_bytes
from mmsa_tui.sources import read

_STEPS = (0.2, 0.4, 0.6, 0.8)
_FEWEST_WORDS = 4
_GREY = 127


@dataclass(frozen=True)
class Proof:
    """How far explanations are ahead of chance on `n` posts: means and 95 % bootstrap intervals."""

    n: int
    deletion: float
    deletion_interval: list[float]
    insertion: float
    insertion_interval: list[float]


Judge = Callable[[Sequence[Sequence[int]]], Floats]
"""Gives the confidence in the label where only the parts of each list are left."""


def curve(order: Sequence[int], judge: Judge) -> tuple[float, float]:
    """Mean confidence in the label as parts go in an order, and as all others go."""
    cuts = [max(1, round(step * len(order))) for step in _STEPS]
    kept = [order[cut:] for cut in cuts] + [order[:cut] for cut in cuts]
    found = judge(kept)
    return float(found[: len(cuts)].mean()), float(found[len(cuts) :].mean())


def ahead(weights: Sequence[float], judge: Judge, chance: random.Random) -> tuple[float, float]:
    """How much lower deletion and how much higher insertion is by weight than by chance."""
    parts = list(range(len(weights)))
    ours = curve(sorted(parts, key=lambda part: -weights[part]), judge)
    theirs = np.mean([curve(chance.sample(parts, len(parts)), judge) for _ in range(2)], axis=0)
    return float(theirs[0] - ours[0]), float(ours[1] - theirs[1])


def prove(rows: Sequence[tuple[float, float]]) -> Proof:
    """Average over posts."""
    values = np.asarray(rows)

    def interval(column: int) -> list[float]:
        return list(bootstrap_interval(lambda drawn: float(values[drawn, column].mean()), len(values)))

    return Proof(len(rows), float(values[:, 0].mean()), interval(0), float(values[:, 1].mean()), interval(1))


class Bench:
    """One predictor, and what it says of posts with parts taken away."""

    def __init__(self, predictor: Predictor) -> None:
        self.predictor = predictor

    def words(self, post: Post, first: int, chance: random.Random) -> tuple[float, float] | None:
        """Take away words that begin at a character or behind it; None where they are few."""
        found = self.predictor.explain(post)
        words = [word for word in found.words if word[0] >= first]
        if len(words) < _FEWEST_WORDS:
            return None
        text = post.judged_text

        def judge(kept: Sequence[Sequence[int]]) -> Floats:
            left = [
                "".join(
                    "" if n not in parts else text[start:end] + " " for n, (start, end, _) in enumerate(words)
                )
                for parts in kept
            ]
            texts = [text[: words[0][0]] + one for one in left]
            encoders = self.predictor.encoders
            encoded = np.concatenate([encoders.encode_raw_texts([one]) for one in texts])
            return self._confidence(post, found.label, encoded, lexicon().features(texts), None)

        return ahead([weight for _, _, weight in words], judge, chance)

    def regions(self, post: Post, chance: random.Random) -> tuple[float, float] | None:
        """Paint regions of the picture grey; None where the post has more than one picture."""
        found = self.predictor.explain(post)
        if found.regions is None or len(post.pictures) != 1:
            return None
        pixels = decode(self.predictor.encoders.read_picture(post.pictures[0]))
        size = SIZE_PX // GRID

        def judge(kept: Sequence[Sequence[int]]) -> Floats:
            painted = np.full((len(kept), *pixels.shape), _GREY, np.uint8)
            for picture, parts in zip(painted, kept, strict=True):
                for part in parts:
                    row, column = divmod(part, GRID)
                    cell = np.s_[:, row * size : (row + 1) * size, column * size : (column + 1) * size]
                    picture[cell] = pixels[cell]
            image = self.predictor.encoders.runtimes.encode_pictures(painted)[1]
            return self._confidence(post, found.label, None, None, image)

        return ahead(found.regions, judge, chance)

    def _confidence(
        self, post: Post, label: str, text: Floats | None, words: Floats | None, image: Floats | None
    ) -> Floats:
        features = self.predictor.encoders.encode([post]).features
        n = next(len(part) for part in (text, image) if part is not None)
        varied = Arrays(
            features.text.repeat(n, axis=0) if text is None else text,
            features.lexicon.repeat(n, axis=0) if words is None else words,
            features.image.repeat(n, axis=0) if image is None else image,
            features.has_text.repeat(n),
            features.has_image.repeat(n),
        )
        column = self.predictor.labels.index(label)
        return np.asarray(self.predictor.probs(varied)[0][:, column])


def memes(folder: Path) -> Iterator[tuple[Post, int]]:
    """Yield the drawn memes as posts that were read, and where the words of their pictures begin."""
    for number, one in enumerate(draw_all()):
        path = folder / f"{number}.png"
        path.write_bytes(one.png)
        digest = hash_bytes(one.png)
        picture = Picture(path.name, path, digest=digest)
        post = Post(
            str(number), one.text, (picture,), content_hash=content_hash(one.text, [digest]),
            image_text=one.words,
        )  # fmt: skip
        yield post, len(one.text) + len(IMAGE_TEXT_BREAK)


def frozen_posts(source: Path, bundle: Path, n: int) -> list[Post]:
    """Draw posts of the frozen split of a bundle from the source it was trained on."""
    from mmsa_tui.model.labelled import load_labelled

    frozen = set(load_labelled(bundle / EVALUATION).hashes)
    posts = [item for item in read(source) if isinstance(item, Post) and item.content_hash in frozen]
    return random.Random(1).sample(posts, min(n, len(posts)))


def cost(posts: Sequence[Post], predictor: Predictor) -> dict[str, float]:
    """CPU seconds a post: classifying, and explaining what was classified."""
    started = time.process_time()
    predictor.predict(posts)
    classified = time.process_time()
    slowest = 0.0
    for post in posts:
        before = time.process_time()
        predictor.explain(post)
        slowest = max(slowest, time.process_time() - before)
    explained = time.process_time()
    return {
        "classify": (classified - started) / len(posts),
        "explain": (explained - classified) / len(posts),
        "slowest": slowest,
    }


def main() -> None:
    """Print a line for each kind of part, and the cost."""
    parser = argparse.ArgumentParser(description=re.sub(r"\n.*", "", __doc__ or "", flags=re.S))
    parser.add_argument("posts", type=Path)
    parser.add_argument("--bundle", default="")
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    paths = find_paths()
    bundle = find_bundle(paths, asked.bundle)
    posts = frozen_posts(asked.posts, bundle.directory, asked.n)
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        own = replace(paths, cache_dir=folder / "cache")
        predictor = Predictor.load(bundle, own, "cpu", threads=1, probe=False)
        drawn = list(memes(folder))
        predictor.explain(drawn[0][0])  # What is loaded once is no cost of a post.
        seconds = cost(posts, predictor)
        bench = Bench(predictor)
        kinds = {
            "words": [bench.words(post, 0, chance) for post in posts],
            "words in pictures": [bench.words(post, first, chance) for post, first in drawn],
            "regions of the picture": [bench.regions(post, chance) for post in posts],
        }
    proofs = {kind: prove([row for row in rows if row is not None]) for kind, rows in kinds.items()}
    print(f"{bundle.id}; how far ahead of chance, in confidence [95 %]")
    for kind, proof in proofs.items():
        low, high = proof.deletion_interval
        print(
            f"  {kind:24} {proof.n:4} posts  deletion {proof.deletion:+.3f} [{low:+.3f}, {high:+.3f}]", end=""
        )
        low, high = proof.insertion_interval
        print(f"  insertion {proof.insertion:+.3f} [{low:+.3f}, {high:+.3f}]")
    whole = (seconds["classify"] + seconds["explain"]) / seconds["classify"]
    print(
        f"CPU-seconds a post: classify {seconds['classify']:.4f}, explain {seconds['explain']:.4f} (slowest"
        f" {seconds['slowest']:.3f}); both take {whole:.2f} times as long as the first alone"
    )
    if asked.write:
        found = {
            "parts": {kind: asdict(proof) for kind, proof in proofs.items()},
            "ratio": whole,
            "command": f"python -m benchmarks.explanation MVSA --n {asked.n}",
        }
        scores = {**bundle.meta.scores, "explanation": found}
        sign(replace(bundle.meta, scores=scores), bundle.directory)


if __name__ == "__main__":
    main()
