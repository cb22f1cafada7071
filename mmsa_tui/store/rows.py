"""Posts joined with a bundle's prediction and the latest correction: what table and export read.

Columns for `Where` and `Order` (text is "" and a number NULL where nothing is known):

| column | what it holds |
|---|---|
| `ordinal` | place in the source, from 0 |
| `post_id`, `text`, `author`, `created_at`, `language` | as in `Post`; `created_at` sorts as text |
| `has_image`, `n_pictures` | 1 when a picture is there; how many the post names |
| `image_text` | what was read in its pictures, "" where nothing was or nobody has looked |
| `duplicate_group`, `n_duplicates` | near-duplicate group and its size in the source; 0 = no text |
| `content_hash` | identity of the post; NULL for a failure |
| `failure` | why an input is no post; NULL for a post |
| `metadata` | the source's own columns as JSON; `column_value(metadata, name)` gives one |
| `label`, `confidence`, `margin` | of the fused prediction; margin = first less second prob |
| `lot` | in [0, 1), of the content: the lowest are at random and spread over the source |
| `conflict`, `status`, `error` | 0 or 1; `ok|text_only|image_only|failed`, "" = not classified |
| `text_label`, `image_label` | what one modality alone says |
| `text_confidence`, `image_confidence` | its largest probability; NULL where it is silent |
| `p_<label>` | fused probability, one column per label of the bundle |
| `corrected_label`, `final_label` | the analyst's label; that, else the prediction's |
| `truth_label` | what people said of the whole post in the source itself |
| `given_label`, `given_prob` | the analyst's label, else the source's; its fused probability |
| `model_id` | which of the models that judged under the bundle's id did; NULL = not classified |
| `note`, `flagged` | of the latest correction; 0 or 1 |
| `content_id` | key of `image_words`, as `row_id` is of `post_text` |
| `row_id` | key of `post_text`: `row_id IN (SELECT rowid FROM post_text WHERE post_text MATCH ?)` |
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from mmsa_tui.errors import UsageError
from mmsa_tui.records import Correction, Failure, Post, Prediction
from mmsa_tui.store.codec import from_sql
from mmsa_tui.store.corrections import CORRECTION_COLUMNS, LABELLERS, SIGNERS, STATE_COLUMNS, to_state
from mmsa_tui.store.database import Database, Sql
from mmsa_tui.store.posts import (
    N_POST_COLUMNS,
    POST_COLUMNS,
    StoredPost,
    check_reading,
    current_reading,
    to_stored,
)
from mmsa_tui.store.predictions import (
    N_PREDICTION_COLUMNS,
    PREDICTION_COLUMNS,
    bundle_key,
    bundle_labels,
    other_models,
    to_prediction,
)

CHUNK = 500
"""Rows fetched at once in a long walk."""


@dataclass(frozen=True, slots=True)
class Where:
    """A condition over the columns above, as SQL with `?` for each of `params`."""

    sql: str
    params: tuple[Sql, ...] = ()

    def __and__(self, other: Where) -> Where:
        return Where(f"({self.sql}) AND ({other.sql})", self.params + other.params)


@dataclass(frozen=True, slots=True)
class Order:
    """A column to sort by; unknown values come last in both directions, ties in source order.

    Where it `is_own`, the column is one of the source's own; numbers in it come before words.
    """

    column: str
    descending: bool = False
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One input with all that is known of it.

    `correction` is what stands of the post, or None when that is nothing (no label, note or flag);
    its `analyst` gave the label, `note_by` wrote the note, `flag_by` set the flag. `labelled_by` are all
    whose own label stands, also where a later one of somebody else counts.
    """

    ordinal: int
    post: Post | None
    failure: Failure | None
    prediction: Prediction | None
    correction: Correction | None
    note_by: str = ""
    flag_by: str = ""
    labelled_by: tuple[str, ...] = ()

    @property
    def post_id(self) -> str:
        return self._item.post_id

    @property
    def text(self) -> str:
        return self._item.text

    @property
    def metadata(self) -> Mapping[str, str]:
        return self._item.metadata

    @property
    def corrected_label(self) -> str:
        return self.correction.new_label if self.correction else ""

    @property
    def final_label(self) -> str:
        """The analyst's label, else the bundle's, else ""."""
        return self.corrected_label or (self.prediction.label if self.prediction else "")

    @property
    def _item(self) -> Post | Failure:
        item = self.post or self.failure
        assert item is not None
        return item


_TRUTH_LABEL = "coalesce(json_extract(posts.truth, '$.post'), json_extract(posts.truth, '$.label'), '')"
_GIVEN_LABEL = f"coalesce(nullif(current_correction.label, ''), {_TRUTH_LABEL})"

_IMAGE_TEXT = "coalesce((SELECT text FROM image_texts WHERE image_texts.content_id = posts.content_id), '')"

_LOT = "posts.content_id * 2654435761 % 4294967296 / 4294967296.0"
"""D. Knuth's multiplicative hash: multiples of the golden ratio, which cover a source evenly."""

_COLUMNS: Mapping[str, str] = {
    "row_id": "posts.id",
    "ordinal": "posts.ordinal",
    "post_id": "posts.post_id",
    "text": "posts.text",
    "author": "posts.author",
    "created_at": "posts.created_at",
    "language": "posts.language",
    "has_image": "posts.has_image",
    "n_pictures": "posts.n_pictures",
    "image_text": _IMAGE_TEXT,
    "duplicate_group": "posts.duplicate_group",
    "n_duplicates": "posts.n_duplicates",
    "content_hash": "(SELECT hash FROM contents WHERE contents.id = posts.content_id)",
    "failure": "posts.failure",
    "metadata": "posts.metadata",
    "label": "coalesce(predictions.label, '')",
    "confidence": "predictions.confidence",
    "margin": "predictions.margin",
    "lot": _LOT,
    "conflict": "coalesce(predictions.conflict, 0)",
    "status": "CASE WHEN posts.failure IS NULL THEN coalesce(predictions.status, '') ELSE 'failed' END",
    "error": "coalesce(posts.failure, predictions.error, '')",
    "text_label": "coalesce(predictions.text_label, '')",
    "image_label": "coalesce(predictions.image_label, '')",
    "text_confidence": "(SELECT max(value) FROM json_each(predictions.text_probs))",
    "image_confidence": "(SELECT max(value) FROM json_each(predictions.image_probs))",
    "corrected_label": "coalesce(current_correction.label, '')",
    "final_label": "coalesce(nullif(current_correction.label, ''), predictions.label, '')",
    "truth_label": _TRUTH_LABEL,
    "model_id": "predictions.model_id",
    "given_label": _GIVEN_LABEL,
    "note": "coalesce(current_correction.note, '')",
    "flagged": "coalesce(current_correction.flagged, 0)",
}

_JOINED = """posts
    LEFT JOIN predictions ON predictions.bundle_id = {bundle}
        AND predictions.content_id = posts.content_id
    LEFT JOIN current_correction ON current_correction.content_id = posts.content_id"""


def at_ordinals(wanted: Sequence[int]) -> Where:
    """Select rows by their places in the source, however many there are."""
    return Where("ordinal IN (SELECT value FROM json_each(?))", (json.dumps(list(wanted)),))


def ordinals(
    db: Database, source_id: int, bundle: str, where: Where | None, order: Order | None
) -> array[int]:
    return _ordinals(db, current_reading(db, source_id), bundle, where, order)


def rows(
    db: Database, source_id: int, bundle: str, where: Where | None, order: Order | None, limit: int | None
) -> Iterator[Row]:
    reading = current_reading(db, source_id)
    wanted = _ordinals(db, reading, bundle, where, order, limit)
    yield from _fetch(db, source_id, reading, bundle, wanted)


def rows_at(db: Database, source_id: int, bundle: str, wanted: Sequence[int]) -> Iterator[Row]:
    yield from _fetch(db, source_id, current_reading(db, source_id), bundle, wanted)


def unpredicted(db: Database, source_id: int, bundle: str, where: Where | None) -> Iterator[StoredPost]:
    reading = current_reading(db, source_id)
    unseen = lacking(where, other_models(db, bundle))
    last = -1
    while True:
        shown, params = view(db, reading, bundle, unseen)
        chunk = db.all(
            f"SELECT ordinal FROM {shown} AND ordinal > ? ORDER BY ordinal LIMIT ?",
            (*params, last, CHUNK),
        )
        if not chunk:
            check_reading(db, source_id, reading)
            return
        seen: set[str] = set()
        for row in _fetch(db, source_id, reading, bundle, [ordinal for (ordinal,) in chunk]):
            # Equal posts share one prediction; across chunks the saved one already counts.
            if row.post is not None and row.post.content_hash not in seen:
                seen.add(row.post.content_hash)
                yield StoredPost(row.ordinal, row.post, None)
        last = chunk[-1][0]


def lacking(where: Where | None, others: Sequence[int]) -> Where:
    """Narrow a condition to posts that the bundle has not seen, or that only `others` judged."""
    unseen = Where(f"failure IS NULL AND (status = '' OR {by_models(others).sql})")
    return unseen if where is None else unseen & where


def by_models(numbers: Sequence[int]) -> Where:
    """Select the rows that one of these models has judged, see `predictions.other_models`."""
    return Where(f"coalesce(model_id IN ({', '.join(map(str, numbers))}), FALSE)")


def _ordinals(
    db: Database,
    reading: int,
    bundle: str,
    where: Where | None,
    order: Order | None,
    limit: int | None = None,
) -> array[int]:
    order = order or Order("ordinal")
    if not order.is_own:
        check_column(db, bundle, order.column)
    shown, params = view(db, reading, bundle, where)
    return db.column(
        f"SELECT ordinal FROM {shown} ORDER BY {_sort_key(order)} LIMIT ?",
        (*params, -1 if limit is None else limit),
    )


def _sort_key(order: Order) -> str:
    direction = "DESC" if order.descending else "ASC"
    if order.is_own:
        name = "'" + order.column.replace("'", "''") + "'"
        value = f"column_value(metadata, {name})"
        number = f"number_in({value})"
        by_number = f"{value} = '', {number} IS NULL, {number} {direction}"
        return f"{by_number}, {value} COLLATE NOCASE {direction}, ordinal"
    column = quote(order.column)
    if order.column == "ordinal":
        return f"ordinal {direction}"
    if order.column == "post_id":
        # Tweet ids are numbers of different lengths kept as text: 9 comes before 10.
        is_name = "post_id GLOB '*[^0-9]*'"
        length = f"CASE WHEN {is_name} THEN 0 ELSE length(post_id) END"
        return f"{is_name} {direction}, {length} {direction}, post_id COLLATE NOCASE {direction}, ordinal"
    return f"coalesce({column}, '') = '', {column} COLLATE NOCASE {direction}, ordinal"


def _fetch(db: Database, source_id: int, reading: int, bundle: str, wanted: Sequence[int]) -> Iterator[Row]:
    joined = _JOINED.format(bundle=bundle_key(db, bundle))
    remaining = iter(wanted)
    while chunk := list(islice(remaining, CHUNK)):
        found = db.all(
            f"SELECT {POST_COLUMNS}, {PREDICTION_COLUMNS}, {CORRECTION_COLUMNS}, {STATE_COLUMNS},"
            f" {SIGNERS}, {LABELLERS} FROM {joined}"
            " LEFT JOIN contents ON contents.id = posts.content_id"
            " LEFT JOIN corrections ON corrections.seq = current_correction.seq"
            " WHERE posts.reading = ? AND posts.ordinal IN (SELECT value FROM json_each(?))",
            (reading, json.dumps(chunk)),
        )
        check_reading(db, source_id, reading)
        by_ordinal = {row[0]: row for row in found}
        yield from db.decode(lambda row: _to_row(row, bundle), (by_ordinal[ordinal] for ordinal in chunk))


def _to_row(row: tuple[Any, ...], bundle: str) -> Row:
    """Rebuild what `_fetch` selected: the columns of the post, those of the prediction, the rest."""
    after_post, after_prediction = N_POST_COLUMNS, N_POST_COLUMNS + N_PREDICTION_COLUMNS
    stored = to_stored(row[:after_post])
    prediction = to_prediction(row[after_post:after_prediction], row[7], bundle)
    correction = None if row[after_prediction] is None else to_state(row[after_prediction:])
    if correction is None or not (correction.new_label or correction.note or correction.flagged):
        correction, note_by, flag_by = None, "", ""
    else:
        note_by, flag_by = (from_sql(name) if name is not None else "" for name in row[-3:-1])
    labelled_by = tuple(from_sql(name) for name in json.loads(row[-1])) if row[-1] else ()
    return Row(
        stored.ordinal, stored.post, stored.failure, prediction, correction, note_by, flag_by, labelled_by
    )


def view(db: Database, reading: int, bundle: str, where: Where | None) -> tuple[str, tuple[Sql, ...]]:
    """Build what follows FROM, and its parameters.

    SQLite computes only those columns that the query names.
    """
    columns = ", ".join(f"{expression} AS {quote(name)}" for name, expression in _columns(db, bundle).items())
    joined = _JOINED.format(bundle=bundle_key(db, bundle))
    condition = "TRUE" if where is None else f"({where.sql})"
    shown = (
        f"(SELECT posts.content_id, {columns} FROM {joined} WHERE posts.reading = {reading})"
        f" WHERE {condition}"
    )
    return shown, () if where is None else where.params


def _columns(db: Database, bundle: str) -> dict[str, str]:
    columns = dict(_COLUMNS)
    cases = ""
    for index, label in enumerate(bundle_labels(db, bundle)):
        prob = f"json_extract(predictions.probs, '$[{index}]')"
        columns[f"p_{label}"] = prob
        literal = "'" + label.replace("'", "''") + "'"
        cases += f" WHEN {literal} THEN {prob}"
    columns["given_prob"] = f"CASE {_GIVEN_LABEL}{cases} END" if cases else "NULL"
    return columns


def check_column(db: Database, bundle: str, column: str) -> None:
    """Refuse a name that is no column.

    Raises:
        UsageError: it is none.
    """
    known = _columns(db, bundle)
    if column not in known:
        raise UsageError(f"there is no column {column!r}", f"The columns are: {', '.join(known)}.")


def quote(name: str) -> str:
    """Write a name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def judged_by(bundle: str) -> Where:
    """Select the rows whose posts a bundle, by id, has judged, whichever bundle is looked at."""
    # Looked up row by row: a list of all of them would be made anew for each batch that is read.
    return Where(
        "EXISTS (SELECT 1 FROM (SELECT content_id AS judged_id, bundle_id FROM predictions)"
        " WHERE judged_id = content_id AND bundle_id = (SELECT id FROM bundles WHERE name = ?))",
        (bundle,),
    )
