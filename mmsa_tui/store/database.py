"""One SQLite connection: opening, migrating, transactions.

Knows nothing of posts or predictions.
"""

from __future__ import annotations

import shutil
import sqlite3
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from mmsa_tui.disk.private import make_private_file, make_private_folder
from mmsa_tui.disk.whole_file import remove_stale, scratch_folder, temporary_folder
from mmsa_tui.errors import DamagedStoreError, StoreError
from mmsa_tui.store.explained import BUSY_TIMEOUT_S, damaged, explained, unwritable
from mmsa_tui.store.functions import install
from mmsa_tui.store.journal import Journal
from mmsa_tui.store.schema import APPLICATION_ID, MIGRATIONS, Migration
from mmsa_tui.store.seals import seal_of
from mmsa_tui.text.copies import text_key

_CACHE_KB = 32 * 1024
"""What SQLite keeps of a file in memory: a list of 100,000 posts is sorted from it."""
_LOG_PAGES = 16_000
"""Of a log that is written in a hurry: 64 MB, which is also what it is cut to afterwards."""
_READ_WHOLE_BYTES = 100_000_000
"""Up to this size a store is looked at whole when it is opened to be written: 80 ms at 100,000 posts."""
_MADE_BY_PEOPLE = ("corrections", "current_correction", "acts")
_IN_BULK = 500
"""Rows in one statement: a post has 17 values, and SQLite takes 32,766."""

T = TypeVar("T")
Sql = str | bytes | int | float | None


class Database:
    """A connection whose errors are `StoreError` and whose writes are whole or not at all."""

    def __init__(self, path: Path, connection: sqlite3.Connection, file: tuple[int, int]) -> None:
        self.path = path
        self.journal = Journal(path)
        self._connection = connection
        self._afterwards: dict[str, Callable[[], None]] = {}
        self._damage: DamagedStoreError | None = None
        self._scratch = ExitStack()
        self._file = file

    @classmethod
    def open(cls, path: Path, migrations: Sequence[Migration] = MIGRATIONS) -> Database:
        """Open the file, make it if it is not there, and bring its schema up to date.

        Raises:
            StoreError: it cannot be opened or written, is damaged, is no database of ours, or was
                written by a newer version.
        """
        try:
            make_private_folder(path.parent)
            _refuse_lost_store(path)
            # Posts may be in what a killed run was writing here, or had unpacked.
            remove_stale(path.parent)
            remove_stale(temporary_folder())
            make_private_file(path)
        except OSError as error:
            if path.parent.is_dir():
                raise unwritable(path, error.strerror or str(error)) from error
            raise StoreError(
                f"the folder {path.parent} cannot be made: {error.strerror or error}",
                "Set MMSA_HOME to a folder you can write.",
            ) from error
        # Asked before SQLite opens it: where another takes its place in between, nothing is written.
        file = _number_of(path)
        with explained(path):
            # One thread at a time, but not always the same: `indexing` stores on one of its own.
            connection = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            try:
                _prepare(connection, path, migrations)
            except BaseException:
                connection.close()
                raise
        return cls(path, connection, file)

    @classmethod
    def open_to_read(cls, path: Path) -> Database:
        """Open the file for reading, also where nothing can be written: a full disk, a folder of another's.

        Raises:
            StoreError: as `open`, but for what is only about writing.
        """
        try:
            return cls.open(path)
        except StoreError as error:
            if not path.is_file() or not isinstance(error.__cause__, OSError | sqlite3.OperationalError):
                raise
            cause = error
        kept = ExitStack()
        try:
            scratch = kept.enter_context(scratch_folder(temporary_folder()))
            # A log beside it needs files of its own even to be read; a copy has room for them.
            for suffix in ("", "-wal"):
                lying = path.with_name(path.name + suffix)
                if lying.is_file():
                    shutil.copyfile(lying, scratch / lying.name)
            copy = cls.open(scratch / path.name)
        except (OSError, StoreError):
            kept.close()
            raise cause from cause.__cause__
        copy._scratch = kept
        return copy

    def check(self) -> None:
        """Refuse a store whose pages are damaged; of a large one, those of what people made.

        Raises:
            DamagedStoreError: they are.
        """
        is_small = self.path.stat().st_size <= _READ_WHOLE_BYTES
        for what in (1,) if is_small else _MADE_BY_PEOPLE:
            found = self.all(f"PRAGMA quick_check({what})")
            if found != [("ok",)]:
                raise damaged(self.path, "; ".join(str(line) for (line,) in found[:3])[:300])
        if not is_small:
            # Of a million contents, those that people spoke of: to look at all takes a fifth of a second.
            spoken_of = self.one(
                "SELECT count(*), count(hash) FROM current_correction"
                " LEFT JOIN contents ON contents.id = content_id"
            )
            if spoken_of is not None and spoken_of[0] != spoken_of[1]:
                raise damaged(self.path, "corrections of posts that it does not know")

    def refuse_writes(self, damage: DamagedStoreError) -> None:
        """Let nothing more be written: damage was seen, here or by another connection."""
        self._damage = damage

    def close(self) -> None:
        self._connection.close()
        self._scratch.close()

    def all(self, sql: str, parameters: Sequence[Sql] = ()) -> list[tuple[Any, ...]]:
        """Run a query and fetch its rows; no cursor stays open while the caller works on them."""
        with explained(self.path):
            return self._connection.execute(sql, parameters).fetchall()

    def column(self, sql: str, parameters: Sequence[Sql] = ()) -> array[int]:
        """Run a query for a single column of whole numbers: 8 bytes each, however many there are."""
        with explained(self.path):
            return array("q", (number for (number,) in self._connection.execute(sql, parameters)))

    def one(self, sql: str, parameters: Sequence[Sql] = ()) -> tuple[Any, ...] | None:
        """Run a query and fetch its first row."""
        with explained(self.path):
            row: tuple[Any, ...] | None = self._connection.execute(sql, parameters).fetchone()
            return row

    def run(self, sql: str, parameters: Sequence[Sql] = ()) -> int:
        """Run one writing statement; returns how many rows it changed."""
        with explained(self.path):
            return self._connection.execute(sql, parameters).rowcount

    def run_many(self, sql: str, rows: Iterable[Sequence[Sql]]) -> int:
        """Run one writing statement for every row; returns how many rows changed in all."""
        with explained(self.path):
            return self._connection.executemany(sql, rows).rowcount

    def run_in_bulk(self, sql: str, rows: Sequence[Sequence[Sql]]) -> None:
        """Run one writing statement for hundreds of rows at a time; they stand where it has `{rows}`.

        Quicker than one by one; and other threads of Python go on meanwhile, where after each row this one
        would wait for its turn.
        """
        for start in range(0, len(rows), _IN_BULK):
            part = rows[start : start + _IN_BULK]
            row = f"({', '.join('?' * len(part[0]))})"
            self.run(sql.replace("{rows}", ", ".join([row] * len(part))), list(chain.from_iterable(part)))

    def decode(self, convert: Callable[[tuple[Any, ...]], T], rows: Iterable[tuple[Any, ...]]) -> list[T]:
        """Turn rows into records; a row that makes no sense means damage that SQLite cannot see."""
        try:
            return [convert(row) for row in rows]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
            raise damaged(self.path, error) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make what runs inside whole or nothing; inside another transaction, join it."""
        if self._damage is not None:
            raise self._damage
        if self._connection.in_transaction:
            yield
            return
        with explained(self.path):
            # IMMEDIATE takes the write lock first: a transaction that begins by reading could
            # otherwise fail half-way when another process has written in between.
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                if not self.is_in_place():
                    raise _replaced(self.path)
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self._afterwards.clear()
                # After a full disk SQLite may have rolled back on its own.
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise
        afterwards, self._afterwards = self._afterwards, {}
        for do in afterwards.values():
            do()

    def is_in_place(self) -> bool:
        """Whether the file that is open is still the one of this name: a restore puts another there."""
        return _number_of(self.path) == self._file

    def empty(self, *tables: str, words: str, trigger: str) -> None:
        """Empty tables in one go, without a look at each row, and give the space back.

        Args:
            words: the full-text index of the first. trigger: what keeps it while rows are deleted singly.
        """
        self.all("PRAGMA foreign_keys = OFF")
        try:
            with self.transaction():
                rule = self.one(
                    "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?", (trigger,)
                )
                self.run(f"DROP TRIGGER IF EXISTS {trigger}")
                for table in tables:
                    self.run(f"DELETE FROM {table}")
                self.run(f"INSERT INTO {words} ({words}) VALUES ('delete-all')")
                if rule is not None:
                    self.run(rule[0])
        finally:
            self.all("PRAGMA foreign_keys = ON")
        self.run("VACUUM")
        self.all("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def hurrying(self) -> Iterator[None]:
        """Commit without waiting for the disk, what nobody sees before a last commit that waits for it.

        A loss of power costs what was committed in here, and leaves the file whole: its log is in order.
        """
        with explained(self.path):
            self._connection.execute("PRAGMA synchronous = NORMAL")
            # A page that many transactions change goes from the log to its place once.
            self._connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
        try:
            yield
        finally:
            with explained(self.path):
                self._connection.execute("PRAGMA synchronous = FULL")
                self._connection.execute("PRAGMA wal_autocheckpoint = 1000")
                # Whoever reads a source next loads a model.
                self._connection.execute("PRAGMA shrink_memory")

    def keep_few_pages(self) -> None:
        """Keep a quarter of the usual pages in memory from now on: enough to walk through rows in order."""
        with explained(self.path):
            self._connection.execute(f"PRAGMA cache_size = {-_CACHE_KB // 4}")

    @contextmanager
    def sorting_on_disk(self) -> Iterator[None]:
        """Let what is sorted or grouped spill into files, which SQLite unlinks: memory stays as it is."""
        self.all("PRAGMA temp_store = FILE")
        try:
            yield
        finally:
            self.all("PRAGMA temp_store = MEMORY")

    def all_legible(self, sql: str, parameters: Sequence[Sql] = ()) -> list[tuple[Any, ...]]:
        """Run a query as `all` does; a damaged character costs that character."""
        try:
            return self.all(sql, parameters)
        except StoreError as error:
            if not str(error.__cause__).startswith("Could not decode"):
                raise
        with explained(self.path):
            self._connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            try:
                return self._connection.execute(sql, parameters).fetchall()
            finally:
                self._connection.text_factory = str

    def after_commit(self, name: str, do: Callable[[], None]) -> None:
        """Do something once the transaction that is open is on the disk, and not at all if it fails."""
        self._afterwards[name] = do


def _number_of(path: Path) -> tuple[int, int]:
    """Tell a file from others that had or will have its name; (0, 0) if there is none."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino


def _replaced(path: Path) -> StoreError:
    return StoreError(
        f"{path} was restored or removed while this was at work with it: nothing more is written",
        "Close this window, or run the command again: what is there now is then opened.",
    )


def _refuse_lost_store(path: Path) -> None:
    """Refuse to begin anew where something was: a new store in its place would hide what is lost.

    Raises:
        StoreError: there is a link to nothing, or no store or an empty one beside a journal of one.
    """
    if path.is_symlink() and not path.exists():
        raise StoreError(
            f"{path} is a link to {path.readlink()}, which is not there",
            "Connect the disk that it is on, or remove the link.",
        )
    if not path.exists() or (path.is_file() and not path.stat().st_size):
        journal = Journal(path)
        if journal.last_seq():
            state = "empty" if path.exists() else "not there"
            raise StoreError(
                f"{path} is {state}, and {journal.path.name} beside it tells of corrections",
                "`mmsa store restore` brings them back; to begin anew, `mmsa purge`.",
            )


def _prepare(connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration]) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    _refuse_strangers(connection, path, version, len(migrations))
    install(connection)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA journal_mode = WAL")
    # FULL: a correction is on the disk, not only in the system's memory, before the next key.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA cache_size = {-_CACHE_KB}")
    connection.execute("PRAGMA journal_size_limit = 67108864")
    connection.execute("PRAGMA temp_store = MEMORY")
    if version == len(migrations):
        return
    connection.create_function("text_key", 1, text_key, deterministic=True)
    connection.create_function("seal_of", 7, seal_of, deterministic=True)
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have migrated while this one waited for the lock.
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        _refuse_strangers(connection, path, version, len(migrations))
        for number, migration in enumerate(migrations[version:], start=version + 1):
            for statement in migration.statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _refuse_strangers(connection: sqlite3.Connection, path: Path, version: int, newest: int) -> None:
    # In this order: another process may make the tables, and with them the mark, in between.
    n_tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if n_tables and application != APPLICATION_ID:
        raise StoreError(
            f"{path} is a database of another program",
            "Move it away, or set MMSA_HOME to another folder.",
        )
    if version > newest:
        raise StoreError(
            f"{path} was written by a newer mmsa (schema {version}, this one knows {newest})",
            "Install the newer version again, or set MMSA_HOME to another folder.",
        )
