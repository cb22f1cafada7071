"""Which codebook a store was filled under, so that a copy of it says so on another laptop."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from mmsa_tui.store.database import Database


def codebook(db: Database) -> tuple[str, str]:
    """Look up the codebook's name and its definition as JSON; both "" in a store of the default one."""
    row = db.one("SELECT name, definition FROM codebook")
    return ("", "") if row is None else (str(row[0]), str(row[1]))


def save_codebook(db: Database, name: str, definition: str) -> None:
    with db.transaction():
        db.run("DELETE FROM codebook")
        db.run("INSERT INTO codebook (name, definition) VALUES (?, ?)", (name, definition))


def codebook_of_file(path: Path) -> tuple[str, str]:
    """Look it up in a database that may be of an older schema, or damaged; writes nothing."""
    for mode in ("mode=ro", "mode=ro&immutable=1"):
        with (
            suppress(sqlite3.Error, OSError),
            closing(sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)) as connection,
        ):
            row = connection.execute("SELECT name, definition FROM codebook").fetchone()
            if row is not None and all(isinstance(part, str) for part in row):
                return row[0], row[1]
    return "", ""
