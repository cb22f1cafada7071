"""Several views of one text: layers side by side, and the encoder's own verdict."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from mmsa_tui.errors import BundleError
from mmsa_tui.model.encoders import TextEncoder, masked_mean
from mmsa_tui.model.preprocessing import TextTransform
from mmsa_tui.model.views import VERDICT, VIEWS, TextViews, read_views
from training.full.text import encode_texts, save_text_encoder

TEXTS = ["the best day", "the train is late again , never again !", "sad"]


@pytest.fixture
def directory(text_encoder_directory: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "encoder"
    shutil.copytree(text_encoder_directory, folder)
    TextViews(layers=(1, 2), n_verdict=3).save(folder)
    save_file({"weight": torch.randn(3, 32), "bias": torch.zeros(3)}, folder / VERDICT)
    return folder


def test_an_encoder_that_says_nothing_gives_its_last_layer(text_encoder_directory: Path) -> None:
    assert read_views(text_encoder_directory) == TextViews()
    assert TextEncoder(text_encoder_directory).blocks == (32,)


def test_views_stand_side_by_side_in_the_order_of_their_blocks(
    directory: Path, text_encoder_directory: Path
) -> None:
    plain, views = TextEncoder(text_encoder_directory).eval(), TextEncoder(directory).eval()
    batch = TextTransform(directory).collate(TextTransform(directory).encode(TEXTS))
    ids, mask = torch.from_numpy(batch.input_ids), torch.from_numpy(batch.attention_mask)
    with torch.inference_mode():
        first = plain.model(ids, mask, output_hidden_states=True).hidden_states[1]
        last = plain(ids, mask)
        found = views(ids, mask)
        assert views.verdict is not None
        verdict = views.verdict(last)
    assert views.blocks == (32, 32, 3)
    torch.testing.assert_close(found, torch.cat([masked_mean(first, mask), last, verdict], 1))


def test_a_saved_encoder_gives_the_same_views(directory: Path, tmp_path: Path) -> None:
    encoder, transform = TextEncoder(directory), TextTransform(directory)
    save_text_encoder(encoder, transform, tmp_path / "saved")
    again = TextEncoder(tmp_path / "saved")
    cpu = torch.device("cpu")
    torch.testing.assert_close(
        encode_texts(encoder, transform, TEXTS, cpu),
        encode_texts(again, TextTransform(tmp_path / "saved"), TEXTS, cpu),
        atol=0.01,
        rtol=0.01,
    )


@pytest.mark.parametrize(
    "views", ["[", "[]", {"layers": [0]}, {"layers": [7]}, {"n_verdict": -1}, {"emoji": "drawn"}]
)
def test_damaged_views_are_an_error_that_names_the_file(directory: Path, views: object) -> None:
    text = views if isinstance(views, str) else json.dumps(views)
    (directory / VIEWS).write_text(text, encoding="utf-8")
    with pytest.raises(BundleError, match=VIEWS):
        TextEncoder(directory)


def test_a_verdict_that_is_missing_is_an_error(directory: Path) -> None:
    (directory / VERDICT).unlink()
    with pytest.raises(BundleError, match=VERDICT):
        TextEncoder(directory)
