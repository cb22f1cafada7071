"""Sources read into the store, again and again, by processes that may die."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmsa_tui.errors import SourceError, StoreError
from mmsa_tui.records import Failure, Picture, Post, content_hash
from mmsa_tui.store import Store, Where

REPOSITORY = Path(__file__).parents[2]

EVERYTHING = Post(
    post_id="0012345678901234567890",
    text='lone \ud83d surrogate, nul \x00, "quotes", 👩‍👩‍👧, \x1b[31m and a\nnew line',
    pictures=(
        Picture("a.jpg", Path("folder/a.jpg"), None, "a harbour", "0a"),
        Picture("b.png", Path("archive.zip"), "media/b.png", "", "0b"),
        Picture("gone.gif"),
        Picture("\udcff.jpg", Path("\udcff.jpg")),
    ),
    author="@who\udc80",
    created_at="2024-05-01T14:03:00+00:00",
    language="en",
    encoding="gb18030",
    content_hash="b2:" + "0" * 40,
    metadata={"z": "1", "a": "=2\ud800", "": "no name"},
    truth={"post": "positive", "text": "neutral"},
)


def posts(*texts: str) -> list[Post | Failure]:
    return [Post(str(number), text) for number, text in enumerate(texts)]


def texts(store: Store, source_id: int) -> list[str]:
    return [stored.post.text for stored in store.posts(source_id) if stored.post]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "mmsa.db") as opened:
        yield opened


def test_a_post_comes_back_as_it_went_in(store: Store) -> None:
    source = store.index_source("here", "pairs", "Here", [EVERYTHING])
    assert store.post(source.id, 0).post == EVERYTHING
    assert list(EVERYTHING.metadata) == list(next(store.posts(source.id)).post.metadata)  # type: ignore[union-attr]


def test_a_failure_comes_back_as_it_went_in(store: Store) -> None:
    failure = Failure("9\ud800", "no text \ud800", "what was left", {"a": "1"})
    source = store.index_source("here", "pairs", "Here", [failure])
    assert (store.post(source.id, 0).failure, store.post(source.id, 0).post) == (failure, None)


def test_a_post_without_hash_gets_one(store: Store) -> None:
    post = Post("1", "a", (Picture("a.jpg", Path("a.jpg"), digest="0a"), Picture("gone.jpg")))
    source = store.index_source("here", "pairs", "Here", [post])
    assert store.post(source.id, 0).post.content_hash == content_hash("a", ["0a"])  # type: ignore[union-attr]


def test_a_source_knows_what_was_read(store: Store) -> None:
    items = [Post("1", "a", metadata={"x": "", "y": ""}), Failure("2", "bad", metadata={"z": ""})]
    source = store.index_source("here", "pairs", "Here", items)
    assert (source.location, source.format, source.title) == ("here", "pairs", "Here")
    assert (source.n_posts, source.n_failures) == (1, 1)
    assert source.metadata_columns == ("x", "y", "z")
    assert store.source("here") == source


def test_an_unknown_source_is_none(store: Store) -> None:
    assert store.source("nowhere") is None


def test_an_empty_source_is_a_source(store: Store) -> None:
    source = store.index_source("here", "pairs", "Here", [])
    assert (source.n_posts, list(store.posts(source.id))) == (0, [])


def test_posts_come_in_source_order_over_many_batches(store: Store) -> None:
    expected = [f"text {number}" for number in range(1203)]
    source = store.index_source("here", "pairs", "Here", posts(*expected))
    assert texts(store, source.id) == expected


def test_every_item_is_counted_aloud(store: Store) -> None:
    counts: list[int] = []
    store.index_source("here", "pairs", "Here", posts("a", "b", "c"), counts.append)
    assert counts == [1, 2, 3]


def test_reading_again_replaces_the_posts_and_keeps_id_and_position(store: Store) -> None:
    first = store.index_source("here", "pairs", "Here", posts("a", "b"))
    store.remember_position(first.id, "17")
    second = store.index_source("here", "mvsa", "There", posts("c"))
    assert (second.id, second.position, second.title) == (first.id, "17", "There")
    assert texts(store, first.id) == ["c"]


def test_old_posts_are_visible_until_all_new_ones_are_in(store: Store, tmp_path: Path) -> None:
    source = store.index_source("here", "pairs", "Here", posts("old"))
    seen: list[list[str]] = []

    def items() -> Iterator[Post]:
        for number in range(1200):
            yield Post(str(number), "new")
        with Store.open(tmp_path / "mmsa.db") as other:
            seen.append(texts(other, source.id))

    store.index_source("here", "pairs", "Here", items())
    assert seen == [["old"]]
    assert len(texts(store, source.id)) == 1200


def test_others_may_write_while_a_source_is_read(store: Store, tmp_path: Path) -> None:
    def items() -> Iterator[Post]:
        for number in range(1200):
            yield Post(str(number), "new")
        with Store.open(tmp_path / "mmsa.db") as other:
            other.index_source("there", "pairs", "There", posts("a"))

    store.index_source("here", "pairs", "Here", items())
    assert store.source("there") is not None


def test_a_reader_that_fails_leaves_the_old_posts(store: Store) -> None:
    source = store.index_source("here", "pairs", "Here", posts("old"))

    def items() -> Iterator[Post]:
        for number in range(700):
            yield Post(str(number), "new")
        raise SourceError("the disk was pulled out")

    with pytest.raises(SourceError):
        store.index_source("here", "pairs", "Here", items())
    assert texts(store, source.id) == ["old"]


def test_a_reader_that_fails_at_first_leaves_no_source(store: Store) -> None:
    def items() -> Iterator[Post]:
        yield Post("1", "new")
        raise SourceError("not a source")

    with pytest.raises(SourceError):
        store.index_source("here", "pairs", "Here", items())
    assert store.recent_sources() == []


KILLED_READING = """
import sys
from pathlib import Path
from mmsa_tui.records import Post
from mmsa_tui.store import Store

def items():
    for number in range(1300):
        yield Post(str(number), "new")
    print("half-way", flush=True)
    sys.stdin.read()

Store.open(Path(sys.argv[1])).index_source("here", "pairs", "Here", items())
"""


def test_a_killed_reading_leaves_the_old_posts_and_the_next_one_clears_up(
    store: Store, tmp_path: Path
) -> None:
    source = store.index_source("here", "pairs", "Here", posts("old"))
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED_READING, str(tmp_path / "mmsa.db")],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None and child.stdout.readline().strip() == b"half-way"
    child.kill()
    child.communicate()
    assert texts(store, source.id) == ["old"]
    store.index_source("here", "pairs", "Here", posts("fresh"))
    assert texts(store, source.id) == ["fresh"]
    assert store._db.all("SELECT text FROM posts") == [("fresh",)]
    found = Where("row_id IN (SELECT rowid FROM post_text WHERE post_text MATCH ?)", ("new",))
    assert store.count(source.id, "", found) == 0


def test_of_two_readings_at_once_the_later_to_begin_wins(store: Store, tmp_path: Path) -> None:
    def items() -> Iterator[Post]:
        yield Post("1", "slow")
        with Store.open(tmp_path / "mmsa.db") as other:
            other.index_source("here", "pairs", "Here", posts("quick"))

    with pytest.raises(StoreError, match="in the meantime"):
        store.index_source("here", "pairs", "Here", items())
    source = store.source("here")
    assert source is not None and texts(store, source.id) == ["quick"]


def test_a_walk_notices_that_the_source_was_read_again(store: Store) -> None:
    source = store.index_source("here", "pairs", "Here", posts(*"x" * 1200))
    walk = store.posts(source.id)
    next(walk)
    store.index_source("here", "pairs", "Here", posts("y"))
    with pytest.raises(StoreError, match="read again"):
        list(walk)


def test_recent_sources_begin_with_the_one_looked_at_last(store: Store) -> None:
    first = store.index_source("first", "pairs", "First", posts("a"))
    store.index_source("second", "pairs", "Second", posts("a"))
    store.remember_position(first.id, "3")
    assert [source.location for source in store.recent_sources()] == ["first", "second"]
    assert len(store.recent_sources(limit=1)) == 1


def test_a_forgotten_source_is_gone_with_its_posts(store: Store) -> None:
    source = store.index_source("here", "pairs", "Here", posts("a", "b"))
    store.forget_source(source.id)
    assert store.recent_sources() == []
    assert store._db.all("SELECT * FROM posts") == []
    with pytest.raises(StoreError):
        list(store.posts(source.id))


def test_a_post_number_that_is_not_there_is_an_error(store: Store) -> None:
    source = store.index_source("here", "pairs", "Here", posts("a"))
    with pytest.raises(StoreError, match="no post number 1"):
        store.post(source.id, 1)


def stopped_after(n: int) -> Iterator[Post]:
    yield from (Post(str(number), f"word{number} of a day " * 20) for number in range(n))
    raise KeyboardInterrupt


def test_a_first_reading_that_is_stopped_leaves_no_post_and_no_bytes(tmp_path: Path) -> None:
    path = tmp_path / "mmsa.db"
    Store.open(path).close()
    size = path.stat().st_size
    with Store.open(path) as store:
        with pytest.raises(KeyboardInterrupt):
            store.index_source("there", "pairs", "There", stopped_after(3000))
        # Before anybody closes it in good order.
        assert sum(file.stat().st_size for file in tmp_path.iterdir() if "shm" not in file.name) <= 2 * size
        row = store.index_source("there", "pairs", "There", posts("one day", "other day"))
        found = store.rows(
            row.id, "", Where("row_id IN (SELECT rowid FROM post_text WHERE post_text MATCH 'other')")
        )
        assert [row.post_id for row in found] == ["1"]
    with Store.open(path) as store:
        assert store._db.all("PRAGMA integrity_check") == [("ok",)]


def test_a_later_reading_that_is_stopped_ends_soon_and_its_rest_goes_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmsa_tui.store.indexing.GIVE_UP_S", -1.0)
    monkeypatch.setattr("mmsa_tui.store.indexing.BATCH", 100)
    monkeypatch.setattr("mmsa_tui.store.indexing.REMOVED_AT_ONCE", 400)
    with Store.open(tmp_path / "mmsa.db") as store:
        store.index_source("here", "pairs", "Here", posts("one"))
        with pytest.raises(KeyboardInterrupt):
            store.index_source("there", "pairs", "There", stopped_after(1000))
        assert store._db.all("SELECT count(*) FROM posts") == [(601,)]
        store.index_source("elsewhere", "pairs", "Elsewhere", posts("two"))
        assert store._db.all("SELECT count(*) FROM posts") == [(2,)]
        assert [row.title for row in store.recent_sources()] == ["Elsewhere", "Here"]


def test_a_reading_that_fails_while_it_is_stored_says_so_and_leaves_the_old_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmsa_tui.store.indexing.BATCH", 100)
    path = tmp_path / "mmsa.db"

    def read_by_another_run() -> Iterator[Post]:
        for number in range(1000):
            if number == 150:
                with Store.open(path) as other:
                    other._db.run("DELETE FROM posts WHERE reading = (SELECT max(id) FROM readings)")
                    other._db.run("DELETE FROM readings WHERE id = (SELECT max(id) FROM readings)")
            yield Post(str(number), f"number{number}")

    with Store.open(path) as store:
        row = store.index_source("here", "pairs", "Here", posts("one", "two"))
        with pytest.raises(StoreError, match="another run has read this source"):
            store.index_source("here", "pairs", "Here", read_by_another_run())
        assert [item.post.text for item in store.posts(row.id) if item.post] == ["one", "two"]


def test_every_post_keeps_its_own_content_where_batches_share_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmsa_tui.store.indexing.BATCH", 70)
    written: list[Post | Failure] = [
        Failure(str(number), "broken") if number % 31 == 0 else Post(str(number), f"number{number % 90}")
        for number in range(1000)
    ]
    with Store.open(tmp_path / "mmsa.db") as store:
        row = store.index_source("here", "pairs", "Here", written)
        stored = list(store.posts(row.id))
        assert [item.ordinal for item in stored] == list(range(1000))
        for item, given in zip(stored, written, strict=True):
            if isinstance(given, Failure):
                assert item.failure == given
            else:
                assert item.post is not None
                assert (item.post.post_id, item.post.text) == (given.post_id, given.text)
                assert item.post.content_hash == content_hash(given.text, [])
