"""What a child says after it was asked to leave is not taken for the word of the one after it."""

from __future__ import annotations

import asyncio
import sys
import time

from mmsa_tui.tui.engine_link import EngineLink
from mmsa_tui.worker.child import Child
from mmsa_tui.worker.messages import Finished, Ready, Reclassify

# The first of them is ready only when it is asked to leave; each answers whatever else it is asked.
ENGINE = """
import sys
from pathlib import Path
from mmsa_tui.worker.conversation import Conversation
from mmsa_tui.worker.messages import Finished, Load, Quit, Ready

parent, mark = Conversation.with_parent(), Path(sys.argv[1])
is_first = not mark.exists()
mark.touch()
while not isinstance(request := parent.next(), Quit):
    if isinstance(request, Load):
        if not is_first:
            parent.say(Ready("small 1.0.1", ("a", "b", "c"), "CPU"))
    else:
        parent.say(Finished())
parent.say(Ready("small 1.0.0", ("a", "b", "c"), "CPU"))
"""


async def until(holds) -> None:
    deadline_s = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline_s
        await asyncio.sleep(0.01)


async def test_a_bundle_taken_up_while_the_model_loads_judges_again(config, tmp_path):
    heard = []
    mark = tmp_path / "mark"
    link = EngineLink(config, heard.append, [sys.executable, "-c", ENGINE, str(mark)])
    await link.start()
    await until(mark.exists)
    await link.restart()
    await link.classify(Reclassify("small 1.0.0"), "judging again")
    await until(lambda: any(isinstance(message, Finished) for message in heard))
    assert [message.bundle for message in heard if isinstance(message, Ready)] == ["small 1.0.1"]
    await link.end()


async def test_a_child_that_is_closed_or_killed_is_heard_no_more(tmp_path):
    for end in ("close", "kill"):
        heard = []
        mark = tmp_path / end
        child = Child([sys.executable, "-c", ENGINE, str(mark)], heard.append, heard.append)
        await child.start()
        await until(mark.exists)
        await getattr(child, end)()
        await asyncio.sleep(0.2)
        assert heard == []
