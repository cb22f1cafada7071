"""The fusion head as a user runs it: arithmetic on arrays, the same as `network` does in torch.

Importing torch takes longer than judging a thousand posts whose features are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from msgspec import Meta

from mmsa_tui.bundle.meta import ANSWERING, CONFIG, HEAD, Bundle, file_hash, read_json
from mmsa_tui.decoding import to_kind
from mmsa_tui.errors import BundleError
from mmsa_tui.model.encoded import Arrays, Flags, Floats
from mmsa_tui.model.preprocessing import TRANSFORM_VERSION

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

_LAYER_NORM_EPSILON = 1e-5
_Width = Annotated[int, Meta(ge=1, le=16_384)]


@dataclass(frozen=True)
class HeadConfig:
    """Enough to rebuild a head.

    n_text, n_image: width of the encoders' features. n_components: how many principal components
    of the image features the head reads, 0 for all. width: of the tokens attention works on.
    text_blocks: widths of the views in the text features, each of which counts the same however
    wide; empty for a single one.
    """

    kind: Literal["default", "reference"] = "default"
    n_labels: Annotated[int, Meta(le=1000)] = 3
    n_text: _Width = 384
    n_image: _Width = 1280
    n_lexicon: _Width = 4
    n_components: Annotated[int, Meta(ge=0, le=8192)] = 256
    width: _Width = 32
    n_attention_heads: Annotated[int, Meta(ge=1, le=64)] = 4
    dropout: Annotated[float, Meta(ge=0, lt=1)] = 0.5
    text_blocks: tuple[_Width, ...] = ()

    def __post_init__(self) -> None:
        if self.text_blocks and sum(self.text_blocks) != self.n_text:
            raise ValueError("text_blocks must add up to n_text")
        if self.n_labels < 2:
            raise ValueError("a head needs two labels or more")
        if self.kind == "default" and self.width % self.n_attention_heads:
            raise ValueError("width must be a multiple of n_attention_heads")

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> HeadConfig:
        """Check and build.

        Raises:
            DecodingError: a field is missing, of another kind, or larger than any head of ours.
        """
        return to_kind(dict(data), cls)


def check_head_files(bundle: Bundle) -> HeadConfig:
    """Check what a head is loaded from, and return its shape.

    Raises:
        BundleError: a file is missing or altered, or of another transform.
    """
    for name in ANSWERING:
        path = bundle.directory / name
        if not path.is_file():
            raise BundleError(f"bundle {bundle.id}: {name} is missing", "See `mmsa bundle verify`.")
        if file_hash(path) != bundle.meta.files.get(name):
            raise BundleError(
                f"bundle {bundle.id}: {name} is damaged (its checksum differs)", "See `mmsa bundle verify`."
            )
    config = read_json(bundle.directory / CONFIG)
    theirs = config.get("transform_version") if isinstance(config, dict) else None
    if theirs != TRANSFORM_VERSION:
        raise BundleError(
            f"bundle {bundle.id} has transform {theirs!r}; this program has {TRANSFORM_VERSION!r}",
            "Update mmsa-tui, or train the bundle again.",
        )
    try:
        head = HeadConfig.from_json(config["head"])
        if head.n_labels != len(bundle.labels):
            raise ValueError(f"{head.n_labels} outputs for {len(bundle.labels)} labels")
    except (KeyError, TypeError, ValueError) as error:
        raise misfit(bundle, error) from error
    return head


def misfit(bundle: Bundle, error: Exception) -> BundleError:
    """Say that the weights of a head are not those its config speaks of."""
    return BundleError(
        f"bundle {bundle.id}: the head does not fit its config ({error})", "See `mmsa bundle verify`."
    )


class Head:
    """The fusion head of a bundle. Weights as `network` names them."""

    def __init__(self, config: HeadConfig, weights: Mapping[str, Floats]) -> None:
        self.config = config
        self._weights = {name: np.asarray(array, np.float32) for name, array in weights.items()}
        rows = max(1, min(2, config.n_labels))
        # One pass over nothing in particular: a weight that is missing or of another shape shows now.
        self.logits(
            Arrays(
                np.zeros((rows, config.n_text), np.float32),
                np.zeros((rows, config.n_lexicon), np.float32),
                np.zeros((rows, config.n_image), np.float32),
                np.ones(rows, bool),
                np.ones(rows, bool),
            )
        )
        bad = next((name for name, array in self._weights.items() if not np.isfinite(array).all()), None)
        if bad is not None:
            raise ValueError(f"{bad} holds numbers that are not finite")

    @classmethod
    def load(cls, bundle: Bundle) -> Head:
        """Load a bundle's head, every file checked first.

        Raises:
            BundleError: a file is missing, altered, cut short, or does not fit the config.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        config = check_head_files(bundle)
        try:
            return cls(config, load_file(bundle.directory / HEAD))
        except (SafetensorError, KeyError, ValueError) as error:
            raise misfit(bundle, error) from error

    def components(self, image: Floats) -> Floats:
        """Compress picture features [B, I] to the components the head reads, [B, C]."""
        return np.asarray((image - self._weights["image_mean"]) @ self._weights["image_basis"], np.float32)

    def uncompressed(self, components: Floats) -> Floats:
        """Return picture features [B, I] that have these components: the nearest to the mean."""
        basis = self._weights["image_basis"]
        return np.asarray(
            np.linalg.solve(basis.T @ basis, components.T).T @ basis.T + self._weights["image_mean"],
            np.float32,
        )

    def logits(self, features: Arrays) -> tuple[Floats, Floats, Floats]:
        """Score posts: uncalibrated scores of both together, text alone and picture alone, each [B, K].

        Rows of a missing modality are meaningless.
        """
        with _one_thread().limit(limits=1):
            return self._logits(features)

    def _logits(self, features: Arrays) -> tuple[Floats, Floats, Floats]:
        weights = self._weights
        text = np.asarray((features.text - weights["text_mean"]) * weights["text_scale"], np.float32)
        if features.has_image.any():
            image = self.components(features.image)
        else:
            image = np.zeros((len(features), weights["image_basis"].shape[1]), np.float32)
        if self.config.kind == "reference":
            return self._reference(text, image)
        return self._default(text, features.lexicon, image, features.has_text, features.has_image)

    def _default(
        self, text: Floats, lexicon: Floats, image: Floats, has_text: Flags, has_image: Flags
    ) -> tuple[Floats, Floats, Floats]:
        words = np.concatenate([text, lexicon], axis=1)
        tokens = np.stack(
            [
                self._linear("project_text", text),
                self._linear("project_image", image),
                self._linear("project_lexicon", lexicon),
            ],
            axis=1,
        )  # [B, 3, width]
        absent = np.stack([~has_text, ~has_image, ~has_text], axis=1)
        absent &= ~absent.all(axis=1, keepdims=True)
        hidden = tokens + self._attend(tokens, tokens, absent)
        centred = hidden - hidden.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(_LAYER_NORM_EPSILON))
        hidden = centred / spread * self._weights["norm.weight"] + self._weights["norm.bias"]
        added = self._linear("classifier", np.maximum(hidden, 0).reshape(len(text), -1))
        fused = self._linear("post_head", np.concatenate([words, image], axis=1)) + added
        return fused, self._linear("text_head", words), self._linear("image_head", image)

    def _reference(self, text: Floats, image: Floats) -> tuple[Floats, Floats, Floats]:
        query = self._linear("project_text", text)  # [B, 128]
        key = self._linear("project_image", image)  # [B, 1280]
        # Over a single key the softmax is 1: what is attended to is the value itself.
        width = query.shape[1]
        weights = self._weights
        value = key @ weights["attention.v_proj_weight"].T + weights["attention.in_proj_bias"][2 * width :]
        attended = self._linear("attention.out_proj", value)
        hidden = self._linear("hidden", np.concatenate([query, attended], axis=1))
        fused = self._linear("classifier", np.maximum(hidden, 0))
        return fused, self._linear("text_head", text), self._linear("image_head", image)

    def _attend(self, query: Floats, key: Floats, absent: Flags) -> Floats:
        """Multi-head attention among the tokens, [B, N, width]; `absent` [B, N] are not looked at."""
        width, heads = self.config.width, self.config.n_attention_heads
        weight, bias = self._weights["attention.in_proj_weight"], self._weights["attention.in_proj_bias"]
        parts = [
            (x @ weight[start : start + width].T + bias[start : start + width])
            .reshape(len(x), -1, heads, width // heads)
            .transpose(0, 2, 1, 3)
            for x, start in ((query, 0), (key, width), (key, 2 * width))
        ]
        q, k, v = parts
        scores = np.asarray(
            q @ k.transpose(0, 1, 3, 2) / np.sqrt(width // heads), np.float32
        )  # [B, heads, N, N]
        scores = np.where(absent[:, None, None, :], np.float32(-np.inf), scores)
        attended = softmax(scores) @ v
        return self._linear("attention.out_proj", attended.transpose(0, 2, 1, 3).reshape(query.shape))

    def _linear(self, name: str, x: Floats) -> Floats:
        out: Floats = x @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return out


@cache
def _one_thread() -> ThreadpoolController:
    """Return what keeps numpy's products on one thread.

    They are small: on two threads they take no less, and twenty times as long while a core is busy, since
    each waits for the other.
    """
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def softmax(logits: Floats) -> Floats:
    """Turn scores into probabilities along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    out: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return out
