"""A file of people's labels: post id -> what people judged it to be, by kind.

Kinds are `label` (one judgement of unknown scope), `post`, `text` and `image`. Takes tables, our own
exports, files of Label Studio, doccano, Prodigy and Argilla, and plain lists of an id and a label.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from mmsa_tui.disk.safety import ignore
from mmsa_tui.errors import SourceError
from mmsa_tui.sources.columns import NAMES, is_own_export, spell
from mmsa_tui.sources.fields.lookup import as_text
from mmsa_tui.sources.files.encodings import UndecodableError, decode
from mmsa_tui.sources.files.ndjson import read_entries, sample_records
from mmsa_tui.sources.files.table_rows import Record
from mmsa_tui.sources.files.tables import open_table
from mmsa_tui.sources.label_words import TRIO, LabelMap, propose_map, spelled
from mmsa_tui.sources.readers.annotation.tools import (
    ID_FIELDS,
    IMAGE_FIELDS,
    TEXT_FIELDS,
    choices_in,
    is_example,
    is_min,
    label_control,
    read_example,
)
from mmsa_tui.sources.readers.mvsa import is_label_header, merge, read_truth

KINDS = ("label", "post", "text", "image")

_ID_COLUMNS = (
    *(re.sub(r"[\W_]", "", name).lower() for name in ID_FIELDS),
    "filename",
    "statusid",
    "messageid",
    "documentid",
    "twid",
    "imageid",
    "mediaid",
    "uuid",
    "id",
    "ids",
    *NAMES["id"],
)
"""Spelled without case and signs. `id` comes last: beside another it is a tool's number of a row."""
_KIND_COLUMNS = {
    "label": (
        "label",
        "sentiment",
        "correctedlabel",
        "newlabel",
        "airlinesentiment",
        "sentimentlabel",
        "goldlabel",
        "humanlabel",
        "annotation",
        "polarity",
        "class",
        "category",
        "target",
        "labels",
        "rating",
        "stars",
        *NAMES["label"],
    ),
    "post": ("post", "postlabel", "both", "labelpost", "labeltextimage"),
    "text": ("textlabel", "labeltext", "text", "textsentiment"),
    "image": ("imagelabel", "labelimage", "image", "picture", "imagesentiment"),
}
_OFTEN_CONTENT = frozenset(
    ("post", "text", "image", "picture", "class", "category", "target", "annotation", "labels")
)
"""Columns of these names hold the thing itself as often as a label of it."""
_MOST_LABELS = 20
_TXT = re.compile(r"\.txt$", re.IGNORECASE)
_GUARDED = re.compile(r"""^(?:'(?=[\d=+-])|=")|(?<=\d)"$""")
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)
_PAIR = re.compile(
    r"(?P<id>[^\t,;|]*?[0-9][^\t,;|]*?)\s*(?:[\t,;|]|\s(?=\S+$))\s*(?P<label>[^\t,;|\s]{1,30})"
)
_MAX_BYTES = 64 << 20


@dataclass(slots=True)
class LabelFile:
    """People's labels, and what became of the words that they were written in.

    `labels` are post id -> kind -> label; words that no map knows are in there as they stand, and
    counted in `unknown`. `undecided` counts posts on which as many people said one thing as
    another. `notes` are sentences for the user.
    """

    labels: dict[str, dict[str, str]]
    map: LabelMap
    unknown: Counter[str] = field(default_factory=Counter)
    undecided: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Vote:
    post_id: str
    kind: str
    word: str


def read_labels(path: Path, encoding: str = "") -> dict[str, dict[str, str]]:
    """Read people's labels: post id -> kind -> label, in lower case; see `load_labels`."""
    return load_labels(path, encoding).labels


def load_labels(
    path: Path,
    encoding: str = "",
    labels: Sequence[str] = TRIO,
    stated: Mapping[str, str] | None = None,
) -> LabelFile:
    """Read labels from a file of any kind that people's labels come in.

    A table needs an id column (id, post_id, tweet_id, File Name) and at least one of label,
    post, text, image (or `<kind>_label`). A text and an image label without a post label are
    merged as MVSA does. An id's `.txt` ending and an apostrophe before it are dropped. Of our own
    export only the corrections count: its labels are a model's.

    Args:
        encoding: of a text file, "" to find out.
        labels: what the words may mean.
        stated: what the user says that a word means, before anything else.

    Raises:
        SourceError: missing, unreadable, or without ids and labels.
        UsageError: `stated` names a label that there is not.
    """
    if not path.is_file():
        raise SourceError(f"labels file {path} is not there", "Give --labels FILE with columns id and label.")
    notes: list[str] = []
    votes = list(_votes(path, encoding, notes))
    map_ = propose_map((vote.word for vote in votes), labels, stated)
    result = _counted(votes, map_, stated or {}, notes)
    if not result.labels:
        raise SourceError(
            f"labels file {path} has no usable rows: an id and a label in each",
            "Name its columns id, and label, post_label, text_label or image_label.",
        )
    if shown := map_.describe():
        notes.insert(0, shown)
    if result.undecided:
        notes.append(
            f"posts on which as many people said one thing as another: {result.undecided:,}, left out"
        )
    if result.unknown:
        named = ", ".join(f"{word} ({count:,})" for word, count in result.unknown.most_common(5))
        notes.append(f"words that are no label: {named}; say what they mean with --labels-map WORD=LABEL")
    return result


def _votes(path: Path, encoding: str, notes: list[str]) -> Iterator[_Vote]:
    with path.open("rb") as file:
        start = file.readline(200)
    if is_label_header(start.decode("utf-8", "replace")):
        for post_id, kinds in read_truth(path).items():
            yield from (_Vote(post_id, kind, label) for kind, label in kinds.items() if label)
        return
    sample = sample_records(path)
    if any(map(is_example, sample)):
        yield from _votes_of_tools(path, notes)
    elif (plain := _plain_map(path)) is not None:
        yield from (_Vote(_id(post_id), "label", word) for post_id, word in plain.items())
    elif not sample and (pairs := _pairs(path, encoding)):
        yield from (_Vote(_id(post_id), "label", word) for post_id, word in pairs)
    else:
        yield from _votes_of_table(path, encoding, notes)


def _counted(
    votes: Iterable[_Vote], map_: LabelMap, stated: Mapping[str, str], notes: list[str]
) -> LabelFile:
    """Take the votes together, post by post."""
    result = LabelFile({}, map_, notes=notes)
    left_out = {spelled(word) for word, label in stated.items() if not label}
    by_post: dict[str, dict[str, Counter[str]]] = {}
    without_id = 0
    for vote in votes:
        word = spelled(vote.word)
        without_id += bool(word) and not vote.post_id
        if not vote.post_id or not word or word in left_out:
            continue
        label = map_(word)
        if not label:
            result.unknown[word] += 1
        by_post.setdefault(vote.post_id, {}).setdefault(vote.kind, Counter())[(label or word).lower()] += 1
    if without_id:
        notes.append(f"labels without an id: {without_id:,}, left out")
    for post_id, kinds in by_post.items():
        decided = {kind: label for kind, counts in kinds.items() if (label := _most(counts))}
        result.undecided += len(decided) < len(kinds)
        parts = decided.get("text", ""), decided.get("image", "")
        if "post" not in decided and all(parts) and (merged := merge(*parts)):
            decided["post"] = merged
        if decided:
            result.labels[post_id] = decided
    return result


def _most(counts: Counter[str]) -> str:
    ranked = counts.most_common(2)
    return "" if len(ranked) > 1 and ranked[0][1] == ranked[1][1] else ranked[0][0]


def _id(text: str) -> str:
    """Return an id without what tools put around it to keep its digits, and without `.txt`."""
    return _TXT.sub("", _GUARDED.sub("", text.strip()).strip())


def _votes_of_tools(path: Path, notes: list[str]) -> Iterator[_Vote]:
    by_task = 0
    unlabelled = 0
    for entry in read_entries(path):
        if entry.value is None:
            raise SourceError(f"labels file {path}: {entry.reason}", "Repair this record and try again.")
        if not is_example(entry.value):
            continue
        example = read_example(entry.value)
        by_task += not example.post_id
        unlabelled += not example.votes
        for word in example.votes:
            yield _Vote(_id(example.post_id or example.task_id), "label", word)
    if unlabelled:
        notes.append(f"examples without one label, as when skipped or rejected: {unlabelled:,}, left out")
    if by_task:
        notes.append(
            f"examples that name no post: {by_task:,}; the number that the tool gave them is taken for the id"
        )


def _plain_map(path: Path) -> dict[str, str] | None:
    """Return a JSON object of ids and labels, or None if the file is something else."""
    with path.open("rb") as file:
        if file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"{":
            return None
        file.seek(0)
        try:
            value = json.loads(decode(file.read(_MAX_BYTES)).text)
        except (ValueError, RecursionError, UndecodableError):
            return None
    if not isinstance(value, dict) or not all(isinstance(word, str | int | float) for word in value.values()):
        return None
    ids = sum(any(map(str.isdigit, key)) for key in value)
    return {key: as_text(word) for key, word in value.items()} if 2 * ids > len(value) else None


def _pairs(path: Path, encoding: str) -> list[tuple[str, str]]:
    """Return the ids and labels of a file without a header that holds nothing else, or nothing."""
    try:
        with path.open("rb") as file:
            lines = decode(file.read(_MAX_BYTES), encoding).text.split("\n")
    except (OSError, UndecodableError):
        return []
    matches = [_PAIR.fullmatch(line.strip()) for line in lines if line.strip()]
    pairs = [(match["id"], match["label"]) for match in matches if match]
    words = {word.lower() for _, word in islice(pairs, 10_000)}
    is_list = len(pairs) == len(matches) and len(words) <= _MOST_LABELS
    # The path of a picture names its post by its stem.
    return (
        [(re.sub(r"^.*[/\\]|\.[A-Za-z]{2,4}$", "", post_id), word) for post_id, word in pairs]
        if is_list
        else []
    )


def _votes_of_table(path: Path, encoding: str, notes: list[str]) -> Iterator[_Vote]:
    table = open_table(path, ignore, encoding)
    columns: dict[str, str] = {}
    for name in table.columns:
        columns.setdefault(spell(name), name)
    ids = [columns[name] for name in dict.fromkeys(_ID_COLUMNS) if name in columns]
    is_tool = is_min(dict.fromkeys(table.columns))
    named = _tool_columns(table.columns) if is_tool else _label_columns(table.columns, columns)
    wanted = [name for names in named.values() for name in names]
    records = [_checked(record, path, ids) for record in table.records([*ids, *wanted])]
    kinds = {
        kind: [name for name in names if _is_sure(name) or _are_labels(name, records)]
        for kind, names in named.items()
    }
    if is_tool and ids == [columns.get("id")]:
        notes.append(
            "no column names the post: the number that the tool gave each example is taken for the id"
        )
    for record in records:
        post_id = _id(_first(record.values, ids))
        for kind, names in kinds.items():
            words = choices_in(_first(record.values, names)) if is_tool else [_first(record.values, names)]
            if len(words) == 1 and words[0]:
                yield _Vote(post_id, kind, words[0])


def _label_columns(names: Sequence[str], columns: Mapping[str, str]) -> dict[str, list[str]]:
    if is_own_export(names):
        return {"label": [columns["correctedlabel"]]}
    return {
        kind: [columns[word] for word in dict.fromkeys(words) if word in columns]
        for kind, words in _KIND_COLUMNS.items()
    }


def _tool_columns(names: Sequence[str]) -> dict[str, list[str]]:
    """Return the column of Label Studio's CSV that holds the label: one of a control, not of the task."""
    about_task = ("annotation_id", "annotator", "created_at", "id", "lead_time", "updated_at", "agreement")
    plain = {*about_task, *TEXT_FIELDS, *IMAGE_FIELDS, *ID_FIELDS}
    control = label_control([name for name in names if name not in plain])
    return {"label": [control] if control else []}


def _is_sure(column: str) -> bool:
    return spell(column) not in _OFTEN_CONTENT


def _are_labels(column: str, records: Sequence[Record]) -> bool:
    """Whether a column holds a few different words, each cell one of them."""
    values = {record.values.get(column, "").strip().lower() for record in records} - {""}
    return len(values) <= _MOST_LABELS and all(
        len(value) <= 30 and (value.isalpha() or spelled(value).removeprefix("-").isdecimal())
        for value in values
    )


def _first(values: Mapping[str, str], columns: Sequence[str]) -> str:
    return next((text for name in columns if (text := values.get(name, "").strip())), "")


def _checked(record: Record, path: Path, ids: Sequence[str]) -> Record:
    if record.error and not record.values:
        # Left out, its post would seem to have no label.
        raise SourceError(f"labels file {path}: {record.error}", "Repair this line and try again.")
    if _ROUNDED.fullmatch(_first(record.values, ids)):
        raise SourceError(
            f"labels file {path}: {record.where}: the id {_first(record.values, ids)} has lost its digits"
            " to a spreadsheet",
            "Import the original file with the id column as text, then save it again.",
        )
    return record
