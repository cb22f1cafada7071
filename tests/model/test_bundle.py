import json
import shutil

import pytest
import torch

from mmsa_tui.config import Paths
from mmsa_tui.errors import BundleError
from mmsa_tui.model.bundle import META, Bundle, read_bundle, verify_bundle
from mmsa_tui.model.bundle_registry import DamagedBundle, find_bundle, list_bundles, use_bundle
from mmsa_tui.model.labelled import load_labelled
from mmsa_tui.model.predictor import Predictor, load_head


@pytest.fixture
def copied(small_bundle: Bundle, paths: Paths) -> Bundle:
    """The small bundle in the user's own folder, free to be damaged."""
    shutil.copytree(small_bundle.directory.parent, paths.bundles_dir)
    return read_bundle(paths.bundles_dir / small_bundle.directory.name)


def test_a_whole_bundle_verifies(copied: Bundle, paths: Paths) -> None:
    verify_bundle(copied, paths)


@pytest.mark.parametrize(
    "name", ["fusion.safetensors", "replay.safetensors", "config.json", "calibration.json"]
)
@pytest.mark.parametrize("harm", ["missing", "cut", "altered"])
def test_a_damaged_file_is_found(copied: Bundle, paths: Paths, name: str, harm: str) -> None:
    path = copied.directory / name
    data = path.read_bytes()
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(data[:-7] if harm == "cut" else data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(BundleError, match=name.split(".")[0]):
        verify_bundle(copied, paths)


def test_a_damaged_head_is_never_loaded(copied: Bundle, paths: Paths) -> None:
    path = copied.directory / "fusion.safetensors"
    path.write_bytes(path.read_bytes()[:-4] + b"\0\1\2\3")
    with pytest.raises(BundleError, match="damaged"):
        Predictor.load(copied, paths, device="cpu")


def test_a_newer_format_asks_for_an_update(copied: Bundle) -> None:
    path = copied.directory / META
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format_version": 99}))
    with pytest.raises(BundleError) as caught:
        read_bundle(copied.directory)
    assert "99" in caught.value.message
    assert "update" in caught.value.hint


def test_a_bundle_for_a_newer_program_asks_for_an_update(copied: Bundle) -> None:
    path = copied.directory / META
    path.write_text(json.dumps(json.loads(path.read_text()) | {"requires_mmsa": ">=999.0"}))
    with pytest.raises(BundleError, match=r"999\.0"):
        read_bundle(copied.directory)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format_version": 1}', '{"format_version": "1"}'])
def test_a_broken_meta_is_an_error_with_a_hint(copied: Bundle, text: str) -> None:
    (copied.directory / META).write_text(text)
    with pytest.raises(BundleError) as caught:
        read_bundle(copied.directory)
    assert caught.value.hint


def test_a_damaged_bundle_is_listed_not_hidden(copied: Bundle, paths: Paths) -> None:
    (copied.directory / META).write_text("{")
    assert any(isinstance(b, DamagedBundle) for b in list_bundles(paths))


def test_a_missing_encoder_is_named(copied: Bundle, paths: Paths) -> None:
    shutil.rmtree(paths.bundles_dir / "encoders" / copied.meta.encoders["image"])
    with pytest.raises(BundleError, match="image encoder"):
        Predictor.load(copied, paths, device="cpu")


def test_the_bundle_in_use_is_remembered(copied: Bundle, paths: Paths) -> None:
    use_bundle(paths, "small")
    assert find_bundle(paths).id == "small 1.0.0"


def test_an_unknown_bundle_lists_the_known(copied: Bundle, paths: Paths) -> None:
    with pytest.raises(BundleError) as caught:
        find_bundle(paths, "nonesuch")
    assert "small 1.0.0" in caught.value.hint


def test_features_survive_the_replay_file(small_bundle: Bundle) -> None:
    replay = load_labelled(small_bundle.directory / "replay.safetensors")
    evaluation = load_labelled(small_bundle.directory / "evaluation.safetensors")
    assert len(replay) == 120
    assert replay.hashes[0] == "b2:" + f"{1:040x}"
    torch.testing.assert_close(replay.features.text[:40], evaluation.features.text)
    head = load_head(small_bundle)
    with torch.inference_mode():
        assert torch.isfinite(
            head.score(
                replay.features.text, replay.features.lexicon, replay.features.image, replay.features
            ).fused
        ).all()
