"""What the child with the model does: load it, classify into the database, explain.

Predictions go from here to the database, not through the parent: it hears of progress only, reads
what it shows, and loses nothing when either process is killed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from mmsa_tui.errors import BundleError, MmsaError
from mmsa_tui.records import Post
from mmsa_tui.services.classify import Judge, Progress, classify
from mmsa_tui.services.picture_words import PictureReader, read_pictures, read_posts
from mmsa_tui.services.reclassify import reclassify
from mmsa_tui.store import Store, Where
from mmsa_tui.worker.conversation import Conversation
from mmsa_tui.worker.messages import (
    Classify,
    Explain,
    Explained,
    Finished,
    Load,
    Message,
    PicturesRead,
    ReadPictures,
    Ready,
    Reclassify,
    Trouble,
    to_paths,
)

TELL_EVERY_S = 0.2
PAUSE_STEP_S = 0.2


class Model(Judge, PictureReader, Protocol):
    """What is needed of a predictor."""

    @property
    def can_read_pictures(self) -> bool: ...

    @property
    def device_name(self) -> str: ...

    def explain(self, post: Post) -> Any: ...


def load_predictor(request: Load) -> Model:
    """Load a bundle by torch.

    Raises:
        BundleError, DeviceError: it is damaged or absent, or the device is.
    """
    from mmsa_tui.bundle.registry import find_bundle
    from mmsa_tui.model.predictor import Predictor

    paths = to_paths(request.paths)
    bundle = find_bundle(paths, request.bundle)
    return Predictor.load(bundle, paths, request.device, request.batch_size, request.threads)


def serve(parent: Conversation, load: Callable[[Load], Model] = load_predictor) -> None:
    """Answer requests until the parent leaves."""
    side: _ModelSide | None = None

    def answer(request: Message) -> None:
        nonlocal side
        if isinstance(request, Load):
            with parent.expendable():
                model = load(request)
            side = _ModelSide(parent, model, request)
            side.introduce()
        elif side is not None:
            side.answer(request)

    parent.answer_with(answer)


class _ModelSide:
    def __init__(self, parent: Conversation, model: Model, loaded: Load) -> None:
        self._parent = parent
        self._model = model
        self._database = to_paths(loaded.paths).database
        self._store = Store.open(self._database)
        self._reads_pictures = loaded.reads_pictures and model.can_read_pictures
        self._told_s = 0.0

    def introduce(self) -> None:
        model = self._model
        self._store.save_bundle_labels(model.bundle_id, model.labels, model.model)
        self._parent.say(
            Ready(model.bundle_id, model.labels, model.device_name, self._reads_pictures, model.model)
        )

    def answer(self, request: Message) -> None:
        if isinstance(request, Explain | ReadPictures):
            self._answer_about_post(request)
        elif isinstance(request, Classify):
            self._parent.say(self._classify(request))
        elif isinstance(request, Reclassify):
            self._parent.say(
                reclassify(
                    self._store, self._model, request.before,
                    on_progress=self._on_progress, should_stop=self._is_stopping,
                )
            )  # fmt: skip

    def _classify(self, request: Classify) -> Finished:
        """Judge by what is known at once, then read the pictures: labels come first."""
        where = Where(request.where_sql, request.where_params) if request.where_sql else None
        done = classify(
            self._store, request.source_id, self._model, where=where, restart=request.restart,
            on_progress=self._on_progress, should_stop=self._is_stopping,
        )  # fmt: skip
        if done.stopped or not self._reads_pictures:
            return done
        try:
            read = read_pictures(
                self._store, request.source_id, self._model, where=where, judge=True,
                on_progress=self._on_progress, should_stop=self._is_stopping,
            )  # fmt: skip
        except BundleError as error:
            self._read_no_more(error)
            return done
        return msgspec.structs.replace(done, n_with_words=read.n_with_words, stopped=read.stopped)

    def _finds_words(self, post: Post) -> bool:
        """Read the pictures of a post, unless that has been done; whether there are words in them."""
        if not self._reads_pictures or self._store.image_texts.is_read(post.content_hash):
            return False
        try:
            return bool(read_posts(self._store, [post], self._model, judge=True))
        except BundleError as error:
            self._read_no_more(error)
            return False

    def _read_no_more(self, error: BundleError) -> None:
        """Say once that what reads pictures is damaged; the app reads by itself, and goes on without."""
        self._reads_pictures = False
        hint = f"{error.hint} Until then pictures are judged without the words in them."
        self._parent.say(Trouble(ReadPictures.__name__, error.message, hint))

    def _is_stopping(self) -> bool:
        return self._parent.is_stopping

    def _on_progress(self, progress: Progress) -> None:
        """Between two batches: report, explain what was asked for, hold while paused."""
        now_s = time.monotonic()
        if now_s - self._told_s >= TELL_EVERY_S or progress.done == progress.total:
            self._told_s = now_s
            self._parent.say(progress)
        self._explain_what_waits()
        if self._parent.is_paused:
            self._parent.say(msgspec.structs.replace(progress, paused=True))
            while self._parent.is_paused and not self._parent.is_stopping:
                self._parent.wait_while_paused(PAUSE_STEP_S)
                self._explain_what_waits()

    def _explain_what_waits(self) -> None:
        later: list[Message] = []
        while (request := self._parent.pending()) is not None:
            if isinstance(request, Explain | ReadPictures):
                try:
                    self._answer_about_post(request)
                except MmsaError as error:
                    self._parent.say(Trouble(type(request).__name__, error.message, error.hint))
            else:
                later.append(request)
        for request in later:
            self._parent.put_back(request)

    def _answer_about_post(self, request: Explain | ReadPictures) -> None:
        post = self._store.post(request.source_id, request.ordinal).post
        if post is None:
            self._parent.say(Trouble(type(request).__name__, "this input is no post", ""))
            return
        where = (request.source_id, request.ordinal)
        if isinstance(request, ReadPictures):
            self._parent.say(PicturesRead(*where, self._finds_words(post)))
            return
        found = self._model.explain(post)
        words = tuple(found.words)
        self._parent.say(Explained(*where, found.label, words, found.regions, found.picture))
