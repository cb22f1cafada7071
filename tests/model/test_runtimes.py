"""ONNX Runtime computes what torch does, from kept graphs that are never trusted blindly."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from small_features import make_features

from mmsa_tui.bundle.meta import Bundle
from mmsa_tui.config import Paths
from mmsa_tui.errors import BundleError
from mmsa_tui.model.encoded import Arrays, Floats
from mmsa_tui.model.encoders import TextEncoder
from mmsa_tui.model.encoding import Encoders
from mmsa_tui.model.head import Head, HeadConfig
from mmsa_tui.model.network import build_head
from mmsa_tui.model.predictor import Predictor
from mmsa_tui.model.preprocessing import TextTransform, TokenBatch
from mmsa_tui.model.runtimes import TextSpec, bucketed, onnx
from mmsa_tui.model.runtimes.graphs import quantise
from mmsa_tui.model.runtimes.onnx import OnnxImage, OnnxText
from mmsa_tui.model.runtimes.pair import RuntimePair
from mmsa_tui.model.runtimes.torch import TorchImage, TorchText
from mmsa_tui.model.views import VERDICT, TextViews
from mmsa_tui.records import Post

CPU = torch.device("cpu")
TEXTS = ["the best day", "late train again !", "so sad , worst rain ever ? " * 8, "a"]


def cosine(a: Floats, b: Floats) -> float:
    return float(((a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))).min())


def tokens(folder: Path) -> TokenBatch:
    transform = TextTransform(folder)
    return transform.collate(transform.encode(TEXTS))


@pytest.mark.parametrize("layers", [(), (1, 2)])
@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_both_runtimes_read_the_same_from_texts(
    text_encoder_directory: Path, tmp_path: Path, layers: tuple[int, ...], precision: str
) -> None:
    folder = tmp_path / "encoder"
    shutil.copytree(text_encoder_directory, folder)
    views = TextViews(layers, n_verdict=3, precision=precision)  # type: ignore[arg-type]
    views.save(folder)
    save_file({"weight": torch.randn(3, 32), "bias": torch.zeros(3)}, folder / VERDICT)
    spec = TextSpec(folder, views, views.precision)
    batch = tokens(folder)
    ours, reference = OnnxText(spec, None).encode(batch), TorchText(spec, CPU).encode(batch)
    assert ours.shape == reference.shape == (4, 32 * max(1, len(layers)) + 3)
    assert cosine(ours, reference) > (0.99999 if precision == "fp32" else 0.99)


@pytest.mark.parametrize("runtime", [OnnxText, lambda spec, _: TorchText(spec, CPU)])
def test_a_word_that_is_left_out_of_the_means_is_missing_in_every_view(
    text_encoder_directory: Path, tmp_path: Path, runtime: Callable[..., OnnxText]
) -> None:
    folder = tmp_path / "encoder"
    shutil.copytree(text_encoder_directory, folder)
    views = TextViews((1, 2), n_verdict=3)
    views.save(folder)
    verdict = {"weight": torch.randn(3, 32), "bias": torch.ones(3)}
    save_file(verdict, folder / VERDICT)
    transform = TextTransform(folder)
    batch = transform.collate(transform.encode(["best day never"]))
    encoder = TextEncoder(folder).eval()
    with torch.inference_mode():
        ids, mask = torch.from_numpy(batch.input_ids), torch.from_numpy(batch.attention_mask)
        one, two = (layer[0] for layer in encoder.states(ids, mask))
        whole = encoder(ids, mask)[0].numpy()
    rest = [0, 1, 3, 4]
    wanted = torch.cat([one[rest].mean(0), two[rest].mean(0)])
    wanted = torch.cat([wanted, verdict["weight"] @ two[rest].mean(0) + verdict["bias"]])
    found = runtime(TextSpec(folder, views), None).encode_without(batch, [[2], []])
    np.testing.assert_allclose(found[0], wanted.numpy(), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(found[1], whole, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_text_is_encoded_alike_whatever_stands_beside_it(
    text_encoder_directory: Path, image_encoder_directory: Path, precision: str
) -> None:
    spec = TextSpec(text_encoder_directory, precision=precision)  # type: ignore[arg-type]
    encoders = Encoders(RuntimePair(spec, image_encoder_directory))
    together = encoders.encode_raw_texts(["sad", "the best day", "worst hate rain"])
    np.testing.assert_allclose(
        together[1], encoders.encode_raw_texts(["the best day"])[0], rtol=1e-4, atol=1e-5
    )


def test_both_runtimes_see_the_same_in_pictures(image_encoder_directory: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 3, 224, 224), dtype=np.uint8)
    ours, reference = OnnxImage(image_encoder_directory, None), TorchImage(image_encoder_directory, CPU)
    np.testing.assert_allclose(ours.encode(pixels), reference.encode(pixels), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(ours.regions(pixels[0]), reference.regions(pixels[0]), rtol=1e-4, atol=1e-4)
    assert ours.regions(pixels[0]).shape == (49, 1280)


@pytest.mark.parametrize("kind", ["default", "reference"])
def test_a_head_judges_as_it_did_in_training(kind: str) -> None:
    config = HeadConfig(kind=kind, n_text=32, n_components=16, width=16)  # type: ignore[arg-type]
    torch.manual_seed(0)
    network = build_head(config).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    features, _ = make_features(20)
    features = replace(
        features,
        has_text=torch.tensor([i % 3 != 0 for i in range(20)]),
        has_image=torch.tensor([i % 3 != 1 for i in range(20)]),
    )
    network.fit_scaling(features)
    arrays = Arrays(*(getattr(features, name).numpy() for name in Arrays.__dataclass_fields__))
    head = Head(config, {name: tensor.numpy() for name, tensor in network.state_dict().items()})
    with torch.inference_mode():
        wanted = network(features)
    for ours, theirs in zip(head.logits(arrays), (wanted.fused, wanted.text, wanted.image), strict=True):
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-4, atol=1e-4)


def test_weights_that_are_no_numbers_are_refused() -> None:
    config = HeadConfig(n_text=8, n_components=4, n_image=16, width=8)
    weights = {name: tensor.numpy().copy() for name, tensor in build_head(config).state_dict().items()}
    weights["post_head.bias"][0] = np.nan
    with pytest.raises(ValueError, match=r"post_head\.bias"):
        Head(config, weights)


def test_rounding_to_int8_keeps_each_column_within_half_a_step() -> None:
    matrix = np.random.default_rng(1).normal(size=(40, 7)).astype(np.float32)
    rounded, scale = quantise(matrix)
    assert np.abs(rounded * scale - matrix).max() <= scale.max() / 2 + 1e-6


def test_buckets_hold_every_index_once_in_order_of_length() -> None:
    lengths = [5, 1, 9, 3, 3, 8, 2]
    buckets = bucketed(lengths, 3)
    flat = [index for bucket in buckets for index in bucket]
    assert sorted(flat) == list(range(7))
    assert [lengths[index] for index in flat] == sorted(lengths)


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def altered(data: bytes) -> bytes:
    return data[:-40] + bytes([data[-40] ^ 1]) + data[-39:]


def replaced(_: bytes) -> bytes:
    return b"a graph of somebody else"


@pytest.mark.parametrize("harm", [cut, altered, replaced])
def test_a_kept_graph_that_was_tampered_with_is_derived_again(
    image_encoder_directory: Path, tmp_path: Path, harm: Callable[[bytes], bytes]
) -> None:
    pixels = np.full((1, 3, 224, 224), 99, np.uint8)
    before = OnnxImage(image_encoder_directory, tmp_path).encode(pixels)
    (file,) = (tmp_path / "graphs").iterdir()
    whole = file.read_bytes()
    file.write_bytes(harm(whole))
    np.testing.assert_array_equal(OnnxImage(image_encoder_directory, tmp_path).encode(pixels), before)
    assert file.read_bytes() == whole


def test_a_graph_kept_for_another_encoder_is_not_taken(
    text_encoder_directory: Path, image_encoder_directory: Path, tmp_path: Path
) -> None:
    OnnxImage(image_encoder_directory, tmp_path)
    (picture,) = (tmp_path / "graphs").iterdir()
    spec = TextSpec(text_encoder_directory)
    before = OnnxText(spec, tmp_path).encode(tokens(text_encoder_directory))  # type: ignore[arg-type]
    (text,) = set((tmp_path / "graphs").iterdir()) - {picture}
    shutil.copyfile(picture, text)
    after = OnnxText(spec, tmp_path).encode(tokens(text_encoder_directory))  # type: ignore[arg-type]
    np.testing.assert_array_equal(after, before)


def test_where_nothing_can_be_kept_the_graph_is_derived_each_time(
    image_encoder_directory: Path, tmp_path: Path
) -> None:
    blocked = tmp_path / "cache"
    blocked.write_text("a file where the folder should be")
    assert OnnxImage(image_encoder_directory, blocked).encode(np.zeros((1, 3, 224, 224), np.uint8)).any()


def test_a_graph_of_another_version_is_not_taken(
    image_encoder_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = np.full((1, 3, 224, 224), 99, np.uint8)
    with monkeypatch.context() as older:
        older.setattr(onnx, "GRAPH_VERSION", "0")
        before = OnnxImage(image_encoder_directory, tmp_path).encode(pixels)
    (old,) = (tmp_path / "graphs").iterdir()
    OnnxImage(image_encoder_directory, tmp_path)
    (new,) = set((tmp_path / "graphs").iterdir()) - {old}
    whole = new.read_bytes()
    shutil.copyfile(old, new)
    np.testing.assert_array_equal(OnnxImage(image_encoder_directory, tmp_path).encode(pixels), before)
    assert new.read_bytes() == whole


def test_on_a_full_disk_nothing_is_left_of_a_graph_that_did_not_fit(
    image_encoder_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes

    def write_half(path: Path, data: bytes) -> int:
        write(path, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", write_half)
        encoder = OnnxImage(image_encoder_directory, tmp_path)
    assert encoder.encode(np.zeros((1, 3, 224, 224), np.uint8)).any()
    assert list((tmp_path / "graphs").iterdir()) == []


def test_two_processes_that_derive_a_graph_at_once_see_the_same(
    image_encoder_directory: Path, tmp_path: Path
) -> None:
    code = (
        "import sys; from pathlib import Path; import numpy as np\n"
        "from mmsa_tui.model.runtimes.onnx import OnnxImage\n"
        "encoder = OnnxImage(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "print(float(encoder.encode(np.zeros((1, 3, 224, 224), np.uint8)).sum()))"
    )
    command = [sys.executable, "-c", code, str(image_encoder_directory), str(tmp_path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = {process.communicate()[0] for process in both}
    assert len(said) == 1 and said.pop().strip()
    assert [file.suffix for file in (tmp_path / "graphs").iterdir()] == [".graph"]


def test_two_that_derive_a_graph_at_once_both_get_it(image_encoder_directory: Path, tmp_path: Path) -> None:
    found: list[OnnxImage] = []
    threads = [
        threading.Thread(target=lambda: found.append(OnnxImage(image_encoder_directory, tmp_path)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert [file.suffix for file in (tmp_path / "graphs").iterdir()] == [".graph"]


@pytest.mark.parametrize(
    "change",
    [{"model_type": "strange", "auto_map": {"AutoModel": "evil.Model"}}, {"num_hidden_layers": 100_000},
     {"num_hidden_layers": "two"}, {"layer_norm_eps": None}],
)  # fmt: skip
def test_an_encoder_of_another_kind_or_size_is_refused(
    text_encoder_directory: Path, tmp_path: Path, change: dict[str, object]
) -> None:
    folder = tmp_path / "encoder"
    shutil.copytree(text_encoder_directory, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | change))
    with pytest.raises(BundleError):
        OnnxText(TextSpec(folder), None)


def test_cut_weights_are_refused(text_encoder_directory: Path, tmp_path: Path) -> None:
    folder = tmp_path / "encoder"
    shutil.copytree(text_encoder_directory, folder)
    weights = folder / "model.safetensors"
    weights.write_bytes(cut(weights.read_bytes()))
    with pytest.raises(BundleError, match="damaged"):
        OnnxText(TextSpec(folder), None)


class Broken:
    """A runtime that fails in the middle of a run."""

    def encode(self, _: object) -> Floats:
        raise RuntimeError("out of luck\nand more")

    regions = encode


def test_when_a_runtime_breaks_down_torch_goes_on_with_the_same_labels(
    small_bundle: Bundle, paths: Paths
) -> None:
    posts = [Post(str(i), text, content_hash=f"b2:{i}") for i, text in enumerate(TEXTS)]
    expected = Predictor.load(small_bundle, paths, device="cpu", cache=False).predict(posts)
    predictor = Predictor.load(small_bundle, paths, device="cpu", cache=False)
    predictor.encoders.load()
    assert predictor.encoders.runtimes._texts.runtime is not None
    predictor.encoders.runtimes._texts.runtime = Broken()
    found = predictor.predict(posts)
    assert [p.label for p in found] == [p.label for p in expected]
    assert predictor.encoders.runtimes.notes == [
        "cpu fp32 broke down (out of luck); torch on the CPU went on"
    ]


def test_a_text_that_comes_twice_is_encoded_once(
    text_encoder_directory: Path, image_encoder_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoders = Encoders(RuntimePair(TextSpec(text_encoder_directory), image_encoder_directory))
    seen: list[str] = []
    run = encoders.runtimes.encode_texts
    monkeypatch.setattr(encoders.runtimes, "encode_texts", lambda texts: seen.extend(texts) or run(texts))
    encoders.encode([Post("1", "the best day"), Post("2", "the best day"), Post("3", "rain")])
    assert sorted(seen) == ["rain", "the best day"]


def test_both_encoders_are_opened_at_once(
    text_encoder_directory: Path, image_encoder_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtimes = RuntimePair(TextSpec(text_encoder_directory), image_encoder_directory, workers=2)
    met = threading.Barrier(2, timeout=30)
    for encoder in (runtimes._texts, runtimes._images):

        def opened(open_plain: Callable[[], object] = encoder.open_plain) -> object:
            met.wait()
            return open_plain()

        monkeypatch.setattr(encoder, "open_plain", opened)
    Encoders(runtimes).load()
    assert met.n_waiting == 0 and not met.broken


OPENS_A_GRAPH = """
import mmsa_tui.model.runtimes
import onnxruntime
from onnx import TensorProto, helper
place = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "twice", place[:1], place[1:])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
"""


def test_onnx_runtime_tells_nobody_of_what_it_runs(tmp_path: Path) -> None:
    # Where it tells its maker, it gives this machine a number and keeps it here.
    marks = {"ORT_DISABLE_TELEMETRY", "CI", "GITHUB_ACTIONS"}
    environ = {name: value for name, value in os.environ.items() if name not in marks}
    places = dict.fromkeys(("HOME", "XDG_CACHE_HOME", "TMPDIR"), str(tmp_path))
    subprocess.run([sys.executable, "-c", OPENS_A_GRAPH], env=environ | places, cwd=tmp_path, check=True)
    assert not list(tmp_path.rglob("*"))


def test_fetching_an_encoder_tells_nobody_of_who_fetches() -> None:
    environ = {name: value for name, value in os.environ.items() if name != "HF_HUB_DISABLE_TELEMETRY"}
    asks = "import mmsa_tui.model.encoders\nfrom huggingface_hub import constants\n"
    said = asks + "print(constants.HF_HUB_DISABLE_TELEMETRY)"
    ran = subprocess.run(
        [sys.executable, "-c", said], env=environ, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "True"
