"""Posts found by what they are, whichever source holds them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mmsa_tui.records import Post
from mmsa_tui.store import Store


def post(post_id: str, text: str) -> Post:
    return Post(post_id, text, content_hash=f"b2:{text}")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "mmsa.db") as opened:
        opened.index_source("one", "pairs", "one", [post("1", "a"), post("2", "b")])
        opened.index_source("two", "pairs", "two", [post("7", "a"), post("2", "c")])
        yield opened


def test_a_post_is_found_in_every_source_the_latest_opened_first(store: Store) -> None:
    assert [found.post_id for found in store.posts_with_content(["b2:a"])] == ["7", "1"]


def test_content_that_was_read_over_is_not_found(store: Store) -> None:
    store.index_source("one", "pairs", "one", [post("1", "edited")])
    assert list(store.posts_with_content(["b2:b"])) == []


def test_more_hashes_than_one_query_takes_are_all_found(store: Store) -> None:
    many = [post(str(number), f"text {number}") for number in range(1200)]
    store.index_source("many", "pairs", "many", many)
    found = {p.content_hash for p in store.posts_with_content([p.content_hash for p in many])}
    assert len(found) == 1200


def test_an_id_that_two_sources_use_has_both_contents(store: Store) -> None:
    assert store.contents_of(["2", "unknown"]) == {"2": {"b2:b", "b2:c"}}


def test_a_post_has_a_place_in_every_source_that_holds_it(store: Store) -> None:
    one, two = store.source("one"), store.source("two")
    assert one is not None and two is not None
    assert store.places_of("b2:a") == [(two.id, 0), (one.id, 0)]
    assert store.places_of("b2:nowhere") == []
