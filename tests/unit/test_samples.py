"""The sample posts ship complete, readable, licensed, and show what they are there to show."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from PIL import Image

from mmsa_tui import sources
from mmsa_tui.records import Post

SAMPLES = Path(sources.__file__).parents[1] / "samples"
PICTURES = sorted((SAMPLES / "pictures").iterdir())


@pytest.fixture(scope="module")
def posts() -> list[Post]:
    items = list(sources.read(SAMPLES / "posts.csv"))
    return [item for item in items if isinstance(item, Post)]


def rows(name: str) -> list[dict[str, str]]:
    with (SAMPLES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_of_the_sample_table_becomes_a_post(posts: list[Post]) -> None:
    assert [post.post_id for post in posts] == [row["id"] for row in rows("posts.csv")]
    assert len(posts) >= 24


def test_every_sample_post_says_or_shows_something(posts: list[Post]) -> None:
    assert all(post.text or post.pictures for post in posts)


def test_every_sample_post_has_an_author_and_a_date_in_order(posts: list[Post]) -> None:
    dates = [post.created_at for post in posts]
    assert all(dates) and all(post.author for post in posts)
    assert dates == sorted(dates)


def test_no_sample_post_names_a_picture_that_is_not_there(posts: list[Post]) -> None:
    assert [p.name for post in posts for p in post.pictures if not p.digest] == []


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_every_sample_picture_decodes_and_is_small(path: Path) -> None:
    with Image.open(path) as picture:
        picture.load()
        assert picture.size == (640, 480)
    assert path.stat().st_size < 60_000


def test_every_sample_picture_and_no_other_is_licensed() -> None:
    licensed = re.findall(r"^\| `(\S+)` .* CC0 1\.0 \|$", (SAMPLES / "LICENSE.md").read_text("utf-8"), re.M)
    assert sorted(licensed) == [path.name for path in PICTURES]


def test_every_sample_picture_belongs_to_a_post(posts: list[Post]) -> None:
    used = {Path(picture.name).name for post in posts for picture in post.pictures}
    assert used == {path.name for path in PICTURES}


def test_every_sample_post_has_one_label_and_no_label_dominates() -> None:
    labels = {row["id"]: row["label"] for row in rows("labels.csv")}
    assert list(labels) == [row["id"] for row in rows("posts.csv")]
    shares = {label: list(labels.values()).count(label) for label in labels.values()}
    assert set(shares) == {"negative", "neutral", "positive"}
    assert max(shares.values()) < len(labels) / 2


def test_the_samples_hold_each_kind_of_post(posts: list[Post]) -> None:
    shown = [post.pictures[0].digest for post in posts if post.pictures]
    texts = {post.text for post in posts}
    retweets = [re.sub(r"^RT @\w+: ", "", t) for t in texts if t.startswith("RT @")]
    kinds = {
        "text and picture": any(post.text and post.pictures for post in posts),
        "text only": any(post.text and not post.pictures for post in posts),
        "picture only": any(post.pictures and not post.text for post in posts),
        "retweet of another": any(text in texts for text in retweets),
        "shared picture": len(set(shown)) < len(shown),
        "several lines": any("\n" in text for text in texts),
        "mention": any(re.search(r"(?<!RT )@\w", text) for text in texts),
        "Japanese": any(re.search(r"[\u3040-\u30ff]", text) for text in texts),
        "Spanish or German": any(re.search(r"[áéíóúñäöüß]", text) for text in texts),
        "emoji": any(re.search(r"[\U0001f300-\U0001faff]", text) for text in texts),
    }
    assert [kind for kind, present in kinds.items() if not present] == []


def test_hashtags_repeat_so_that_an_overview_has_something_to_count(posts: list[Post]) -> None:
    tags = [tag for post in posts for tag in re.findall(r"#\w+", post.text)]
    assert len([tag for tag in set(tags) if tags.count(tag) >= 3]) >= 4


def test_no_sample_handle_can_be_that_of_a_real_account(posts: list[Post]) -> None:
    handles = {post.author for post in posts}
    handles |= {handle for post in posts for handle in re.findall(r"@(\w+)", post.text)}
    assert [handle for handle in handles if len(handle) <= 15] == []
