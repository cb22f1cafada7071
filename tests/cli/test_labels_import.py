"""Labels that people gave outside the app come back: filled-in exports and files of annotation tools."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pytest
from command_runs import Mmsa

from mmsa_tui.config import find_paths
from mmsa_tui.records import Correction
from mmsa_tui.store import Store

Table = Callable[..., Path]
TEXTS = ["best day", "worst day", "plain words"]


@pytest.fixture
def source(mmsa: Mmsa, table: Callable[[Sequence[str]], Path]) -> Path:
    path = table(TEXTS)
    assert mmsa("classify", path, "-o", "out.csv", "-o", "out.xlsx").code == 0
    return path


def votes(home: Path) -> list[tuple[str, str, str]]:
    with Store.open(find_paths({"MMSA_HOME": str(home)}).database) as store:
        return sorted((act.post_id, act.analyst, act.new_label) for act in store.corrections())


def fill_csv(labels: dict[str, str], note: str = "") -> Path:
    path = Path("out.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["corrected_label"] = labels.get(row["post_id"], row["corrected_label"])
        row["note"] = note if row["post_id"] in labels else row["note"]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


def fill_workbook(labels: dict[str, str]) -> Path:
    path = Path("out.xlsx")
    book = openpyxl.load_workbook(path)
    header = [cell.value for cell in book["Posts"][1]]
    for row in book["Posts"].iter_rows(min_row=2):
        if row[0].value in labels:
            row[header.index("corrected_label")].value = labels[row[0].value]
    book.save(path)
    return path


@pytest.mark.parametrize("fill", [fill_csv, fill_workbook])
def test_a_filled_in_export_comes_back_once(
    mmsa: Mmsa, home: Path, source: Path, fill: Callable[[dict[str, str]], Path]
) -> None:
    path = fill({"1": "neutral", "3": "Positive"})
    ran = mmsa("corrections", "import", path, "--analyst", "Ann")
    assert (ran.code, ran.out) == (0, "2 corrections: 2 new, 0 known already, 0 rejected\n"), ran.err
    assert votes(home) == [("1", "Ann", "neutral"), ("3", "Ann", "positive")]
    mmsa("corrections", "import", path, "--analyst", "Ann")
    assert len(votes(home)) == 2


def test_notes_beside_labels_come_along(mmsa: Mmsa, home: Path, source: Path) -> None:
    Path("labels.csv").write_text(
        "id,label,note\n1,neutral,it is irony\n2,negative,\n3,,odd\n", encoding="utf-8"
    )
    ran = mmsa("corrections", "import", "labels.csv", "--analyst", "Ann")
    assert ran.out == "2 corrections: 2 new, 0 known already, 0 rejected\n", ran.err
    assert "notes on posts without a label: 1, left out" in ran.err
    with Store.open(find_paths({"MMSA_HOME": str(home)}).database) as store:
        acts = {act.post_id: (act.new_label, act.note) for act in store.corrections()}
    assert acts == {"1": ("neutral", "it is irony"), "2": ("negative", "")}


def test_a_note_written_into_an_export_comes_back_without_a_new_label(
    mmsa: Mmsa, home: Path, source: Path
) -> None:
    path = fill_csv({"1": "neutral"})
    assert mmsa("corrections", "import", path, "--analyst", "Ben").code == 0
    assert mmsa("classify", source, "-o", "out.csv", "--resume").code == 0
    ran = mmsa("corrections", "import", fill_csv({"1": "neutral"}, "why so"), "--analyst", "Ann")
    assert ran.out == "1 correction: 1 new, 0 known already, 0 rejected\n", ran.err
    with Store.open(find_paths({"MMSA_HOME": str(home)}).database) as store:
        told = [(act.analyst, act.note, act.facts) for act in store.corrections() if act.note]
    assert told == [("Ann", "why so", ("note",))]


def test_what_an_export_held_already_becomes_nobodys_new_word(mmsa: Mmsa, home: Path, source: Path) -> None:
    with Store.open(find_paths({"MMSA_HOME": str(home)}).database) as store:
        (post,) = [row.post for row in store.posts(1) if row.post and row.post.post_id == "2"]
        store.add_corrections([Correction("", post.content_hash, "neutral", analyst="Ben", post_id="2")])
    assert mmsa("classify", source, "-o", "out.csv", "--resume").code == 0
    assert mmsa("corrections", "import", fill_csv({"1": "neutral"}), "--analyst", "Ann").code == 0
    assert votes(home) == [("1", "Ann", "neutral"), ("2", "Ben", "neutral")]


LABEL_STUDIO = [
    {
        "id": number,
        "data": {"text": text, "post_id": str(number)},
        "annotations": [
            {"result": [{"type": "choices", "from_name": "s", "to_name": "t", "value": {"choices": [label]}}]}
        ],
    }
    for number, text, label in ((1, "best day", "Negative"), (2, "worst day", "Positive"))
]
FILES = {
    "label-studio.json": json.dumps(LABEL_STUDIO),
    "label-studio-min.json": json.dumps(
        [
            {"id": at, "post_id": post_id, "text": "words", "sentiment": label, "annotator": 1,
             "annotation_id": at, "created_at": "2024-05-01T14:00:00Z", "lead_time": 3.2}
            for at, post_id, label in ((7, "1", "Negative"), (8, "2", "Positive"))
        ]
    ),
    "label-studio.csv": "annotation_id,post_id,text,sentiment,annotator\n"
    "1,1,best day,Negative,1\n2,2,worst,Positive,1\n",
    "doccano.jsonl": '{"id": 7, "post_id": "1", "text": "best day", "label": ["negative"]}\n'
    '{"id": 8, "post_id": "2", "text": "worst day", "label": ["positive"]}\n',
    "prodigy.jsonl": "\n".join(
        json.dumps({"text": "words", "meta": {"post_id": post_id}, "accept": [label], "answer": "accept"})
        for post_id, label in (("1", "negative"), ("2", "positive"))
    ),
    "argilla.json": json.dumps(
        [
            {"fields": {"text": "best day"}, "metadata": {"post_id": "1"}, "status": "completed",
             "responses": {"sentiment": [{"value": "negative"}]}},
            {"fields": {"text": "worst day"}, "metadata": {"post_id": "2"}, "status": "completed",
             "responses": {"sentiment": [{"value": "positive"}]}},
        ]
    ),
    "argilla.csv": "id,text,label.responses,label.responses.status,label.suggestion\n"
    "1,x,['negative'],['submitted'],neutral\n2,x,['positive'],['submitted'],neutral\n",
    "labels.csv": "tweet_id,sentiment\n1,NEG\n2,pos\n",
    "list.txt": "1,negative\n2,positive\n",
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_files_of_tools_and_plain_lists_are_taken_in(mmsa: Mmsa, home: Path, source: Path, name: str) -> None:
    Path(name).write_text(FILES[name], encoding="utf-8")
    ran = mmsa("corrections", "import", name, "--analyst", "Ann")
    assert ran.code == 0, ran.err
    assert votes(home) == [("1", "Ann", "negative"), ("2", "Ann", "positive")]


def test_a_zip_of_one_file_of_labels_is_taken_in_and_one_of_several_is_named(
    mmsa: Mmsa, home: Path, source: Path
) -> None:
    for members in (["all.jsonl"], ["ann.jsonl", "bob.jsonl"]):
        with zipfile.ZipFile("doccano.zip", "w") as archive:
            for member in members:
                archive.writestr(member, FILES["doccano.jsonl"])
        ran = mmsa("corrections", "import", "doccano.zip", "--analyst", "Ann")
        assert (ran.code == 0) == (len(members) == 1)
        assert len(members) == 1 or ("several files" in ran.err and "Unpack" in ran.err)
    assert votes(home) == [("1", "Ann", "negative"), ("2", "Ann", "positive")]


def test_words_are_mapped_as_told(mmsa: Mmsa, home: Path, source: Path) -> None:
    Path("labels.csv").write_text("id,label\n1,bad\n2,good\n3,spam\n")
    words = "bad=negative,good=positive,spam="
    assert mmsa("corrections", "import", "labels.csv", "--labels-map", words, "--analyst", "Ann").code == 0
    assert votes(home) == [("1", "Ann", "negative"), ("2", "Ann", "positive")]


def test_a_word_that_is_no_label_and_an_unknown_post_are_rejected_and_told(
    mmsa: Mmsa, home: Path, source: Path
) -> None:
    Path("labels.csv").write_text("id,label\n1,angry\n99,positive\n2,positive\n")
    ran = mmsa("corrections", "import", "labels.csv")
    assert "1 new, 0 known already, 2 rejected" in ran.out
    assert "'angry' is no label here" in ran.err and "post 99 is in no source" in ran.err


def test_a_word_before_every_id_is_taken_off_where_only_then_posts_are_called_so(
    mmsa: Mmsa, home: Path, tmp_path: Path
) -> None:
    post_id = "1918410713521908131"
    labels = Path("labels.csv")
    for name, start in (("plain", ""), ("worded", "tweet_")):
        source = tmp_path / f"{name}.csv"
        source.write_text(f"id,text\n{start}{post_id},a day at the sea {name}\n")
        assert mmsa("classify", source, "-o", f"of-{name}.csv").code == 0
        labels.write_text(f"id,label\n{'tweet_' if start else 'post_'}{post_id},positive\n")
        ran = mmsa("corrections", "import", labels, "--analyst", "Ann")
        assert ran.code == 0 and ("without the 'post_'" in ran.err) == (name == "plain"), ran.err
    assert [post for post, *_ in votes(home)] == [post_id, f"tweet_{post_id}"]
    ran = mmsa("evaluate", tmp_path / "plain.csv", "--labels", labels)
    assert "without the 'tweet_'" in ran.out + ran.err, ran.err


def test_an_id_of_two_sources_needs_the_source(mmsa: Mmsa, home: Path, source: Path, table: Table) -> None:
    other = table(["another best day"], name="more.csv")
    assert mmsa("classify", other, "-o", "more.jsonl").code == 0
    Path("labels.csv").write_text("id,label\n1,negative\n")
    assert "say with --source" in mmsa("corrections", "import", "labels.csv").err
    assert votes(home) == []
    assert mmsa("corrections", "import", "labels.csv", "--source", other, "--analyst", "Ann").code == 0
    assert votes(home) == [("1", "Ann", "negative")]
