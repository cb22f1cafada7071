"""Torch: what encodes on CUDA and on Apple's GPU, and the reference on a CPU."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mmsa_tui.model import mobilenet
from mmsa_tui.model.encoded import Floats
from mmsa_tui.model.encoders import ImageEncoder, TextEncoder
from mmsa_tui.model.preprocessing import TokenBatch, normalise
from mmsa_tui.model.runtimes import TextSpec, means_without
from mmsa_tui.model.runtimes.graphs import quantise


class TorchText:
    """A text encoder in torch; a bundle made in int8 runs with rounded weights, ranges aside."""

    def __init__(self, spec: TextSpec, device: torch.device, dtype: torch.dtype = torch.float32) -> None:
        encoder = TextEncoder(spec.folder).eval()
        if spec.precision == "int8":
            _round_weights(encoder.model.encoder)
        self._encoder: Any = encoder.to(device, dtype)
        self._device = device

    @torch.inference_mode()
    def encode(self, batch: TokenBatch) -> Floats:
        try:
            ids = _moved(batch.input_ids, self._device)
            mask = _moved(batch.attention_mask, self._device)
            return np.asarray(self._encoder(ids, mask).float().cpu().numpy(), np.float32)
        except torch.cuda.OutOfMemoryError:
            half = len(batch.input_ids) // 2
            if half == 0:
                raise
            torch.cuda.empty_cache()
            cut = (slice(None, half), slice(half, None))
            parts_np = [
                self.encode(TokenBatch(batch.input_ids[rows], batch.attention_mask[rows])) for rows in cut
            ]
            return np.concatenate(parts_np)

    @torch.inference_mode()
    def encode_without(self, batch: TokenBatch, left_out: Sequence[Sequence[int]]) -> Floats:
        ids, mask = (_moved(part, self._device) for part in (batch.input_ids, batch.attention_mask))
        layers = torch.cat([layer[0] for layer in self._encoder.states(ids, mask)], dim=1)
        means = torch.from_numpy(means_without(layers.float().cpu().numpy(), left_out))
        whole = self._encoder.beside_verdict(means.to(self._device, layers.dtype))
        return np.asarray(whole.float().cpu().numpy(), np.float32)


class TorchImage:
    """MobileNetV2 in torch, padding and BatchNorm folded into its convolutions."""

    def __init__(self, folder: Path, device: torch.device, dtype: torch.dtype = torch.float32) -> None:
        encoder = ImageEncoder(folder).eval()
        mobilenet.fold(encoder.model)
        self._model: Any = mobilenet.channels_last(encoder.to(device, dtype))
        self._device, self._dtype = device, dtype

    @torch.inference_mode()
    def encode(self, pixels: NDArray[np.uint8]) -> Floats:
        try:
            return np.asarray(self._model(self._input(pixels)).float().cpu().numpy(), np.float32)
        except torch.cuda.OutOfMemoryError:
            half = len(pixels) // 2
            if half == 0:
                raise
            torch.cuda.empty_cache()
            return np.concatenate([self.encode(pixels[:half]), self.encode(pixels[half:])])

    @torch.inference_mode()
    def regions(self, pixels: NDArray[np.uint8]) -> Floats:
        regions = self._model.regions(self._input(pixels[None]))[0].float().cpu().flatten(1).T
        return np.asarray(regions.numpy(), np.float32)

    def _input(self, pixels: NDArray[np.uint8]) -> Tensor:
        if self._device.type == "cpu":
            scaled = torch.from_numpy(normalise(pixels)).to(self._dtype)
        else:
            # A quarter of the bytes cross the bus.
            scaled = _moved(pixels, self._device).to(self._dtype).mul_(1 / 127.5).sub_(1.0)
        return scaled.contiguous(memory_format=torch.channels_last)


def _moved(array: NDArray[Any], device: torch.device) -> Tensor:
    tensor = torch.from_numpy(np.ascontiguousarray(array))
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def _round_weights(layers: nn.Module) -> None:
    """Give the linear layers the weights that int8 has room for."""
    with torch.no_grad():
        for module in layers.modules():
            if isinstance(module, nn.Linear):
                rounded, scale = quantise(module.weight.numpy().T.astype(np.float32))
                module.weight.copy_(torch.from_numpy((rounded * scale).T.copy()))


def numbers_on(device: str) -> tuple[torch.device, torch.dtype]:
    """Return the device and the numbers it is quick with: half precision on CUDA alone."""
    return torch.device(device), torch.float16 if device == "cuda" else torch.float32
