"""The app reads the words in pictures by itself where that is installed, unless the config says never."""

from __future__ import annotations

import os
import threading
from dataclasses import replace

import pytest
from small_engine import SmallModel

from mmsa_tui.decoding import to_line
from mmsa_tui.worker.conversation import Conversation
from mmsa_tui.worker.messages import Ready, decode, loading
from mmsa_tui.worker.model_side import serve


class ReadingModel(SmallModel):
    can_read_pictures = True


@pytest.mark.parametrize(("setting", "reads"), [("auto", True), ("never", False)])
def test_the_setting_is_heard_by_the_model(config, source, setting, reads):
    (asked, asking), (answers, answering) = os.pipe(), os.pipe()
    with os.fdopen(asking, "wb") as app, os.fdopen(answers, "rb") as heard:
        child = Conversation(os.fdopen(asked, "rb"), os.fdopen(answering, "wb"))
        serving = threading.Thread(target=serve, args=(child, lambda load: ReadingModel(0.0)))
        serving.start()
        app.write(to_line(loading(replace(config, image_text=setting))))
        app.flush()
        ready = decode(heard.readline())
        app.close()
        serving.join()
    assert isinstance(ready, Ready)
    assert ready.reads_pictures is reads
