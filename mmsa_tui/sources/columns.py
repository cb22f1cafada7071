"""Which column of a table holds the text, the picture, the id: by name, then by what is in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mmsa_tui.errors import UsageError

KINDS = ("text", "image", "id")
"""What `--map` may name."""

# Within a kind the first that is there wins; compared without case, spaces, `_`, `-` and dots.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "text": (
        "fulltext", "text", "tweettext", "posttext", "tweet", "content", "rawcontent", "body",
        "caption", "message", "statustext", "comment", "post", "sentence", "title",
    ),
    "image": (
        "image", "images", "imagepath", "imagefile", "picture", "pictures", "photo", "photos", "img",
        "media", "mediapath", "mediafile", "filename", "file",
    ),
    "id": ("id", "idstr", "tweetid", "postid", "statusid", "itemid", "messageid"),
    "author": (
        "author", "username", "screenname", "userscreenname", "authorusername", "authorname", "handle",
        "user",
    ),
    "created_at": ("createdat", "date", "timestamp", "datetime", "postedat", "publishedat", "time"),
    "language": ("lang", "language"),
    "label": ("label", "sentiment", "polarity"),
}  # fmt: skip
_OWN_EXPORT = frozenset(["final_label", "corrected_label", "bundle"])
"""Where these stand together, `label` is a model's and no truth."""

_WORDS = re.compile(r"[^\W\d_]{2,}")
_MIN_WORDS = 2.5
_LOOK_AT_COLUMNS = 1_000


@dataclass(frozen=True, slots=True)
class Roles:
    """The column that holds each thing, "" where there is none; `guessed`: text by its content."""

    text: str = ""
    image: str = ""
    id: str = ""
    author: str = ""
    created_at: str = ""
    language: str = ""
    label: str = ""
    guessed: bool = False


def unique_names(header: Iterable[str]) -> list[str]:
    """Name every column: `column_3` for one without a name, `text_2` for a repeated one."""
    names: dict[str, None] = {}
    for place, cell in enumerate(header, start=1):
        base = " ".join(cell.split())[:200] or f"column_{place}"
        name, number = base, 1
        while name in names:
            number += 1
            name = f"{base}_{number}" if number < 100 else f"{base}_{place}"
        names[name] = None
    return list(names)


def is_own_export(columns: Iterable[str]) -> bool:
    """Whether these are the columns of a table that `mmsa classify` wrote."""
    return _OWN_EXPORT.issubset(columns)


def choose_roles(
    columns: Sequence[str], sample: Sequence[Mapping[str, str]], mapped: Mapping[str, str]
) -> Roles:
    """Decide which column is what.

    Args:
        columns: the names of the table's columns.
        sample: some rows, to recognise text where no name tells.
        mapped: the user's `--map`; it wins, and names columns without regard to case.

    Raises:
        UsageError: `mapped` names a kind or a column that is not there.
    """
    chosen = {kind: _mapped(kind, name, columns) for kind, name in mapped.items()}
    spelled: dict[str, str] = {}
    for name in columns:
        spelled.setdefault(re.sub(r"[\s_.\-]", "", name).lower(), name)
    taken = set(chosen.values())
    for kind, names in _NAMES.items():
        found = (spelled[word] for word in names if word in spelled)
        if kind not in chosen:
            fits = (name for name in found if name not in taken and _fits(kind, name, sample))
            chosen[kind] = next(fits, "")
    if is_own_export(columns):
        chosen["label"] = ""
    guessed = False
    if not chosen["text"]:
        rest = [name for name in columns[:_LOOK_AT_COLUMNS] if name not in chosen.values()]
        chosen["text"] = _wordiest(rest, sample)
        guessed = bool(chosen["text"])
    return Roles(**chosen, guessed=guessed)


def _mapped(kind: str, name: str, columns: Sequence[str]) -> str:
    if kind not in KINDS:
        raise UsageError(f"--map knows no {kind!r}", f"It takes {', '.join(KINDS)}.")
    found = name if name in columns else next((c for c in columns if c.lower() == name.lower()), "")
    if not found:
        shown = ", ".join(columns[:30]) + (", …" if len(columns) > 30 else "")
        raise UsageError(f"There is no column {name!r} to take the {kind} from", f"Columns: {shown}")
    return found


def _fits(kind: str, name: str, sample: Sequence[Mapping[str, str]]) -> bool:
    """Whether a column of a promising name is not plainly something else."""
    values = [value for row in sample if (value := row.get(name, ""))]
    if kind == "text" and values:
        # A column `tweet` or `post` may hold ids or addresses.
        return not all(value.strip().isdigit() or value.startswith("http") for value in values)
    if kind == "label" and values:
        return all(len(value) <= 30 and value.strip().isalpha() for value in values)
    return True


def _wordiest(columns: Sequence[str], sample: Sequence[Mapping[str, str]]) -> str:
    """Return the column with the most words in a cell, "" if none reads like sentences."""
    best, most = "", _MIN_WORDS
    for name in columns:
        values = [value for row in sample if (value := row.get(name, "")).strip()]
        words = sum(len(_WORDS.findall(value[:2_000])) for value in values)
        if values and words / len(values) > most:
            best, most = name, words / len(values)
    return best
