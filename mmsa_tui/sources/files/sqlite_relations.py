"""What other tables of a database say of the rows of one: who wrote each, and which pictures it has.

Knows keys, declared or by their names (`user_id`, `status_id`), and what tables of people and of pictures are
called; rows are put together by the reader of the table.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mmsa_tui.disk.sqlite_pictures import quoted
from mmsa_tui.sources.columns import is_weak, parse_name, rank, spell

MAX_ROWS = 500_000
"""Rows of another table that are held in memory; larger ones are left out."""
_MAX_OF_ONE = 100
_PEOPLE = frozenset(("user", "author", "account", "profile", "creator", "sender"))
_PICTURES = frozenset(("media", "photo", "image", "picture", "attachment", "medium"))


@dataclass(frozen=True, slots=True)
class Relation:
    """Another table, by a key of ours and of it that are equal; `is_list`: a row of ours has several of its.

    `prefix` stands before its columns, or is the name of the list.
    """

    table: str
    own_key: str
    its_key: str
    prefix: str
    columns: tuple[str, ...]
    is_list: bool

    def names(self) -> list[str]:
        """Return what the relation adds to the columns of our table."""
        return [self.prefix] if self.is_list else [f"{self.prefix}.{column}" for column in self.columns]

    def load(self, database: sqlite3.Connection) -> Mapping[str, Mapping[str, object]]:
        """Read the other table: for each of our keys, as text, the cells that are added to its row."""
        listed = ", ".join(map(quoted, (self.its_key, *self.columns)))
        found: dict[str, dict[str, object]] = {}
        lists: dict[str, list[dict[str, object]]] = {}
        for key, *cells in database.execute(f"SELECT {listed} FROM {quoted(self.table)}"):
            # Pictures in the cells of another table are not read from there.
            row = {c: None if isinstance(v, bytes) else v for c, v in zip(self.columns, cells, strict=True)}
            if self.is_list:
                lists.setdefault(str(key), []).append(row)
            else:
                found.setdefault(str(key), {f"{self.prefix}.{name}": value for name, value in row.items()})
        if self.is_list:
            return {key: {self.prefix: _written(rows)} for key, rows in lists.items()}
        return found


def _written(rows: Sequence[Mapping[str, object]]) -> str:
    return json.dumps(rows[:_MAX_OF_ONE], ensure_ascii=False, default=str)


def find_relations(database: sqlite3.Connection, table: str, sizes: Mapping[str, int]) -> list[Relation]:
    """Return the tables of people and of pictures that belong to the rows of a table.

    Args:
        sizes: the number of rows of each table of the database.
    """
    columns = {name: _columns(database, name) for name in sizes}
    found = []
    for other in sizes:
        if other == table or not 0 < sizes[other] <= MAX_ROWS or other not in columns:
            continue
        found += list(_of_author(database, table, other, columns))[:1]
        found += list(_of_pictures(database, table, other, columns))[:1]
    return found


def _of_author(
    database: sqlite3.Connection, table: str, other: str, columns: Mapping[str, Sequence[str]]
) -> Iterator[Relation]:
    if _PEOPLE.isdisjoint(_forms(other)):
        return
    for own, its in (*_declared(database, table, other), *_by_name(columns[table], other, columns[other])):
        if its in columns[other] and own in columns[table]:
            prefix = next(iter(_PEOPLE & _forms(other)))
            yield Relation(other, own, its, prefix, tuple(columns[other]), is_list=False)


def _of_pictures(
    database: sqlite3.Connection, table: str, other: str, columns: Mapping[str, Sequence[str]]
) -> Iterator[Relation]:
    names_files = any(_names_files(column) for column in columns[other])
    if _PICTURES.isdisjoint(_forms(other)) or not names_files:
        return
    for its, own in (*_declared(database, other, table), *_by_name(columns[other], table, columns[table])):
        if its in columns[other] and own in columns[table] and other not in columns[table]:
            yield Relation(other, own, its, other, tuple(columns[other]), is_list=True)


def _names_files(column: str) -> bool:
    name = parse_name(column)
    return rank("image", name) is not None or is_weak("image", name)


def _declared(database: sqlite3.Connection, table: str, other: str) -> Iterator[tuple[str, str]]:
    """Yield our key and theirs of each foreign key that a table declares towards another."""
    for row in database.execute(f"PRAGMA foreign_key_list({quoted(table)})"):
        if str(row[2]).casefold() == other.casefold():
            yield str(row[3]), str(row[4] or "id")


def _by_name(names: Sequence[str], other: str, theirs: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        if name.casefold().endswith("_id") and spell(name[:-3]) in _forms(other):
            yield name, "id" if "id" in theirs else name


def _forms(table: str) -> frozenset[str]:
    """Return a name with and without the sign of the plural."""
    name = spell(table)
    return frozenset((name, name.removesuffix("s")))


def _columns(database: sqlite3.Connection, table: str) -> list[str]:
    return [str(row[1]) for row in database.execute(f"PRAGMA table_info({quoted(table)})")]
