"""What `read` adds to the readers: clean texts, digests, identity, and an end to whatever they raise."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from source_files import write

from mmsa_tui.errors import SourceError, UsageError
from mmsa_tui.records import Failure, Picture, Post, content_hash, hash_bytes
from mmsa_tui.sources import Match, ReadOptions, read

Fake = Callable[..., list[Post | Failure]]


class FakeReader:
    """Yields what it is given, and raises what it is given."""

    name = "fake"
    title = "for a test"

    def __init__(self, *items: Post | Failure | Exception) -> None:
        self.items = items

    def detect(self, source: Path) -> Match | None:
        return None

    def read(self, source: Path, options: ReadOptions) -> Iterator[Post | Failure]:
        for item in self.items:
            if isinstance(item, Exception):
                raise item
            yield item


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Fake:
    """Read `tmp_path` with a reader that yields the given items."""

    def read_with(*items: Post | Failure | Exception) -> list[Post | Failure]:
        monkeypatch.setattr("mmsa_tui.sources.reading.reader", lambda name: FakeReader(*items))
        return list(read(tmp_path, format="fake"))

    return read_with


def test_every_post_gets_the_digests_of_its_pictures_and_its_content_hash(tmp_path: Path) -> None:
    write(tmp_path, {"1.txt": "hello", "1.jpg": b"\xff\xd8\xff one", "1.png": b"\x89PNG\r\n\x1a\n two"})
    (post,) = read(tmp_path)
    digests = [hash_bytes(b"\xff\xd8\xff one"), hash_bytes(b"\x89PNG\r\n\x1a\n two")]
    assert isinstance(post, Post)
    assert [picture.digest for picture in post.pictures] == digests
    assert post.content_hash == content_hash("hello", digests)


def test_a_missing_picture_does_not_change_the_content_hash(fake: Fake) -> None:
    (post,) = fake(Post("1", "hello", (Picture("gone.jpg"),)))
    assert post.content_hash == content_hash("hello", [])


def test_posts_of_which_nothing_is_there_are_not_one_post(fake: Fake, tmp_path: Path) -> None:
    write(tmp_path, {"empty.jpg": b""})
    gone, empty = Picture("gone.jpg"), Picture("empty.jpg", tmp_path / "empty.jpg")
    posts = (Post("1", "", (gone,)), Post("2", "", (gone,)), Post("3", "", (empty,)), Post("4", ""))
    found = fake(*posts)
    assert len({post.content_hash for post in found if isinstance(post, Post)}) == 4
    assert fake(*posts) == found


def test_posts_that_show_the_same_picture_without_words_are_one_content(fake: Fake, tmp_path: Path) -> None:
    write(tmp_path, {"1.jpg": b"picture"})
    shown = Picture("1.jpg", tmp_path / "1.jpg")
    one, other = fake(Post("1", "", (shown, Picture("gone.jpg"))), Post("2", "", (shown,)))
    assert one.content_hash == other.content_hash == content_hash("", [hash_bytes(b"picture")])


def test_a_picture_that_cannot_be_read_stays_named_without_a_digest(fake: Fake, tmp_path: Path) -> None:
    (post,) = fake(Post("1", "hello", (Picture("1.jpg", tmp_path / "vanished.jpg"),)))
    assert (post.pictures[0].name, post.pictures[0].digest) == ("1.jpg", "")


def test_pictures_inside_an_archive_are_hashed(fake: Fake, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("m/1.jpg", b"picture")
    inside, absent = (Picture("1.jpg", tmp_path / "a.zip", f"m/{n}.jpg") for n in (1, 2))
    (post,) = fake(Post("1", "hello", (inside, absent)))
    assert [picture.digest for picture in post.pictures] == [hash_bytes(b"picture"), ""]


def test_texts_that_no_database_holds_are_made_storable(fake: Fake) -> None:
    (post,) = fake(Post("a\0b", "half \ud83d, whole \ud83d\ude00", metadata={"k\0": "\udc80"}))
    assert (post.post_id, post.text, post.metadata) == ("ab", "half \ufffd, whole 😀", {"k": "\ufffd"})


def test_a_reader_that_breaks_at_once_is_a_clear_error(fake: Fake) -> None:
    with pytest.raises(SourceError, match="KeyError: 'x'"):
        fake(KeyError("x"))


@pytest.mark.parametrize("error", [KeyError("x"), SourceError("cut off"), OSError("gone")])
def test_a_reader_that_breaks_later_keeps_what_came_before(fake: Fake, error: Exception) -> None:
    post, failure = fake(Post("1", "hello"), error)
    assert post.post_id == "1"
    assert isinstance(failure, Failure) and failure.reason.startswith("the rest of ")


def test_an_unknown_format_names_those_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, format="mp3")
    assert "mvsa" in caught.value.hint


def test_reading_twice_gives_the_same(tmp_path: Path) -> None:
    write(tmp_path, {f"{n}.txt": f"text {n}" for n in range(30)})
    assert list(read(tmp_path)) == list(read(tmp_path))
