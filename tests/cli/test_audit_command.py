from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest
from command_runs import Mmsa
from word_model import write_word_bundle

from mmsa_tui.services.audit import answer, find_audit, next_post
from mmsa_tui.store import Store


@pytest.fixture
def source(mmsa: Mmsa, tmp_path: Path) -> Path:
    lines = ["id,text,date,region"]
    for number in range(200):
        word = ("best", "worst", "plain")[number % 3]
        lines.append(f"{number},{word} day {number},2025-05-{1 + number % 28:02},{'NS'[number % 2]}")
    path = tmp_path / "posts.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert mmsa("classify", path, "-o", "out.csv").code == 0
    return path


def label(home: Path, source: Path, most: int) -> None:
    with Store.open(home / "data" / "mmsa.db") as store:
        row = store.source(str(source.resolve()))
        assert row is not None
        audit = find_audit(store, row)
        for _ in range(most):
            post = next_post(store, row, audit, "ann")
            if post is None:
                return
            word = post.text.split()[0]
            said = {"best": "positive", "worst": "negative", "plain": "neutral"}[word]
            answer(store, audit, post, said, "ann", row.location)


def test_an_audit_is_started_looked_at_and_extended(mmsa: Mmsa, home: Path, source: Path) -> None:
    started = mmsa("audit", "start", source, "--size", "60", "--seed", "s", "--by", "region")
    assert started.code == 0 and "posts left to label" in started.out
    label(home, source, 40)
    status = json.loads(mmsa("audit", "status", source, "--json").out)
    assert status["n_labelled"] == 40 and status["by_coder"] == {"ann": 40}
    before = status["n_sampled"]
    assert mmsa("audit", "extend", source, "--more", "20").code == 0
    assert json.loads(mmsa("audit", "status", source, "--json").out)["n_sampled"] == before + 20
    label(home, source, 200)
    assert "as many as the wished interval takes" in mmsa("audit", "extend", source).err
    assert mmsa("audit", "extend", source, "--more", "500").code == 0
    assert "no post is left" in mmsa("audit", "extend", source, "--more", "5").err


def test_an_audit_that_lost_posts_says_why_more_are_drawn_than_asked(
    mmsa: Mmsa, home: Path, source: Path
) -> None:
    assert mmsa("audit", "start", source, "--size", "60", "--seed", "s").code == 0
    lines = source.read_text(encoding="utf-8").splitlines()
    source.write_text("\n".join(lines[:1] + lines[101:]), encoding="utf-8")
    assert mmsa("classify", source, "-o", "again.csv").code == 0
    ran = mmsa("audit", "extend", source, "--more", "5")
    assert "more than 5" in ran.err and "are replaced" in ran.err


def test_a_second_start_is_refused_unless_it_is_meant(mmsa: Mmsa, source: Path) -> None:
    assert mmsa("audit", "start", source).code == 0
    ran = mmsa("audit", "start", source)
    assert ran.code == 2 and "audit extend" in ran.err
    assert mmsa("audit", "start", source, "--new").code == 0


def test_estimates_are_for_people_and_for_programs(mmsa: Mmsa, home: Path, source: Path) -> None:
    assert mmsa("audit", "start", source, "--size", "90", "--seed", "s").code == 0
    label(home, source, 90)
    ran = mmsa("estimate", source, "--by", "region", "--compare", "N", "S")
    assert ran.code == 0, ran.err
    for words in (
        "all posts: 200 posts",
        "region N: 100 posts",
        "N less S",
        "accuracy",
        "Krippendorff",
        "Holm",
    ):
        assert words in ran.out or words == "Krippendorff"
    found = json.loads(mmsa("estimate", source, "--json").out)
    shares = {share["name"]: share for share in found["overall"]["shares"]}
    assert shares["positive"]["low"] <= 67 / 200 <= shares["positive"]["high"]
    assert found["method"][0].startswith("The 200 posts")


@pytest.mark.parametrize("words", [("audit", "status"), ("estimate",), ("audit", "extend")])
def test_without_an_audit_it_is_said_how_to_get_one(mmsa: Mmsa, source: Path, words: tuple[str, ...]) -> None:
    ran = mmsa(*words, source)
    assert ran.code == 2 and "mmsa audit start" in ran.err


def test_a_source_that_is_unknown_is_named(mmsa: Mmsa, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("id,text\n1,a\n", encoding="utf-8")
    ran = mmsa("audit", "start", "new.csv")
    assert ran.code == 2 and "mmsa classify" in ran.err


def test_several_sources_stand_beside_each_other(mmsa: Mmsa, home: Path, source: Path) -> None:
    other = source.with_name("june.csv")
    lines = source.read_text(encoding="utf-8").splitlines()
    # Twice as many glad posts.
    other.write_text("\n".join(lines[:1] + [line.replace("plain", "best") for line in lines[1:101]]))
    assert mmsa("classify", other, "-o", "june-out.csv").code == 0
    assert mmsa("estimate", source, other, "--by", "source").code == 2
    for one in (source, other):
        assert mmsa("audit", "start", one, "--size", "60", "--seed", "s").code == 0
        label(home, one, 60)
    ran = mmsa("estimate", source, other, "--by", "source", "--compare", "june.csv", "posts.csv", "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found["overall"]["n_posts"] == 300 and len(found["sources"]) == 2
    glad = {group["name"]: group["shares"][2] for group in found["groups"]}
    together = found["overall"]["shares"][2]
    expected = (200 * glad["posts.csv"]["value"] + 100 * glad["june.csv"]["value"]) / 300
    assert together["value"] == pytest.approx(expected)
    assert together["low"] <= expected <= together["high"]
    # Narrower than the widest part, as the samples were drawn apart.
    assert together["high"] - together["low"] < max(one["high"] - one["low"] for one in glad.values())
    assert found["differences"][2]["value"] == pytest.approx(
        glad["june.csv"]["value"] - glad["posts.csv"]["value"]
    )
    assert "all sources: 300 posts" in mmsa("estimate", source, other).out


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (["--by", "source"], "cannot be compared"),
        (["--by", "source", "--filter", "day"], "work on one source"),
    ],
)
def test_one_source_is_not_compared_with_itself(mmsa: Mmsa, source: Path, more: list[str], why: str) -> None:
    assert mmsa("audit", "start", source, "--size", "60").code == 0
    ran = mmsa("estimate", source, *more)
    assert ran.code == 2 and why in ran.err


def test_a_codebook_without_a_model_is_audited_by_the_sample_alone(
    mmsa: Mmsa, home: Path, tmp_path: Path
) -> None:
    posts = tmp_path / "bridge.csv"
    lines = [f"{number},{('build', 'stop')[number % 4 == 0]} the bridge {number}" for number in range(400)]
    posts.write_text("\n".join(["id,text", *lines]), encoding="utf-8")
    assert mmsa("codebook", "new", "stance", "--label", "for", "--label", "against").code == 0
    assert mmsa("codebook", "use", "stance").code == 0
    started = mmsa("audit", "start", posts, "--size", "120", "--seed", "s")
    assert started.code == 0, started.err
    assert "read 400 posts" in started.err and "no model, without strata" in started.out
    with Store.open(home / "data" / "codebooks" / "stance" / "mmsa.db") as store:
        row = store.source(str(posts.resolve()))
        assert row is not None
        audit = find_audit(store, row)
        while (post := next_post(store, row, audit, "ann")) is not None:
            answer(store, audit, post, "for" if post.text.startswith("build") else "against", "ann", "")
    other = mmsa("estimate", posts, "--bundle", "words 1.0.0")
    assert other.code == 3 and "stance has no model of its own" in other.err
    ran = mmsa("estimate", posts)
    assert ran.code == 0, ran.err
    assert "random sample of 120 posts alone" in ran.out and "accuracy" not in ran.out
    shares = json.loads(mmsa("estimate", posts, "--json").out)["overall"]["shares"]
    assert shares[0]["low"] <= 0.75 <= shares[0]["high"] and shares[0]["raw"] is None
    # A label that joins leaves the audit standing, under the labels that its coders had.
    assert mmsa("codebook", "edit", "stance", "--add", "neither").code == 0
    ran = mmsa("estimate", posts, "--json")
    assert json.loads(ran.out)["overall"]["shares"] == shares
    assert "neither has joined the codebook" in mmsa("estimate", posts).out
    assert mmsa("codebook", "edit", "stance", "--remove", "against").code == 0
    ran = mmsa("estimate", posts)
    assert ran.code == 2 and "audit start" not in ran.out and "has the labels for, against" in ran.err


def test_a_filter_by_a_column_narrows_an_estimate_and_is_said(mmsa: Mmsa, home: Path, source: Path) -> None:
    assert mmsa("audit", "start", source, "--size", "90", "--seed", "s").code == 0
    label(home, source, 90)
    ran = mmsa("estimate", source, "--filter", "col:region=N")
    assert ran.code == 0 and "only posts that pass the filter col:region=N" in ran.out
    assert "100 posts of posts.csv that pass the filter" in ran.out and "all posts:" not in ran.out
    nothing = mmsa("estimate", source, "--filter", "col:region=W")
    assert nothing.code == 2 and "no post of posts.csv passes the filter" in nothing.err


def test_a_sample_that_is_larger_than_was_asked_for_says_why(mmsa: Mmsa, source: Path) -> None:
    ran = mmsa("audit", "start", source, "--size", "20", "--by", "date")
    assert "rather than 20" in ran.err and "others together" in ran.out


def taught(mmsa: Mmsa, home: Path, source: Path) -> None:
    """Audit a source, and make a bundle that has learned 40 of its audited posts the one that labels it."""
    assert mmsa("audit", "start", source, "--size", "60", "--seed", "s").code == 0
    label(home, source, 100)
    with Store.open(home / "data" / "mmsa.db") as store:
        row = store.source(str(source.resolve()))
        assert row is not None
        audit = find_audit(store, row)
        drawn = [post.content_hash for post in store.audits.sample(audit.location, audit.uid)]
    write_word_bundle(home, "1.0.1", seen=drawn[:40])


@pytest.mark.parametrize(
    "words",
    [
        ("estimate",),
        ("report", "-o", "out.html"),
        ("report", "-o", "out.html", "--by", "region", "--compare", "N", "S"),
        ("chart", "-o", "chart.csv"),
        ("chart", "-o", "out.svg", "--by", "region"),
        ("classify", "-o", "out.xlsx"),
        ("classify", "-o", "out.xlsx", "--min-confidence", "0.5"),
        ("classify", "-o", "out.xlsx", "--chart-by", "region"),
    ],
)
def test_every_output_names_the_audited_posts_that_the_model_has_learned(
    mmsa: Mmsa, home: Path, source: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    taught(mmsa, home, source)
    assert mmsa("classify", source, "-o", "by-taught.csv", "--bundle", "words 1.0.1").code == 0
    command, *rest = words
    ran = mmsa(command, source, *rest, "--bundle", "words 1.0.1")
    assert ran.code == 0, ran.err
    said = ran.out + ran.err
    for name in ("out.html", "out.svg"):
        said += (tmp_path / name).read_text(encoding="utf-8") if (tmp_path / name).exists() else ""
    if (tmp_path / "out.xlsx").exists():
        rows = openpyxl.load_workbook(tmp_path / "out.xlsx")["Summary"].iter_rows(values_only=True)
        said += " ".join(str(cell) for row in rows for cell in row)
    assert "learned 40 of the audited" in said or "40 posts learned by the model" in said


def classify_june(mmsa: Mmsa, source: Path) -> Path:
    """Classify another source beside it, of other texts."""
    other = source.with_name("june.csv")
    other.write_text(source.read_text(encoding="utf-8").replace(" day ", " night "), encoding="utf-8")
    assert mmsa("classify", other, "-o", "june-out.csv").code == 0
    return other


def test_sources_beside_each_other_name_what_the_model_has_learned(
    mmsa: Mmsa, home: Path, source: Path
) -> None:
    other = classify_june(mmsa, source)
    assert mmsa("audit", "start", other, "--size", "60", "--seed", "s").code == 0
    label(home, other, 60)
    taught(mmsa, home, source)
    for one in (source, other):
        assert mmsa("classify", one, "-o", f"new-{one.name}", "--bundle", "words 1.0.1").code == 0
    ran = mmsa("estimate", source, other, "--bundle", "words 1.0.1")
    assert ran.code == 0 and ran.out.count("learned 40 of the audited") == 1


def test_a_workbook_of_several_sources_has_the_shares_of_each(
    mmsa: Mmsa, home: Path, source: Path, tmp_path: Path
) -> None:
    other = classify_june(mmsa, source)
    assert mmsa("audit", "start", source, "--size", "60", "--seed", "s").code == 0
    label(home, source, 60)
    assert mmsa("classify", source, other, "-o", "both.xlsx").code == 0
    sheet = openpyxl.load_workbook(tmp_path / "both.xlsx")["Summary"]
    facts = {str(row[0]): str(row[1]) for row in sheet.iter_rows(values_only=True) if row[0]}
    assert "corrected by an audit" in facts["shares of posts.csv"]
    assert "not corrected" in facts["shares of june.csv"]
