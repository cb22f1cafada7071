from pathlib import Path

import pytest
import torch
from small_posts import count_openings, make_picture, make_post, pack_pictures
from torch.utils.data import DataLoader

from mmsa_tui.errors import BundleError
from mmsa_tui.model.multimodal import MultimodalDataset, MultimodalPreprocessor
from mmsa_tui.records import Post


def test_a_loader_gives_batches_the_encoders_take(text_encoder_directory: Path, tmp_path: Path) -> None:
    posts = [make_post(tmp_path, "a", "best day", make_picture(1)), make_post(tmp_path, "b", "late train")]
    dataset = MultimodalDataset(posts, [2, 0], MultimodalPreprocessor(text_encoder_directory))
    (batch,) = DataLoader(dataset, batch_size=2, collate_fn=dataset.collate)
    assert batch.input_ids.shape == batch.attention_mask.shape
    assert batch.pixel_values.shape == (2, 3, 224, 224)
    assert batch.has_image.tolist() == [True, False]
    assert batch.labels.tolist() == [2, 0]


def test_an_archive_is_opened_once_for_all_posts(
    text_encoder_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = pack_pictures(tmp_path / "a.zip", [make_picture(n) for n in range(4)])
    posts = [Post(picture.name, "best day", (picture,)) for picture in pictures]
    dataset = MultimodalDataset(posts, [0] * 4, MultimodalPreprocessor(text_encoder_directory))
    opened = count_openings(monkeypatch)
    batches = DataLoader(dataset, batch_size=2, collate_fn=dataset.collate)
    assert all(batch.has_image.all() for batch in batches)
    assert opened == [tmp_path / "a.zip"]


def test_a_saved_preprocessor_gives_the_same(text_encoder_directory: Path, tmp_path: Path) -> None:
    first = MultimodalPreprocessor(text_encoder_directory)
    first.save_pretrained(tmp_path / "saved")
    again = MultimodalPreprocessor.from_pretrained(tmp_path / "saved")
    texts, pictures = ["so sad #rain"], [make_picture(3)]
    torch.testing.assert_close(again(texts, pictures).input_ids, first(texts, pictures).input_ids)
    torch.testing.assert_close(again(texts, pictures).pixel_values, first(texts, pictures).pixel_values)


def test_nothing_is_saved_with_pickle(text_encoder_directory: Path, tmp_path: Path) -> None:
    MultimodalPreprocessor(text_encoder_directory).save_pretrained(tmp_path)
    assert {p.suffix for p in tmp_path.iterdir()} == {".json"}


def test_an_empty_folder_is_no_preprocessor(tmp_path: Path) -> None:
    with pytest.raises(BundleError):
        MultimodalPreprocessor.from_pretrained(tmp_path)
