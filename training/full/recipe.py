"""A training recipe: every choice of a full training in one self-checking record, read from TOML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from mmsa_tui.decoding import from_toml
from mmsa_tui.errors import TrainingError
from mmsa_tui.model.head import HeadConfig
from training.examples import LabelKinds
from training.full.fusion import FusionSettings
from training.full.loop import FineTuning


@dataclass(frozen=True)
class TextRecipe:
    """Stage 1. `tasks` are label kinds that share the encoder, the first one picks the epoch.

    `tuned`: whether it learns from the posts; else it stays as `training.full.tweets` left it, and what
    the head reads of its training posts is what it reads of any other.
    `pretraining` runs over the extra text table before the task, where one is given; `rehearsal`
    is how many tweets of it are mixed in for each post of the task.
    """

    encoder: str = "sentence-transformers/all-MiniLM-L6-v2"
    tasks: tuple[str, ...] = ("text", "post")
    tuned: bool = True
    rehearsal: float = 1.0
    pretraining: FineTuning = field(default_factory=lambda: FineTuning(epochs=1, learning_rate=1e-4))
    tuning: FineTuning = field(default_factory=lambda: FineTuning(epochs=3, learning_rate=4e-5))

    def __post_init__(self) -> None:
        if not self.tasks or not set(self.tasks) <= {"text", "post", "image"}:
            raise ValueError("text.tasks holds text, post or image")


@dataclass(frozen=True)
class ImageRecipe:
    """Stage 2. `tasks` are label kinds that share the encoder, the first one picks the epoch.

    `tail_blocks` of MobileNetV2's 16 learn, none unless `tuned`. `kept`: what share of the way from the
    weights as they came to those learned is gone; where it is below 1 the last epoch counts, for halfway
    no epoch overfits (M. Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022). `crops`: how
    many cut-outs of each picture are learned from beside the picture and its mirror image.
    """

    encoder: str = "google/mobilenet_v2_1.0_224"
    tasks: tuple[str, ...] = ("image",)
    tuned: bool = True
    tail_blocks: int = 4
    kept: float = 1.0
    crops: int = 0
    tuning: FineTuning = field(
        default_factory=lambda: FineTuning(
            epochs=5, batch_size=32, learning_rate=2e-4, weight_decay=0.05, bf16=False
        )
    )

    def __post_init__(self) -> None:
        if not self.tasks or not set(self.tasks) <= {"text", "post", "image"}:
            raise ValueError("image.tasks holds text, post or image")
        if not 1 <= self.tail_blocks <= 16:
            raise ValueError("image.tail_blocks is 1 to 16")
        if not 0 < self.kept <= 1 or self.crops < 0:
            raise ValueError("image.kept is above 0 and at most 1, image.crops 0 or more")


@dataclass(frozen=True)
class Recipe:
    """A full training: labels and kinds, seeds, the stages.

    `extra_replay`: how many tweets of the extra text table teach the text head and go into the
    replay set. `folds`: how many encoders are tuned to get the head features of posts they have
    not seen; 0 fits the head on the tuned encoders' own training posts.
    """

    name: str = "default"
    labels: tuple[str, ...] = ("negative", "neutral", "positive")
    kinds: LabelKinds = field(default_factory=LabelKinds)
    seed: int = 1
    split_seed: int = 7
    extra_replay: int = 2000
    folds: int = 0
    text: TextRecipe = field(default_factory=TextRecipe)
    image: ImageRecipe = field(default_factory=ImageRecipe)
    head: HeadConfig = field(default_factory=HeadConfig)
    fusion: FusionSettings = field(default_factory=FusionSettings)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def load_recipe(name: str) -> Recipe:
    """Load a shipped recipe by name, or a TOML file by path.

    Raises:
        TrainingError: not found, not TOML, or with a setting that does not exist or make sense.
    """
    try:
        if name.endswith(".toml"):
            data = Path(name).read_bytes()
        else:
            data = files("training.full").joinpath("recipes", f"{name}.toml").read_bytes()
    except (OSError, ValueError) as error:
        known = sorted(
            p.name.removesuffix(".toml")
            for p in files("training.full").joinpath("recipes").iterdir()
            if p.name.endswith(".toml")
        )
        raise TrainingError(
            f"no recipe {name!r}", "Known: " + ", ".join(known) + ", or a .toml file."
        ) from error
    try:
        return _build(Recipe(), from_toml(data), name)
    except (ValueError, TypeError, OverflowError) as error:
        raise TrainingError(
            f"recipe {name}: {error}", "Compare it with training/full/recipes/default.toml."
        ) from error


def _build(default: Any, data: Mapping[str, Any], where: str) -> Any:
    known = {f.name for f in fields(default)}
    changes: dict[str, Any] = {}
    for key, value in data.items():
        if key not in known:
            raise ValueError(f"{where} has no setting {key!r}; known: {', '.join(sorted(known))}")
        current = getattr(default, key)
        if isinstance(value, dict):
            changes[key] = _build(current, value, f"{where}.{key}")
        elif isinstance(value, list):
            changes[key] = tuple(value)
        elif isinstance(current, bool) is not isinstance(value, bool) or not isinstance(
            value, type(current) | int if isinstance(current, float) else type(current)
        ):
            raise ValueError(f"{where}.{key} must be a {type(current).__name__}, not {value!r}")
        else:
            changes[key] = value
    return replace(default, **changes)
