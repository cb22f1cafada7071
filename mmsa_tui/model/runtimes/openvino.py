"""OpenVINO for pictures, where it is installed and `model.probe` found it quicker and true enough.

The graph is the one that ONNX Runtime gets. A stream of one thread serves each worker.
"""

from __future__ import annotations

import importlib
import importlib.util
import threading
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mmsa_tui.model.encoded import Floats
from mmsa_tui.model.runtimes.onnx import image_model

Numbers = Literal["fp32", "bf16"]
_HINTS: dict[Numbers, str] = {"fp32": "f32", "bf16": "bf16"}
_BATCH = 4
"""Pictures of one run; a batch of another size is filled up with black ones."""


def is_installed() -> bool:
    return importlib.util.find_spec("openvino") is not None


def numbers_here() -> list[Numbers]:
    """Name the numbers that this processor is quick with, beginning with the most exact.

    Raises:
        Exception: whatever OpenVINO raises where it is damaged.
    """
    core = importlib.import_module("openvino").Core()
    found: list[Numbers] = ["fp32"]
    if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        found.append("bf16")
    return found


class OpenVinoImage:
    """MobileNetV2 without classifier.

    Args:
        workers: how many threads encode at once.
    """

    def __init__(self, folder: Path, numbers: Numbers, workers: int = 1) -> None:
        core = importlib.import_module("openvino").Core()
        model = core.read_model(image_model(folder))
        model.reshape({"pixels": [_BATCH, 3, 224, 224]})
        self._model: Any = core.compile_model(
            model,
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": _HINTS[numbers],
                "INFERENCE_NUM_THREADS": workers,
                "NUM_STREAMS": workers,
                # A thread that is bound to a core waits for whatever else runs there.
                "ENABLE_CPU_PINNING": False,
            },
        )
        self._of_thread = threading.local()

    def encode(self, pixels: NDArray[np.uint8]) -> Floats:
        return self._run("pooled", pixels)

    def regions(self, pixels: NDArray[np.uint8]) -> Floats:
        (found,) = self._run("regions", pixels[None])
        out: Floats = found.reshape(len(found), -1).T
        return out

    def _run(self, output: str, pixels: NDArray[np.uint8]) -> Floats:
        request = getattr(self._of_thread, "request", None)
        if request is None:
            request = self._of_thread.request = self._model.create_infer_request()
        parts = []
        for start in range(0, len(pixels), _BATCH):
            part = pixels[start : start + _BATCH]
            full = np.zeros((_BATCH, *part.shape[1:]), np.uint8)
            full[: len(part)] = part
            found = request.infer({"pixels": full})[output]
            parts.append(np.array(found[: len(part)], np.float32))
        return np.concatenate(parts)
