"""How many rows there are, by whatever the caller asks, and columns to count by other means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mmsa_tui.store.database import Database, Sql
from mmsa_tui.store.posts import check_reading, count_rows, current_reading
from mmsa_tui.store.predictions import bundle_key, other_models
from mmsa_tui.store.rows import Where, by_models, check_column, lacking, quote, view

CHUNK = 5000
"""Rows of a few columns fetched at once in a long walk."""


def count(db: Database, source_id: int, bundle: str, where: Where | None) -> int:
    if where is None:
        # Nothing is asked of predictions: a million need not be looked up.
        return count_rows(db, source_id)
    return counts(db, source_id, bundle, [Where("TRUE")], where)[0]


def counts(
    db: Database, source_id: int, bundle: str, wheres: Sequence[Where], within: Where | None
) -> list[int]:
    if not wheres:
        return []
    shown, params = view(db, current_reading(db, source_id), bundle, within)
    sums = ", ".join(f"count(CASE WHEN {where.sql} THEN 1 END)" for where in wheres)
    asked: list[Sql] = [param for where in wheres for param in where.params]
    row = db.one(f"SELECT {sums} FROM {shown}", (*asked, *params))
    assert row is not None
    return [int(number) for number in row]


def tally(db: Database, source_id: int, bundle: str, column: str, where: Where | None) -> dict[str, int]:
    check_column(db, bundle, column)
    found = cross_tally(db, source_id, bundle, [quote(column)], where, ())
    return {"" if value is None else str(value): number for value, number in found}


def cross_tally(
    db: Database, source_id: int, bundle: str, by: Sequence[str], where: Where | None, also: Sequence[str]
) -> list[tuple[Any, ...]]:
    shown, params = view(db, current_reading(db, source_id), bundle, where)
    places = ", ".join(str(place) for place in range(1, len(by) + 1))
    numbers = ["count(*)", *(f"count(CASE WHEN {claim} THEN 1 END)" for claim in also)]
    return db.all(
        f"SELECT {', '.join([*by, *numbers])} FROM {shown} GROUP BY {places} ORDER BY {places}", params
    )


def values(
    db: Database, source_id: int, bundle: str, columns: Sequence[str], where: Where | None
) -> Iterator[tuple[Any, ...]]:
    for column in columns:
        check_column(db, bundle, column)
    reading = current_reading(db, source_id)
    shown, params = view(db, reading, bundle, where)
    named = ", ".join(quote(column) for column in columns)
    last = -1
    while True:
        found = db.all(
            f"SELECT {named}, ordinal FROM {shown} AND ordinal > ? ORDER BY ordinal LIMIT ?",
            (*params, last, CHUNK),
        )
        check_reading(db, source_id, reading)
        if not found:
            return
        last = found[-1][-1]
        yield from (row[:-1] for row in found)


def count_by_others(db: Database, source_id: int, bundle: str, where: Where | None, than: str = "") -> int:
    others = other_models(db, bundle, than)
    # Nearly always there is one model, and nothing to look through.
    return counts(db, source_id, bundle, [by_models(others)], where)[0] if others else 0


def count_unpredicted(db: Database, source_id: int, bundle: str, where: Where | None) -> int:
    reading, others = current_reading(db, source_id), other_models(db, bundle)
    if where is None:
        # The index has equal contents side by side: nothing has to be kept to count each once.
        row = db.one(
            f"""SELECT count(*) FROM (SELECT DISTINCT content_id AS id FROM posts INDEXED BY posts_by_content
                WHERE reading = ? AND content_id IS NOT NULL) AS known
            WHERE NOT EXISTS (SELECT 1 FROM predictions WHERE bundle_id = ? AND content_id = known.id
                AND model_id NOT IN ({", ".join(map(str, others))}))""",
            (reading, bundle_key(db, bundle)),
        )
    else:
        shown, params = view(db, reading, bundle, lacking(where, others))
        with db.sorting_on_disk():
            row = db.one(f"SELECT count(DISTINCT content_id) FROM {shown}", params)
    assert row is not None
    return int(row[0])
