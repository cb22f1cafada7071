"""The model's process leaves with the app, whatever it is doing."""

from __future__ import annotations

import subprocess
import sys

from mmsa_tui.decoding import to_line
from mmsa_tui.worker.messages import loading

SLOW = """
import sys, time
from mmsa_tui.worker.conversation import Conversation
from mmsa_tui.worker.model_side import serve

def load(request):
    print("loading", file=sys.stderr, flush=True)
    time.sleep(600)

serve(Conversation.with_parent(), load)
"""


def test_a_model_that_is_still_loading_is_given_up_when_the_app_goes(config):
    with subprocess.Popen(
        [sys.executable, "-c", SLOW], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        child.stdin.write(to_line(loading(config)))
        child.stdin.flush()
        assert child.stderr.readline().strip() == b"loading"
        child.stdin.close()
        assert child.wait(timeout=60) == 0
