"""`mmsa codebook`, and what other commands do under one."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from command_runs import Mmsa

Table = Callable[[Sequence[str]], Path]


def made(mmsa: Mmsa, *more: str) -> None:
    ran = mmsa("codebook", "new", "stance", "--label", "for=Wants it", "--label", "against", *more)
    assert ran.code == 0, ran.err


def test_it_is_made_listed_shown_and_used(mmsa: Mmsa) -> None:
    made(mmsa, "--key", "for=w", "--example", "for=Build it now", "--title", "The bridge")
    assert "stance" in mmsa("codebook", "list").out
    shown = json.loads(mmsa("codebook", "show", "stance", "--json").out)
    assert shown["labels"][0] == {
        "name": "for", "definition": "Wants it", "examples": ["Build it now"], "key": "w",
    }  # fmt: skip
    assert mmsa("codebook", "use", "stance").code == 0
    assert "no model yet" in mmsa("codebook", "show").out
    assert mmsa("codebook", "use", "default").code == 0
    assert "negative" in mmsa("codebook", "show").out


def test_a_key_that_the_app_needs_is_refused(mmsa: Mmsa) -> None:
    ran = mmsa("codebook", "new", "stance", "--label", "for", "--label", "against", "--key", "for=f")
    assert ran.code == 2 and "flag" in ran.err and "another key" in ran.err


def test_commands_say_under_which_codebook_they_work(mmsa: Mmsa, table: Table) -> None:
    made(mmsa)
    ran = mmsa("--codebook", "stance", "classify", table(["good"]), "-o", "out.csv")
    assert ran.code == 3 and "codebook stance" in ran.err and "no model yet" in ran.err
    assert "codebook" not in mmsa("classify", table(["good"]), "-o", "out.csv").err


def test_labels_of_a_file_go_in_under_the_one_in_use_alone(mmsa: Mmsa, table: Table, home: Path) -> None:
    made(mmsa)
    posts = table(["good day", "bad day"])
    assert mmsa("classify", posts, "-o", "out.csv").code == 0
    from mmsa_tui.config import load_config
    from mmsa_tui.services.ingest import read_in
    from mmsa_tui.store import Store

    with Store.open(load_config({"codebook": "stance"}).paths.database) as store:
        read_in(store, posts)
    Path("labels.csv").write_text("id,label\n1,for\n2,against\n", encoding="utf-8")
    assert mmsa("corrections", "import", "labels.csv").code == 1
    assert "2 new" in mmsa("--codebook", "stance", "corrections", "import", "labels.csv").out
    assert mmsa("corrections", "export").out == ""
    lines = mmsa("--codebook", "stance", "corrections", "export").out.splitlines()
    assert "codebook_definition" in lines[0] and len(lines) == 3
    assert json.loads(lines[1])["codebook"] == "stance"


def test_too_few_labels_are_named(mmsa: Mmsa) -> None:
    made(mmsa)
    ran = mmsa("--codebook", "stance", "retrain")
    assert ran.code == 5 and "no corrections" in ran.err


def test_an_edit_says_what_it_has_done(mmsa: Mmsa) -> None:
    made(mmsa)
    ran = mmsa("codebook", "edit", "stance", "--rename", "for=pro", "--add", "neither=Says nothing")
    assert ran.code == 0 and "pro, against, neither" in ran.out
    assert mmsa("codebook", "edit", "stance").code == 2
    assert mmsa("codebook", "edit", "stance", "--rename", "nope=x").code == 2
    assert mmsa("codebook", "edit", "stance", "--remove", "pro", "--remove", "neither").code == 2
    assert "bundle's" in mmsa("codebook", "edit", "default", "--rename", "negative=bad").err
    assert mmsa("codebook", "edit", "default", "--define", "negative=Sad or angry").code == 0
    assert "Sad or angry" in mmsa("codebook", "show", "default").out


def test_it_travels_by_its_file(mmsa: Mmsa) -> None:
    made(mmsa)
    assert mmsa("codebook", "show", "stance", "-o", "stance.toml").code == 0
    assert mmsa("codebook", "new", "copy", "--from", "stance.toml").code == 0
    assert "Wants it" in mmsa("codebook", "show", "copy").out


def test_a_damaged_file_stops_nothing_else(mmsa: Mmsa, home: Path) -> None:
    made(mmsa)
    file = next(home.rglob("codebooks/stance/codebook.toml"))
    file.write_text("labels = 7", encoding="utf-8")
    assert "damaged" in mmsa("codebook", "list").out
    ran = mmsa("--codebook", "stance", "corrections", "export")
    assert ran.code == 2 and "--restore" in ran.err
    assert mmsa("codebook", "edit", "stance", "--restore").code == 0
    assert "for, against" in mmsa("codebook", "list").out


def test_a_source_is_forgotten_under_every_codebook(mmsa: Mmsa, table: Table, home: Path) -> None:
    made(mmsa)
    posts = table(["good day", "a secret word"])
    from mmsa_tui.config import load_config
    from mmsa_tui.services.ingest import read_in
    from mmsa_tui.store import Store

    places = [load_config({"codebook": name}).paths.database for name in ("default", "stance")]
    for place in places:
        with Store.open(place) as store:
            read_in(store, posts)
    ran = mmsa("forget", posts, "--yes")
    assert ran.code == 0 and "codebook stance" in ran.err
    for place in places:
        with Store.open(place) as store:
            assert not store.recent_sources()
        assert b"secret" not in place.read_bytes()
    assert mmsa("purge", "--yes").code == 0
    assert not any(place.exists() for place in places)
    assert "for, against" in mmsa("codebook", "list").out
