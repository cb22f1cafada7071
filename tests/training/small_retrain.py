"""A home with the small bundle in use, posts to correct, and candidates that a gate has judged."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from small_posts import make_picture, make_post

from mmsa_tui import retrain as service
from mmsa_tui.bundle.meta import META, Bundle
from mmsa_tui.bundle.registry import use_bundle
from mmsa_tui.config import Paths, find_paths
from mmsa_tui.records import Correction, Post
from mmsa_tui.retrain.verdict import Check, Verdict
from mmsa_tui.services import retrain as retraining
from mmsa_tui.store import Store

LABELS = ("negative", "neutral", "positive")


RIGHT = [LABELS[i % 3] for i in range(24)]


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths({"MMSA_HOME": str(tmp_path / "home")})


@pytest.fixture
def bundle(small_bundle: Bundle, paths: Paths) -> Bundle:
    shutil.copytree(small_bundle.directory.parent, paths.bundles_dir)
    return use_bundle(paths, "small")


@pytest.fixture
def posts(tmp_path: Path) -> list[Post]:
    return write_posts(tmp_path / "posts")


def write_posts(folder: Path) -> list[Post]:
    folder.mkdir()
    words = ("worst rain", "a train", "best love")
    return [
        make_post(
            folder, str(i), f"{words[i % 3]} {chr(97 + i)}{chr(98 + i // 3)}", make_picture(i, (48, 48))
        )
        for i in range(24)
    ]


@dataclass(frozen=True)
class Retrained:
    """A home in which one retrain from right corrections has come to its end."""

    paths: Paths
    bundle: Bundle
    posts: list[Post]
    result: service.Result
    events: list[service.Event]


@pytest.fixture(scope="session")
def retrained_once(small_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Retrained:
    """The one retrain that all tests share; each gets a copy of what it left, by `retrained`."""
    root = tmp_path_factory.mktemp("retrained")
    paths = find_paths({"MMSA_HOME": str(root / "home")})
    shutil.copytree(small_bundle.directory.parent, paths.bundles_dir)
    bundle, posts = use_bundle(paths, "small"), write_posts(root / "posts")
    correct(paths, posts, RIGHT)
    events: list[service.Event] = []
    result = retrain(paths, bundle, on_event=events.append)
    return Retrained(paths, bundle, posts, result, events)


@pytest.fixture
def retrained(retrained_once: Retrained, paths: Paths) -> Retrained:
    once, home = retrained_once, paths.data_dir.parent
    before = once.paths.data_dir.parent
    shutil.copytree(before, home, dirs_exist_ok=True)

    def moved(path: Path) -> Path:
        return home / path.relative_to(before)

    assert once.result.candidate is not None
    result = msgspec.structs.replace(
        once.result, run=str(moved(once.result.run_folder)), folder=str(moved(once.result.candidate))
    )
    return Retrained(paths, use_bundle(paths, "small"), once.posts, result, once.events)


def correct(paths: Paths, posts: list[Post], labels: list[str], marks: str = "u") -> None:
    with Store.open(paths.database) as store:
        store.index_source("somewhere", "pairs", "somewhere", posts)
        store.add_corrections(
            [
                Correction(f"{marks}{i}", p.content_hash, label, text=p.text)
                for i, (p, label) in enumerate(zip(posts, labels, strict=True))
            ]
        )


def retrain(paths: Paths, bundle: Bundle, **options: Any) -> service.Result:
    return retraining.retrain(paths, bundle, device="cpu", threads=1, **options)


def refused(bundle: Bundle, paths: Paths, version: str = "1.0.1") -> Path:
    """A copy of the bundle as a candidate that the gate has refused."""
    return write_candidate(
        bundle, paths, Verdict(False, (Check("x", False, "it is worse"),), 9, 5, 5), version
    )


def write_candidate(bundle: Bundle, paths: Paths, verdict: Verdict, version: str = "1.0.1") -> Path:
    folder = paths.runs_dir / f"retrain-{version}" / f"small-{version}"
    shutil.copytree(bundle.directory, folder)
    meta = replace(bundle.meta, version=version, parent="small 1.0.0", training={"gate": verdict.as_json()})
    (folder / META).write_text(json.dumps(meta.as_json()))
    return folder
