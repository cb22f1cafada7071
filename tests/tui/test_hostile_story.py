"""Posts made to break a screen: text that is no text, pictures that are no pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_pictures import draw_picture
from stories import SIZE, opened

from mmsa_tui.records import Failure, Picture, Post, content_hash
from mmsa_tui.store import SourceRow, Store

HOSTILE = (
    "[bold red]markup[/] and [link=file:///etc/passwd]a link[/link]",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b[2J\x9b31m",
    "\u202egnitirw desrever\u202c \u2066isolated\u2069",
    "family \U0001f468\u200d\U0001f469\u200d\U0001f467 and a flag \U0001f3f3\ufe0f\u200d\U0001f308",
    "z\u0335\u0321\u0322\u0353\u0354\u0355\u0356" * 40,
    "long " * 2000,
    "\x00\x01\x02 control \x7f\x85",
    "line\nbreaks\r\nand\ttabs\u2028and more\u2029",
    "\ud800 half a pair",
    "",
)


@pytest.fixture
def hostile(config, tmp_path: Path) -> SourceRow:
    """One post of each kind, the last with pictures of every kind of trouble, and a failure."""
    good, broken, empty = (tmp_path / name for name in ("good.png", "broken.jpg", "empty.png"))
    draw_picture(good, 3)
    broken.write_bytes(good.read_bytes()[:200])
    empty.write_bytes(b"")
    pictures = (
        Picture("good.png", good, digest="a" * 40),
        Picture("broken.jpg", broken, digest="b" * 40),
        Picture("empty.png", empty),
        Picture("[red]missing[/].png\x1b[31m", None),
        Picture("gone.png", tmp_path / "gone.png"),
    )
    posts: list[Post | Failure] = [
        Post(f"{number}\x1b[31m", text, author="[b]@x\u202e", content_hash=content_hash(text, []))
        for number, text in enumerate(HOSTILE)
    ]
    posts.append(Post("pictures", "five of them", pictures, content_hash=content_hash("five", [])))
    posts.append(Failure("none", "no text \x1b[31m[red]and no picture"))
    with Store.open(config.paths.database) as store:
        return store.index_source("hostile", "table", "[red]hostile\x1b[31m\u202e", posts)


@pytest.mark.parametrize("size", [SIZE, (80, 24), (40, 12)])
async def test_no_escape_or_override_reaches_the_screen(make_app, hostile, wait_for, size):
    async with make_app().run_test(size=size) as pilot:
        await opened(pilot, wait_for)
        for _ in range(len(HOSTILE) + 1):
            lines = pilot.app.screen._compositor.render_strips()
            text = "".join(segment.text for line in lines for segment in line if not segment.control)
            assert not set(text) & set("\x1b\x9b\x07\u202e\u2066\u2028\x00\x85")
            assert all(line.cell_length == size[0] for line in lines)
            await pilot.press("down")


async def test_markup_is_shown_as_it_was_written(make_app, hostile, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        text = screen.query_one("#post-text")
        await wait_for(pilot, lambda: "[bold red]markup[/]" in str(text.content), "the text")


async def test_each_picture_that_cannot_be_shown_says_why(make_app, hostile, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("end", "up")
        caption = screen.query_one("#picture-caption")
        await wait_for(pilot, lambda: "[1/5]" in str(caption.content), "the first picture")
        for words in ("cannot be decoded", "is empty", "not in the source", "gone from the disk"):
            await pilot.press("]")
            await wait_for(pilot, lambda words=words: words in str(caption.content), words)


async def test_a_failure_has_a_row_and_takes_no_label(make_app, hostile, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("end")
        await wait_for(
            pilot, lambda: screen.row is not None and screen.row.failure is not None, "the failure"
        )
        await pilot.press("1", "f", "n", "space")
        assert list(store.corrections()) == []


async def test_pictures_deleted_while_open_cost_nothing_but_the_picture(
    make_app, classified, folder, wait_for
):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
        await pilot.press("end", "up")
        caption = screen.query_one("#picture-caption")
        await wait_for(pilot, lambda: "gone from the disk" in str(caption.content), "the reason")
        await pilot.press("2")
        assert screen.n_rows == 12
