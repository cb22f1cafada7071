"""Fixtures of the model tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_bundle import image_encoder_directory, small_bundle, text_encoder_directory

from mmsa_tui.config import Paths, find_paths

__all__ = ["image_encoder_directory", "small_bundle", "text_encoder_directory"]


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths({"MMSA_HOME": str(tmp_path / "home")})
