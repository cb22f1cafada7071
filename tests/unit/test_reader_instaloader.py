"""Folders that instaloader filled: metadata and pictures of a post share a stem."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import ReadOptions, detect, read

STEM = "2026-05-0{}_10-00-00_UTC"


def node(number: int, kind: str = "Post") -> bytes:
    caption = {"edges": [{"node": {"text": f"post {number}"}}]}
    about: dict[str, Any] = {"id": str(number), "shortcode": f"D{number}", "owner": {"username": "sam"}}
    record = {**about, "taken_at_timestamp": 1777629600, "edge_media_to_caption": caption}
    return json.dumps({"node": record, "instaloader": {"version": "4.14", "node_type": kind}}).encode()


def test_numbered_pictures_belong_to_the_post_of_their_stem(tmp_path: Path) -> None:
    (tmp_path / f"{STEM.format(1)}.json.xz").write_bytes(lzma.compress(node(1)))
    (tmp_path / f"{STEM.format(2)}.json").write_bytes(node(2))
    for name in (
        f"{STEM.format(1)}_1.jpg",
        f"{STEM.format(1)}_2.jpg",
        f"{STEM.format(2)}.jpg",
        "profile.jpg",
    ):
        (tmp_path / name).touch()
    (tmp_path / "sam_7.json").write_bytes(node(7, "Profile"))
    notes: list[str] = []
    assert detect(tmp_path).format == "instaloader"
    posts = list(read(tmp_path, options=ReadOptions(note=notes.append)))
    found = [(item.post_id, item.text, len(item.pictures)) for item in posts if isinstance(item, Post)]
    assert found == [("1", "post 1", 2), ("2", "post 2", 1)]
    assert notes == [
        "metadata of profiles, stories and comments left out: 1",
        "picture files that no post names: 1 of 4, such as profile.jpg",
    ]


def test_metadata_that_is_cut_costs_its_post_and_is_told(tmp_path: Path) -> None:
    (tmp_path / f"{STEM.format(1)}.json").write_bytes(node(1))
    (tmp_path / f"{STEM.format(2)}.json").write_bytes(node(2)[:60])
    (tmp_path / f"{STEM.format(3)}.json.xz").write_bytes(lzma.compress(node(3))[:50])
    items = list(read(tmp_path, format="instaloader"))
    assert [item.text for item in items if isinstance(item, Post)] == ["post 1"]
    assert len([item for item in items if isinstance(item, Failure)]) == 2
