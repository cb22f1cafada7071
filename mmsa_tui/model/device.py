"""Where the model runs. Torch is imported only where a graphics card is in sight or asked for."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from typing import Any

from mmsa_tui.config import DEVICES
from mmsa_tui.errors import DeviceError


def choose_device(wanted: str = "auto") -> str:
    """Pick a device; `auto` takes CUDA, then Apple's GPU, then the CPU.

    Raises:
        DeviceError: an explicit device is not there; never a silent fallback.
    """
    if wanted not in DEVICES:
        raise DeviceError(f"unknown device {wanted!r}", "Use auto, cpu, cuda or mps.")
    if wanted == "cpu":
        return "cpu"
    if wanted == "auto":
        # Torch takes seconds to import, only to say that there is nothing.
        if _has_cuda_driver() and _torch_has("cuda"):
            return "cuda"
        return "mps" if _is_apple_silicon() and _torch_has("mps") else "cpu"
    if not _torch_has(wanted):
        what = "no CUDA device is visible here" if wanted == "cuda" else "there is no Apple GPU here"
        raise DeviceError(f"--device {wanted}: {what}", "Use --device auto or --device cpu.")
    return wanted


def n_workers(threads: int) -> int:
    """Return how many threads work at once; 0 means one for each core that this process may use."""
    if threads > 0:
        return threads
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else (os.cpu_count() or 1)


def set_torch_threads(threads: int) -> None:
    """Let torch use this many threads while it trains; 0 means one for each core."""
    import torch

    torch.set_num_threads(n_workers(threads))


def describe_device(device: str, threads: int) -> dict[str, Any]:
    """Say what a device is, for `mmsa doctor`."""
    if device == "cuda":
        import torch

        memory = torch.cuda.get_device_properties(0).total_memory
        return {
            "device": "cuda",
            "name": torch.cuda.get_device_name(0),
            "memory_gb": round(memory / 1e9, 1),
        }
    return {
        "device": device,
        "name": platform.processor() or platform.machine(),
        "threads": n_workers(threads),
    }


def _has_cuda_driver() -> bool:
    """Whether NVIDIA's driver is here and sees a card."""
    name = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    if sys.platform == "darwin":
        return False
    try:
        driver = ctypes.CDLL(name)
        count = ctypes.c_int(0)
        return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0
    except (OSError, AttributeError):
        return False


def _is_apple_silicon() -> bool:
    return sys.platform == "darwin" and platform.machine() == "arm64"


def _torch_has(device: str) -> bool:
    import torch

    return bool(torch.cuda.is_available() if device == "cuda" else torch.backends.mps.is_available())
