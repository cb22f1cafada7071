"""What people labelled elsewhere: tasks of Label Studio (JSON), examples of doccano (JSONL).

A label on which the annotators agree by majority becomes `truth['label']`; otherwise their votes
are kept as `label_votes`. Texts are taken as they are: these tools escape nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from mmsa_tui.disk.safety import resolve_inside
from mmsa_tui.pictures.finder import split_name
from mmsa_tui.pictures.media import Media, MediaFiles, file_name
from mmsa_tui.records import Failure, Picture, Post
from mmsa_tui.sources.base import Example, Match, Reader, ReadOptions
from mmsa_tui.sources.fields.lookup import Object, as_object, as_objects, as_text, dig, first_id
from mmsa_tui.sources.files.encodings import MAX_TEXT_BYTES
from mmsa_tui.sources.files.record_files import detect_records, read_records
from mmsa_tui.sources.timestamps import to_iso_utc

_TEXT_FIELDS = ("text", "tweet", "content", "full_text", "body", "caption")
_IMAGE_FIELDS = ("image", "images", "picture", "pictures", "filename", "photo")
_OWN_FIELDS = frozenset(("post_id", "author", "created_at", "language"))
"""Fields of `data` that our own exports write and that are not metadata."""

_TASK_FIELDS = frozenset(("id", "data", "meta"))
_MIN_FIELDS = frozenset(("annotator", "annotation_id", "lead_time", "created_at", "updated_at"))
_DOCCANO_FIELDS = frozenset(("id", "label", "labels", "annotations", "meta", "Comments", "comments"))
_LABEL_CONTROLS = ("label", "sentiment", "polarity", "class", "category")

_UPLOAD = re.compile(r"[0-9a-f]{8}-(?=.)")
"""What Label Studio puts before the name of an uploaded file."""

_MAX_PICTURES = 100


@dataclass(frozen=True, slots=True)
class _Example:
    """A labelled example, whatever tool it comes from."""

    post_id: str
    data: Object
    votes: Sequence[str] = ()
    other_labels: dict[str, str] = field(default_factory=dict)
    skip: frozenset[str] = frozenset()


class Annotation:
    """Label Studio and doccano files."""

    name = "annotation"
    title = "Label Studio tasks or doccano examples"
    takes_encoding = False
    example = Example(
        {
            "tasks.json": '[{"id": 1, "data": {"post_id": "11", "text": "A fine day", "image":'
            ' "/data/upload/1/0a1b2c3d-90.png"}, "annotations": [{"result": [{"from_name": "sentiment",'
            ' "value": {"choices": ["Positive"]}}]}]}]',
            "90.png": "",
        },
        post_id="11",
        text="A fine day",
        picture="90.png",
    )

    def detect(self, source: Path) -> Match | None:
        reason = "labelled examples of Label Studio or doccano"
        # What a person labelled may lie beside the posts it was made of: those come first.
        return detect_records(source, _is_ours, self.name, reason, certainty=94)

    def read(self, source: Path, options: ReadOptions) -> Iterator[Post | Failure]:
        root = (source if source.is_dir() else source.absolute().parent).resolve()
        files = MediaFiles.near(source, options.note)
        for entry in read_records(source, options, _is_ours):
            if entry.value is None:
                yield Failure(entry.where, entry.reason)
            else:
                yield _post(_example(entry.value), entry.where, entry.encoding, root, files)


def _is_ours(record: Object) -> bool:
    return _is_task(record) or _is_min(record) or _is_doccano(record)


def _is_task(record: Object) -> bool:
    """Whether a record is a task of Label Studio, annotated or only to be."""
    if not isinstance(record.get("data"), dict):
        return False
    return _TASK_FIELDS.issuperset(record) or any(
        isinstance(record.get(name), list) for name in ("annotations", "predictions", "completions")
    )


def _is_min(record: Object) -> bool:
    """Whether a record is a task in Label Studio's short form, JSON-MIN."""
    return "annotation_id" in record and "annotator" in record


def _is_doccano(record: Object) -> bool:
    """Whether a record is an example of doccano: its labels are a list, even a single one."""
    shows = isinstance(record.get("text"), str) or isinstance(record.get("filename"), str)
    return shows and any(isinstance(record.get(name), list) for name in ("label", "labels"))


def _example(record: Object) -> _Example:
    if isinstance(record.get("data"), dict):
        return _of_task(record)
    if _is_min(record):
        return _of_min(record)
    labels = record.get("label", record.get("labels"))
    votes = labels if isinstance(labels, list) else [labels]
    # A span of characters is a label of words, not of the post.
    words = [as_text(vote) for vote in votes]
    data = {**as_object(record.get("meta")), **record}
    return _Example(first_id(record.get("id")), data, [word for word in words if word], skip=_DOCCANO_FIELDS)


def _of_task(record: Object) -> _Example:
    annotations = list(as_objects(record.get("annotations") or record.get("completions")))
    valid = [annotation for annotation in annotations if annotation.get("was_cancelled") is not True]
    agreed = [annotation for annotation in valid if annotation.get("ground_truth") is True]
    by_control: dict[str, list[str]] = {}
    for annotation in agreed or valid:
        for result in as_objects(annotation.get("result")):
            choices = dig(result, "value", "choices")
            if isinstance(choices, list) and len(choices) == 1 and (choice := as_text(choices[0])):
                by_control.setdefault(as_text(result.get("from_name")), []).append(choice)
    control = _label_control(list(by_control))
    others = {name: _majority(votes) for name, votes in by_control.items() if name != control}
    return _Example(
        first_id(record.get("id")), as_object(record.get("data")), by_control.get(control, ()), others
    )


def _of_min(record: Object) -> _Example:
    chosen = {
        name: as_text(dig(value, "choices") or value)
        for name, value in record.items()
        if name not in _MIN_FIELDS and name not in ("id", *_TEXT_FIELDS, *_IMAGE_FIELDS)
    }
    control = _label_control([name for name, value in chosen.items() if value])
    vote = chosen.get(control, "")
    skip = _MIN_FIELDS | {"id", control}
    return _Example(first_id(record.get("id")), record, [vote] if vote else (), skip=skip)


def _label_control(names: Sequence[str]) -> str:
    """Choose the control that holds the sentiment: one called so, else the first."""
    for word in _LABEL_CONTROLS:
        for name in names:
            if word in name.lower():
                return name
    return names[0] if names else ""


def _majority(votes: Sequence[str]) -> str:
    """Return the label with the most votes, "" without votes or where two have as many."""
    ranked = Counter(vote.strip().lower() for vote in votes).most_common(2)
    if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
        return ""
    return ranked[0][0]


def _post(example: _Example, where: str, encoding: str, root: Path, files: MediaFiles) -> Post | Failure:
    data = example.data
    post_id = first_id(data.get("post_id"), example.post_id) or where
    text_field = next((name for name in _TEXT_FIELDS if isinstance(data.get(name), str)), "")
    text = as_text(data.get(text_field))
    pictures = tuple(_picture(name, root, files) for name in _image_names(data))
    used = {text_field, *_IMAGE_FIELDS, *_OWN_FIELDS, *example.skip}
    rest = {name: as_text(value) for name, value in data.items() if name not in used}
    label = _majority(example.votes)
    votes = "" if label else ", ".join(sorted(vote.strip().lower() for vote in example.votes))
    metadata = {**rest, **example.other_labels, "label_votes": votes}
    metadata = {name: value for name, value in metadata.items() if value}
    if not text and not pictures:
        return Failure(post_id, f"{where} has neither text nor pictures", "", metadata)
    if len(text) > MAX_TEXT_BYTES:
        return Failure(post_id, f"{where} has a text of {len(text):,} characters", "", metadata)
    return Post(
        post_id,
        text,
        pictures,
        author=as_text(data.get("author")),
        created_at=to_iso_utc(data.get("created_at")),
        language=as_text(data.get("language")),
        encoding=encoding,
        metadata=metadata,
        truth={"label": label} if label else {},
    )


def _image_names(data: Object) -> list[str]:
    names: list[str] = []
    for name in _IMAGE_FIELDS:
        value = data.get(name)
        names += map(as_text, value if isinstance(value, list) else [value])
    # `images` may repeat what `image` says.
    return [name for name in dict.fromkeys(names) if name][:_MAX_PICTURES]


def _picture(address: str, root: Path, files: MediaFiles) -> Picture:
    """Find the file an address stands for: a path below the source, or a file of that name."""
    name = _local_path(address)
    path = resolve_inside(root, name)
    if path is not None:
        return Picture(path.name, path)
    stem = _UPLOAD.sub("", split_name(file_name(name))[1], count=1)
    return files.pictures([Media(name, stems=(split_name(file_name(name))[1], stem))])[0]


def _local_path(address: str) -> str:
    """Return the path in `/data/local-files/?d=folder/1.jpg`, or the address itself."""
    try:
        parts = urlsplit(address)
        local = parse_qs(parts.query, max_num_fields=10).get("d", [""])[0]
    except ValueError:
        return address
    return local if local and parts.path.rstrip("/").endswith("local-files") else address


READER: Reader = Annotation()
