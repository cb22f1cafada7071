"""How an audit's sample is drawn: by lot within strata, so that the chance of each post is known.

Every post has a lot that its content and the audit's seed settle, and each stratum takes the lowest.
So a larger sample holds the smaller one, another laptop draws the same, and a post that joins the
source changes nobody else's chance.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mmsa_tui.store import SampledPost, Stratum

SEPARATOR = "\x1f"
"""Between the parts of a stratum's name: the model's label, and the value it is stratified by."""

OTHER = "other"
MAX_VALUES = 12
"""Values that get strata of their own; rarer ones share one."""

_LEAST = 2


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample with the strata it comes from."""

    strata: Sequence[Stratum]
    posts: Sequence[SampledPost]


def lot(seed: str, content_hash: str) -> float:
    """Draw the lot of a post, in [0, 1)."""
    digest = hashlib.blake2b(f"{seed}\0{content_hash}".encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48


def name_strata(units: Iterable[tuple[str, str]], known: Sequence[str] = ()) -> list[str]:
    """Name the stratum of each post from the model's label and the value it is stratified by.

    Args:
        known: names of strata that are drawn already; a value they lack goes with the others.
    """
    pairs = list(units)
    if known:
        values = {name.partition(SEPARATOR)[2] for name in known}
    else:
        values = {value for value, _ in Counter(value for _, value in pairs).most_common(MAX_VALUES)}
    return [f"{label}{SEPARATOR}{value if value in values else OTHER}" for label, value in pairs]


def draw(
    seed: str,
    contents: Sequence[str],
    strata: Sequence[str],
    size: int,
    bounds: Mapping[str, float] | None = None,
) -> Sample:
    """Draw a sample.

    Args:
        contents: content hashes, each once.
        strata: the stratum of each.
        size: how many posts to draw; small strata may add a few.
        bounds: of a smaller sample that this one must hold.
    """
    lots: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)
    for digest, stratum in zip(contents, strata, strict=True):
        lots[stratum].append((lot(seed, digest), digest))
    wanted = allocate({stratum: len(found) for stratum, found in lots.items()}, size)
    parts: list[Stratum] = []
    posts: list[SampledPost] = []
    for stratum in sorted(lots):
        found = sorted(lots[stratum])
        bound = found[wanted[stratum]][0] if wanted[stratum] < len(found) else 1.0
        bound = max(bound, (bounds or {}).get(stratum, 0.0))
        drawn = [(at, digest) for at, digest in found if at < bound]
        parts.append(Stratum(stratum, len(found), bound))
        chance = len(drawn) / len(found)
        # In order of the lot's share of the bound any beginning is a sample of every stratum alike.
        posts += [SampledPost(digest, stratum, chance, at / bound) for at, digest in drawn]
    return Sample(parts, sorted(posts, key=lambda post: (post.place, post.content_hash)))


def allocate(sizes: Mapping[str, int], size: int) -> dict[str, int]:
    """Share a sample out over strata.

    Values get it by the root of their number of posts, so that small ones can be compared with large
    ones; within a value labels get it by their number. Each stratum gets two posts at least, if it has
    them.
    """
    by_value: Counter[str] = Counter()
    for stratum, number in sizes.items():
        by_value[stratum.partition(SEPARATOR)[2]] += number
    roots = {value: math.sqrt(number) for value, number in by_value.items()}
    total = sum(roots.values()) or 1.0
    wanted = {}
    for stratum, number in sizes.items():
        value = stratum.partition(SEPARATOR)[2]
        share = size * roots[value] / total * number / by_value[value]
        wanted[stratum] = min(number, max(_LEAST, round(share)))
    # What a small value cannot give, the others do.
    missing = min(size, sum(sizes.values())) - sum(wanted.values())
    while missing > 0:
        room = {
            stratum: sizes[stratum] - wanted[stratum] for stratum in sizes if sizes[stratum] > wanted[stratum]
        }
        if not room:
            break
        free = sum(room.values())
        for stratum, number in sorted(room.items(), key=lambda item: (-item[1], item[0])):
            more = min(number, max(1, round(missing * number / free)), missing)
            wanted[stratum] += more
            missing -= more
            if missing <= 0:
                break
    return wanted
