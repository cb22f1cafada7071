"""Which runtime encodes pictures on this processor: chosen by trying, and only from those true enough.

A bundle cannot bring its reference posts, only what its encoders said of them. So a candidate encodes
the sample pictures of this program, and what it says otherwise than the plain runtime is added to the
features of the bundle's own reference posts: as many labels as change there, it would change. What was
found is kept in the cache folder, for this bundle, processor and these versions.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

import mmsa_tui
from mmsa_tui.bundle.meta import CALIBRATION, EVALUATION, Bundle
from mmsa_tui.decoding import DecodingError, Share, from_json
from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.encoded import Arrays, Floats
from mmsa_tui.model.head import Head, softmax
from mmsa_tui.model.preprocessing import decode
from mmsa_tui.model.runtimes import ImageRuntime, openvino

MAX_FLIPS = 0.005
"""Of the labels of the reference set."""
MAX_SHIFT = 0.01
"""Of the mean confidence there: calibration has to hold."""
MIN_GAIN = 1.1
"""Times as quick as the plain runtime; less is not worth other numbers."""
_BATCH = 4
_ROUNDS = 6
_DRAWS = 4
"""Samples whose deviation each reference post is tried with."""


@dataclass(frozen=True)
class Choice:
    """What encodes pictures on a CPU, and what the candidates came to, in words for `mmsa doctor`."""

    provider: Literal["onnxruntime", "openvino"] = "onnxruntime"
    numbers: openvino.Numbers = "fp32"
    tried: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.provider} {self.numbers}"


PLAIN = Choice()


@dataclass(frozen=True)
class Deviation:
    """What a candidate would change of the reference set.

    flips, image_flips: shares of the labels that change, by the decision and by pictures alone.
    shift: of the mean confidence.
    """

    flips: Share
    image_flips: Share
    shift: float

    @property
    def is_small(self) -> bool:
        return self.flips <= MAX_FLIPS and abs(self.shift) <= MAX_SHIFT


def choose_image_runtime(
    bundle: Bundle, folder: Path, cache_dir: Path, plain: Callable[[], ImageRuntime]
) -> Choice:
    """Try what is installed, or recall what came of it.

    Args:
        folder: of the picture encoder. plain: loads the encoder in the plain runtime.
    """
    file = cache_dir / "probe" / f"{bundle.fingerprint}.json"
    machine = _machine()
    known = _recall(file, machine)
    if known is not None:
        return known
    try:
        choice = _probe(bundle, folder, plain())
    except Exception as error:  # whatever OpenVINO raises: the plain runtime goes on
        choice = Choice(tried=(f"openvino cannot be used ({_first_line(error)})",))
    _keep(file, machine, choice)
    return choice


def _probe(bundle: Bundle, folder: Path, plain: ImageRuntime) -> Choice:
    pixels = _sample_pixels()
    wanted = plain.encode(pixels)
    best, tried = PLAIN, []
    best_gain = MIN_GAIN
    for numbers in openvino.numbers_here():
        candidate = openvino.OpenVinoImage(folder, numbers)
        deviation = measure_deviation(bundle, wanted, candidate.encode(pixels))
        gain = _gain(plain, candidate, pixels)
        tried.append(
            f"openvino {numbers}: {gain:.2f} times as quick, {deviation.flips:.2%} of labels change, "
            f"{deviation.image_flips:.2%} by pictures alone"
        )
        if deviation.is_small and gain >= best_gain:
            best, best_gain = Choice("openvino", numbers), gain
    return Choice(best.provider, best.numbers, tuple(tried))


def measure_deviation(bundle: Bundle, wanted: Floats, found: Floats) -> Deviation:
    """Say what other picture features of samples, [B, I] both, would change of the reference labels.

    Raises:
        BundleError, OSError, ValueError, KeyError: the reference set is damaged.
    """
    from safetensors.numpy import load_file

    head, calibration = Head.load(bundle), Calibration.load(bundle.directory / CALIBRATION)
    frozen = load_file(bundle.directory / EVALUATION)
    text, image = (
        frozen[f"{name}_codes"].astype(np.float32) * frozen[f"{name}_scale"][:, None]
        for name in ("text", "image")
    )
    both = (frozen["has_text"] > 0) & (frozen["has_image"] > 0)
    text, image = text[both], image[both]
    lexicon, present = frozen["lexicon"].astype(np.float32)[both], np.ones(len(text), bool)
    moved = head.components(found) - head.components(wanted)

    def probs(components: Floats) -> tuple[Floats, Floats]:
        arrays = Arrays(text, lexicon, head.uncompressed(components), present, present)
        fused, _, alone = head.logits(arrays)
        return softmax(fused / np.float32(calibration.both)), softmax(alone / np.float32(calibration.image))

    before, before_alone = probs(image)
    flips, flips_alone, shifts = [], [], []
    for draw in range(_DRAWS):
        rows = (np.arange(len(image)) * 7 + draw) % len(moved)
        after, after_alone = probs(image + moved[rows])
        flips.append((after.argmax(1) != before.argmax(1)).mean())
        flips_alone.append((after_alone.argmax(1) != before_alone.argmax(1)).mean())
        shifts.append((after.max(1) - before.max(1)).mean())
    return Deviation(float(np.mean(flips)), float(np.mean(flips_alone)), float(np.mean(shifts)))


def _gain(plain: ImageRuntime, candidate: ImageRuntime, pixels: NDArray[np.uint8]) -> float:
    """Compare the processor time of both, in turns, the least of each: the machine may be busy."""
    least = [float("inf"), float("inf")]
    for _ in range(_ROUNDS):
        for number, runtime in enumerate((plain, candidate)):
            start = time.process_time()
            runtime.encode(pixels[:_BATCH])
            least[number] = min(least[number], time.process_time() - start)
    return least[0] / max(least[1], 1e-9)


def _sample_pixels() -> NDArray[np.uint8]:
    folder = Path(mmsa_tui.__file__).parent / "samples" / "pictures"
    files = sorted(file for file in folder.iterdir() if file.suffix in (".jpg", ".png"))
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


def _recall(file: Path, machine: Mapping[str, str]) -> Choice | None:
    try:
        known = from_json(file.read_bytes(), _Finding)
    except (OSError, DecodingError):
        return None
    return known.choice if known.machine == machine else None


@dataclass(frozen=True)
class _Finding:
    machine: dict[str, str]
    choice: Choice


def _keep(file: Path, machine: Mapping[str, str], choice: Choice) -> None:
    """Keep it for the next time; where that fails it is found out again."""
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(asdict(_Finding(dict(machine), choice))), encoding="utf-8")
        part.replace(file)
    except OSError:
        with suppress(OSError):
            part.unlink()


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
