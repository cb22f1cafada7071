"""Words in pictures: what passes the gate is read, once, and what cannot be read says so."""

from __future__ import annotations

import importlib.util
import io
import shutil
import sys
from collections import Counter
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from small_posts import make_picture, make_post

from benchmarks.memes import LABELS, SENTENCES, draw, foreign, noise
from mmsa_tui.bundle.meta import Bundle
from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.config import Paths, find_paths
from mmsa_tui.errors import BundleError, UsageError
from mmsa_tui.model import picture_words
from mmsa_tui.model.picture_words import MOST_LENGTHS, Gate, PictureWords, RapidReader, tidy
from mmsa_tui.model.predictor import Predictor
from mmsa_tui.pictures.decoder import PictureError


class Counting:
    """Reads every picture as the same words, and counts."""

    def __init__(self) -> None:
        self.n_read = 0

    def read(self, data: bytes) -> str:
        self.n_read += 1
        if self.n_read == 3:
            raise PictureError("cut short")
        return f"words {self.n_read}"


@pytest.fixture
def predictor(small_bundle: Bundle, paths: Paths) -> Predictor:
    return Predictor.load(small_bundle, paths, device="cpu", cache=False)


def test_each_picture_is_read_once_and_one_that_is_damaged_says_nothing(
    predictor: Predictor, tmp_path: Path
) -> None:
    one, two, three = (make_picture(number) for number in range(3))
    posts = [
        make_post(tmp_path, "a", "", one),
        make_post(tmp_path, "b", "again", one, two),
        make_post(tmp_path, "c", "", three),
        make_post(tmp_path, "d", "no picture"),
    ]
    reader = Counting()
    read = PictureWords(predictor.encoders, None, reader).read(posts, {})
    assert [read.posts[post.content_hash] for post in posts] == ["words 1", "words 1\nwords 2", "", ""]
    assert reader.n_read == 3
    again = PictureWords(predictor.encoders, None, reader).read(posts, read.pictures)
    assert again.posts == read.posts
    assert reader.n_read == 3


def test_what_does_not_pass_the_gate_is_not_read(predictor: Predictor, tmp_path: Path) -> None:
    posts = [make_post(tmp_path, str(n), "", make_picture(n)) for n in range(4)]
    width = predictor.encoders.encode(posts).features.image.shape[1]
    for bias, expected in ((-1.0, 0), (1.0, 4)):
        reader = Counting()
        gate = Gate(np.zeros(width, np.float32), bias)
        PictureWords(predictor.encoders, gate, reader).read(posts, {})
        assert reader.n_read == expected


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["Never again", " room 204 "], "Never again\nroom 204"),
        (["204"], ""),
        (["83°", "PHOENIX"], "83°\nPHOENIX"),
        (["TheOffice is open,Daily"], "The Office is open, Daily"),
        (["ewnι tq, wjuon"], ""),
        (["a", "!", "|"], ""),
        (["Привет", "καλημέρα"], "Привет\nκαλημέρα"),
        (["x" * 5000], "x" * 2000),
        ([], ""),
    ],
)
def test_lines_are_joined_and_noise_left_out(lines: list[str], text: str) -> None:
    assert tidy(lines) == text


@pytest.mark.bundle
@pytest.mark.parametrize("name", ["mvsa 2.3.0", "mvsa 1.0.0", "enriched 1.0.0"])
def test_every_shipped_picture_encoder_has_a_gate(name: str) -> None:
    paths = find_paths()
    assert Gate.of(find_bundle(paths, name).meta.encoders["image"]) is not None


def test_an_unknown_encoder_has_no_gate() -> None:
    assert Gate.of("f" * 64) is None


def test_a_damaged_gate_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut = tmp_path / "gate.npz"
    cut.write_bytes(picture_words.GATES.read_bytes()[:200])
    monkeypatch.setattr(picture_words, "GATES", cut)
    with pytest.raises(BundleError, match="cannot be read"):
        Gate.of("f" * 64)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_words, "is_installed", lambda: False)
    with pytest.raises(UsageError, match="RapidOCR") as raised:
        RapidReader()
    assert "mmsa-tui[ocr]" in raised.value.hint


def _harm(model: Path, how: str) -> None:
    data = model.read_bytes()
    model.unlink()
    if how == "a folder":
        model.mkdir()
    elif how != "missing":
        third = len(data) // 3
        others = bytes(255 - byte for byte in data[third : third + 1000])
        harmed = {
            "cut": data[: len(data) // 2],
            "text": b"Not a model.\n",
            "empty": b"",
            "other numbers": data[:third] + others + data[third + 1000 :],
        }
        model.write_bytes(harmed[how])


@pytest.mark.parametrize(
    ("harm", "is_noted"),
    [
        ("missing", True), ("cut", True), ("text", True), ("empty", True), ("a folder", True),
        ("other numbers", True), ("missing", False), ("cut", False), ("text", False), ("empty", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["PP-OCRv6_det_small.onnx", "PP-OCRv6_rec_small.onnx"])
def test_models_that_are_missing_or_damaged_are_told_and_never_fetched(
    name: str, harm: str, is_noted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rapidocr = pytest.importorskip("rapidocr")
    models = tmp_path / "models"
    shutil.copytree(Path(rapidocr.__file__).parent / "models", models)
    _harm(models / name, harm)
    spec = ModuleSpec("rapidocr", None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(picture_words.importlib.util, "find_spec", lambda name: spec)
    if not is_noted:
        monkeypatch.setattr(picture_words.metadata, "files", lambda name: None)
    with pytest.raises(BundleError, match="RapidOCR") as raised:
        RapidReader()
    assert "pip install" in raised.value.hint


def test_what_is_left_of_an_installation_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    # A folder without a program is a package to Python.
    spec = ModuleSpec("rapidocr", None, origin=None)
    monkeypatch.setattr(picture_words.importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(BundleError, match="RapidOCR"):
        RapidReader()


def test_a_program_that_cannot_be_imported_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rapidocr")
    broken = ModuleType("rapidocr")
    broken.__spec__ = importlib.util.find_spec("rapidocr")
    monkeypatch.setitem(sys.modules, "rapidocr", broken)
    with pytest.raises(BundleError, match="cannot be loaded"):
        RapidReader()


def test_a_strip_is_read_without_being_made_enormous(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rapidocr")
    reader = RapidReader()
    drawn = Image.open(io.BytesIO(draw(1).png)).convert("RGB")
    strip = Image.new("RGB", (3 * drawn.width, drawn.height), "white")
    strip.paste(drawn)
    engine, shapes = reader._engine(), []

    def watched(pixels: NDArray[np.uint8], **how: bool) -> Any:
        shapes.append(pixels.shape)
        return engine(pixels, **how)

    monkeypatch.setattr(reader, "_engine", lambda: watched)
    assert reader.read(_png(strip))
    for size in ((1, 3000), (3000, 1), (4, 900)):
        assert reader.read(_png(Image.new("RGB", size, "grey"))) == ""
    # The detector brings the shorter side to some four hundred pixels, and the longer side with it.
    assert all(max(shape[:2]) <= MOST_LENGTHS * min(shape[:2]) for shape in shapes)


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def test_what_is_drawn_is_read_and_noise_is_not() -> None:
    pytest.importorskip("rapidocr")
    reader = RapidReader()
    for one in (draw(1), draw(35)):
        read = " ".join(reader.read(one.png).split()).casefold()
        assert one.words.casefold() in read
    assert reader.read(noise()) == ""
    assert reader.read(foreign()) == ""


def test_the_drawn_pictures_are_ten_of_each_kind_and_always_the_same() -> None:
    assert Counter(kind for kind, _ in SENTENCES) == dict.fromkeys(LABELS, 10)
    assert draw(1) == draw(1)
