"""What an error or a note advises, for who sits in the app: its keys in the place of commands and flags."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mmsa_tui.tui.keys import key_for

_SENTENCE = re.compile(r"(?<=[.;:])\s+(?=[A-Z\-`])")
_FLAG = re.compile(r"(?<![\w`-])--[a-z][a-z-]*")
_COMMAND = re.compile(r"`mmsa [^`]*`")

_INSTEAD = (
    ("`mmsa classify", "classify", "{key} classifies the posts."),
    ("`mmsa audit start", "audit", "{key} draws a sample."),
    ("`mmsa audit extend", "audit", "{key}, then +, draws them."),
    ("`mmsa retrain", "retrain", "{key} retrains."),
    ("`mmsa corrections merge", "merge", "Merge a colleague's corrections: {key}."),
    ("--map", "", "^t in the list of sources shows the columns with their first rows."),
    ("--date-order", "", "^t in the list of sources sets the order of dates."),
    ("--format", "", "Point at one file or folder, or choose another format: ^f in the list of sources."),
    ("--labels ", "", "`mmsa evaluate SOURCE --labels FILE` takes them from a file, in a terminal."),
)
"""Words of a command, the action of the main screen that does the same, and what is said instead."""


def in_app(advice: str, keys: Mapping[str, str]) -> str:
    """Say with keys of the app what is advised for the command line.

    What the app has no key for is named as a matter of the command line.

    Args:
        keys: the config's keys by action.
    """
    return " ".join(dict.fromkeys(_sentence(one, keys) for one in _SENTENCE.split(advice))).strip()


def _sentence(said: str, keys: Mapping[str, str]) -> str:
    for words, action, instead in _INSTEAD:
        if words in said:
            shown = key_for(action, keys) if action else ""
            return instead.format(key=shown or "ctrl+p")
    if _FLAG.search(_COMMAND.sub("", said)):
        return f"On the command line: {said}"
    return said
