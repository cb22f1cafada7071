"""What an import accepts: every record is new, known already, or rejected with a reason.

One bad record costs that record. What is accepted goes into the store in one transaction, so that
an import that is killed has done nothing, and importing again adds nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mmsa_tui.config import DEFAULT_CODEBOOK
from mmsa_tui.corrections.codebooks import DEFINITION
from mmsa_tui.corrections.conflicts import Conflict, find_conflicts
from mmsa_tui.corrections.label_files import Reading, is_label_file, read_labels_as_corrections
from mmsa_tui.corrections.record import Incoming, RecordError, check_time, fingerprint, parse
from mmsa_tui.disk.safety import check_source
from mmsa_tui.errors import SourceError
from mmsa_tui.records import Correction
from mmsa_tui.sources.files.ndjson import read_entries
from mmsa_tui.sources.files.workbook import is_workbook, read_rows
from mmsa_tui.store import Store, salvage_corrections
from mmsa_tui.store.study import codebook_of_file

_SQLITE = b"SQLite format 3\0"
HERE = "this laptop"
"""The origin of votes that were in the store before."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that was not taken in: where it stands, which post it is about, and why not.

    `is_foreign` says that it does not even look like a correction.
    """

    where: str
    reason: str
    post_id: str = ""
    is_foreign: bool = False


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of every record, and where analysts now disagree on the posts concerned.

    `notes` are sentences on how files of labels were read.
    """

    n_new: int
    n_known: int
    rejections: tuple[Rejection, ...]
    conflicts: tuple[Conflict, ...]
    notes: tuple[str, ...] = ()

    @property
    def n_read(self) -> int:
        return self.n_new + self.n_known + len(self.rejections)


def read_corrections(path: Path) -> Iterator[tuple[str, Incoming | Rejection]]:
    """Read JSON lines, a workbook, or another laptop's database, whichever the file is.

    Yields:
        Where the record stands (`file line 7`), and what it is.

    Raises:
        SourceError: the file is missing, unreadable, or no such file.
        StoreError: it is a database without corrections.
    """
    check_source(path)
    if path.is_dir():
        raise SourceError(f"{path} is a folder", "Give a .jsonl or .xlsx file, or a database.")
    with path.open("rb") as file:
        head = file.read(16)
    if head.startswith(_SQLITE):
        yield from _read_database(path)
    elif is_workbook(head):
        yield from _read_workbook(path)
    else:
        yield from _read_lines(path)


def take_in(
    store: Store,
    files: Sequence[Path],
    labels: Sequence[str],
    *,
    keep_unknown: bool = False,
    dry_run: bool = False,
    reading: Reading | None = None,
) -> Intake:
    """Add the corrections of files to the store; those of label files too, such as a filled-in export.

    Args:
        labels: the labels in use here; a correction that chose from others is rejected.
        keep_unknown: also accept corrections of posts that no source here holds. They wait for
            their post, and never attach to another.
        dry_run: only say what would happen.
        reading: what is said of files of labels, which name posts by their ids.

    Raises:
        SourceError: one of the files cannot be read; nothing is then added.
        StoreError: the database cannot be written.
    """
    notes: list[str] = []
    records = [
        (origin, where, item)
        for origin, path in zip(name_files(files), files, strict=True)
        for where, item in _read(store, path, labels, reading or Reading(), notes)
    ]
    _refuse_foreign(records)
    judge = _Judge(store, labels, keep_unknown)
    judge.learn([item.correction for _, _, item in records if isinstance(item, Incoming)])
    rejections: list[Rejection] = []
    accepted: list[Correction] = []
    bundles: dict[str, tuple[str, ...]] = {}
    by_origin: dict[str, list[Correction]] = {}
    n_known = 0
    for origin, where, item in records:
        if isinstance(item, Rejection):
            rejections.append(item)
            continue
        correction = item.correction
        try:
            is_new = judge.is_new(item, bundles)
        except RecordError as error:
            rejections.append(Rejection(where, str(error), correction.post_id))
            continue
        by_origin.setdefault(origin, []).append(correction)
        if is_new:
            accepted.append(correction)
        else:
            n_known += 1
    concerned = {c.content_hash for found in by_origin.values() for c in found}
    here = [c for c in store.corrections() if c.content_hash in concerned]
    accepted = store.date_corrections(accepted)
    # A correction has one time, here and in every file, also one that a file leaves undated.
    times = {c.uid: c.created_at for c in (*here, *accepted)}
    dated = {
        origin: [replace(c, created_at=times[c.uid]) for c in found] for origin, found in by_origin.items()
    }
    conflicts = find_conflicts({HERE: here, **dated})
    if not dry_run:
        for bundle, order in bundles.items():
            store.save_bundle_labels(bundle, order)
        store.add_corrections(accepted)
    return Intake(len(accepted), n_known, tuple(rejections), tuple(conflicts), tuple(notes))


def _read(
    store: Store, path: Path, labels: Sequence[str], reading: Reading, notes: list[str]
) -> Iterator[tuple[str, Incoming | Rejection]]:
    check_source(path)
    if path.is_dir() or not is_label_file(path):
        yield from read_corrections(path)
        return
    for item in read_labels_as_corrections(store, path, labels, reading, notes):
        where = f"{path.name} post {item.post_id}"
        if item.correction is None:
            yield where, Rejection(where, item.reason, item.post_id)
        else:
            # What names posts by their ids says nothing of codebooks: it is of the one in use.
            yield where, Incoming(item.correction, codebook=store.codebook()[0])


def check_labels(label: str, chosen_from: Sequence[str], labels: Sequence[str]) -> None:
    """Let a label pass that is one of those in use and was chosen from them; "" withdraws one.

    Args:
        chosen_from: empty if that is not known.

    Raises:
        RecordError: it is to be rejected.
    """
    if chosen_from and set(chosen_from) != set(labels):
        raise RecordError(
            f"it chose from other labels ({', '.join(chosen_from)}) than those in use here"
            f" ({', '.join(labels)})"
        )
    if label and label not in labels:
        raise RecordError(f"{label[:40]!r} is no label here: the labels are {', '.join(labels)}")


def check_codebook(store: Store, item: Incoming) -> None:
    """Let a record pass that was given under the codebook in use.

    Raises:
        RecordError: it was given under another; says how it is taken in there.
    """
    here = store.codebook()[0]
    if item.codebook != here:
        raise RecordError(
            f"it was given under {_name_codebook(item.codebook)}, and {_name_codebook(here)} is in use"
            f" here: `mmsa --codebook {item.codebook[:40] or DEFAULT_CODEBOOK} corrections import` takes it"
        )


def name_files(files: Sequence[Path]) -> list[str]:
    """Name files shortly, and apart: by their whole path where two have one name."""
    names = [path.name for path in files]
    return [str(path) if names.count(path.name) > 1 else path.name for path in files]


def _refuse_foreign(records: Sequence[tuple[str, str, Incoming | Rejection]]) -> None:
    """Refuse a file that holds something else, such as a table of posts.

    Raises:
        SourceError: not one record of a file looks like a correction.
    """
    first: dict[str, Rejection] = {}
    ours: set[str] = set()
    for origin, _, item in records:
        if isinstance(item, Rejection) and item.is_foreign:
            first.setdefault(origin, item)
        else:
            ours.add(origin)
    for origin, rejection in first.items():
        if origin not in ours:
            place = "" if rejection.where in rejection.reason else f"{rejection.where}: "
            raise SourceError(
                f"{origin} holds no corrections: {place}{rejection.reason}",
                "Give a file that `mmsa corrections export` wrote, or another laptop's database;"
                " if it was cut on its way, copy it again. Nothing was added.",
            )


class _Judge:
    """Knows what the store holds, and decides on one record at a time."""

    def __init__(self, store: Store, labels: Sequence[str], keep_unknown: bool) -> None:
        self._store = store
        self._labels = tuple(labels)
        self._keep_unknown = keep_unknown
        self._said = {c.uid: fingerprint(c) for c in store.corrections()}
        self._contents: set[str] = set()
        self._by_post_id: Mapping[str, set[str]] = {}

    def learn(self, incoming: Sequence[Correction]) -> None:
        """Look up the posts of all records at once."""
        hashes = list({c.content_hash for c in incoming})
        self._contents = {post.content_hash for post in self._store.posts_with_content(hashes)}
        missing = {c.post_id for c in incoming if c.post_id and c.content_hash not in self._contents}
        self._by_post_id = self._store.contents_of(list(missing))

    def is_new(self, item: Incoming, bundles: dict[str, tuple[str, ...]]) -> bool:
        """Decide whether a record adds something.

        Args:
            bundles: gains the label order of a bundle that is not known here.

        Raises:
            RecordError: it is to be rejected.
        """
        correction = item.correction
        said = fingerprint(correction)
        if correction.uid in self._said:
            if self._said[correction.uid] != said:
                raise RecordError(
                    f"correction {correction.uid[:40]} says something else here, and a correction is never"
                    " changed: empty its uid and created_at to make it a new one"
                )
            return False
        check_codebook(self._store, item)
        self._check_labels(item, bundles)
        if correction.content_hash not in self._contents and not self._keep_unknown:
            raise RecordError(self._explain_unknown(correction))
        self._said[correction.uid] = said
        return True

    def _check_labels(self, item: Incoming, bundles: dict[str, tuple[str, ...]]) -> None:
        correction = item.correction
        known = bundles.get(correction.bundle) or self._store.bundle_labels(correction.bundle)
        # A codebook may have gained a label since; what was given under it by name is of it all the same.
        chosen_from = () if item.codebook else item.labels or known
        check_labels(correction.new_label, chosen_from, self._labels)
        if known and item.labels and known != item.labels:
            raise RecordError(
                f"bundle {correction.bundle} has its labels in another order here: two different bundles"
                " carry one name"
            )
        if correction.bundle and item.labels:
            bundles[correction.bundle] = item.labels

    def _explain_unknown(self, correction: Correction) -> str:
        if correction.post_id and correction.post_id in self._by_post_id:
            return (
                f"post {correction.post_id} is another one here: its text or pictures differ from what"
                " was judged"
            )
        return (
            f"post {correction.post_id or correction.content_hash} is in no source that was read here:"
            " open the source first, or keep unknown posts"
        )


def _name_codebook(name: str) -> str:
    return f"the codebook {name[:40]}" if name else "the default codebook"


def _read_lines(path: Path) -> Iterator[tuple[str, Incoming | Rejection]]:
    try:
        for entry in read_entries(path):
            if entry.value is None:
                yield entry.where, Rejection(entry.where, entry.reason, is_foreign=True)
            elif DEFINITION not in entry.value:
                yield entry.where, _parse(entry.where, entry.value)
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read: {error.strerror or error}", "Copy it to this laptop and try again."
        ) from error


def _read_workbook(path: Path) -> Iterator[tuple[str, Incoming | Rejection]]:
    rows = read_rows(path)
    names = [name.strip() for name in next(rows, ())]
    if "content_hash" not in names or "new_label" not in names:
        raise SourceError(
            f"{path.name} holds no corrections: its first row names no content_hash and new_label",
            "Import a workbook that `mmsa corrections export` wrote.",
        )
    for number, row in enumerate(rows, start=1):
        where = f"{path.name} record {number:,}"
        yield where, _parse(where, dict(zip(names, row, strict=False)))


def _read_database(path: Path) -> Iterator[tuple[str, Incoming | Rejection]]:
    found = salvage_corrections(path)
    codebook = codebook_of_file(path)[0]
    for number, correction in enumerate(found.corrections, start=1):
        where = f"{path.name} correction {number:,}"
        try:
            check_time(correction.created_at)
        except RecordError as error:
            yield where, Rejection(where, str(error), correction.post_id)
        else:
            yield where, Incoming(correction, codebook=codebook)
    if not found.is_whole:
        where = path.name
        reason = "the database is damaged: some of its corrections cannot be read"
        if found.unproven:
            reason += f", and nothing in it bears out {len(found.unproven):,} that were"
        yield where, Rejection(where, reason)


def _parse(where: str, values: Mapping[str, object]) -> Incoming | Rejection:
    try:
        return parse(values)
    except RecordError as error:
        post_id = values.get("post_id")
        is_foreign = "content_hash" not in values or "new_label" not in values
        return Rejection(where, str(error), post_id if isinstance(post_id, str) else "", is_foreign)
