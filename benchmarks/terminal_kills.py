"""The app in a real terminal, by tmux: killed while a person labels, or its terminal closed under it."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.kill_place import LABELS, Place
from benchmarks.killing import ROOT, processes_told
from mmsa_tui.services import store_care
from mmsa_tui.store import Store
from mmsa_tui.store.journal import Journal

N_POSTS = 600
ENDS_WITHIN_S = 2.0
_TOLD = re.compile(rf"({'|'.join(LABELS)}) · (?:post )?(\d+)\b")
"""The line that acknowledges a label, with the post's id."""


@dataclass
class AppCount:
    """What came of so many kills of the app."""

    kills: int = 0
    acknowledged: int = 0
    lost: int = 0
    half: int = 0
    parts: int = 0
    processes: int = 0
    slow: int = 0
    slowest_s: float = 0.0
    odd: list[str] = field(default_factory=list)


class Terminal:
    """One tmux server with the app in it.

    Args:
        is_apart: the app has a session of its own: no signal tells it that its terminal has gone.
    """

    def __init__(self, place: Place, source: Path, *, is_apart: bool = False) -> None:
        self._place, self._source = place, source
        self._socket = str(place.out / "tmux.sock")
        self._apart = ["setsid", "-w"] if is_apart else []

    def start(self) -> None:
        """Open the app, and wait until posts are shown."""
        environ = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        environ |= self._place.environment() | {"PYTHONPATH": str(ROOT)}
        words = [*self._apart, sys.executable, "-m", "mmsa_tui", "browse", str(self._source)]
        self._tmux("new-session", "-d", "-s", "app", "-x", "120", "-y", "40", *words, environ=environ)
        self._tmux("set-option", "-t", "app", "remain-on-exit", "on")
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if re.search(r"corrections?\b", self.screen()):
                return
            time.sleep(0.1)
        raise SystemExit(f"the app shows no posts:\n{self.screen()}")

    def processes(self) -> set[int]:
        """List the app and what it has started."""
        return {process for process in processes_told(f"MMSA_HOME={self._place.home}") if _is_python(process)}

    def press(self, *keys: str) -> None:
        self._tmux("send-keys", "-t", "app", *keys)

    def screen(self) -> str:
        return self._tmux("capture-pane", "-t", "app", "-p")

    def close(self) -> None:
        """Take the terminal away."""
        self._tmux("kill-server")

    def _tmux(self, *words: str, environ: dict[str, str] | None = None) -> str:
        command = ["tmux", "-S", self._socket, "-f", os.devnull, *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environ).stdout


def _is_python(process: int) -> bool:
    try:
        return b"mmsa_tui" in Path(f"/proc/{process}/cmdline").read_bytes().replace(b"tmux", b"", 1)
    except OSError:
        return False


class Person:
    """Labels at random, and remembers what the app has told to be done."""

    def __init__(self, terminal: Terminal, chosen: random.Random) -> None:
        self._terminal, self._chosen = terminal, chosen
        self.told: set[tuple[str, str]] = set()

    def classify(self) -> None:
        """Have the app classify everything again meanwhile."""
        self._terminal.press("c")
        time.sleep(0.3)
        self._terminal.press("a", "Enter")

    def work(self, seconds: float) -> None:
        """Press keys for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._terminal.press(self._chosen.choice("1223"))
            time.sleep(self._chosen.uniform(0.0, 0.08))
            self.look()

    def look(self) -> None:
        """Read from the screen which label of which post is acknowledged."""
        for line in self._terminal.screen().splitlines():
            found = _TOLD.search(line)
            if found and "as it was" not in line:
                self.told.add((found[1], found[2]))


def write_source(place: Place) -> Path:
    """Write posts of which three have the same words: one key labels all of them, or none."""
    file = place.shared / "app.csv"
    rows = [
        f"{n},word {chr(97 + n // 78)}{chr(97 + n // 3 % 26)} of a long day https://t.co/x{n}"
        for n in range(N_POSTS)
    ]
    file.write_text("\n".join(["id,text", *rows]) + "\n")
    return file


def kill_app(place: Place, source: Path, n_kills: int, chosen: random.Random) -> AppCount:
    """Kill the app, and at times the model's process with it, while a person labels; look after each."""
    count = AppCount()
    usual: set[str] | None = None
    for number in range(n_kills):
        before = _acts(place)
        terminal = Terminal(place, source)
        terminal.start()
        person = Person(terminal, chosen)
        if number % 2:
            person.classify()
        person.work(chosen.uniform(0.1, 2.0))
        app = min(terminal.processes())
        os.kill(app, signal.SIGKILL)
        person.look()
        count.kills += 1
        count.processes += bool(_seconds_until_gone(terminal, 20.0) > 10.0)
        terminal.close()
        _look(place, before, person, count)
        names = _names(place)
        if usual is not None:
            new = {name for name in names - usual if not name.endswith(("-wal", "-shm"))}
            count.parts += len(new)
            count.odd += sorted(new)
        usual = names if usual is None else usual
    return count


def take_terminals(place: Place, source: Path, n_kills: int, chosen: random.Random) -> AppCount:
    """Close the terminal under the app at a random moment: while it works, or after ctrl+q."""
    count = AppCount()
    for number in range(n_kills):
        before = _acts(place)
        terminal = Terminal(place, source, is_apart=number % 2 == 1)
        terminal.start()
        person = Person(terminal, chosen)
        if number % 4 >= 2:
            person.classify()
        person.work(chosen.uniform(0.1, 1.0))
        if number % 3:
            terminal.press("C-q")
            if number % 4 >= 2:
                terminal.press("y")
            time.sleep(chosen.uniform(0.0, 1.0))
        terminal.close()
        count.kills += 1
        seconds = _seconds_until_gone(terminal, 20.0)
        count.slowest_s = max(seconds, count.slowest_s)
        count.slow += seconds > ENDS_WITHIN_S
        count.processes += seconds >= 20.0
        _look(place, before, person, count)
    return count


def _seconds_until_gone(terminal: Terminal, limit_s: float) -> float:
    started = time.monotonic()
    while terminal.processes() and time.monotonic() - started < limit_s:
        time.sleep(0.02)
    return time.monotonic() - started


def _acts(place: Place) -> dict[str, tuple[str, str]]:
    with Store.open(place.paths.database) as store:
        return {act.uid: (act.new_label, act.post_id) for act in store.corrections()}


def _look(place: Place, before: dict[str, tuple[str, str]], person: Person, count: AppCount) -> None:
    after = _acts(place)
    made = {what for uid, what in after.items() if uid not in before}
    count.acknowledged += len(person.told)
    lost = person.told - made | {what for uid, what in before.items() if uid not in after}
    journalled = {str(record["uid"]) for record in Journal(place.paths.database).records()}
    count.lost += len(lost) + len(after.keys() - journalled)
    count.odd += [f"{label} of {post} is lost" for label, post in sorted(lost)]
    damages = store_care.check(place.paths).damages
    groups: dict[int, set[str]] = {}
    with Store.open(place.paths.database) as store:
        row = store.source(str(place.shared / "app.csv"))
        assert row is not None
        for found in store.rows(row.id, ""):
            groups.setdefault(found.ordinal // 3, set()).add(found.corrected_label)
    half = [number for number, labels in groups.items() if len(labels) > 1]
    count.half += len(half) + len(damages)
    count.odd += [f"of group {number} only a part is labelled" for number in half]
    count.odd += [damage.message for damage in damages]
    if set(after) - journalled:
        with Store.open(place.paths.database) as store:
            store.write_journal()


def _names(place: Place) -> set[str]:
    return {str(path.relative_to(place.home)) for path in place.home.rglob("*")}
