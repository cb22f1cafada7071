"""Corrections out of another database file, damaged or not.

Corrections are the one thing that cannot be computed again. The file is opened read-only and
never changed. First SQLite reads what it can, row by row from both ends; if that was not all, the
pages of the file are read past it. A row that damage has touched must not pass for another act.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mmsa_tui.errors import StoreError
from mmsa_tui.records import Correction
from mmsa_tui.store.corrections import CORRECTION_COLUMNS, N_COLUMNS, to_correction, to_time, to_us
from mmsa_tui.store.pages import PageFile, Value
from mmsa_tui.store.seals import Unsealer, seal_act

_LATER = ("origin", "facts", "seal")
"""Columns of corrections that older schemas lack."""

_N_COLUMNS = (14, 15, 16, 17)
"""Of a row on disk, its number included, in the schemas there have been."""
_N_STATE_COLUMNS = (12,)
"""Of a row that says what counts for a post, its number included."""


_PLAIN_TIME = re.compile(r"[0-9-]+([T ][0-9:.+Z -]+)?")
"""What a time is written with; Python takes any character between day and hour."""


@dataclass(frozen=True)
class Salvaged:
    """What a database still holds, in order of arrival, and whether that is all of it.

    `unproven` are the uids of acts from a damaged file that nothing else in it bears out: a letter of
    their label may be another one than was given. Rows of before there were seals.
    """

    corrections: list[Correction]
    is_whole: bool
    unproven: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Row:
    """A row as it was found: an act, the times that it gives, and its seal, "" without one."""

    act: Correction
    moments: tuple[int, ...]
    seal: str

    @property
    def is_sealed(self) -> bool:
        """Whether it says what was said: its times agree, and so does its seal."""
        return len(self.moments) == 1 and seal_act(self.act, self.moments[0]) == self.seal


def salvage_corrections(path: Path) -> Salvaged:
    """Read whatever corrections can still be read from a database.

    Raises:
        StoreError: the file is not there, or not one correction can be found in it.
    """
    if not path.is_file():
        raise StoreError(f"{path} is not a file", "Give the name of a database file.")
    rows: dict[int, _Row] = {}
    cause: Exception | None = None
    # Even a reader writes beside a database in WAL mode; on read-only media the second will do.
    for mode in ("mode=ro", "mode=ro&immutable=1"):
        try:
            if _read(path, mode, rows):
                return Salvaged([rows[seq].act for seq in sorted(rows)], True)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            cause = error
    try:
        wal = path.with_name(f"{path.name}-wal")
        data, log = path.read_bytes(), wal.read_bytes() if wal.is_file() else b""
        found = _Sifted(PageFile(data, log), _Standing(data + log), rows)
    except (OSError, MemoryError) as error:
        raise StoreError(f"{path} cannot be read: {error}", "Copy it to this laptop.") from error
    acts = found.acts()
    if not acts:
        raise StoreError(f"no corrections can be read from {path}: {cause}", "Restore a backup of it.")
    return Salvaged(acts, False, frozenset(found.unproven))


def _read(path: Path, mode: str, rows: dict[int, _Row]) -> bool:
    """Collect rows by SQLite; returns whether every row was read, and says what was said."""
    # as_uri also escapes what has a meaning in a URI, such as "?" in a folder's name.
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)) as connection:
        # Text of one damaged row would otherwise end the walk.
        connection.text_factory = bytes
        columns = f"{CORRECTION_COLUMNS}, corrections.seal"
        known = {name for _, name, *_ in connection.execute("PRAGMA table_info(corrections)")}
        for name in _LATER:
            if name.encode() not in known:
                columns = columns.replace(f"corrections.{name}", "''")
        if _scan(connection, columns, rows, "ASC"):
            return True
        _scan(connection, columns, rows, "DESC")
        return False


def _scan(connection: sqlite3.Connection, columns: str, rows: dict[int, _Row], direction: str) -> bool:
    """Collect rows from one end until damage stops it; returns whether every row was read, and is whole."""
    # NOT INDEXED keeps to the table itself, whatever state its indexes are in.
    cursor = connection.execute(
        f"SELECT seq, created_us, {columns} FROM corrections NOT INDEXED ORDER BY seq {direction}"
    )
    is_whole = True
    while True:
        try:
            row = cursor.fetchone()
        except sqlite3.DatabaseError:
            return False
        if row is None:
            return is_whole
        found = _built(row[1], tuple(map(_decoded, row[2:])))
        if found is None or len(found.moments) != 1 or (found.seal and not found.is_sealed):
            is_whole = False
        if found is not None:
            rows[row[0]] = found


class _Standing:
    """What a file says more than once: a row is in an index too, a post in the list of posts."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._hashes = Counter(re.findall(rb"b2:[0-9a-f]{40}", data))

    def twice(self, word: str) -> bool:
        """Whether the file holds a content hash or a uid at least twice."""
        sought = word.encode("utf-8", "surrogatepass")
        return (self._hashes[sought] or self._data.count(sought)) > 1


class _Sifted:
    """The acts of a damaged file that somebody has made, each once.

    An act stands if its seal holds, or holds again once a part or two are put right; or if the list of what
    counts for each post says the same. In a file of before there were seals those stand too, unproven,
    whose times agree or whose uid is in the file once more, and whose post is.

    Args:
        rows: what SQLite has read.
    """

    def __init__(self, pages: PageFile, stands: _Standing, rows: Mapping[int, _Row]) -> None:
        self.unproven: set[str] = set()
        self._acts: list[tuple[int, Correction]] = []
        self._taken: set[object] = set()
        self._stands = stands
        walked = list(pages.rows((*_N_STATE_COLUMNS, *_N_COLUMNS)))
        found = [*rows.items(), *_rows_of(walked)]
        rest = []
        for seq, row in found:
            if row.is_sealed:
                self._take(seq, row.act, row.moments[0])
            else:
                rest.append((seq, row))
        whole = self.acts()
        self._open(rest, Unsealer(whole))
        self._compare(rest, _counting(walked), {act.analyst for act in whole})
        if not whole:
            self._believe([item for item in rest if not item[1].seal], pages.is_cut)

    def acts(self) -> list[Correction]:
        """List the acts in order of arrival."""
        return [act for _, act in sorted(self._acts, key=lambda item: item[0])]

    def _open(self, rest: Sequence[tuple[int, _Row]], unsealer: Unsealer) -> None:
        for seq, row in rest:
            opened = unsealer.open(row.act, row.moments, row.seal) if row.seal else None
            if opened is not None:
                self._take(seq, *opened)

    def _compare(
        self, rest: Sequence[tuple[int, _Row]], counting: set[tuple[object, ...]], analysts: set[str]
    ) -> None:
        for seq, row in rest:
            is_known = "label" in row.act.facts and (not analysts or row.act.analyst in analysts)
            for moment in row.moments if is_known else ():
                counts = (seq, moment, row.act.new_label) in counting
                if counts and self._stands.twice(row.act.content_hash):
                    self._take(seq, row.act, moment)

    def _believe(self, bare: Sequence[tuple[int, _Row]], is_cut: bool) -> None:
        # A copy of a row that makes sense stands before one that does not.
        for seq, row in sorted(bare, key=lambda item: len(item[1].moments)):
            is_sound = len(row.moments) == 1 or self._stands.twice(row.act.uid)
            is_new = seq not in self._taken and row.act.uid not in self._taken
            if is_new and is_sound and (is_cut or self._stands.twice(row.act.content_hash)):
                self._take(seq, row.act, row.moments[0])
                self.unproven.add(row.act.uid)

    def _take(self, seq: int, act: Correction, created_us: int) -> None:
        """Take an act, unless another copy of its row has been taken."""
        said = (act.content_hash, created_us, act.analyst, act.origin, act.facts)
        if said not in self._taken and act.uid not in self._taken:
            self._acts.append((seq, _dated(act, created_us)))
            self._taken |= {said, act.uid, seq}


def _rows_of(walked: Sequence[tuple[int, tuple[Value, ...]]]) -> Iterator[tuple[int, _Row]]:
    for seq, values in walked:
        if len(values) in _N_COLUMNS:
            (_, *identity, created_us) = values[:10]
            found = _built(created_us, (*identity, *[*values[10:], "", "", ""][:7]))
            if found is not None:
                yield seq, found


def _counting(walked: Sequence[tuple[int, tuple[Value, ...]]]) -> set[tuple[object, ...]]:
    """List what counts for posts, as it is kept beside the acts: number, time and label of an act."""
    return {(values[6], values[7], values[3]) for _, values in walked if len(values) in _N_STATE_COLUMNS}


def _dated(act: Correction, created_us: int) -> Correction:
    """Give an act its time, if the one it has is another, or written with a letter that no time has."""
    with suppress(StoreError):
        if _PLAIN_TIME.fullmatch(act.created_at) and to_us(act.created_at, act.uid) == created_us:
            return act
    return replace(act, created_at=to_time(created_us))


def _built(created_us: object, row: tuple[Any, ...]) -> _Row | None:
    """Build a row; None where it makes no sense."""
    with suppress(ValueError, TypeError, AttributeError, RecursionError, OverflowError):
        made = to_correction(row)
        texts = (made.uid, made.content_hash, made.new_label, made.old_label, made.bundle, made.created_at)
        words = (made.analyst, made.note, made.post_id, made.text, made.origin)
        if not all(isinstance(text, str) for text in (*texts, *words)):
            return None
        moments = _moments(made, created_us)
        if made.uid and made.content_hash and made.created_at and moments:
            return _Row(made, moments, row[N_COLUMNS] if isinstance(row[N_COLUMNS], str) else "?")
    return None


def _moments(made: Correction, created_us: object) -> tuple[int, ...]:
    """List the times that a row gives, as many as differ; none if it gives none."""
    found: dict[int, None] = {}
    with suppress(StoreError, OverflowError):
        found[to_us(made.created_at, made.uid)] = None
    if isinstance(created_us, int):
        with suppress(OverflowError):
            to_time(created_us)
            found[created_us] = None
    return tuple(found)


def _decoded(value: object) -> object:
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value
