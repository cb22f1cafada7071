"""A small source with generated pictures, a bundle that is only a name, and the app on both."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from retrain_stories import learning_app, offered, retraining, train
from safetensors.numpy import save
from small_engine import BUNDLE, LABELS, judge
from small_pictures import draw_picture
from snapshot_stories import looks_right, merrow
from textual.pilot import Pilot

from mmsa_tui.bundle.meta import EVALUATION, REPLAY, REQUIRED, directory_hash
from mmsa_tui.bundle.registry import use_bundle
from mmsa_tui.config import Config, find_paths
from mmsa_tui.services.ingest import read_in
from mmsa_tui.store import SourceRow, Store
from mmsa_tui.tui.app import MmsaApp

__all__ = ["learning_app", "looks_right", "merrow", "offered", "retraining", "train"]

SMALL_ENGINE = Path(__file__).parent / "small_engine.py"

TEXTS = (
    "Sunrise over the harbour, best day of the year #blessed",
    "polls open until nine",
    "RT @anna: the train is late again, of course",
    "the train is late again, of course",
    "so proud of these kids, what a game",
    "nothing to see here",
    "the queue at the post office goes round the corner",
    "we won! we actually won!",
    "rain, rain, rain and no umbrella",
    "the soup was cold and the waiter did not care",
    "a quiet evening with a good book",
    "who keeps stealing my lunch from the office fridge?",
)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A home of its own, and a shipped bundle called `small` that passes every check but loads nothing."""
    paths = find_paths({"MMSA_HOME": str(tmp_path / "home")})
    paths = replace(paths, shipped_bundles=tmp_path / "bundles")
    write_small_bundle(paths.shipped_bundles)
    use_bundle(paths, "small")
    return Config(paths=paths, bundle="small", analyst="ana", pictures="blocks")


def write_small_bundle(root: Path) -> None:
    """Write `small 1.0.0`, whose files hold their own names but for a frozen post; and two encoders."""
    encoders = {}
    for which in ("text", "image"):
        scratch = root / "encoders" / which
        scratch.mkdir(parents=True)
        kind = {"text": "albert", "image": "mobilenet_v2"}[which]
        (scratch / "config.json").write_text(json.dumps({"model_type": kind}))
        (scratch / "model.safetensors").write_bytes(save({which: np.ones(1, dtype=np.float32)}))
        encoders[which] = directory_hash(scratch)
        scratch.rename(root / "encoders" / encoders[which])
    folder = root / "small-1.0.0"
    folder.mkdir()
    files = {name: name.encode() for name in REQUIRED}
    files[EVALUATION] = save({"hashes": np.ones((1, 20), dtype=np.uint8)})
    files[REPLAY] = save({"hashes": np.zeros((0, 20), dtype=np.uint8)})
    for name, data in files.items():
        (folder / name).write_bytes(data)
    meta = {
        "format_version": 1, "name": "small", "version": "1.0.0", "labels": list(LABELS),
        "encoders": encoders, "requires_mmsa": ">=0",
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
    }  # fmt: skip
    (folder / "meta.json").write_text(json.dumps(meta), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve posts, two of them a retweet of one another; every third without a picture."""
    folder = tmp_path / "harbour"
    folder.mkdir()
    for number, text in enumerate(TEXTS, start=1):
        (folder / f"{number:02}.txt").write_text(text, encoding="utf-8")
        if number % 3:
            draw_picture(folder / f"{number:02}.png", number)
    # The two copies carry the same picture, or none.
    for name in ("03.png", "04.png"):
        (folder / name).unlink(missing_ok=True)
    return folder


@pytest.fixture
def source(config: Config, folder: Path) -> SourceRow:
    """The folder, read in."""
    with Store.open(config.paths.database) as store:
        return read_in(store, folder)


@pytest.fixture
def many(config: Config, tmp_path: Path) -> SourceRow:
    """Four hundred different posts without pictures, read in: several batches."""
    table = tmp_path / "many.csv"
    lines = [f"{number},post number {number}" for number in range(400)]
    table.write_text("id,text\n" + "\n".join(lines), encoding="utf-8")
    with Store.open(config.paths.database) as store:
        return read_in(store, table)


@pytest.fixture
def classified(config: Config, source: SourceRow) -> SourceRow:
    """The folder, read in and classified, but for the last post."""
    with Store.open(config.paths.database) as store:
        store.save_bundle_labels(BUNDLE, LABELS)
        posts = [row.post for row in store.posts(source.id) if row.post is not None]
        store.save_predictions([judge(post) for post in posts[:-1]])
    return source


@pytest.fixture
def store(config: Config) -> Iterator[Store]:
    """The database, seen from outside the app."""
    with Store.open(config.paths.database) as store:
        yield store


@pytest.fixture
def make_app(config: Config) -> Callable[..., MmsaApp]:
    """Make an app whose model is the small one."""

    def make(
        source: str | None = None, *, config: Config = config, seconds_per_batch: float = 0.0
    ) -> MmsaApp:
        command = [sys.executable, str(SMALL_ENGINE), str(seconds_per_batch)]
        return MmsaApp(config, source, engine_command=command)

    return make


@pytest.fixture
def wait_for() -> Callable[..., object]:
    """Wait until something holds; fail if it does not within a time that is long on any machine."""

    async def wait(pilot: Pilot[None], holds: Callable[[], object], what: str = "") -> None:
        deadline_s = time.monotonic() + 60
        while time.monotonic() < deadline_s:
            if holds():
                return
            await pilot.pause(0.01)
        raise AssertionError(f"waited in vain for {what or holds}")

    return wait
