"""Tables of people's labels: which columns name the post and which the label, and what each row says.

Knows columns, no words: what `neg` means is known by `label_words`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmsa_tui.disk.safety import ignore
from mmsa_tui.errors import SourceError
from mmsa_tui.sources import label_crowd, label_marks
from mmsa_tui.sources.columns import (
    NAMES,
    is_own_export,
    parse_name,
    speaks_of_another_question,
    speaks_of_labels,
    spell,
)
from mmsa_tui.sources.files.table_rows import Record, Table
from mmsa_tui.sources.files.tables import open_table
from mmsa_tui.sources.ids import clean_id, id_in_address
from mmsa_tui.sources.label_words import spelled
from mmsa_tui.sources.readers.annotation.tools import (
    ID_FIELDS,
    IMAGE_FIELDS,
    TEXT_FIELDS,
    Labelled,
    choices_in,
    is_argilla_row,
    is_min,
    label_control,
    read_example,
)

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
    "instanceid",
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
        "final",
        "consensus",
        "majority",
        "adjudicated",
        "bewertung",
        "polaritat",
        "polaritaet",
        "polarita",
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
MAX_WORDS = 20
_FIRST_COLUMNS = 60
_PEOPLE = frozenset(("annotator", "coder", "rater", "judge", "expert", "student"))
_PICTURE = re.compile(r"^(?:.*[/\\])?(?P<stem>[^/\\]+)\.(?:jpe?g|png|webp|gif)$", re.IGNORECASE)
_TXT = re.compile(r"\.txt$", re.IGNORECASE)
_GUARDED = re.compile(r"""^(?:['"#]+(?=[\d=+-])|=")|(?<=\d)"$""")
_LONG_ID = re.compile(r"(?:[^\W\d_]{1,20}[\W_])?\d{12,20}")
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Vote:
    """What someone said of a post: a label of a kind, or what they noted."""

    post_id: str
    kind: str
    word: str


NOTE = "note"
"""The kind of a vote that is no label."""
_NOTE_COLUMNS = ("note", "notes", "remark", "remarks")


def id_of_label(text: str) -> str:
    """Return an id without what tools put around it or behind it; of a file its name without the ending."""
    plain = clean_id(_GUARDED.sub("", text.strip()).strip())
    return _PICTURE.sub(r"\g<stem>", _TXT.sub("", plain))


def votes_of_examples(examples: Iterable[Labelled], notes: list[str]) -> Iterator[Vote]:
    """Yield what people said of the examples of a tool; what is left out is added to `notes`."""
    by_task = unlabelled = 0
    for example in examples:
        by_task += not example.post_id
        unlabelled += not example.votes
        for word in example.votes:
            yield Vote(id_of_label(example.post_id or example.task_id), "label", word)
    if unlabelled:
        notes.append(f"examples without one label, as when skipped or rejected: {unlabelled:,}, left out")
    if by_task:
        notes.append(
            f"examples that name no post: {by_task:,}; the number that the tool gave them is taken for the id"
        )


def votes_of_table(path: Path, encoding: str, notes: list[str]) -> Iterator[Vote]:
    """Yield what each row of a table says, kind by kind; what is left out or taken is added to `notes`."""
    table = open_table(path, ignore, encoding)
    if is_argilla_row(table.columns):
        rows = (_checked(record, path, ("id",)).values for record in table.records(()))
        yield from votes_of_examples(map(read_example, rows), notes)
        return
    if label_crowd.is_crowd(table.columns):
        yield from _votes_of_crowd(table, path, notes)
        return
    columns: dict[str, str] = {}
    for name in table.columns:
        columns.setdefault(spell(name), name)
    sample = [record.values for record in table.sample if not record.error]
    if label_marks.are_marked(of_labels := label_marks.label_columns(table.columns), sample):
        ids = [columns[name] for name in dict.fromkeys(_ID_COLUMNS) if name in columns]
        yield from _votes_of_marks(table, path, ids, of_labels, notes)
        return
    ids = [columns[name] for name in dict.fromkeys(_ID_COLUMNS) if name in columns]
    # Without a column that is called so, the names of pictures tell the posts.
    ids = ids or [name for name in table.columns[:_FIRST_COLUMNS] if _are_pictures(name, sample)]
    if not ids and len(numbers := [name for name in table.columns if _are_ids(name, sample)]) == 1:
        ids = numbers
        notes.append(f"no column is called an id: `{ids[0]}` is taken, whose cells are long numbers")
    is_tool = is_min(dict.fromkeys(table.columns))
    named = _tool_columns(table.columns) if is_tool else _label_columns(table.columns, columns)
    named = {kind: [name for name in names if name not in ids] for kind, names in named.items()}
    if not any(named.values()):
        named = {"label": [name for name in table.columns if _is_of_coder(name)]}
    addresses = [] if ids else list(table.columns)
    wanted = [name for names in named.values() for name in names]
    remarks = [columns[name] for name in _NOTE_COLUMNS if name in columns and columns[name] not in wanted]
    read = [*ids, *addresses, *wanted, *remarks]
    records = [_checked(record, path, ids) for record in table.records(read)]
    addresses = [name for name in addresses if _names_post(name, records)]
    kinds = {
        kind: [name for name in names if _is_sure(name) or _are_labels(name, records)]
        for kind, names in named.items()
    }
    if is_tool and ids == [columns.get("id")]:
        notes.append(
            "no column names the post: the number that the tool gave each example is taken for the id"
        )
    coders = [name for name in kinds.get("label", ()) if _is_of_coder(name)]
    if len(coders) > 1 and len(coders) == len(kinds["label"]):
        notes.append(f"columns of several people, each a vote: {', '.join(coders)}")
    else:
        coders = []
    vocabulary = {record.values.get(name, "").strip() for record in records for name in wanted}
    several = 0
    for record in records:
        post_id = id_of_label(_first(record.values, ids)) or id_in_address(_first(record.values, addresses))
        if post_id and (remark := _first(record.values, remarks)):
            yield Vote(post_id, NOTE, remark)
        for kind, names in kinds.items():
            cells = [record.values.get(name, "").strip() for name in coders]
            for cell in cells or [_first(record.values, names)]:
                words = choices_in(cell) if is_tool else _parted(cell, vocabulary)
                several += len(words) > 1
                if len(words) == 1 and words[0]:
                    yield Vote(post_id, kind, words[0])
    if several:
        notes.append(f"rows that give a post several labels: {several:,}, left out")


def _votes_of_marks(
    table: Table, path: Path, ids: Sequence[str], of_labels: Mapping[str, str], notes: list[str]
) -> Iterator[Vote]:
    """Yield the label whose column is marked in each row."""
    without = 0
    for record in table.records([*ids, *of_labels]):
        values = _checked(record, path, ids).values
        word = label_marks.marked(of_labels, values)
        without += not word
        if word:
            yield Vote(id_of_label(_first(values, ids)), "label", word)
    notes.append(f"the label is the column that is marked, of {', '.join(of_labels)}")
    if without:
        notes.append(f"rows in which no column, or several, are marked: {without:,}, left out")


def _votes_of_crowd(table: Table, path: Path, notes: list[str]) -> Iterator[Vote]:
    """Yield what each worker said of a post; the majority counts."""
    of_post = {parse_name(name).parts[-1]: name for name in reversed(label_crowd.inputs(table.columns))}
    ids = [of_post[name] for name in dict.fromkeys(_ID_COLUMNS) if name in of_post]
    said, states = label_crowd.answers(table.columns), label_crowd.states(table.columns)
    rejected = without = 0
    for record in table.records([*ids, *said, *states]):
        values = _checked(record, path, ids).values
        if label_crowd.is_rejected(values, states):
            rejected += 1
            continue
        word = label_crowd.answer_of(values, said)
        without += not word
        if word:
            yield Vote(id_of_label(_first(values, ids)), "label", word)
    notes.append("each row is what one worker said: of a post that label counts which most of them gave")
    if rejected:
        notes.append(f"answers that were rejected: {rejected:,}, left out")
    if without:
        notes.append(f"answers without one label: {without:,}, left out")


def _parted(cell: str, vocabulary: Collection[str]) -> list[str]:
    """Return the labels of a cell: doccano writes several as `a#b`."""
    words = cell.split("#")
    return words if len(words) > 1 and all(word in vocabulary for word in words) else [cell]


def _are_pictures(column: str, rows: Sequence[Mapping[str, str]]) -> bool:
    """Whether each cell of a column is the name of a picture of its own."""
    cells = [row.get(column, "").strip() for row in rows]
    return bool(cells) and len(set(cells)) == len(cells) and all(map(_PICTURE.match, cells))


def _are_ids(column: str, rows: Sequence[Mapping[str, str]]) -> bool:
    """Whether each cell of a column is a long number of its own, perhaps behind a word: `tweet_1918…`."""
    cells = [id_of_label(row.get(column, "")) for row in rows]
    is_unique = bool(cells) and len(set(cells)) == len(cells)
    return is_unique and all(map(_LONG_ID.fullmatch, cells)) and not parse_name(column).is_about_author


def _names_post(column: str, records: Sequence[Record]) -> bool:
    """Whether most cells of a column are addresses of posts."""
    cells = [cell for record in records if (cell := record.values.get(column, "").strip())]
    return 2 * sum(bool(id_in_address(cell)) for cell in cells) > len(records)


def _is_of_coder(column: str) -> bool:
    """Whether a column is called like the labels of one of several people: `label_ana`, `annotator 2`."""
    name = parse_name(column)
    is_person = name.words[0].rstrip("0123456789") in _PEOPLE
    return (is_person or speaks_of_labels(name)) and not speaks_of_another_question(name)


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
    return len(values) <= MAX_WORDS and all(
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
