"""What people labelled elsewhere: tasks of Label Studio, examples of doccano, Prodigy and Argilla.

A label on which the annotators agree by majority becomes `truth['label']`; otherwise their votes
are kept as `label_votes`. Texts are taken as they are: these tools escape nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from mmsa_tui.records import Failure, Post
from mmsa_tui.sources.base import Example, Match, Reader, ReadOptions
from mmsa_tui.sources.fields.lookup import Object, as_text
from mmsa_tui.sources.files.encodings import MAX_TEXT_BYTES
from mmsa_tui.sources.files.record_files import detect_records, read_records
from mmsa_tui.sources.picture_refs import RowPictures
from mmsa_tui.sources.readers.annotation.tools import (
    ID_FIELDS,
    IMAGE_FIELDS,
    TEXT_FIELDS,
    Labelled,
    is_example,
    majority,
    read_example,
)
from mmsa_tui.sources.timestamps import moment_or_words
from mmsa_tui.text.cleaning import html_to_text

_OWN_FIELDS = frozenset(("post_id", "author", "created_at", "language"))
"""Fields of `data` that our own exports write and that are not metadata."""

_VOTES = "label_votes"
"""The column of what people said of a post that has no one label."""
_MAX_PICTURES = 100
_FIRST_EXAMPLES = 40
"""Examples by which it is settled where pictures lie."""

_HTML = "html"
"""The field of what an interface shows as a web page."""


class Annotation:
    """Files of Label Studio, doccano, Prodigy and Argilla, as JSON or JSON lines."""

    name = "annotation"
    title = "labelled examples (Label Studio, doccano, Prodigy, Argilla)"
    takes_encoding = False
    example = Example(
        "11",
        {
            "tasks.json": '[{"id": 1, "data": {"post_id": "11", "text": "A fine day", "image":'
            ' "/data/upload/1/0a1b2c3d-90.png"}, "annotations": [{"result": [{"from_name": "sentiment",'
            ' "value": {"choices": ["Positive"]}}]}]}]',
            "90.png": "",
        },
        author="",
        created_at="",
    )

    def detect(self, source: Path) -> Match | None:
        reason = "labelled examples of an annotation tool"
        # What a person labelled may lie beside the posts it was made of: those come first.
        return detect_records(source, is_example, self.name, reason, certainty=94)

    def read(self, source: Path, options: ReadOptions) -> Iterator[Post | Failure]:
        pictures = RowPictures(source, source / "tasks.json" if source.is_dir() else source, options.note)
        entries = read_records(source, options, is_example)
        first = list(islice(entries, _FIRST_EXAMPLES))
        pictures.prepare(
            (_image_names(example.data), example.post_id, {})
            for entry in first
            if entry.value is not None and (example := read_example(entry.value))
        )
        undecided = 0
        for entry in chain(first, entries):
            if entry.value is None:
                yield Failure(entry.where, entry.reason)
                continue
            item = _post(read_example(entry.value), entry.where, entry.encoding, pictures)
            undecided += _VOTES in item.metadata
            yield item
        pictures.close()
        if undecided:
            options.note(
                f"posts with several labels, or on which people do not agree: {undecided:,}; "
                f"they have no label, and the column `{_VOTES}` keeps what was said"
            )


def _post(example: Labelled, where: str, encoding: str, files: RowPictures) -> Post | Failure:
    data = example.data
    post_id = example.post_id or example.task_id or where
    text_field = next((name for name in TEXT_FIELDS if isinstance(data.get(name), str)), "")
    text = as_text(data.get(text_field))
    if text_field == _HTML:
        text = html_to_text(text).text
    pictures = files.find(_image_names(data), example.post_id)
    used = {text_field, *IMAGE_FIELDS, *ID_FIELDS, *_OWN_FIELDS, *example.skip}
    rest = {name: as_text(value) for name, value in data.items() if name not in used}
    label = majority(example.votes)
    votes = "" if label else ", ".join(sorted(vote.strip().lower() for vote in example.votes))
    metadata = {**rest, **example.other_labels, _VOTES: votes}
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
        # Beside a label, it is the moment of labelling.
        created_at="" if "created_at" in example.skip else moment_or_words(data.get("created_at")),
        language=as_text(data.get("language")),
        encoding=encoding,
        metadata=metadata,
        truth={"label": label} if label else {},
    )


def _image_names(data: Object) -> list[str]:
    names: list[str] = []
    for name in IMAGE_FIELDS:
        value = data.get(name)
        names += map(as_text, value if isinstance(value, list) else [value])
    # `images` may repeat what `image` says.
    return [_local_path(name) for name in dict.fromkeys(names) if name][:_MAX_PICTURES]


def _local_path(address: str) -> str:
    """Return the path in `/data/local-files/?d=folder/1.jpg`, or the address itself."""
    try:
        parts = urlsplit(address)
        local = parse_qs(parts.query, max_num_fields=10).get("d", [""])[0]
    except ValueError:
        return address
    return local if local and parts.path.rstrip("/").endswith("local-files") else address


READER: Reader = Annotation()
