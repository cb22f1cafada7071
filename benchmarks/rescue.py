"""Damage stores at random places, restore them, and count the acts that come back and those that never were.

    python -m benchmarks.rescue [--seeds 20] [--acts 400]

Each damage is tried twice: with the store alone, and with its journal beside it. The fewest of all seeds are
printed, with the median; how many of those whose uid and post the damaged file still holds side by side did
not come back from it alone; and how many acts came back that nobody had made, in all seeds together.
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from mmsa_tui.config import Paths, find_paths
from mmsa_tui.errors import StoreError
from mmsa_tui.records import Correction, Post
from mmsa_tui.services import store_care
from mmsa_tui.store import Store

LABELS = ("negative", "neutral", "positive")


def cut(share: float) -> Callable[[Path, random.Random], None]:
    """Cut a file; by up to a page more, so that the seeds differ."""

    def harm(file: Path, chosen: random.Random) -> None:
        data = file.read_bytes()
        file.write_bytes(data[: int(len(data) * share) - chosen.randrange(4096)])

    return harm


def flip(n_bytes: int) -> Callable[[Path, random.Random], None]:
    """Give so many bytes another value."""

    def harm(file: Path, chosen: random.Random) -> None:
        data = bytearray(file.read_bytes())
        for _ in range(n_bytes):
            data[chosen.randrange(len(data))] ^= chosen.randrange(1, 256)
        file.write_bytes(data)

    return harm


DAMAGES = {
    "cut to 90 %": cut(0.9),
    "cut to 50 %": cut(0.5),
    "20 bytes flipped": flip(20),
    "200 bytes flipped": flip(200),
    "2,000 bytes flipped": flip(2000),
}


def make(paths: Paths, n_acts: int) -> None:
    """Make a store of as many posts as acts, in ten sources, each labelled post by post before the next."""
    with Store.open(paths.database) as store:
        for number in range(10):
            posts = [
                Post(str(n), f"a long day with word {number}.{n} " * (1 + n % 9)) for n in range(n_acts // 10)
            ]
            row = store.index_source(f"here {number}", "pairs", "Here", posts)
            for stored in list(store.posts(row.id)):
                assert stored.post is not None
                label = LABELS[stored.ordinal % 3]
                note = f"note {stored.ordinal}" if stored.ordinal % 5 == 0 else ""
                made = Correction(
                    "", stored.post.content_hash, label, note=note, analyst="Ann", text=stored.post.text,
                    probs=(0.1, 0.2, 0.7), post_id=stored.post.post_id,
                )  # fmt: skip
                store.acts.record([made], label, "here")


def said(act: Correction) -> tuple[str, str, datetime]:
    """Name what an act says; a damaged uid does not make it another."""
    return act.content_hash, act.new_label, datetime.fromisoformat(act.created_at)


def try_one(
    whole: Path, folder: Path, harm: Callable[[Path, random.Random], None], seed: int, keeps_journal: bool
) -> tuple[int, int, int]:
    """Return how many acts come back, how many that the file holds do not, and how many were never made."""
    paths = find_paths({"MMSA_HOME": str(folder)})
    shutil.copytree(whole, folder)
    with Store.open(paths.database) as store:
        acts = list(store.corrections())
    if not keeps_journal:
        paths.database.with_name("mmsa.corrections.jsonl").unlink()
    harm(paths.database, random.Random(seed))
    data = paths.database.read_bytes()
    held = {said(act) for act in acts if (act.uid + act.content_hash).encode() in data}
    try:
        store_care.restore(paths)
        with Store.open(paths.database) as store:
            back = [said(act) for act in store.corrections()]
    except StoreError:
        back = []
    shutil.rmtree(folder)
    known = {said(act) for act in acts} & set(back)
    return len(known), len(held - known), len(back) - len(known)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--acts", type=int, default=400)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        whole, place = Path(scratch) / "whole", Path(scratch) / "damaged"
        make(find_paths({"MMSA_HOME": str(whole)}), options.acts)
        print(
            f"of {options.acts} | store alone: fewest, median, missed | with the journal: fewest | never made"
        )
        for name, harm in DAMAGES.items():
            alone = [try_one(whole, place, harm, seed, False) for seed in range(options.seeds)]
            beside = [try_one(whole, place, harm, seed, True) for seed in range(options.seeds)]
            backs = [back for back, *_ in alone]
            missed, extra = (sum(tried[at] for tried in alone) for at in (1, 2))
            print(
                f"{name} | {min(backs)}, {statistics.median(backs):g}, {missed}"
                f" | {min(back for back, *_ in beside)} | {extra} and {sum(tried[2] for tried in beside)}",
                flush=True,
            )


if __name__ == "__main__":
    main()
