"""Which runtimes encode on this processor: chosen by trying, and only from those true enough.

A bundle cannot bring its reference posts, only what its encoders said of them. So a candidate encodes
the sample posts of this program, and what it says otherwise than the plain runtime is added to the
features of the bundle's own reference posts: as many labels as change there, it would change. What was
found is kept in the cache folder, for this bundle, processor and these versions.

Candidates are OpenVINO, where it is installed, and for texts int8. Texts of a bundle that was made in int8
run in it untried: its head, calibration and scores are of it.
"""

from __future__ import annotations

import csv
import json
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

import mmsa_tui
from mmsa_tui.bundle.meta import EVALUATION, Bundle
from mmsa_tui.decoding import DecodingError, Share, from_json
from mmsa_tui.disk.whole_file import whole_file
from mmsa_tui.errors import OutputError
from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.encoded import Arrays, Floats
from mmsa_tui.model.head import Head
from mmsa_tui.model.preprocessing import TextTransform, decode
from mmsa_tui.model.runtimes import TextRuntime, TextSpec, onnx, openvino

MAX_FLIPS = 0.005
"""Of the labels of the reference set."""
MAX_SHIFT = 0.01
"""Of the mean confidence there: calibration has to hold."""
MIN_GAIN = 1.1
"""Times as quick as the plain runtime; less is not worth other numbers."""
MIN_SAVED_S = 0.0005
"""Of processor time for each text or picture: less is not worth other numbers, nor sure."""
_BATCH = 4
_TEXTS = 8
"""Texts that are timed; in fp32 as one batch and in int8 one by one, as they are encoded later."""
_ROUNDS = 6
_DRAWS = 4
"""Samples whose deviation each reference post is tried with."""

_SAMPLES = Path(mmsa_tui.__file__).parent / "samples"

Modality = Literal["texts", "pictures"]


@dataclass(frozen=True)
class Choice:
    """What encodes texts or pictures on a CPU, and what the candidates came to, for `mmsa doctor`."""

    provider: Literal["onnxruntime", "openvino"] = "onnxruntime"
    numbers: Literal["fp32", "bf16", "int8"] = "fp32"
    tried: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.provider} {self.numbers}"


PLAIN = Choice()


@dataclass(frozen=True)
class Choices:
    """What encodes on a CPU."""

    texts: Choice = PLAIN
    pictures: Choice = PLAIN

    @property
    def tried(self) -> tuple[str, ...]:
        return self.texts.tried + self.pictures.tried


@dataclass(frozen=True)
class Gain:
    """How much quicker a candidate is: so many times, and so many seconds for each text or picture."""

    times: float
    saved_s: float


@dataclass(frozen=True)
class Deviation:
    """What a candidate would change of the reference set.

    flips, flips_alone: shares of the labels that change, by the decision and by its modality alone.
    shift: of the mean confidence.
    """

    flips: Share
    flips_alone: Share
    shift: float

    @property
    def is_small(self) -> bool:
        return self.flips <= MAX_FLIPS and abs(self.shift) <= MAX_SHIFT


def choose_runtimes(bundle: Bundle, text: TextSpec, image: Path, cache_dir: Path) -> Choices:
    """Try what there is for this bundle, or recall what came of it.

    Args:
        text: the text encoder, in the numbers that the bundle was made in. image: the picture encoder.
    """
    made = Choice(numbers=text.precision)
    if text.precision != "fp32" and not openvino.is_installed():
        return Choices(made)
    file = cache_dir / "probe" / f"{bundle.fingerprint}.json"
    machine = _machine()
    known = _recall(file, machine)
    if known is not None:
        return known
    choices = Choices(
        _tried(made, "another runtime for texts", lambda: _probe_texts(bundle, text, cache_dir)),
        _tried(PLAIN, "openvino for pictures", lambda: _probe_pictures(bundle, image, cache_dir)),
    )
    _keep(file, machine, choices)
    return choices


def _tried(plain: Choice, what: str, probe: Callable[[], Choice]) -> Choice:
    try:
        return probe()
    except Exception as error:  # whatever a runtime raises: the plain one goes on
        return replace(plain, tried=(f"{what} cannot be used ({_first_line(error)})",))


def _probe_texts(bundle: Bundle, spec: TextSpec, cache_dir: Path) -> Choice:
    if spec.precision != "fp32":
        return Choice(numbers=spec.precision)
    texts, transform = _sample_texts(), TextTransform(spec.folder)

    def encode(runtime: TextRuntime, texts: Sequence[str], size: int) -> Floats:
        ids = transform.encode(texts)
        parts = [runtime.encode(transform.collate(ids[at : at + size])) for at in range(0, len(ids), size)]
        return np.concatenate(parts)

    plain = onnx.OnnxText(spec, cache_dir)
    # Its graph is kept once it is chosen: it would lie there for nothing.
    candidates = [(Choice(numbers="int8"), partial(onnx.OnnxText, replace(spec, precision="int8"), None), 1)]
    if openvino.is_installed():
        candidates += [
            (Choice("openvino", numbers), partial(openvino.open_text, spec, numbers), _TEXTS)
            for numbers in openvino.numbers_here()
        ]
    wanted, few = encode(plain, texts, _TEXTS), texts[:_TEXTS]
    best, best_gain = PLAIN, MIN_GAIN
    for choice, load, size in candidates:
        candidate = load()
        deviation = measure_deviation(bundle, wanted, encode(candidate, texts, size), "texts")
        gain = _gain(partial(encode, plain, few, _TEXTS), partial(encode, candidate, few, size), len(few))
        best, best_gain = _better(best, best_gain, choice, "texts", deviation, gain)
    return best


def _probe_pictures(bundle: Bundle, folder: Path, cache_dir: Path) -> Choice:
    if not openvino.is_installed():
        return PLAIN
    pixels = _sample_pixels()
    plain = onnx.OnnxImage(folder, cache_dir)
    wanted = plain.encode(pixels)
    best, best_gain = PLAIN, MIN_GAIN
    for numbers in openvino.numbers_here():
        candidate = openvino.OpenVinoImage(folder, numbers)
        deviation = measure_deviation(bundle, wanted, candidate.encode(pixels), "pictures")
        few = pixels[:_BATCH]
        gain = _gain(partial(plain.encode, few), partial(candidate.encode, few), len(few))
        choice = Choice("openvino", numbers)
        best, best_gain = _better(best, best_gain, choice, "pictures", deviation, gain)
    return best


def _better(
    best: Choice, best_gain: float, candidate: Choice, modality: Modality, deviation: Deviation, gain: Gain
) -> tuple[Choice, float]:
    """Return the better of two choices, with what is now known of both, and the gain to beat."""
    tried = (
        *best.tried,
        f"{candidate.name} for {modality}: {gain.times:.2f} times as quick, {deviation.flips:.2%} of labels "
        f"change, {deviation.flips_alone:.2%} by {modality} alone",
    )
    if deviation.is_small and gain.times >= best_gain and gain.saved_s >= MIN_SAVED_S:
        return replace(candidate, tried=tried), gain.times
    return replace(best, tried=tried), best_gain


def measure_deviation(bundle: Bundle, wanted: Floats, found: Floats, modality: Modality) -> Deviation:
    """Say what other features of samples, [B, F] both, would change of the reference labels.

    Raises:
        BundleError, OSError, ValueError, KeyError: the reference set is damaged.
    """
    from safetensors.numpy import load_file

    head, calibration = Head.load(bundle), Calibration.load(bundle)
    frozen = load_file(bundle.directory / EVALUATION)
    text, image = (
        frozen[f"{name}_codes"].astype(np.float32) * frozen[f"{name}_scale"][:, None]
        for name in ("text", "image")
    )
    both = (frozen["has_text"] > 0) & (frozen["has_image"] > 0)
    text, image = text[both], image[both]
    lexicon, present = frozen["lexicon"].astype(np.float32)[both], np.ones(len(text), bool)
    is_text = modality == "texts"
    moved = found - wanted if is_text else head.components(found) - head.components(wanted)
    temperature = calibration.text if is_text else calibration.image

    def probs(by: Floats | None) -> tuple[Floats, Floats]:
        texts = text + by if is_text and by is not None else text
        components = image + by if not is_text and by is not None else image
        arrays = Arrays(texts, lexicon, head.uncompressed(components), present, present)
        fused, by_text, by_image = head.logits(arrays)
        alone = by_text if is_text else by_image
        return Calibration.soften(fused, calibration.both), Calibration.soften(alone, temperature)

    before, before_alone = probs(None)
    flips, flips_alone, shifts = [], [], []
    for draw in range(_DRAWS):
        rows = (np.arange(len(image)) * 7 + draw) % len(moved)
        after, after_alone = probs(moved[rows])
        flips.append((after.argmax(1) != before.argmax(1)).mean())
        flips_alone.append((after_alone.argmax(1) != before_alone.argmax(1)).mean())
        shifts.append((after.max(1) - before.max(1)).mean())
    return Deviation(float(np.mean(flips)), float(np.mean(flips_alone)), float(np.mean(shifts)))


def _gain(plain: Callable[[], object], candidate: Callable[[], object], n_items: int) -> Gain:
    """Compare the processor time of both, in turns, the least of each: the machine may be busy."""
    least = [float("inf"), float("inf")]
    for _ in range(_ROUNDS):
        for number, run in enumerate((plain, candidate)):
            start = time.process_time()
            run()
            least[number] = min(least[number], time.process_time() - start)
    return Gain(least[0] / max(least[1], 1e-9), (least[0] - least[1]) / n_items)


def _sample_texts() -> list[str]:
    with (_SAMPLES / "posts.csv").open(encoding="utf-8", newline="") as file:
        return [row["text"] for row in csv.DictReader(file)]


def _sample_pixels() -> NDArray[np.uint8]:
    files = sorted(file for file in (_SAMPLES / "pictures").iterdir() if file.suffix in (".jpg", ".png"))
    whole = np.stack([decode(file.read_bytes()) for file in files])
    return np.concatenate([whole, whole[:, :, :, ::-1]])


def _machine() -> dict[str, str]:
    """What a finding holds for."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        name = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor()
    versions = {package: _version(package) for package in ("onnxruntime", "openvino")}
    return {"processor": name, "machine": platform.machine(), **versions}


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _recall(file: Path, machine: Mapping[str, str]) -> Choices | None:
    try:
        known = from_json(file.read_bytes(), _Finding)
    except (OSError, DecodingError):
        return None
    return known.choices if known.machine == machine else None


@dataclass(frozen=True)
class _Finding:
    machine: dict[str, str]
    choices: Choices


def _keep(file: Path, machine: Mapping[str, str], choices: Choices) -> None:
    """Keep it for the next time; where that fails it is found out again."""
    with suppress(OSError, OutputError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(file, overwrite=True) as part:
            part.write_text(json.dumps(asdict(_Finding(dict(machine), choices))), encoding="utf-8")


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
