"""How processes end: by a signal, or with the terminal that they were shown in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has neither these signals nor terminals")

COMMAND = """
import time
import mmsa_tui.cli as cli
cli.build_app = lambda: (print("at work", flush=True), time.sleep(60))
from mmsa_tui.__main__ import main
main()
"""
LOADS = """
import os, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "mmsa_tui.cli":
            os.kill(os.getpid(), NUMBER)
sys.meta_path.insert(0, Finder())
from mmsa_tui.__main__ import main
main()
"""
SPINS = """
import os, sys, threading
from mmsa_tui.processes import end_with_terminal
end_with_terminal()
print("shown", flush=True)
def read():
    while True:
        try:
            os.read(0, 100)
        except OSError:
            pass
reader = threading.Thread(target=read)
reader.start()
reader.join()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_ends_alike_by_either_signal(number: signal.Signals) -> None:
    # A shell starts what runs in the background with Ctrl-C ignored, and its children inherit that.
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    process = subprocess.Popen(
        [sys.executable, "-c", heed + COMMAND], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "at work\n"
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said.splitlines()[0]) == (130, "error: stopped")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_still_loading_ends_so_too(number: signal.Signals) -> None:
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    code = heed + LOADS.replace("NUMBER", str(int(number)))
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert (ran.returncode, ran.stderr) == (130, "error: stopped\n")


def test_a_process_ends_with_its_terminal_though_its_threads_spin() -> None:
    import pty

    ours, theirs = pty.openpty()
    # In a session of its own whose terminal this is not: no signal tells it of the end.
    process = subprocess.Popen(
        [sys.executable, "-c", SPINS], stdin=theirs, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    os.close(theirs)
    assert process.stdout is not None
    assert process.stdout.readline() == "shown\n"
    time.sleep(0.2)
    assert process.poll() is None
    os.close(ours)
    assert process.wait(timeout=15) == 130
