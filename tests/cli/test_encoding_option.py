"""`--encoding`: what the user knows of a file that does not say in what encoding it is."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import pytest
from command_runs import Mmsa

from mmsa_tui import cli
from mmsa_tui.config import load_config
from mmsa_tui.store import Store

TEXTS = ["best café", "worst “news” – ever", "naïve best"]


@pytest.fixture
def ansi(tmp_path: Path) -> Path:
    """A table as Excel for Windows saves it under `CSV`."""
    path = tmp_path / "posts.csv"
    lines = ["id,text,label", *(f"{n},{text},positive" for n, text in enumerate(TEXTS))]
    path.write_bytes("\r\n".join(lines).encode("cp1252"))
    return path


def test_without_it_such_a_table_is_refused_with_the_encoding_it_could_be_in(mmsa: Mmsa, ansi: Path) -> None:
    done = mmsa("inspect", ansi)
    assert done.code == 2
    assert "--encoding cp1252" in done.err


def test_without_it_a_few_such_rows_fail_with_the_advice_to_use_it(mmsa: Mmsa, ansi: Path) -> None:
    with ansi.open("ab") as file:
        file.write(b"".join(b"\r\n%d,plain words,positive" % number for number in range(10, 30)))
    found = json.loads(mmsa("inspect", ansi, "--json").out)
    assert (found["posts"], found["failures"]["count"]) == (20, 3)
    assert "--encoding" in found["failures"]["examples"][0]


def test_with_it_inspect_reads_them_and_names_the_encoding(mmsa: Mmsa, ansi: Path) -> None:
    found = json.loads(mmsa("inspect", ansi, "--encoding", "windows-1252", "--json").out)
    assert (found["posts"], found["failures"]["count"], found["encodings"]) == (3, 0, {"cp1252": 3})


def test_with_it_classify_writes_what_was_typed(mmsa: Mmsa, ansi: Path, tmp_path: Path) -> None:
    assert mmsa("classify", ansi, "-o", "out.csv", "--encoding", "cp1252").code == 0
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["text"] for row in csv.DictReader(file)] == TEXTS


def test_with_it_evaluate_reads_source_and_labels(mmsa: Mmsa, ansi: Path, tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_bytes("id,label,remark\n0,positive,très sûr\n".encode("cp1252"))
    command = ["evaluate", ansi, "--labels", "labels.csv", "--encoding", "cp1252", "--json"]
    assert json.loads(mmsa(*command).out)["n_scored"] == 1


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_browse_reads_the_source_as_told_before_the_app_opens_it(
    home: Path, ansi: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("mmsa_tui.tui.app.run", lambda source, config: opened.append(source))
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, Terminal())
    assert cli.run(["browse", str(ansi), "--encoding", "cp1252"]) == 0
    assert opened == [str(ansi)]
    with Store.open(load_config().paths.database) as store:
        (source,) = store.recent_sources()
        assert [row.post.text for row in store.rows(source.id, "") if row.post] == TEXTS


@pytest.mark.parametrize("name", ["latin-9000", "rot13", "idna"])
def test_an_encoding_that_does_not_exist_is_a_clear_error(mmsa: Mmsa, ansi: Path, name: str) -> None:
    ran = mmsa("inspect", ansi, "--encoding", name)
    assert (ran.code, f"no encoding '{name}'" in ran.err, "cp1252" in ran.err) == (2, True, True)


def test_browse_needs_a_source_for_it(mmsa: Mmsa) -> None:
    assert mmsa("browse", "--encoding", "cp1252").code == 2
