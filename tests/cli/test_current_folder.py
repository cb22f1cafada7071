"""A folder of tweets is data: no module that lies in the current folder is ever imported."""

from __future__ import annotations

import asyncio
import os
import shutil
import site
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

import mmsa_tui
from mmsa_tui import processes
from mmsa_tui.worker.child import Child, command_for
from mmsa_tui.worker.messages import Inspect, Inspected, Message, Trouble

PLANTED = (
    "json", "re", "typing", "dataclasses", "sqlite3", "csv", "asyncio", "typer", "msgspec", "torch", "numpy",
    "pandas", "transformers", "safetensors", "matplotlib", "PIL", "textual", "rich", "platformdirs",
    "sitecustomize", "usercustomize", "tools", "training",
)  # fmt: skip
ROOT = Path(mmsa_tui.__file__).parent.parent


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of posts in which modules lie that tell when they are imported."""
    folder = tmp_path / "tweets"
    for name in PLANTED:
        planted = folder / name
        planted.mkdir(parents=True)
        tell = f"open({str(tmp_path / 'imported')!r}, 'a').write({name!r} + '\\n')\n"
        (folder / f"{name}.py").write_text(tell)
        (planted / "__init__.py").write_text(tell)
    (folder / "training" / "full").mkdir()
    (folder / "posts.csv").write_text("id,text\n1,good\n2,bad\n")
    monkeypatch.setenv("MMSA_HOME", str(tmp_path / "home"))
    return folder


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds copies of the packages, as a wheel leaves them."""
    root = tmp_path_factory.mktemp("installed")
    venv.create(root, with_pip=False, symlinks=os.name != "nt")
    scripts = root / ("Scripts" if os.name == "nt" else "bin")
    purelib = Path(sysconfig.get_path("purelib", vars={"base": str(root), "platbase": str(root)}))
    ignored = shutil.ignore_patterns("__pycache__")
    for package in ("mmsa_tui", "training"):
        shutil.copytree(ROOT / package, purelib / package, ignore=ignored)
    libraries = [entry for entry in [*site.getsitepackages(), *sys.path] if entry.endswith("site-packages")]
    (purelib / "libraries.pth").write_text("\n".join(dict.fromkeys(libraries)) + "\n")
    (scripts / "mmsa.py").write_text("from mmsa_tui.__main__ import main\nmain()\n")
    return scripts / ("python.exe" if os.name == "nt" else "python")


def imported(folder: Path) -> list[str]:
    file = folder.parent / "imported"
    return file.read_text().split() if file.exists() else []


COMMANDS = (
    ["--version"],
    ["inspect", "posts.csv", "--json"],
    ["bundle", "list"],
    ["corrections", "export"],
    ["retrain", "--dry-run"],
    ["train", "posts.csv", "-o", "run", "--recipe", "no-such-recipe"],
    ["browse"],
)


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda words: " ".join(words[:1]))
def test_a_command_imports_nothing_from_the_current_folder(folder: Path, arguments: list[str]) -> None:
    # Every test of this file starts real processes; the checkout is found as an installation would be.
    ran = run([sys.executable, "-m", "mmsa_tui", *arguments], folder)
    assert imported(folder) == []
    assert ran.returncode in (0, 2, 3, 5), ran.stderr


@pytest.mark.parametrize("arguments", [["--version"], ["inspect", "posts.csv"], ["retrain", "--dry-run"]])
def test_an_installed_command_imports_nothing_from_the_current_folder(
    folder: Path, installed: Path, arguments: list[str]
) -> None:
    ran = run([str(installed), str(installed.parent / "mmsa.py"), *arguments], folder, {"PYTHONPATH": ""})
    assert imported(folder) == []
    assert "No module named" not in ran.stderr
    assert ran.returncode in (0, 2, 3, 5), ran.stderr


def test_a_path_that_names_the_current_folder_is_not_passed_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = folder.parent
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", ".", str(folder), str(elsewhere)]))
    assert processes.environment()["PYTHONPATH"] == str(elsewhere)


@pytest.mark.parametrize("side", ["sources", "model"])
async def test_a_child_of_the_app_imports_nothing_from_the_current_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch, side: str
) -> None:
    monkeypatch.chdir(folder)
    heard: asyncio.Queue[Message | str] = asyncio.Queue()
    child = Child(command_for(side), heard.put_nowait, heard.put_nowait)
    await child.start()
    if side == "sources":
        child.send(Inspect(str(folder / "posts.csv")))
        while not isinstance(said := await asyncio.wait_for(heard.get(), 60), Inspected | Trouble | str):
            pass
        assert isinstance(said, Inspected)
    await child.close()
    assert imported(folder) == []
    assert heard.empty()


def test_a_module_of_ours_runs_whatever_the_current_folder_is_called(folder: Path) -> None:
    ran = subprocess.run(
        processes.command("training.full.train", "--help"),
        cwd=folder, capture_output=True, text=True, **processes.options(apart=True),
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert imported(folder) == []


def run(
    command: list[str], folder: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120,
        env=os.environ | (environment or {}), stdin=subprocess.DEVNULL,
    )  # fmt: skip
