"""The encoders as ONNX graphs, built from the weights of a Hugging Face folder. Imports no torch.

Two families are known: BERT-like text encoders and MobileNetV2. Nothing but the weights is read from
the folder, so a folder cannot bring code or operators of its own. The word embeddings stay outside the
graph: a tweet looks up some thirty of their rows, and a table of 78,000 would have to be read whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmsa_tui.model.views import Precision

if TYPE_CHECKING:
    import onnx

Weights = Mapping[str, NDArray[Any]]

GRAPH_VERSION = "4"
"""Part of the name under which a graph is kept: what changes a graph changes this."""
_OPSET = 17
_WIDEST = 2.0
"""How far beyond the median input one may reach before it is scaled down."""
_APART = 4
"""Inner units of a block that are kept out of int8: those that reach farthest."""
_CONTRIB = "com.microsoft"


class _Graph:
    """Nodes and weights as they are put down, one after the other."""

    def __init__(self) -> None:
        from onnx import helper, numpy_helper

        self._helper, self._to_tensor = helper, numpy_helper.from_array
        self.nodes: list[Any] = []
        self.weights: list[Any] = []
        self._n = 0

    def weight(self, array: NDArray[Any], name: str = "") -> str:
        self._n += 1
        name = name or f"w{self._n}"
        self.weights.append(self._to_tensor(np.ascontiguousarray(array), name))
        return name

    def node(
        self, op: str, inputs: Sequence[str], *, domain: str = "", n_outputs: int = 1, **more: Any
    ) -> Any:
        """Add a node and return the name of its output, a list of names where it has several."""
        self._n += 1
        outputs = [f"x{self._n}_{i}" for i in range(n_outputs)]
        self.nodes.append(self._helper.make_node(op, list(inputs), outputs, domain=domain, **more))
        return outputs[0] if n_outputs == 1 else outputs

    def linear(
        self,
        x: str,
        weight: NDArray[Any],
        bias: NDArray[Any] | None,
        precision: Precision,
        reach: NDArray[np.float32] | None = None,
    ) -> str:
        """Multiply by a weight [out, in]; in int8 with one scale for each output and one for all of `x`.

        Args:
            reach: [in], the largest magnitude of each input. The scale of `x` follows the largest, so
                inputs that reach far are scaled down, and their weights up.
        """
        matrix = weight.astype(np.float32).T
        if precision == "int8":
            if reach is not None:
                down = np.maximum(reach / max(_WIDEST * float(np.median(reach)), 1e-6), 1)
                x = str(self.node("Mul", [x, self.weight((1 / down).astype(np.float32))]))
                matrix = matrix * down[:, None].astype(np.float32)
            quantised, scale = quantise(matrix)
            inputs = [x, self.weight(quantised), self.weight(scale), ""]
            if bias is not None:
                inputs.append(self.weight(bias.astype(np.float32)))
            return str(self.node("DynamicQuantizeMatMul", inputs, domain=_CONTRIB))
        out = str(self.node("MatMul", [x, self.weight(matrix)]))
        return out if bias is None else str(self.node("Add", [out, self.weight(bias.astype(np.float32))]))

    def model(
        self, inputs: Sequence[tuple[str, int, Sequence[Any]]], outputs: Sequence[tuple[str, Sequence[Any]]]
    ) -> onnx.ModelProto:
        from onnx import TensorProto

        graph = self._helper.make_graph(
            self.nodes, "encoder",
            [self._helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in inputs],
            [self._helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs],
            self.weights,
        )  # fmt: skip
        opsets = [self._helper.make_opsetid("", _OPSET), self._helper.make_opsetid(_CONTRIB, 1)]
        return self._helper.make_model(graph, opset_imports=opsets, ir_version=9, producer_name="mmsa-tui")


def quantise(matrix: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Round a matrix [in, out] to int8, symmetric, one scale for each column."""
    scale = np.maximum(np.abs(matrix).max(axis=0), 1e-12).astype(np.float32) / np.float32(127)
    return np.clip(np.rint(matrix / scale), -127, 127).astype(np.int8), scale


def text_graph(
    weights: Weights,
    config: Mapping[str, Any],
    layers: Sequence[int],
    precision: Precision,
    ranges: Mapping[str, NDArray[np.float32]] | None = None,
) -> onnx.ModelProto:
    """Build a BERT-like encoder.

    Args:
        layers: whose hidden states are averaged over the real tokens, from 1 to the number of layers.
        ranges: see `views.RANGES`; without them a few inputs that reach far cost int8 most of its steps.

    Returns:
        Inputs `embedded` [B, T, H], the sum of the embeddings before their normalisation, and `mask`
        [B, T] int32; outputs `pooled` [B, H * len(layers)] and, of each of these layers, `states_N`
        [B, T, H].
    """
    from onnx import TensorProto

    graph = _Graph()
    epsilon, width = float(config["layer_norm_eps"]), int(config["hidden_size"])
    heads = int(config["num_attention_heads"])

    def get(name: str) -> NDArray[np.float32]:
        return weights[name].astype(np.float32)

    def reach(name: str, n: int) -> NDArray[np.float32] | None:
        found = (ranges or {}).get(name)
        if found is not None and found.shape != (n,):
            raise ValueError(f"{name} has {n} inputs and ranges of {found.shape}")
        return found

    # Three plain operators: the fused SkipLayerNormalization takes twice their time on a CPU.
    def norm(x: str, skip: str | None, prefix: str, bias: str = "") -> str:
        scale, shift = graph.weight(get(f"{prefix}.weight")), graph.weight(get(f"{prefix}.bias"))
        for added in filter(None, (bias, skip)):
            x = str(graph.node("Add", [x, added]))
        return str(graph.node("LayerNormalization", [x, scale, shift], epsilon=epsilon))

    def feed_forward(x: str, layer: str) -> str:
        """Two linear layers; the inner units that reach farthest go beside them, in fp32."""
        first, last = f"{layer}.intermediate.dense", f"{layer}.output.dense"
        into, bias, out_of = get(f"{first}.weight"), get(f"{first}.bias"), get(f"{last}.weight")
        inner_reach = reach(last, len(bias))
        beside = ""
        if inner_reach is not None and precision == "int8":
            far = np.argsort(inner_reach)[-_APART:]
            few = graph.linear(x, into[far], None, "fp32")
            few = graph.node("BiasGelu", [few, graph.weight(bias[far])], domain=_CONTRIB)
            beside = graph.linear(few, out_of[:, far], None, "fp32")
            # Units without weight and bias are 0 behind the activation, too.
            into[far], bias[far] = 0, 0
        inner = graph.linear(x, into, None, precision, reach(first, width))
        inner = graph.node("BiasGelu", [inner, graph.weight(bias)], domain=_CONTRIB)
        inner = str(graph.linear(inner, out_of, None, precision))
        return str(graph.node("Add", [inner, beside])) if beside else inner

    # Masked mean: the mask as weights that sum to one over the real tokens.
    as_float = graph.node("Cast", ["mask"], to=TensorProto.FLOAT)
    axis = graph.weight(np.array([1], np.int64))
    count = graph.node("ReduceSum", [as_float, axis], keepdims=1)
    share = graph.node("Div", [as_float, graph.node("Max", [count, graph.weight(np.array([1], np.float32))])])
    share = graph.node("Unsqueeze", [share, axis])  # [B, 1, T]

    x = norm("embedded", None, "embeddings.LayerNorm")
    pooled: dict[int, str] = {}
    for number in range(1, max(layers) + 1):
        layer = f"encoder.layer.{number - 1}"
        own = f"{layer}.attention.self"
        parts = ("query", "key", "value")
        qkv = graph.linear(
            x,
            np.concatenate([get(f"{own}.{part}.weight") for part in parts]),
            np.concatenate([get(f"{own}.{part}.bias") for part in parts]),
            precision,
            reach(f"{own}.query", width),
        )
        sizes = graph.weight(np.array([width] * 3, np.int64))
        query, key, value = graph.node("Split", [qkv, sizes], n_outputs=3, axis=2)
        attended = graph.node(
            "MultiHeadAttention", [query, key, value, "", "mask"], domain=_CONTRIB, num_heads=heads
        )
        out = f"{layer}.attention.output"
        attended = graph.linear(attended, get(f"{out}.dense.weight"), None, precision)
        x = norm(attended, x, f"{out}.LayerNorm", graph.weight(get(f"{out}.dense.bias")))
        inner = feed_forward(x, layer)
        x = norm(inner, x, f"{layer}.output.LayerNorm", graph.weight(get(f"{layer}.output.dense.bias")))
        if number in layers:
            mean = graph.node("MatMul", [share, x])  # [B, 1, H]
            pooled[number] = graph.node("Squeeze", [mean, axis])
            graph.nodes.append(graph._helper.make_node("Identity", [x], [states_name(number)]))
    joined = graph.node("Concat", [pooled[number] for number in layers], axis=1)
    graph.nodes.append(graph._helper.make_node("Identity", [joined], ["pooled"]))
    return graph.model(
        [("embedded", TensorProto.FLOAT, ["B", "T", width]), ("mask", TensorProto.INT32, ["B", "T"])],
        [
            ("pooled", ["B", width * len(layers)]),
            *((states_name(number), ["B", "T", width]) for number in dict.fromkeys(layers)),
        ],
    )


def states_name(layer: int) -> str:
    """Name the output of a text graph that holds the hidden states of a layer."""
    return f"states_{layer}"


def image_graph(weights: Weights, config: Mapping[str, Any]) -> onnx.ModelProto:
    """Build MobileNetV2 without classifier, BatchNorm folded into the convolutions.

    Returns:
        Input `pixels` [B, 3, 224, 224] uint8; outputs `pooled` [B, C] and `regions` [B, C, 7, 7].
    """
    from onnx import TensorProto

    graph = _Graph()
    epsilon = float(config["layer_norm_eps"])
    zero, six = graph.weight(np.array(0, np.float32)), graph.weight(np.array(6, np.float32))

    def conv(x: str, name: str, *, stride: int = 1, clips: bool = True) -> str:
        kernel = weights[f"{name}.convolution.weight"].astype(np.float32)
        scale = weights[f"{name}.normalization.weight"].astype(np.float32) / np.sqrt(
            weights[f"{name}.normalization.running_var"].astype(np.float32) + epsilon
        )
        bias = weights[f"{name}.normalization.bias"].astype(np.float32) - scale * weights[
            f"{name}.normalization.running_mean"
        ].astype(np.float32)
        size = kernel.shape[2]
        # TensorFlow's SAME padding: at stride 2 on even sizes only right and below.
        pads = [0, 0, 0, 0] if size == 1 else [0, 0, 1, 1] if stride == 2 else [1, 1, 1, 1]
        group = 1 if kernel.shape[1] > 1 or kernel.shape[0] == 1 else kernel.shape[0]
        inputs = [x, graph.weight(kernel * scale[:, None, None, None]), graph.weight(bias)]
        y = graph.node(
            "Conv", inputs, kernel_shape=[size, size], strides=[stride] * 2, pads=pads, group=group
        )
        return str(graph.node("Clip", [y, zero, six])) if clips else str(y)

    # Scaling to -1..1 in here spares three passes over fresh memory outside.
    pixels = graph.node("Cast", ["pixels"], to=TensorProto.FLOAT)
    pixels = graph.node("Mul", [pixels, graph.weight(np.array(1 / 127.5, np.float32))])
    pixels = graph.node("Sub", [pixels, graph.weight(np.array(1, np.float32))])
    x = conv(pixels, "conv_stem.first_conv", stride=2)
    x = conv(x, "conv_stem.conv_3x3")
    x = conv(x, "conv_stem.reduce_1x1", clips=False)
    for number, stride in enumerate(_STRIDES):
        name, before = f"layer.{number}", x
        y = conv(x, f"{name}.expand_1x1")
        y = conv(y, f"{name}.conv_3x3", stride=stride)
        y = conv(y, f"{name}.reduce_1x1", clips=False)
        n_in = weights[f"{name}.expand_1x1.convolution.weight"].shape[1]
        n_out = weights[f"{name}.reduce_1x1.convolution.weight"].shape[0]
        x = str(graph.node("Add", [y, before])) if stride == 1 and n_in == n_out else y
    x = conv(x, "conv_1x1")
    n_features = weights["conv_1x1.convolution.weight"].shape[0]
    graph.nodes.append(graph._helper.make_node("Identity", [x], ["regions"]))
    graph.nodes.append(graph._helper.make_node("ReduceMean", [x], ["pooled"], axes=[2, 3], keepdims=0))
    return graph.model(
        [("pixels", TensorProto.UINT8, ["B", 3, 224, 224])],
        [("pooled", ["B", n_features]), ("regions", ["B", n_features, 7, 7])],
    )


_STRIDES = (2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1)
"""Of the 16 blocks after the stem (Sandler et al., MobileNetV2, 2018, table 2)."""


class EncoderWeights(Mapping[str, NDArray[Any]]):
    """The weights of an encoder folder, fp16 or fp32, each read when it is asked for."""

    def __init__(self, folder: Path) -> None:
        from safetensors import safe_open

        file: Any = safe_open(folder / "model.safetensors", "np")
        self._file = file
        self._names: frozenset[str] = frozenset(self._file.keys())

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self._names:
            raise KeyError(name)
        array: NDArray[Any] = self._file.get_tensor(name)
        return array

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
