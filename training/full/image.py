"""Stage 2: fine-tune the image encoder alone.

Only the last blocks learn: on a few thousand pictures with one judge each the early, generic
layers gain nothing, and with the frozen trunk run once and kept, an epoch takes seconds on a CPU.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from mmsa_tui.model import mobilenet
from mmsa_tui.model.encoders import ImageEncoder
from mmsa_tui.model.metrics import weighted_f1
from mmsa_tui.model.preprocessing import SIZE_PX, decode, normalise
from mmsa_tui.pictures.decoder import PictureError
from mmsa_tui.pictures.files import PictureFiles
from training.examples import Example
from training.full.loop import FineTuning, fine_tune, loss_of_tasks, seed_everything
from training.full.runs import RunLog

_CROP_SEED = 11


def read_pixels(examples: Sequence[Example]) -> Tensor:
    """Decode the first usable picture of each example, [N, 3, 224, 224] uint8; zeros without one."""

    def pixels(example: Example) -> Tensor:
        for picture in example.pictures:
            try:
                return torch.from_numpy(decode(files.read(picture)))
            except (OSError, PictureError):
                continue
        return torch.zeros(3, SIZE_PX, SIZE_PX, dtype=torch.uint8)

    with PictureFiles() as files, ThreadPoolExecutor(max_workers=2) as pool:
        return torch.stack(list(pool.map(pixels, examples)))


@torch.no_grad()
def trunk_features(
    encoder: str | Path,
    pixels: Tensor,
    n_tail_blocks: int,
    n_crops: int = 0,
    batch_size: int = 8,
    on_batch: Callable[[int, int], None] | None = None,
) -> Tensor:
    """Run the frozen trunk over pictures, their mirror images and cut-outs of them.

    Args:
        pixels: [N, 3, 224, 224] uint8.

    Returns:
        [2 + n_crops, N, C, H, W] float16: as they are, mirrored, and cut.
    """
    model = ImageEncoder(encoder).eval()
    mobilenet.fold(model.model)
    trunk, _ = mobilenet.trunk_and_tail(model.model, n_tail_blocks)
    mobilenet.channels_last(trunk)
    rows: list[list[Tensor]] = [[] for _ in range(2 + n_crops)]
    rng = random.Random(_CROP_SEED)
    for start in range(0, len(pixels), batch_size):
        scaled = torch.from_numpy(normalise(pixels[start : start + batch_size].numpy()))
        batch = scaled.contiguous(memory_format=torch.channels_last)
        views = [batch, batch.flip(3), *(_cropped(batch, rng, n % 2 == 1) for n in range(n_crops))]
        for part, view in zip(rows, views, strict=True):
            part.append(trunk(view).half().contiguous())
        if on_batch is not None:
            on_batch(min(start + batch_size, len(pixels)), len(pixels))
    return torch.stack([torch.cat(part) for part in rows])


def _cropped(batch: Tensor, rng: random.Random, mirrored: bool) -> Tensor:
    """Cut 70 to 95 % of each side out of pictures, [B, 3, H, W], enlarge it, and change how bright it is."""
    height, width = batch.shape[2:]
    share = rng.uniform(0.7, 0.95)
    h, w = int(height * share), int(width * share)
    y, x = rng.randint(0, height - h), rng.randint(0, width - w)
    cut = nn.functional.interpolate(
        batch[:, :, y : y + h, x : x + w], size=(height, width), mode="bilinear", antialias=True
    )
    cut = cut * rng.uniform(0.85, 1.15)
    return (cut.flip(3) if mirrored else cut).contiguous(memory_format=torch.channels_last)


def tune_image_encoder(
    encoder: str | Path,
    trunk: Tensor,
    labels: Sequence[Sequence[int]],
    train: Sequence[int],
    select: Sequence[int],
    n_labels: int,
    n_tail_blocks: int,
    settings: FineTuning,
    out: Path,
    log: RunLog,
    seed: int,
    kept: float = 1.0,
) -> float:
    """Fine-tune the tail on `trunk[:, train]` and save the whole encoder to `out` (fp16).

    Args:
        trunk: [V, N, C, H, W] of `trunk_features`.
        labels: class indices of each task, [T][N], -1 where a task has none for a picture.
        train, select: rows of `trunk`; `select` picks the best epoch by the first task, empty keeps the last.
        kept: how far to go from the weights as they came to those that were learned, 1 all the way.

    Returns:
        The best weighted F1 on `select`.
    """
    seed_everything(seed)
    rng = random.Random(seed)
    model = ImageEncoder(encoder).eval()
    mobilenet.fold(model.model)
    _, tail = mobilenet.trunk_and_tail(model.model, n_tail_blocks)
    mobilenet.channels_last(tail)
    came = {name: weight.clone() for name, weight in tail.state_dict().items()}
    heads = nn.ModuleList(
        nn.Sequential(nn.Dropout(0.3), nn.Linear(model.n_features, n_labels)) for _ in labels
    )
    wanted = torch.tensor(labels)

    def loss_of(indices: Sequence[int]) -> Tensor:
        rows = torch.as_tensor(indices)
        view = torch.randint(0, len(trunk), (len(indices),))
        regions = tail(trunk[view, rows].float().contiguous(memory_format=torch.channels_last))
        return loss_of_tasks(
            heads, regions.float().mean(dim=(2, 3)), wanted[:, rows], settings.label_smoothing
        )

    def plan(epoch: int) -> list[list[int]]:
        order = list(train)
        rng.shuffle(order)
        return [order[i : i + settings.batch_size] for i in range(0, len(order), settings.batch_size)]

    best, losses, learned = -1.0, [], came
    for step in fine_tune(tail, heads, plan, loss_of, settings, torch.device("cpu")):
        losses.append(step.loss)
        log.progress("image", step.number, step.total, step.loss)
        if step.ends_epoch:
            score = _score(tail, heads[0], trunk[0], wanted[0], select) if len(select) else float(step.epoch)
            log.record(stage="image", epoch=step.epoch + 1, loss=float(np.mean(losses)), weighted_f1=score)
            losses = []
            if score > best:
                best = score
                learned = {name: weight.clone() for name, weight in tail.state_dict().items()}
    tail.load_state_dict({name: torch.lerp(came[name], learned[name], kept) for name in came})
    save_image_encoder(encoder, model, out)
    return best if len(select) else 0.0


@torch.no_grad()
def tail_features(tail: nn.Module, trunk: Tensor, batch_size: int = 64) -> Tensor:
    """Run the tail over trunk features [N, C, H, W]: spatial means, [N, 1280] float32."""
    tail.eval()
    parts = []
    for start in range(0, len(trunk), batch_size):
        batch = trunk[start : start + batch_size].float().contiguous(memory_format=torch.channels_last)
        parts.append(tail(batch).mean(dim=(2, 3)))
    return torch.cat(parts)


def _score(tail: nn.Module, head: nn.Module, trunk: Tensor, labels: Tensor, select: Sequence[int]) -> float:
    head.eval()
    rows = torch.as_tensor(list(select))
    with torch.no_grad():
        predicted = head(tail_features(tail, trunk[rows])).argmax(1).numpy()
    return weighted_f1(labels[rows].numpy(), predicted)


def save_image_encoder(base: str | Path, folded: ImageEncoder, out: Path) -> None:
    """Write a folded encoder in half precision in the Hugging Face layout of `base`."""
    fresh = ImageEncoder(base)
    mobilenet.unfold_into(folded.model, fresh.model)
    _write_half(fresh, out)


def copy_image_encoder(encoder: str | Path, out: Path) -> None:
    """Write an encoder that stays as it is, in half precision."""
    _write_half(ImageEncoder(encoder), out)


@torch.inference_mode()
def encode_pictures(encoder: str | Path, pixels: Tensor, batch_size: int = 8) -> Tensor:
    """Encode pixels [N, 3, 224, 224] uint8: spatial means, [N, 1280] float32."""
    model = ImageEncoder(encoder).eval()
    mobilenet.fold(model.model)
    mobilenet.channels_last(model)
    parts = [
        model(torch.from_numpy(normalise(pixels[start : start + batch_size].numpy())))
        for start in range(0, len(pixels), batch_size)
    ]
    return torch.cat(parts)


def _write_half(encoder: ImageEncoder, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    half = {
        name: tensor.detach().half() if tensor.is_floating_point() else tensor.detach()
        for name, tensor in encoder.model.state_dict().items()
    }
    encoder.model.save_pretrained(out, state_dict=half)
