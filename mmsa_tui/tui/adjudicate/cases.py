"""Posts to settle between analysts, as the adjudication screen holds them. Knows the store, no widget."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from mmsa_tui.corrections import Conflict, Docket, open_docket
from mmsa_tui.corrections.agreement import Agreement
from mmsa_tui.records import Correction, Post, Prediction
from mmsa_tui.services.agreement import NothingToCompareError, compare_analysts
from mmsa_tui.store import Row, Store
from mmsa_tui.tui.app_screen import Jump


@dataclass
class Case:
    """A post to settle; the last of `decisions` counts. `note` goes with the next one."""

    conflict: Conflict
    decisions: list[Correction] = field(default_factory=list)
    note: str = ""

    @property
    def decided(self) -> str:
        return self.decisions[-1].new_label if self.decisions else ""


@dataclass(frozen=True)
class Found:
    """A post as it is shown; `jump` leads to it, None if no source holds it."""

    row: Row
    jump: Jump | None

    def prediction_of(self, conflict: Conflict) -> Prediction | None:
        """Give what the model says, if this is the post of the conflict."""
        is_it = self.row.post is not None and self.row.post.content_hash == conflict.content_hash
        return self.row.prediction if is_it else None


class Survey(NamedTuple):
    """What there is to settle, and how far analysts agree, None where nobody can be compared."""

    docket: Docket
    measured: Agreement | None


def survey(store: Store, labels: tuple[str, ...]) -> Survey:
    """Find the posts on which analysts disagree, and measure how far they agree."""
    docket = open_docket(store)
    try:
        return Survey(docket, compare_analysts(store, (), labels).measured)
    except NothingToCompareError:
        return Survey(docket, None)


def find_post(store: Store, conflict: Conflict, source_id: int, bundle_id: str) -> Found:
    """Find a post by what it is, in the source that is open if that holds it."""
    places = store.places_of(conflict.content_hash)
    sources = {source.id: source for source in store.recent_sources(len(places) + 10_000)} if places else {}
    places = [place for place in places if place[0] in sources]
    if not places:
        post = Post(conflict.post_id, conflict.text, content_hash=conflict.content_hash)
        return Found(Row(0, post, None, None, None), None)
    chosen, ordinal = next((place for place in places if place[0] == source_id), places[0])
    row = next(iter(store.rows_at(chosen, bundle_id, [ordinal])))
    return Found(row, Jump(sources[chosen], ordinal))
