"""Only an address of the web that a source states is opened, once the user has agreed to its site."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmsa_tui.pictures.viewer import is_web_address
from mmsa_tui.records import Post
from mmsa_tui.services.original import address_of, allow, is_allowed, site_of
from mmsa_tui.store import Row


def row(text: str = "", **metadata: str) -> Row:
    return Row(0, Post("1", text, content_hash="b2:1", metadata=metadata), None, None, None)


@pytest.mark.parametrize(
    "address",
    [
        "https://x.com/i/web/status/1",
        "http://bsky.app/profile/a.b/post/3k",
        "https://example.org:8080/a?b=c#d",
    ],
)
def test_addresses_of_the_web_are_known(address: str) -> None:
    assert is_web_address(address)


@pytest.mark.parametrize(
    "text",
    [
        "", "javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "--help", "-a http://x.com",
        "https://user:word@x.com/", "https://x.com@evil.example/", "https://", "https:///path", "x.com/1",
        "https://x.com/a b", "https://x.com/\n", "https://x.com/\x1b]52;", "https://ехample.com/",
        "https://[::1", "https://-x/", "https://x.com/" + "a" * 3000, " https://x.com/",
    ],
)  # fmt: skip
def test_nothing_else_is_one(text: str) -> None:
    assert not is_web_address(text)


def test_the_address_is_that_of_the_column_and_never_one_in_the_words() -> None:
    assert address_of(row(text="see https://evil.example/")) == ""
    assert address_of(row(text="https://evil.example/", url="https://x.com/a/status/1")) == (
        "https://x.com/a/status/1"
    )
    assert address_of(row(**{"Permalink URL": "https://example.org/1"})) == "https://example.org/1"
    assert address_of(row(url="javascript:alert(1)", permalink="https://example.org/1")) == (
        "https://example.org/1"
    )
    assert address_of(row(links="https://evil.example/", likes="https://evil.example/")) == ""


def test_a_site_is_allowed_once_it_has_been_and_no_other_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert not is_allowed(folder, "x.com")
    allow(folder, site_of("https://X.com/1"))
    allow(folder, "bsky.app")
    assert is_allowed(folder, "x.com") and is_allowed(folder, "bsky.app")
    assert (
        not is_allowed(folder, "com")
        and not is_allowed(folder, "evil.example")
        and not is_allowed(folder, "")
    )
