"""Files of people's labels, and columns that only look like labels."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmsa_tui.errors import SourceError, UsageError
from mmsa_tui.records import Post
from mmsa_tui.sources import ReadOptions, read
from mmsa_tui.sources.label_words import parse_label_map, propose_map
from mmsa_tui.sources.labels import load_labels, read_labels


def labels(tmp_path: Path, content: str, name: str = "labels.csv") -> dict[str, dict[str, str]]:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return read_labels(path)


def test_an_id_and_a_label_are_enough(tmp_path: Path) -> None:
    found = labels(tmp_path, "post_id;Label\n007.txt;Positive\n8;neutral\n9;\n")
    assert found == {"007": {"label": "positive"}, "8": {"label": "neutral"}}


@pytest.mark.parametrize("written", ["1.918.410.713.521.908.131", "\u200b1918410713521908131\u00a0"])
def test_ids_in_groups_or_with_blanks_that_are_not_seen_are_the_same_ids(
    tmp_path: Path, written: str
) -> None:
    assert labels(tmp_path, f"id;label\n{written};positive\n") == {
        "1918410713521908131": {"label": "positive"}
    }


def test_labels_of_text_and_picture_are_merged_where_the_post_has_none(tmp_path: Path) -> None:
    found = labels(tmp_path, "id,text,image\n1,neutral,positive\n2,negative,positive\n")
    assert found["1"] == {"text": "neutral", "image": "positive", "post": "positive"}
    assert found["2"] == {"text": "negative", "image": "positive"}


def test_a_column_of_tweets_or_pictures_is_no_column_of_labels(tmp_path: Path) -> None:
    found = labels(tmp_path, "id,text,image,label\n1,what a day,1.jpg,positive\n2,fine,2.jpg,neutral\n")
    assert found == {"1": {"label": "positive"}, "2": {"label": "neutral"}}


def test_tweets_without_any_label_are_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no usable rows") as caught:
        labels(tmp_path, "id,text\n1,what a day\n2,fine\n")
    assert "text_label" in caught.value.hint


def test_of_our_own_export_the_corrections_count_and_not_the_model(tmp_path: Path) -> None:
    header = "post_id,text,label,text_label,corrected_label,final_label,bundle"
    rows = "1,so so,positive,positive,negative,negative,m 1\n2,fine,positive,positive,,positive,m 1\n"
    assert labels(tmp_path, f"{header}\n{rows}") == {"1": {"label": "negative"}}


@pytest.mark.parametrize("annotators", [1, 3])
def test_the_label_file_of_mvsa_is_read_for_one_annotator_or_three(tmp_path: Path, annotators: int) -> None:
    header = "ID" + "\ttext,image" * annotators
    found = labels(tmp_path, f"{header}\n1" + "\tneutral,positive" * annotators + "\n", "labelResultAll.txt")
    assert found == {"1": {"text": "neutral", "image": "positive", "post": "positive"}}


def test_a_row_that_cannot_be_read_is_named_instead_of_left_out(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes("id,label,remark\n1,positive,can\x92t caf\xe9s\n".encode("latin-1"))
    with pytest.raises(SourceError, match="line 2"):
        read_labels(path)


def lines(*records: object) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


TASK = {
    "id": 100,
    "annotations": [
        {"result": [{"from_name": "sentiment", "type": "choices", "value": {"choices": ["Positive"]}}]}
    ],
    "data": {"post_id": "11", "text": "A fine day"},
}
MIN = {"id": 100, "tweet_id": "11", "text": "x", "sentiment": "Positive", "annotator": 1, "annotation_id": 3}
PRODIGY = {"text": "x", "meta": {"post_id": "11"}, "_input_hash": 7, "answer": "accept"}
ROW = {"id": "11", "text": "x", "label.suggestion": "neutral", "label.responses.users": ["u"]}
ANSWER = {"user_id": "u", "value": "positive", "status": "submitted"}
ARGILLA = {
    "id": "11",
    "fields": {"text": "A fine day"},
    "responses": {"sentiment": [{"value": "positive", "user_id": "u", "status": "submitted"}]},
    "status": "completed",
}


@pytest.mark.parametrize(
    "content",
    [
        json.dumps([TASK]),
        json.dumps([{**TASK, "completions": TASK["annotations"], "annotations": None}]),
        json.dumps([MIN]),
        json.dumps([{**MIN, "sentiment": {"choices": ["Positive"]}}]),
        lines({"id": 5, "text": "x", "label": ["positive"], "meta": {"post_id": "11"}}),
        lines({"id": 5, "text": "x", "cats": ["positive"], "post_id": 11}),
        lines({**PRODIGY, "label": "POSITIVE"}),
        lines({**PRODIGY, "accept": ["positive"], "options": [{"id": "positive", "text": "Positive"}]}),
        lines({**PRODIGY, "accept": ["1"], "options": [{"id": 1, "text": "Positive"}]}),
        json.dumps([ARGILLA]),
        json.dumps([{**ARGILLA, "responses": [{"values": {"label": {"value": "positive"}}}]}]),
        lines({"id": "11", "text": "x", "annotation": "pos", "annotation_agent": "a", "status": "Validated"}),
        lines({**ROW, "label.responses": ["positive"], "label.responses.status": ["submitted"]}),
        lines({"text": "x", "label": [ANSWER], "label-suggestion": "neutral", "external_id": "11"}),
        "id,text,label.responses,label.responses.status,label.suggestion\n"
        "11,x,\"['positive', 'neutral']\",\"['submitted', 'discarded']\",neutral\n",
        "text,label,label-suggestion,external_id,metadata\n"
        "x,\"[{'user_id': 'u', 'value': 'positive', 'status': 'submitted'}]\",neutral,11,{}\n",
        "id,label_ana,label_bob\n11,pos,Positive\n",
        "url,label\nhttps://x.com/sam/status/11,pos\n",
        json.dumps({"11": "positive"}),
        lines({"id": "11", "label": "positive"}),
        "annotation_id,annotator,created_at,id,lead_time,sentiment,text,tweet_id\n3,1,2026,100,2,Positive,x,11\n",
        "id\tlabel\n11\tPOS\n",
        "11\tpositive\n",
        "data/1/11.jpg positive\n",
        "Tweet ID;Sentiment\n'11;positiv\n",
        'id,label\n"=""11""",positive\n',
    ],
)
def test_a_label_comes_back_from_every_tool(tmp_path: Path, content: str) -> None:
    name = "labels.json" if content[0] in "[{" else "labels.csv"
    assert labels(tmp_path, content, name) == {"11": {"label": "positive"}}


def test_a_rejected_or_skipped_example_is_no_label_and_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "prodigy.jsonl"
    records = [{**PRODIGY, "label": "pos", "meta": {"post_id": n}} for n in "123"]
    records[1]["answer"], records[2]["answer"] = "reject", "ignore"
    path.write_text(lines(*records), encoding="utf-8")
    found = load_labels(path)
    assert found.labels == {"1": {"label": "positive"}}
    assert "examples without one label, as when skipped or rejected: 2, left out" in found.notes


def test_several_labels_of_one_post_are_none_and_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "doccano.csv"
    path.write_text(
        "id,text,label\n1,so so,pos#neu\n2,so so,pos\n3,so so,neu\n4,so so,c#\n", encoding="utf-8"
    )
    found = load_labels(path)
    assert found.labels == {"2": {"label": "positive"}, "3": {"label": "neutral"}, "4": {"label": "c#"}}
    assert "rows that give a post several labels: 1, left out" in found.notes


def test_stars_of_label_studio_are_read_by_a_map(tmp_path: Path) -> None:
    path = tmp_path / "tasks.json"
    result = {"from_name": "stars", "type": "rating", "value": {"rating": 5}}
    path.write_text(json.dumps([{**TASK, "annotations": [{"result": [result]}]}]), encoding="utf-8")
    assert load_labels(path, stated={"5": "positive"}).labels == {"11": {"label": "positive"}}


def test_an_answer_of_argilla_that_was_not_given_is_no_label(tmp_path: Path) -> None:
    path = tmp_path / "argilla.csv"
    path.write_text(
        "id,label.responses,label.responses.status\n1,['pos'],['discarded']\n2,[],[]\n3,['pos'],['submitted']\n"
    )
    found = load_labels(path)
    assert found.labels == {"3": {"label": "positive"}}
    assert any("without one label" in note and "2" in note for note in found.notes)


def test_two_people_who_differ_leave_a_post_undecided(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("id,label\n1,pos\n1,neg\n2,pos\n2,pos\n2,neg\n", encoding="utf-8")
    found = load_labels(path)
    assert (found.labels, found.undecided) == ({"2": {"label": "positive"}}, 1)


def test_a_task_that_names_no_post_is_told(tmp_path: Path) -> None:
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps([{**TASK, "data": {"text": "x"}}]), encoding="utf-8")
    found = load_labels(path)
    assert list(found.labels) == ["100"]
    assert any("name no post: 1" in note for note in found.notes)


@pytest.mark.parametrize(
    ("words", "meanings"),
    [
        ("0 2 4", "negative neutral positive"),
        ("0 4", "negative positive"),
        ("-1 0 1", "negative neutral positive"),
        ("0 1 2", "negative neutral positive"),
        ("Neg Neu Pos", "negative neutral positive"),
        ("1.0 -1.0", "positive negative"),
        ("negativ positif 中性", "negative positive neutral"),
    ],
)
def test_usual_words_are_mapped(tmp_path: Path, words: str, meanings: str) -> None:
    rows = "".join(f"{number},{word}\n" for number, word in enumerate(words.split()))
    found = labels(tmp_path, f"id,label\n{rows}")
    assert [kinds["label"] for kinds in found.values()] == meanings.split()


@pytest.mark.parametrize("words", [["0", "1"], ["1", "2", "3", "4", "5"], ["sarcastic", "not"]])
def test_words_that_may_mean_anything_are_counted_and_named(tmp_path: Path, words: list[str]) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("id,label\n" + "".join(f"{n},{word}\n" for n, word in enumerate(words)), "utf-8")
    found = load_labels(path)
    assert found.unknown == dict.fromkeys(words, 1)
    assert any(words[0] in note and "--labels-map" in note for note in found.notes)


def test_what_the_user_says_of_a_word_is_taken_first(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("id,stars\n1,1\n2,3\n3,5\n4,pos\n", encoding="utf-8")
    found = load_labels(path, stated=parse_label_map("1=negative, 3=, 5=positive, pos=negative"))
    assert {post_id: kinds["label"] for post_id, kinds in found.labels.items()} == {
        "1": "negative",
        "3": "positive",
        "4": "negative",
    }
    assert not found.unknown


def test_a_word_of_the_map_that_nobody_gave_is_told(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("id,label\n1,positive\n2,bad\n", encoding="utf-8")
    found = load_labels(path, stated=parse_label_map("Bad=negative, awful=negative"))
    assert [note for note in found.notes if "awful" in note and "Bad" not in note]


def test_a_map_to_what_is_no_label_is_refused() -> None:
    with pytest.raises(UsageError, match="which is no label here"):
        propose_map(["5"], ("negative", "positive"), {"5": "great"})
    with pytest.raises(UsageError, match="does not understand"):
        parse_label_map("positive")


def test_ids_that_a_spreadsheet_rounded_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="has lost its digits"):
        labels(tmp_path, "id,label\n1.91841E+18,positive\n")


def told(path: Path) -> tuple[list[str], list[str]]:
    notes: list[str] = []
    items = list(read(path, options=ReadOptions(note=notes.append)))
    return [item.truth.get("label", "") for item in items if isinstance(item, Post)], notes


@pytest.mark.parametrize("words", [("0", "1"), ("OFF", "NOT"), ("not harmful", "very harmful"), ("1", "5")])
def test_labels_that_no_map_knows_are_kept_as_they_stand_counted_and_named(
    tmp_path: Path, words: tuple[str, str]
) -> None:
    rows = [f"{number},{text},{words[number % 2]}" for number, text in enumerate(("fine", "grim", "so so"))]
    path = tmp_path / "a.csv"
    path.write_text("id,text,label\n" + "\n".join(rows))
    labels, notes = told(path)
    first, second = (word.lower() for word in words)
    assert labels == [first, second, first]
    assert any(f"{first} (2), {second} (1)" in note and "--labels-map" in note for note in notes)


def test_how_numbers_are_read_is_shown_and_words_of_degree_are_known(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,text,label\n1,fine,2\n2,grim,0\n3,so so,1\n")
    labels, notes = told(path)
    assert labels == ["2", "0", "1"] and any("0 = negative" in note for note in notes)
    assert propose_map(["very_positive", "slightly negative"]).words == {
        "very_positive": "positive",
        "slightly negative": "negative",
    }


def test_columns_of_labels_that_are_not_read_are_counted_and_named(tmp_path: Path) -> None:
    path = tmp_path / "olid.tsv"
    rows = [f"{n}\t@USER so it goes {n}\t{('OFF', 'NOT')[n % 2]}\t{('TIN', 'UNT')[n % 2]}" for n in range(5)]
    path.write_text("\n".join(["id\ttweet\tsubtask_a\tsubtask_b", *rows]))
    _, notes = told(path)
    (note,) = (note for note in notes if "labels" in note)
    assert "`subtask_a` (OFF 3, NOT 2), `subtask_b` (TIN 3, UNT 2); --map label=subtask_a" in note
    found = read(path, options=ReadOptions(columns={"label": "subtask_a"}))
    assert [item.truth["label"] for item in found if isinstance(item, Post)] == ["off", "not"] * 2 + ["off"]


def test_posts_with_several_labels_are_counted(tmp_path: Path) -> None:
    labels = (["not harmful"], ["somewhat harmful", "individual"], ["very harmful", "society"])
    path = tmp_path / "harmeme.jsonl"
    lines = [
        json.dumps({"id": f"m{n}", "text": "so it goes", "labels": found}) for n, found in enumerate(labels)
    ]
    path.write_text("\n".join(lines))
    found, notes = told(path)
    assert found == ["not harmful", "", ""] and any(
        "several labels" in note and ": 2;" in note for note in notes
    )


@pytest.mark.parametrize(
    "table",
    [
        "id_str;Sentimiento\n71;Positivo\n72;Negativo\n",
        "Beitrags-ID;Stimmung\n71;Positiv\n72;Negativ\n",
        "Identifiant;Polarité\n71;1\n72;-1\n73;0\n",
    ],
)
def test_a_table_of_labels_in_another_language_is_read(tmp_path: Path, table: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(table, encoding="utf-8")
    found = read_labels(path)
    assert (found["71"]["label"], found["72"]["label"]) == ("positive", "negative")


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("Target", ("Hillary Clinton", "Atheism", "Atheism")),
        ("vader_class", ("positive", "negative", "neutral")),
    ],
)
def test_what_a_stance_is_towards_and_what_a_program_says_are_no_labels(
    tmp_path: Path, column: str, cells: tuple[str, ...]
) -> None:
    rows = "".join(f"{n},a fine day {n} at the harbour,{cell}\n" for n, cell in enumerate(cells))
    (tmp_path / "a.csv").write_text(f"id,text,{column}\n{rows}")
    assert [item.truth for item in read(tmp_path / "a.csv") if isinstance(item, Post)] == [{}, {}, {}]
