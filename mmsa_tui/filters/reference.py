"""The filter language in a few lines, for help screens and the manual."""

from __future__ import annotations

from collections.abc import Sequence

from mmsa_tui.filters.fields import fields

SYNTAX: tuple[tuple[str, str], ...] = (
    ("word", "posts with the word, in any case"),
    ('"exact words"', "the words side by side, in this order"),
    ("harb*", "words that begin so"),
    ("#tag", "the hashtag in any spelling: ＃TAG too; #ta* for any that begins so"),
    ("@name 😀", "as they stand"),
    ("a b", "both must hold; a AND b is the same"),
    ("a OR b", "one of them must hold"),
    ("-a, NOT a", "the opposite: -word, -label:neutral, NOT has:image"),
    ("(a b) OR c", "parentheses say what belongs together"),
    ("label:negative,neutral", "one of the values"),
    ("conf:<0.6 date:>=2024-05", "orders: < <= > >="),
    ("conf:0.5..0.7", "a range, both ends included"),
    ("/colou?r/", "a regular expression, in any case"),
    ("likes:>100", "a column of the source by its name"),
    ('col:"Home region"=North', "the same, for a name of several words"),
)
"""How to write, and what it means."""


def reference(labels: Sequence[str]) -> list[tuple[str, str]]:
    """List an example of every field, and what the field is about."""
    return [(field.example, field.help) for field in fields(labels).values()]
