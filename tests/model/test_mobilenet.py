from pathlib import Path

import torch

from mmsa_tui.model import mobilenet
from mmsa_tui.model.encoders import ImageEncoder


def test_folding_does_not_change_the_features(image_encoder_directory: Path) -> None:
    plain, folded = ImageEncoder(image_encoder_directory).eval(), ImageEncoder(image_encoder_directory).eval()
    mobilenet.fold(folded.model)
    pixels = torch.rand(2, 3, 224, 224) * 2 - 1
    with torch.inference_mode():
        torch.testing.assert_close(folded(pixels), plain(pixels), atol=1e-4, rtol=1e-4)


def test_trunk_and_tail_make_the_whole(image_encoder_directory: Path) -> None:
    model = ImageEncoder(image_encoder_directory).eval()
    mobilenet.fold(model.model)
    trunk, tail = mobilenet.trunk_and_tail(model.model, 3)
    pixels = torch.rand(1, 3, 224, 224)
    with torch.inference_mode():
        torch.testing.assert_close(tail(trunk(pixels)), model.regions(pixels))


def test_an_unfolded_encoder_computes_what_the_folded_one_did(image_encoder_directory: Path) -> None:
    folded, fresh = ImageEncoder(image_encoder_directory).eval(), ImageEncoder(image_encoder_directory).eval()
    mobilenet.fold(folded.model)
    with torch.no_grad():
        for parameter in folded.parameters():
            parameter.mul_(1.01)
    mobilenet.unfold_into(folded.model, fresh.model)
    pixels = torch.rand(1, 3, 224, 224)
    with torch.inference_mode():
        torch.testing.assert_close(fresh(pixels), folded(pixels), atol=1e-3, rtol=1e-3)
