"""ONNX Runtime: what classifies on a CPU.

A session has one thread and is run by several at once, a batch each: nobody waits inside an operator
for a core that another program has taken. Graphs are derived from a bundle's weights, which are
checked, and kept in the cache folder together with a checksum of what they are and what they hold; one
that does not match is derived again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError

from mmsa_tui.disk.private import make_private_file, make_private_folder
from mmsa_tui.disk.whole_file import whole_file
from mmsa_tui.errors import BundleError, OutputError
from mmsa_tui.model.encoded import Floats
from mmsa_tui.model.preprocessing import TokenBatch
from mmsa_tui.model.runtimes import TextSpec, means_without
from mmsa_tui.model.runtimes.graphs import (
    GRAPH_VERSION,
    EncoderWeights,
    image_graph,
    states_name,
    text_graph,
)
from mmsa_tui.model.views import load_ranges, load_verdict

if TYPE_CHECKING:
    import onnx
    import onnxruntime

_DIGEST_BYTES = 32
_MAX_LAYERS = 48
"""Of a text encoder; one that claims more is damaged, or made to keep a machine busy."""


Run = Callable[[Sequence[str], Mapping[str, NDArray[Any]]], list[Floats]]
"""Runs a graph: names of outputs and inputs by name, to the outputs."""


class OnnxText:
    """A BERT-like text encoder; the word embeddings are looked up in the weights file itself.

    Args:
        open_graph: opens the graph in a runtime other than this one.
    """

    def __init__(
        self, spec: TextSpec, cache_dir: Path | None, open_graph: Callable[[bytes], Run] | None = None
    ) -> None:
        config = _config(spec.folder, "bert")
        try:
            n_layers, heads = int(config["num_hidden_layers"]), int(config["num_attention_heads"])
            if not (0 < n_layers <= _MAX_LAYERS and 0 < heads <= 64):
                raise ValueError(f"{n_layers} layers of {heads} heads")
            layers = spec.views.layers or (n_layers,)
            if spec.views.n_verdict and layers[-1] != n_layers:
                raise ValueError("a verdict without the last layer to judge by")
            if not all(1 <= layer <= n_layers for layer in layers):
                raise ValueError(f"layers {layers} of {n_layers}")
            weights = EncoderWeights(spec.folder)
            words = weights["embeddings.word_embeddings.weight"]
            places = weights["embeddings.position_embeddings.weight"].astype(np.float32)
            kinds = weights["embeddings.token_type_embeddings.weight"].astype(np.float32)
        except (KeyError, TypeError, ValueError, OSError, SafetensorError) as error:
            raise _damaged(spec.folder, error) from error
        self._words, self._places = words, places + kinds[0]
        width = int(config["hidden_size"])
        self._verdict = (
            load_verdict(spec.folder, width, spec.views.n_verdict) if spec.views.n_verdict else None
        )
        self._states = [states_name(layer) for layer in layers]
        what = f"text {spec.precision} {','.join(map(str, layers))}"

        def build() -> onnx.ModelProto:
            return text_graph(weights, config, layers, spec.precision, load_ranges(spec.folder))

        self._run_graph: Run = (
            _session(spec.folder, what, cache_dir, build).run
            if open_graph is None
            else open_graph(build().SerializeToString())
        )

    def encode(self, batch: TokenBatch) -> Floats:
        (out,) = self._run(batch, ["pooled"])
        return self._whole(out)

    def encode_without(self, batch: TokenBatch, left_out: Sequence[Sequence[int]]) -> Floats:
        states = np.concatenate([layer[0] for layer in self._run(batch, self._states)], axis=1)
        return self._whole(means_without(states, left_out))

    def _run(self, batch: TokenBatch, outputs: list[str]) -> list[Floats]:
        ids = batch.input_ids
        embedded = self._words[ids].astype(np.float32) + self._places[: ids.shape[1]]
        inputs = {"embedded": embedded, "mask": batch.attention_mask.astype(np.int32)}
        return self._run_graph(outputs, inputs)

    def _whole(self, pooled: Floats) -> Floats:
        return pooled if self._verdict is None else self._verdict.beside(pooled)


class OnnxImage:
    """MobileNetV2 without classifier."""

    def __init__(self, folder: Path, cache_dir: Path | None) -> None:
        config = _config(folder, "mobilenet_v2")
        self._session = _session(
            folder, "image fp32", cache_dir, lambda: image_graph(EncoderWeights(folder), config)
        )

    def encode(self, pixels: NDArray[np.uint8]) -> Floats:
        out: Floats = self._session.run(["pooled"], {"pixels": pixels})[0]
        return out

    def regions(self, pixels: NDArray[np.uint8]) -> Floats:
        (found,) = self._session.run(["regions"], {"pixels": pixels[None]})[0]
        out: Floats = found.reshape(len(found), -1).T
        return out


def image_model(folder: Path) -> bytes:
    """Derive the graph of a picture encoder for a runtime other than this one.

    Raises:
        BundleError: the weights are damaged.
    """
    config = _config(folder, "mobilenet_v2")
    try:
        return image_graph(EncoderWeights(folder), config).SerializeToString()
    except (KeyError, TypeError, ValueError, OSError, SafetensorError) as error:
        raise _damaged(folder, error) from error


def _config(folder: Path, family: str) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        found = config["model_type"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise _damaged(folder, error) from error
    if found != family:
        raise BundleError(
            f"{folder} holds an encoder of the kind {found!r}; this program runs {family!r}",
            "Get the bundle again from where it came, or choose another with `mmsa bundle use`.",
        )
    return dict(config)


def _damaged(folder: Path, error: Exception) -> BundleError:
    return BundleError(
        f"the encoder in {folder} is damaged ({type(error).__name__}: {error})", "See `mmsa bundle verify`."
    )


def _session(
    folder: Path, what: str, cache_dir: Path | None, build: Callable[[], onnx.ModelProto]
) -> onnxruntime.InferenceSession:
    """Open a session on the kept graph, or on one derived now."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3

    def opened(graph: bytes) -> onnxruntime.InferenceSession:
        return onnxruntime.InferenceSession(
            graph, options, providers=["CPUExecutionProvider"], disabled_optimizers=["SkipLayerNormFusion"]
        )

    # The name of the folder is the hash of the encoder.
    name = f"{GRAPH_VERSION} {folder.name} {what}"
    file = None if cache_dir is None else cache_dir / "graphs" / f"{_digest(name.encode()).hex()[:32]}.graph"
    kept = _read(file, name)
    if kept is not None:
        try:
            return opened(kept)
        except Exception:  # of another onnxruntime, perhaps: its errors have no common class
            pass
    try:
        graph = build().SerializeToString()
        session = opened(graph)
    except Exception as error:
        # A KeyError for a weight that is missing, ValueError for its shape, whatever the runtime raises.
        raise _damaged(folder, error) from error
    _keep(file, name, graph)
    return session


def _digest(*parts: bytes) -> bytes:
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.digest()


def _read(file: Path | None, name: str) -> bytes | None:
    """Read a kept graph; None where there is none, or not the one that was kept under this name."""
    if file is None:
        return None
    try:
        with file.open("rb") as kept:
            # Apart, so that 20 MB are not there twice while the runtime makes its own of them.
            digest, graph = kept.read(_DIGEST_BYTES), kept.read()
    except OSError:
        return None
    return graph if graph and digest == _digest(name.encode(), graph) else None


def _keep(file: Path | None, name: str, graph: bytes) -> None:
    """Keep a graph for the next time; where that fails it is derived again."""
    if file is None:
        return
    with suppress(OSError, OutputError):
        make_private_folder(file.parent)
        with whole_file(file, overwrite=True) as part:
            make_private_file(part)
            part.write_bytes(_digest(name.encode(), graph) + graph)
