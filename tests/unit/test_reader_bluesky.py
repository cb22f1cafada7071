"""An unpacked Bluesky repository: records by key, pictures as blobs without extension."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import libipld
import pytest
from car_files import car, name_of

from mmsa_tui.errors import SourceError
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import detect, read
from mmsa_tui.sources.base import ReadOptions
from mmsa_tui.sources.readers.bluesky import READER

JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 32
DID = "did:plc:abcdefghijklmnopqrstuvwx"
CID = "bafkreiaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"


def record(text: str, /, **fields: Any) -> dict[str, Any]:
    return {
        "$type": "app.bsky.feed.post",
        "text": text,
        "langs": ["en"],
        "createdAt": "2024-03-05T14:02:11.123Z",
        **fields,
    }


def image(cid: str, alt: str = "") -> dict[str, Any]:
    blob = {"$type": "blob", "ref": {"$link": cid}, "mimeType": "image/jpeg", "size": 36}
    return {"alt": alt, "image": blob, "aspectRatio": {"width": 4, "height": 3}}


def images(*items: dict[str, Any]) -> dict[str, Any]:
    return {"$type": "app.bsky.embed.images", "images": list(items)}


def repository(root: Path, **records: dict[str, Any]) -> Path:
    folder = root / "app.bsky.feed.post"
    folder.mkdir(parents=True)
    for key, value in records.items():
        (folder / f"{key.removeprefix('k')}.json").write_text(json.dumps(value, indent=2), encoding="utf-8")
    (root / "_commit.json").write_text(json.dumps({"did": DID, "version": 3, "rev": "3k"}), encoding="utf-8")
    return root


def posts(source: Path) -> list[Post]:
    found = list(READER.read(source, ReadOptions()))
    assert all(isinstance(item, Post) for item in found), found
    return [item for item in found if isinstance(item, Post)]


def test_a_record_is_a_post_of_the_repositorys_owner(tmp_path: Path) -> None:
    link = {"$type": "app.bsky.richtext.facet#link", "uri": "https://example.org/a"}
    facets = [{"index": {"byteStart": 0, "byteEnd": 5}, "features": [link]}]
    repository(tmp_path, k3kaaa=record("Boats & gulls &amp; more", facets=facets))
    match = READER.detect(tmp_path)
    assert match is not None and match.certainty > 90
    (post,) = posts(tmp_path)
    assert (post.post_id, post.author, post.language) == ("3kaaa", DID, "en")
    assert post.text == "Boats & gulls &amp; more", "Bluesky's texts are plain, nothing in them is escaped"
    assert post.created_at == "2024-03-05T14:02:11Z"
    assert post.metadata == {
        "url": f"https://bsky.app/profile/{DID}/post/3kaaa",
        "uri": f"at://{DID}/app.bsky.feed.post/3kaaa",
        "links": "https://example.org/a",
    }


def test_a_picture_is_the_blob_of_its_hash(tmp_path: Path) -> None:
    repository(tmp_path, k3kaaa=record("see", embed=images(image(CID, "a boat"), image("bafkreigone"))))
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / CID).write_bytes(JPEG)
    (post,) = posts(tmp_path)
    assert [(picture.is_missing, picture.alt_text) for picture in post.pictures] == [
        (False, "a boat"),
        (True, ""),
    ]
    assert post.pictures[0].read() == JPEG


def test_an_early_post_names_its_blob_by_a_plain_cid(tmp_path: Path) -> None:
    old = {"alt": "", "image": {"cid": CID, "mimeType": "image/jpeg"}}
    (post,) = posts(repository(tmp_path, k3j=record("old", embed=images(old))))
    assert [picture.name for picture in post.pictures] == [CID]


def test_a_quote_with_pictures_keeps_both(tmp_path: Path) -> None:
    quoted = {"record": {"uri": "at://did:plc:other/app.bsky.feed.post/3kquoted", "cid": "x"}}
    embed = {"$type": "app.bsky.embed.recordWithMedia", "record": quoted, "media": images(image(CID))}
    (post,) = posts(repository(tmp_path, k3kaaa=record("look", embed=embed)))
    assert len(post.pictures) == 1
    assert (post.metadata["quote_of"], post.metadata["quote_author"]) == ("3kquoted", "did:plc:other")


def test_a_reply_names_its_parent_and_its_thread(tmp_path: Path) -> None:
    reply = {
        "root": {"uri": f"at://{DID}/app.bsky.feed.post/3kroot"},
        "parent": {"uri": "at://did:plc:other/app.bsky.feed.post/3kparent"},
    }
    (post,) = posts(repository(tmp_path, k3kaaa=record("yes", reply=reply)))
    assert post.metadata["conversation_id"] == "3kroot"
    assert (post.metadata["reply_to"], post.metadata["reply_to_author"]) == ("3kparent", "did:plc:other")


def test_posts_come_in_the_order_of_time(tmp_path: Path) -> None:
    repository(tmp_path, k3kb=record("two"), k3k22=record("one"), k3kz=record("three"))
    assert [post.text for post in posts(tmp_path)] == ["one", "two", "three"]


def test_several_repositories_in_one_folder_are_read(tmp_path: Path) -> None:
    repository(tmp_path / "one.bsky.social", k3ka=record("one"))
    repository(tmp_path / "two.bsky.social", k3kb=record("two"))
    assert [post.text for post in posts(tmp_path)] == ["one", "two"]


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_a_record_that_links_out_of_the_source_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text(json.dumps(record("secret")), encoding="utf-8")
    source = repository(tmp_path / "repo", k3ka=record("one"))
    (source / "app.bsky.feed.post/3kb.json").symlink_to(tmp_path / "secret.json")
    one, other = READER.read(source, ReadOptions())
    assert isinstance(one, Post)
    assert isinstance(other, Failure) and "secret" not in other.text


def test_a_broken_record_costs_one_row(tmp_path: Path) -> None:
    repository(tmp_path, k3ka=record("one"))
    (tmp_path / "app.bsky.feed.post/3kb.json").write_bytes(b'{"text": "half')
    assert [type(item) for item in READER.read(tmp_path, ReadOptions())] == [Post, Failure]


def test_a_folder_without_posts_says_what_to_point_at(tmp_path: Path) -> None:
    assert READER.detect(tmp_path) is None
    with pytest.raises(SourceError, match=r"no folder app\.bsky\.feed\.post"):
        list(READER.read(tmp_path, ReadOptions()))


def packed(count: int) -> tuple[bytes, list[tuple[int, int]]]:
    blob = {"$type": "blob", "ref": name_of(b"picture"), "mimeType": "image/jpeg", "size": 9}
    return car(
        {
            f"3lk{number}abcdefghi": {
                "$type": "app.bsky.feed.post",
                "text": f"post {number}",
                "createdAt": "2026-05-01T10:00:00.000Z",
                "embed": {"$type": "app.bsky.embed.images", "images": [{"alt": "x", "image": blob}]},
            }
            for number in range(count)
        }
    )


def test_a_car_file_holds_posts_with_their_keys_and_pictures(tmp_path: Path) -> None:
    data, _ = packed(9)
    (tmp_path / "repo.car").write_bytes(data)
    (tmp_path / f"{libipld.encode_cid(bytes(name_of(b'picture')))}.jpg").touch()
    assert detect(tmp_path / "repo.car").format == "bluesky"
    posts = list(read(tmp_path / "repo.car"))
    assert [post.text for post in posts] == [f"post {number}" for number in range(9)]
    first = posts[0]
    assert isinstance(first, Post)
    assert (first.post_id, first.author) == ("3lk0abcdefghi", "did:plc:abc")
    assert first.created_at == "2026-05-01T10:00:00Z"
    assert [picture.is_missing for picture in first.pictures] == [False]


@pytest.mark.parametrize("damaged", [0, 4, 8])
def test_a_damaged_block_of_a_car_file_costs_one_post_and_is_told(tmp_path: Path, damaged: int) -> None:
    data, spans = packed(9)
    start, end = spans[damaged]
    rng = random.Random(damaged)
    for _ in range(10):
        at = rng.randrange(start, end)
        changed = bytearray(data)
        changed[at] ^= 1 << rng.randrange(8)
        cut = data[:at] + data[end:]
        for content in (bytes(changed), cut):
            (tmp_path / "repo.car").write_bytes(content)
            items = list(read(tmp_path / "repo.car"))
            texts = [item.text for item in items if isinstance(item, Post)]
            assert texts == [f"post {number}" for number in range(9) if number != damaged]
            assert [item.post_id for item in items if isinstance(item, Failure)] == [f"3lk{damaged}abcdefghi"]
