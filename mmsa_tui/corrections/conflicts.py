"""Posts on which analysts disagree, and what settles them.

Every analyst's latest act on a post is their vote. A conflict is a post with different votes; an
adjudication settles it for the votes before it. Knows corrections, no file and no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mmsa_tui.corrections.record import time_us
from mmsa_tui.records import Correction
from mmsa_tui.store.uids import is_vote, void_uids


def is_adjudication(correction: Correction) -> bool:
    return not is_vote(correction.uid)


def standing_adjudications(made: Iterable[Correction]) -> list[Correction]:
    """Pick the adjudications that have not been taken back, in the order given."""
    acts = [act for act in made if is_adjudication(act)]
    void = void_uids(act.uid for act in acts)
    return [act for act in acts if act.uid not in void]


@dataclass(frozen=True, slots=True)
class Vote:
    """What one analyst last said of a post; `origin` names the file, where votes come from files."""

    act: Correction
    origin: str

    @property
    def is_adjudication(self) -> bool:
        return is_adjudication(self.act)


@dataclass(frozen=True, slots=True)
class Conflict:
    """A post with votes for different labels, in the order they were made.

    `standing_label` is the label of the act that counts now, the latest: "" when that withdraws.
    """

    content_hash: str
    post_id: str
    text: str
    votes: tuple[Vote, ...]
    standing_label: str


def find_conflicts(made: Iterable[Correction] | Mapping[str, Iterable[Correction]]) -> list[Conflict]:
    """List the posts with unsettled, different votes, in the order the posts are first met.

    A later act of the same analyst, or a later adjudication, replaces a vote, but only where one
    file holds both: two people may have signed with one name on two laptops, and who adjudicated on
    one has not seen the votes on the other. A withdrawn label is no vote.

    Args:
        made: the corrections in order of arrival, or those of each file by the file's name. A
            correction that several hold must have one time in all of them.
    """
    origins = made if isinstance(made, Mapping) else {"": made}
    posts: dict[str, dict[str, list[Correction]]] = {}
    for origin, corrections in origins.items():
        for correction in corrections:
            if not correction.says("label"):
                continue
            by_origin = posts.setdefault(correction.content_hash, {})
            by_origin.setdefault(origin, []).append(correction)
    conflicts = (_judge(digest, by_origin) for digest, by_origin in posts.items())
    return [conflict for conflict in conflicts if conflict is not None]


def _judge(digest: str, by_origin: Mapping[str, Sequence[Correction]]) -> Conflict | None:
    different: dict[str, Correction] = {}
    for acts in by_origin.values():
        for act in acts:
            # Where it first arrived: of acts at one instant the one that arrived last counts.
            different.setdefault(act.uid, act)
    everything = sorted(different.values(), key=time_us)
    void = void_uids(act.uid for act in everything)
    said = {origin: [act for act in acts if act.uid not in void] for origin, acts in by_origin.items()}
    replaced = {act.uid for acts in said.values() for act in acts if _is_replaced(act, acts)}
    standing = {
        act.uid: (origin, act)
        for origin, acts in said.items()
        for act in acts
        if act.uid not in replaced and act.new_label
    }
    if len({act.new_label for _, act in standing.values()}) < 2:
        return None
    return Conflict(
        content_hash=digest,
        post_id=next((act.post_id for act in everything if act.post_id), ""),
        text=next((act.text for act in everything if act.text), ""),
        votes=tuple(
            Vote(act, origin) for origin, act in sorted(standing.values(), key=lambda vote: time_us(vote[1]))
        ),
        standing_label=everything[-1].new_label,
    )


def _is_replaced(act: Correction, acts: Sequence[Correction]) -> bool:
    return any(
        time_us(later) > time_us(act)
        and (is_adjudication(later) or (later.analyst == act.analyst and not is_adjudication(act)))
        for later in acts
    )
