"""Stories of what leaves the app."""

from __future__ import annotations

import pytest
from stories import SIZE, asked, opened, read_lines, text_of

from mmsa_tui.pictures.viewer import NoViewerError
from mmsa_tui.tui.browse import outward
from mmsa_tui.tui.dialogs.ask import AskWhether
from mmsa_tui.tui.widgets.post_columns import fit_end


@pytest.fixture
def posts(config, tmp_path):
    """Two posts with an address and one without, whose words hold another."""
    return read_lines(
        config,
        tmp_path,
        "id,text,url",
        '1,"The ferry leaves at nine\x1b]0;x\x07, says the harbour",https://x.com/a/status/1',
        "2,All day long the queue for the ferry went round the corner and back,https://x.com/a/status/2",
        "3,Ferry? see https://evil.example/,",
    )


async def test_text_and_id_are_copied_without_what_a_terminal_obeys(make_app, posts, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("y")
        assert pilot.app.clipboard.startswith("The ferry leaves at nine")
        assert pilot.app.clipboard.isprintable()
        assert "the text of 1" in text_of(screen, "#status")
        await pilot.press("Y")
        assert pilot.app.clipboard == "1"


async def test_the_original_is_opened_after_one_question_for_its_site(make_app, posts, wait_for, monkeypatch):
    seen: list[str] = []
    monkeypatch.setattr(outward, "open_in_browser", seen.append)
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("O")
        dialog = await asked(pilot, wait_for, AskWhether)
        assert "https://x.com/a/status/1" in str(dialog.query_one(".dialog-text").render())
        await pilot.press("n")
        await wait_for(pilot, lambda: pilot.app.screen is screen, "the list")
        assert seen == []
        await pilot.press("O")
        await asked(pilot, wait_for, AskWhether)
        await pilot.press("y")
        await wait_for(pilot, lambda: seen == ["https://x.com/a/status/1"], "the browser")
        await pilot.press("down", "O")
        await wait_for(pilot, lambda: len(seen) == 2, "the browser, unasked")
        assert pilot.app.screen is screen
        await pilot.press("down", "O")
        await wait_for(pilot, lambda: "does not say where" in text_of(screen, "#status"), "the answer")
        assert seen[1:] == ["https://x.com/a/status/2"]


async def test_without_a_screen_the_address_is_told(make_app, posts, wait_for, monkeypatch):
    def fail(address: str) -> None:
        raise NoViewerError(f"There is no screen to open it on; the address is {address}")

    monkeypatch.setattr(outward, "open_in_browser", fail)
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("O")
        await asked(pilot, wait_for, AskWhether)
        await pilot.press("y")
        await wait_for(pilot, lambda: "https://x.com/a/status/1" in text_of(screen, "#status"), "the address")


@pytest.mark.parametrize(
    ("text", "shown"), [("abc", "  abc"), ("abcdefg", "…defg"), ("日本語日本", "…日本"), ("", "     ")]
)
def test_the_end_of_a_text_is_kept_at_the_right(text: str, shown: str) -> None:
    assert fit_end(text, 5) == shown
