"""Forgetting: one source, or everything. What goes is told before; what an interruption left is finished.

A note beside the store says what is being forgotten, without a word of it; whoever forgets next finishes
that first.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from mmsa_tui.bundle.meta import write_atomically
from mmsa_tui.codebook import list_codebooks, read_codebook
from mmsa_tui.config import DEFAULT_CODEBOOK, Paths
from mmsa_tui.corrections import export_corrections
from mmsa_tui.decoding import DecodingError, from_json
from mmsa_tui.disk.private import make_private_folder
from mmsa_tui.disk.whole_file import remove
from mmsa_tui.errors import OutputError, SourceError, UsageError
from mmsa_tui.services.ingest import location_of
from mmsa_tui.services.store_care import alone, backups
from mmsa_tui.store import Store
from mmsa_tui.store.health import no_writer
from mmsa_tui.store.journal import Journal
from mmsa_tui.text.display import counted

_KEPT_BY_PURGE = ("bundles", "encoders", "active", "active.before", "store.lock", "codebook", "codebook.toml")
_KEPT_CACHES = ("graphs", "numerics.json")


@dataclass(frozen=True)
class Going:
    """What goes with a source; `contents` are the hashes of posts that no other source here holds.

    `is_begun`: it was stopped half-way; what is gone already is not counted again.
    """

    location: str
    n_posts: int
    n_predictions: int
    n_corrections: int
    n_backups: int
    contents: tuple[str, ...]
    is_begun: bool = False

    def lines(self) -> list[str]:
        """Say what goes and what stays."""
        said = (
            f"{counted(self.n_posts, 'post')} of this source; of the {len(self.contents):,} that no other"
            f" source holds, exact copies once, also {counted(self.n_predictions, 'prediction')} and"
            f" {counted(self.n_corrections, 'correction')}, in the journal too"
        )
        if self.is_begun:
            said = (
                f"what is left of {counted(len(self.contents), 'post')} that no other source holds, and what"
                " was said of them, also in the journal; forgetting them was stopped half-way"
            )
        return [
            f"goes: {said}",
            f"goes: {counted(self.n_backups, 'backup')} of the store, which hold it too; cached features,"
            " pictures that were opened, error reports, examples in the logs of retrains",
            "stays: the source itself, files you exported, posts that another source holds, settings and"
            " saved filters, and what a retrained bundle has learned",
        ]


def plan(paths: Paths, source: Path | str) -> Going:
    """Find out what would go with a source.

    Raises:
        SourceError: it is not known here. StoreError: the store cannot be read.
    """
    interrupted = _read_note(paths)
    if interrupted is not None and interrupted["location"] in (location_of(source), str(source)):
        # Half gone already; what is left is finished by what the note says.
        return Going(
            interrupted["location"], 0, 0, 0, len(_copies(paths)), tuple(interrupted["contents"]), True
        )
    with Store.open(paths.database) as store:
        row = store.source(location_of(source)) or store.source(str(source))
        if row is None:
            known = ", ".join(found.location for found in store.recent_sources(5))
            raise SourceError(f"{source} is no source here", f"Known: {known or 'none'}.")
        n_predictions, n_corrections = store.count_said(row.location)
        contents = tuple(store.own_contents(row.location))
    n_posts = row.n_posts + row.n_failures
    return Going(row.location, n_posts, n_predictions, n_corrections, len(_copies(paths)), contents)


def forget(paths: Paths, going: Going, export: Path | None = None) -> None:
    """Forget a source.

    Args:
        export: where its corrections are written before.

    Raises:
        StoreError, OutputError: it cannot be done now; the next `forget` or `purge` goes on with it.
    """
    with alone(paths):
        interrupted = _finish(paths)
        if interrupted == going.location:
            return
        if interrupted is not None:
            # What another source held as well is this one's alone now.
            going = plan(paths, going.location)
        if export is not None:
            _export(paths, export, set(going.contents))
        note = {"location": going.location, "contents": list(going.contents)}
        write_atomically(_note(paths), json.dumps(note))
        _finish(paths)


def homes(paths: Paths) -> list[Paths]:
    """List the places of all codebooks, the default one first: each has a store of its own."""
    return [paths.under(""), *(paths.under(one.name) for one in list_codebooks(paths))]


@dataclass(frozen=True)
class Forgetting:
    """A source that is to be forgotten, under every codebook that has read it: what is to be forgotten is the
    source.
    """

    plans: tuple[tuple[Paths, Going], ...]

    @property
    def location(self) -> str:
        return self.plans[0][1].location

    @property
    def n_corrections(self) -> int:
        return sum(going.n_corrections for _, going in self.plans)

    def lines(self) -> list[str]:
        """Say what goes and what stays."""
        lines = []
        for place, going in self.plans:
            lines += [f"codebook {place.codebook}:"] if place.codebook else []
            lines += going.lines()
        return lines

    def check_export(self) -> None:
        """Refuse to write the corrections of several codebooks to one file.

        Raises:
            UsageError: there are some under more than one.
        """
        _refuse_one_file([place for place, going in self.plans if going.n_corrections])

    def carry_out(self, export: Path | None = None) -> None:
        """Forget the source.

        Args:
            export: where its corrections are written before.

        Raises:
            UsageError: see `check_export`. StoreError, OutputError: it cannot be done now; what was begun is
                gone on with by the next `forget` or `purge`.
        """
        if export is not None:
            self.check_export()
        for place, going in self.plans:
            alone_here = len(self.plans) == 1
            forget(place, going, export if going.n_corrections or alone_here else None)


def plan_everywhere(paths: Paths, source: Path | str) -> Forgetting:
    """Find out what would go with a source, under every codebook.

    Raises:
        SourceError: it is not known here. StoreError: a store cannot be read.
    """
    places = where_known(paths, source) or [paths]
    return Forgetting(tuple((place, plan(place, source)) for place in places))


def check_purge_export(paths: Paths) -> None:
    """Refuse to write the corrections of several codebooks to one file.

    Raises:
        UsageError: there are stores under more than one.
    """
    _refuse_one_file([place for place in homes(paths) if place.database.is_file()])


def _refuse_one_file(places: Sequence[Paths]) -> None:
    if len(places) > 1:
        named = ", ".join(place.codebook or DEFAULT_CODEBOOK for place in places)
        raise UsageError(
            f"there are labels under several codebooks ({named}), and one file takes those of one",
            "Write them with `mmsa --codebook NAME corrections export -o FILE`, then leave --export out.",
        )


def where_known(paths: Paths, source: Path | str) -> list[Paths]:
    """List the places of the codebooks under which a source was read, or half forgotten."""
    found = []
    for place in homes(paths):
        note = _read_note(place)
        if note is not None and note["location"] in (location_of(source), str(source)):
            found.append(place)
        elif place.database.is_file():
            with Store.open(place.database) as store:
                if store.source(location_of(source)) or store.source(str(source)):
                    found.append(place)
    return found


def purge(paths: Paths, export: Path | None = None) -> None:
    """Remove everything that was read, said and cached under any codebook; settings and bundles stay.

    Args:
        export: where all corrections are written before.

    Raises:
        StoreError, OutputError: it cannot be done now; the next `purge` goes on with it.
    """
    make_private_folder(paths.data_dir)
    if export is not None:
        _export(paths, export, None)
    for place in homes(paths):
        with alone(place), no_writer(place.database):
            for path in _what_purge_removes(place):
                remove(path)


def purge_lines(paths: Paths) -> list[str]:
    """Say what a purge removes and what stays."""
    going = [str(path) for place in homes(paths) for path in _what_purge_removes(place)]
    kept = [paths.config_file, *(paths.data_dir / name for name in _KEPT_BY_PURGE[:2])]
    kept += [place.codebook_file for place in homes(paths)]
    return [
        *(f"goes: {path}" for path in going),
        *(f"stays: {path}" for path in kept if path.exists()),
        "stays: your sources, and files you exported",
    ]


def _what_purge_removes(paths: Paths) -> list[Path]:
    # Each codebook's folder is gone through as a place of its own.
    kept = (*_KEPT_BY_PURGE, paths.codebooks_dir.name)
    found = [path for path in paths.study_dir.glob("*") if path.name not in kept]
    found += [path for path in paths.study_dir.glob(".*") if path.name not in kept]
    # The store before its journal: one beside the other is taken for a store that is lost.
    found.sort(key=lambda path: (path.suffix == ".jsonl", path.name))
    found.reverse()
    return [*dict.fromkeys(found), *paths.cache_dir.glob("*")]


def _finish(paths: Paths) -> str | None:
    """Do what the note says, from wherever it was interrupted; returns the source it is about, if any."""
    note = _read_note(paths)
    if note is None:
        _note(paths).unlink(missing_ok=True)
        return None
    location, contents = note["location"], set(note["contents"])
    if paths.database.is_file():
        with Store.open(paths.database) as store:
            store.erase(location, sorted(contents))
    try:
        Journal(paths.database).rewrite(lambda record: record.get("content_hash") not in contents)
        for path in _copies(paths):
            remove(path)
        for path in paths.cache_dir.glob("*"):
            if path.name not in _KEPT_CACHES:
                remove(path)
        _clean_runs(paths, contents)
    except OSError as error:
        raise OutputError(
            f"what was to be forgotten is not all gone: {error}", "Run the same command again to finish it."
        ) from error
    _note(paths).unlink(missing_ok=True)
    return location


class _Note(TypedDict):
    location: str
    contents: list[str]


def _read_note(paths: Paths) -> _Note | None:
    try:
        return from_json(_note(paths).read_bytes(), _Note, surrogates="keep")
    except (OSError, DecodingError):
        return None


def _clean_runs(paths: Paths, contents: set[str]) -> None:
    """Take posts out of what retrains have written: their texts, and the list of what went in."""
    for folder in paths.runs_dir.glob("*"):
        (folder / "log.txt").unlink(missing_ok=True)
        # Examples are texts; the list of what went in names posts.
        for name, key in (("outcome.json", "examples"), ("manifest.json", "corrections")):
            with suppress(FileNotFoundError, DecodingError):
                data = from_json((folder / name).read_bytes(), dict[str, Any])
                entries = data.get(key) if key == "corrections" else []
                kept = [entry for entry in entries or [] if entry.get("content_hash") not in contents]
                write_atomically(folder / name, json.dumps({**data, key: kept}, indent=1))


def _export(paths: Paths, target: Path, contents: set[str] | None) -> None:
    with Store.open(paths.database) as store:
        made = (act for act in store.corrections() if contents is None or act.content_hash in contents)
        codebook = read_codebook(paths) if paths.codebook else None
        export_corrections(made, target, store.bundle_labels, codebook=codebook)


def _copies(paths: Paths) -> list[Path]:
    """List the files beside the store that hold it as it was."""
    beside: Iterable[Path] = paths.study_dir.glob(f"{paths.database.name}.damaged-*")
    return [*backups(paths), *beside]


def _note(paths: Paths) -> Path:
    return paths.study_dir / "forget.pending"
