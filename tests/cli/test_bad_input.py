"""Every way in which a user's input can be wrong: a message, what to do next, an exit code."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from command_runs import Mmsa, Ran

Table = Callable[..., Path]


def said(ran: Ran, code: int, *words: str) -> None:
    """Check the exit code, that the message has the words, that a hint follows, and no traceback."""
    assert ran.code == code, ran.err
    assert all(word in ran.err for word in words), ran.err
    assert len(ran.err.strip().splitlines()) >= 2, ran.err
    assert "Traceback" not in ran.err


def test_a_source_in_the_place_of_a_command_is_told_what_opens_it(mmsa: Mmsa, table: Table) -> None:
    source = table(["best"])
    said(mmsa(source), 2, f"mmsa browse {source}")
    assert "To open" not in mmsa("no-such-command").err


@pytest.mark.parametrize("command", [["classify", "-o", "out.csv"], ["inspect"], ["evaluate"]])
class TestSources:
    def test_a_source_that_is_missing(self, mmsa: Mmsa, command: list[str]) -> None:
        said(mmsa(*command, "nowhere"), 2, "nowhere")

    def test_a_folder_that_is_empty(self, mmsa: Mmsa, tmp_path: Path, command: list[str]) -> None:
        (tmp_path / "empty").mkdir()
        said(mmsa(*command, "empty"), 2, "empty folder")

    def test_a_file_that_is_empty(self, mmsa: Mmsa, tmp_path: Path, command: list[str]) -> None:
        (tmp_path / "empty.csv").touch()
        said(mmsa(*command, "empty.csv"), 2, "empty file")

    def test_a_file_in_no_known_format(self, mmsa: Mmsa, tmp_path: Path, command: list[str]) -> None:
        (tmp_path / "song.mp3").write_bytes(b"ID3\x04\0\xff\xfb\x90" * 100)
        said(mmsa(*command, "song.mp3"), 2, "none of the formats")

    def test_a_format_that_does_not_exist(self, mmsa: Mmsa, table: Table, command: list[str]) -> None:
        said(mmsa(*command, table(["best"]), "--format", "fax"), 2, "fax", "Formats:")

    @pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may read everything")
    def test_a_file_that_may_not_be_read(self, mmsa: Mmsa, table: Table, command: list[str]) -> None:
        source = table(["best"])
        source.chmod(0)
        said(mmsa(*command, source), 2, "cannot be read")

    def test_whether_a_file_may_be_read_is_for_the_readers_to_say(
        self, mmsa: Mmsa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
    ) -> None:
        # The argument parser asks os.access, and would answer with its usage instead of a hint.
        monkeypatch.setattr(os, "access", lambda *question, **more: False)
        (tmp_path / "empty.csv").touch()
        said(mmsa(*command, "empty.csv"), 2, "empty file")

    @pytest.mark.skipif(os.name == "nt", reason="no named pipes there")
    def test_a_pipe(self, mmsa: Mmsa, tmp_path: Path, command: list[str]) -> None:
        os.mkfifo(tmp_path / "pipe")
        said(mmsa(*command, "pipe"), 2, "device or a pipe")


class TestBundles:
    def classify(self, mmsa: Mmsa, table: Table, *more: str) -> Ran:
        return mmsa("classify", table(["best"]), "-o", "out.csv", *more)

    def folder(self, home: Path) -> Path:
        return home / "data" / "bundles" / "words-1.0.0"

    def test_a_bundle_that_does_not_exist(self, mmsa: Mmsa, table: Table) -> None:
        said(self.classify(mmsa, table, "--bundle", "nothing"), 3, "nothing", "bundle list")

    def test_a_bundle_with_a_missing_file(self, mmsa: Mmsa, table: Table, home: Path) -> None:
        (self.folder(home) / "fusion.safetensors").unlink()
        said(self.classify(mmsa, table), 3, "fusion.safetensors is missing")

    def test_a_bundle_with_a_cut_file(self, mmsa: Mmsa, table: Table, home: Path) -> None:
        (self.folder(home) / "fusion.safetensors").write_bytes(b"fus")
        said(self.classify(mmsa, table), 3, "fusion.safetensors is damaged")

    def test_a_bundle_whose_encoder_was_altered(self, mmsa: Mmsa, table: Table, home: Path) -> None:
        for weights in (home / "data" / "encoders").glob("*/model.safetensors"):
            weights.write_bytes(b"other weights")
        said(self.classify(mmsa, table), 3, "encoder", "damaged")

    def test_a_bundle_of_a_newer_format(self, mmsa: Mmsa, table: Table, home: Path) -> None:
        path = self.folder(home) / "meta.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"format_version": 99}))
        said(self.classify(mmsa, table, "--bundle", str(self.folder(home))), 3, "format 99")

    def test_a_bundle_whose_meta_is_no_json(self, mmsa: Mmsa, table: Table, home: Path) -> None:
        (self.folder(home) / "meta.json").write_text("{")
        said(self.classify(mmsa, table, "--bundle", str(self.folder(home))), 3, "meta.json")

    def test_verify_names_what_is_damaged(self, mmsa: Mmsa, home: Path) -> None:
        (self.folder(home) / "config.json").write_text("{}")
        said(mmsa("bundle", "verify"), 3, "config.json is damaged")

    def test_list_shows_a_damaged_bundle_beside_the_others(self, mmsa: Mmsa, home: Path) -> None:
        (home / "data" / "bundles" / "broken").mkdir()
        ran = mmsa("bundle", "list")
        assert ran.code == 0
        assert "words 1.0.0" in ran.out and "damaged: " in ran.out


class TestOutputs:
    @pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may write everywhere")
    def test_a_folder_that_may_not_be_written(self, mmsa: Mmsa, table: Table, tmp_path: Path) -> None:
        (tmp_path / "locked").mkdir(mode=0o500)
        said(mmsa("classify", table(["best"]), "-o", "locked/out.csv"), 2, "cannot be written")

    def test_a_disk_that_is_full(
        self, mmsa: Mmsa, table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(descriptor: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        said(mmsa("classify", table(["best"]), "-o", "out.csv"), 2, "disk is full")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "posts.csv"]


class TestSettings:
    @pytest.mark.parametrize(
        ("option", "value"), [("--device", "tpu"), ("--batch-size", "0"), ("--threads", "-1")]
    )
    def test_a_value_that_is_not_allowed(self, mmsa: Mmsa, table: Table, option: str, value: str) -> None:
        said(mmsa("classify", table(["best"]), "-o", "out.csv", option, value), 2, value, "Use ")

    def test_a_config_file_that_is_no_toml(self, mmsa: Mmsa, home: Path) -> None:
        (home / "config.toml").write_text("device = cpu")
        said(mmsa("bundle", "list"), 2, "config.toml", "TOML")

    def test_a_command_that_does_not_exist(self, mmsa: Mmsa) -> None:
        said(mmsa("clasify"), 2, "clasify")


class TestStores:
    def test_a_database_of_another_program(self, mmsa: Mmsa, table: Table, home: Path) -> None:
        with sqlite3.connect(home / "data" / "mmsa.db") as database:
            database.execute("CREATE TABLE theirs (x)")
        said(mmsa("classify", table(["best"]), "-o", "out.csv"), 4, "another program")

    def test_a_database_that_is_damaged(self, mmsa: Mmsa, table: Table, home: Path) -> None:
        (home / "data" / "mmsa.db").write_bytes(b"this is no database, whatever its name says" * 100)
        said(mmsa("classify", table(["best"]), "-o", "out.csv"), 4, "damaged")

    def test_a_database_from_a_newer_version(self, mmsa: Mmsa, table: Table, home: Path) -> None:
        mmsa("classify", table(["best"]), "-o", "out.csv")
        with sqlite3.connect(home / "data" / "mmsa.db") as database:
            database.execute("PRAGMA user_version = 999")
        said(mmsa("classify", table(["best"]), "-o", "out2.csv"), 4, "newer mmsa")


class TestDefects:
    def test_an_error_nobody_foresaw_is_one_line_and_a_file(
        self, mmsa: Mmsa, table: Table, home: Path
    ) -> None:
        ran = mmsa("classify", table(["!crash"]), "-o", "out.csv")
        said(ran, 70, "unexpected ZeroDivisionError", "report it with")
        (saved,) = (home / "cache" / "errors").iterdir()
        assert "Traceback" in saved.read_text()

    def test_no_escape_sequence_of_an_error_reaches_the_terminal(self, mmsa: Mmsa, table: Table) -> None:
        assert "\x1b" not in mmsa("classify", table(["!crash"]), "-o", "out.csv").err

    def test_no_escape_sequence_of_a_file_name_reaches_the_terminal(self, mmsa: Mmsa) -> None:
        assert "\x1b" not in mmsa("inspect", "no\x1b[2Jsuch").err

    def test_ctrl_c_is_130_without_a_traceback(self, mmsa: Mmsa, table: Table) -> None:
        said(mmsa("evaluate", table(["!interrupt"])), 130, "stopped")


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **more: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    # What whole files, scratch folders and archives are made by.
    monkeypatch.setattr(Path, "touch", refuse)
    monkeypatch.setattr("mmsa_tui.bundle.archive._take_in", refuse)


def test_a_full_disk_is_called_so_and_leaves_no_half_of_a_codebook(
    mmsa: Mmsa, home: Path, full_disk: None, tmp_path: Path
) -> None:
    made = mmsa("codebook", "new", "stance", "--label", "for", "--label", "against")
    assert (made.code, "the disk is full" in made.err) == (2, True)
    assert not (home / "data" / "codebooks" / "stance").exists()
    taken = mmsa("bundle", "import", tmp_path / "other.zip")
    assert (taken.code, "taken in: the disk is full" in taken.err) == (3, True)
    assert "Errno" not in made.err + taken.err
