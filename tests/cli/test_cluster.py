"""Ray on this machine with the shipped bundle; minutes on a slow machine, skipped where Ray is absent."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from command_runs import Mmsa

from mmsa_tui.cli import run
from mmsa_tui.errors import BundleError, UsageError

# Ray warns of settings of its own.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

SAMPLES = Path(__file__).parents[2] / "mmsa_tui" / "samples" / "posts.csv"


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty MMSA_HOME, in which the shipped bundle is the active one."""
    monkeypatch.setenv("MMSA_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def mmsa_here(*words: str | Path) -> int:
    return run([str(word) for word in words])


def rows_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.bundle
def test_two_workers_label_as_the_local_engine_and_go_on_where_they_were(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray")
    # As long as those that macOS gives: a socket in it would have too long a name.
    tmp_folder = own_home / ("folder-for-temporary-files-" * 3)
    tmp_folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_folder))
    assert mmsa_here("pack", SAMPLES, "-o", "pack", "--posts-per-part", "8") == 0
    command = ("classify", "pack", "--engine", "ray", "--workers", "2", "-o", "labels")
    assert mmsa_here(*command) == 0
    left = [*tmp_folder.glob("ray/*"), *Path("/tmp").glob(f".mmsa-*-{os.getpid()}-*")]
    assert not left
    assert mmsa_here(*command) == 2
    kept = own_home / "labels" / "posts-000001.parquet"
    stamp = kept.stat().st_mtime_ns
    (own_home / "labels" / "posts-000002.parquet").unlink()
    assert mmsa_here(*command, "--resume") == 0
    assert kept.stat().st_mtime_ns == stamp
    assert mmsa_here("merge", "labels", "-o", "cluster.jsonl") == 0
    assert mmsa_here("classify", SAMPLES, "-o", "local.jsonl") == 0
    ours, theirs = rows_of(own_home / "cluster.jsonl"), rows_of(own_home / "local.jsonl")
    for name in (
        "post_id",
        "label",
        "text_label",
        "image_label",
        "status",
        "error",
        "bundle",
        "image",
        "language",
    ):
        assert [row[name] for row in ours] == [row[name] for row in theirs], name
    assert [list(row) for row in ours] == [list(row) for row in theirs]


@pytest.mark.bundle
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the workers in /proc")
def test_a_worker_that_is_killed_costs_no_post(own_home: Path) -> None:
    pytest.importorskip("ray")
    mmsa_here("pack", SAMPLES, "-o", "pack", "--posts-per-part", "4")
    killed: list[int] = []
    over = threading.Event()

    def kill_one() -> None:
        while not over.is_set() and not killed:
            done = list((own_home / "labels").glob("posts-*.parquet"))
            for pid in workers_of(os.getpid()) if done else ():
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
                return
            time.sleep(0.02)

    killer = threading.Thread(target=kill_one)
    killer.start()
    code = mmsa_here("classify", "pack", "--engine", "ray", "--workers", "1", "-o", "labels")
    over.set()
    killer.join()
    assert killed
    assert code == 0
    assert mmsa_here("merge", "labels", "-o", "all.jsonl") == 0
    ids = [row["post_id"] for row in rows_of(own_home / "all.jsonl")]
    assert len(ids) == len(set(map(str, ids))) == 32


def workers_of(pid: int) -> list[int]:
    """Processes below this one in which Ray runs our worker."""
    listed = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True)
    rows = [line.split(None, 2) for line in listed.stdout.splitlines()[1:]]
    below = {pid}
    for _ in range(4):
        below |= {int(row[0]) for row in rows if int(row[1]) in below}
    return [int(row[0]) for row in rows if int(row[0]) in below and "Judge" in row[2] and "ray::" in row[2]]


def test_an_address_at_which_nobody_answers_is_refused_at_once(mmsa: Mmsa, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    (tmp_path / "posts.csv").write_text("id,text\n1,best day\n")
    ran = mmsa("classify", "posts.csv", "--engine", "ray", "--address", "127.0.0.1:9", "-o", "labels")
    assert ran.code == 2
    assert "no Ray answers at 127.0.0.1:9" in ran.err


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", None])
def test_an_address_at_which_something_else_answers_is_refused_at_once(
    mmsa: Mmsa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes | None
) -> None:
    pytest.importorskip("ray")
    monkeypatch.setattr("mmsa_tui.services.cluster._CONNECT_S", 0.2)
    (tmp_path / "posts.csv").write_text("id,text\n1,best day\n")
    with socket.create_server(("127.0.0.1", 0)) as server:
        over = threading.Event()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                if answer is None:
                    over.wait(30)
                else:
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        address = f"127.0.0.1:{server.getsockname()[1]}"
        ran = mmsa("classify", "posts.csv", "--engine", "ray", "--address", address, "-o", "labels")
        over.set()
        thread.join()
    assert ran.code == 2
    assert f"no Ray answers at {address}" in ran.err


def test_a_worker_of_another_version_or_with_another_bundle_says_so(home: Path, tmp_path: Path) -> None:
    from mmsa_tui import __version__
    from mmsa_tui.services.cluster import Judge

    part = {"name": ["posts-000000.parquet"], "about": [""], "rows": [1], "digest": [""]}
    task = {"bundle": "words", "fingerprint": "f", "folder": "", "source_columns": (), "min_confidence": 0.0}
    (old,) = Judge({**task, "version": "0.0.1"})(part)["problem"]
    assert old == f"runs mmsa-tui {__version__}, this is 0.0.1"
    other = Judge({**task, "version": __version__})(part)
    assert other["problem"] == ["has a different bundle called words 1.0.0"]
    assert other["kind"] == ["bundle"]
    assert (UsageError.exit_code, BundleError.exit_code) == (2, 3)


@pytest.mark.parametrize(
    "words", [["--explain"], ["--shard", "1/2"], ["-o", "two"], ["--device", "cuda"], ["more.csv"]]
)
def test_what_a_cluster_cannot_do_is_refused_before_it_starts(
    mmsa: Mmsa, tmp_path: Path, words: list[str]
) -> None:
    (tmp_path / "posts.csv").write_text("id,text\n1,best day\n")
    ran = mmsa("classify", "posts.csv", "--engine", "ray", "-o", "labels", *words)
    assert ran.code == 2
    assert not (tmp_path / "labels").exists()
