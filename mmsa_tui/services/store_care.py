"""The store looked after: checked, backed up, and put together again from whatever is left of it."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mmsa_tui.config import Paths
from mmsa_tui.corrections.record import RecordError, check_time, parse
from mmsa_tui.disk.locks import only_one
from mmsa_tui.disk.private import make_private_file, make_private_folder
from mmsa_tui.disk.whole_file import scratch_folder, whole_file
from mmsa_tui.errors import OutputError, StoreError
from mmsa_tui.records import Correction, is_content_hash
from mmsa_tui.store import Salvaged, Store, salvage_corrections
from mmsa_tui.store.corrections import to_us
from mmsa_tui.store.explained import is_full
from mmsa_tui.store.health import Health, back_up, examine, no_writer
from mmsa_tui.store.journal import Journal
from mmsa_tui.store.seals import seal_act

_FEW = 10
"""Of so few acts each may have a label of its own."""
_BACKUP_NAME = "mmsa-%Y%m%d-%H%M%S-%f.db"
N_BACKUPS = 7
"""Backups that are kept; the oldest goes."""


@dataclass(frozen=True)
class Restored:
    """What a restore has put together: from which files, how many acts each of them added.

    `unproven` are those that come from a damaged store of an earlier version, where nothing bears them out:
    their label may not be the one that was given. `aside` is where the damaged store lies now, None if
    there was none.
    """

    n_corrections: int
    added: tuple[tuple[Path, int], ...]
    unreadable: tuple[tuple[Path, str], ...]
    unproven: tuple[Correction, ...]
    aside: Path | None


def check(paths: Paths) -> Health:
    """Look at everything in the store; writes nothing."""
    return examine(paths.database)


def backups(paths: Paths) -> list[Path]:
    """List the backups, the oldest first."""
    return sorted(_folder(paths).glob("mmsa-*.db"))


def backup(paths: Paths, target: Path | None = None) -> Path:
    """Copy the store, into the folder of backups unless told where.

    Raises:
        StoreError: there is none, it is damaged, or the copy cannot be written.
    """
    _refuse_no_store(paths)
    with alone(paths):
        # A purge may have been at it while this waited.
        _refuse_no_store(paths)
        place = target or _next_backup(paths)
        if place.exists():
            raise StoreError(f"{place} exists", "Choose another name with -o.")
        try:
            if target is None:
                make_private_folder(place.parent)
            # Beside the store, whose next opening removes what a kill has left.
            with scratch_folder(paths.study_dir if target is None else place.parent) as scratch:
                part = scratch / "backup.db"
                make_private_file(part)
                back_up(paths.database, part)
                part.replace(place)
        except OSError as error:
            raise StoreError(
                f"{place} cannot be written: {error.strerror or error}", "Choose another place."
            ) from error
        if target is None:
            for old in backups(paths)[:-N_BACKUPS]:
                old.unlink(missing_ok=True)
    return place


def _refuse_no_store(paths: Paths) -> None:
    if not paths.database.is_file():
        raise StoreError(
            f"there is no store at {paths.database}", "The first source makes it: `mmsa browse SOURCE`."
        )


def _next_backup(paths: Paths) -> Path:
    """Name a backup by the time; after the last one, also where the clock has gone back since."""
    moment = datetime.now(UTC)
    for last in backups(paths)[-1:]:
        with suppress(ValueError):
            before = datetime.strptime(last.name, _BACKUP_NAME).replace(tzinfo=UTC)
            moment = max(moment, before + timedelta(microseconds=1))
    return _folder(paths) / moment.strftime(_BACKUP_NAME)


def restore(paths: Paths, source: Path | None = None) -> Restored:
    """Put a whole store in the place of a damaged one, with every act that any copy still holds.

    Its base, posts and predictions included, is the newest backup that is whole, or the one that is named;
    without one the sources are to be read again. The damaged file is kept beside it.

    Args:
        source: a backup, or another laptop's store.

    Raises:
        StoreError: nothing can be found, or the disk is full; all is then as it was.
    """
    with alone(paths):
        try:
            with no_writer(paths.database), scratch_folder(paths.study_dir) as scratch:
                restored = _restore(paths, scratch, source)
        except (OSError, OutputError, StoreError) as error:
            if isinstance(error, StoreError) and not is_full(paths.data_dir):
                raise
            reason = "the disk is full"
            if not is_full(paths.data_dir):
                reason = (error.strerror or str(error)) if isinstance(error, OSError) else error.message
            raise StoreError(
                f"{paths.database} was not restored: {reason}",
                "Free some space or check the folder's rights; what was there is as it was.",
            ) from error
    return restored


def _restore(paths: Paths, scratch: Path, source: Path | None) -> Restored:
    part, final = scratch / "restored.db", scratch / "whole.db"
    unreadable: list[tuple[Path, str]] = []
    _lay_base(paths, part, source, unreadable)
    added = []
    unproven: list[Correction] = []
    with Store.open(part) as store:
        there = list(store.corrections())
        for origin, found in _copies(paths, source, unreadable):
            # A row whose uid was damaged is known under the right one from a better copy.
            known = set(map(_occasion, there))
            new = [made for made in found.corrections if _occasion(made) not in known]
            if found.unproven:
                new = _credible(new, there)
                unproven += [made for made in new if made.uid in found.unproven]
            added.append((origin, store.add_corrections(new)))
            there = list(store.corrections())
        n = len(there)
    if not n and not added:
        raise StoreError("there is nothing to restore from", "Name a backup, or a copy of a store.")
    # Whole in one file, so that one rename puts it in place.
    make_private_file(final)
    back_up(part, final)
    aside = _put_aside(paths.database)
    final.replace(paths.database)
    with Store.open(paths.database) as store:
        store.write_journal()
    return Restored(n, tuple(added), tuple(unreadable), tuple(unproven), aside)


def _lay_base(paths: Paths, part: Path, source: Path | None, unreadable: list[tuple[Path, str]]) -> None:
    candidates = [source] if source is not None else list(reversed(backups(paths)))
    for candidate in candidates:
        health = examine(candidate)
        if health.is_newer and candidate == source:
            raise health.damages[0]
        if health.damages:
            unreadable.append((candidate, health.damages[0].message))
            continue
        if candidate.is_file():
            make_private_file(part)
            back_up(candidate, part)
            return


def _occasion(made: Correction) -> tuple[str, int]:
    """Name an act by its post and its moment, however that is written."""
    return made.content_hash, to_us(made.created_at, made.uid)


def _credible(found: Sequence[Correction], there: Sequence[Correction]) -> list[Correction]:
    """Leave out what damage has made of an act: one with a label that nothing else knows.

    Where nothing else is there to compare with, one that several acts have is known.
    """
    found = [made for made in found if is_content_hash(made.content_hash)]
    counts = Counter(made.new_label for made in (*there, *found))
    known = {made.new_label for made in there} | {label for label, n in counts.items() if n > 1 or not label}
    return [made for made in found if made.new_label in known or len(found) < _FEW]


def _copies(
    paths: Paths, source: Path | None, unreadable: list[tuple[Path, str]]
) -> Iterator[tuple[Path, Salvaged]]:
    """Yield the acts that each copy holds; the most trustworthy first.

    A damaged store comes last.
    """
    journal = Journal(paths.database)
    found: list[Correction] = []
    for record in journal.records():
        with suppress(RecordError, StoreError):
            made = parse(record).correction
            # Lines of before there were seals have none.
            if record.get("seal") in (None, seal_act(made, to_us(made.created_at, made.uid))):
                found.append(made)
    if found:
        yield journal.path, Salvaged(found, True)
    aside = sorted(paths.study_dir.glob(f"{paths.database.name}.damaged-*"))
    stores = [paths.database, *(path for path in aside if not path.name.endswith(("-wal", "-shm")))]
    for path in [*([source] if source else []), *reversed(backups(paths)), *stores]:
        if path.is_file() and path.stat().st_size:
            try:
                held = salvage_corrections(path)
                yield path, replace(held, corrections=list(filter(_is_dated, held.corrections)))
            except StoreError as error:
                unreadable.append((path, error.message))


def _is_dated(made: Correction) -> bool:
    try:
        check_time(made.created_at)
    except RecordError:
        return False
    return True


def _put_aside(database: Path) -> Path | None:
    """Give a damaged store another name, its log with it; a kill in between leaves both under one of them."""
    if not os.path.lexists(database):
        return None
    aside = database.with_name(f"{database.name}.damaged-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}")
    if database.is_file() and database.stat().st_size:
        _name_also(database, aside)
    for suffix in ("-wal", "-shm"):
        log = database.with_name(database.name + suffix)
        if log.exists():
            log.replace(aside.with_name(aside.name + suffix))
    return aside if aside.exists() else None


def _name_also(file: Path, other: Path) -> None:
    """Give a file a second name; a copy where the file system has no links."""
    try:
        os.link(file.resolve(), other)
    except OSError:
        with whole_file(other, overwrite=True) as part:
            shutil.copyfile(file, part)


def _folder(paths: Paths) -> Path:
    return paths.study_dir / "backups"


def alone(paths: Paths) -> AbstractContextManager[None]:
    """Keep others out who repair, back up or forget at once.

    Raises:
        StoreError: one is at it, or the folder takes no lock.
    """
    busy = "another mmsa is looking after the store just now"
    return only_one(paths.study_dir / "store.lock", StoreError, busy, wait_s=10)
