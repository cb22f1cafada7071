"""Tables that JSON holds as a whole: by column, as rows of cells, captions apart from pictures, texts by id.

Knows how programs lay them out, not what a record means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mmsa_tui.sources.columns import is_known, unique_names
from mmsa_tui.sources.fields.lookup import Object
from mmsa_tui.sources.files.cells import count_words

_LONG_NUMBER = re.compile(r"[0-9]{5,}")
_PICTURE_KEY = re.compile(r".{1,300}\.(?:jpe?g|png|gif|webp)", re.IGNORECASE)
_WORDS_OF_TEXT = 3


def texts_by_key(value: Object) -> list[tuple[str, Object]]:
    """Return key and text of each post in a map from ids, or names of pictures, to texts; none of another."""
    first = next(iter(value), "")
    picture = _PICTURE_KEY.fullmatch(first)
    if len(value) < 2 or not (picture or _LONG_NUMBER.fullmatch(first)):
        return []
    pattern = _PICTURE_KEY if picture else _LONG_NUMBER
    texts = {key: "\n".join(part) if _are_texts(part) else part for key, part in value.items()}
    if not all(map(pattern.fullmatch, texts)) or not all(isinstance(text, str) for text in texts.values()):
        return []
    if sum(map(count_words, texts.values())) < _WORDS_OF_TEXT * len(texts):
        return []  # labels, perhaps
    return [
        (key.rpartition("/")[2].rpartition(".")[0], {"image": key, "text": text}) if picture
        else (key, {"text": text})
        for key, text in texts.items()
    ]  # fmt: skip


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)


def rows_of_frame(value: Object) -> Iterator[Object] | None:
    """Yield the rows of a table as pandas writes it: by column, or rows and names of columns apart."""
    lists = [part for part in value.values() if isinstance(part, list) and part]
    for rows in lists if lists and any(isinstance(part[0], list) for part in lists) else ():
        if not all(isinstance(row, list) and len(row) == len(rows[0]) for row in rows):
            continue
        names = value.get("columns")
        if isinstance(names, list) and len(names) == len(rows[0]) and not isinstance(names[0], list):
            return (dict(zip(map(str, names), row, strict=True)) for row in rows)
        if sum(isinstance(cell, str) and is_known(cell) for cell in rows[0]) > 1:
            return (dict(zip(unique_names(map(str, rows[0])), row, strict=True)) for row in rows[1:])
    columns = list(value.values())
    if by_column := _rows_of_lists(value):
        return by_column
    if len(columns) < 2 or not all(isinstance(column, dict) and column for column in columns):
        return None
    first: Object = columns[0]
    is_numbered = all(map(str.isdigit, first)) and all(column.keys() == first.keys() for column in columns)
    if not is_numbered or all(isinstance(cell, dict) for column in columns for cell in column.values()):
        return None
    return ({name: column[number] for name, column in value.items()} for number in first)


def _rows_of_lists(value: Object) -> Iterator[Object] | None:
    """Yield the rows of a table whose columns are lists, all of one length."""
    columns = list(value.values())
    if len(columns) < 2 or not all(isinstance(column, list) and len(column) > 1 for column in columns):
        return None
    if len({len(column) for column in columns}) > 1 or any(isinstance(c[0], dict | list) for c in columns):
        return None
    return (dict(zip(value, row, strict=True)) for row in zip(*columns, strict=True))


def captions_of_pictures(value: Object) -> Iterator[Object] | None:
    """Yield each caption with what is said of its picture, where both stand in lists as in COCO.

    A picture without a caption is a record, too.
    """
    pictures, captions = value.get("images"), value.get("annotations")
    if isinstance(pictures, list) and pictures and all(map(_has_sentences, pictures)):
        return ({**item, "text": _sentences(item)} for item in pictures)
    if not (isinstance(pictures, list) and isinstance(captions, list) and pictures and captions):
        return None
    by_id = {item["id"]: item for item in pictures if isinstance(item, dict) and _is_scalar(item.get("id"))}
    refer = [item for item in captions if isinstance(item, dict) and _is_scalar(item.get("image_id"))]
    if 2 * len(by_id) < len(pictures) or 2 * len(refer) < len(captions):
        return None

    def joined() -> Iterator[Object]:
        left = dict(by_id)
        for caption in refer:
            left.pop(caption["image_id"], None)
            yield {**by_id.get(caption["image_id"], {}), **caption}
        yield from left.values()

    return joined()


def _has_sentences(item: object) -> bool:
    return isinstance(item, dict) and "filename" in item and isinstance(item.get("sentences"), list)


def _sentences(item: Object) -> str:
    """Return the captions of a picture of Flickr8k, Flickr30k or COCO in Karpathy's splits, a line each."""
    parts = (part for part in item["sentences"] if isinstance(part, dict))
    return "\n".join(str(part["raw"]) for part in parts if "raw" in part)


def _is_scalar(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)
