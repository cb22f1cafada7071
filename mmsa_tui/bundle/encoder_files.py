"""An encoder's folder, judged before any library builds a network from it. Imports no torch.

A bundle may come from a stranger. Its encoders are data: an architecture from our list, no code, weights
that are whole and that belong to the network the config describes. A config alone could ask for 100,000
layers, and a library would make them up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta

from mmsa_tui.decoding import from_json, to_kind
from mmsa_tui.errors import BundleError

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
FILES = frozenset(
    {
        CONFIG_FILE, WEIGHTS_FILE, "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
        "added_tokens.json", "vocab.txt", "vocab.json", "merges.txt", "sentencepiece.bpe.model",
        "spiece.model", "preprocessor_config.json", "views.json", "verdict.safetensors",
        "ranges.safetensors",
    }
)  # fmt: skip
"""All that an encoder may consist of: data that no library runs."""

ARCHITECTURES = {
    "text": frozenset(
        {
            "albert", "bert", "camembert", "deberta-v2", "distilbert", "electra", "mpnet", "roberta",
            "xlm-roberta",
        }
    ),
    "image": frozenset({"mobilenet_v2"}),
}  # fmt: skip
"""What we build, by its `model_type`."""

_MAX_HEADER = 8 * 1024 * 1024
_MAX_CONFIG = 1024 * 1024
_LAYER = re.compile(r"(?:^|\.)(?:layer|layers|albert_layer_groups)\.(\d{1,6})\.")
_HINT = "Get the bundle again from where it came, or choose another with `mmsa bundle use`."

_Size = Annotated[int, Meta(ge=1, le=2_000_000)]


@dataclass(frozen=True)
class _Config:
    """What we read of an encoder's config; each library names the sizes its own way."""

    model_type: str
    auto_map: None = None
    hidden_size: _Size | None = None
    dim: _Size | None = None
    vocab_size: _Size | None = None
    num_hidden_layers: Annotated[int, Meta(ge=1, le=64)] | None = None
    n_layers: Annotated[int, Meta(ge=1, le=64)] | None = None
    intermediate_size: _Size | None = None
    hidden_dim: _Size | None = None
    max_position_embeddings: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    type_vocab_size: Annotated[int, Meta(ge=0, le=1000)] | None = None
    embedding_size: _Size | None = None
    depth_multiplier: Annotated[float, Meta(gt=0, le=2)] = 1.0
    min_depth: Annotated[int, Meta(ge=1, le=64)] = 8
    depth_divisible_by: Annotated[int, Meta(ge=1, le=64)] = 8
    expand_ratio: Annotated[float, Meta(gt=0, le=12)] = 6.0
    num_channels: Annotated[int, Meta(ge=1, le=4)] = 3


@dataclass(frozen=True)
class _Tensor:
    dtype: Literal["F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "BOOL"]
    shape: tuple[Annotated[int, Meta(ge=0, le=2**40)], ...]
    data_offsets: tuple[Annotated[int, Meta(ge=0)], Annotated[int, Meta(ge=0)]]


def check_encoder(directory: Path, which: str) -> None:
    """Refuse an encoder that is no data of ours; reads the config and the head of the weights only.

    Args:
        which: `text` or `image`.

    Raises:
        BundleError: a file is missing, cut, or none of an encoder's; or config and weights do not fit.
    """
    try:
        for name in (CONFIG_FILE, WEIGHTS_FILE):
            if not (directory / name).is_file():
                raise ValueError(f"{name} is missing")
        for path in directory.iterdir():
            if path.name not in FILES:
                raise ValueError(f"it holds {path.name!r:.80}, which no encoder of ours does")
        config = _read_config(directory / CONFIG_FILE, which)
        _compare(config, _read_header(directory / WEIGHTS_FILE), which)
    except (OSError, ValueError) as error:
        raise BundleError(f"the {which} encoder in {directory} cannot be used: {error}", _HINT) from error


def _read_config(path: Path, which: str) -> _Config:
    if path.stat().st_size > _MAX_CONFIG:
        raise ValueError(f"{path.name} is larger than any config")
    try:
        config = from_json(path.read_bytes(), _Config)
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error
    if config.model_type not in ARCHITECTURES[which]:
        known = ", ".join(sorted(ARCHITECTURES[which]))
        raise ValueError(f"it is a {config.model_type!r:.40}; those known are {known}")
    return config


def _read_header(path: Path) -> Mapping[str, _Tensor]:
    """Read the table of tensors at the beginning of a safetensors file, and see that all of it is there."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if not 2 <= size <= _MAX_HEADER:
            raise ValueError(f"{path.name} does not begin as it must")
        header = from_json(file.read(size), dict[str, Any])
    header.pop("__metadata__", None)
    tensors = to_kind(header, dict[str, _Tensor])
    if not tensors:
        raise ValueError(f"{path.name} holds no weights")
    end = max(tensor.data_offsets[1] for tensor in tensors.values())
    if path.stat().st_size != 8 + size + end:
        raise ValueError(f"{path.name} is cut short, or something is appended to it")
    return tensors


def _compare(config: _Config, tensors: Mapping[str, _Tensor], which: str) -> None:
    """See that the network that the config describes is the one whose weights are there."""
    if which == "image":
        return
    widths = {size for tensor in tensors.values() for size in tensor.shape}
    for name, size in _sizes(config):
        if size is not None and size not in widths:
            raise ValueError(f"its config says {name} {size:,}, and no weight has that size")
    wanted = config.num_hidden_layers or config.n_layers
    n_layers = 1 + max((int(found[1]) for name in tensors for found in _LAYER.finditer(name)), default=-1)
    # ALBERT has one layer that it goes through many times.
    if wanted != n_layers and config.model_type != "albert":
        raise ValueError(f"its config says {wanted} layers, its weights hold {n_layers}")


def _sizes(config: _Config) -> Iterator[tuple[str, int | None]]:
    for name in ("hidden_size", "dim", "vocab_size", "intermediate_size", "hidden_dim", "embedding_size",
                 "max_position_embeddings"):  # fmt: skip
        yield name, getattr(config, name)
