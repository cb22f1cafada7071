"""A codebook as a value: labels in their order, each with what it means. Knows no file and no store."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from mmsa_tui.config import DEFAULT_CODEBOOK, is_codebook_name
from mmsa_tui.decoding import DecodingError, to_kind
from mmsa_tui.errors import UsageError
from mmsa_tui.text.display import safe

N_NUMBERED = 9
"""Labels that a digit gives."""
LETTERS = "abcdefghijklmnopqrstuvwxyz"
"""Which letter gives which label in the list that 0 opens."""
MAX_LABELS = len(LETTERS)
MAX_TEXT = 4000
"""Characters of a definition, an example or a title: a page of a printed codebook."""
MAX_EXAMPLES = 50

# Labels are names of columns (`p_for`), words of the filter language and cells of workbooks: what could
# start a formula or a tag, or be taken for a sign of that language, is no part of one.
_LABEL = re.compile(r"[^\W_][\w.-]*(?: [\w.-]+)*")
_MAX_LABEL = 40
_TAKEN = frozenset({"none", "any", "all"})
"""Words with which filters ask for no label, or for whichever."""


class CodebookError(UsageError):
    """What is said of a codebook cannot be one."""


@dataclass(frozen=True, slots=True)
class CodebookLabel:
    """One label: its `name` in every table, what it means, posts that have it, the key that gives it.

    `key` "" is that of its place, see `keys_of_place`.
    """

    name: str
    definition: str = ""
    examples: tuple[str, ...] = ()
    key: str = ""


@dataclass(frozen=True, slots=True)
class Codebook:
    """The labels of a study, in the order in which they are counted and shown.

    `revision` rises when a label is added, taken away, renamed or moved: a model that learned the labels
    of another revision gives answers of another codebook. `start` names the bundle from whose encoders its
    models start, "" the default one.
    """

    name: str
    labels: tuple[CodebookLabel, ...]
    title: str = ""
    revision: int = 1
    start: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The labels as class indices follow them."""
        return tuple(label.name for label in self.labels)

    @property
    def is_default(self) -> bool:
        return self.name == DEFAULT_CODEBOOK

    @property
    def unlearned_id(self) -> str:
        """What stands in a bundle's place while the codebook has no model."""
        return f"{self.name} {self.revision}.0"

    def keys(self) -> dict[str, str]:
        """Give the actions of the app that label by place the labels' own keys, beside the numbers."""
        return {
            f"label_{number}": f"{number},{label.key}" if number <= N_NUMBERED else label.key
            for number, label in enumerate(self.labels, start=1)
            if label.key and label.key != str(number)
        }

    def keys_shown(self) -> list[str]:
        """Write how each label is given in the app: by the keys of its place, and by its own."""
        return [
            f"{keys_of_place(place)} {label.key}".strip() if label.key != str(place) else label.key
            for place, label in enumerate(self.labels, start=1)
        ]


def keys_of_place(place: int) -> str:
    """Write the keys that give the label at a place, from 1: its number, or 0 and a letter of the list."""
    return str(place) if place <= N_NUMBERED else f"0{LETTERS[place - 1]}"


@dataclass(frozen=True, slots=True)
class _Fields:
    """A codebook as a file holds it; what is not named here is refused."""

    name: str
    labels: list[_LabelFields]
    title: str = ""
    revision: int = 1
    start: str = ""


@dataclass(frozen=True, slots=True)
class _LabelFields:
    name: str
    definition: str = ""
    examples: list[str] = field(default_factory=list)
    key: str = ""


def check_codebook(codebook: Codebook) -> Codebook:
    """Let a codebook pass that can be used.

    Raises:
        CodebookError: a name, a label or a key cannot be one, or two are the same; says which.
    """
    if not codebook.is_default and not is_codebook_name(codebook.name):
        raise CodebookError(
            f"{safe(codebook.name[:60])!r} cannot be the name of a codebook",
            "Use small letters, digits and hyphens, 40 at most, as in `stance`; --title holds any words.",
        )
    if not 2 <= len(codebook.labels) <= MAX_LABELS:
        raise CodebookError(
            f"a codebook has from 2 to {MAX_LABELS} labels, this one {len(codebook.labels)}",
            "With one label there is nothing to tell apart: add what the other posts are, such as `other`."
            if len(codebook.labels) < 2
            else "The list of labels has a letter for each: make finer labels a second codebook.",
        )
    for label in codebook.labels:
        _check_label(label)
    _refuse_twice([label.name.casefold() for label in codebook.labels], "two labels are called {}")
    numbers = [str(place) for place in range(1, min(len(codebook.labels), N_NUMBERED) + 1)]
    own = [
        label.key for place, label in enumerate(codebook.labels, start=1) if label.key not in ("", str(place))
    ]
    _refuse_twice([*numbers, *own], "two labels have the key {}")
    for text in (codebook.title, codebook.start):
        _check_text(text, "the title")
    return codebook


def _refuse_twice(values: Sequence[str], what: str) -> None:
    for value, number in Counter(values).items():
        if number > 1:
            raise CodebookError(what.format(value), "Give each its own.")


def _check_label(label: CodebookLabel) -> None:
    name = label.name
    if len(name) > _MAX_LABEL or not _LABEL.fullmatch(name):
        raise CodebookError(
            f"{safe(name[:60])!r} cannot be a label",
            f"Use letters, digits, spaces, dots and hyphens, {_MAX_LABEL} characters at most;"
            " what it means stands in its definition.",
        )
    if name.casefold() in _TAKEN:
        raise CodebookError(
            f"{name!r} cannot be a label: filters ask with it for posts without one",
            "Call it `neither` or `other`.",
        )
    if label.key and (len(label.key) != 1 or not label.key.isprintable() or label.key.isspace()):
        raise CodebookError(
            f"{safe(label.key[:20])!r} cannot be the key of {name}", "Use one letter, digit or sign."
        )
    if len(label.examples) > MAX_EXAMPLES:
        raise CodebookError(
            f"{name} has {len(label.examples)} examples", f"{MAX_EXAMPLES} are the most: keep the clearest."
        )
    _check_text(label.definition, f"the definition of {name}")
    for example in label.examples:
        _check_text(example, f"an example of {name}")


def _check_text(text: str, what: str) -> None:
    if len(text) > MAX_TEXT:
        raise CodebookError(
            f"{what} has {len(text):,} characters", f"{MAX_TEXT:,} are the most: people have to read it."
        )
    if any("\ud800" <= char <= "\udfff" or char == "\0" for char in text):
        raise CodebookError(f"{what} is not text", "Save the file as UTF-8.")


def to_fields(codebook: Codebook) -> dict[str, Any]:
    """Describe a codebook with values that JSON and TOML have."""
    fields = asdict(codebook)
    return {
        **fields,
        "labels": [{**label, "examples": list(label["examples"])} for label in fields["labels"]],
    }


def from_fields(fields: Mapping[str, Any]) -> Codebook:
    """Undo `to_fields`.

    Raises:
        CodebookError: a field is missing or of another kind, or it is no codebook that can be used.
    """
    unknown = [name for name in fields if name not in _Fields.__dataclass_fields__]
    if unknown:
        raise CodebookError(
            f"a codebook has no {safe(unknown[0][:40])!r}",
            f"It has {', '.join(_Fields.__dataclass_fields__)}.",
        )
    try:
        found = to_kind(dict(fields), _Fields)
    except DecodingError as error:
        raise CodebookError(
            f"it is no codebook: {error}", "`mmsa codebook show` writes one to go by."
        ) from error
    labels = tuple(
        CodebookLabel(one.name, one.definition, tuple(one.examples), one.key) for one in found.labels
    )
    if not 1 <= found.revision <= 1_000_000:
        raise CodebookError(f"its revision is {found.revision}", "Leave the revision out: mmsa counts it.")
    return check_codebook(Codebook(found.name, labels, found.title, found.revision, found.start))
