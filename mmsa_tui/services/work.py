"""What every batch works with: a store, a bundle, and the sources read into it.

Whatever could stop the work is found out before it begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from mmsa_tui.bundle.meta import Bundle, verify_bundle
from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.config import Config
from mmsa_tui.services.classify import Finished, Progress, classify, say_renewed
from mmsa_tui.services.ingest import check_sources, read_in
from mmsa_tui.services.picture_words import read_pictures
from mmsa_tui.sources import ReadOptions
from mmsa_tui.store import SourceRow, Store, Where

if TYPE_CHECKING:
    from mmsa_tui.model.predictor import Predictor

_T = TypeVar("_T")

Advance = Callable[[int, int | None], None]
"""Told how many are done, and of how many if that is known."""


class Bar(Protocol):
    """Shows how far a piece of work is while a block runs."""

    def __call__(self, title: str, unit: str = "posts") -> AbstractContextManager[Advance]: ...


@contextmanager
def no_bar(title: str, unit: str = "posts") -> Iterator[Advance]:
    """Show nothing."""
    yield lambda done, total: None


def watched(items: Iterable[_T], advance: Advance) -> Iterator[_T]:
    """Count what passes, for a bar."""
    for number, item in enumerate(items, start=1):
        yield item
        if number % 100 == 0:
            advance(number, None)


class Work:
    """A store with sources read into it, and the bundle that judges them; the model is loaded when needed."""

    def __init__(self, config: Config, bundle: Bundle, store: Store, bar: Bar = no_bar) -> None:
        self.config, self.bundle, self.store, self.bar = config, bundle, store, bar
        self.sources: list[SourceRow] = []
        self.n_renewed = 0
        """Posts that another model of the bundle's id had judged."""
        self._predictor: Predictor | None = None

    @property
    def device_name(self) -> str:
        """Where the model runs; "" if it was not needed."""
        return self._predictor.device_name if self._predictor is not None else ""

    @property
    def notes(self) -> list[str]:
        """What is to be known of the model: that it judges anew, and what did not go as planned."""
        notes = self._predictor.notes if self._predictor is not None else []
        return [*filter(None, [say_renewed(self.bundle.id, self.n_renewed)]), *notes]

    @property
    def predictor(self) -> Predictor:
        """Load the bundle on the device of the settings, once.

        Raises:
            BundleError, DeviceError: it is damaged; the device is absent.
        """
        if self._predictor is None:
            from mmsa_tui.model.predictor import Predictor

            config = self.config
            with self.bar(f"loading {self.bundle.id}", unit=""):
                self._predictor = Predictor.load(
                    self.bundle, config.paths, config.device, config.batch_size, config.threads
                )
        return self._predictor

    def read(
        self, source: Path, format: str | None, options: ReadOptions, *, is_kept: bool = False
    ) -> SourceRow:
        """Read a source into the store; where it `is_kept`, only if it has changed."""
        with self.bar(f"reading {source.name}") as advance:
            row = read_in(
                self.store,
                source,
                format=format,
                options=options,
                on_count=lambda count: advance(count, None),
                is_kept=is_kept,
            )
        self.sources.append(row)
        return row

    def read_pictures(self, source: SourceRow, where: Where | None = None) -> None:
        """Read the words in the pictures that nobody has read yet; without anything to do loads nothing.

        Raises:
            UsageError, BundleError: what reads pictures is not installed, or damaged.
        """
        if not self.store.image_texts.count_unread(source.id, self.bundle.id, where):
            return
        with self.bar(f"reading the pictures of {source.title}") as advance:

            def watch(progress: Progress) -> None:
                advance(progress.done, progress.total)

            read_pictures(self.store, source.id, self.predictor, where=where, on_progress=watch)

    def classify(
        self,
        source: SourceRow,
        where: Where | None = None,
        *,
        restart: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Finished:
        """Judge what the bundle has not judged yet of a source; without anything to do loads no model.

        What another model of its id has judged is judged anew.
        """
        # To find one is sooner done than to count all.
        if not restart and next(self.store.unpredicted(source.id, self.bundle.id, where), None) is None:
            return Finished(n_skipped=self.store.count(source.id, self.bundle.id, where))
        with self.bar(f"classifying {source.title}") as advance:

            def watch(progress: Progress) -> None:
                advance(progress.done, progress.total)
                if on_progress is not None:
                    on_progress(progress)

            done = classify(
                self.store, source.id, self.predictor, where=where, restart=restart, on_progress=watch
            )
        self.n_renewed += done.n_renewed
        return done


@contextmanager
def begin(
    config: Config,
    sources: Sequence[Path],
    *,
    format: str | None = None,
    options: ReadOptions | None = None,
    bar: Bar = no_bar,
    are_kept: bool = False,
) -> Iterator[Work]:
    """Check all that the work needs, then read the sources in.

    Args:
        are_kept: do not read those again that are as they were.

    Raises:
        SourceError, BundleError, DeviceError, StoreError, UsageError: something is missing or damaged.
    """
    options = options or ReadOptions()
    bundle = find_bundle(config.paths, config.bundle)
    # Checksums of 100 MB and looking for a source's format: each takes a tenth of a second, on a core each.
    with ThreadPoolExecutor(1, "verifying") as aside:
        verified = aside.submit(verify_bundle, bundle, config.paths)
        paths = check_sources(sources, format, options)
        verified.result()
    check_device(config.device)
    with Store.open_to_write(config.paths.database) as store:
        work = Work(config, bundle, store, bar)
        for path in paths:
            work.read(path, format, options, is_kept=are_kept)
        # What is judged and written is walked through once: a run takes as much memory for many as for few.
        store.keep_few_pages()
        store.save_bundle_labels(bundle.id, bundle.labels, bundle.model)
        yield work


def check_device(name: str) -> None:
    """Refuse a device that was asked for and is not there.

    Raises:
        DeviceError: it is absent.
    """
    if name in ("auto", "cpu"):
        return
    # torch takes a second to import; who runs on the CPU pays it later, if at all.
    from mmsa_tui.model.device import choose_device

    choose_device(name)
