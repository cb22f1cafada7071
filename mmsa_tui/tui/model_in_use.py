"""The model in use, as the app knows it before and while it is loaded, and in a few words."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mmsa_tui.bundle.registry import UnlearnedError, find_bundle, find_learner
from mmsa_tui.config import Config
from mmsa_tui.errors import MmsaError
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.engine_link import EngineLink
from mmsa_tui.tui.themes import MUTED, Part
from mmsa_tui.worker.messages import Ready


@dataclass(frozen=True, slots=True)
class ModelInUse:
    """Which bundle it is, and its labels.

    Attributes:
        validated: languages in which the bundle is validated.
        is_there: False under a codebook that nothing has been learned for yet: there are labels to give
            all the same.
        problem: why there is no model, or no bundle at all.
        model: the hash of what answers, see `Bundle.model`; "" where nothing does.
    """

    bundle_id: str = ""
    labels: tuple[str, ...] = ()
    validated: frozenset[str] = frozenset()
    is_there: bool = False
    problem: str = ""
    model: str = ""

    def adopt(self, loaded: Ready) -> ModelInUse:
        """Take up what the model's process has loaded."""
        return replace(self, bundle_id=loaded.bundle, labels=loaded.labels, model=loaded.model)

    def state(self, engine: EngineLink) -> str:
        """Say in a few words how the model is."""
        if not self.is_there:
            return "no model"
        words = {"off": "not loaded", "loading": "loading…", "ready": "ready", "failed": "failed"}
        return f"model {words[engine.state]}"

    def parts(self, engine: EngineLink) -> list[Part]:
        """Write name, device and state for a top line."""
        if self.labels and not self.is_there:
            return [(f"○ {safe_line(self.problem, 60)} ", "$text-warning")]
        if not self.labels:
            return [(f"✗ {safe_line(self.problem, 60)} ", "$text-error")]
        style = {"ready": "$text-success", "failed": "$text-error"}.get(engine.state, "$text-warning")
        sign = {"ready": "●", "failed": "✗", "off": "○"}.get(engine.state, "◌")
        device = f" · {engine.device}" if engine.device else ""
        name = (f"{safe_line(self.bundle_id, 60)}{device}  ", MUTED)
        return [name, (f"{sign} {self.state(engine)} ", style)]


def find_model(config: Config) -> ModelInUse:
    """Learn which bundle is in use, and its labels, without loading it."""
    problem = ""
    try:
        try:
            bundle = find_bundle(config.paths, config.bundle)
        except UnlearnedError as error:
            bundle, problem = find_learner(config.paths), error.message
    except MmsaError as error:
        return ModelInUse(problem=error.message)
    model = "" if problem else bundle.model
    return ModelInUse(bundle.id, bundle.labels, bundle.validated_languages, not problem, problem, model)
