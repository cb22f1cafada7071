"""Where the model runs, and in which numbers."""

from __future__ import annotations

import os
import platform
from typing import Any

import torch

from mmsa_tui.errors import DeviceError


def choose_device(wanted: str = "auto") -> torch.device:
    """Pick a device; `auto` takes CUDA, then Apple's GPU, then the CPU.

    Raises:
        DeviceError: an explicit device is not there; never a silent fallback.
    """
    if wanted == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    if wanted == "cuda" and not torch.cuda.is_available():
        raise DeviceError(
            "--device cuda: no CUDA device is visible here", "use --device auto or --device cpu"
        )
    if wanted == "mps" and not torch.backends.mps.is_available():
        raise DeviceError("--device mps: there is no Apple GPU here", "use --device auto or --device cpu")
    if wanted not in ("cpu", "cuda", "mps"):
        raise DeviceError(f"unknown device {wanted!r}", "use auto, cpu, cuda or mps")
    return torch.device(wanted)


def set_threads(threads: int) -> None:
    """Let torch use this many threads; 0 means one per core that this process may use."""
    if threads <= 0:
        affinity = getattr(os, "sched_getaffinity", None)
        threads = len(affinity(0)) if affinity else (os.cpu_count() or 1)
    torch.set_num_threads(threads)


def has_fast_bf16() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware."""
    for probe in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        if getattr(torch.cpu, probe, lambda: False)():
            return True
    return False


def describe_device(device: torch.device) -> dict[str, Any]:
    """Say what a device is, for `mmsa doctor`."""
    if device.type == "cuda":
        memory = torch.cuda.get_device_properties(device).total_memory
        return {
            "device": "cuda",
            "name": torch.cuda.get_device_name(device),
            "memory_gb": round(memory / 1e9, 1),
        }
    return {
        "device": device.type,
        "name": platform.processor() or platform.machine(),
        "threads": torch.get_num_threads(),
        "bf16": has_fast_bf16() if device.type == "cpu" else False,
    }
