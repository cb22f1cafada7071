"""Another runtime is chosen if it is quicker, and only if next to no label changes by it."""

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
from mmsa_tui.model.runtimes import TextSpec, openvino
from mmsa_tui.model.runtimes.onnx import OnnxImage, OnnxText
from mmsa_tui.records import Picture, Post

Change = Callable[[Floats], Floats]
PROBE_TEXTS = probe._probe_texts


def as_it_is(features: Floats) -> Floats:
    return features


def mixed_up(features: Floats) -> Floats:
    # Half of them turned about, and so large that no bias outweighs them: labels must change.
    turned = np.floor(np.abs(features.sum(axis=1, keepdims=True)) * 1e4) % 2 == 1
    return np.where(turned, -1e4, 1e4).astype(np.float32) * features


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
        monkeypatch.setattr(probe, "_gain", lambda *_: probe.Gain(gain, 1.0))
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
    plain = Predictor.load(small_bundle, paths, "cpu", cache=False, probe=False).predict([post])[0]
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
    for content in (None, None, b"", b'{"machine": {}, "choices": {}}'):
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
    assert encoders.runtimes.tried == ("openvino for pictures cannot be used (illegal instruction)",)


def test_when_the_chosen_runtime_breaks_down_the_plain_one_goes_on_with_the_same_labels(
    small_bundle: Bundle, paths: Paths, post: Post, install: Callable[..., list[str]]
) -> None:
    plain = Predictor.load(small_bundle, paths, "cpu", cache=False, probe=False).predict([post])[0]
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


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let texts be probed: how much quicker int8 is, and what OpenVINO, if it is there, makes of them."""

    def read(gain: float, change: Change | None = None, saved_s: float = 1.0) -> None:
        def open_text(spec: TextSpec, numbers: str, workers: int = 1) -> OnnxText:
            assert change is not None
            encoder = OnnxText(spec, None)
            run = encoder._run_graph
            encoder._run_graph = lambda outputs, inputs: [change(out) for out in run(outputs, inputs)]
            return encoder

        gains = iter((gain, 3.0))
        monkeypatch.setattr(probe, "_probe_texts", PROBE_TEXTS)
        monkeypatch.setattr(probe, "_probe_pictures", lambda *_: probe.PLAIN)
        monkeypatch.setattr(probe, "_gain", lambda *_: probe.Gain(next(gains), saved_s))
        monkeypatch.setattr(openvino, "is_installed", lambda: change is not None)
        monkeypatch.setattr(openvino, "numbers_here", lambda: ["bf16"])
        monkeypatch.setattr(openvino, "open_text", open_text)

    return read


def test_int8_texts_that_change_no_label_are_taken_and_kept_with_the_prediction(
    small_bundle: Bundle, paths: Paths, post: Post, read: Callable[..., None]
) -> None:
    read(gain=2.0)
    for _ in range(2):  # the second time it is recalled
        found = Predictor.load(small_bundle, paths, "cpu", cache=False).predict([post])[0]
        assert found.runtime == "cpu int8"


def test_a_text_encoder_that_is_quick_anyway_stays_as_it_is(
    small_bundle: Bundle, paths: Paths, post: Post, read: Callable[..., None]
) -> None:
    read(gain=2.0, saved_s=0.0001)
    assert Predictor.load(small_bundle, paths, "cpu", cache=False).predict([post])[0].runtime == "cpu fp32"


def test_int8_texts_that_change_labels_are_refused_and_doctor_can_say_why(
    small_bundle: Bundle, paths: Paths, read: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "MAX_FLIPS", -1.0)
    read(gain=2.0)
    runtimes = Predictor.load(small_bundle, paths, "cpu", cache=False).encoders.runtimes
    assert runtimes.name == "cpu fp32"
    (line,) = runtimes.tried
    assert line.startswith("onnxruntime int8 for texts: 2.00 times as quick, 0.00% of labels change")


def test_texts_of_a_bundle_that_was_made_in_int8_run_in_it_untried(
    small_bundle: Bundle, paths: Paths, post: Post, read: Callable[..., None]
) -> None:
    read(gain=0.1)
    spec = TextSpec(small_bundle.encoder_directory("text", paths), precision="int8")
    choices = probe.choose_runtimes(small_bundle, spec, paths.cache_dir, paths.cache_dir)
    assert (choices.texts.numbers, choices.tried) == ("int8", ())
    assert not (paths.cache_dir / "probe").exists()


@pytest.mark.parametrize(
    ("change", "name"), [(as_it_is, "cpu fp32, texts openvino bf16"), (mixed_up, "cpu int8")]
)
def test_openvino_reads_texts_where_it_is_the_quickest_of_those_true_enough(
    small_bundle: Bundle, paths: Paths, post: Post, read: Callable[..., None], change: Change, name: str
) -> None:
    read(2.0, change)
    assert Predictor.load(small_bundle, paths, "cpu", cache=False).predict([post])[0].runtime == name


def test_when_the_runtime_for_texts_breaks_down_the_plain_one_goes_on_and_keeps_its_own_features(
    small_bundle: Bundle, paths: Paths, post: Post, read: Callable[..., None]
) -> None:
    plain = Predictor.load(small_bundle, paths, "cpu", cache=False, probe=False).predict([post])[0]
    read(2.0, as_it_is)
    probe_only = Predictor.load(small_bundle, paths, "cpu", cache=False)
    assert "openvino bf16" in probe_only.device_name
    read(2.0, broken)
    predictor = Predictor.load(small_bundle, paths, "cpu")
    found = predictor.predict([post])[0]
    assert (found.probs, found.runtime) == (plain.probs, "cpu fp32")
    assert predictor.notes == [
        "texts in openvino bf16 broke down (illegal instruction); ONNX Runtime went on"
    ]
    assert Predictor.load(small_bundle, paths, "cpu", probe=False).predict([post])[0].probs == plain.probs
