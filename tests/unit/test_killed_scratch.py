"""Posts that a killed process had put into the folder for temporary files go at the next start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from mmsa_tui.disk.whole_file import temporary_folder
from mmsa_tui.records import Correction
from mmsa_tui.store import Store

BEGINNING = """
import os, shutil, signal, sqlite3, sys
from pathlib import Path
database = Path(sys.argv[1])

def killed(*given, **options):
    os.kill(os.getpid(), signal.SIGKILL)
"""

A_STORE_THAT_ONLY_A_COPY_CAN_READ = """
from mmsa_tui.store import health
connect = sqlite3.connect

def refuse(path, **options):
    if "mode=ro" in str(path):
        raise sqlite3.OperationalError("unable to open database file")
    return connect(path, **options)

sqlite3.connect = refuse
shutil.copyfile = killed
health.back_up(database, database.with_name("copy.db"))
"""

A_HOME_THAT_CANNOT_BE_WRITTEN = """
from mmsa_tui.store import Store
from mmsa_tui.store import database as opening

def refuse(path):
    raise OSError(30, "Read-only file system")

opening.make_private_file = refuse
shutil.copyfile = killed
Store.open_to_read(database)
"""

A_DATA_FRAME = """
import mmsa_tui, pandas
from mmsa_tui.services import notebook
notebook.find_bundle = notebook.verify_bundle = lambda *given: None
notebook.Store.index_source = killed
mmsa_tui.classify(pandas.DataFrame({"text": ["a day"]}))
"""

OPENING = """
import sys
from pathlib import Path
from mmsa_tui.store import Store
Store.open(Path(sys.argv[1]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize(
    "reading", [A_STORE_THAT_ONLY_A_COPY_CAN_READ, A_HOME_THAT_CANNOT_BE_WRITTEN, A_DATA_FRAME]
)
def test_what_a_killed_process_had_unpacked_goes_at_the_next_start(tmp_path: Path, reading: str) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    database = tmp_path / "home" / "data" / "mmsa.db"
    with Store.open(database) as store:
        store.add_corrections([Correction("u1", "b2:1", "positive")])
        # Open: its log lies beside it.
        there = {**os.environ, "TMPDIR": str(scratch), "MMSA_HOME": str(tmp_path / "home")}
        code = BEGINNING + reading
        ran = subprocess.run([sys.executable, "-c", code, str(database)], env=there, check=False)
        assert ran.returncode == -signal.SIGKILL
        assert len(list(scratch.iterdir())) == 1
    subprocess.run([sys.executable, "-c", OPENING, str(database)], env=there, check=True)
    assert not list(scratch.iterdir())


def test_the_folder_for_temporary_files_is_found_without_a_trial_file_that_a_kill_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(os, "open", lambda *given: pytest.fail("a file was written"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert temporary_folder() == tmp_path
