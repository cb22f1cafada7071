"""The program and its default bundle are two distributions; the program alone is small."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SMALL = 3_000_000
"""Bytes that a wheel of the program may have."""


def build(project: Path, into: Path) -> zipfile.ZipFile:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(into)],
        cwd=project, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = into.glob("*.whl")
    return zipfile.ZipFile(wheel)


def test_the_program_without_weights_is_small_and_typed(tmp_path: Path) -> None:
    with build(REPOSITORY, tmp_path) as wheel:
        names = wheel.namelist()
        assert Path(str(wheel.filename)).stat().st_size < SMALL
    assert "mmsa_tui/py.typed" in names
    assert not [name for name in names if name.endswith(".safetensors")]
    assert {name.partition("/")[0] for name in names if ".dist-info" not in name} == {"mmsa_tui", "training"}


@pytest.mark.bundle
def test_the_default_bundle_brings_the_encoders_it_names(tmp_path: Path) -> None:
    with build(REPOSITORY / "model_bundle", tmp_path) as wheel:
        names = set(wheel.namelist())
        (record,) = [name for name in names if name.endswith("/meta.json")]
        meta = json.loads(wheel.read(record))
    assert meta["name"] == "mvsa"
    folder = record.rpartition("/")[0]
    assert {f"{folder}/{name}" for name in meta["files"]} <= names
    held = {name.split("/")[2] for name in names if name.startswith("mmsa_tui_bundle/encoders/")}
    assert held == set(meta["encoders"].values())
