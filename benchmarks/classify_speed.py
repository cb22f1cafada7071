"""Posts per second of `mmsa` beside other ways to do the same, as ratios within one run.

    python benchmarks/classify_speed.py [SOURCE] [-n 96] [--rounds 3] [--json FILE] [--plot FILE]

Every arm has the same weights, the same posts and the same cores, and includes reading the picture from
disk. Models are loaded and warmed up before. No arm but the one called warm finds a feature in the cache.
Arms run A B C C B A; a ratio is taken within a round. The last rows keep one core busy with another
program while ours runs, and take the time of ours by its stages, one after the other on one thread.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmsa_tui.bundle.meta import CALIBRATION, Bundle
from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.config import Paths, find_paths
from mmsa_tui.model.cache import FeatureCache
from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.device import n_workers, set_torch_threads
from mmsa_tui.model.encoded import Arrays
from mmsa_tui.model.encoders import masked_mean
from mmsa_tui.model.encoding import open_encoders
from mmsa_tui.model.head import Head
from mmsa_tui.model.predictor import Predictor
from mmsa_tui.model.preprocessing import TextTransform, decode, lexicon, normalise, normalise_text
from mmsa_tui.model.runtimes import bucketed
from mmsa_tui.model.runtimes.graphs import EncoderWeights, image_graph, text_graph
from mmsa_tui.pictures.decoder import open_picture
from mmsa_tui.records import Post
from mmsa_tui.sources import read

Arm = Callable[[Sequence[Post]], list[str]]


@dataclass(frozen=True)
class Judged:
    """What all arms share: the bundle and its head."""

    bundle: Bundle
    paths: Paths
    head: Head
    calibration: Calibration

    def folder(self, which: str) -> Path:
        return self.bundle.encoder_directory(which, self.paths)

    def labels(self, posts: Sequence[Post], text: Any, image: Any) -> list[str]:
        both = np.ones(len(posts), bool)
        scores = lexicon().features([post.text for post in posts])
        fused, _, _ = self.head.logits(Arrays(np.asarray(text), scores, np.asarray(image), both, both))
        return [self.bundle.labels[int(row)] for row in fused.argmax(1)]


def hugging_face_arm(judged: Judged, batch_size: int, pad_to_limit: bool) -> Arm:
    """The loop most people write: AutoModel in fp32, the image processor, padding to 128."""
    from transformers import AutoModel, AutoTokenizer, MobileNetV2ImageProcessor

    tokenizer = AutoTokenizer.from_pretrained(str(judged.folder("text")))
    text = AutoModel.from_pretrained(str(judged.folder("text")), dtype=torch.float32).eval()
    image = AutoModel.from_pretrained(str(judged.folder("image")), dtype=torch.float32).eval()
    processor = MobileNetV2ImageProcessor()

    @torch.inference_mode()
    def run(posts: Sequence[Post]) -> list[str]:
        labels: list[str] = []
        for start in range(0, len(posts), batch_size):
            batch = posts[start : start + batch_size]
            tokens = tokenizer(
                [normalise_text(p.text) for p in batch],
                padding="max_length" if pad_to_limit else True,
                truncation=True,
                max_length=128,
                return_tensors="pt",
            )
            words = masked_mean(text(**tokens).last_hidden_state, tokens["attention_mask"])
            pictures = [open_picture(p.pictures[0].read(), 10_000) for p in batch]
            pixels = processor(pictures, return_tensors="pt")["pixel_values"]
            seen = image(pixel_values=pixels).last_hidden_state.mean(dim=(2, 3))
            labels += judged.labels(batch, words, seen)
        return labels

    return run


def onnx_arm(judged: Judged) -> Arm:
    """A careful pipeline in ONNX Runtime: threads as it likes, texts by length, pictures by eights."""
    import onnxruntime

    transform = TextTransform(judged.folder("text"))
    config = json.loads((judged.folder("text") / "config.json").read_text("utf-8"))
    weights = EncoderWeights(judged.folder("text"))
    words = weights["embeddings.word_embeddings.weight"]
    rest = weights["embeddings.position_embeddings.weight"].astype(np.float32)
    rest = rest + weights["embeddings.token_type_embeddings.weight"][0].astype(np.float32)
    graph = text_graph(weights, config, (config["num_hidden_layers"],), "fp32")
    text = onnxruntime.InferenceSession(graph.SerializeToString())
    config = json.loads((judged.folder("image") / "config.json").read_text("utf-8"))
    graph = image_graph(EncoderWeights(judged.folder("image")), config)
    image = onnxruntime.InferenceSession(graph.SerializeToString())
    pool = ThreadPoolExecutor(n_workers(0))

    def run(posts: Sequence[Post]) -> list[str]:
        decoding = [pool.submit(lambda post: decode(post.pictures[0].read()), post) for post in posts]
        ids = transform.encode([post.text for post in posts])
        said = np.zeros((len(posts), words.shape[1]), np.float32)
        for rows in bucketed([len(row) for row in ids], 32):
            batch = transform.collate([ids[row] for row in rows])
            embedded = words[batch.input_ids].astype(np.float32) + rest[: batch.input_ids.shape[1]]
            inputs = {"embedded": embedded, "mask": batch.attention_mask.astype(np.int32)}
            said[rows] = text.run(["pooled"], inputs)[0]
        seen = [
            image.run(
                ["pooled"], {"pixels": normalise(np.stack([job.result() for job in decoding[i : i + 8]]))}
            )[0]
            for i in range(0, len(posts), 8)
        ]
        return judged.labels(posts, said, np.concatenate(seen))

    return run


def our_arm(judged: Judged, cache: FeatureCache | None) -> Arm:
    encoders = open_encoders(judged.bundle, judged.paths, "cpu", cache=cache)
    encoders.load()
    predictor = Predictor(judged.bundle.id, judged.bundle.labels, judged.head, judged.calibration, encoders)

    def run(posts: Sequence[Post]) -> list[str]:
        batches = [posts[i : i + 64] for i in range(0, len(posts), 64)]
        return [p.label for batch in predictor.predict_batches(batches) for p in batch]

    return run


def stages(judged: Judged, posts: Sequence[Post]) -> dict[str, float]:
    """Milliseconds a post of each stage, alone and on one thread."""
    encoders = open_encoders(judged.bundle, judged.paths, "cpu", threads=1)
    encoders.load()
    transform, text = encoders._text_runtime()
    image = encoders._image_runtime()
    taken: dict[str, float] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        out = work()
        taken[name] = 1000 * (time.perf_counter() - start) / len(posts)
        return out

    data = timed("read the picture", lambda: [post.pictures[0].read() for post in posts])
    pixels = timed("decode and resize", lambda: [decode(item) for item in data])
    timed(
        "encode the picture",
        lambda: [image.encode(np.stack(pixels[i : i + 8])) for i in range(0, len(posts), 8)],
    )
    ids = timed("tokenise", lambda: transform.encode([post.text for post in posts]))
    buckets = bucketed([len(row) for row in ids], 16)
    timed(
        "encode the text",
        lambda: [text.encode(transform.collate([ids[i] for i in rows])) for rows in buckets],
    )
    timed("lexicon", lambda: lexicon().features([post.text for post in posts]))
    return taken


def in_turns(arms: dict[str, Arm], posts: Sequence[Post], rounds: int) -> dict[str, list[float]]:
    """Run arms A B C C B A, round by round: posts per second of each."""
    rates: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(rounds):
        seconds = dict.fromkeys(arms, 0.0)
        for name in [*arms, *reversed(arms)]:
            start = time.perf_counter()
            arms[name](posts)
            seconds[name] += time.perf_counter() - start
        for name in arms:
            rates[name].append(2 * len(posts) / seconds[name])
    return rates


def _spin() -> None:
    while True:
        pass


def beside_a_busy_core(arm: Arm, posts: Sequence[Post], rounds: int) -> list[float]:
    """How fast an arm is while another program takes one core, as a share of its speed without."""
    shares = []
    for _ in range(rounds):
        (idle,) = in_turns({"idle": arm}, posts, 1)["idle"]
        other = multiprocessing.get_context("spawn").Process(target=_spin, daemon=True)
        other.start()
        time.sleep(1)
        (busy,) = in_turns({"busy": arm}, posts, 1)["busy"]
        other.kill()
        other.join()
        shares.append(busy / idle)
    return shares


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        flags = next(line for line in lines if line.startswith("flags")).split()
        known = [
            name for name in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8") if name in flags
        ]
        name = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
        return f"{name} ({', '.join(known)})"
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def draw(rates: dict[str, list[float]], base: str, file: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    cold = [name for name in rates if "warm" not in name]
    figure, axes = pyplot.subplots(figsize=(7, 0.5 * len(cold) + 1))
    values = [statistics.median(rates[name]) / statistics.median(rates[base]) for name in cold]
    bars = axes.barh(cold, values, color=["#8a94a6"] * (len(cold) - 1) + ["#2f7d6d"])
    axes.bar_label(bars, [f"{value:.1f} ×" for value in values], padding=3)
    axes.invert_yaxis()
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.set_xticks([])
    axes.set_title("Posts per second on a CPU, the usual loop = 1", loc="left", fontsize=10)
    figure.tight_layout()
    figure.savefig(file, dpi=130)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", nargs="?", type=Path, default=Path("mmsa_tui/samples/posts.csv"))
    parser.add_argument("-n", type=int, default=96, help="posts an arm")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bundle", default="", help="whose weights; the active one unless given")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    set_torch_threads(0)
    paths = find_paths()
    bundle = find_bundle(paths, options.bundle)
    calibration = Calibration.load(bundle.directory / CALIBRATION)
    judged = Judged(bundle, paths, Head.load(bundle), calibration)
    found = (p for p in read(options.source) if isinstance(p, Post) and p.pictures and p.text.strip())
    posts = [post for post, _ in zip(found, range(options.n), strict=False)]
    with tempfile.TemporaryDirectory() as folder, FeatureCache(Path(folder) / "features.db") as cache:
        ours = our_arm(judged, None)
        arms: dict[str, Arm] = {
            "usual loop (batch 1, padded to 128)": hugging_face_arm(judged, 1, True),
            "batches of 32, dynamic padding": hugging_face_arm(judged, 32, False),
            "careful ONNX Runtime fp32": onnx_arm(judged),
            "mmsa, cold": ours,
            "mmsa, warm": our_arm(judged, cache),
        }
        answers = {name: arm(posts) for name, arm in arms.items()}  # also warms up
        rates = in_turns(arms, posts, options.rounds)
    base = next(iter(arms))
    careful = "careful ONNX Runtime fp32"
    busy = beside_a_busy_core(ours, posts, options.rounds)
    taken = stages(judged, posts)
    print(f"{len(posts)} posts, {n_workers(0)} cores, {processor()}, {options.rounds} rounds of A B C C B A")
    print(f"{'arm':36} {'posts/s':>8} {'times the usual loop':>24} {'same label':>11}")
    report: dict[str, Any] = {
        "processor": processor(),
        "cores": os.cpu_count(),
        "posts": len(posts),
        "arms": {},
    }
    for name in arms:
        ratios = [a / b for a, b in zip(rates[name], rates[base], strict=True)]
        same = sum(a == b for a, b in zip(answers[name], answers[base], strict=True)) / len(posts)
        spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"{name:36} {statistics.median(rates[name]):>8.1f} {spread:>24} {same:>11.1%}")
        report["arms"][name] = {"posts_per_second": rates[name], "ratio": ratios, "same_label": same}
    against = [a / b for a, b in zip(rates["mmsa, cold"], rates[careful], strict=True)]
    print(
        f"cold against {careful}: {statistics.median(against):.2f} ({min(against):.2f} to {max(against):.2f})"
    )
    print(f"one core busy against none: {statistics.median(busy):.2f} ({min(busy):.2f} to {max(busy):.2f})")
    print("ms a post, one thread: " + ", ".join(f"{name} {ms:.2f}" for name, ms in taken.items()))
    report |= {"against_careful": against, "busy": busy, "stages_ms": taken}
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    if options.plot:
        draw(rates, base, options.plot)


if __name__ == "__main__":
    main()
