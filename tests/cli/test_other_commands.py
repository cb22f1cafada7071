from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command_runs import Mmsa
from word_model import write_word_bundle

from mmsa_tui.config import load_config
from mmsa_tui.errors import MmsaError
from mmsa_tui.model import picture_words
from mmsa_tui.records import content_hash
from mmsa_tui.tui.keys import ACTIONS

Table = Callable[..., Path]


class TestInspect:
    def test_it_says_what_is_there_and_writes_nothing(self, mmsa: Mmsa, table: Table, home: Path) -> None:
        ran = mmsa("inspect", table(["best", "best", ""]))
        assert ran.code == 0
        assert "a table (csv)" in ran.out
        assert re.search(r"^posts +3$", ran.out, re.MULTILINE)
        assert not (home / "data" / "mmsa.db").exists()

    def test_json_is_for_programs(self, mmsa: Mmsa, table: Table) -> None:
        assert json.loads(mmsa("inspect", table(["best"]), "--json").out)["posts"] == 1

    def test_a_missing_picture_is_named(self, mmsa: Mmsa, tmp_path: Path) -> None:
        (tmp_path / "posts.csv").write_text("id,text,image\n7,best,gone.jpg\n")
        assert "7: gone.jpg" in mmsa("inspect", "posts.csv").out


class TestEvaluate:
    @pytest.fixture
    def labelled(self, tmp_path: Path) -> Path:
        texts = ["best", "worst", "plain", "love", "hate it", "plain too", "sad", "good"]
        said = ["positive", "negative", "neutral", "positive", "positive", "neutral", "negative", "negative"]
        lines = ["id,text,label", *(f"{n},{t},{s}" for n, (t, s) in enumerate(zip(texts, said, strict=True)))]
        path = tmp_path / "posts.csv"
        path.write_text("\n".join(lines))
        return path

    def test_it_scores_against_the_labels_of_the_source(self, mmsa: Mmsa, labelled: Path) -> None:
        scores = json.loads(mmsa("evaluate", labelled, "--json").out)
        assert scores["n_scored"] == 8
        assert scores["lines"]["fused"]["scores"]["accuracy"] == 0.75
        assert scores["lines"]["fused"]["scores"]["confusion"] == [[2, 0, 1], [0, 2, 0], [1, 0, 2]]

    def test_posts_that_the_bundle_was_made_from_are_counted_and_warned_of(
        self, mmsa: Mmsa, labelled: Path, home: Path
    ) -> None:
        seen = [content_hash(text, ()) for text in ("best", "worst")]
        write_word_bundle(home, "1.1.0", seen=seen)
        ran = mmsa("evaluate", labelled, "--bundle", "words 1.1.0", "--json")
        assert json.loads(ran.out)["n_seen"] == 2
        assert "made from 2 of the 8 posts scored here" in ran.err
        assert "made from" not in mmsa("evaluate", labelled, "--bundle", "words 1.0.0").err

    def test_vader_and_the_text_alone_are_always_beside_it(self, mmsa: Mmsa, labelled: Path) -> None:
        ran = mmsa("evaluate", labelled)
        assert "VADER alone" in ran.out and "text alone" in ran.out
        assert "text and picture less VADER alone, on the same 8 posts" in ran.out

    def test_a_labels_file_counts_instead_of_the_source(
        self, mmsa: Mmsa, labelled: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "labels.csv").write_text("id,label\n0,positive\n1,positive\n99,neutral\n")
        scores = json.loads(mmsa("evaluate", labelled, "--labels", "labels.csv", "--json").out)
        assert (scores["n_scored"], scores["lines"]["fused"]["scores"]["accuracy"]) == (2, 0.5)

    def test_labels_of_the_text_are_answered_by_the_text_alone(
        self, mmsa: Mmsa, labelled: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "labels.csv").write_text("id,text_label\n0,positive\n1,negative\n")
        command = ["evaluate", labelled, "--labels", "labels.csv", "--label-kind", "text", "--json"]
        assert json.loads(mmsa(*command).out)["main"] == "text"

    def test_labels_that_the_bundle_does_not_have_are_named(self, mmsa: Mmsa, tmp_path: Path) -> None:
        (tmp_path / "posts.csv").write_text("id,text,label\n1,best,positive\n2,worst,angry\n")
        assert "angry (1)" in mmsa("evaluate", "posts.csv").out

    @pytest.mark.parametrize(
        ("text", "message"),
        [("id,text\n1,best\n", "no post label"), ("id,text,label\n1,best,angry\n", "found angry")],
    )
    def test_nothing_to_score_is_an_error(self, mmsa: Mmsa, tmp_path: Path, text: str, message: str) -> None:
        (tmp_path / "posts.csv").write_text(text)
        ran = mmsa("evaluate", "posts.csv")
        assert (ran.code, message in ran.err) == (2, True)

    @pytest.mark.parametrize("name", ["gone.csv", "empty.csv"])
    def test_a_labels_file_that_cannot_be_used_is_an_error(
        self, mmsa: Mmsa, labelled: Path, tmp_path: Path, name: str
    ) -> None:
        (tmp_path / "empty.csv").touch()
        assert mmsa("evaluate", labelled, "--labels", name).code == 2

    def test_a_label_kind_that_does_not_exist_is_an_error(self, mmsa: Mmsa, labelled: Path) -> None:
        assert mmsa("evaluate", labelled, "--label-kind", "mood").code == 2


class TestBundles:
    def test_the_active_bundle_is_marked(self, mmsa: Mmsa, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("MMSA_BUNDLE")
        mmsa("bundle", "use", "words")
        listed = {item["id"]: item["active"] for item in json.loads(mmsa("bundle", "list", "--json").out)}
        assert listed["words 1.0.0"] is True

    def test_rollback_goes_back_to_the_parent(
        self, mmsa: Mmsa, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("MMSA_BUNDLE")
        write_word_bundle(home, "1.0.1", parent="words 1.0.0")
        assert mmsa("bundle", "use", "words 1.0.1").out == "words 1.0.1 is active\n"
        assert mmsa("bundle", "rollback").out == "words 1.0.0 is active\n"
        assert mmsa("bundle", "rollback").code == 3

    def test_verify_can_check_all_of_them(self, mmsa: Mmsa, home: Path) -> None:
        broken = write_word_bundle(home, "1.0.1")
        (broken / "config.json").unlink()
        ran = mmsa("bundle", "verify", "--all")
        assert ran.code == 3
        assert "words 1.0.0 is whole" in ran.out
        assert "config.json is missing" in ran.out

    def test_info_prints_the_model_card(self, mmsa: Mmsa, home: Path) -> None:
        ran = mmsa("bundle", "info")
        assert "# words 1.0.0" in ran.out and "- licence: MIT" in ran.out

    def test_info_says_who_overruled_the_gate_and_against_what(self, mmsa: Mmsa, home: Path) -> None:
        meta = home / "data" / "bundles" / "words-1.0.0" / "meta.json"
        training = {
            "gate": {"passed": False, "reasons": ["it is worse"]},
            "promotion": {"at": "2025-06-01", "by": "Ann\x1b[2J\n# Bob", "overruled": True,
                          "against": ["it is worse"], "run": "retrain-7"},
        }  # fmt: skip
        meta.write_text(json.dumps(json.loads(meta.read_text()) | {"training": training}))
        out = mmsa("bundle", "info").out
        assert "- gate: refused, because\n  - it is worse\n" in out
        assert "- the gate was overruled, against these reasons:\n  - it is worse\n" in out
        assert "- promoted: 2025-06-01, by Ann" in out and "retrain-7" in out
        assert "\x1b" not in out and "\n# Bob" not in out

    def test_rollback_says_where_it_led_if_the_parent_is_not_here(
        self, mmsa: Mmsa, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("MMSA_BUNDLE")
        write_word_bundle(home, "1.0.5", parent="words 1.0.4")
        mmsa("bundle", "use", "words 1.0.0")
        mmsa("bundle", "use", "words 1.0.5")
        ran = mmsa("bundle", "rollback")
        assert (ran.code, ran.out) == (0, "words 1.0.0 is active\n")
        assert "words 1.0.4, the parent on record" in ran.err

    @pytest.mark.parametrize("command", [["use", "words 1.0.0"], ["rollback"]])
    def test_a_home_that_cannot_be_written_is_an_error_of_the_bundle(
        self, mmsa: Mmsa, home: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
    ) -> None:
        monkeypatch.delenv("MMSA_BUNDLE")
        write_word_bundle(home, "1.0.1", parent="words 1.0.0")
        mmsa("bundle", "use", "words 1.0.1")
        # A folder in the place of the file stops a superuser too, as a read-only disk would.
        (home / "data" / "active.before").unlink()
        (home / "data" / "active.before").mkdir()
        ran = mmsa("bundle", *command)
        assert (ran.code, "rights" in ran.err) == (3, True)
        assert mmsa("bundle", "info").out.startswith("# words 1.0.1")


class TestApp:
    @pytest.mark.parametrize("command", [[], ["browse"], ["demo"]])
    def test_without_a_terminal_it_says_what_to_use_instead(self, mmsa: Mmsa, command: list[str]) -> None:
        ran = mmsa(*command)
        assert (ran.code, "mmsa classify" in ran.err) == (2, True)


class TestDoctor:
    def test_it_names_what_is_wrong_and_ends_with_its_code(self, mmsa: Mmsa, home: Path) -> None:
        (home / "data" / "bundles" / "words-1.0.0" / "config.json").write_text("")
        ran = mmsa("doctor", "--json")
        found = json.loads(ran.out)
        assert ran.code == 3
        assert "config.json is damaged" in found["problems"][0]["message"]
        assert found["packages"]["torch"]

    def test_it_says_on_what_posts_would_be_judged_and_were(self, mmsa: Mmsa, table: Table) -> None:
        mmsa("classify", table(["best day", "worst day"]), "-o", "out.csv")
        found = json.loads(mmsa("doctor", "--json", "--device", "cpu").out)["runtime"]
        assert (found["program"], found["device and numbers"]) == ("ONNX Runtime", "cpu fp32")
        assert found["predictions kept"] == "2 on cpu fp32"
        assert found["graphs kept"] == "0, 0.0 MB"

    def test_a_damaged_feature_cache_is_said_and_is_no_problem(self, mmsa: Mmsa, home: Path) -> None:
        (home / "cache").mkdir()
        (home / "cache" / "features.db").write_bytes(b"no database" * 500)
        ran = mmsa("doctor", "--json")
        assert "damaged" in json.loads(ran.out)["feature cache"]["state"]
        assert ran.code == 0

    @pytest.mark.parametrize(
        ("settings", "is_damaged"),
        [
            ("", False), ("", True), ('theme = "beige"', False), ('[keys]\nfilter = "n"', False),
            ('[keys]\nfliter = "z"', False), ('[keys]\nfilter = "j"', False),
        ],
    )  # fmt: skip
    def test_it_refuses_what_the_app_refuses_and_in_its_words(
        self, mmsa: Mmsa, home: Path, monkeypatch: pytest.MonkeyPatch, settings: str, is_damaged: bool
    ) -> None:
        from mmsa_tui.tui import app

        class Opened(Exception):
            pass

        def open_app(*_: object, **__: object) -> None:
            raise Opened

        assert mmsa("codebook", "new", "stance", "--label", "for", "--label", "against").code == 0
        (home / "config.toml").write_text('codebook = "stance"\n' if is_damaged else settings)
        config = load_config()
        if is_damaged:
            config.paths.codebook_file.write_text("{")
        monkeypatch.setattr(app, "MmsaApp", open_app)
        try:
            app.run(None, config)
        except Opened:
            refused = ""
        except MmsaError as error:
            refused = error.message
        assert bool(refused) == bool(settings or is_damaged)
        ran = mmsa("doctor")
        assert refused in ran.out + ran.err if refused else "wrong:" not in ran.out
        assert not refused or ran.code

    def test_it_names_every_action_as_the_config_and_the_help_do(self, mmsa: Mmsa) -> None:
        named = json.loads(mmsa("doctor", "--json").out)["keys of the app"]
        assert set(named) == {action.name for action in ACTIONS if action.where == "browse"}

    def test_what_reads_pictures_is_whole_or_a_problem_or_not_installed(
        self, mmsa: Mmsa, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pytest.importorskip("rapidocr")
        ran = mmsa("doctor", "--json")
        assert (ran.code, json.loads(ran.out)["words in pictures"]["state"]) == (0, "RapidOCR, whole")
        monkeypatch.setattr(picture_words, "_MODELS", ("gone.onnx",))
        ran = mmsa("doctor", "--json")
        assert (ran.code, "gone.onnx" in json.loads(ran.out)["problems"][0]["message"]) == (3, True)
        monkeypatch.setattr(picture_words, "is_installed", lambda: False)
        ran = mmsa("doctor", "--json")
        assert (ran.code, "mmsa-tui[ocr]" in json.loads(ran.out)["words in pictures"]["state"]) == (0, True)

    def test_a_device_that_is_not_there_is_a_problem(self, mmsa: Mmsa) -> None:
        absent = "cuda" if sys.platform == "darwin" else "mps"
        ran = mmsa("doctor", "--device", absent)
        assert (ran.code, absent in ran.out) == (3, True)


class TestHandingOver:
    def test_what_export_packs_import_takes_in_elsewhere(
        self, mmsa: Mmsa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert mmsa("bundle", "export", "words", "-o", "words.mmsa-bundle.zip").code == 0
        monkeypatch.setenv("MMSA_HOME", str(tmp_path / "elsewhere"))
        assert "words 1.0.0 is here" in mmsa("bundle", "import", "words.mmsa-bundle.zip").out
        assert mmsa("bundle", "verify", "words").out == "words 1.0.0 is whole\n"

    def test_an_existing_file_is_not_overwritten(self, mmsa: Mmsa, tmp_path: Path) -> None:
        (tmp_path / "words.mmsa-bundle.zip").write_text("mine")
        assert mmsa("bundle", "export", "words", "-o", "words.mmsa-bundle.zip").code == 2
        assert (tmp_path / "words.mmsa-bundle.zip").read_text() == "mine"

    def test_what_is_here_already_changes_nothing(self, mmsa: Mmsa) -> None:
        mmsa("bundle", "export", "words", "-o", "words.mmsa-bundle.zip")
        ran = mmsa("bundle", "import", "words.mmsa-bundle.zip")
        assert ran.code == 3
        assert "words 1.0.0 is here already" in ran.err and "Nothing was changed" in ran.err

    def test_two_bundles_of_one_version_are_both_kept(self, mmsa: Mmsa, home: Path) -> None:
        mmsa("bundle", "export", "words", "-o", "words.mmsa-bundle.zip")
        mine = home / "data" / "bundles" / "words-1.0.0"
        meta = json.loads((mine / "meta.json").read_text())
        (mine / "calibration.json").write_text("mine")
        meta["files"]["calibration.json"] = hashlib.sha256(b"mine").hexdigest()
        (mine / "meta.json").write_text(json.dumps(meta))
        ran = mmsa("bundle", "import", "words.mmsa-bundle.zip")
        assert "words 1.0.1 is here" in ran.out
        assert "it came as words 1.0.0" in ran.err
        assert mmsa("bundle", "verify", "--all").out.count("words 1.0.") == 2

    def test_a_file_that_is_no_bundle_is_refused(self, mmsa: Mmsa, tmp_path: Path) -> None:
        (tmp_path / "holiday.zip").write_text("no zip")
        assert mmsa("bundle", "import", "holiday.zip").code == 3


def test_the_cache_can_be_looked_at_and_removed(mmsa: Mmsa, home: Path) -> None:
    (home / "cache" / "graphs").mkdir(parents=True)
    (home / "cache" / "graphs" / "a.graph").write_bytes(b"x" * 2_000_000)
    assert json.loads(mmsa("cache", "info", "--json").out)["graphs_bytes"] == 2_000_000
    assert "removed 2.0 MB" in mmsa("cache", "clear").out
    assert json.loads(mmsa("cache", "info", "--json").out)["graphs"] == 0
