"""Posts that share an author or a hashtag, the largest groups first."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from mmsa_tui.text.hashtags import key_of


@dataclass(frozen=True, slots=True)
class Group:
    """Posts that share something, by label; `filter` finds them."""

    name: str
    counts: Mapping[str, int]
    filter: str

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def top_authors(pairs: Mapping[tuple[str, str], int], most: int) -> list[Group]:
    """Rank authors by the number of their posts, counted by author and label."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for (author, label), number in pairs.items():
        if author and isinstance(author, str):
            counts[author][label] += number
    return [Group(name, by_label, f"author:{_quoted(name)}") for name, by_label in _largest(counts, most)]


def top_hashtags(pairs: Mapping[tuple[str, str], int], most: int) -> list[Group]:
    """Rank hashtags, counted by spelling and label; those that are the same count under the commonest."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    spellings: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for (tag, label), number in pairs.items():
        counts[key_of(tag)][label] += number
        spellings[key_of(tag)][tag] += number
    return [
        Group(f"#{name}", by_label, f"hashtag:{name}")
        for folded, by_label in _largest(counts, most)
        for name in (spellings[folded].most_common(1)[0][0],)
    ]


def _largest(counts: Mapping[str, Counter[str]], most: int) -> list[tuple[str, Counter[str]]]:
    return sorted(counts.items(), key=lambda item: (-item[1].total(), item[0]))[:most]


def _quoted(value: str) -> str:
    """Write a value so that the filter language takes it as it is."""
    plain = value.replace('"', "*")
    return f'"{plain}"' if re.search(r"[\s,“”„*]", plain) else plain
