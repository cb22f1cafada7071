"""Time what the post table does on a big source: page, sort, filter, search, and memory.

    python benchmarks/store_scale.py [--posts 100000]

Prints one line per action: wall clock and processor time, the medians of three runs. On a machine
that is busy otherwise only the latter means something. The database is made in a temporary folder.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import accumulate, islice
from pathlib import Path

from mmsa_tui.records import Correction, Failure, Picture, Post, Prediction, content_hash
from mmsa_tui.store import Order, Store, Where

LABELS = ("negative", "neutral", "positive")
N_WORDS = 2000
"""Size of the made-up vocabulary, used by Zipf's law: `w0` is in every second text."""

BUNDLE = "mvsa@1.0.0"
FIRST, LAST = slice(100), slice(-100, None)
"""Pages of a list."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=100_000)
    n_posts = parser.parse_args().posts
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "mmsa.db") as store:
        fill(store, n_posts)
        measure(store, n_posts)
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
        print(f"{'database':44} {size / 2**20:8.0f} MB")
        print(f"{'peak memory of the process':44} {peak_memory_mb():8.0f} MB")


def fill(store: Store, n_posts: int) -> None:
    rng = random.Random(1)
    clock(
        "read in", lambda: store.index_source("synthetic", "table", "synthetic", make_posts(rng, n_posts)), 1
    )
    store.save_bundle_labels(BUNDLE, LABELS)
    clock("save a prediction for each, batches of 256", lambda: predict_all(store, rng), 1)
    rows = store.rows(1, BUNDLE, limit=n_posts // 20)
    made = [Correction("", row.post.content_hash, rng.choice(LABELS)) for row in rows if row.post]
    clock(f"correct {len(made)} posts at once", lambda: store.add_corrections(made), 1)


def predict_all(store: Store, rng: random.Random) -> None:
    waiting = store.unpredicted(1, BUNDLE)
    while batch := [predict(rng, stored.post) for stored in islice(waiting, 256) if stored.post]:
        store.save_predictions(batch)


def make_posts(rng: random.Random, n_posts: int) -> Iterator[Post | Failure]:
    words = [f"w{rank}" for rank in range(N_WORDS)]
    weights = list(accumulate(1 / (rank + 1) for rank in range(N_WORDS)))
    for number in range(n_posts):
        text = " ".join(rng.choices(words, cum_weights=weights, k=rng.randint(4, 24)))
        if number % 10 == 0:
            text = f"RT @someone: {text[:20]}"
        if number % 1000 == 999:
            yield Failure(str(number), "no text and no picture")
            continue
        picture = Picture(f"{number}.jpg", Path(f"pictures/{number}.jpg"), digest=f"{number:040x}")
        yield Post(
            post_id=str(10**18 + number * 7919),
            text=text,
            pictures=(picture,),
            author=f"@user{rng.randint(0, 5000)}",
            created_at=f"2024-{number % 12 + 1:02}-{number % 28 + 1:02}T14:03:00+00:00",
            language=rng.choice(("en", "de", "ja")),
            content_hash=content_hash(text, [picture.digest]),
            metadata={f"column_{index}": str(rng.randint(0, 10**6)) for index in range(8)},
        )


def predict(rng: random.Random, post: Post) -> Prediction:
    weights = [rng.random() for _ in LABELS]
    probs = tuple(weight / sum(weights) for weight in weights)
    best = max(range(len(LABELS)), key=probs.__getitem__)
    return Prediction(
        content_hash=post.content_hash,
        bundle=BUNDLE,
        status="ok",
        label=LABELS[best],
        confidence=probs[best],
        probs=probs,
        text_label=rng.choice(LABELS),
        text_probs=probs,
        image_label=rng.choice(LABELS),
        image_probs=probs,
    )


def measure(store: Store, n_posts: int) -> None:
    source = store.source("synthetic")
    assert source is not None
    columns = (
        *("ordinal", "post_id", "text", "author", "created_at", "language", "n_pictures", "duplicate_group"),
        *("n_duplicates", "label", "confidence", "margin", "conflict", "status", "text_label", "image_label"),
        *("p_negative", "corrected_label", "final_label", "note", "flagged"),
    )

    def page(where: Where | None = None, order: Order | None = None, at: slice = FIRST) -> None:
        ordinals = store.ordinals(source.id, BUNDLE, where, order)
        assert list(store.rows_at(source.id, BUNDLE, ordinals[at]))

    clock("open the first page", page)
    clock("open the last page", lambda: page(at=LAST))
    for column in columns:
        clock(f"sort by {column}", partial(page, order=Order(column, True)))
    clock("sort by text, last page", lambda: page(order=Order("text"), at=LAST))
    uncertain = Where("confidence < ? AND label = ?", (0.5, "neutral"))
    search = Where("row_id IN (SELECT rowid FROM post_text WHERE post_text MATCH ?)", ('"w20" "w30"',))
    common = Where("row_id IN (SELECT rowid FROM post_text WHERE post_text MATCH ?)", ('"w0"',))
    clock("count all", lambda: store.count(source.id, BUNDLE))
    clock("count uncertain", lambda: store.count(source.id, BUNDLE, uncertain))
    clock("page uncertain by margin", lambda: page(uncertain, Order("margin")))
    clock("count conflicts", lambda: store.count(source.id, BUNDLE, Where("conflict")))
    clock("count corrected", lambda: store.count(source.id, BUNDLE, Where("corrected_label <> ''")))
    clock("search two words", lambda: page(search))
    clock("search a common word, by confidence", lambda: page(common, Order("confidence")))
    clock("count a common word", lambda: store.count(source.id, BUNDLE, common))
    clock("tally labels", lambda: store.tally(source.id, BUNDLE, "final_label"))
    clock("all ordinals by confidence", lambda: store.ordinals(source.id, BUNDLE, None, Order("confidence")))
    middle = range(n_posts // 2, n_posts // 2 + 100)
    clock("a page by its ordinals", lambda: list(store.rows_at(source.id, BUNDLE, middle)))
    row = next(store.rows_at(source.id, BUNDLE, [17]))
    assert row.post is not None
    digest = row.post.content_hash
    clock("one correction to disk", lambda: store.add_corrections([Correction("", digest, "neutral")]))
    clock("walk through every row", lambda: sum(1 for _ in store.rows(source.id, BUNDLE)))


def clock(name: str, action: Callable[[], object], n_runs: int = 3) -> None:
    walls, processors = [], []
    for _ in range(n_runs):
        wall, processor = time.perf_counter(), time.process_time()
        action()
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    wall_ms, processor_ms = statistics.median(walls) * 1000, statistics.median(processors) * 1000
    print(f"{name:44} {wall_ms:8.0f} ms {processor_ms:8.0f} ms processor", flush=True)


def peak_memory_mb() -> float:
    if sys.platform == "win32":
        return float("nan")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


if __name__ == "__main__":
    main()
