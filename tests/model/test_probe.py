"""Another runtime for pictures is chosen if it is quicker, and only if next to no label changes by it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mmsa_tui.bundle.meta import Bundle
from mmsa_tui.config import Paths
from mmsa_tui.model import probe
from mmsa_tui.model.encoded import Floats
from mmsa_tui.model.head import Head
from mmsa_tui.model.predictor import Predictor
from mmsa_tui.model.runtimes import openvino
from mmsa_tui.model.runtimes.onnx import OnnxImage
from mmsa_tui.records import Picture, Post

Change = Callable[[Floats], Floats]


def as_it_is(features: Floats) -> Floats:
    return features


def mixed_up(features: Floats) -> Floats:
    return features[:, ::-1] * 5


def broken(_: Floats) -> Floats:
    raise RuntimeError("illegal instruction\nand more")


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Let OpenVINO be installed here; returns the numbers it was opened in, as they come."""

    def installed(change: Change = as_it_is, gain: float = 2.0) -> list[str]:
        opened: list[str] = []

        class Fake:
            def __init__(self, folder: Path, numbers: str, workers: int = 1) -> None:
                opened.append(numbers)
                self._plain = OnnxImage(folder, None)

            def encode(self, pixels: NDArray[np.uint8]) -> Floats:
                return change(self._plain.encode(pixels))

        monkeypatch.setattr(openvino, "is_installed", lambda: True)
        monkeypatch.setattr(openvino, "numbers_here", lambda: ["fp32"])
        monkeypatch.setattr(openvino, "OpenVinoImage", Fake)
        monkeypatch.setattr(probe, "_gain", lambda *_: gain)
        return opened

    return installed


@pytest.fixture
def post(tmp_path: Path) -> Post:
    file = tmp_path / "a.png"
    Image.new("RGB", (300, 240), "teal").save(file)
    return Post("1", "the best day", (Picture("a.png", file),), content_hash="b2:1")


def test_a_quicker_runtime_that_changes_no_label_is_taken_and_kept_with_the_prediction(
    small_bundle: Bundle, paths: Paths, post: Post, install: Callable[..., list[str]]
) -> None:
    plain = Predictor.load(small_bundle, paths, "cpu", cache=False).predict([post])[0]
    install()
    predictor = Predictor.load(small_bundle, paths, "cpu", cache=False)
    found = predictor.predict([post])[0]
    assert found.runtime == "cpu fp32, pictures openvino fp32"
    assert found.probs == plain.probs
    assert "2.00 times as quick, 0.00% of labels change" in predictor.encoders.runtimes.tried[0]


@pytest.mark.parametrize(
    ("change", "gain", "why"), [(mixed_up, 3.0, "labels change"), (as_it_is, 1.05, "1.05 times as quick")]
)
def test_what_changes_labels_or_gains_little_is_not_taken(
    small_bundle: Bundle,
    paths: Paths,
    install: Callable[..., list[str]],
    change: Change,
    gain: float,
    why: str,
) -> None:
    install(change, gain)
    encoders = Predictor.load(small_bundle, paths, "cpu", cache=False).encoders
    assert encoders.runtimes.name == "cpu fp32"
    assert why in encoders.runtimes.tried[0]


def test_what_was_found_is_recalled_and_found_out_again_where_it_is_damaged(
    small_bundle: Bundle, paths: Paths, install: Callable[..., list[str]]
) -> None:
    opened = install()
    for content in (None, None, b"", b'{"machine": {}, "choice": {}}'):
        if content is not None:
            (file,) = (paths.cache_dir / "probe").iterdir()
            file.write_bytes(content)
        encoders = Predictor.load(small_bundle, paths, "cpu", cache=False).encoders
        assert encoders.runtimes.name == "cpu fp32, pictures openvino fp32"
    assert len(opened) == 3


def test_where_nothing_can_be_kept_it_is_found_out_each_time(
    small_bundle: Bundle, paths: Paths, install: Callable[..., list[str]]
) -> None:
    opened = install()
    paths.cache_dir.parent.mkdir(parents=True, exist_ok=True)
    paths.cache_dir.write_text("a file where the folder should be")
    for _ in range(2):
        encoders = Predictor.load(small_bundle, paths, "cpu", cache=False).encoders
        assert encoders.runtimes.name == "cpu fp32, pictures openvino fp32"
    assert len(opened) == 2


def test_a_runtime_that_cannot_be_used_at_all_is_left_alone(
    small_bundle: Bundle, paths: Paths, install: Callable[..., list[str]]
) -> None:
    install(broken)
    encoders = Predictor.load(small_bundle, paths, "cpu", cache=False).encoders
    assert encoders.runtimes.name == "cpu fp32"
    assert encoders.runtimes.tried == ("openvino cannot be used (illegal instruction)",)


def test_when_the_chosen_runtime_breaks_down_the_plain_one_goes_on_with_the_same_labels(
    small_bundle: Bundle, paths: Paths, post: Post, install: Callable[..., list[str]]
) -> None:
    plain = Predictor.load(small_bundle, paths, "cpu", cache=False).predict([post])[0]
    install()
    Predictor.load(small_bundle, paths, "cpu", cache=False)
    install(broken)
    predictor = Predictor.load(small_bundle, paths, "cpu")
    found = predictor.predict([post])[0]
    assert (found.probs, found.runtime) == (plain.probs, "cpu fp32")
    assert predictor.notes == [
        "pictures in openvino fp32 broke down (illegal instruction); ONNX Runtime went on"
    ]


def test_components_and_back_are_the_same_components(small_bundle: Bundle) -> None:
    head = Head.load(small_bundle)
    image = np.random.default_rng(0).normal(size=(3, 1280)).astype(np.float32)
    components = head.components(image)
    np.testing.assert_allclose(head.components(head.uncompressed(components)), components, atol=1e-2)
