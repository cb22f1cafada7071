"""Words that are searched for stand, in every post that the store finds, where they are marked."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsa_tui.filters import hits, parse
from mmsa_tui.records import Post
from mmsa_tui.store import Store, matching
from mmsa_tui.text.phrases import finder

N_EXAMPLES = int(os.environ.get("MMSA_FUZZ", "60")) * 5
PIECES = (
    "ferry", "Ferry", "FERRIES", "café", "cafe\u0301", "CAFE", "naïve", "Über", "ÜBER", "straße",
    "ΣΟΦΟΣ", "σοφός", "йод", "иод", "#ferry", "#Über", "#ferryman", "@bob", "@bobby", "bob@x.org",
    "don't", "100%", "1,500", "a_b", "日本", "日本語", "สวัสดี", "دن", "दान", "दिन", "द", "हिन्दी",
    "😀", "❤️", "Ärger😡", "…", "-", "e\u0338x",
)  # fmt: skip


def texts() -> list[str]:
    chance = random.Random(3)
    gaps = (" ", " ", "", ", ", "_", "\n", "'")
    return ["".join(chance.choice(PIECES) + chance.choice(gaps) for _ in range(6)) for _ in range(300)]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(tmp_path_factory.mktemp("phrases") / "mmsa.db") as opened:
        posts = [Post(str(at), text, content_hash=f"h{at}") for at, text in enumerate(texts())]
        opened.index_source("here", "pairs", "Here", posts)
        yield opened


phrases = st.lists(st.sampled_from(PIECES), min_size=1, max_size=2).map(" ".join)


@settings(max_examples=N_EXAMPLES, deadline=None)
@given(phrases, st.sampled_from(("", "*")))
def test_what_the_store_finds_is_found_in_its_text(store: Store, words: str, star: str) -> None:
    phrase = words + star
    found = set(store.ordinals(1, "", matching(phrase)))
    find = finder(phrase)
    shown = {row.ordinal: list(find(row.text)) for row in store.rows(1, "")}
    assert found == {ordinal for ordinal, spans in shown.items() if spans}, phrase


@pytest.mark.parametrize(
    ("words", "text", "marked"),
    [
        ("ferry", "Ferry, ferry! ferryman #ferry", ["Ferry", "ferry", "ferry"]),
        ("ferr*", "Ferry ferries offer", ["Ferry", "ferries"]),
        ("cafe", "Café cafe\u0301 cafés", ["Café", "cafe\u0301"]),
        ('"ferry queue"', "ferry-queue, ferry for queue", ["ferry-queue"]),
        ("#ferry", "#ferryman #Ferry", ["#Ferry"]),
        ("दिन", "दान दिन", ["दिन"]),
        ("/colou?r/", "Color colour", ["Color", "colour"]),
        ("ferry OR NOT queue", "ferry queue", ["ferry"]),
        ("ferry OR fer*", "ferry", ["ferry"]),
    ],
)
def test_every_hit_is_found_and_no_other(words: str, text: str, marked: list[str]) -> None:
    found = hits(words)
    assert found is not None
    assert [text[start:end] for start, end in found.find(text)] == marked


def test_a_hashtag_is_not_found_in_a_longer_one_beside_its_word(tmp_path: Path) -> None:
    with Store.open(tmp_path / "mmsa.db") as store:
        posts = [Post("1", "#lovely love", content_hash="a"), Post("2", "#LOVE, #ÜBER", content_hash="b")]
        store.index_source("here", "pairs", "Here", posts)
        assert list(store.ordinals(1, "", parse("#love"))) == [1]
        assert list(store.ordinals(1, "", parse("#über"))) == [1]


def test_a_hindi_word_is_not_found_by_its_consonants(tmp_path: Path) -> None:
    with Store.open(tmp_path / "mmsa.db") as store:
        store.index_source(
            "here", "pairs", "Here", [Post("1", "दान", content_hash="a"), Post("2", "दिन", content_hash="b")]
        )
        assert list(store.ordinals(1, "", parse("दिन"))) == [1]
