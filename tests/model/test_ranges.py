"""An int8 graph takes its steps from the ranges that an encoder brings, and refuses those that are none."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.config import find_paths
from mmsa_tui.errors import BundleError
from mmsa_tui.model.runtimes import TextSpec
from mmsa_tui.model.runtimes.onnx import OnnxText
from mmsa_tui.model.runtimes.torch import TorchText
from mmsa_tui.model.views import RANGES, load_ranges
from training.full.text import load_text_encoder, save_ranges, save_text_encoder

TEXTS = ["the best day", "late train again !", "so sad , worst rain ever ? " * 8, "a"]


def test_inputs_that_reach_far_do_not_cost_the_others_their_steps(
    text_encoder_directory: Path, tmp_path: Path
) -> None:
    model, transform = load_text_encoder(text_encoder_directory)
    for layer in model.model.encoder.layer:
        # One inner unit and one input of each block far beyond the rest, as trained encoders have them.
        layer.intermediate.dense.bias.data[3] = 60.0
        layer.output.dense.weight.data[:, 3] *= 0.01
        layer.attention.output.LayerNorm.bias.data[5] = 40.0
        layer.intermediate.dense.weight.data[:, 5] *= 0.01
    folder = tmp_path / "encoder"
    save_text_encoder(model, transform, folder)
    spec, batch = TextSpec(folder, precision="int8"), transform.collate(transform.encode(TEXTS))
    exact = TorchText(TextSpec(folder), torch.device("cpu")).encode(batch)
    plain = OnnxText(spec, None).encode(batch)
    save_ranges(model, transform, TEXTS, folder)
    ours = OnnxText(spec, None).encode(batch)
    assert np.abs(ours - exact).mean() < 0.4 * np.abs(plain - exact).mean()


@pytest.mark.bundle
def test_the_default_bundle_brings_its_ranges() -> None:
    paths = find_paths()
    folder = find_bundle(paths, "").encoder_directory("text", paths)
    assert len(load_ranges(folder)) == 36


@pytest.mark.parametrize(
    "ranges",
    [
        {"encoder.layer.0.intermediate.dense": torch.ones(7)},
        {"encoder.layer.0.output.dense": torch.ones(7)},
        {"encoder.layer.0.attention.self.query": torch.full((32,), torch.nan)},
        {"encoder.layer.0.attention.self.query": -torch.ones(32)},
        {"encoder.layer.0.attention.self.query": torch.full((32,), 3e38)},
        {"encoder.layer.0.attention.self.query": torch.ones(32, 1)},
        None,
    ],
)
def test_ranges_that_are_damaged_or_another_encoders_are_refused(
    text_encoder_directory: Path, tmp_path: Path, ranges: dict[str, torch.Tensor] | None
) -> None:
    folder = tmp_path / "encoder"
    shutil.copytree(text_encoder_directory, folder)
    if ranges is None:
        (folder / RANGES).write_bytes(b"cut")
    else:
        save_file(ranges, folder / RANGES)
    with pytest.raises(BundleError, match=r"damaged|cannot be read"):
        OnnxText(TextSpec(folder, precision="int8"), None)
