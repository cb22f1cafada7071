"""The fields of the filter language: what each is about and which rows a value stands for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mmsa_tui.filters.errors import FilterError, closest, listed
from mmsa_tui.filters.ranges import date_condition, number_condition
from mmsa_tui.filters.tokens import Value
from mmsa_tui.store import Where, with_hashtag
from mmsa_tui.text.hashtags import SIGNS, is_hashtag, key_of
from mmsa_tui.text.phrases import core, is_open

NO_LABEL = "none"


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    `offers` are values worth completing, each with what it means; `is_main` fields come first
    in a list. Where `takes_pattern`, a value may be a regular expression.
    """

    name: str
    help: str
    example: str
    to_condition: Callable[[Value], Where]
    offers: tuple[tuple[str, str], ...] = ()
    is_main: bool = False
    takes_pattern: bool = False


MEANT: Mapping[str, str] = {
    "confidence": "conf", "certainty": "conf", "probability": "conf", "score": "conf",
    "sentiment": "label", "class": "label", "final": "label", "predicted": "model", "prediction": "model",
    "mine": "corrected", "correction": "corrected", "my": "corrected",
    "user": "author", "from": "author", "username": "author", "by": "author",
    "language": "lang", "created": "date", "time": "date", "day": "date", "since": "date", "until": "date",
    "picture": "has:image", "image": "has:image", "photo": "has:image",
    "ocr": "image_text",
    "flag": "is:flagged", "flagged": "is:flagged", "conflict": "is:conflict", "notes": "note",
    "tag": "hashtag", "hashtags": "hashtag",
    "duplicate": "is:duplicate", "retweet": "is:retweet", "column": "col",
}  # fmt: skip
"""What people call a field, and its name here; some stand for a condition as a whole."""

_MEANT_WORDS: Mapping[str, str] = {
    "picture": "image", "pictures": "image", "images": "image", "photo": "image", "pic": "image",
    "media": "image", "url": "link", "links": "link", "hashtags": "hashtag", "tag": "hashtag",
    "words": "text", "handle": "mention", "user": "author", "flag": "flagged", "label": "classified",
    "correction": "corrected", "labelled": "corrected", "labeled": "corrected", "copy": "duplicate",
    "disagreement": "conflict", "error": "failed",
}  # fmt: skip
"""What people say has or is, and the word for it here."""


def fields(labels: Sequence[str], columns: Sequence[str] = ()) -> dict[str, Field]:
    """List all fields by name in small letters, the main ones first.

    Args:
        columns: the source's own; those with a name of one word are fields too, unless there is one
            of that name.
    """
    found = {field.name.lower(): field for field in _own_fields(labels)}
    for column in columns:
        if _FIELD_NAME.fullmatch(column):
            found.setdefault(column.lower(), _column_field(column))
    return found


def _own_fields(labels: Sequence[str]) -> list[Field]:
    return [
        _label_field(
            "label", "final_label", "what the post counts as: an analyst's label, else the model's", labels
        ),
        _number_field("conf", "confidence", "confidence of the model, 0 to 1 or in %", "conf:<0.6"),
        _words_field("has", _HAS, "what a post has", "has:image"),
        _words_field("is", _IS, "what is so about a post", "is:conflict"),
        Field(
            "author",
            "who wrote it; * stands for anything",
            "author:@x",
            _author,
            (("*", "anyone named"),),
            True,
            takes_pattern=True,
        ),
        Field(
            "date", "when, in UTC: a year, month, day, or a range", "date:>=2024-05-01", _date, _DATES, True
        ),
        Field(
            "hashtag",
            "a hashtag of the text, in any spelling; vot* for any that begins so",
            "hashtag:vote",
            _hashtag,
            (("*", "any hashtag"),),
        ),
        Field("note", "words in a note; * for any note", "note:*", _note, (("*", "any note"),), True, True),
        Field(
            "image_text",
            "words read in the pictures; * for any",
            "image_text:*",
            _image_text,
            (("*", "any words"),),
            takes_pattern=True,
        ),
        _label_field(
            "model", "label", "what the model says, whatever an analyst said", labels, is_main=False
        ),
        _label_field(
            "corrected", "corrected_label", "what an analyst said; * for anything", labels, is_main=False
        ),
        _label_field("text_label", "text_label", "what the text alone says", labels, is_main=False),
        _label_field("image_label", "image_label", "what the pictures alone say", labels, is_main=False),
        _label_field("truth", "truth_label", "the label that came with the source", labels, is_main=False),
        _number_field(
            "margin", "margin", "lead of the first label over the second", "margin:<0.1", is_main=False
        ),
        *(
            _number_field(
                f"p_{label}", f"p_{label}", f"probability of {label}", f"p_{label}:>0.3", is_main=False
            )
            for label in labels
        ),
        Field("lang", "language code, the source's or as it was told", "lang:en", _language),
        Field("id", "id of the post; * stands for anything", "id:18436*", _post_id, takes_pattern=True),
        _number_field(
            "pictures", "n_pictures", "how many pictures", "pictures:>1", is_main=False, is_whole=True
        ),
        _number_field(
            "duplicates",
            "n_duplicates",
            "how many posts say the same, this one included",
            "duplicates:>2",
            is_main=False,
            is_whole=True,
        ),
        Field("group", "the near-duplicates of one post", "group:0123456789abcdef", _group),
        _words_field("status", _STATUS, "what the model had to go by", "status:text_only", is_main=False),
    ]


def column_condition(name: str, value: Value, field: str) -> Where:
    """Compare a column of the source: by `<`, `>` or `a..b` as numbers, else as text in any case.

    `*` stands for anything. What is no number is neither below nor above one.

    Raises:
        FilterError: the order is there, but no number.
    """
    if value.is_pattern:
        return matching_pattern("column_value(metadata, ?)", value, (name,))
    typed = value.text.strip()
    if not value.is_quoted and (typed[:1] in ("<", ">") or ".." in typed):
        where = number_condition("number_in(column_value(metadata, ?))", value, f"{field}:")
        # The column's name goes with each comparison.
        return Where(where.sql, tuple(part for number in where.params for part in (name, number)))
    if not typed:
        raise FilterError(
            f"{field} needs a value",
            f"For example {field}=North, or {field}=* for any.",
            at=value,
            suggestion="*",
        )
    if typed == "*":
        return Where("column_value(metadata, ?) <> ''", (name,))
    where = like("column_value(metadata, ?)", typed if value.is_quoted else typed.lstrip("="))
    return Where(where.sql, (name, *where.params))


def matching_pattern(column: str, value: Value, params: tuple[str, ...] = ()) -> Where:
    """Hold a regular expression against a text, in any case.

    Raises:
        FilterError: it is none.
    """
    try:
        re.compile(value.text)
    except (re.error, OverflowError, RecursionError) as error:
        begin = min(value.start + 1 + (getattr(error, "pos", None) or 0), value.end - 1)
        raise FilterError(
            f"the regular expression is not complete: {getattr(error, 'msg', error)}",
            r"Signs such as ( [ * + ? mean something in it; write \( for the sign itself.",
            at=(begin, max(begin + 1, value.end - 1)),
        ) from error
    return Where(f"matches_pattern({column}, ?)", (*params, value.text))


_FIELD_NAME = re.compile(r"[^\W\d]\w*")


def _column_field(column: str) -> Field:
    return Field(
        column,
        "column of the source; < and > compare numbers",
        f"{column}:*",
        lambda value: column_condition(column, value, column),
        (("*", "any value"), (">0", "more than")),
        takes_pattern=True,
    )


def any_of(wheres: Sequence[Where]) -> Where:
    """Join conditions of which one must hold."""
    if len(wheres) == 1:
        return wheres[0]
    sql = " OR ".join(f"({where.sql})" for where in wheres)
    return Where(sql, tuple(param for where in wheres for param in where.params))


def like(column: str, pattern: str) -> Where:
    """Compare with a pattern in which `*` stands for anything, whatever the case."""
    escaped = pattern.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_").replace("*", "%")
    return Where(rf"{column} LIKE ? ESCAPE '\'", (escaped,))


_HAS: Mapping[str, tuple[str, str]] = {
    "image": ("has_image = 1", "a picture"),
    "text": ("text <> ''", "words"),
    "ocr": ("image_text <> ''", "words in a picture"),
    "note": ("note <> ''", "a note"),
    "author": ("author <> ''", "an author"),
    "date": ("created_at <> ''", "a date"),
    "link": ("text LIKE '%http%://%'", "a link"),
    "hashtag": ("(text LIKE '%#%' OR text LIKE '%＃%') AND has_hashtag(text, '', 1)", "a hashtag"),
    "mention": ("text LIKE '%@_%'", "somebody's handle"),
    "truth": ("truth_label <> ''", "a label from the source"),
}
_IS: Mapping[str, tuple[str, str]] = {
    "conflict": ("conflict = 1", "text and picture disagree, both sure"),
    "flagged": ("flagged = 1", "somebody flagged it"),
    "corrected": ("corrected_label <> ''", "somebody gave it a label"),
    "changed": ("corrected_label NOT IN ('', label)", "an analyst's label is not the model's"),
    "duplicate": ("n_duplicates > 1", "others say the same"),
    "retweet": ("text LIKE 'RT @%'", "begins with RT @"),
    "classified": ("label <> ''", "the model has seen it"),
    "unclassified": ("status = ''", "the model has not seen it"),
    "failed": ("status = 'failed'", "it could not be read or classified"),
}
_STATUS: Mapping[str, tuple[str, str]] = {
    "ok": ("status = 'ok'", "text and picture"),
    "text_only": ("status = 'text_only'", "text without a picture"),
    "image_only": ("status = 'image_only'", "a picture without text"),
    "failed": ("status = 'failed'", "neither"),
    NO_LABEL: ("status = ''", "not classified yet"),
}
_DATES = (
    ("2024", "a year"),
    ("2024-05", "a month"),
    (">=2024-05-01", "from a day on"),
    ("2024-05-01..2024-05-31", "a range"),
)


def _label_field(name: str, column: str, help: str, labels: Sequence[str], is_main: bool = True) -> Field:
    by_name = {label.casefold(): label for label in labels}

    def to_condition(value: Value) -> Where:
        typed = value.text.casefold()
        if typed == "*":
            return Where(f"{column} <> ''")
        if typed in by_name:
            return Where(f"{column} = ?", (by_name[typed],))
        if typed == NO_LABEL:
            return Where(f"{column} = ''")
        begun = [label for folded, label in by_name.items() if folded.startswith(typed)]
        if len(begun) == 1:
            return Where(f"{column} = ?", (begun[0],))
        if not labels:
            return Where(f"{column} = ? COLLATE NOCASE", (value.text,))
        raise _unknown(name, value, [*labels, NO_LABEL])

    offers = tuple((_quoted(label), "") for label in labels)
    more = (("*", "any label"), (NO_LABEL, "no label"))
    return Field(
        name, help, f"{name}:{labels[0] if labels else 'negative'}", to_condition, offers + more, is_main
    )


def _words_field(
    name: str, words: Mapping[str, tuple[str, str]], help: str, example: str, is_main: bool = True
) -> Field:
    def to_condition(value: Value) -> Where:
        # `has` and `is` are easily mixed up, and never ambiguous.
        both = {**_IS, **_HAS, **words} if name in ("has", "is") else words
        typed = value.text.casefold()
        if typed not in both:
            raise _unknown(name, value, list(words))
        return Where(both[typed][0])

    return Field(
        name, help, example, to_condition, tuple((word, about) for word, (_, about) in words.items()), is_main
    )


def _number_field(
    name: str, column: str, help: str, example: str, is_main: bool = True, is_whole: bool = False
) -> Field:
    quoted = '"' + column.replace('"', '""') + '"'
    most = None if is_whole else 1.0
    offers = (
        ((">1", "more than one"), ("1", "exactly one"), ("0", "none"))
        if is_whole
        else (("<0.6", "below"), (">0.9", "above"), ("0.5..0.7", "between"))
    )
    return Field(
        name, help, example, lambda value: number_condition(quoted, value, f"{name}:", most), offers, is_main
    )


def _author(value: Value) -> Where:
    if value.is_pattern:
        return matching_pattern("author", value)
    if value.text == "*":
        return Where("author <> ''")
    return like("ltrim(author, '@')", value.text.lstrip("@"))


def _date(value: Value) -> Where:
    return date_condition("created_at", value)


def _hashtag(value: Value) -> Where:
    tag, goes_on = core(value.text).lstrip(SIGNS), is_open(value.text)
    if not goes_on and not is_hashtag(f"#{tag}"):
        raise FilterError(
            f"{value.text} cannot be a hashtag",
            "One is made of letters, digits and _, and has a letter; vot* finds any that begins so.",
            at=value,
        )
    return with_hashtag(key_of(tag), goes_on)


def _note(value: Value) -> Where:
    if value.is_pattern:
        return matching_pattern("note", value)
    if value.text == "*":
        return Where("note <> ''")
    return like("note", f"*{value.text}*")


def _image_text(value: Value) -> Where:
    if value.is_pattern:
        return matching_pattern("image_text", value)
    if value.text == "*":
        return Where("image_text <> ''")
    return like("image_text", f"*{value.text}*")


def _language(value: Value) -> Where:
    return like("language", value.text)


def _post_id(value: Value) -> Where:
    if value.is_pattern:
        return matching_pattern("post_id", value)
    return like("post_id", value.text) if "*" in value.text else Where("post_id = ?", (value.text,))


def _group(value: Value) -> Where:
    return Where("duplicate_group = ?", (value.text,))


def _quoted(label: str) -> str:
    return f'"{label}"' if any(char.isspace() or char == "," for char in label) else label


def _unknown(name: str, value: Value, known: Sequence[str]) -> FilterError:
    meant = _MEANT_WORDS.get(value.text.casefold(), "") if name in ("has", "is") else ""
    if meant and (name == "is") != (meant in _IS):
        # The word is right, but belongs to the other of the two; either takes it.
        known = [*known, meant]
    meant = meant or closest(value.text, known)
    return FilterError(
        f"{name}: does not know {value.text}",
        (f"Did you mean {meant}? " if meant else "") + f"It can be {listed(list(known))}.",
        at=value,
        suggestion=_quoted(meant) if meant else "",
    )
