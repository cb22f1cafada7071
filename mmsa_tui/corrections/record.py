"""One correction as the plain values of a line or a row, and back.

Knows the fields and what each may hold; knows no file and no store.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mmsa_tui.decoding import DecodingError, from_json, to_kind
from mmsa_tui.export.cells import clean, cut
from mmsa_tui.records import FACTS, Correction, Fact

FORMAT_VERSION = 1
"""Raised when a field changes its meaning; a record with a higher one is not guessed at."""

COLUMNS = (
    *("post_id", "text", "old_label", "new_label", "analyst", "created_at", "note", "flagged"),
    *("bundle", "labels", "probs", "content_hash", "uid", "format", "origin", "facts"),
)

_AHEAD = timedelta(days=1)
"""How far a laptop's clock may run ahead: a time without a zone may mean any."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# These are compared byte by byte, so they must be what every database and file can hold.
_PLAIN = ("uid", "content_hash", "new_label", "old_label", "bundle", "origin")


class RecordError(ValueError):
    """A line or row that is no correction; the message says why."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A correction from a file, and the labels it chose from, in the order of its `probs`.

    `labels` is empty where the file does not say. `codebook` names the one that it was given under, "" for
    the default one and in files of before there were others.
    """

    correction: Correction
    labels: tuple[str, ...] = ()
    codebook: str = ""


def describe(correction: Correction, labels: Sequence[str], codebook: str = "") -> dict[str, object]:
    """Describe a correction with values that JSON has.

    Args:
        labels: those of its bundle.
        codebook: the name of its codebook; "" for the default one, which goes without saying.
    """
    return {
        "post_id": correction.post_id,
        "text": correction.text,
        "old_label": correction.old_label,
        "new_label": correction.new_label,
        "analyst": correction.analyst,
        "created_at": correction.created_at,
        "note": correction.note,
        "flagged": correction.flagged,
        "bundle": correction.bundle,
        "labels": list(labels),
        "probs": list(correction.probs),
        "content_hash": correction.content_hash,
        "uid": correction.uid,
        "format": FORMAT_VERSION,
        "origin": correction.origin,
        "facts": list(correction.facts),
        **({"codebook": codebook} if codebook else {}),
    }


def parse(values: Mapping[str, Any]) -> Incoming:
    """Rebuild a correction from what `describe` gave, be it JSON values or the texts of cells.

    A record without a uid, such as one typed into a workbook, gets one made of its content, so that
    importing it twice adds it once.

    Raises:
        RecordError: it is from a newer program, or a field is missing or cannot be what it says.
    """
    try:
        # Cells and notes keep every character; what nobody can walk through or print is refused.
        values = to_kind(dict(values), dict[str, Any], surrogates="keep")
    except DecodingError as error:
        raise RecordError(str(error)) from error
    _check_version(values.get("format", ""))
    for name in ("content_hash", "new_label"):
        if name not in values:
            raise RecordError(f"it has no {name}")
    texts = {name: _text(values, name) for name in (*_PLAIN, "created_at")}
    if not texts["content_hash"]:
        raise RecordError("it names no post: content_hash is empty")
    for name, text in texts.items():
        if "\0" in text or not _is_unicode(text):
            raise RecordError(f"{name} is not text")
    labels = _labels(values.get("labels", ""))
    probs = _probs(values.get("probs", ""))
    if labels and probs and len(labels) != len(probs):
        raise RecordError(f"it has {len(probs)} probabilities for {len(labels)} labels")
    correction = Correction(
        uid=texts["uid"],
        content_hash=texts["content_hash"],
        new_label=texts["new_label"],
        old_label=texts["old_label"],
        probs=probs,
        bundle=texts["bundle"],
        analyst=_text(values, "analyst"),
        created_at=check_time(texts["created_at"]),
        note=_text(values, "note"),
        flagged=_truth(values.get("flagged", "")),
        post_id=_text(values, "post_id"),
        text=_text(values, "text"),
        origin=texts["origin"],
        facts=_facts(values.get("facts", "")),
    )
    if not correction.uid:
        made_of = json.dumps([_meaning(correction), correction.created_at])
        uid = "typed:" + hashlib.blake2b(made_of.encode(), digest_size=16).hexdigest()
        correction = replace(correction, uid=uid)
    return Incoming(correction, labels, _text(values, "codebook"))


def fingerprint(correction: Correction) -> bytes:
    """Sum up what a correction says, the same before and after a trip through a workbook."""
    return hashlib.blake2b(json.dumps(_meaning(correction)).encode(), digest_size=12).digest()


def time_us(correction: Correction) -> int:
    """Tell when it was made, in microseconds since 1970; an empty time counts as 1970."""
    if not correction.created_at:
        return 0
    moment = datetime.fromisoformat(correction.created_at)
    # A time without a zone is UTC, as in the store.
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1)


def cell(text: str) -> str:
    """Make a text what a cell of a workbook can hold; changes nothing that it could hold already."""
    return cut(clean(text.replace("\r\n", "\n").replace("\r", "\n")))


def _meaning(correction: Correction) -> list[object]:
    # Excel drops white space around what someone types; a note cut to the size of a cell is the
    # same note.
    return [
        correction.content_hash,
        correction.new_label,
        cell(correction.analyst).strip(),
        cell(correction.note).strip(),
        correction.flagged,
    ]


def _check_version(value: object) -> None:
    if value in ("", None):
        return
    try:
        version = int(str(value))
    except ValueError as error:
        raise RecordError(f"its format is {str(value)[:20]!r}, not a number") from error
    if version > FORMAT_VERSION:
        raise RecordError(
            f"it was written by a newer mmsa (format {version}, this one reads {FORMAT_VERSION}):"
            " update mmsa-tui"
        )


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name, "")
    if value is None:
        return ""
    # A program that took an id for a number is forgiven; a list or a truth value is a mistake.
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise RecordError(f"{name} is not text")
    return str(value)


def _truth(value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value if value is not None else "").strip().lower()
    if word in ("", "false", "no", "0"):
        return False
    if word in ("true", "yes", "1"):
        return True
    raise RecordError(f"flagged is {word[:20]!r}, neither true nor false")


def check_time(text: str) -> str:
    """Pass on when a correction was made; empty is now.

    One far in the future would outrank whatever anybody decides from now on.

    Raises:
        RecordError: it is no time, one that UTC cannot hold, or more than a day in the future.
    """
    if not text:
        return ""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise RecordError(f"its time is {text[:40]!r}; write it as in 2024-05-01T14:03:00+00:00") from error
    try:
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as error:
        raise RecordError(
            f"its time is {text[:40]!r}, no time that UTC can hold: empty uid and created_at to date it now"
        ) from error
    if moment - datetime.now(UTC) > _AHEAD:
        raise RecordError(
            f"its time is {text[:40]!r}, more than a day in the future: set the clock of the laptop it comes"
            " from, and empty its uid and created_at to date it now"
        )
    return text


def _labels(value: object) -> tuple[str, ...]:
    found = _list(value, "labels")
    are_words = all(isinstance(label, str) and label and _is_unicode(label) for label in found)
    if not are_words or len(set(found)) != len(found):
        raise RecordError("labels is not a list of different words")
    return tuple(found)


def _probs(value: object) -> tuple[float, ...]:
    found = _list(value, "probs")
    if not all(isinstance(prob, int | float) and not isinstance(prob, bool) for prob in found):
        raise RecordError("probs is not a list of numbers")
    probs = tuple(float(prob) for prob in found)
    if not all(math.isfinite(prob) and 0 <= prob <= 1 for prob in probs):
        raise RecordError("a probability is not between 0 and 1")
    return probs


def _facts(value: object) -> tuple[Fact, ...]:
    found = _list(value, "facts")
    # One by one: what a hostile file puts into the list may be of a kind that no set takes.
    if not all(fact in FACTS for fact in found):
        raise RecordError(f"facts is {found!r:.80}, not some of {', '.join(FACTS)}")
    return tuple(fact for fact in FACTS if fact in found)


def _list(value: object, name: str) -> list[Any]:
    if isinstance(value, str):
        # In a workbook a list is the JSON text of it.
        try:
            value = from_json(value, list[Any]) if value.strip() else []
        except DecodingError as error:
            raise RecordError(f"{name} is not a list: {error}") from error
    if value is None:
        return []
    if not isinstance(value, list):
        raise RecordError(f"{name} is not a list")
    return value


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)
