"""What the accounts are called that posts name by an id alone: lists of them stand beside the posts.

VK hands out `profiles` and `groups` with a wall, Slack and Mattermost a `users.json` with their channels.
Knows names of files and of fields, no network.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from itertools import islice
from pathlib import Path

from mmsa_tui.disk.safety import ignore, walk
from mmsa_tui.sources.fields.lookup import Object, as_object, as_objects, as_text
from mmsa_tui.sources.fields.paths import first
from mmsa_tui.sources.fields.tweet import Tweet
from mmsa_tui.sources.files.encodings import UndecodableError, decode

_MAX_BYTES = 16 << 20
_MAX_TOTAL = 64 << 20
"""As much as is read in all, those files first that are called like lists of accounts."""
_LOOK_AT_FILES = 2_000
_FILES = re.compile(r"(?:.*[_-])?(?:users|profiles|members|accounts)(?:[_-].*)?\.json", re.IGNORECASE)
_LISTS = ("users", "profiles", "members", "accounts", "groups", "chats", "zerver_userprofile")
_OF_GROUPS = frozenset(("groups",))
"""VK tells a group from a person by the sign of its id."""
_ID = re.compile(r"-?\d+|[UW][A-Z0-9]{2,}|[a-z0-9]{26}")
_NAMES = "screen_name username acct handle name profile.display_name real_name full_name first_name title"
_MENTION = re.compile(r"<@([UW][A-Z0-9]{2,})(?:\|([^>]*))?>")


class Accounts:
    """The accounts that a source tells of, looked for when a post first names one by its id.

    `n_unknown` counts the posts whose author is known by an id alone, `lists` names the files in which
    accounts were found.
    """

    def __init__(self, source: Path) -> None:
        self._source = source
        self.n_unknown = 0
        self.lists: list[str] = []

    def named(self, post: Tweet) -> Tweet:
        """Return a post with names in place of the ids of its author and of those it speaks to."""
        if _MENTION.search(post.text):
            post = replace(post, text=_MENTION.sub(self._mention, post.text))
        if not _ID.fullmatch(post.author):
            return post
        name = self._names.get(post.author, "")
        self.n_unknown += not name
        return replace(post, author=name or post.author)

    def _mention(self, match: re.Match[str]) -> str:
        return f"@{match[2] or self._names.get(match[1], match[1])}"

    @cached_property
    def _names(self) -> dict[str, str]:
        found: dict[str, str] = {}
        left = _MAX_TOTAL
        for path in sorted(self._files(), key=lambda path: not _FILES.fullmatch(path.name)):
            left -= _size_of(path)
            value = _load(path) if left > 0 else None
            before = len(found)
            for holder in (value, *(as_object(value).values())):
                for name in _LISTS:
                    sign = "-" if name in _OF_GROUPS else ""
                    for account in as_objects(as_object(holder).get(name)):
                        _add(found, account, sign)
            if _FILES.fullmatch(path.name):
                for account in as_objects(value):
                    _add(found, account, "")
            if len(found) > before:
                self.lists.append(path.name)
        return found

    def _files(self) -> Iterator[Path]:
        """Yield the JSON that may hold a list: the source itself, and what is called so near it."""
        if self._source.is_file():
            yield self._source
            for folder in list(self._source.absolute().parents)[:2]:
                beside = (path for path in folder.glob("*.json") if _FILES.fullmatch(path.name))
                yield from (path for path in beside if not path.is_symlink())
            return
        names = islice(walk(self._source, ignore), _LOOK_AT_FILES)
        yield from (self._source / name for name in names if name.lower().endswith(".json"))


def _add(found: dict[str, str], account: Object, sign: str) -> None:
    post_id, name = as_text(account.get("id")), first(account, _NAMES)
    if post_id and name:
        found.setdefault(sign + post_id, name)


def _size_of(path: Path) -> int:
    try:
        return min(path.stat().st_size, _MAX_BYTES)
    except OSError:
        return 0


def _load(path: Path) -> object:
    try:
        if path.stat().st_size > _MAX_BYTES:
            return None
        return json.loads(decode(path.read_bytes()).text.lstrip("\ufeff"))
    except (OSError, UndecodableError, ValueError, RecursionError):
        return None
