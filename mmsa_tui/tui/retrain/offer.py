"""What the retrain screen has before it: what there is to learn from, and a candidate to decide on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mmsa_tui import retrain as service
from mmsa_tui.bundle.meta import Bundle
from mmsa_tui.bundle.registry import find_learner, find_way_back
from mmsa_tui.config import Config, Paths
from mmsa_tui.corrections import open_docket
from mmsa_tui.errors import BundleError
from mmsa_tui.retrain.verdict import Verdict
from mmsa_tui.services import promote as promotion
from mmsa_tui.services.reclassify import sources_judged_by
from mmsa_tui.store import Store


@dataclass(frozen=True)
class Seen:
    """What there is before anything is started; `way_back` is the id of the bundle that one can go back
    to, "" if there is none."""

    bundle: Bundle
    waiting: service.Waiting
    n_contradictory: int
    kept: list[promotion.Kept]
    has_changes: bool
    way_back: str


@dataclass(frozen=True)
class Offer:
    """A candidate on the table; the gate compared it with `parent`, by id.

    `result` is how its run ended, None for one kept aside of which that cannot be read any more.
    """

    directory: Path
    name: str
    verdict: Verdict
    parent: str
    result: service.Result | None = None

    @classmethod
    def of_run(cls, result: service.Result, parent: str) -> Offer:
        """Put forward what a run has given."""
        assert result.candidate is not None
        name = " ".join(result.candidate.name.rsplit("-", 1))
        return cls(result.candidate, name, result.verdict, parent, result)

    @classmethod
    def of_kept(cls, kept: promotion.Kept) -> Offer:
        """Put forward what was kept aside."""
        bundle = kept.bundle
        return cls(bundle.directory, bundle.id, kept.verdict, bundle.meta.parent, kept.result)

    def objections(self, in_use: str) -> tuple[str, ...]:
        """Say what stands against putting it to use in place of a bundle."""
        return promotion.objections(self.verdict, self.parent, in_use)


def look(store: Store, config: Config) -> Seen:
    """Find the bundle in use, what waits to be learned, and what was kept aside.

    Raises:
        BundleError, StoreError: it cannot be read.
    """
    bundle = find_learner(config.paths, config.bundle)
    parent = bundle.meta.parent
    return Seen(
        bundle,
        service.count_waiting(store, bundle, config.paths),
        len(open_docket(store).conflicts),
        promotion.kept_candidates(config.paths),
        bool(parent and sources_judged_by(store, parent)),
        _way_back(config.paths),
    )


def _way_back(paths: Paths) -> str:
    try:
        return find_way_back(paths).id
    except BundleError:
        return ""
