"""Labels in files that lie beside the posts of a folder: `labels.csv`, `label.txt`, `labels.xlsx`.

A file counts only if its ids are those of posts, and its words labels that are known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from mmsa_tui.errors import MmsaError
from mmsa_tui.sources.base import ReadOptions

_TABLES = (".csv", ".tsv", ".xlsx", ".json", ".jsonl")
_MAX_FILES = 12
_OF_POSTS = 0.8
"""Share of its ids that a file of labels has in common with the posts, at least."""


def labels_beside(
    root: Path,
    names: Iterable[str],
    stems: Collection[str],
    options: ReadOptions,
    lists: Iterable[str] = (),
) -> tuple[dict[str, Mapping[str, str]], set[str]]:
    """Return what people said of each post, by its id in lower case, and the names of the files that say it.

    Args:
        names: of the files below `root`, of which tables and JSON may hold labels.
        stems: the ids of the posts, in lower case.
        lists: of those files the texts that list the posts.
    """
    # Labels know the file of MVSA, whose reader asks here.
    from mmsa_tui.sources.labels import load_labels

    truth: dict[str, Mapping[str, str]] = {}
    taken: set[str] = set()
    files = {name for name in names if name.lower().endswith(_TABLES)} | {*lists}
    for name in sorted(files)[:_MAX_FILES]:
        try:
            found = load_labels(root / name, options.encoding)
        except (MmsaError, OSError):
            continue
        said = {post_id.lower(): kinds for post_id, kinds in found.labels.items()}
        n_known = sum(post_id in stems for post_id in said)
        if (
            found.unknown
            or n_known < _OF_POSTS * len(said)
            or any(truth.get(i, said[i]) != said[i] for i in said)
        ):
            continue
        truth |= said
        taken.add(name)
        words = Counter(word for kinds in said.values() for kind, word in kinds.items() if kind == "label")
        shown = ", ".join(f"{word} {count:,}" for word, count in words.most_common())
        options.note(f"people's labels are taken from {name}: {shown or f'{len(said):,} posts'}")
        for told in found.notes:
            options.note(f"{name}: {told}")
    return truth, taken
