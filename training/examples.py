"""Labelled posts, their groups, and splits that no group crosses.

Knows labels and identities; knows nothing of models.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mmsa_tui.errors import TrainingError
from mmsa_tui.pictures.files import PictureFiles
from mmsa_tui.pictures.likeness import copy_keys
from mmsa_tui.records import Picture, Post, content_hash
from mmsa_tui.text.copies import group_copies

UNLABELLED = -1
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Example:
    """A post with people's labels as class indices; `UNLABELLED` where nobody judged.

    `post` is the judgement of the whole, `text` and `image` of one part alone. `language` is an ISO 639
    code, "" where nobody said.
    """

    post_id: str
    raw_text: str
    pictures: tuple[Picture, ...] = ()
    post: int = UNLABELLED
    text: int = UNLABELLED
    image: int = UNLABELLED
    group: int = UNLABELLED
    language: str = ""

    @property
    def content_hash(self) -> str:
        """What the post is known by in a bundle."""
        return content_hash(self.raw_text, [picture.digest for picture in self.pictures])


@dataclass(frozen=True)
class Materials:
    """What a training is given: labelled posts, extra tweets for the text, and held-out ones to score on."""

    examples: Sequence[Example]
    extra: Sequence[Example] = ()
    extra_test: Sequence[Example] = ()
    sources: tuple[str, ...] = ()
    licence: str = ""


@dataclass(frozen=True)
class LabelKinds:
    """Which kind of label of a source trains which head, as the keys of `Post.truth`."""

    post: str = "post"
    text: str = "text"
    image: str = "image"


def make_examples(
    posts: Iterable[Post],
    labels: Sequence[str],
    truth: Mapping[str, Mapping[str, str]] | None = None,
    kinds: LabelKinds | None = None,
) -> list[Example]:
    """Join posts with labels, by post id where `truth` is given, else with what the source carries.

    Posts without any known label are left out; groups are assigned over what remains. Where no post has a
    label of these kinds, but one of no part in particular, as `id,label` says, that trains every head.
    """
    kinds = kinds or LabelKinds()
    joined = [(post, {**post.truth, **(truth or {}).get(post.post_id, {})}) for post in posts]
    if not any(known.keys() & {kinds.post, kinds.text, kinds.image} for _, known in joined):
        kinds = LabelKinds("label", "label", "label")
    found: list[Example] = []
    for post, known in joined:
        example = Example(
            post.post_id,
            post.text,
            tuple(p for p in post.pictures if not p.is_missing),
            _index(known.get(kinds.post, ""), labels),
            _index(known.get(kinds.text, ""), labels),
            _index(known.get(kinds.image, ""), labels),
        )
        if max(example.post, example.text, example.image) > UNLABELLED:
            found.append(example)
    if not found:
        raise TrainingError(
            "none of the posts has a label",
            "The labels file needs the posts' ids and the labels " + ", ".join(labels),
        )
    with PictureFiles() as files:
        return group_examples(found, files.read)


def _index(label: str, labels: Sequence[str]) -> int:
    label = label.strip().lower()
    return labels.index(label) if label in labels else UNLABELLED


def read_text_table(path: Path, labels: Sequence[str]) -> list[Example]:
    """Read tweets with a text label from a TSV with columns `label`, `text` and maybe `id`, `year`, `lang`.

    The year, where there is one, is kept as the id's prefix (`2015:123`).

    Args:
        labels: without any, texts alone are read, and `label` may be missing.

    Raises:
        TrainingError: it is missing, no text in UTF-8, or lacks a column.
    """
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        with path.open(encoding="utf-8", newline="") as file:
            table = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE, restval="")
            rows, columns = list(table), table.fieldnames or ()
    except (OSError, ValueError, csv.Error) as error:
        raise TrainingError(f"{path} cannot be read: {error}", "Name a TSV in UTF-8.") from error
    for column in ("label", "text") if labels else ("text",):
        if column not in columns:
            raise TrainingError(f"{path} has no column {column}", "Its first line must name the columns.")
    return [
        Example(
            f"{row.get('year', '')}:{row.get('id', number)}",
            row["text"],
            text=_index(row.get("label", ""), labels),
            language=row.get("lang", ""),
        )
        for number, row in enumerate(rows)
    ]


def group_examples(
    examples: Sequence[Example], read: Callable[[Picture], bytes] | None = None
) -> list[Example]:
    """Give copies one group number: examples that share words, a picture, or a picture's look.

    Args:
        read: gives a picture's bytes, to see whether two that differ look the same; without it only
            equal files are one picture.
    """
    keys = [copy_keys(e.raw_text, e.pictures, read) for e in examples]
    return [
        replace(example, group=group) for example, group in zip(examples, group_copies(keys), strict=True)
    ]


@dataclass(frozen=True)
class Split:
    """Indices of examples by what they may be used for; no group is in two parts.

    `train` fits weights, `select` picks the epoch, `calibrate` the temperatures; `evaluate` is
    frozen: nothing is chosen on it, the gate reads it.
    """

    train: IntArray
    select: IntArray
    calibrate: IntArray
    evaluate: IntArray


def grouped_folds(strata: Sequence[int], groups: Sequence[int], n_folds: int, seed: int) -> list[IntArray]:
    """Cut into folds of about equal class shares that no group crosses."""
    from sklearn.model_selection import StratifiedGroupKFold

    splitter = StratifiedGroupKFold(n_splits=n_folds, shuffle=True, random_state=seed)
    empty = np.zeros((len(groups), 1))
    return [
        test.astype(np.int64) for _, test in splitter.split(empty, np.asarray(strata), np.asarray(groups))
    ]


def split_examples(examples: Sequence[Example], seed: int, n_parts: int = 20) -> Split:
    """Split 15:1:1:3 of `n_parts` into train, select, calibrate and evaluate, by group.

    Raises:
        TrainingError: too few different posts.
    """
    strata = [e.post if e.post != UNLABELLED else max(e.text, e.image) for e in examples]
    n_different = len({e.group for e in examples})
    if n_different < 3 * n_parts:
        repeated = "" if n_different == len(examples) else f" ({n_different:,} different)"
        raise TrainingError(
            f"{len(examples):,} labelled posts{repeated} are too few to split into train, select, calibrate"
            " and evaluate",
            f"Label at least {3 * n_parts} different posts.",
        )
    parts = grouped_folds(strata, [e.group for e in examples], n_parts, seed)
    return Split(
        train=np.sort(np.concatenate(parts[5:])),
        select=np.sort(parts[4]),
        calibrate=np.sort(parts[3]),
        evaluate=np.sort(np.concatenate(parts[:3])),
    )
