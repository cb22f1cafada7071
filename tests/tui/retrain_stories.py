"""Stories of the retrain screen begin here: an app whose model learns, corrections, a choice of run."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from small_engine import LABELS
from stories import SIZE, asked, opened
from textual.pilot import Pilot

from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.config import Config
from mmsa_tui.records import Correction
from mmsa_tui.services import retrain as run
from mmsa_tui.store import Store
from mmsa_tui.tui.app import MmsaApp
from mmsa_tui.tui.retrain.screen import RetrainScreen

HERE = Path(__file__).parent

Opened = Callable[..., AbstractAsyncContextManager[tuple[Pilot, RetrainScreen]]]


@pytest.fixture
def learning_app(config: Config) -> Callable[..., MmsaApp]:
    """Make an app that takes the active bundle, and whose model judges as that does."""
    return lambda **settings: MmsaApp(
        replace(config, **{"bundle": "", **settings}),
        engine_command=[sys.executable, str(HERE / "learning_engine.py")],
    )


@pytest.fixture
def train(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Choose how a retrain goes: `pass`, `refuse`, `hang`, `dawdle`, `full`."""

    def choose(manner: str) -> None:
        monkeypatch.setattr(
            run,
            "command_for",
            lambda file: [sys.executable, str(HERE / "small_training.py"), str(file), manner],
        )

    return choose


@pytest.fixture
def retraining(learning_app, train, store: Store, classified, wait_for) -> Opened:
    """Open the retrain screen on twelve corrections, or on those that were made before."""

    @asynccontextmanager
    async def begin(
        manner: str = "pass", *, size: tuple[int, int] = SIZE, **settings: str
    ) -> AsyncIterator[tuple[Pilot, RetrainScreen]]:
        train(manner)
        if not store.count_corrected():
            correct(store, classified.id, 12)
        async with learning_app(**settings).run_test(size=size) as pilot:
            yield pilot, await on_retrain_screen(pilot, wait_for)

    return begin


@pytest.fixture
def offered(retraining: Opened, wait_for) -> Opened:
    """Open the retrain screen and run a retrain to its end."""

    @asynccontextmanager
    async def begin(manner: str = "pass", **settings) -> AsyncIterator[tuple[Pilot, RetrainScreen]]:
        async with retraining(manner, **settings) as (pilot, screen):
            await run_to_its_end(pilot, screen, wait_for)
            yield pilot, screen

    return begin


async def on_retrain_screen(pilot: Pilot, wait_for) -> RetrainScreen:
    """Go to the screen and wait until it knows what there is."""
    await opened(pilot, wait_for)
    await pilot.press("r")
    screen = await asked(pilot, wait_for, RetrainScreen)
    await wait_for(pilot, lambda: screen.seen is not None, "what there is")
    await pilot.pause()
    return screen


async def run_to_its_end(pilot: Pilot, screen: RetrainScreen, wait_for) -> None:
    await pilot.press("s")
    await wait_for(pilot, lambda: screen.offer is not None, "the candidate")
    await pilot.pause()


def correct(store: Store, source_id: int, n: int) -> None:
    """Give the first posts of a source the labels in turn."""
    posts = [row.post for row in store.posts(source_id)][:n]
    store.add_corrections(
        [
            Correction(f"u{at}", post.content_hash, LABELS[at % 3], analyst="ana", post_id=post.post_id)
            for at, post in enumerate(posts)
        ]
    )


def active(config: Config) -> str:
    return find_bundle(config.paths).id
