"""Rows to files that annotation tools take in: Label Studio, doccano, 4CAT.

Posts go out with the bundle's label to start from and, where there is one, the analyst's; the
readers in `sources` read them back. Inputs that are no posts are left out: nobody can label them.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mmsa_tui.disk.whole_file import whole_file
from mmsa_tui.export.cells import clean, neutralise
from mmsa_tui.export.columns import Row
from mmsa_tui.export.jsonl_file import write_jsonl
from mmsa_tui.records import UNSURE, Picture, Post

CONTROL = "sentiment"
"""Name of the choices in Label Studio, and of the first annotation in 4CAT."""

FOURCAT_COLUMNS = (
    "id",
    CONTROL,
    f"{CONTROL}_confidence",
    f"{CONTROL}_text",
    f"{CONTROL}_image",
    f"{CONTROL}_conflict",
    f"{CONTROL}_corrected",
    f"{CONTROL}_bundle",
)
"""4CAT wants the item's id first and takes at most 20 annotations after it."""

NO_START = ("", UNSURE)
"""What is no label to start from."""

_TAKEN = frozenset(
    (
        *("text", "label", "post_id", "author", "created_at", "language"),
        *("image", "images", "picture", "pictures", "filename", "photo"),
    )
)
"""Names that mean something to the tools, or to our reader of what they give back."""

_LOCAL_FILES = "/data/local-files/?d="
"""How Label Studio addresses a file below the folder it serves."""


def write_label_studio(
    rows: Iterable[Row], target: Path, *, overwrite: bool = False, picture_root: Path | None = None
) -> int:
    """Write tasks with pre-annotations as one JSON array; corrections become annotations.

    Args:
        picture_root: the folder that Label Studio serves as local files, the target's by default;
            a picture outside it is given by its name alone.

    Returns:
        How many tasks were written.

    Raises:
        OutputError: the target exists or cannot be written, or the disk is full.
    """
    root = (picture_root or target.absolute().parent).resolve()
    count = 0
    with (
        whole_file(target, overwrite=overwrite) as part,
        part.open("w", encoding="ascii", newline="\n") as file,
    ):
        file.write("[")
        for count, task in enumerate(_tasks(rows, root), start=1):
            file.write((",\n" if count > 1 else "\n") + json.dumps(task))
        file.write("\n]\n")
    return count


def write_doccano(rows: Iterable[Row], target: Path, *, overwrite: bool = False) -> int:
    """Write examples for a project of text classification, one a line, labels pre-filled.

    Returns:
        How many examples were written.

    Raises:
        OutputError: as `write_label_studio`.
    """
    with whole_file(target, overwrite=overwrite) as part:
        return write_jsonl(part, _examples(rows))


def write_fourcat(rows: Iterable[Row], target: Path, *, overwrite: bool = False) -> int:
    """Write annotations to upload to the dataset in 4CAT that the posts came from.

    Returns:
        How many items got annotations: those that are classified or corrected.

    Raises:
        OutputError: as `write_label_studio`.
    """
    count = 0
    # Without a byte order mark: 4CAT would take it for part of the first column's name.
    with (
        whole_file(target, overwrite=overwrite) as part,
        part.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(FOURCAT_COLUMNS)
        for cells in _annotations(rows):
            writer.writerow([neutralise(clean(cell)) for cell in cells])
            count += 1
    return count


def _tasks(rows: Iterable[Row], root: Path) -> Iterator[dict[str, Any]]:
    for row in rows:
        if row.post is None:
            continue
        addresses = [_address(picture, root) for picture in row.post.pictures]
        # The interface names both fields, and Label Studio refuses a task that lacks one.
        own: dict[str, object] = {
            "text": row.post.text,
            "image": addresses[0] if addresses else "",
            **_about(row.post),
        }
        if len(addresses) > 1:
            own["images"] = addresses
        task: dict[str, Any] = {"data": _merged(own, row.post.metadata)}
        prediction = row.prediction
        if prediction is not None and prediction.label not in NO_START:
            task["predictions"] = [
                {
                    "model_version": prediction.bundle,
                    "score": round(prediction.confidence, 6) if math.isfinite(prediction.confidence) else 0.0,
                    "result": [_choice(prediction.label)],
                }
            ]
        if corrected := _corrected(row):
            task["annotations"] = [{"result": [_choice(corrected)]}]
        yield task


def _examples(rows: Iterable[Row]) -> Iterator[dict[str, object]]:
    for row in rows:
        if row.post is None:
            continue
        label = _corrected(row) or (row.prediction.label if row.prediction else "")
        label = "" if label in NO_START else label
        own: dict[str, object] = {
            "text": row.post.text,
            "label": [label] if label else [],
            **_about(row.post),
        }
        if row.post.pictures:
            own["images"] = [picture.name for picture in row.post.pictures]
        # doccano numbers its examples itself, under `id`.
        yield _merged(own, row.post.metadata, reserved=("id", "labels", "annotations", "meta", "Comments"))


def _annotations(rows: Iterable[Row]) -> Iterator[Sequence[str]]:
    for row in rows:
        prediction, corrected = row.prediction, _corrected(row)
        if row.post is None or not (corrected or (prediction and prediction.label not in NO_START)):
            continue
        if prediction is None or prediction.label in NO_START:
            yield (row.post.post_id, corrected, "", "", "", "", corrected, "")
            continue
        confidence = f"{prediction.confidence:.4f}" if math.isfinite(prediction.confidence) else ""
        yield (
            row.post.post_id,
            corrected or prediction.label,
            confidence,
            prediction.text_label,
            prediction.image_label,
            "yes" if prediction.conflict else "no",
            corrected,
            prediction.bundle,
        )


def _corrected(row: Row) -> str:
    return row.correction.new_label if row.correction else ""


def _about(post: Post) -> dict[str, str]:
    """Return what is known of a post besides its words, as far as it is known."""
    about = {
        "post_id": post.post_id,
        "author": post.author,
        "created_at": post.created_at,
        "language": post.language,
    }
    return {name: value for name, value in about.items() if value}


def _merged(
    own: Mapping[str, object], metadata: Mapping[str, str], reserved: Sequence[str] = ()
) -> dict[str, object]:
    """Put the source's own values behind ours; one whose name is taken gets `source_` in front."""
    taken = _TAKEN.union(reserved)
    renamed = {f"source_{name}" if name in taken else name: value for name, value in metadata.items()}
    return {**own, **{name: value for name, value in renamed.items() if name not in own}}


def _choice(label: str) -> dict[str, Any]:
    return {"from_name": CONTROL, "to_name": "text", "type": "choices", "value": {"choices": [label]}}


def _address(picture: Picture, root: Path) -> str:
    """Return where Label Studio finds a picture, or its name where it does not."""
    if picture.path is None or picture.member is not None:
        return picture.name
    path = picture.path.resolve()
    if not path.is_relative_to(root):
        return picture.name
    return _LOCAL_FILES + quote(path.relative_to(root).as_posix())
