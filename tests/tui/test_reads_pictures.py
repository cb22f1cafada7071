"""The app reads the words in pictures by itself where that is installed, unless the config says never."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest
from small_engine import SmallModel

from mmsa_tui.decoding import to_line
from mmsa_tui.errors import BundleError
from mmsa_tui.model.picture_words import Read
from mmsa_tui.records import Post
from mmsa_tui.worker.conversation import Conversation
from mmsa_tui.worker.messages import (
    Classify,
    Finished,
    Message,
    PicturesRead,
    ReadPictures,
    Ready,
    Trouble,
    decode,
    loading,
)
from mmsa_tui.worker.model_side import serve


class ReadingModel(SmallModel):
    can_read_pictures = True


class DamagedModel(ReadingModel):
    def read_pictures(self, posts: Sequence[Post], known: Mapping[str, str]) -> Read:
        raise BundleError("the model det.onnx of RapidOCR is missing", "Install it again.")


def _ends(said: Message, request: Message, until: type[Message]) -> bool:
    return isinstance(said, until) or (isinstance(said, Trouble) and said.about == type(request).__name__)


@contextmanager
def serving(model: SmallModel) -> Iterator[Callable[..., list[Message]]]:
    """The model's side of a conversation: sends requests and hears as many answers as are named."""
    (asked, asking), (answers, answering) = os.pipe(), os.pipe()
    with os.fdopen(asking, "wb") as app, os.fdopen(answers, "rb") as heard:
        child = Conversation(os.fdopen(asked, "rb"), os.fdopen(answering, "wb"))
        thread = threading.Thread(target=serve, args=(child, lambda load: model))
        thread.start()

        def ask(request: Message, until: type[Message]) -> list[Message]:
            app.write(to_line(request))
            app.flush()
            said: list[Message] = []
            while not said or not _ends(said[-1], request, until):
                said.append(decode(heard.readline()))
            return said

        yield ask
        app.close()
        thread.join()


@pytest.mark.parametrize(("setting", "reads"), [("auto", True), ("never", False)])
def test_the_setting_is_heard_by_the_model(config, source, setting, reads):
    with serving(ReadingModel(0.0)) as ask:
        (ready,) = ask(loading(replace(config, image_text=setting)), Ready)
    assert ready.reads_pictures is reads


def test_what_reads_pictures_being_damaged_is_said_once_and_posts_are_judged(config, source):
    with serving(DamagedModel(0.0)) as ask:
        ask(loading(config), Ready)
        batch = ask(Classify(source.id), Finished)
        viewed = [ask(ReadPictures(source.id, number), PicturesRead) for number in (0, 1)]
    troubles = [message for message in batch if isinstance(message, Trouble)]
    assert [(one.about, one.message) for one in troubles] == [
        ("ReadPictures", "the model det.onnx of RapidOCR is missing")
    ]
    assert batch[-1].n_done > 0 and not batch[-1].stopped
    assert [[type(message) for message in said] for said in viewed] == [[PicturesRead]] * 2
