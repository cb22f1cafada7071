"""Service: where a post can be seen on the web, and the sites that the user has agreed to have opened."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from mmsa_tui.disk.whole_file import whole_file
from mmsa_tui.pictures.viewer import is_web_address
from mmsa_tui.store import Row

_COLUMNS = (
    "url", "posturl", "permalink", "permalinkurl", "tweeturl", "statusurl", "posturi", "link", "postlink",
)  # fmt: skip
"""What columns with the address of a post are called, the better name first, without case and signs.

Readers of networks write `url` themselves, from the network and the id. Links in a post's words are not
among them: whoever wrote the post could lead the browser anywhere.
"""

_ALLOWED = "sites.txt"
"""In the data folder: sites that may be opened, one a line."""


def address_of(row: Row) -> str:
    """Find the address of a post on the web; "" where the source says none that is one."""
    named = {_plain(name): value.strip() for name, value in reversed(list(row.metadata.items()))}
    found = (named[name] for name in _COLUMNS if is_web_address(named.get(name, "")))
    return next(found, "")


def site_of(address: str) -> str:
    """Name the site of an address."""
    return (urlsplit(address).hostname or "").lower()


def is_allowed(folder: Path, site: str) -> bool:
    """Whether the user has agreed that posts of a site are opened; so of none at first."""
    try:
        return site in (folder / _ALLOWED).read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return False


def allow(folder: Path, site: str) -> None:
    """Keep that posts of a site may be opened without asking.

    Raises:
        OutputError: the file cannot be written.
    """
    try:
        known = (folder / _ALLOWED).read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        known = []
    folder.mkdir(parents=True, exist_ok=True)
    with whole_file(folder / _ALLOWED, overwrite=True) as part:
        part.write_text("\n".join([*known, site]) + "\n", encoding="utf-8")


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
