"""Labels that people gave outside the app, as corrections: a filled-in export, a file of an annotation tool,
a plain list of ids and labels.

Such a file names posts by their ids, so each label goes to the one post here that has the id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmsa_tui.disk.safety import ignore
from mmsa_tui.errors import MmsaError, SourceError
from mmsa_tui.records import Correction, Fact
from mmsa_tui.sources.columns import is_own_export
from mmsa_tui.sources.files.ndjson import sample_records
from mmsa_tui.sources.files.tables import open_table
from mmsa_tui.sources.files.workbook import kind_of_workbook, read_rows
from mmsa_tui.sources.labels import load_labels, name_as_posts
from mmsa_tui.store import Store

_SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a user says of files of labels.

    `analyst` gave them. `words` maps what is written there to labels. `source_id` is the source that the
    ids are of, None for any.
    """

    analyst: str = ""
    words: Mapping[str, str] | None = None
    source_id: int | None = None


@dataclass(frozen=True, slots=True)
class Labelled:
    """A post's label from a file: a correction, or why it cannot be one."""

    post_id: str
    correction: Correction | None
    reason: str = ""


def is_label_file(path: Path) -> bool:
    """Whether a file names posts by their ids, and not by their contents as what we write for ourselves."""
    with path.open("rb") as file:
        head = file.read(16)
    # Who has not labelled anything yet exports an empty file.
    if head.startswith(_SQLITE) or not head.strip():
        return False
    if kind_of_workbook(path) == "xlsx":
        names: Iterable[str] = map(str.strip, next(read_rows(path), ()))
    else:
        names = (name for record in sample_records(path) for name in record)
    return "content_hash" not in names


def read_labels_as_corrections(
    store: Store, path: Path, labels: Sequence[str], reading: Reading, notes: list[str]
) -> Iterator[Labelled]:
    """Read a file of labels, post by post; what holds for it as a whole is added to `notes`.

    A label that an export of ours holds as it stands here is nobody's new word and left out. The same file
    again gives the same corrections.

    Raises:
        SourceError: the file cannot be read, or holds no labels.
        UsageError: a word is mapped to a label that there is not.
    """
    try:
        found = load_labels(path, labels=labels, stated=reading.words)
    except SourceError as error:
        raise SourceError(
            f"{path.name} holds no corrections and no labels: {error.message}",
            f"{error.hint} Or give what `mmsa corrections export` wrote.".strip(),
        ) from error
    name_as_posts(found, lambda ids: store.contents_of(ids, reading.source_id))
    notes += found.notes
    is_ours = _is_export(path)
    if not is_ours and (alone := found.remarks.keys() - found.labels.keys()):
        notes.append(f"notes on posts without a label: {len(alone):,}, left out")
    file_hash = hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
    contents = store.contents_of(list(found.labels), reading.source_id)
    digests = [digest for several in contents.values() for digest in several]
    texts = {post.content_hash: post.text for post in store.posts_with_content(digests)}
    for post_id, kinds in found.labels.items():
        label = kinds.get("label") or kinds.get("post")
        if label is None:
            yield Labelled(post_id, None, f"it labels the {' and the '.join(kinds)} alone, not the post")
            continue
        at = sorted(contents.get(post_id, ()))
        if len(at) != 1:
            yield Labelled(post_id, None, _explain(post_id, len(at)))
            continue
        state = store.correction_state(at[0])
        note = found.remarks.get(post_id, "")
        facts: list[Fact] = ["label"]
        if is_ours and state is not None:
            # What stands in an export as it stands here is nobody's new word.
            note = "" if note == state.note.strip() else note
            facts = [] if label == state.new_label else facts
        if note:
            facts.append("note")
        if not facts:
            continue
        made_of = "\0".join((file_hash, at[0], label, reading.analyst))
        uid = "labels:" + hashlib.blake2b(made_of.encode(), digest_size=16).hexdigest()
        yield Labelled(
            post_id,
            Correction(
                uid, at[0], label,
                old_label=state.new_label if state else "", analyst=reading.analyst,
                post_id=post_id, text=texts.get(at[0], ""), note=note, facts=tuple(facts),
            ),
        )  # fmt: skip


def _is_export(path: Path) -> bool:
    try:
        return is_own_export(open_table(path, ignore).columns)
    except MmsaError:
        # JSON of a tool, or a plain list.
        return False


def _explain(post_id: str, n_posts: int) -> str:
    if n_posts:
        return (
            f"{n_posts} different posts here have the id {post_id}: say with --source of which source it is"
        )
    return f"post {post_id} is in no source that was read here: open the source first"
