"""The import contracts forget no package: a new one is held to them or the test names it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import mmsa_tui

ROOT = Path(mmsa_tui.__file__).parent
DATA = {"samples"}
MAY = {"textual": {"tui"}, "typer": {"cli"}, "torch": {"model"}}
"""Who may import what only some may."""


def parts() -> set[str]:
    """The packages and modules of the program."""
    packages = {path.parent.name for path in ROOT.glob("*/*.py")}
    return packages | {path.stem for path in ROOT.glob("*.py")} - {"__init__"}


def contracts() -> list[dict[str, Any]]:
    settings = tomllib.loads((ROOT.parent / "pyproject.toml").read_text(encoding="utf-8"))
    found = settings["tool"]["importlinter"]["contracts"]
    assert isinstance(found, list)
    return found


def test_what_only_some_may_import_is_forbidden_to_all_others() -> None:
    held = {
        str(forbidden): {str(name).removeprefix("mmsa_tui.") for name in contract["source_modules"]}
        for contract in contracts()
        if contract["type"] == "forbidden"
        for forbidden in contract["forbidden_modules"]
    }
    for forbidden, may in MAY.items():
        assert held[forbidden] >= parts() - DATA - may, forbidden


def test_every_part_has_its_place_in_the_layers() -> None:
    (layers,) = (contract for contract in contracts() if contract["type"] == "layers")
    named = {name.strip() for layer in layers["layers"] for name in layer.split("|")}
    assert layers["exhaustive"]
    assert named | set(layers["exhaustive_ignores"]) >= parts()
