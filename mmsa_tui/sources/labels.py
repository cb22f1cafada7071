"""A file of people's labels: post id -> what people judged it to be, by kind.

Kinds are `label` (one judgement of unknown scope), `post`, `text` and `image`. Takes tables, our own
exports, files of Label Studio, doccano, Prodigy and Argilla, and plain lists of an id and a label.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from mmsa_tui.errors import SourceError
from mmsa_tui.sources.fields.lookup import as_text
from mmsa_tui.sources.files.encodings import UndecodableError, decode
from mmsa_tui.sources.files.ndjson import read_entries, sample_records
from mmsa_tui.sources.label_tables import (
    MAX_WORDS,
    NOTE,
    Vote,
    id_of_label,
    votes_of_examples,
    votes_of_table,
)
from mmsa_tui.sources.label_words import TRIO, LabelMap, propose_map, spelled
from mmsa_tui.sources.readers.annotation.tools import Labelled, is_example, read_example
from mmsa_tui.sources.readers.mvsa import is_label_header, merge, read_truth
from mmsa_tui.sources.unpacked import holds_folder

KINDS = ("label", "post", "text", "image")

_PAIR = re.compile(
    r"(?P<id>[^\t,;|]*?[0-9][^\t,;|]*?)\s*(?:[\t,;|]|\s(?=\S+$))\s*(?P<label>[^\t,;|\s]{1,30})"
)
_PATH = re.compile(r"^.*[/\\]|(?:(?<=\d{15})[-_]\d{1,2})?\.[A-Za-z]{2,4}$")
"""The path of a picture names its post by its stem, `5512/768730000000001-1.jpg` the first of one."""
_TURNED = re.compile(r"(?P<label>[^\W\d_][\w-]{0,29})\s*[:\t,;|]\s*(?P<id>\d{5,})")
"""A label before the id: `true:656818591163256832`, as of Twitter15 and Twitter16."""
_WORDED = re.compile(r"(?P<word>[^\W\d_][\w.-]{0,39}?[\W_])(?P<id>\d{5,})")
_JSON_LABELS = ("label", "sentiment", "gold", "polarity", "class", "annotation")
_MAX_BYTES = 64 << 20


@dataclass(slots=True)
class LabelFile:
    """People's labels, and what became of the words that they were written in.

    `labels` are post id -> kind -> label; words that no map knows are in there as they stand, and
    counted in `unknown`. `undecided` counts posts on which as many people said one thing as
    another. `notes` are sentences for the user, `remarks` by post id what people noted beside their labels.
    """

    labels: dict[str, dict[str, str]]
    map: LabelMap
    unknown: Counter[str] = field(default_factory=Counter)
    undecided: int = 0
    notes: list[str] = field(default_factory=list)
    remarks: dict[str, str] = field(default_factory=dict)


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
    if holds_folder(path):
        raise SourceError(
            f"labels file {path} is a zip archive of several files",
            "Unpack it and give each file of labels: those of several people are taken one by one.",
        )
    notes: list[str] = []
    said = list(_votes(path, encoding, notes))
    votes = [vote for vote in said if vote.kind != NOTE]
    map_ = propose_map((vote.word for vote in votes), labels, stated)
    result = _counted(votes, map_, stated or {}, notes)
    result.remarks.update((vote.post_id, vote.word) for vote in said if vote.kind == NOTE)
    if not result.labels:
        raise SourceError(
            f"labels file {path} has no usable rows: an id and a label in each",
            "Name its columns id, and label, post_label, text_label or image_label.",
        )
    if shown := map_.describe():
        notes.insert(0, shown)
    found = {spelled(vote.word) for vote in votes}
    if idle := [word for word in stated or () if spelled(word) not in found]:
        notes.append(f"words of --labels-map that {path.name} does not hold: {', '.join(idle)}")
    if result.undecided:
        notes.append(
            f"posts on which as many people said one thing as another: {result.undecided:,}, left out"
        )
    if result.unknown:
        named = ", ".join(f"{word} ({count:,})" for word, count in result.unknown.most_common(5))
        notes.append(f"words that are no label: {named}; say what they mean with --labels-map WORD=LABEL")
    return result


def name_as_posts(found: LabelFile, known: Callable[[list[str]], Collection[str]]) -> None:
    """Take the word off that stands before every id (`tweet_1918…`), where only then they are ids of posts.

    Args:
        known: of the ids that it is given, those that posts have.
    """
    if not found.labels or known(list(found.labels)):
        return
    matches = {post_id: _WORDED.fullmatch(post_id) for post_id in found.labels}
    words = {match["word"] if match else "" for match in matches.values()}
    bare = {post_id: match["id"] for post_id, match in matches.items() if match}
    if len(words) > 1 or "" in words or len(set(bare.values())) < len(bare):
        return
    if 2 * len(known(list(bare.values()))) < len(bare):
        return
    found.labels = {bare[post_id]: kinds for post_id, kinds in found.labels.items()}
    found.remarks = {bare.get(post_id, post_id): said for post_id, said in found.remarks.items()}
    found.notes.append(f"ids are taken without the {words.pop()!r} before each: so the posts are called")


def _votes(path: Path, encoding: str, notes: list[str]) -> Iterator[Vote]:
    with path.open("rb") as file:
        start = file.readline(200)
    if is_label_header(start.decode("utf-8", "replace")):
        for post_id, kinds in read_truth(path, notes.append).items():
            yield from (Vote(post_id, kind, label) for kind, label in kinds.items() if label)
        return
    sample = sample_records(path)
    if any(map(is_example, sample)):
        yield from votes_of_examples(_examples(path), notes)
    elif (plain := _plain_json(path)) is not None:
        yield from (Vote(id_of_label(post_id), "label", word) for post_id, word in plain)
    elif not sample and (pairs := _pairs(path, encoding)):
        yield from (Vote(id_of_label(post_id), "label", word) for post_id, word in pairs)
    else:
        yield from votes_of_table(path, encoding, notes)


def _counted(votes: Iterable[Vote], map_: LabelMap, stated: Mapping[str, str], notes: list[str]) -> LabelFile:
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
    _leave_out_totals(by_post, result)
    for post_id, kinds in by_post.items():
        decided = {kind: label for kind, counts in kinds.items() if (label := _most(counts))}
        result.undecided += len(decided) < len(kinds)
        parts = decided.get("text", ""), decided.get("image", "")
        if "post" not in decided and all(parts) and (merged := merge(*parts)):
            decided["post"] = merged
        if decided:
            result.labels[post_id] = decided
    return result


def _leave_out_totals(by_post: dict[str, dict[str, Counter[str]]], result: LabelFile) -> None:
    """Leave out what stands below the labels and is none: `Total, 3`, where all other ids have digits."""
    odd = [post_id for post_id in by_post if not any(map(str.isdigit, post_id))]
    if not odd or len(odd) > max(1, len(by_post) // 20) or len(odd) == len(by_post):
        return
    for post_id in odd:
        words = [word for counts in by_post[post_id].values() for word in counts]
        if all(word in result.unknown for word in words):
            del by_post[post_id]
            result.unknown.subtract(words)
            result.notes.append(f"a row without an id, left out: {post_id}: {', '.join(words)}")
    result.unknown = +result.unknown


def _most(counts: Counter[str]) -> str:
    ranked = counts.most_common(2)
    return "" if len(ranked) > 1 and ranked[0][1] == ranked[1][1] else ranked[0][0]


def _examples(path: Path) -> Iterator[Labelled]:
    for entry in read_entries(path):
        if entry.value is None:
            raise SourceError(f"labels file {path}: {entry.reason}", "Repair this record and try again.")
        if is_example(entry.value):
            yield read_example(entry.value)


def _plain_json(path: Path) -> list[tuple[str, str]] | None:
    """Return the ids and labels of JSON that holds nothing else, or None if the file is something else.

    By id (`{"71": "positive"}`, `{"71": {"label": …}}`), by label (`{"positive": ["71"]}`) or in pairs.
    """
    with path.open("rb") as file:
        if file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"{", b"["):
            return None
        file.seek(0)
        try:
            value = json.loads(decode(file.read(_MAX_BYTES)).text)
        except (ValueError, RecursionError, UndecodableError):
            return None
    found: list[tuple[object, object]] = []
    if isinstance(value, list) and all(isinstance(item, list) and len(item) == 2 for item in value):
        found = [(item[0], item[1]) for item in value]
    elif isinstance(value, dict) and value and all(isinstance(ids, list) for ids in value.values()):
        found = [(post_id, label) for label, ids in value.items() for post_id in ids]
    elif isinstance(value, dict):
        found = [(post_id, _label_in(said)) for post_id, said in value.items()]
    pairs = [(as_text(post_id), as_text(word)) for post_id, word in found]
    ids = sum(any(map(str.isdigit, post_id)) for post_id, _ in pairs)
    return pairs if 2 * ids > len(pairs) and all(word for _, word in pairs) else None


def _label_in(said: object) -> object:
    """Return the label in what is filed under an id: itself, or what is called so in it."""
    if not isinstance(said, dict):
        return said
    return next((said[name] for name in _JSON_LABELS if name in said), None)


def _pairs(path: Path, encoding: str) -> list[tuple[str, str]]:
    """Return the ids and labels of a file without a header that holds nothing else, or nothing."""
    try:
        with path.open("rb") as file:
            lines = decode(file.read(_MAX_BYTES), encoding).text.split("\n")
    except (OSError, UndecodableError):
        return []
    filled = [line.strip().replace('"', "") for line in lines if line.strip() and line[0] != "#"]
    turned = [_TURNED.fullmatch(line) for line in filled]
    matches = turned if all(turned) else [_PAIR.fullmatch(line) for line in filled]
    pairs = [(match["id"], match["label"]) for match in matches if match]
    if len(pairs) < len(matches):
        pairs = _several(filled)
        matches = matches if pairs else [None]
    words = {word.lower() for _, word in islice(pairs, 10_000)}
    is_list = len(pairs) >= len(matches) and len(words) <= MAX_WORDS
    return [(_PATH.sub("", post_id), word) for post_id, word in pairs] if is_list else []


def _several(lines: Sequence[str]) -> list[tuple[str, str]]:
    """Return id and label for each label of lines that are an id and what each of several people said."""
    for delimiter in ("\t", ";", ","):
        rows = [[cell.strip() for cell in line.split(delimiter)] for line in lines]
        width = len(rows[0]) if rows else 0
        if width > 2 and all(len(row) == width and any(map(str.isdigit, row[0])) for row in rows):
            words = {cell.lower() for row in rows for cell in row[1:]}
            # Years and counts are no labels: words are.
            if not propose_map(words - {""}).unknown:
                return [(row[0], cell) for row in rows for cell in row[1:] if cell]
    return []
