"""How the program starts: quickly, and with nothing loaded that the command does not need."""

from __future__ import annotations

import subprocess
import sys

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
