"""Kill processes at random moments, and count what was acknowledged and is not there afterwards.

    python -m benchmarks.kills [--labels 1000] [--commands 50] [--app 100] [--terminals 50] [--only REGEX]

`labels`: a process that labels post after post, and says so after each, is killed; every act that it has said
to be made must be in the store and in its journal, and no bulk half of it. `commands`: each command that
writes is killed at a moment of writing; afterwards the store is whole, no output is half written, and the
command run once more ends well and leaves no file that an undisturbed run does not leave. `app`: the app in
a terminal, while a person labels and a batch runs. `terminals`: its terminal is closed under it.
"""

from __future__ import annotations

import argparse
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.kill_cases import CASES
from benchmarks.kill_commands import kill_command
from benchmarks.kill_place import Place, copy_home, must_run, prepare
from benchmarks.killing import Killer
from benchmarks.terminal_kills import AppCount, kill_app, take_terminals, write_source
from mmsa_tui.records import Correction
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
        store.acts.record([act], "label", "here")
        print(act.uid, flush=True)
        if n % 7 == 3:
            many = [Correction(f"{act.uid}-bulk-{i}", f"b2:{n:036x}{i:04x}", "neutral") for i in range(20)]
            store.acts.record(many, "bulk", "here")
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


def kill_each_command(template: Place, folder: Path, n_kills: int, chosen: random.Random, only: str) -> None:
    """Print a line for each command."""
    killer = Killer(folder)
    for case in CASES:
        if not re.search(only, case.name):
            continue
        started = time.monotonic()
        count = kill_command(case, template, killer, folder / "runs", n_kills, chosen)
        print(
            f"{case.name} | {count.kills} | {count.lost} | {count.half} | {count.parts} | {count.processes}"
            f" | {time.monotonic() - started:.0f} s",
            flush=True,
        )
        show_odd(count.odd)
    killer.close()


def show_app(title: str, count: AppCount) -> None:
    """Print what came of kills of the app."""
    ends = f"{count.slow} later than 2 s, slowest {count.slowest_s:.2f} s"
    acts = f"{count.acknowledged} acknowledged, {count.lost} lost"
    print(
        f"{title} | {count.kills} | {acts} | {count.half} | {count.parts} | {count.processes} | {ends}",
        flush=True,
    )
    show_odd(count.odd)


def show_odd(problems: list[str]) -> None:
    for problem in sorted(set(problems)):
        print(f"    {problem}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--labels", type=int, default=1000, help="kills while labelling")
    parser.add_argument("--commands", type=int, default=50, help="kills of each command")
    parser.add_argument("--app", type=int, default=100, help="kills of the app in a terminal")
    parser.add_argument("--terminals", type=int, default=50, help="terminals closed under the app")
    parser.add_argument("--only", default="", metavar="REGEX", help="commands whose names match")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chosen = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if options.labels:
            n, lost, half = kill_labelling(folder / "labels", options.labels, chosen)
            said = f"{n} acts acknowledged, {lost} lost, {half} half done"
            print(f"{options.labels} kills while labelling: {said}", flush=True)
        if not (options.commands or options.app or options.terminals):
            return
        template = prepare(folder)
        print("what | kills | acts lost | half done | part files | processes left")
        if options.app or options.terminals:
            place = copy_home(template, folder / "app")
            source = write_source(place)
            must_run(place, "classify", str(source), "-o", str(place.out / "app.csv"))
            if options.app:
                show_app("the app", kill_app(place, source, options.app, chosen))
            if options.terminals:
                show_app("its terminal", take_terminals(place, source, options.terminals, chosen))
        if options.commands:
            kill_each_command(template, folder, options.commands, chosen, options.only)


if __name__ == "__main__":
    main()
