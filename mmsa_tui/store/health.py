"""What is wrong with a store, said in full: integrity, every correction, the journal, a write tried.

Changes nothing: where the folder cannot be written, the file is read as it lies there.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmsa_tui.disk.locks import has_locks
from mmsa_tui.disk.whole_file import scratch_folder, temporary_folder
from mmsa_tui.errors import StoreError
from mmsa_tui.store.codec import floats_from_json
from mmsa_tui.store.corrections import CORRECTION_COLUMNS, N_COLUMNS, to_correction, to_us
from mmsa_tui.store.explained import BUSY_TIMEOUT_S, is_full, without_locks
from mmsa_tui.store.journal import Journal
from mmsa_tui.store.schema import APPLICATION_ID, MIGRATIONS
from mmsa_tui.store.seals import seal_act

_PATIENCE_S = 5.0
_RESTORE = "`mmsa store restore` puts a whole one in its place, with all that it and its copies hold."
_N_NAMED = 3


@dataclass(frozen=True)
class Health:
    """What a store holds as far as it can be read, and what is wrong with it.

    `damages` are of what it holds; `obstacles` only keep more from being written.
    """

    n_sources: int = 0
    n_posts: int = 0
    n_corrected: int = 0
    n_corrections: int = 0
    damages: tuple[StoreError, ...] = ()
    obstacles: tuple[StoreError, ...] = ()
    is_newer: bool = False

    @property
    def problems(self) -> tuple[StoreError, ...]:
        return (*self.damages, *self.obstacles)


def examine(path: Path) -> Health:
    """Look at everything in a store; slow for a large one. A store that is not there is none yet."""
    if not os.path.lexists(path) and not Journal(path).last_seq():
        return Health()
    problem = _look_at_file(path)
    if problem is not None:
        return Health(damages=(problem,))
    examination = _Examination(path)
    examination.run()
    n_sources, n_posts, n_corrected, n_corrections = examination.counts
    return Health(
        n_sources,
        n_posts,
        n_corrected,
        n_corrections,
        damages=tuple(examination.damages),
        obstacles=(*examination.obstacles, *_try_a_write(path)),
        is_newer=examination.is_newer,
    )


def back_up(path: Path, target: Path) -> None:
    """Copy a store as it is at one moment, also while others write to it.

    Raises:
        StoreError: it cannot be read, or the copy cannot be written.
    """
    try:
        with closing(_open(path)) as source, closing(sqlite3.connect(target)) as sink:
            source.backup(sink)
            # One file to copy: no log beside it.
            sink.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        with suppress(OSError):
            target.unlink()
        if is_full(target.parent):
            raise StoreError(f"the disk is full: {path} was not copied", "Free some space.") from error
        raise StoreError(
            f"{path} cannot be copied to {target.parent}: {error}",
            "`mmsa store check` says what is wrong with it.",
        ) from error


@contextmanager
def no_writer(path: Path) -> Iterator[None]:
    """Let nobody write to a store while another file takes its place: what is acknowledged is in one of them.

    Nothing is done where nobody has it open, or it is so damaged that nobody can write.

    Raises:
        StoreError: somebody is writing to it and does not end.
    """
    with ExitStack() as stack:
        # Windows lets no file go that somebody has open.
        if os.name != "nt" and path.is_file() and path.with_name(f"{path.name}-shm").is_file():
            try:
                connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
                stack.enter_context(closing(connection))
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.Error as error:
                if (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF == sqlite3.SQLITE_BUSY:
                    raise StoreError(
                        f"another program writes to {path} and does not end",
                        "Close other mmsa windows or wait for their run to end, then try again.",
                    ) from error
        yield


def _open(path: Path) -> sqlite3.Connection:
    uri = path.absolute().as_uri()
    wal = path.with_name(f"{path.name}-wal")
    try:
        connection = sqlite3.connect(f"{uri}?mode=ro", uri=True, timeout=_PATIENCE_S)
        connection.execute("PRAGMA schema_version").fetchone()
        return connection
    except sqlite3.OperationalError:
        # A log needs a file beside it even to be read. Where none can be made, a copy in memory will do.
        if not (wal.exists() and wal.stat().st_size):
            return sqlite3.connect(f"{uri}?mode=ro&immutable=1", uri=True)
    with scratch_folder(temporary_folder()) as scratch:
        copy = scratch / path.name
        for lying in (path, wal):
            shutil.copyfile(lying, copy.with_name(lying.name))
        connection = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(copy)) as source:
            source.backup(connection)
        return connection


def _look_at_file(path: Path) -> StoreError | None:
    if path.is_symlink() and not path.exists():
        return StoreError(f"{path} is a link to {path.readlink()}, which is not there", "Connect its disk.")
    if not path.exists():
        return StoreError(f"{path} is not there, and its journal tells of corrections", _RESTORE)
    if not path.is_file():
        return StoreError(f"{path} is no file", "Move it away, or set MMSA_HOME to another folder.")
    size = path.stat().st_size
    if not size:
        return StoreError(f"{path} is empty: it holds no store", _RESTORE)
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except OSError as error:
        return StoreError(f"{path} cannot be read: {error.strerror or error}", "Give yourself access to it.")
    if not head.startswith(b"SQLite format 3\0"):
        return StoreError(f"{path} is damaged: it does not begin as a database does", _RESTORE)
    page, n_pages = int.from_bytes(head[16:18], "big"), int.from_bytes(head[28:32], "big")
    # The log may be ahead of the file, never behind it.
    if not path.with_name(f"{path.name}-wal").exists() and size < n_pages * (65536 if page == 1 else page):
        return StoreError(f"{path} is cut short: {size:,} bytes are there of {n_pages * page:,}", _RESTORE)
    return None


class _Examination:
    """One look at a store that SQLite can open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damages: list[StoreError] = []
        self.obstacles: list[StoreError] = []
        self.counts = [0, 0, 0, 0]
        self.is_newer = False

    def run(self) -> None:
        """Look at all of it, as far as one can get."""
        try:
            with closing(_open(self.path)) as connection:
                self._look(connection)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            self._found(f"is damaged: {error}")

    def _found(self, what: str, hint: str = _RESTORE) -> None:
        self.damages.append(StoreError(f"{self.path} {what}", hint))

    def _look(self, connection: sqlite3.Connection) -> None:
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            self._found("is a database of another program", "Move it away, or set MMSA_HOME.")
            return
        version, newest = connection.execute("PRAGMA user_version").fetchone()[0], len(MIGRATIONS)
        if version > newest:
            self.is_newer = True
            self._found(
                f"was written by a newer mmsa (schema {version}, this one knows {newest})",
                "Install the newer version again.",
            )
            return
        found = [row[0] for row in connection.execute(f"PRAGMA integrity_check({_N_NAMED})")]
        if found != ["ok"]:
            self._found(f"is damaged: {'; '.join(str(line) for line in found)[:300]}")
        if version == newest:
            self._compare_schema(connection)
            self._read_corrections(connection)
            self._compare_states(connection)
        self.counts[0], self.counts[1] = connection.execute(
            "SELECT count(*), coalesce(sum(n_posts), 0) FROM sources"
        ).fetchone()
        (self.counts[2],) = connection.execute(
            "SELECT count(*) FROM current_correction WHERE label <> ''"
        ).fetchone()

    def _compare_schema(self, connection: sqlite3.Connection) -> None:
        """Miss what every store has: without its triggers, acts could be changed and would not count."""
        with closing(sqlite3.connect(":memory:")) as fresh:
            for function, n_arguments in (("text_key", 1), ("seal_of", 7)):
                fresh.create_function(function, n_arguments, lambda *cells: cells[0])
            for migration in MIGRATIONS:
                for statement in migration.statements:
                    fresh.execute(statement)
            wanted = set(fresh.execute("SELECT type, name FROM sqlite_master WHERE sql IS NOT NULL"))
        there = set(connection.execute("SELECT type, name FROM sqlite_master"))
        missing = sorted(f"{kind} {name}" for kind, name in wanted - there)
        if missing:
            self._found(f"is damaged: it has no {', '.join(missing)[:300]}")

    def _read_corrections(self, connection: sqlite3.Connection) -> None:
        connection.text_factory = bytes
        bad: list[int] = []
        last = 0
        try:
            for row in connection.execute(
                f"SELECT {CORRECTION_COLUMNS}, seal, created_us, seq"
                " FROM corrections NOT INDEXED ORDER BY seq"
            ):
                self.counts[3] += 1
                last = row[-1]
                if not _is_sound(row):
                    bad.append(last)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            self._found(f"is damaged: corrections after number {last:,} cannot be read ({error})")
        finally:
            connection.text_factory = str
        if bad:
            numbers = ", ".join(f"{seq:,}" for seq in bad[:_N_NAMED])
            self._found(f"is damaged: {len(bad):,} of its corrections make no sense, number {numbers}")
        journal = Journal(self.path)
        if last > journal.last_seq():
            self.obstacles.append(
                StoreError(
                    f"{journal.path} lacks the last {last - journal.last_seq():,} corrections",
                    "The next correction adds them; free some space and check the folder's rights.",
                )
            )

    def _compare_states(self, connection: sqlite3.Connection) -> None:
        """See that what counts for each post is what its acts say."""
        questions = (
            "SELECT count(*) FROM current_correction WHERE seq NOT IN (SELECT seq FROM corrections)",
            "SELECT count(DISTINCT content_hash) FROM corrections WHERE content_hash NOT IN"
            " (SELECT hash FROM contents JOIN current_correction ON content_id = id)",
            "SELECT count(*) FROM current_correction JOIN corrections ON corrections.seq = label_seq"
            " WHERE label <> new_label",
        )
        n = sum(connection.execute(question).fetchone()[0] for question in questions)
        if n:
            self._found(f"is damaged: what counts for {n:,} posts is not what was said of them")


def _is_sound(row: tuple[Any, ...]) -> bool:
    """Whether a correction is what its schema says, cell by cell; texts come as bytes."""
    try:
        cells = [cell.decode() if isinstance(cell, bytes) else cell for cell in row]
        made = to_correction(tuple(cells[:N_COLUMNS]))
        floats_from_json(cells[4])
        seal, created_us = cells[-3], cells[-2]
        return to_us(made.created_at, made.uid) == created_us and seal_act(made, created_us) == seal
    except UnicodeDecodeError:
        # Halves of characters are kept as bytes, by a rule of ours; anything else is damage.
        return _is_kept_as_bytes(row)
    except (ValueError, TypeError, RecursionError, AttributeError, StoreError):
        return False


def _is_kept_as_bytes(row: tuple[object, ...]) -> bool:
    try:
        for cell in row:
            if isinstance(cell, bytes):
                cell.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def _try_a_write(path: Path) -> Iterator[StoreError]:
    hint = "Give yourself write access to the file and its folder, or set MMSA_HOME to another."
    if is_full(path.parent):
        yield StoreError(f"the disk is full: {path} cannot grow", "Free some space.")
    elif not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        yield StoreError(f"{path} cannot be written", hint)
    else:
        try:
            with closing(sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
            # Another program that writes just now proves that it can be written.
            if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR):
                yield StoreError(f"{path} cannot be written: {error}", hint)
            elif code == sqlite3.SQLITE_BUSY and not has_locks(path.parent):
                yield without_locks(path)
