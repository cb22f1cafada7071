"""Chats as Telegram Desktop exports them, as JSON and as pages of HTML."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import ReadOptions, detect, read

MESSAGE = """<div class="message default clearfix{joined}" id="message{id}">
 <div class="pull_left userpic_wrap"><div class="userpic userpic5"><div class="initials">S</div></div></div>
 <div class="body">
  <div class="pull_right date details" title="01.05.2026 12:00:0{id} UTC+02:00">12:00</div>
  {name}{more}
  <div class="text">
A <strong>fine</strong> day &lt;3<br>no {id}
  </div>
 </div>
</div>
"""
SERVICE = '<div class="message service" id="message-1"><div class="body details">1 May 2026</div></div>\n'
NAME = '<div class="from_name">\nSam &amp; Co\n</div>'
PHOTO = '<div class="media_wrap"><a class="photo_wrap clearfix pull_left" href="photos/p%201.jpg"></a></div>'


def page(*messages: str) -> str:
    return f'<!DOCTYPE html><html><body><div class="history">{"".join(messages)}</div></body></html>'


def message(number: int, name: str = NAME, more: str = "") -> str:
    return MESSAGE.format(id=number, name=name, more=more, joined="" if name else " joined")


def posts(source: Path, notes: list[str] | None = None) -> list[Any]:
    assert detect(source).format == "telegram"
    return list(read(source, options=ReadOptions(note=(notes if notes is not None else []).append)))


def test_the_pages_of_a_chat_are_read_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/p 1.jpg").touch()
    (tmp_path / "messages.html").write_text(
        page(SERVICE, message(1, more=PHOTO), message(2, name="")), "utf-8"
    )
    (tmp_path / "messages2.html").write_text(page(message(3)), "utf-8")
    notes: list[str] = []
    first, second, third = posts(tmp_path, notes)
    assert isinstance(first, Post)
    assert (first.post_id, first.text, first.author) == ("1", "A fine day <3\nno 1", "Sam & Co")
    assert first.created_at == "2026-05-01T10:00:01Z"
    assert [picture.path and picture.path.name for picture in first.pictures] == ["p 1.jpg"]
    assert (second.author, third.post_id) == ("Sam & Co", "3")
    assert "messages of the service left out: 1" in notes


def test_a_page_that_is_cut_loses_its_last_message_and_says_so(tmp_path: Path) -> None:
    whole = page(message(1), message(2))
    (tmp_path / "messages.html").write_text(whole[: whole.rindex("no 2")], "utf-8")
    first, cut = posts(tmp_path / "messages.html")
    assert isinstance(first, Post) and isinstance(cut, Failure)
    assert "cut off" in cut.reason


def test_a_picture_never_comes_from_outside_the_export(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").touch()
    export = tmp_path / "export"
    export.mkdir()
    outside = PHOTO.replace("photos/p%201.jpg", "../secret.jpg")
    (export / "messages.html").write_text(page(message(1, more=outside)), "utf-8")
    (post,) = posts(export)
    assert [picture.path for picture in post.pictures] == [None]


def test_a_message_of_json_may_have_only_a_picture_or_only_a_voice(tmp_path: Path) -> None:
    def record(number: int, **more: Any) -> dict[str, Any]:
        return {"id": number, "type": "message", "date": "2026-05-01T12:00:00", "text": "", **more}

    not_saved = "(File not included. Change data exporting settings to download.)"
    messages = [
        record(1, photo="photos/a.jpg"),
        record(2, photo=not_saved),
        record(3, file="voice.ogg", media_type="voice_message", mime_type="audio/ogg"),
        record(4, text="hi", file="files/a.png", mime_type="image/png"),
    ]
    chats = {"chats": {"list": [{"name": "x", "type": "personal_chat", "id": 1, "messages": messages}]}}
    (tmp_path / "result.json").write_text(json.dumps({"about": "x", **chats}), "utf-8")
    notes: list[str] = []
    found = posts(tmp_path, notes)
    assert [(post.post_id, len(post.pictures)) for post in found] == [("1", 1), ("2", 1), ("4", 1)]
    assert notes == ["messages without text or picture left out: 1"]
