"""Rows to export, with texts that strangers write, and the files read back."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl

from mmsa_tui.records import Correction, Failure, Picture, Post, Prediction

LABELS = ("negative", "neutral", "positive")


NASTY = (
    "plain",
    "",
    '=HYPERLINK("http://evil.example","click")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "＝1+1",
    "'=quoted by the author",
    "-5",
    "👩‍👩‍👧 emoji and ünïcode, العربية, 日本語",
    'two\nlines, "quoted", and a; separator',
    "carriage\r\nreturn",
    "nul \x00 inside",
    "\x1b[31mred\x1b[0m \x07 \x9b bidi \u202e evil \u2066",
    "lone \ud83d surrogate",
    "not a character \ufffe \uffff",
    "_x0041_ and <b>markup</b> & [bold]",
    "  spaces around  ",
    "http://looks.like/a/link",
    "0012",
    "1e5",
    "TRUE",
)


@dataclass(frozen=True)
class Row:
    post: Post | None = None
    failure: Failure | None = None
    prediction: Prediction | None = None
    correction: Correction | None = None


def predicted(text: str = "a text", post_id: str = "1", **changes: Any) -> Row:
    values: dict[str, Any] = {
        "status": "ok",
        "label": "positive",
        "confidence": 0.7,
        "probs": (0.1, 0.2, 0.7),
        "text_label": "positive",
        "text_probs": (0.2, 0.2, 0.6),
        "image_label": "neutral",
        "image_probs": (0.2, 0.6, 0.2),
    }
    prediction = Prediction(content_hash="b2:1", bundle="mvsa@1.0.0", **(values | changes))
    return Row(Post(post_id, text, (Picture("1.jpg"),)), None, prediction)


def nasty_rows() -> list[Row]:
    return [Row(Post(str(number), text, metadata={"own": text})) for number, text in enumerate(NASTY)]


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n")[:-1]]


def read_xlsx(path: Path, sheet: str = "Posts") -> list[dict[str, Any]]:
    header, *rows = openpyxl.load_workbook(path)[sheet].values
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


def without_controls(text: str) -> str:
    return "".join(
        "\ufffd"
        if (ord(c) < 32 and c not in "\t\n\r") or 127 <= ord(c) < 160 or c in "\ud83d\ufffe\uffff"
        else c
        for c in text
    )
