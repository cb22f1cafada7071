"""Stage 1: fine-tune the text encoder alone.

Several label kinds may share the encoder (people's text labels, post labels), each with a linear
head of its own that is thrown away afterwards. The best epoch by weighted F1 is what is saved.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from mmsa_tui.model.encoders import TextEncoder
from mmsa_tui.model.metrics import weighted_f1
from mmsa_tui.model.preprocessing import TextTransform, TokenBatch
from mmsa_tui.model.views import RANGES, VERDICT
from training.full.loop import (
    FineTuning,
    fine_tune,
    length_sorted_batches,
    loss_of_tasks,
    seed_everything,
)
from training.full.runs import RunLog


@dataclass(frozen=True)
class TextTarget:
    """One tweet and its class index for every task, -1 where that task has no label for it."""

    raw_text: str
    labels: tuple[int, ...]


def tune_text_encoder(
    encoder: str | Path,
    train: Sequence[TextTarget],
    select: Sequence[TextTarget],
    n_labels: int,
    settings: FineTuning,
    out: Path,
    log: RunLog,
    seed: int,
    device: torch.device,
) -> float:
    """Fine-tune and save to `out` (a Hugging Face directory, fp16).

    Args:
        encoder: a local directory or a hub id.
        select: decides the best epoch; empty keeps the last one.

    Returns:
        The best weighted F1 on `select`, task 0; 0.0 when `select` is empty.
    """
    seed_everything(seed)
    rng = random.Random(seed)
    model, transform = load_text_encoder(encoder, dropout=settings.encoder_dropout)
    model = model.to(device)
    n_tasks = max(len(target.labels) for target in train)
    heads = nn.ModuleList(
        nn.Sequential(nn.Dropout(0.1), nn.Linear(model.n_features, n_labels)) for _ in range(n_tasks)
    ).to(device)
    ids = transform.encode([target.raw_text for target in train])
    labels = torch.tensor(
        [target.labels + (-1,) * (n_tasks - len(target.labels)) for target in train], device=device
    )

    def loss_of(indices: Sequence[int]) -> Tensor:
        features = model(*_tensors(transform.collate([ids[i] for i in indices]), device)).float()
        wanted = labels[torch.as_tensor(indices, device=device)]
        return loss_of_tasks(heads, features, wanted.T, settings.label_smoothing)

    def plan(epoch: int) -> list[list[int]]:
        return length_sorted_batches([len(row) for row in ids], settings.batch_size, rng)

    best, losses = -1.0, []
    for step in fine_tune(model, heads, plan, loss_of, settings, device):
        losses.append(step.loss)
        log.progress("text", step.number, step.total, step.loss)
        if step.ends_epoch:
            score = _score(model, heads[0], transform, select, device) if select else float(step.epoch)
            log.record(stage="text", epoch=step.epoch + 1, loss=float(np.mean(losses)), weighted_f1=score)
            losses = []
            if score > best:
                best = score
                save_text_encoder(model, transform, out)
    return best if select else 0.0


def save_text_encoder(model: TextEncoder, transform: TextTransform, out: Path) -> None:
    """Write weights in half precision, config and tokenizer."""
    out.mkdir(parents=True, exist_ok=True)
    half = {name: tensor.detach().half().cpu() for name, tensor in model.model.state_dict().items()}
    model.model.save_pretrained(out, state_dict=half)
    if model.verdict is not None:
        verdict = model.verdict.state_dict()
        save_file({name: tensor.cpu().contiguous() for name, tensor in verdict.items()}, out / VERDICT)
    transform.save(out)


def copy_text_encoder(encoder: str | Path, out: Path) -> None:
    """Write an encoder that stays as it is, in half precision, with the ranges that it brings."""
    folder = local_folder(encoder)
    save_text_encoder(*load_text_encoder(folder), out)
    if (folder / RANGES).is_file():
        shutil.copyfile(folder / RANGES, out / RANGES)


def save_ranges(model: TextEncoder, transform: TextTransform, texts: Sequence[str], out: Path) -> None:
    """Write how far the inputs of its linear layers reach on these texts: what an int8 graph is made by."""
    reach: dict[str, Tensor] = {}
    hooks = []
    for name, module in model.model.named_modules():
        # Key and value read what the query reads, and what attention gives reaches nowhere far.
        ends = name.endswith((".query", ".intermediate.dense", ".output.dense"))
        if not ends or name.endswith(".attention.output.dense"):
            continue

        def note(_: nn.Module, inputs: tuple[Tensor, ...], name: str = name) -> None:
            found = inputs[0].detach().flatten(0, -2).abs().amax(0).float().cpu()
            reach[name] = torch.maximum(reach[name], found) if name in reach else found

        hooks.append(module.register_forward_pre_hook(note))
    try:
        encode_texts(model, transform, texts, next(model.parameters()).device, batch_size=1)
    finally:
        for hook in hooks:
            hook.remove()
    save_file(reach, out / RANGES)


@torch.no_grad()
def encode_texts(
    model: TextEncoder,
    transform: TextTransform,
    texts: Sequence[str],
    device: torch.device,
    batch_size: int = 64,
) -> Tensor:
    """Encode raw texts in batches of similar length: [N, H] float32 on the CPU, in the order given."""
    model.eval()
    ids = transform.encode(texts)
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    out = torch.zeros(len(ids), model.n_features)
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        out[rows] = model(*_tensors(transform.collate([ids[i] for i in rows]), device)).float().cpu()
    return out


def load_text_encoder(encoder: str | Path, dropout: float | None = None) -> tuple[TextEncoder, TextTransform]:
    """Load an encoder and its tokenizer from a folder, or by a hub id.

    Raises:
        OSError: it is neither here nor to be had. BundleError: its tokenizer cannot be read.
    """
    folder = local_folder(encoder)
    return TextEncoder(folder, dropout=dropout), TextTransform(folder)


def local_folder(encoder: str | Path) -> Path:
    """Return an encoder's folder; one named by its hub id is fetched first.

    Raises:
        OSError: it is neither here nor to be had.
    """
    if Path(encoder).is_dir():
        return Path(encoder)
    from huggingface_hub import snapshot_download

    wanted = ["*.json", "*.safetensors"]
    return Path(snapshot_download(str(encoder), allow_patterns=wanted))


def _tensors(batch: TokenBatch, device: torch.device) -> tuple[Tensor, Tensor]:
    ids, mask = torch.from_numpy(batch.input_ids), torch.from_numpy(batch.attention_mask)
    return ids.to(device), mask.to(device)


def _score(
    model: TextEncoder,
    head: nn.Module,
    transform: TextTransform,
    select: Sequence[TextTarget],
    device: torch.device,
) -> float:
    head.eval()
    features = encode_texts(model, transform, [target.raw_text for target in select], device)
    with torch.no_grad():
        predicted = head(features.to(device)).argmax(1).cpu().numpy()
    return weighted_f1(np.array([target.labels[0] for target in select]), predicted)
