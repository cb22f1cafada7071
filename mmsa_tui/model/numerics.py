"""Full or half precision: decided by a probe on this machine, once, and written down.

bfloat16 halves the time on CPUs that multiply it in hardware and costs time on others. It is taken
only where the features stay the same to the eye of the head: see `MIN_COSINE`.
"""

from __future__ import annotations

import json
import platform
import time
from pathlib import Path

import torch
from torch import Tensor

from mmsa_tui.decoding import DecodingError, from_json
from mmsa_tui.model.device import has_fast_bf16

MIN_COSINE = 0.985
MIN_SPEEDUP = 1.2

_PROBE_TEXTS = (
    "What a beautiful morning at the harbour, best day of the year!",
    "The train is cancelled again. Third time this week, I am so done with this.",
    "The council meets on Tuesday at seven in the old town hall.",
    "so that happened 😂 #mondays",
)


def choose_numerics(device: torch.device, text: Path, image: Path, cache_dir: Path) -> torch.dtype:
    """Pick the dtype of the encoders' weights.

    CUDA takes fp16, Apple's GPU fp32. On a CPU with bfloat16 multiplication both are run on probe
    inputs; the choice is kept in `numerics.json` in the cache folder, by CPU, torch and encoders.
    """
    if device.type == "cuda":
        return torch.float16
    if device.type != "cpu" or not has_fast_bf16():
        return torch.float32
    machine = f"{platform.processor()}|{torch.__version__}|{torch.get_num_threads()}"
    key = f"{machine}|{text.name[:20]}|{image.name[:20]}"
    file = cache_dir / "numerics.json"
    known = _read(file)
    if key not in known:
        known[key] = _probe(text, image)
        _write(file, known)
    return torch.bfloat16 if known[key] == "bf16" else torch.float32


def _probe(text: Path, image: Path) -> str:
    from mmsa_tui.model.encoding import Encoders
    from mmsa_tui.model.preprocessing import normalise

    pixels = torch.stack([_pattern(seed) for seed in range(4)])
    results: list[tuple[float, Tensor, Tensor]] = []
    for dtype in (torch.float32, torch.bfloat16):
        encoders = Encoders(text, image, torch.device("cpu"), dtype)
        with torch.inference_mode():
            batch, encoder = normalise(pixels, dtype), encoders.image_encoder()
            encoder(batch)
            encoders.encode_raw_texts(_PROBE_TEXTS * 2)
            start = time.perf_counter()
            vectors = encoder(batch).float()
            words = encoders.encode_raw_texts(_PROBE_TEXTS * 2)
            results.append((time.perf_counter() - start, vectors, words))
    (slow, *full), (fast, *half) = results
    same = all(
        float(torch.cosine_similarity(a, b).min()) >= MIN_COSINE for a, b in zip(full, half, strict=True)
    )
    return "bf16" if same and slow / fast >= MIN_SPEEDUP else "fp32"


def _pattern(seed: int) -> Tensor:
    """A smooth picture with edges, [3, 224, 224] uint8."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randint(0, 256, (1, 3, 7, 7), generator=generator).float()
    return torch.nn.functional.interpolate(coarse, size=224, mode="bilinear")[0].to(torch.uint8)


def _read(file: Path) -> dict[str, str]:
    try:
        return from_json(file.read_bytes(), dict[str, str])
    except (OSError, DecodingError):
        return {}


def _write(file: Path, known: dict[str, str]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(known, indent=2), encoding="utf-8")
    except OSError:
        return  # The probe runs again next time; nothing is lost.
