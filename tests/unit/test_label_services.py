"""Labels that come back from services, crowds and scripts, each in a shape of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from table_files import notes_of
from tool_shapes import FINE, csv, twice

from mmsa_tui.records import Post
from mmsa_tui.sources import read
from mmsa_tui.sources.labels import load_labels

IDS = ("1918410713521908101", "1918410713521908111", "1918410713521908121")
WORDS = ("positive", "negative", "neutral")
FOUND = dict(zip(IDS, WORDS, strict=True))


def lines(*records: Any) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def labelbox(post_id: str, word: str) -> dict[str, Any]:
    said = {"name": "Sentiment", "radio_answer": {"name": word.title(), "value": word}}
    label = {"label_kind": "Default", "id": "l1", "annotations": {"objects": [], "classifications": [said]}}
    row = {"id": "ck1", "external_id": post_id, "row_data": FINE}
    return {"data_row": row, "projects": {"p1": {"labels": [label]}}}


def lighttag(post_id: str, word: str) -> dict[str, Any]:
    said = [{"classname": word, "annotated_by": [{"annotator": "ana"}, {"annotator": "bob"}]}]
    said += [{"classname": "neutral", "annotated_by": [{"annotator": "cy"}]}] if word != "neutral" else []
    return {"example_id": "e1", "content": FINE, "metadata": {"tweet_id": post_id}, "classifications": said}


def scale(post_id: str, word: str) -> dict[str, Any]:
    said = {"annotations": {"sentiment": {"type": "category", "response": [[word]]}}}
    shown = {"attachments": [{"type": "text", "content": FINE}]}
    return {"task_id": "t1", "metadata": {"tweet_id": post_id}, "params": shown, "response": said}


def sagemaker(post_id: str, word: str) -> dict[str, Any]:
    # The number is the place of the label among those of the job.
    about = {"class-name": word, "human-annotated": "yes", "creation-date": "2026-06-09T10:00:00"}
    number = WORDS.index(word)
    return {"source": FINE, "tweet_id": post_id, "sentiment": number, "sentiment-metadata": about}


def kili(post_id: str, word: str) -> dict[str, Any]:
    said = {"MOOD": {"categories": [{"name": word.upper(), "confidence": 100}]}}
    label = {"labelType": "DEFAULT", "isLatestLabelForUser": True, "jsonResponse": said}
    return {"id": "c1", "externalId": post_id, "content": FINE, "labels": [label]}


def potato(post_id: str, word: str) -> dict[str, Any]:
    return {"id": post_id, "displayed_text": FINE, "label_annotations": {"mood": {word: "true"}}}


def superannotate(post_id: str, word: str) -> dict[str, Any]:
    tags = [{"type": "tag", "className": word.title(), "createdAt": "2026-06-09T10:00:00Z"}]
    return {"metadata": {"name": post_id, "annotatorEmail": "ana@x.example"}, "instances": tags}


def dataturks(post_id: str, word: str) -> dict[str, Any]:
    return {"content": FINE, "annotation": {"labels": [word]}, "extras": {"tweet_id": post_id}}


def each(post_id: str, word: str) -> dict[str, Any]:
    said = [{"annotator": who, "label": word if who else "neutral"} for who in range(3)]
    return {"post_id": post_id, "annotators": said}


def marked(yes: str, no: str, before: str = "") -> str:
    rows = [["instance_id", *(f"{before}{word}" for word in WORDS)]]
    rows += [[post_id, *(yes if word == said else no for word in WORDS)] for post_id, said in FOUND.items()]
    return "".join(",".join(row) + "\n" for row in rows)


def worker(number: int) -> str:
    return f"W{number % 3}"


CROWD = [(post_id, word if n < 2 else "neutral") for post_id, word in FOUND.items() for n in range(3)]


def crowd(*columns: tuple[str, Sequence[str]]) -> str:
    about = [
        ("HITId", [post_id[-4:] for post_id, _ in CROWD]),
        ("Title", ["Judge the mood of a tweet"] * len(CROWD)),
        ("CreationTime", ["Mon Jun 08 02:00:00 PDT 2026"] * len(CROWD)),
        ("WorkerId", list(map(worker, range(len(CROWD))))),
        ("Input.tweet_id", [post_id for post_id, _ in CROWD]),
        ("Input.text", [f"{FINE}, says {post_id[-3:]}" for post_id, _ in CROWD]),
    ]
    rows = zip(*[[name, *cells] for name, cells in (*about, *columns)], strict=True)
    return "".join(
        ",".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) + "\r\n" for row in rows
    )


ANSWER = ("Answer.sentiment.label", [word.title() for _, word in CROWD])
TOLOKA = crowd(ANSWER).replace("Input.", "INPUT:").replace("Answer.sentiment.label", "OUTPUT:result")

FILES = {
    "Labelbox.ndjson": lines(*(labelbox(*pair) for pair in FOUND.items())),
    "LightTag.json": json.dumps({"examples": [lighttag(*pair) for pair in FOUND.items()], "schema": {}}),
    "Scale.json": json.dumps([scale(*pair) for pair in FOUND.items()]),
    "SageMaker.manifest": lines(*(sagemaker(*pair) for pair in FOUND.items())),
    "Kili.json": json.dumps([kili(*pair) for pair in FOUND.items()]),
    "Potato.jsonl": lines(*(potato(*pair) for pair in FOUND.items())),
    "Potato.csv": marked("true", "", "mood:::"),
    "SuperAnnotate.json": json.dumps([superannotate(*pair) for pair in FOUND.items()]),
    "Dataturks.json": lines(*(dataturks(*pair) for pair in FOUND.items())),
    "each of three people.jsonl": lines(*(each(*pair) for pair in FOUND.items())),
    "what two have agreed on.tsv": "tweet_url\tcoder_a\tcoder_b\tfinal\n"
    + "".join(
        f"https://x.com/sam/status/{pair[0]}\tneutral\t{pair[1]}\t{pair[1]}\n" for pair in FOUND.items()
    ),
    "quotes within quotes.csv": "id,label\n"
    + "".join(f'"""{key}""",{word}\n' for key, word in FOUND.items()),
    "0 and 1.csv": marked("1", "0"),
    "crosses.csv": marked("x", ""),
    "MTurk.csv": crowd(ANSWER),
    "MTurk, true and false.csv": crowd(
        *((f"Answer.sentiment.{word}", [str(word == said).lower() for _, said in CROWD]) for word in WORDS)
    ),
    "MTurk, JSON.csv": crowd(
        ("Answer.taskAnswers", [json.dumps([{"mood": {w: w == said for w in WORDS}}]) for _, said in CROWD])
    ),
    "Toloka.tsv": TOLOKA.replace('","', '"\t"').replace("HITId", "ASSIGNMENT:assignment_id"),
    "Toloka, put together.tsv": "".join(
        [
            "INPUT:tweet_id\tINPUT:text\tOUTPUT:result\tCONFIDENCE:result\n",
            *(f"{post_id}\t{FINE}\t{word}\t99.5%\n" for post_id, word in FOUND.items()),
        ]
    ),
    "by id.json": json.dumps({post_id: {"label": word, "by": "ana"} for post_id, word in FOUND.items()}),
    "by label.json": json.dumps({word: [post_id] for post_id, word in FOUND.items()}),
    "pairs.json": json.dumps([list(pair) for pair in FOUND.items()]),
    "three people.tsv": "".join(f"{post_id}\t{word}\t{word}\tneutral\n" for post_id, word in FOUND.items()),
    "paths of pictures.csv": "".join(
        ["filename,label\n", *(f"images/{post_id}.jpg,{word}\n" for post_id, word in FOUND.items())]
    ),
    "pictures of T4SA.txt": "".join(
        f"data/{post_id[:5]}/{post_id}-1.jpg {number}\n" for post_id, number in zip(IDS, "201", strict=True)
    ),
    "with a total.csv": "".join(
        ["id,label\n", *(f"{post_id}.0,{word}\n" for post_id, word in FOUND.items()), "Total,3\n"]
    ),
    "in quotes.csv": "".join(f'"{post_id}","{word}"\n' for post_id, word in FOUND.items()),
    "below a comment.txt": "# May 2026\n"
    + "".join(f"{post_id}\t{word}\n" for post_id, word in FOUND.items()),
    "an address without the author.csv": "link,Ann's label,Ben's label\n"
    + "".join(f"https://x.com/i/web/status/{key}?s=20,{word},{word}\n" for key, word in FOUND.items()),
    "ids in a column that is not called so.csv": "Post;Bewertung\n"
    + "".join(f"{key};{word}\n" for key, word in FOUND.items()),
    "numbers with a comma.csv": "ID;Polarität\n"
    + "".join(f"{key};{number}\n" for key, number in zip(IDS, ("1,0", "-1,0", "0,0"), strict=True)),
    "emoji.csv": csv(("id", IDS[0], IDS[1]), ("label", "🙂", "👎")) + f'"{IDS[2]}","😐"\r\n',
}


@pytest.mark.parametrize("name", FILES)
def test_labels_come_back_by_the_id_of_the_post(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(FILES[name], encoding="utf-8")
    found = load_labels(tmp_path / name)
    assert {post_id: kinds["label"] for post_id, kinds in found.labels.items()} == FOUND


def test_answers_that_were_rejected_are_left_out_and_counted(tmp_path: Path) -> None:
    states = ["Rejected" if n % 3 == 0 else "Approved" for n in range(len(CROWD))]
    (tmp_path / "a.csv").write_text(crowd(ANSWER, ("AssignmentStatus", states)))
    found = load_labels(tmp_path / "a.csv")
    assert found.undecided == 2 and any("rejected: 3" in note for note in found.notes)


def test_of_a_task_for_a_crowd_only_what_was_shown_is_of_the_post(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(crowd(ANSWER))
    post = next(iter(read(tmp_path / "a.csv")))
    assert isinstance(post, Post)
    assert (post.text, post.created_at, post.author) == (f"{FINE}, says 101", "", "")


def test_the_word_that_a_service_gives_counts_and_not_its_number(tmp_path: Path) -> None:
    (tmp_path / "a.manifest").write_text(FILES["SageMaker.manifest"])
    posts = [item for item in read(tmp_path / "a.manifest") if isinstance(item, Post)]
    assert [(post.post_id, post.text, post.truth["label"]) for post in posts] == [
        (post_id, FINE, word) for post_id, word in FOUND.items()
    ]


def test_a_label_before_each_text_is_no_word_of_it(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"__label__positive {FINE}\n__label__negative Rain again\n")
    posts = [item for item in read(tmp_path / "a.txt") if isinstance(item, Post)]
    assert [(post.text, post.truth["label"]) for post in posts] == [
        (FINE, "positive"),
        ("Rain again", "negative"),
    ]


def test_what_brat_keeps_beside_its_texts_is_told(tmp_path: Path) -> None:
    (tmp_path / "1.txt").write_text(FINE)
    (tmp_path / "1.ann").write_text("T1\tSentiment 0 6\tA fine\n")
    assert "1.ann" in " ".join(notes_of(tmp_path))


def test_pictures_that_are_missing_name_the_archive_beside_the_table(tmp_path: Path) -> None:
    # In a folder of its own: beside that of a test lie those of others, also called like pictures.
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "a.csv").write_text(csv(twice("text", FINE), ("image", "p1.jpg", "p2.jpg")))
    (folder / "images.zip").write_bytes(b"PK\5\6" + b"\0" * 18)
    assert "images.zip" in " ".join(notes_of(folder / "a.csv"))
