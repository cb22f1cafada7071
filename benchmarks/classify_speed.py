"""Posts per second of `mmsa` beside other ways to do the same, as ratios within one run.

    python -m benchmarks.classify_speed [SOURCE] [-n 96] [--rounds 3] [--bundle NAME] [--labels SOURCE]
        [--json FILE] [--plot FILE] [--cpu-time]

Every arm has the same weights, the same posts and the same cores, and includes reading the picture from
disk. Models are loaded and warmed up before. No arm but the one called warm finds a feature in the cache.
Arms run A B C C B A; a ratio is taken within a round. The last rows keep one core busy with another
program while ours runs, and take the time of ours by its stages, one after the other on one thread.
Before that each arm is started alone in a process: time to its first label, and the memory it came to.

On a machine that does other work too, `taskset -c 0 python -m benchmarks.classify_speed … --cpu-time` counts
the processor seconds of each arm on one core, its children's included, and leaves the rest out. With
`benchmarks/avx2.c` all libraries find a processor without AVX-512, AVX-VNNI and AMX.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed_arms import BATCHED, CAREFUL, COLD, SENTENCES, USUAL, WARM, Arm, Judged, build
from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.config import find_paths
from mmsa_tui.model.cache import FeatureCache
from mmsa_tui.model.device import n_workers
from mmsa_tui.model.encoding import open_encoders
from mmsa_tui.model.preprocessing import decode, lexicon
from mmsa_tui.model.runtimes import bucketed
from mmsa_tui.records import Post
from mmsa_tui.sources import read

ARMS = (USUAL, BATCHED, SENTENCES, CAREFUL, COLD, WARM)


def stages(judged: Judged, posts: Sequence[Post]) -> dict[str, float]:
    """Milliseconds a post of each stage, alone and on one thread."""
    encoders = open_encoders(judged.bundle, judged.paths, "cpu", threads=1)
    encoders.load()
    transform, text = encoders.runtimes.text()
    image = encoders.runtimes.image()
    taken: dict[str, float] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        start = time.process_time()
        out = work()
        taken[name] = 1000 * (time.process_time() - start) / len(posts)
        return out

    data = timed("read the picture", lambda: [post.pictures[0].read() for post in posts])
    pixels = timed("decode and resize", lambda: [decode(item) for item in data])
    timed(
        "encode the picture",
        lambda: [image.encode(np.stack(pixels[i : i + 4])) for i in range(0, len(posts), 4)],
    )
    ids = timed("tokenise", lambda: transform.encode([post.text for post in posts]))
    buckets = bucketed([len(row) for row in ids], encoders._text_batch)
    timed(
        "encode the text",
        lambda: [text.encode(transform.collate([ids[i] for i in rows])) for rows in buckets],
    )
    timed("lexicon", lambda: lexicon().features([post.text for post in posts]))
    return taken


def cpu_seconds() -> float:
    """Processor seconds of this process and of its children that have ended."""
    return time.process_time() + sum(os.times()[2:4])


def in_turns(
    arms: dict[str, Arm], posts: Sequence[Post], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, list[float]]:
    """Run arms A B C C B A, round by round: posts per second of each."""
    rates: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(rounds):
        seconds = dict.fromkeys(arms, 0.0)
        for name in [*arms, *reversed(arms)]:
            start = clock()
            arms[name](posts)
            seconds[name] += clock() - start
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
        can: tuple[str, ...] = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8")
        if "avx2.so" in os.environ.get("LD_PRELOAD", ""):
            can = can[:1]
        known = [name for name in can if name in flags]
        name = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
        return f"{name} ({', '.join(known)})"
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def draw(rates: Mapping[str, list[float]], base: str, file: Path, title: str) -> None:
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
    axes.set_title(title, loc="left", fontsize=10)
    figure.tight_layout()
    figure.savefig(file, dpi=130)


def alone(name: str, posts: Sequence[Post], bundle: str) -> None:
    """Load one arm and label a few posts; print the seconds since this process began, and its peak in MB."""
    import resource

    paths = find_paths()
    build(name, Judged.load(find_bundle(paths, bundle), paths))(posts)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    print(json.dumps({"ended": time.time(), "peak_mb": peak}))


def measure_alone(name: str, options: argparse.Namespace) -> dict[str, float]:
    """Start an arm in a process of its own: seconds from nothing to 8 labels, and megabytes at its peak."""
    command = [sys.executable, "-m", "benchmarks.classify_speed", str(options.source), "-n", "8"]
    start = time.time()
    done = subprocess.run(
        [*command, "--bundle", options.bundle, "--alone", name], capture_output=True, text=True, check=True
    )
    said = json.loads(done.stdout.splitlines()[-1])
    return {"start_s": said["ended"] - start, "peak_mb": said["peak_mb"]}


def read_posts(source: Path, n: int) -> list[Post]:
    found = (p for p in read(source) if isinstance(p, Post) and p.pictures and p.text.strip())
    return [post for post, _ in zip(found, range(n), strict=False)]


def people_labels(source: Path | None) -> Mapping[str, str]:
    """Return what people said of whole posts, by id."""
    found = read(source) if source is not None else ()
    posts = (item for item in found if isinstance(item, Post))
    return {post.post_id: post.truth["post"] for post in posts if "post" in post.truth}


def median_of(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", nargs="?", type=Path, default=Path("mmsa_tui/samples/posts.csv"))
    parser.add_argument("-n", type=int, default=96, help="posts an arm")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bundle", default="", help="whose weights; the active one unless given")
    parser.add_argument("--labels", type=Path, help="a source that has people's labels of these posts")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--cpu-time", action="store_true", help="count processor seconds")
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    options = parser.parse_args()
    posts = read_posts(options.source, options.n)
    if options.alone:
        alone(options.alone, posts, options.bundle)
        return
    paths = find_paths()
    judged = Judged.load(find_bundle(paths, options.bundle), paths)
    truth = people_labels(options.labels)
    started, arms = {}, {}
    with tempfile.TemporaryDirectory() as folder, FeatureCache(Path(folder) / "features.db") as cache:
        for name in ARMS:
            try:
                arms[name] = build(name, judged, cache)
            except ImportError as error:
                print(f"{name}: left out ({error})", file=sys.stderr)
                continue
            if not options.cpu_time:
                started[name] = measure_alone(name, options)
        answers = {name: arm(posts) for name, arm in arms.items()}  # also warms up
        clock = cpu_seconds if options.cpu_time else time.perf_counter
        rates = in_turns(arms, posts, options.rounds, clock)
    busy = [] if options.cpu_time else beside_a_busy_core(arms[COLD], posts, options.rounds)
    taken = stages(judged, posts)
    print(f"{judged.bundle.id}: {len(posts)} posts, {n_workers(0)} cores, {processor()}")
    print(f"{options.rounds} rounds of A B C C B A; load before the end {os.getloadavg()[0]:.1f}")
    unit = "posts/CPU s" if options.cpu_time else "posts/s"
    columns = (unit, "times the usual loop", "same label", "right", "start s", "MB")
    print(f"{'arm':36} {columns[0]:>8} {columns[1]:>24}" + "".join(f"{name:>11}" for name in columns[2:]))
    report: dict[str, Any] = {
        "bundle": judged.bundle.id,
        "processor": processor(),
        "cores": n_workers(0),
        "unit": unit,
        "posts": len(posts),
        "load": os.getloadavg(),
        "arms": {},
    }
    for name in arms:
        ratios = [a / b for a, b in zip(rates[name], rates[USUAL], strict=True)]
        same = statistics.mean(a == b for a, b in zip(answers[name], answers[USUAL], strict=True))
        known = [(post, label) for post, label in zip(posts, answers[name], strict=True)]
        hits = [truth[post.post_id] == label for post, label in known if post.post_id in truth]
        right = statistics.mean(hits) if hits else None
        print(
            f"{name:36} {statistics.median(rates[name]):>8.1f} {median_of(ratios):>24} {same:>10.1%} "
            f"{'-' if right is None else f'{right:.1%}':>10} "
            + " ".join(f"{value:>10,.1f}" for value in started.get(name, {}).values())
        )
        report["arms"][name] = {
            "posts_per_second": rates[name], "ratio": ratios, "same_label": same, "right": right,
            "n_with_label": len(hits), **started.get(name, {}),
        }  # fmt: skip
    against = [a / b for a, b in zip(rates[COLD], rates[CAREFUL], strict=True)]
    print(f"cold against {CAREFUL}: {median_of(against)}")
    if busy:
        print(f"one core busy against none: {median_of(busy)}")
    print("ms a post, one thread: " + ", ".join(f"{name} {ms:.2f}" for name, ms in taken.items()))
    report |= {"against_careful": against, "busy": busy, "stages_ms": taken}
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    if options.plot:
        of = "a processor second" if options.cpu_time else "a second"
        title = f"Posts {of}, {judged.bundle.id}, the usual loop = 1"
        draw(rates, USUAL, options.plot, title)


if __name__ == "__main__":
    main()
