"""Fixtures of the model tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_bundle import image_encoder_directory, small_bundle, text_encoder_directory

from mmsa_tui.config import Paths, find_paths
from mmsa_tui.model import probe

__all__ = ["image_encoder_directory", "small_bundle", "text_encoder_directory"]


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths({"MMSA_HOME": str(tmp_path / "home")})


@pytest.fixture(autouse=True)
def texts_in_fp32(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test hang on which numbers are quicker here; those of the probe bring their own."""
    monkeypatch.setattr(probe, "_probe_texts", lambda *_: probe.PLAIN)
