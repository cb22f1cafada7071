"""Where an export may go, and that a target is whole: the old file or the new one."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mmsa_tui.disk.whole_file import part_prefix, whole_file
from mmsa_tui.errors import OutputError
from mmsa_tui.export import SUFFIXES, check_target, write
from mmsa_tui.records import Correction, Failure, Post, Prediction

REPOSITORY = Path(__file__).parents[2]
LABELS = ("negative", "positive")


@dataclass(frozen=True)
class Row:
    post: Post | None = None
    failure: Failure | None = None
    prediction: Prediction | None = None
    correction: Correction | None = None


ROWS = [Row(Post("1", "a", metadata={"likes": "3"}))]

BLOCKED_EXPORT = """
import sys
from pathlib import Path
sys.path.insert(0, "tests/unit")
from test_export_targets import LABELS, Row
from mmsa_tui.export import write
from mmsa_tui.records import Post

def rows():
    for number in range(20_000):
        yield Row(Post(str(number), "text " * 20))
    print("half-way", flush=True)
    sys.stdin.read()

write(rows(), Path(sys.argv[1]), LABELS, overwrite=True, source_columns=[])
"""


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", ["out", "out.txt", "out.xls", ".csv"])
def test_an_unknown_suffix_is_refused_with_those_that_are_known(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError) as caught:
        write(ROWS, tmp_path / name, LABELS)
    assert all(suffix in caught.value.hint for suffix in SUFFIXES)


def test_the_suffix_may_be_in_capitals(tmp_path: Path) -> None:
    assert write(ROWS, tmp_path / "OUT.CSV", LABELS) == 1


def test_an_existing_file_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("mine")
    with pytest.raises(OutputError, match="exists"):
        write(ROWS, target, LABELS)
    assert target.read_text() == "mine"


def test_a_file_that_appears_while_rows_are_written_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"

    def rows() -> Iterator[Row]:
        target.write_text("mine")
        yield ROWS[0]

    with pytest.raises(OutputError, match="appeared"):
        write(rows(), target, LABELS)
    assert (target.read_text(), files(tmp_path)) == ("mine", ["out.csv"])


def test_overwriting_replaces_the_file_when_allowed(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("old")
    write(ROWS, target, LABELS, overwrite=True)
    assert "post_id" in target.read_text("utf-8-sig")


def test_a_folder_is_no_target(tmp_path: Path) -> None:
    (tmp_path / "out.csv").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        write(ROWS, tmp_path / "out.csv", LABELS, overwrite=True)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="nowhere does not exist"):
        write(ROWS, tmp_path / "nowhere" / "out.csv", LABELS)


def test_a_name_longer_than_the_file_system_takes_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        write(ROWS, tmp_path / ("x" * 300 + ".csv"), LABELS)


def test_a_target_is_checked_without_leaving_a_trace(tmp_path: Path) -> None:
    check_target(tmp_path / "out.csv")
    assert files(tmp_path) == []


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root and Windows write there all the same")
def test_a_read_only_folder_is_an_output_error_with_a_way_out(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError) as caught:
        check_target(tmp_path / "out.csv")
    assert "choose a folder" in caught.value.hint


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_writing_to_a_link_replaces_what_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to("real.csv")
    write(ROWS, tmp_path / "link.csv", LABELS, overwrite=True)
    assert (tmp_path / "link.csv").is_symlink()
    assert "post_id" in (tmp_path / "real.csv").read_text("utf-8-sig")


@pytest.mark.skipif(os.name == "nt", reason="no such permissions on Windows")
def test_overwriting_keeps_the_files_permissions(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("old")
    target.chmod(0o640)
    write(ROWS, target, LABELS, overwrite=True)
    assert target.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"out{suffix}"
    target.write_text("old")

    def rows() -> Iterator[Row]:
        yield ROWS[0]
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match="disk is full") as caught:
        write(rows(), target, LABELS, overwrite=True)
    assert caught.value.hint
    assert (target.read_text(), files(tmp_path)) == ("old", [target.name])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on the size of a file")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_that_cannot_grow_is_an_output_error(tmp_path: Path, suffix: str) -> None:
    script = f"""
import os, resource, signal, sys
from pathlib import Path
sys.path.insert(0, "tests/unit")
from test_export_targets import LABELS, Row
from mmsa_tui.disk.whole_file import part_prefix, whole_file
from mmsa_tui.errors import OutputError
from mmsa_tui.export import write
from mmsa_tui.records import Post
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
rows = (Row(Post(str(number), os.urandom(200).hex())) for number in range(2000))
try:
    write(rows, Path(sys.argv[1]) / "out{suffix}", LABELS)
except OutputError as error:
    print(error.message)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert "cannot be written" in done.stdout, done.stderr
    assert files(tmp_path) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_error_among_the_rows_passes_and_leaves_the_old_file(tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"out{suffix}"
    target.write_text("old")

    def rows() -> Iterator[Row]:
        yield ROWS[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(rows(), target, LABELS, overwrite=True)
    assert (target.read_text(), files(tmp_path)) == ("old", [target.name])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_process_killed_half_way_leaves_the_old_file(tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"out{suffix}"
    target.write_text("old")
    child = subprocess.Popen(
        [sys.executable, "-c", BLOCKED_EXPORT, str(target)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None and child.stdout.readline().strip() == b"half-way"
    child.kill()
    child.communicate()
    assert target.read_text() == "old"
    assert write(ROWS, target, LABELS, overwrite=True) == 1


def test_what_a_killed_run_left_is_removed_a_day_later(tmp_path: Path) -> None:
    old, young = tmp_path / ".mmsa-1.part", tmp_path / ".mmsa-2.part"
    folder = tmp_path / ".mmsa-3"
    folder.mkdir()
    (folder / "sheet").touch()
    for path in (old, young):
        path.touch()
    long_ago = time.time() - 90_000
    os.utime(old, (long_ago, long_ago))
    os.utime(folder, (long_ago, long_ago))
    write(ROWS, tmp_path / "out.csv", LABELS)
    assert files(tmp_path) == [".mmsa-2.part", "out.csv"]


@pytest.mark.skipif("os.name == 'nt'", reason="Windows tells nothing of another process by its number")
def test_what_a_killed_run_left_goes_with_the_next_file_and_a_live_ones_stays(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    ours = part_prefix()
    left = tmp_path / f"{ours.replace(f'-{os.getpid()}-', f'-{dead.pid}-')}x.part"
    left.write_text("a post")
    alive = tmp_path / f"{ours}y.part"
    alive.write_text("another")
    with whole_file(tmp_path / "out.txt") as part:
        part.write_text("whole")
    assert (left.exists(), alive.exists()) == (False, True)
