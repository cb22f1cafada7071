"""Codebooks: what can be one, what an edit does to labels that were given, and that two never touch."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from mmsa_tui.bundle.registry import UnlearnedError, find_bundle, find_learner, labels_in_use
from mmsa_tui.codebook import Codebook, CodebookError, CodebookLabel, LeftOver, check_codebook, read_codebook
from mmsa_tui.codebook.files import to_toml
from mmsa_tui.config import Paths, find_paths, load_config
from mmsa_tui.corrections import export_corrections, take_in
from mmsa_tui.corrections.codebooks import codebook_sheet, read_codebook_file
from mmsa_tui.decoding import from_toml
from mmsa_tui.errors import ConfigError
from mmsa_tui.records import Correction, Post, content_hash
from mmsa_tui.services.codebook import (
    all_codebooks,
    change_labels,
    edit_codebook,
    look_at,
    new_codebook,
    restore_codebook,
    take_from_file,
    use_codebook,
)
from mmsa_tui.store import Store
from mmsa_tui.tui.keys import keys_with

HOSTILE = '=1+1\x1b[31m <b onclick="x">\u202e "quoted" \\ \x7f\nsecond line'
STANCE = Codebook(
    "stance",
    (
        CodebookLabel("for", "Wants it", ("Build it now", HOSTILE), "y"),
        CodebookLabel("against", HOSTILE),
        CodebookLabel("neither"),
    ),
    "Stance on the bridge",
)
POSTS = [Post(str(n), f"post {n}", content_hash=content_hash(f"post {n}", [])) for n in range(6)]


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths({"MMSA_HOME": str(tmp_path / "home")})


@pytest.fixture
def stance(paths: Paths) -> Paths:
    new_codebook(paths, STANCE)
    return paths.under("stance")


def give(paths: Paths, labels: list[str], analyst: str = "ana", origin: str = "") -> None:
    with Store.open(paths.database) as store:
        if store.source("here") is None:
            store.index_source("here", "table", "here", POSTS)
        store.add_corrections(
            [
                Correction("", post.content_hash, label, analyst=analyst, origin=origin, facts=("label",))
                for post, label in zip(POSTS, labels, strict=False)
            ]
        )


def given(paths: Paths) -> list[str]:
    with Store.open(paths.database) as store:
        found = {made.content_hash: made.new_label for made in store.current_corrections()}
    return [found.get(post.content_hash, "") for post in POSTS]


class TestWhatCanBeOne:
    @pytest.mark.parametrize(
        ("labels", "why"),
        [
            (["for"], "from 2 to 26"),
            ([f"label {n}" for n in range(30)], "from 2 to 26"),
            (["for", "For"], "two labels are called"),
            (["=1+1", "b"], "cannot be a label"),
            (["@x", "b"], "cannot be a label"),
            (["<b>", "b"], "cannot be a label"),
            (["a\x1b[31m", "b"], "cannot be a label"),
            (["a:b", "b"], "cannot be a label"),
            (["none", "b"], "filters ask"),
            (["", "b"], "cannot be a label"),
            (["a" * 41, "b"], "cannot be a label"),
        ],
    )
    def test_labels_that_cannot_work_are_refused(self, paths: Paths, labels: list[str], why: str) -> None:
        with pytest.raises(CodebookError, match=why) as caught:
            new_codebook(paths, Codebook("stance", tuple(map(CodebookLabel, labels))))
        assert "\x1b" not in caught.value.message + caught.value.hint
        assert not paths.under("stance").study_dir.exists()

    @pytest.mark.parametrize("name", ["../x", "Stance", "con", "default", "", "a" * 41, "a b"])
    def test_a_name_that_is_no_folder_everywhere_is_refused(self, paths: Paths, name: str) -> None:
        with pytest.raises(CodebookError):
            new_codebook(paths, replace(STANCE, name=name))

    @pytest.mark.parametrize("keys", [("y", "y"), ("2", ""), ("ab", ""), ("\t", "")])
    def test_keys_that_cannot_work_are_refused(self, paths: Paths, keys: tuple[str, str]) -> None:
        labels = tuple(CodebookLabel(name, key=key) for name, key in zip(("a", "b"), keys, strict=True))
        with pytest.raises(CodebookError, match="key"):
            new_codebook(paths, Codebook("stance", labels))

    def test_a_file_holds_every_character(self) -> None:
        text = to_toml(STANCE)
        assert from_toml(text)["labels"][1]["definition"] == HOSTILE
        assert not any(char in text for char in "\x1b\x7f")

    def test_a_second_one_of_the_name_is_refused(self, stance: Paths, paths: Paths) -> None:
        with pytest.raises(CodebookError, match="already"):
            new_codebook(paths, STANCE)


class TestInUse:
    def test_labels_can_be_given_before_there_is_a_model(self, stance: Paths) -> None:
        assert labels_in_use(stance) == ("for", "against", "neither")
        assert find_learner(stance).id == "stance 1.0"
        with pytest.raises(UnlearnedError, match="no model yet"):
            find_bundle(stance)

    def test_the_one_in_use_is_remembered_and_named(self, stance: Paths, tmp_path: Path) -> None:
        environ = {"MMSA_HOME": str(tmp_path / "home")}
        use_codebook(stance, "stance")
        assert load_config(environ=environ).paths.codebook == "stance"
        assert load_config({"codebook": "default"}, environ).paths.codebook == ""
        assert load_config(environ=environ | {"MMSA_CODEBOOK": "default"}).paths.codebook == ""
        use_codebook(stance, "default")
        assert load_config(environ=environ).paths.codebook == ""

    def test_one_that_is_not_there_is_an_error(self, stance: Paths, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="no codebook 'topic'"):
            load_config({"codebook": "topic"}, {"MMSA_HOME": str(tmp_path / "home")})
        with pytest.raises(ConfigError, match="no codebook"):
            use_codebook(stance, "topic")

    def test_the_bundle_of_the_config_is_the_default_codebooks(self, stance: Paths, tmp_path: Path) -> None:
        environ = {"MMSA_HOME": str(tmp_path / "home"), "MMSA_BUNDLE": "mvsa"}
        assert load_config({"codebook": "stance"}, environ).bundle == ""
        assert load_config({}, environ).bundle == "mvsa"

    def test_a_damaged_file_is_named_and_restored_from_the_store(self, stance: Paths, paths: Paths) -> None:
        stance.codebook_file.write_text("labels = [", encoding="utf-8")
        with pytest.raises(ConfigError, match="damaged") as caught:
            read_codebook(stance)
        assert "--restore" in caught.value.hint
        assert isinstance(all_codebooks(paths)[1], LeftOver)
        assert restore_codebook(stance) == STANCE == read_codebook(stance)


class TestEdits:
    def test_a_rename_says_every_vote_again_and_loses_none(self, stance: Paths) -> None:
        give(stance, ["for", "against", "for"])
        give(stance, ["against", "for"], analyst="bo", origin="audit:x")
        changed = change_labels(read_codebook(stance), {"for": lambda one: replace(one, name="pro")})
        edited = edit_codebook(stance, changed, {"for": "pro"})
        assert edited.renamed == {"for": 3} and not edited.outside
        assert given(stance) == ["against", "pro", "pro", "", "", ""]
        with Store.open(stance.database) as store:
            said = [(one.analyst, one.origin, one.new_label) for one in store.corrections()]
            assert [answer.label for answer in store.audits.answers("x")] == ["against", "pro"]
        votes = Counter(said)
        assert votes["ana", "", "for"] == 2 and votes["ana", "", "pro"] == 2
        assert votes["bo", "audit:x", "pro"] == 1
        assert read_codebook(stance).revision == 2

    def test_a_label_that_is_taken_away_stays_with_its_posts_and_is_told(self, stance: Paths) -> None:
        give(stance, ["for", "neither", "neither"])
        changed = replace(STANCE, labels=STANCE.labels[:2])
        assert edit_codebook(stance, changed).outside == {"neither": 2}
        assert given(stance)[:3] == ["for", "neither", "neither"]
        assert look_at(stance).outside == {"neither": 2}
        back = edit_codebook(stance, STANCE)
        assert not back.outside and look_at(stance).labelled == {"for": 1, "against": 0, "neither": 2}

    def test_a_definition_changes_no_revision(self, stance: Paths) -> None:
        changed = change_labels(STANCE, {"neither": lambda one: replace(one, definition="Says nothing")})
        assert edit_codebook(stance, changed).codebook.revision == 1


class TestApart:
    def test_what_is_said_under_one_is_not_seen_under_another(self, stance: Paths, paths: Paths) -> None:
        give(stance, ["for", "against"])
        give(paths, ["negative", "positive", "neutral"])
        assert given(stance) == ["for", "against", "", "", "", ""]
        assert given(paths) == ["negative", "positive", "neutral", "", "", ""]
        with Store.open(stance.database) as one, Store.open(paths.database) as other:
            assert one.codebook()[0] == "stance" and other.codebook() == ("", "")

    @pytest.mark.parametrize("name", ["c.jsonl", "c.xlsx"])
    def test_corrections_carry_it_and_go_in_under_it_alone(
        self, stance: Paths, paths: Paths, tmp_path: Path, name: str
    ) -> None:
        give(stance, ["for", "against"])
        with Store.open(stance.database) as store:
            export_corrections(store.corrections(), tmp_path / name, store.bundle_labels, codebook=STANCE)
        give(paths, [])
        with Store.open(paths.database) as store:
            taken = take_in(store, [tmp_path / name], ("negative", "neutral", "positive"))
        assert taken.n_new == 0 and len(taken.rejections) == 2
        assert "--codebook stance" in taken.rejections[0].reason
        elsewhere = find_paths({"MMSA_HOME": str(tmp_path / "elsewhere")})
        found = take_from_file(tmp_path / name)
        # A cell of a workbook cannot hold every character.
        assert found == STANCE or name == "c.xlsx"
        assert [(one.name, one.key) for one in found.labels] == [(one.name, one.key) for one in STANCE.labels]
        assert found.labels[0].definition == "Wants it" and len(found.labels[0].examples) == 2
        new_codebook(elsewhere, found)
        give(elsewhere.under("stance"), [])
        with Store.open(elsewhere.under("stance").database) as store:
            assert take_in(store, [tmp_path / name], STANCE.names).n_new == 2
        assert given(elsewhere.under("stance"))[:2] == ["for", "against"]

    def test_a_database_tells_its_codebook(self, stance: Paths, paths: Paths) -> None:
        give(stance, ["for"])
        give(paths, [])
        assert read_codebook_file(stance.database) == STANCE
        with Store.open(paths.database) as store:
            taken = take_in(store, [stance.database], ("for", "against", "neither"))
        assert not taken.n_new and len(taken.rejections) == 1

    def test_a_label_outside_the_codebook_is_refused(self, stance: Paths, tmp_path: Path) -> None:
        give(stance, ["for"])
        with Store.open(stance.database) as store:
            file = tmp_path / "c.jsonl"
            export_corrections(store.corrections(), file, store.bundle_labels, codebook=STANCE)
            file.write_text(
                file.read_text().replace('"new_label": "for"', '"new_label": "maybe"').replace("typed", "x")
            )
            uid = next(store.corrections()).uid
            file.write_text(file.read_text().replace(uid, "other"))
            taken = take_in(store, [file], STANCE.names)
        assert "no label here" in taken.rejections[0].reason and not taken.n_new

    @pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"name": 3}', b"PK\x03\x04", b"\xff\xfe"])
    @pytest.mark.parametrize("suffix", ["toml", "json"])
    def test_a_file_that_holds_none_says_so(self, tmp_path: Path, content: bytes, suffix: str) -> None:
        from mmsa_tui.errors import MmsaError

        (tmp_path / f"c.{suffix}").write_bytes(content)
        with pytest.raises(MmsaError):
            take_from_file(tmp_path / f"c.{suffix}")


def test_labels_beyond_the_digits_are_given_from_a_list() -> None:
    labels = [CodebookLabel(f"topic {n}") for n in range(12)]
    labels[11] = CodebookLabel("topic 11", key="z")
    codebook = check_codebook(Codebook("topics", tuple(labels)))
    assert codebook.keys_shown()[8:] == ["9", "0j", "0k", "0l z"]
    assert codebook.keys() == {"label_12": "z"}
    sheet = codebook_sheet(codebook)
    assert [row[1] for row in sheet.rows][9:] == ["0j", "0k", "z"]


def test_a_label_key_that_the_app_needs_leaves_the_others_theirs() -> None:
    found = keys_with({"label_1": "1,q", "label_2": "2,z"}, {})
    assert found == {"label_2": "2,z"}
