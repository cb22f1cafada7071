"""Weights that are no numbers, or not those of the labels, are refused; so are their answers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from mmsa_tui.bundle.meta import HEAD, META, Bundle, file_hash, read_bundle
from mmsa_tui.errors import BundleError
from mmsa_tui.model.head import Head
from mmsa_tui.model.network import load_network
from mmsa_tui.model.reference import judge_reference

Alter = Callable[[dict[str, torch.Tensor]], None]


@pytest.fixture
def altered(small_bundle: Bundle, tmp_path: Path) -> Callable[[Alter], Bundle]:
    """A copy of the bundle with other weights, signed again as its maker would."""

    def make(alter: Alter) -> Bundle:
        folder = shutil.copytree(small_bundle.directory, tmp_path / "small-1.0.0")
        weights = load_file(folder / HEAD)
        alter(weights)
        save_file(weights, folder / HEAD)
        meta = json.loads((folder / META).read_text())
        meta["files"][HEAD] = file_hash(folder / HEAD)
        (folder / META).write_text(json.dumps(meta))
        return read_bundle(folder)

    return make


def test_a_bundle_as_it_was_made_has_its_frozen_posts_mostly_right(small_bundle: Bundle) -> None:
    reference = judge_reference(small_bundle)
    assert reference.n == 40
    assert reference.accuracy > 0.5


@pytest.mark.parametrize("name", ["post_head.weight", "image_basis"])
@pytest.mark.parametrize("load", [Head.load, load_network, judge_reference])
def test_weights_that_are_no_numbers_are_not_loaded(
    altered: Callable[[Alter], Bundle], load: Callable[[Bundle], object], name: str
) -> None:
    bundle = altered(lambda weights: weights[name].view(-1)[0].fill_(float("nan")))
    with pytest.raises(BundleError, match="not finite"):
        load(bundle)


def test_answers_that_are_no_numbers_are_refused(altered: Callable[[Alter], Bundle]) -> None:
    bundle = altered(lambda weights: weights["post_head.weight"].fill_(3e38))
    with pytest.raises(BundleError, match="not numbers"):
        judge_reference(bundle)


def test_a_model_that_answers_the_opposite_is_refused(altered: Callable[[Alter], Bundle]) -> None:
    def turn(weights: dict[str, torch.Tensor]) -> None:
        for name in ("post_head", "text_head", "image_head", "classifier"):
            weights[f"{name}.weight"].neg_()
            weights[f"{name}.bias"].neg_()

    with pytest.raises(BundleError, match="guessing"):
        judge_reference(altered(turn))
