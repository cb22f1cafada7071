"""Time what a user waits for in the app, in a real terminal, and its memory.

    python -m benchmarks.tui_latency [--posts 100000] [--presses 100] [--no-batch]
    python -m benchmarks.tui_latency --source FOLDER [--presses 100]

Starts the app in a pseudo terminal of 120x36 on a made-up source, presses keys and waits for what
they should bring to the screen; a fifth of the posts is left to classify, which the default bundle
does while keys are timed. With --source it is one's own, and a label is timed until the next post
stands there with its picture. Prints a table. Linux and macOS.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import random
import re
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.store_scale import make_posts, predict
from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.config import load_config
from mmsa_tui.records import Post
from mmsa_tui.services.ingest import read_in
from mmsa_tui.store import Store

COLUMNS, LINES = 120, 36
START = "from mmsa_tui.config import load_config\nfrom mmsa_tui.tui.app import run\nrun(None, load_config())"
IMPORTED = "import sys, mmsa_tui.tui.app\nprint('torch' in sys.modules)"
_ESCAPE = re.compile(rb"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-_])")
WAIT_S = 180.0


class Terminal:
    """The app in a pseudo terminal; what it writes is kept since the last key."""

    def __init__(self, home: str) -> None:
        environ = dict(os.environ, MMSA_HOME=home, TERM="xterm-256color", COLORTERM="truecolor")
        environ.update(MMSA_PICTURES="blocks")
        for name in ("COLUMNS", "LINES"):
            environ.pop(name, None)
        self.started_s = time.perf_counter()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.execve(sys.executable, [sys.executable, "-c", START], environ)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self._seen = b""

    def press(self, keys: bytes) -> float:
        """Send keys; returns when, for `wait_for`."""
        self._drain()
        self._seen = b""
        os.write(self._fd, keys)
        return time.perf_counter()

    def wait_for(self, pattern: str, since_s: float, *more: str) -> float:
        """Wait until all of it has been written, in whatever order; returns seconds since then."""
        wanted = [re.compile(each.encode()) for each in (pattern, *more)]
        while time.perf_counter() - since_s < WAIT_S:
            seen = _ESCAPE.sub(b"", self._seen)
            if all(each.search(seen) for each in wanted):
                return time.perf_counter() - since_s
            ready, _, _ = select.select([self._fd], [], [], 0.5)
            if ready:
                self._seen += os.read(self._fd, 1 << 16)
        raise SystemExit(f"waited in vain for {pattern!r}; the end was {self._seen[-2000:]!r}")

    def timed(self, keys: bytes, pattern: str, *more: str) -> float:
        return self.wait_for(pattern, self.press(keys), *more)

    def rest(self, seconds: float) -> None:
        """Let the app be, but read what it writes."""
        end_s = time.perf_counter() + seconds
        while time.perf_counter() < end_s:
            self._drain(end_s - time.perf_counter())

    def memory_mb(self) -> float:
        """Resident memory of the app alone, its children left out."""
        printed = subprocess.run(["ps", "-o", "rss=", "-p", str(self.pid)], capture_output=True, check=True)
        return int(printed.stdout) / 1024

    def end(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._fd)

    def _drain(self, timeout_s: float = 0.0) -> None:
        while select.select([self._fd], [], [], max(0.0, timeout_s))[0]:
            self._seen += os.read(self._fd, 1 << 16)
            timeout_s = 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--presses", type=int, default=100)
    parser.add_argument("--no-batch", action="store_true", help="leave the model out")
    parser.add_argument("--source", type=Path, help="a folder or file whose posts have pictures")
    arguments = parser.parse_args()
    if arguments.source is not None:
        measure_source(arguments.source, arguments.presses)
        return
    with tempfile.TemporaryDirectory() as home:
        fill(home, arguments.posts)
        printed = subprocess.run([sys.executable, "-c", IMPORTED], capture_output=True, text=True, check=True)
        print(f"{'torch imported with the app':52} {printed.stdout.strip():>10}")
        with app(home, arguments.posts) as (terminal, first_paint_s):
            report("first paint, source open (must: 1000)", [first_paint_s])
            measure(terminal, arguments.posts, arguments.presses)
            print(f"{'memory of the app (must: 300)':52} {terminal.memory_mb():8.0f} MB")
            if not arguments.no_batch:
                measure_batch(terminal, arguments.posts, arguments.presses)
        starts, ready = [], []
        for _ in range(4):
            with app(home, arguments.posts) as (terminal, first_paint_s):
                starts.append(first_paint_s)
                ready.append(terminal.wait_for("model ready", terminal.started_s))
        report("first paint, started again (must: 1000)", starts)
        report("model ready, started again (must: 1500)", ready)


def measure_source(source: Path, n_presses: int) -> None:
    """Time a start on posts with pictures, and labels until the next picture is there."""
    with tempfile.TemporaryDirectory() as home:
        config = load_config(environ={"MMSA_HOME": home})
        with Store.open(config.paths.database) as store:
            row = read_in(store, source)
            has_picture = [post.post is not None and bool(post.post.pictures) for post in store.posts(row.id)]
        starts, ready = [], []
        for _ in range(5):
            with app(home, len(has_picture)) as (terminal, first_paint_s):
                starts.append(first_paint_s)
                ready.append(terminal.wait_for("model ready", terminal.started_s))
        report("first paint, source open (must: 1000)", starts)
        report("model ready (must: 1500)", ready)
        with app(home, len(has_picture)) as (terminal, _):
            terminal.wait_for("model ready", terminal.started_s)
            terminal.rest(3)
            labels = []
            for at in range(1, min(n_presses, len(has_picture) - 1) + 1):
                place = f" {at + 1:,} of {len(has_picture):,}"
                seconds = terminal.timed(b"123"[at % 3 : at % 3 + 1], place, *(("[▀▄]",) * has_picture[at]))
                if has_picture[at]:
                    labels.append(seconds)
                terminal.rest(0.3)
            report("label, key to the next post with its picture (must: 150)", labels)


def fill(home: str, n_posts: int) -> None:
    """Make a source of text posts, four fifths of them with a prediction."""
    config = load_config(environ={"MMSA_HOME": home})
    bundle = find_bundle(config.paths)
    rng = random.Random(1)
    with Store.open(config.paths.database) as store:
        posts = (
            replace(post, pictures=()) if isinstance(post, Post) else post
            for post in make_posts(rng, n_posts)
        )
        source = store.index_source("synthetic", "table", "synthetic", posts)
        store.save_bundle_labels(bundle.id, bundle.labels)
        batch = []
        for stored in store.unpredicted(source.id, bundle.id):
            if stored.post is not None and stored.ordinal % 5:
                batch.append(replace(predict(rng, stored.post), bundle=bundle.id))
            if len(batch) >= 1000:
                store.save_predictions(batch)
                batch.clear()
        store.save_predictions(batch)


@contextmanager
def app(home: str, n_posts: int) -> Iterator[tuple[Terminal, float]]:
    terminal = Terminal(home)
    try:
        yield terminal, terminal.wait_for(rf"[\d,]+ of {n_posts:,}", terminal.started_s)
    finally:
        terminal.end()


def measure(terminal: Terminal, n_posts: int, n_presses: int) -> None:
    terminal.wait_for("model ready|no model", time.perf_counter())
    terminal.rest(3)
    total = f"{n_posts:,}"
    steps = [terminal.timed(b"j", f"{row:,} of {total}") for row in range(2, n_presses + 2)]
    report("arrow key to paint", steps)
    pages = [terminal.timed(b"\x1b[6~", rf"[\d,]+ of {total}") for _ in range(20)]
    report("page down (must: 500)", pages)
    report("to the end (must: 500)", [terminal.timed(b"\x1b[F", f"{total} of {total}")])
    report("to the start (must: 500)", [terminal.timed(b"\x1b[H", f" 1 of {total}")])
    for name, downs, header in (
        ("id", 1, "id↑"), ("text", 2, "text↑"), ("label", 6, "label↑"), ("confidence", 7, "conf↑"),
    ):  # fmt: skip
        terminal.timed(b"S", "Sort by")
        # The list opens on the column that is sorted by; go to its top first.
        terminal.press(b"\x1b[H" + b"j" * downs)
        terminal.rest(0.5)
        report(f"sort by {name} (must: 500)", [terminal.timed(b"\r", header)])
        terminal.rest(1)
    for name, text in (("filter", b"conf:<0.45"), ("search", b"w20 w30"), ("search a common word", b"w0")):
        terminal.press(b"/" + b"\x7f" * 20 + text[:-1])
        terminal.rest(1.5)
        report(f"{name} (must: 500)", [terminal.timed(text[-1:] + b"\r", r"[\d,]+ shown")])
        terminal.rest(1.5)
    terminal.timed(b"\x1b", rf"of {total}")
    terminal.rest(1)
    report("next queue (must: 500)", [terminal.timed(b"\t", r"[\d,]+ shown")])
    terminal.rest(2)
    terminal.press(b"\x1b[Z")
    terminal.rest(2)
    terminal.press(b"\x1b[H")
    terminal.rest(2)
    labels = []
    for row in range(2, n_presses + 2):
        labels.append(terminal.timed(b"1", rf" {row:,} of {total}"))
    report("label, on disk and on screen (must: 50)", labels)


def measure_batch(terminal: Terminal, n_posts: int, n_presses: int) -> None:
    terminal.press(b"\x1b[H")
    terminal.rest(1)
    terminal.timed(b"c", "Classify with")
    terminal.rest(1)
    terminal.timed(b"\r", r"\d+/s")
    steps, labels = [], []
    for row in range(2, n_presses + 2):
        steps.append(terminal.timed(b"j", f" {row:,} of {n_posts:,}"))
        terminal.rest(0.05)
    report("arrow key to paint while a batch runs (p95 must: 100)", steps)
    for row in range(n_presses + 2, 2 * n_presses + 2):
        labels.append(terminal.timed(b"1", f" {row:,} of {n_posts:,}"))
        terminal.rest(0.05)
    report("label while a batch runs", labels)


def report(name: str, seconds: list[float]) -> None:
    times = sorted(1000 * second for second in seconds)
    p95 = times[min(len(times) - 1, int(0.95 * len(times)))]
    more = f"   p95 {p95:6.0f}   max {times[-1]:6.0f}   of {len(times)}" if len(times) > 1 else ""
    print(f"{name:52} {statistics.median(times):8.0f} ms{more}", flush=True)


if __name__ == "__main__":
    main()
