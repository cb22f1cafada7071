"""Ids of posts, and names of accounts, as tables hold them: for a spreadsheet, rounded, in an address."""

from __future__ import annotations

import re
from collections.abc import Sequence

_WRAPPED = re.compile(r'^=?\s*"(?P<inner>[^"]*)"$')
_LINK = re.compile(r'^=\w+\(\s*"[^"]*"\s*[,;]\s*"(?P<shown>[^"]*)"\s*\)$')
"""A formula of a spreadsheet that shows a link by another name."""
_TAG = re.compile(r"(?:tag|object):search\.twitter\.com,2005:(\d+)")
"""How Gnip writes the id of a tweet."""
_SCIENTIFIC = re.compile(r"^\d(?:[.,]\d+)?[eE]\+?(?P<exponent>\d+)$")
_PREFIXED = re.compile(r"(?:x|(?:tweet|status|post)?_?id[:=] ?)(\d{12,20})", re.IGNORECASE)
"""rtweet and others write ids so, to keep a spreadsheet from rounding them: `x191…`, `tweet_id:191…`."""
_GROUPED = re.compile(r"\d{1,3}(?P<mark>[.,' \u00a0\u202f])\d{3}(?:(?P=mark)\d{3}){3,}")
"""A long id that a spreadsheet shows in groups of three digits: `1.918.410.713.521.908.131`."""
_UNSEEN = " \t\r\n\u00a0\u200b\u200c\u200d\u2060\ufeff"
_FLOAT = re.compile(r"^(\d+)\.0+$")
_EXACT_DIGITS = 15
"""Excel keeps 15 digits of a number: a tweet id typed as one has lost its end."""
_FEW = 3
"""Fewer round ids than this may be chance."""

_ADDRESSES = (
    re.compile(r"//(?:\w+\.)?(?:x|twitter)\.com/(?:i/web|\w+)/status(?:es)?/(\d+)"),
    re.compile(r"//(?:\w+\.)?instagram\.com/(?:[\w.]+/)?(?:p|reel|tv)/([\w-]+)"),
    re.compile(r"//(?:\w+\.)?facebook\.com/[^?#]*/(?:posts|videos|photos|permalink)/(?:[\w.-]+/)*([\w.-]+)"),
    re.compile(r"//(?:\w+\.)?tiktok\.com/@?[\w.-]+/(?:video|photo)/(\d+)"),
    re.compile(r"//(?:\w+\.)?reddit\.com/(?:\w+/\w+/)?comments/(\w+)"),
    re.compile(r"//(?:\w+\.)?threads\.(?:net|com)/@?[\w.-]+/post/([\w-]+)"),
    re.compile(r"//(?:\w+\.)?bsky\.app/profile/[\w.:-]+/post/(\w+)"),
    re.compile(r"//t\.me/\w+/(\d+)"),
    re.compile(r"//(?:\w+\.)?facebook\.com/[^#]*[?&]story_fbid=(\w+)"),
    re.compile(r"//(?:\w+\.)?(?:youtube\.com/watch\?v=|youtu\.be/)([\w-]{11})"),
    re.compile(r"urn(?::|%3A)li(?::|%3A)(?:share|activity|ugcPost)(?::|%3A)(\d+)"),
    re.compile(r"//[\w.-]+/@[\w.@-]+/(?:posts/)?(\d{8,})$"),
)

_PROFILE = re.compile(
    r"https?://(?:\w+\.)?(?:x|twitter|instagram|facebook|tiktok|threads|bsky)\.(?:com|net|app)/(?:profile/|@)?"
    r"([\w.-]+)/?(?:\?.*)?"
)
_ACCOUNT = re.compile(r"(?:\{|\w+\()(?P<fields>.*)[})]", re.DOTALL)
"""A record of an account, as JSON, as Python writes a dict, or as it shows an object of snscrape."""
_HANDLES = tuple(
    re.compile(rf"(?<![A-Za-z])[\"']?{key}[\"']?\s*[:=]\s*[\"']([^\"']+)[\"']")
    for key in ("screen_name", "username", "userName", "handle", "acct", "uniqueId", "unique_id")
)


def clean_id(value: str) -> str:
    """Take off the formula of a link, and what keeps an id from being rounded: `="…"`, `'`, `.0`, an x.

    What is not seen goes too: blanks of no width around it, and the marks between groups of digits.
    """
    text = value.strip()
    if text.isdecimal():
        return text
    text = text.strip(_UNSEEN)
    if match := _LINK.match(text):
        text = match["shown"].strip()
    if match := _WRAPPED.match(text):
        text = match["inner"].strip()
    if text.startswith("'") and text[1:].strip().isdigit():
        text = text[1:].strip()
    if match := _FLOAT.match(text):
        text = match[1]
    if match := _GROUPED.fullmatch(text):
        text = text.replace(match["mark"], "")
    if match := _PREFIXED.fullmatch(text) or _TAG.fullmatch(text):
        text = match[1]
    return text


def have_lost_digits(values: Sequence[str]) -> bool:
    """Whether a program that keeps 15 digits of a number has rounded ids.

    `1.91841E+18` shows it alone; else all long ids must end in zeros.
    """
    long: list[str] = []
    for value in values:
        text = clean_id(value)
        if (match := _SCIENTIFIC.match(text)) and int(match["exponent"][:4]) >= _EXACT_DIGITS:
            return True
        if text.isascii() and text.isdigit() and _EXACT_DIGITS < len(text) < 40:
            long.append(text)
    is_round = bool(long) and all(not text[_EXACT_DIGITS:].strip("0") for text in long)
    # Chance makes one id of 19 digits round in 10,000. Ids of X are often multiples of 4,096: that
    # they fit a double says nothing.
    return is_round and (len(long) >= _FEW or all(len(text) >= 18 for text in long))


def id_in_address(address: str) -> str:
    """Return the id of the post that an address leads to, "" if it tells none."""
    return next((match[1] for pattern in _ADDRESSES if (match := pattern.search(address))), "")


def account_in(cell: str) -> str:
    """Return the name of the account that a record or an address of a profile tells, "" if it is neither."""
    text = cell.strip()
    if "://" in text and (match := _PROFILE.fullmatch(text)):
        return match[1]
    # Hardly a name ends so.
    if text[-1:] in (")", "}") and (match := _ACCOUNT.fullmatch(text)):
        return next((found[1] for key in _HANDLES if (found := key.search(match["fields"]))), "")
    return ""
