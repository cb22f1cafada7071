"""Texts of posts made fit for publication: nobody named, no link that leads to someone."""

from __future__ import annotations

import re

_EMAIL = re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_HANDLE = re.compile(r"[@＠][\w.-]{1,100}")
_LINK = re.compile(r"\b(?:https?://|www\.)\S+|\b[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}/\S*", re.IGNORECASE)
_LONG_NUMBER = re.compile(r"\+?\d[\d ()/-]{6,}\d")


def redact(text: str) -> str:
    """Mask handles, links, mail addresses and numbers long enough to call or to look up.

    Names written out as words stay: no rule finds them all, so read a page before you publish it.
    """
    text = _LINK.sub("[link]", text)
    text = _EMAIL.sub("[mail]", text)
    text = _HANDLE.sub("@[name]", text)
    return _LONG_NUMBER.sub("[number]", text)
