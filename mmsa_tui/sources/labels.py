"""A file of people's labels: post id -> what people judged it to be, by kind.

Kinds are `label` (one judgement of unknown scope), `post`, `text` and `image`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from mmsa_tui.disk.safety import ignore
from mmsa_tui.errors import SourceError
from mmsa_tui.sources.columns import is_own_export
from mmsa_tui.sources.files.table_rows import Record, open_table
from mmsa_tui.sources.readers.mvsa import is_label_header, merge, read_truth

KINDS = ("label", "post", "text", "image")

_ID_COLUMNS = ("id", "post_id", "tweet_id", "file name", "file_name", "filename", "item_id")
_KIND_COLUMNS = {
    "label": ("label", "sentiment", "corrected_label", "new_label", "class"),
    "post": ("post", "post_label", "both"),
    "text": ("text_label", "label_text", "text"),
    "image": ("image_label", "label_image", "image", "picture"),
}
_OFTEN_CONTENT = frozenset(("post", "text", "image", "picture"))
"""Columns of these names hold the thing itself as often as a label of it."""
_MOST_LABELS = 20
_TXT = re.compile(r"\.txt$", re.IGNORECASE)


def read_labels(path: Path, encoding: str = "") -> dict[str, dict[str, str]]:
    """Read labels from a table of any kind, or from MVSA's `labelResultAll.txt`.

    A table needs an id column (id, post_id, tweet_id, File Name) and at least one of label,
    post, text, image (or `<kind>_label`). A text and an image label without a post label are
    merged as MVSA does. An id's `.txt` ending is dropped. Of our own export only the corrections
    count: its labels are a model's.

    Args:
        encoding: of a text file, "" to find out.

    Raises:
        SourceError: missing, unreadable, or without such columns.
    """
    if not path.is_file():
        raise SourceError(f"labels file {path} is not there", "Give --labels FILE with columns id and label.")
    with path.open("rb") as file:
        start = file.readline(200)
    if is_label_header(start.decode("utf-8", "replace")):
        return _usable({post_id: dict(kinds) for post_id, kinds in read_truth(path).items()}, path)
    table = open_table(path, ignore, encoding)
    columns = {name.strip().lower(): name for name in reversed(table.columns)}
    ids = [columns[name] for name in _ID_COLUMNS if name in columns]
    named = _label_columns(columns)
    wanted = [name for names in named.values() for name in names]
    records = [_checked(record, path) for record in table.records([*ids, *wanted])]
    kinds = {
        kind: [
            name for name in names if name.strip().lower() not in _OFTEN_CONTENT or _are_labels(name, records)
        ]
        for kind, names in named.items()
    }
    found: dict[str, dict[str, str]] = {}
    for record in records:
        post_id = _first(record.values, ids)
        labels = {kind: label for kind, names in kinds.items() if (label := _first(record.values, names))}
        if "post" not in labels and "text" in labels and "image" in labels:
            labels["post"] = merge(labels["text"].lower(), labels["image"].lower())
        if post_id and any(labels.values()):
            found[_TXT.sub("", post_id)] = {kind: label.lower() for kind, label in labels.items() if label}
    return _usable(found, path)


def _label_columns(columns: Mapping[str, str]) -> dict[str, list[str]]:
    if is_own_export(columns):
        return {"label": [columns["corrected_label"]]}
    return {
        kind: [columns[name] for name in names if name in columns] for kind, names in _KIND_COLUMNS.items()
    }


def _are_labels(column: str, records: Sequence[Record]) -> bool:
    """Whether a column holds a few different words, each cell one of them."""
    values = {record.values.get(column, "").strip().lower() for record in records} - {""}
    return len(values) <= _MOST_LABELS and all(len(value) <= 30 and value.isalpha() for value in values)


def _first(values: Mapping[str, str], columns: Sequence[str]) -> str:
    return next((text for name in columns if (text := values.get(name, "").strip())), "")


def _checked(record: Record, path: Path) -> Record:
    if record.error and not record.values:
        # Left out, its post would seem to have no label.
        raise SourceError(f"labels file {path}: {record.error}", "Repair this line and try again.")
    return record


def _usable(found: dict[str, dict[str, str]], path: Path) -> dict[str, dict[str, str]]:
    if not found:
        raise SourceError(
            f"labels file {path} has no usable rows: an id and a label in each",
            "Name its columns id, and label, post_label, text_label or image_label.",
        )
    return found
