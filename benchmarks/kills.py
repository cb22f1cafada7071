"""Kill processes at random moments, and count what was acknowledged and is not there afterwards.

    python benchmarks/kills.py [--labels 1000] [--commands 50] [--seed 1]

`labels`: a process that labels post after post, and says so after each, is killed at a random moment; every
act that it has said to be made must be in the store and in its journal. `commands`: corrections export,
store backup and restore, forget and purge are killed at random moments of their work; afterwards the store
is whole, no output is half written, and the next run of the command succeeds and leaves no part of a file.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from mmsa_tui.config import find_paths
from mmsa_tui.records import Correction, Post
from mmsa_tui.services import store_care
from mmsa_tui.store import Store
from mmsa_tui.store.journal import Journal

LABELLER = """
import sys
from pathlib import Path
from mmsa_tui.records import Correction
from mmsa_tui.store import Store
with Store.open(Path(sys.argv[1])) as store:
    n = 0
    while True:
        act = Correction(f"{sys.argv[2]}-{n}", f"b2:{n:040x}", "positive")
        store.record_act([act], "label", "here")
        print(act.uid, flush=True)
        if n % 7 == 3:
            many = [Correction(f"{act.uid}-bulk-{i}", f"b2:{n:036x}{i:04x}", "neutral") for i in range(20)]
            store.record_act(many, "bulk", "here")
            print(f"{act.uid}-bulk", flush=True)
        n += 1
"""


def kill_labelling(home: Path, n_kills: int, chosen: random.Random) -> tuple[int, int, int]:
    """Return (acts acknowledged, of those lost from the store or its journal, bulks half done)."""
    database = home / "data" / "mmsa.db"
    Store.open(database).close()
    acknowledged: set[str] = set()
    for number in range(n_kills):
        process = subprocess.Popen(
            [sys.executable, "-c", LABELLER, str(database), f"k{number}"], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(chosen.random() * 0.15)
        process.send_signal(signal.SIGKILL)
        said = [first, *process.stdout.readlines()]
        process.wait()
        # A line that was cut was not heard.
        acknowledged |= {line.strip() for line in said if line.endswith("\n")}
    with Store.open(database) as store:
        # The next act brings the journal up to date.
        store.add_corrections([Correction("last", "b2:last", "positive")])
        stored = {act.uid for act in store.corrections()}
    journalled = {str(record["uid"]) for record in Journal(database).records()}
    lost = half = 0
    bulks = {uid.rpartition("-")[0] for uid in stored if "-bulk-" in uid}
    for uid in acknowledged:
        parts = [f"{uid}-{i}" for i in range(20)] if uid.endswith("-bulk") else [uid]
        lost += sum(part not in stored or part not in journalled for part in parts)
    for bulk in bulks:
        half += sum(f"{bulk}-{i}" in stored for i in range(20)) != 20
    return len(acknowledged), lost, half


def kill_commands(folder: Path, n_kills: int, chosen: random.Random) -> dict[str, tuple[int, int]]:
    """Return by command (stores that were not whole afterwards, files left after the next run)."""
    outcome = {}
    commands: dict[str, Callable[[Path], list[str]]] = {
        "corrections export": lambda out: [
            "corrections",
            "export",
            "-o",
            str(out / "acts.jsonl"),
            "--overwrite",
        ],
        "store backup": lambda out: ["store", "backup"],
        "store restore": lambda out: ["store", "restore"],
        "forget": lambda out: ["forget", "here", "--yes"],
        "purge": lambda out: ["purge", "--yes"],
    }
    for name, make in commands.items():
        damaged = left = 0
        for number in range(n_kills):
            home, out = folder / f"{name} {number}", folder / f"out {name} {number}"
            out.mkdir()
            paths = find_paths({"MMSA_HOME": str(home)})
            with Store.open(paths.database) as store:
                posts = [Post(str(n), f"words {n} " * 20) for n in range(400)]
                store.index_source("here", "pairs", "Here", posts)
                hashes = [p.content_hash for p in (s.post for s in store.posts(1)) if p is not None]
                store.add_corrections([Correction("", digest, "positive") for digest in hashes])
            run(home, make(out), kill_after_s=chosen.uniform(0.15, 1.2))
            if paths.database.exists() and store_care.check(paths).damages:
                damaged += 1
            again = run(home, make(out))
            damaged += again not in (0, 2)
            left += sum(1 for root in (home, out) for path in root.rglob(".*") if path.is_file())
        outcome[name] = (damaged, left)
    return outcome


def run(home: Path, arguments: Sequence[str], kill_after_s: float | None = None) -> int:
    process = subprocess.Popen(
        [sys.executable, "-m", "mmsa_tui", *arguments],
        env=os.environ | {"MMSA_HOME": str(home)}, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        process.kill()
    return process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--labels", type=int, default=1000, help="kills while labelling")
    parser.add_argument("--commands", type=int, default=50, help="kills of each command")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chosen = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        n, lost, half = kill_labelling(Path(folder) / "labels", options.labels, chosen)
        print(f"{options.labels} kills while labelling: {n} acts acknowledged, {lost} lost, {half} half done")
        for name, (damaged, left) in kill_commands(Path(folder), options.commands, chosen).items():
            print(f"{options.commands} kills of {name}: {damaged} stores not whole, {left} part files left")


if __name__ == "__main__":
    main()
