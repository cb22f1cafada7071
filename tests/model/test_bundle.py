import json
import shutil
from dataclasses import replace

import pytest
import torch

from mmsa_tui.bundle.meta import (
    CALIBRATION,
    CARD,
    CONFIG,
    EVALUATION,
    HEAD,
    META,
    REPLAY,
    Bundle,
    file_hash,
    read_bundle,
    verify_bundle,
)
from mmsa_tui.bundle.registry import DamagedBundle, find_bundle, list_bundles, roll_back, use_bundle
from mmsa_tui.config import Paths
from mmsa_tui.errors import BundleError
from mmsa_tui.model.labelled import load_labelled
from mmsa_tui.model.network import load_network
from mmsa_tui.model.predictor import Predictor
from mmsa_tui.records import Post


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


@pytest.mark.parametrize(
    ("changes", "is_another"),
    [
        ({HEAD: "0" * 64}, True),
        ({CALIBRATION: "0" * 64}, True),
        ({CONFIG: "0" * 64}, True),
        ({REPLAY: "0" * 64}, False),
        ({EVALUATION: "0" * 64}, False),
        ({CARD: "0" * 64}, False),
    ],
)
def test_a_model_is_another_one_where_what_answers_is(
    small_bundle: Bundle, changes: dict[str, str], is_another: bool
) -> None:
    meta = small_bundle.meta
    other = replace(small_bundle, meta=replace(meta, files={**meta.files, **changes}))
    assert (other.model != small_bundle.model) is is_another
    assert other.fingerprint != small_bundle.fingerprint


def test_a_model_is_another_one_with_other_labels_or_encoders_and_not_by_another_name(
    small_bundle: Bundle,
) -> None:
    def model(**changes: object) -> str:
        return replace(small_bundle, meta=replace(small_bundle.meta, **changes)).model

    assert model(name="other", version="9.9.9", scores={"n": 1}) == small_bundle.model
    assert model(labels=small_bundle.labels[::-1]) != small_bundle.model
    assert model(encoders={**small_bundle.meta.encoders, "text": "0" * 64}) != small_bundle.model


def test_a_prediction_names_the_model_that_made_it(copied: Bundle, paths: Paths) -> None:
    judged = Predictor.load(copied, paths, "cpu").predict([Post("1", "a day"), Post("2", "")])
    assert [(one.status, one.model) for one in judged] == [
        ("text_only", copied.model),
        ("failed", copied.model),
    ]


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
    assert "Update" in caught.value.hint


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
    head = load_network(small_bundle)
    with torch.inference_mode():
        assert torch.isfinite(
            head.score(
                replay.features.text, replay.features.lexicon, replay.features.image, replay.features
            ).fused
        ).all()


@pytest.mark.parametrize("labels", [["positive", "neutral", "negative"], ["bad", "neutral", "good"]])
def test_labels_that_are_not_those_of_the_weights_are_refused(
    copied: Bundle, paths: Paths, labels: list[str]
) -> None:
    path = copied.directory / META
    path.write_text(json.dumps(json.loads(path.read_text()) | {"labels": labels}))
    with pytest.raises(BundleError, match="labels"):
        find_bundle(paths, "small 1.0.0")
    with pytest.raises(BundleError, match="labels"):
        read_bundle(copied.directory)


def test_a_bundle_whose_config_names_no_labels_is_still_read(copied: Bundle, paths: Paths) -> None:
    config, meta = copied.directory / "config.json", copied.directory / META
    config.write_text(json.dumps({k: v for k, v in json.loads(config.read_text()).items() if k != "labels"}))
    record = json.loads(meta.read_text())
    record["files"]["config.json"] = file_hash(config)
    meta.write_text(json.dumps(record))
    verify_bundle(read_bundle(copied.directory), paths)


@pytest.mark.parametrize("field", [{"training": []}, {"scores": "high"}, {"parent": 1}, {"sources": "a"}])
def test_a_field_of_the_wrong_type_is_an_error_with_a_hint(copied: Bundle, field: dict[str, object]) -> None:
    path = copied.directory / META
    path.write_text(json.dumps(json.loads(path.read_text()) | field))
    with pytest.raises(BundleError) as caught:
        read_bundle(copied.directory)
    assert caught.value.hint


def test_a_place_that_cannot_be_written_is_an_error_with_a_hint(copied: Bundle, paths: Paths) -> None:
    blocked = replace(paths, data_dir=copied.directory / META, shipped_bundles=paths.bundles_dir)
    with pytest.raises(BundleError) as caught:
        use_bundle(blocked, "small")
    assert "rights" in caught.value.hint


def make_child(bundle: Bundle, paths: Paths, version: str, parent: str, **training: object) -> Bundle:
    """A bundle here that says it was made from another."""
    folder = paths.bundles_dir / f"small-{version}"
    shutil.copytree(bundle.directory, folder)
    meta = replace(bundle.meta, version=version, parent=parent, training=training)
    (folder / META).write_text(json.dumps(meta.as_json()))
    return read_bundle(folder)


def test_rolling_back_leads_to_the_parent(copied: Bundle, paths: Paths) -> None:
    make_child(copied, paths, "1.0.1", "small 1.0.0")
    make_child(copied, paths, "1.0.2", "small 1.0.1")
    use_bundle(paths, "small 1.0.0")
    use_bundle(paths, "small 1.0.2")
    assert roll_back(paths).id == "small 1.0.1"
    assert roll_back(paths).id == find_bundle(paths).id == "small 1.0.0"


def test_where_the_parent_is_not_here_rolling_back_leads_to_the_one_used_before(
    copied: Bundle, paths: Paths
) -> None:
    make_child(copied, paths, "1.0.5", "small 1.0.4")
    use_bundle(paths, "small 1.0.0")
    use_bundle(paths, "small 1.0.5")
    assert roll_back(paths).id == find_bundle(paths).id == "small 1.0.0"


def test_using_the_active_bundle_again_does_not_forget_the_one_before(copied: Bundle, paths: Paths) -> None:
    make_child(copied, paths, "1.0.5", "small 1.0.4")
    for name in ("small 1.0.0", "small 1.0.5", "small 1.0.5"):
        use_bundle(paths, name)
    assert roll_back(paths).id == "small 1.0.0"


def test_an_imported_bundle_does_not_lead_back_to_a_namesake_of_its_parent(
    copied: Bundle, paths: Paths
) -> None:
    make_child(copied, paths, "1.0.1", "small 1.0.0")
    make_child(copied, paths, "1.0.2", "small 1.0.1")
    make_child(copied, paths, "1.0.3", "small 1.0.1", imported={"id": "small 1.0.2"})
    use_bundle(paths, "small 1.0.2")
    use_bundle(paths, "small 1.0.3")
    assert roll_back(paths).id == "small 1.0.2"


@pytest.mark.parametrize("parent", ["small 1.0.4", "/etc", "small 1.0.5"])
def test_where_there_is_nothing_to_go_back_to_the_absent_parent_is_named(
    copied: Bundle, paths: Paths, parent: str
) -> None:
    child = make_child(copied, paths, "1.0.5", parent)
    use_bundle(paths, child.id)
    (paths.data_dir / "active.before").unlink(missing_ok=True)
    with pytest.raises(BundleError, match=r"which small 1\.0\.5 was made from, is not here") as caught:
        roll_back(paths)
    assert parent in caught.value.message
    assert "mmsa bundle use" in caught.value.hint and "small 1.0.0" in caught.value.hint
    assert find_bundle(paths).id == "small 1.0.5"


def test_rolling_back_twice_does_not_lead_forward(copied: Bundle, paths: Paths) -> None:
    make_child(copied, paths, "1.0.5", "small 1.0.4")
    make_child(copied, paths, "1.0.6", "small 1.0.4")
    use_bundle(paths, "small 1.0.5")
    use_bundle(paths, "small 1.0.6")
    assert roll_back(paths).id == "small 1.0.5"
    with pytest.raises(BundleError, match=r"small 1\.0\.4"):
        roll_back(paths)
