"""The app in a real terminal, by tmux: what a person sees, and what is left when it is killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mmsa_tui.config import Config
from mmsa_tui.store import Store

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")

START = """
import sys
from dataclasses import replace
from pathlib import Path
from mmsa_tui.config import Config, find_paths
from mmsa_tui.store import Store
from mmsa_tui.tui.app import MmsaApp
home, shipped, engine, pace = sys.argv[1:]
paths = replace(find_paths({"MMSA_HOME": home}), shipped_bundles=Path(shipped))
config = Config(paths=paths, bundle="small", analyst="ana", pictures="blocks")
MmsaApp(config, None, engine_command=[sys.executable, engine, pace]).run()
print("left in good order", flush=True)
# tmux may lose what a process has printed at its very end.
sys.stdin.readline()
"""


class Terminal:
    """A tmux session of its own server, so that no other is touched."""

    def __init__(self, folder: Path) -> None:
        self._socket = str(folder / "tmux.sock")

    def tmux(self, *arguments: str) -> str:
        # Python's readline leaves a size in the environment that is not the terminal's.
        environ = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        done = subprocess.run(
            ["tmux", "-S", self._socket, "-f", os.devnull, *arguments],
            capture_output=True, text=True, check=False, env=environ,
        )  # fmt: skip
        return done.stdout

    def start(self, command: list[str], columns: int, lines: int) -> None:
        size = ["-x", str(columns), "-y", str(lines)]
        self.tmux("new-session", "-d", "-s", "mmsa", *size, *command)
        self.tmux("set-option", "-t", "mmsa", "remain-on-exit", "on")

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", "-t", "mmsa", *keys)

    def screen(self) -> str:
        return self.tmux("capture-pane", "-t", "mmsa", "-p")

    def pid(self) -> int:
        return int(self.tmux("display-message", "-t", "mmsa", "-p", "#{pane_pid}"))

    def wait_for(self, holds: Callable[[], object], what: str) -> None:
        deadline_s = time.monotonic() + 60
        while time.monotonic() < deadline_s:
            if holds():
                return
            time.sleep(0.05)
        raise AssertionError(f"waited in vain for {what}:\n{self.screen()}")

    def end(self) -> None:
        self.tmux("kill-server")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.end()


@pytest.fixture
def start(terminal: Terminal, config: Config, tmp_path: Path) -> Callable[..., None]:
    """Start the app on the last source, with the small model."""
    script = tmp_path / "start.py"
    script.write_text(START, encoding="utf-8")

    def run(columns: int = 120, lines: int = 36, pace: float = 0.0) -> None:
        engine = Path(__file__).parent / "small_engine.py"
        home = config.paths.data_dir.parent
        arguments = [str(home), str(config.paths.shipped_bundles), str(engine), str(pace)]
        terminal.start([sys.executable, str(script), *arguments], columns, lines)

    return run


def test_a_person_can_look_label_and_leave(terminal, start, classified, store):
    start()
    terminal.wait_for(lambda: "Sunrise over the harbour" in terminal.screen(), "the first post")
    terminal.press("3")
    terminal.wait_for(lambda: store.count_corrected() == 1, "the label")
    terminal.wait_for(lambda: "1 correction" in terminal.screen(), "the count")
    terminal.press("q")
    terminal.wait_for(lambda: "left in good order" in terminal.screen(), "the end")


def test_forty_by_twelve_shows_table_post_and_keys(terminal, start, classified):
    start(40, 12)
    terminal.wait_for(lambda: "Sunrise" in terminal.screen(), "the first post")
    lines = terminal.screen().splitlines()
    assert "harbour" in lines[0]
    assert "help" in lines[11]


def test_a_killed_app_has_lost_no_label_and_leaves_no_process(terminal, start, many, config):
    start(pace=0.3)
    terminal.wait_for(lambda: "model ready" in terminal.screen(), "the model")
    terminal.press("c")
    terminal.wait_for(lambda: "Classify with" in terminal.screen(), "the dialog")
    terminal.press("Enter")
    terminal.wait_for(lambda: "left" in terminal.screen(), "progress")
    terminal.press("2")
    with Store.open(config.paths.database) as store:
        terminal.wait_for(lambda: store.count_corrected() == 1, "the label")
    children = children_of(terminal.pid())
    os.kill(terminal.pid(), signal.SIGKILL)
    terminal.wait_for(lambda: not any(map(is_alive, children)), "the end of the model's process")
    with Store.open(config.paths.database) as store:
        assert store.count_corrected() == 1
        assert 0 < store.count_unpredicted(many.id, "small 1.0.0") < 400


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_ends_the_app_in_good_order(terminal, start, classified, name):
    start()
    terminal.wait_for(lambda: "Sunrise over the harbour" in terminal.screen(), "the first post")
    os.kill(terminal.pid(), getattr(signal, name))
    terminal.wait_for(lambda: "left in good order" in terminal.screen(), "the end")


def children_of(pid: int) -> list[int]:
    printed = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(line) for line in printed.split()]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")
