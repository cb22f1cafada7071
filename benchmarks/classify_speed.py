"""Posts per second: the usual Hugging Face loop, the same in batches, and ours; as ratios in one run.

    python benchmarks/classify_speed.py [SOURCE] [-n 96] [--rounds 3]

Every arm has the same weights, the same posts and the same threads, and includes reading the
picture from disk. The model is loaded and warmed up before; no feature is cached. Arms run
A B C C B A; a ratio is taken within a round.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from mmsa_tui.bundle.meta import CALIBRATION
from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.config import find_paths
from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.device import set_torch_threads
from mmsa_tui.model.encoders import masked_mean
from mmsa_tui.model.features import Features
from mmsa_tui.model.network import load_network
from mmsa_tui.model.predictor import Predictor
from mmsa_tui.model.preprocessing import lexicon, normalise_text
from mmsa_tui.pictures.decoder import open_picture
from mmsa_tui.records import Post
from mmsa_tui.sources import read

Arm = Callable[[Sequence[Post]], list[str]]


def hugging_face_arm(batch_size: int, pad_to_limit: bool) -> Arm:
    """The loop most people write: AutoModel in fp32, the image processor, padding to 128."""
    from transformers import AutoModel, AutoTokenizer, MobileNetV2ImageProcessor

    paths = find_paths()
    bundle = find_bundle(paths, "mvsa")
    text_folder, image_folder = (bundle.encoder_directory(which, paths) for which in ("text", "image"))
    tokenizer = AutoTokenizer.from_pretrained(str(text_folder))
    text = AutoModel.from_pretrained(str(text_folder), dtype=torch.float32).eval()
    image = AutoModel.from_pretrained(str(image_folder), dtype=torch.float32).eval()
    processor = MobileNetV2ImageProcessor()
    head, calibration = load_network(bundle), Calibration.load(bundle.directory / CALIBRATION)

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
            both = torch.ones(len(batch), dtype=torch.bool)
            features = Features(
                words, torch.from_numpy(lexicon().features([p.text for p in batch])), seen, both, both
            )
            probs = Calibration.probs(head(features).fused, calibration.both)
            labels += [bundle.labels[int(i)] for i in probs.argmax(1)]
        return labels

    return run


def our_arm() -> tuple[Arm, str]:
    paths = find_paths()
    predictor = Predictor.load(find_bundle(paths, "mvsa"), paths, device="cpu", cache=False)
    predictor.encoders.load()

    def run(posts: Sequence[Post]) -> list[str]:
        batches = [posts[i : i + 64] for i in range(0, len(posts), 64)]
        return [p.label for batch in predictor.predict_batches(batches) for p in batch]

    return run, predictor.device_name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", nargs="?", type=Path, default=Path("mmsa_tui/samples/posts.csv"))
    parser.add_argument("-n", type=int, default=96, help="posts an arm")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    set_torch_threads(0)
    posts = [p for p in read(options.source) if isinstance(p, Post) and p.pictures and p.text.strip()][
        : options.n
    ]
    ours, numerics = our_arm()
    arms: dict[str, Arm] = {
        "usual loop (batch 1, padded to 128)": hugging_face_arm(1, True),
        "batches of 32, dynamic padding": hugging_face_arm(32, False),
        f"mmsa ({numerics})": ours,
    }
    answers = {name: arm(posts) for name, arm in arms.items()}  # also warms up
    names = list(arms)
    rates: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(options.rounds):
        seconds = dict.fromkeys(names, 0.0)
        for name in [*names, *reversed(names)]:
            start = time.perf_counter()
            arms[name](posts)
            seconds[name] += time.perf_counter() - start
        for name in names:
            rates[name].append(2 * len(posts) / seconds[name])
    print(f"{len(posts)} posts, {torch.get_num_threads()} threads, {options.rounds} rounds of A B C C B A")
    print(f"{'arm':38} {'posts/s':>8} {'ratio (min to max)':>22} {'same label':>11}")
    for name in names:
        ratios = [a / b for a, b in zip(rates[name], rates[names[0]], strict=True)]
        same = sum(a == b for a, b in zip(answers[name], answers[names[0]], strict=True)) / len(posts)
        spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"{name:38} {statistics.median(rates[name]):>8.1f} {spread:>22} {same:>11.1%}")


if __name__ == "__main__":
    main()
