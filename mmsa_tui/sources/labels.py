"""A file of people's labels: post id -> what people judged it to be, by kind.

Kinds are `label` (one judgement of unknown scope), `post`, `text` and `image`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mmsa_tui.errors import SourceError
from mmsa_tui.sources.mvsa import merge

KINDS = ("label", "post", "text", "image")

_ID_COLUMNS = ("id", "post_id", "tweet_id", "file name", "file_name", "filename", "item_id")
_KIND_COLUMNS = {
    "label": ("label", "sentiment", "corrected_label", "class"),
    "post": ("post", "post_label", "both"),
    "text": ("text_label", "label_text", "text"),
    "image": ("image_label", "label_image", "image", "picture"),
}


def read_labels(path: Path) -> dict[str, dict[str, str]]:
    """Read labels from csv, tsv or xlsx, or from MVSA's `labelResultAll.txt`.

    A table needs an id column (id, post_id, tweet_id, File Name) and at least one of label,
    post, text, image (or `<kind>_label`). A text and an image label without a post label are
    merged as MVSA does. An id's `.txt` ending is dropped.

    Raises:
        SourceError: missing, unreadable, or without such columns.
    """
    if not path.is_file():
        raise SourceError(f"labels file {path} is not there", "give --labels FILE with columns id and label")
    try:
        rows = list(_rows(path))
    except (OSError, ValueError, KeyError) as error:
        raise SourceError(
            f"labels file {path} cannot be read ({error})", "save it as UTF-8 csv or xlsx"
        ) from error
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        cells = {str(k).strip().lower(): str(v).strip() for k, v in row.items() if v is not None}
        post_id = next((cells[c] for c in _ID_COLUMNS if cells.get(c)), "")
        kinds = {
            kind: value.lower()
            for kind, columns in _KIND_COLUMNS.items()
            if (value := next((cells[c] for c in columns if cells.get(c)), ""))
        }
        if (
            "post" not in kinds
            and "text" in kinds
            and "image" in kinds
            and (merged := merge(kinds["text"], kinds["image"]))
        ):
            kinds["post"] = merged
        if post_id and kinds:
            found[re.sub(r"\.txt$", "", post_id, flags=re.IGNORECASE)] = kinds
    if not found:
        raise SourceError(
            f"labels file {path} has no usable rows",
            "it needs a column id and one of label, post, text, image",
        )
    return found


def _rows(path: Path) -> Iterable[Mapping[str, Any]]:
    import pandas as pd

    if path.suffix.lower() in (".xlsx", ".xlsm"):
        frame = pd.read_excel(path, dtype=str, keep_default_na=False)
        return frame.to_dict("records")
    head = path.open("rb").read(4096)
    if head.split(b"\n", 1)[0].strip() == b"ID\ttext,image":
        frame = pd.read_csv(path, sep=r"[\t,]", engine="python", dtype=str, keep_default_na=False)
        return frame.to_dict("records")
    separator = "\t" if head.count(b"\t") > head.count(b",") else ","
    frame = pd.read_csv(path, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    return frame.to_dict("records")
