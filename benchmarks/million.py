"""A million posts in one process: reading, opening, memory while classifying, going on after a kill.

    python -m benchmarks.million read   [--rows 1000000]
    python -m benchmarks.million open   [--rows 1000000]
    python -m benchmarks.million memory [--rows 1000000] [--format csv xlsx] [--bundle NAME]
    python -m benchmarks.million resume [--rows 1000000]

The source is a csv of made-up posts in a temporary folder. Seconds are those of the processor, beside
those of the clock in brackets: on a machine that does other work only the former mean something. Memory is
that of the process and of all that it started, proportional where they share it. In `memory` and `resume`
5,000 texts and 250 pictures make a million different posts: the model judges every one, and the encoders
have little to do. Linux only.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from PIL import Image

from benchmarks.killing import ROOT, mmsa
from benchmarks.tui_latency import app

SMALL = 2_000
"""Posts that the memory and the opening of the many are compared with."""
_N_TEXTS, _N_PICTURES = 5_000, 250
_SYLLABLES = (
    "ka",
    "to",
    "mi",
    "ren",
    "sol",
    "bri",
    "na",
    "vel",
    "du",
    "pas",
    "ter",
    "lo",
    "shi",
    "gra",
    "en",
)
_LOOK_EVERY_S = 0.1
_STARTS = 5
_READ = """
import sys
from pathlib import Path
from mmsa_tui.config import load_config
from mmsa_tui.services.ingest import read_in
from mmsa_tui.store import Store
with Store.open(load_config().paths.database) as store:
    read_in(store, Path(sys.argv[1]))
"""


@dataclass(frozen=True)
class Used:
    """What a program and all that it started took: megabytes at most and in the middle, and seconds."""

    peak_mb: float
    steady_mb: float
    cpu_s: float
    wall_s: float

    def __str__(self) -> str:
        return (
            f"{self.peak_mb:,.0f} MB at most, {self.steady_mb:,.0f} MB in the middle; "
            f"{self.cpu_s:,.1f} s ({self.wall_s:,.1f} s)"
        )


def write_source(folder: Path, n_rows: int, n_texts: int, n_pictures: int) -> Path:
    """Write posts of 6 to 20 words: as many different posts as texts times pictures give, then copies."""
    chosen = random.Random(1)
    words = ["".join(chosen.choices(_SYLLABLES, k=chosen.randint(1, 3))) for _ in range(4_000)]
    weights = list(accumulate(1 / (rank + 1) for rank in range(len(words))))
    texts = [
        " ".join(chosen.choices(words, cum_weights=weights, k=chosen.randint(6, 20))) for _ in range(n_texts)
    ]
    folder.mkdir(parents=True)
    for number in range(n_pictures):
        colour = tuple(chosen.randrange(256) for _ in range(3))
        Image.new("RGB", (32, 32), colour).save(folder / f"{number}.png")
    path = folder / "posts.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("id", "created_at", "author", "text", "image"))
        for number in range(n_rows):
            day = f"2024-{number % 12 + 1:02}-{number % 28 + 1:02}T14:03:00Z"
            image = f"{number // n_texts % n_pictures}.png" if n_pictures else ""
            rows.writerow(
                (
                    10**18 + number * 7919,
                    day,
                    f"user{chosen.randint(0, 5000)}",
                    texts[number % n_texts],
                    image,
                )
            )
    return path


def run(home: Path, command: Sequence[str]) -> Used:
    """Run a program to its end and watch its memory."""
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    process = start(home, command)
    sizes: list[float] = []
    while process.poll() is None:
        sizes.append(memory_mb(process.pid))
        time.sleep(_LOOK_EVERY_S)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Used(max(sizes), statistics.median(sizes), cpu, time.monotonic() - started)


def start(home: Path, command: Sequence[str]) -> subprocess.Popen[bytes]:
    environ = os.environ | {"MMSA_HOME": str(home), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def memory_mb(process: int) -> float:
    """Add up what a process and those that it started have in memory."""
    total_kb = 0
    waiting = [process]
    while waiting:
        folder = Path("/proc", str(waiting.pop()))
        with suppress(OSError):
            total_kb += int((folder / "smaps_rollup").read_text().partition("\nPss:")[2].split()[0])
            for thread in (folder / "task").iterdir():
                waiting += map(int, (thread / "children").read_text().split())
    return total_kb / 1024


def read(place: Path, n_rows: int) -> None:
    """Time reading and storing."""
    source = write_source(place / "texts", n_rows, n_rows, 0)
    used = run(place / "home", [sys.executable, "-c", _READ, str(source)])
    print(f"{n_rows:,} rows of csv read and stored: {used}")


def open_app(place: Path, n_rows: int) -> None:
    """Time the app until the first page of a source that was read before stands there."""
    for rows in (SMALL, n_rows):
        folder = place / f"of {rows}"
        source = write_source(folder / "texts", rows, rows, 0)
        run(folder / "home", [sys.executable, "-c", _READ, str(source)])
        wall, cpu = [], []
        for _ in range(_STARTS):
            with app(str(folder / "home"), rows) as (terminal, seconds):
                wall.append(seconds)
                cpu.append(cpu_s(terminal.pid))
        print(
            f"the app with {rows:,} posts, from its start to their first page: "
            f"{statistics.median(cpu):.2f} s ({statistics.median(wall):.2f} s)"
        )


def memory(place: Path, n_rows: int, bundle: str, formats: Sequence[str]) -> None:
    """Watch a whole run, with every different post judged by the model."""
    found: dict[int, Used] = {}
    for rows in (SMALL, n_rows):
        folder = place / f"of {rows}"
        source = write_source(folder / "posts", rows, _N_TEXTS, _N_PICTURES)
        outputs = [part for name in formats for part in ("-o", str(folder / f"out.{name}"))]
        which = ("--bundle", bundle) if bundle else ()
        command = mmsa("classify", str(source), *which, *outputs)
        found[rows] = run(folder / "home", command)
        print(f"{rows:,} posts classified, {' and '.join(formats)} written: {found[rows]}", flush=True)
    least, most = found[SMALL], found[n_rows]
    print(f"peak {most.peak_mb / least.peak_mb - 1:+.1%}, middle {most.steady_mb / least.steady_mb - 1:+.1%}")


def resume(place: Path, n_rows: int) -> None:
    """Kill a run in the middle, and time the same command until it has judged a further post."""
    source = write_source(place / "posts", n_rows, _N_TEXTS, _N_PICTURES)
    database = place / "home" / "data" / "mmsa.db"
    command = mmsa("classify", str(source), "-o", str(place / "out.csv"), "--resume")
    process = start(place / "home", command)
    while n_judged(database) < n_rows // 4:
        time.sleep(_LOOK_EVERY_S)
    process.kill()
    process.wait()
    before, began = n_judged(database), time.monotonic()
    process = start(place / "home", command)
    while n_judged(database) <= before:
        time.sleep(_LOOK_EVERY_S / 5)
    cpu, wall = cpu_s(process.pid), time.monotonic() - began
    process.kill()
    process.wait()
    print(
        f"{before:,} of {n_rows:,} judged when killed; --resume judged more after {cpu:.2f} s ({wall:.2f} s)"
    )


def n_judged(database: Path) -> int:
    """Count what is judged in a store that another process writes."""
    if not database.is_file():
        return 0
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as store:
        return int(store.execute("SELECT count(*) FROM predictions").fetchone()[0])
    return 0


def cpu_s(process: int) -> float:
    """Seconds of the processor that a process has had."""
    fields = Path("/proc", str(process), "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("read", "open", "memory", "resume"))
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--format", nargs="+", default=["csv"], help="what `memory` writes")
    parser.add_argument("--bundle", default="", help="what `memory` judges with")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        if options.what == "memory":
            memory(place, options.rows, options.bundle, options.format)
        else:
            {"read": read, "open": open_app, "resume": resume}[options.what](place, options.rows)


if __name__ == "__main__":
    main()
