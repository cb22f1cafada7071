"""MVSA-Single and MVSA-Multiple: `data/<id>.txt` and `.jpg`, people's labels beside them.

The label file gives each annotator's judgement of the text and of the picture. Source: T. Niu,
S. Zhu, L. Pang, A. El Saddik, "Sentiment Analysis on Multi-View Social Data", MMM 2016.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from mmsa_tui.disk.safety import ignore, walk
from mmsa_tui.errors import SourceError
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources.base import Example, Match, Reader, ReadOptions
from mmsa_tui.sources.files.encodings import UndecodableError, decode
from mmsa_tui.sources.labels_beside import labels_beside
from mmsa_tui.sources.readers.pairs import look_for_pairs, name_unread, pair_files, read_pairs

LABEL_FILE = "labelResultAll.txt"
_MAX_LABEL_BYTES = 64 << 20
_NEUTRAL = "neutral"
_NAMED = 20
"""Lines that a note names; it counts all."""
_UNREADABLE = "\ufffd"
_SEPARATORS = re.compile(r"[\t, ]+")


def merge(text: str, image: str) -> str:
    """Merge people's labels of text and picture into one of the post.

    The standard rule: equal labels stand, neutral yields to a polar one, and opposite poles have
    no common label.

    Returns:
        The label, or "" where the pair is to be dropped.
    """
    if text == image or image == _NEUTRAL:
        return text
    return image if text == _NEUTRAL else ""


def majority(labels: Iterable[str]) -> str:
    """Return the label that more than half of the annotators gave, or ""."""
    counts = Counter(labels)
    if not counts:
        return ""
    label, count = counts.most_common(1)[0]
    return label if 2 * count > counts.total() else ""


def is_label_header(line: str) -> bool:
    """Whether a line opens the label file: `ID`, then `text` and `image` for every annotator."""
    first, *names = _SEPARATORS.split(line.strip().lower())
    return first == "id" and bool(names) and names == ["text", "image"] * (len(names) // 2)


def read_truth(path: Path, note: Callable[[str], None] = ignore) -> dict[str, Mapping[str, str]]:
    """Read the label file: id -> people's labels of `text`, `image` and `post`.

    One `text,image` column is MVSA-Single, three are MVSA-Multiple (majority per modality); a
    kind without a majority, and a post whose poles are opposite, are left out.

    Args:
        note: is told which lines are left out as they are no id with as many labels as the others.

    Raises:
        SourceError: it cannot be read.
    """
    rows: list[tuple[int, str, list[str]]] = []
    for number, line in enumerate(_label_lines(path), start=1):
        post_id, *labels = _SEPARATORS.split(line.strip().lower())
        if post_id != "id" and line.strip():
            rows.append((number, post_id, labels))
    counts = Counter(len(labels) for *_, labels in rows if labels and len(labels) % 2 == 0)
    usual = max(counts, key=lambda count: (counts[count], count), default=0)
    truth: dict[str, Mapping[str, str]] = {}
    broken: list[int] = []
    again: list[int] = []
    for number, post_id, labels in rows:
        if len(labels) != usual or not post_id or not all(labels) or _UNREADABLE in post_id + "".join(labels):
            broken.append(number)
            continue
        kinds = {"text": majority(labels[0::2]), "image": majority(labels[1::2])}
        if kinds["text"] and kinds["image"]:
            kinds["post"] = merge(kinds["text"], kinds["image"])
        judged = {kind: label for kind, label in kinds.items() if label}
        if truth.setdefault(post_id, judged) != judged:
            again.append(number)
    for what, numbers in (
        ("without an id or all its labels, left out", broken),
        ("that label an id once more, and otherwise, left out", again),
    ):
        if numbers:
            named = ", ".join(map(str, numbers[:_NAMED])) + ("…" if len(numbers) > _NAMED else "")
            note(f"lines of {path.name} {what}: {len(numbers):,} ({named})")
    return truth


def _label_lines(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_LABEL_BYTES)
        return decode(data).text.splitlines()
    except UndecodableError as error:
        lines = data.decode("utf-8", "replace").splitlines()
        # A damaged byte or a few cost their lines.
        if b"\0" in data or sum(_UNREADABLE in line for line in lines) > 0.1 * len(lines) + 1:
            raise SourceError(f"{path} cannot be read: {error}", "Repair it or move it away.") from error
        return lines
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error}", "Repair it or move it away.") from error


class MvsaReader:
    """Reads a folder in the layout of MVSA; `LABEL`s of an enriched spreadsheet come along."""

    name = "mvsa"
    title = "MVSA (Single or Multiple)"
    takes_encoding = True
    example = Example(
        "7",
        {
            "labelResultAll.txt": "ID\ttext,image\n7\tpositive,neutral\n",
            "data/7.txt": "A fine day",
            "data/7.jpg": "",
        },
        author="",
        created_at="",
    )

    def detect(self, source: Path) -> Match | None:
        if not source.is_dir():
            return None
        labels = _child(_root_of(source), LABEL_FILE)
        if labels is not None:
            where = labels.relative_to(source).as_posix()
            return Match(self.name, 96, f"{where} holds people's labels by id")
        data = _child(source, "data")
        if data is not None and data.is_dir() and look_for_pairs(data).both:
            return Match(self.name, 80, "data/ holds texts and pictures with equal names")
        return None

    def read(self, source: Path, options: ReadOptions) -> Iterator[Post | Failure]:
        root = _root_of(source.resolve())
        data = _child(root, "data") or root
        if not data.is_dir():
            raise SourceError(f"{source} is not a folder", "Point at the folder that holds data/.")
        labels = _child(root, LABEL_FILE)
        truth = read_truth(labels, options.note) if labels is not None else {}
        enriched = _enriched_labels(root, options)
        pairs = pair_files(walk(data, options.note))
        if labels is None and not enriched:
            files = [path.name for path in root.iterdir() if path.is_file()]
            stems = {pair.key.rpartition("/")[2].lower() for pair in pairs}
            texts = [name for name in files if name.lower().endswith(".txt")]
            truth, taken = labels_beside(root, files, stems, options, texts)
            name_unread((name for name in files if name not in taken), options)
        unseen = set(truth)
        unlabelled = 0
        for item in read_pairs(data, pairs, options.encoding):
            key = item.post_id.lower()
            unseen.discard(key)
            unlabelled += isinstance(item, Post) and key not in truth
            if isinstance(item, Post) and (key in truth or key in enriched):
                kinds = dict(truth.get(key, {}))
                if key in enriched:
                    kinds["label"] = enriched[key]
                item = replace(item, truth=kinds)
            yield item
        source_of_labels = LABEL_FILE if labels is not None else "the file of labels"
        if truth and unlabelled:
            options.note(f"posts of which {source_of_labels} has no label: {unlabelled:,}")
        if unseen:
            options.note(f"{source_of_labels} labels {len(unseen):,} ids that have no file")


def _root_of(source: Path) -> Path:
    """Return the folder with the label file: the source, or the only one in it, as archives have it."""
    if not source.is_dir() or _child(source, LABEL_FILE) is not None:
        return source
    try:
        below = [path for path in source.iterdir() if path.is_dir() and not path.is_symlink()]
    except OSError:
        return source
    found = [path for path in below[:100] if _child(path, LABEL_FILE) is not None]
    return found[0] if len(found) == 1 else source


def _child(folder: Path, name: str) -> Path | None:
    """Find an entry of `folder` whatever the case of its name; links are not followed."""
    try:
        found = sorted(entry for entry in folder.iterdir() if entry.name.lower() == name.lower())
    except OSError:
        return None
    return next((entry for entry in found if not entry.is_symlink()), None)


def _enriched_labels(root: Path, options: ReadOptions) -> Mapping[str, str]:
    # openpyxl is only imported where a spreadsheet lies beside the label file.
    from mmsa_tui.sources.readers.enriched import find_workbook, read_labels

    workbook = find_workbook(root)
    if workbook is None:
        return {}
    options.note(f"labels of {workbook.name} are read as well")
    return read_labels(workbook)


READER: Reader = MvsaReader()
