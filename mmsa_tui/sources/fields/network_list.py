"""What a description of a social network says; the descriptions themselves are `networks.toml`.

An API, a browser extension, a scraper and a downloader hand on the same record, each in a wrapping
of its own: a network is described once. Knows what a description may hold and no name of a field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mmsa_tui.decoding import from_toml, to_kind


@dataclass(frozen=True, slots=True)
class Pictures:
    """Where a record lists its pictures.

    Args:
        at: the path to the items, each an address or an object; "" for the record itself.
        url: in an item; alternatives are parted by spaces.
        kind, alt: in an item; what the network calls a picture is `photo` to us.
    """

    at: str
    url: str = ""
    kind: str = ""
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Network:
    """How to recognise a record of a network and to read it.

    Every field is a path, or several parted by spaces of which the first that leads to something
    counts. `has` lists what a record must have, `text` what is joined to one text. `repost` leads to
    the post that is passed on, which then is what a record says and shows.
    """

    has: tuple[str, ...]
    text: tuple[str, ...]
    name: str = ""
    id: str = "id"
    author: str = ""
    date: str = ""
    author_name: str = ""
    language: str = ""
    pictures: tuple[Pictures, ...] = ()
    repost: str = ""
    file_name: str = ""
    """How the tool calls the files it downloads: `{author}`, `{id}`, `{kind}`, `{number}`, `{day}`."""
    has_not: str = ""
    service: str = ""
    """What a record has, written as in `has`, of which the service is the author: someone joined."""
    is_html: bool = False
    is_garbled: bool = False
    """Meta's downloads write each byte of UTF-8 as a character."""


@dataclass(frozen=True, slots=True)
class NetworkList:
    """Every network that is known, in the order in which they are tried.

    `common` are names that mean the same in many networks, for a record of which nothing is known but
    the site; `counts` leads from a column of ours to names that mean the same in every network.
    """

    networks: tuple[Network, ...]
    common: Network
    counts: Mapping[str, str]


@cache
def known_networks() -> NetworkList:
    """Read the descriptions, once."""
    return to_kind(from_toml(Path(__file__).with_name("networks.toml").read_bytes()), NetworkList)
