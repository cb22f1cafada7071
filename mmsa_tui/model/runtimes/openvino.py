"""OpenVINO, where it is installed and `model.probe` found it quicker and true enough.

The graphs are those that ONNX Runtime gets. A stream of one thread serves each worker.
"""

from __future__ import annotations

import importlib
import importlib.util
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mmsa_tui.model.encoded import Floats
from mmsa_tui.model.runtimes import TextSpec
from mmsa_tui.model.runtimes.onnx import OnnxText, image_model

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
        shape = {"pixels": [_BATCH, 3, 224, 224]}
        self._graph = _Compiled(image_model(folder), numbers, workers, shape)

    def encode(self, pixels: NDArray[np.uint8]) -> Floats:
        return self._run("pooled", pixels)

    def regions(self, pixels: NDArray[np.uint8]) -> Floats:
        (found,) = self._run("regions", pixels[None])
        out: Floats = found.reshape(len(found), -1).T
        return out

    def _run(self, output: str, pixels: NDArray[np.uint8]) -> Floats:
        parts = []
        for start in range(0, len(pixels), _BATCH):
            part = pixels[start : start + _BATCH]
            full = np.zeros((_BATCH, *part.shape[1:]), np.uint8)
            full[: len(part)] = part
            (found,) = self._graph.run([output], {"pixels": full})
            parts.append(found[: len(part)])
        return np.concatenate(parts)


def open_text(spec: TextSpec, numbers: Numbers, workers: int = 1) -> OnnxText:
    """Open a text encoder.

    Args:
        workers: how many threads encode at once.
    """
    return OnnxText(spec, None, lambda graph: _Compiled(graph, numbers, workers).run)


class _Compiled:
    """A graph that threads run, each with a stream and a request of its own."""

    def __init__(
        self, graph: bytes, numbers: Numbers, workers: int, shape: Mapping[str, Sequence[int]] | None = None
    ) -> None:
        core = importlib.import_module("openvino").Core()
        model = core.read_model(graph)
        if shape is not None:
            model.reshape(shape)
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

    def run(self, outputs: Sequence[str], inputs: Mapping[str, NDArray[Any]]) -> list[Floats]:
        request = getattr(self._of_thread, "request", None)
        if request is None:
            request = self._of_thread.request = self._model.create_infer_request()
        found = request.infer(inputs)
        # What it gives is overwritten by the next run.
        return [np.array(found[name], np.float32) for name in outputs]
