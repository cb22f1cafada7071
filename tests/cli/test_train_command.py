from __future__ import annotations

import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import Field, fields, replace
from pathlib import Path
from typing import Any

import pytest
from command_runs import Mmsa

from mmsa_tui.errors import Interrupted, TrainingError
from mmsa_tui.services.train import TrainRequest, flags_of
from mmsa_tui.worker.training import run_child

CHILD = "import os, signal, sys\n"


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module `child_of_test` whose text a test chooses."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path / "child_of_test.py"


def test_the_exit_code_of_the_training_is_ours(child: Path) -> None:
    child.write_text(CHILD + "sys.exit(5)")
    assert run_child("child_of_test", []) == 5


def test_what_the_training_says_goes_where_ours_goes(child: Path, capfd: pytest.CaptureFixture[str]) -> None:
    child.write_text(CHILD + "print('epoch', sys.argv[1])")
    run_child("child_of_test", ["1"])
    assert capfd.readouterr().out == "epoch 1\n"


def _flag(option: Field[Any]) -> str:
    return flags_of(option)[0]


def test_a_training_that_was_killed_is_an_error_of_its_own(child: Path) -> None:
    child.write_text(CHILD + "os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(TrainingError, match="signal 9") as raised:
        run_child("child_of_test", [])
    # Whatever option it names, `train` and `tune` have to have it.
    assert set(re.findall(r"--[\w-]+", raised.value.hint)) <= set(map(_flag, fields(TrainRequest)))


def test_a_training_that_broke_down_is_an_error_of_its_own(child: Path) -> None:
    child.write_text(CHILD + "sys.exit(77)")
    with pytest.raises(TrainingError, match="code 77"):
        run_child("child_of_test", [])


def test_a_training_that_was_interrupted_counts_as_interrupted(child: Path) -> None:
    child.write_text(CHILD + "sys.exit(130)")
    with pytest.raises(Interrupted):
        run_child("child_of_test", [])


@pytest.mark.skipif(sys.platform == "win32", reason="nobody inherits a child there")
@pytest.mark.parametrize("is_late", [False, True])
def test_a_training_ends_with_the_command_that_was_killed(child: Path, tmp_path: Path, is_late: bool) -> None:
    mark = tmp_path / "mark"
    heed = "end_with_parent()\n"
    waits = "while os.getppid() == parent:\n    time.sleep(0.01)\n"
    child.write_text(
        "import os, pathlib, sys, time\n"
        "from mmsa_tui.processes import end_with_parent, heed_termination\nheed_termination()\n"
        "mark = pathlib.Path(sys.argv[1])\nparent = os.getppid()\nmark.write_text('begun')\n"
        "try:\n    "
        + (waits.replace("\n    ", "\n        ") + "    " + heed if is_late else heed)
        + "    time.sleep(60)\nexcept KeyboardInterrupt:\n    mark.write_text('stopped')\n"
    )
    run = f"from mmsa_tui.worker.training import run_child; run_child('child_of_test', [{str(mark)!r}])"
    parent = subprocess.Popen([sys.executable, "-c", run])
    wait_until(lambda: mark.is_file() and mark.read_text() == "begun")
    parent.kill()
    parent.wait()
    wait_until(lambda: mark.read_text() == "stopped")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_a_training_that_was_stopped_before_it_could_speak_is_told(child: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    child.write_text(
        "import pathlib, sys, time\npathlib.Path(sys.argv[1]).write_text('begun')\ntime.sleep(60)\n"
    )
    run = (
        "from mmsa_tui.processes import heed_termination\nfrom mmsa_tui.worker.training import run_child\n"
        "from mmsa_tui.errors import Interrupted\nheed_termination()\n"
        f"try:\n    run_child('child_of_test', [{str(mark)!r}])\n"
        "except Interrupted as stop:\n    print(stop.message, stop.hint)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", run], stdout=subprocess.PIPE, text=True)
    wait_until(lambda: mark.is_file() and mark.read_text() == "begun")
    parent.terminate()
    said, _ = parent.communicate(timeout=50)
    assert said == "stopped Run the same command again to go on.\n"


def wait_until(holds: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 50
    while not holds():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def test_a_missing_source_is_found_out_before_a_process_is_started(mmsa: Mmsa) -> None:
    ran = mmsa("train", "nowhere", "-o", "run")
    assert (ran.code, "nowhere" in ran.err) == (2, True)


def test_every_option_that_is_passed_on_is_one_of_the_training(
    mmsa: Mmsa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    from mmsa_tui.services.train import TrainRequest, default_of, parse

    passed: list[str] = []
    monkeypatch.setattr(
        "mmsa_tui.worker.training.run_child", lambda module, arguments: passed.extend(arguments) or 0
    )
    (tmp_path / "posts.csv").touch()
    mmsa(
        "train", "posts.csv", "-o", "run", "--labels", "posts.csv", "--name", "mine", "--version", "2.0.0",
        "--text-encoder", "t", "--image-encoder", "i", "--extra-text", "posts.csv", "--bundles", "b",
        "--extra-test-years", "2014", "--licence", "MIT", "--data-name", "d", "--data-name", "e f",
        "--seed", "3", "--device", "cpu", "--threads", "1", "--json",
    )  # fmt: skip
    options = parse(passed, TrainRequest)
    assert (options.name, options.seed, options.json, options.threads) == ("mine", 3, True, 1)
    unsaid = [one.name for one in fields(options) if getattr(options, one.name) == default_of(one)]
    assert unsaid == ["recipe"]
    assert options.command() == (
        "mmsa train posts.csv --labels posts.csv --recipe default --name mine --version 2.0.0"
        " --text-encoder t --image-encoder i --extra-text posts.csv --extra-test-years 2014 --licence MIT"
        " --data-name d --data-name 'e f' --seed 3 -o run"
    )
    again = parse(shlex.split(options.command())[2:], TrainRequest)
    # Where it runs and where the bundle goes make no other bundle of it.
    apart = {"device": "cpu", "threads": 1, "json": True, "bundles": options.bundles}
    assert replace(again, **apart) == options


def test_the_command_of_a_search_is_one_that_the_search_takes() -> None:
    from mmsa_tui.services.train import NOT_FOR_TUNING, TuneRequest, flags_of

    request = TuneRequest(source=Path("posts.csv"), output=Path("run"), seed=3)
    words = [*shlex.split(request.command("tune")), *request.arguments()]
    refused = {flags_of(option)[0] for option in fields(request) if option.name in NOT_FOR_TUNING}
    assert not refused.intersection(words)
