"""How the program starts: quickly, and with nothing loaded that the command does not need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mmsa_tui import __version__

HEAVY = {
    "torch", "transformers", "numpy", "pandas", "textual", "openpyxl", "xlsxwriter", "pyarrow", "PIL",
    "rich", "sklearn", "matplotlib", "mmsa_tui.store", "mmsa_tui.sources",
}  # fmt: skip
LOADED = "import sys; from mmsa_tui.cli import run; code = run(sys.argv[1:]); print(*sorted(sys.modules))"


def modules_after(*arguments: str) -> set[str]:
    ran = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments], capture_output=True, text=True, check=True
    )
    return set(ran.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["classify", "--help"], ["bundle", "--help"]]
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    assert not modules_after(*arguments) & HEAVY


def test_looking_at_bundles_loads_no_torch() -> None:
    assert "torch" not in modules_after("bundle", "list")


def test_the_package_can_be_run_as_a_module() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "mmsa_tui", "--version"], capture_output=True, text=True, check=True
    )
    assert ran.stdout == f"mmsa {__version__}\n"


@pytest.mark.bundle
@pytest.mark.parametrize("explain", [[], ["--explain"]])
def test_classifying_on_a_cpu_loads_no_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, explain: list[str]
) -> None:
    monkeypatch.setenv("MMSA_HOME", str(tmp_path))
    table = tmp_path / "posts.csv"
    table.write_text("id,text\n1,what a day\n2,late again\n", encoding="utf-8")
    loaded = modules_after(
        "classify", str(table), "-o", str(tmp_path / "out.csv"), "--device", "cpu", *explain
    )
    assert (tmp_path / "out.csv").is_file()
    assert "onnxruntime" in loaded
    assert not loaded & {"torch", "transformers"}
