"""Opening anything: a path, a recent source, something dropped onto the window."""

from __future__ import annotations

import pytest
from stories import SIZE, asked, opened
from textual import events
from textual.widgets import Input

from mmsa_tui.records import Correction
from mmsa_tui.services.ingest import read_in
from mmsa_tui.sources import ReadOptions
from mmsa_tui.tui.browse.screen import BrowseScreen
from mmsa_tui.tui.dialogs.ask import AskOne, AskText
from mmsa_tui.tui.picker.mapping import MappingDialog
from mmsa_tui.tui.picker.screen import PickerScreen


def found(pilot) -> str:
    """All that the picker says of the path."""
    statics = pilot.app.screen.query("#found Static")
    return "\n".join(str(static.content) for static in statics)


async def test_a_path_is_looked_at_before_anything_is_read_in(make_app, folder, store, wait_for):
    async with make_app(str(folder)).run_test(size=SIZE) as pilot:
        await asked(pilot, wait_for, PickerScreen)
        await wait_for(pilot, lambda: "with text and picture" in found(pilot), "what was found")
        assert "12" in found(pilot)
        assert store.recent_sources() == []


async def test_enter_reads_it_in_and_opens_it(make_app, folder, store, wait_for):
    async with make_app(str(folder)).run_test(size=SIZE) as pilot:
        await asked(pilot, wait_for, PickerScreen)
        await wait_for(pilot, lambda: "with text and picture" in found(pilot), "what was found")
        await pilot.press("enter")
        screen = await opened(pilot, wait_for)
        assert screen.n_rows == 12
        assert store.recent_sources()[0].title == "harbour"


async def test_a_path_can_be_typed(make_app, folder, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await asked(pilot, wait_for, PickerScreen)
        screen.query_one("#path").value = str(folder)
        await pilot.press("enter")
        await wait_for(pilot, lambda: "with text and picture" in found(pilot), "what was found")


async def test_a_path_that_is_not_there_is_named_and_nothing_else_happens(make_app, folder, wait_for):
    async with make_app(str(folder / "nowhere")).run_test(size=SIZE) as pilot:
        await asked(pilot, wait_for, PickerScreen)
        await wait_for(pilot, lambda: "nowhere" in found(pilot) and "✗" in found(pilot), "the message")


async def test_a_recent_source_opens_with_enter(make_app, source, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("ctrl+o")
        screen = await asked(pilot, wait_for, PickerScreen)
        await wait_for(pilot, lambda: screen.query_one("#recent").option_count == 1, "the list")
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, BrowseScreen), "the source")


async def test_a_path_typed_at_once_wins_over_the_recent_sources(
    make_app, source, tmp_path, monkeypatch, wait_for
):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "1.txt").write_text("hello", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("ctrl+o")
        screen = await asked(pilot, wait_for, PickerScreen)
        await pilot.press("n", "e")
        await wait_for(pilot, lambda: screen.query_one("#recent").option_count == 1, "the list")
        await pilot.press("w")
        assert screen.query_one("#path").value == "new"
        await pilot.press("enter")
        await wait_for(pilot, lambda: "1 text only" in found(pilot), "what was found")
        await pilot.press("enter")
        browse = await opened(pilot, wait_for)
        assert browse.source.title == "new"


async def test_no_key_is_lost_while_the_list_of_recent_sources_has_the_focus(make_app, source, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("ctrl+o")
        screen = await asked(pilot, wait_for, PickerScreen)
        screen.query_one("#recent").focus()
        await pilot.press("slash", "t", "m")
        assert screen.query_one("#path").value == "/tm"


async def test_what_was_found_goes_when_another_path_stands_there(make_app, folder, wait_for):
    async with make_app(str(folder)).run_test(size=SIZE) as pilot:
        screen = await asked(pilot, wait_for, PickerScreen)
        await wait_for(pilot, lambda: "with text and picture" in found(pilot), "what was found")
        await pilot.press("x")
        await wait_for(pilot, lambda: not screen.query_one("#found").display, "the card to go")


async def test_escape_in_the_picker_goes_back_to_the_open_source(make_app, source, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("ctrl+o")
        await asked(pilot, wait_for, PickerScreen)
        await pilot.press("escape")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, BrowseScreen), "the source")


async def test_a_folder_dropped_onto_the_main_screen_is_looked_at(make_app, source, tmp_path, wait_for):
    other = tmp_path / "with space"
    other.mkdir()
    (other / "1.txt").write_text("hello", encoding="utf-8")
    (other / "2.txt").write_text("world", encoding="utf-8")
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        pilot.app.post_message(events.Paste(f"'{other}'"))
        await asked(pilot, wait_for, PickerScreen)
        await wait_for(pilot, lambda: "text only" in found(pilot), "what was found")


async def test_a_folder_dropped_onto_the_line_for_the_path_is_looked_at_too(make_app, folder, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await asked(pilot, wait_for, PickerScreen)
        assert screen.focused.id == "path"
        screen.focused.post_message(events.Paste(f"'{folder}'"))
        await wait_for(pilot, lambda: "with text and picture" in found(pilot), "what was found")
        assert screen.query_one("#path").value == str(folder)


async def test_words_can_still_be_pasted_into_the_line_for_the_path(make_app, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await asked(pilot, wait_for, PickerScreen)
        screen.focused.post_message(events.Paste("some/where"))
        await wait_for(pilot, lambda: screen.query_one("#path").value == "some/where", "the words")


async def test_a_paste_that_is_no_path_changes_nothing(make_app, source, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        pilot.app.post_message(events.Paste("just some words"))
        await pilot.pause()
        assert isinstance(pilot.app.screen, BrowseScreen)


async def test_reading_again_takes_in_what_has_changed(make_app, source, folder, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        (folder / "13.txt").write_text("one more", encoding="utf-8")
        await pilot.press("f5")
        await asked(pilot, wait_for, PickerScreen)
        await wait_for(pilot, lambda: "with text and picture" in found(pilot), "what was found")
        await pilot.press("enter")
        screen = await opened(pilot, wait_for)
        assert screen.n_rows == 13


async def test_reading_again_reads_as_the_user_has_said_also_after_a_restart(
    make_app, store, tmp_path, wait_for
):
    table = tmp_path / "export.csv"
    table.write_bytes("nr,note,text\n1,caf\u00e9,wrong column\n2,na\u00efve,too\n".encode("cp1252"))
    said = ReadOptions({"text": "note", "id": "nr"}, "cp1252")
    read_in(store, table, format="table", options=said)
    for _ in range(2):
        async with make_app().run_test(size=SIZE) as pilot:
            await opened(pilot, wait_for)
            await pilot.press("f5")
            await asked(pilot, wait_for, PickerScreen)
            await wait_for(pilot, lambda: "2 text only" in found(pilot), "what was found")
            assert "text from column note, id from column nr, encoding cp1252" in found(pilot)
            await pilot.press("enter")
            await opened(pilot, wait_for)
        (again,) = store.recent_sources()
        assert [row.post.text for row in store.posts(again.id)] == ["caf\u00e9", "na\u00efve"]


async def asked_to_forget(pilot, wait_for, *keys: str) -> PickerScreen:
    """Ask for the only source of the list to be forgotten, and answer how by keys."""
    await opened(pilot, wait_for)
    await pilot.press("ctrl+o")
    screen = await asked(pilot, wait_for, PickerScreen)
    await wait_for(pilot, lambda: screen.query_one("#recent").option_count == 1, "the list")
    await pilot.press("ctrl+d")
    await asked(pilot, wait_for, AskOne)
    await pilot.press(*keys)
    return screen


async def test_a_source_can_be_taken_off_the_list(make_app, source, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await asked_to_forget(pilot, wait_for, "enter")
        await wait_for(pilot, lambda: store.recent_sources() == [], "an empty list")


@pytest.mark.parametrize("is_written", [True, False])
async def test_a_source_can_be_forgotten_for_good_and_its_labels_written_before(
    make_app, source, store, wait_for, tmp_path, is_written
):
    (stored, *_) = store.posts(source.id)
    store.add_corrections([Correction("u1", stored.post.content_hash, "positive")])
    kept = tmp_path / "kept.jsonl"
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await asked_to_forget(pilot, wait_for, "down", "enter")
        await wait_for(pilot, lambda: bool(pilot.app.screen.query(".dialog-text")), "what goes")
        listed = str(pilot.app.screen.query_one(".dialog-text").render())
        assert "goes:" in listed and "1 correction" in listed and "stays:" in listed
        if is_written:
            await pilot.press("down", "enter")
            question = await asked(pilot, wait_for, AskText)
            question.query_one(Input).value = str(kept)
            await pilot.press("enter")
        else:
            await pilot.press("down", "down", "enter")
        await wait_for(pilot, lambda: store.recent_sources() == [], "an empty list")
        await wait_for(pilot, lambda: screen.query_one("#recent").option_count == 0, "the list redrawn")
    assert list(store.corrections()) == []
    assert kept.exists() == is_written
    assert not is_written or "u1" in kept.read_text()


async def test_what_cannot_be_written_first_is_not_forgotten(make_app, source, store, wait_for, tmp_path):
    (stored, *_) = store.posts(source.id)
    store.add_corrections([Correction("u1", stored.post.content_hash, "positive")])
    async with make_app().run_test(size=SIZE) as pilot:
        await asked_to_forget(pilot, wait_for, "down", "enter")
        await wait_for(pilot, lambda: bool(pilot.app.screen.query(".dialog-text")), "what goes")
        await pilot.press("down", "enter")
        question = await asked(pilot, wait_for, AskText)
        kept = tmp_path / "kept.jsonl"
        kept.write_text("of another source")
        question.query_one(Input).value = str(kept)
        await pilot.press("enter")
        await wait_for(
            pilot,
            lambda: any("kept.jsonl exists" in one.text for one in pilot.app.notices.said),
            "why",
        )
    assert [act.uid for act in store.corrections()] == ["u1"]


async def test_another_format_can_be_chosen(make_app, folder, wait_for):
    async with make_app(str(folder)).run_test(size=SIZE) as pilot:
        screen = await asked(pilot, wait_for, PickerScreen)
        await wait_for(pilot, lambda: "with text and picture" in found(pilot), "what was found")
        await pilot.press("ctrl+f")
        await asked(pilot, wait_for, AskOne)
        await pilot.press("home", "enter")
        await wait_for(pilot, lambda: "✗" in found(pilot), "the answer of another reader")
        assert screen.is_current


async def test_a_table_whose_columns_are_not_recognised_is_mapped_on_screen(
    make_app, config, store, tmp_path, wait_for
):
    table = tmp_path / "odd.csv"
    table.write_text("q1;q2;q3\n7;x9;1\n8;y9;2\n9;z9;3\n", encoding="utf-8")
    async with make_app(str(table)).run_test(size=SIZE) as pilot:
        dialog = await asked(pilot, wait_for, MappingDialog)
        assert "--map" not in found_below(pilot)
        await pilot.press("enter")
        await asked(pilot, wait_for, AskOne)
        await pilot.press("down", "down", "enter")
        await wait_for(pilot, lambda: dialog.roles.get("text") == "q2", "the choice")
        await pilot.press("r")
        await asked(pilot, wait_for, PickerScreen)
        await wait_for(pilot, lambda: "3 text only" in found(pilot), "what was found")
        await pilot.press("enter")
        screen = await opened(pilot, wait_for)
        assert screen.row.text == "x9"


async def test_the_order_of_dates_is_chosen_for_a_source_without_columns(
    make_app, config, store, tmp_path, wait_for
):
    chat = tmp_path / "WhatsApp Chat with Sam.txt"
    chat.write_text(
        "05/01/2026, 10:00 - Sam: a fine day\n06/01/2026, 11:00 - Ann: a bad day\n"
        "07/01/2026, 11:00 - Sam: they came home\n",
        encoding="utf-8",
    )
    async with make_app(str(chat)).run_test(size=SIZE) as pilot:
        await asked(pilot, wait_for, PickerScreen)
        await wait_for(pilot, lambda: "3 text only" in found(pilot), "what was found")
        assert "2026-01-05" not in found(pilot)
        await pilot.press("ctrl+t")
        await asked(pilot, wait_for, AskOne)
        await pilot.press("down", "enter")
        await asked(pilot, wait_for, PickerScreen)
        await wait_for(pilot, lambda: "2026-01-05 to 2026-01-07" in found(pilot), "the dates")
        await pilot.press("enter")
        await opened(pilot, wait_for)
    (source,) = store.recent_sources()
    assert source.read_as.date_order == "day-first"


async def test_the_order_of_dates_is_chosen_on_screen_and_remembered(
    make_app, config, store, tmp_path, wait_for
):
    table = tmp_path / "posts.csv"
    table.write_text("id,text,date\n7,a fine day,05/01/2026\n8,a bad day,06/01/2026\n", encoding="utf-8")
    async with make_app(str(table)).run_test(size=SIZE) as pilot:
        await asked(pilot, wait_for, PickerScreen)
        await wait_for(pilot, lambda: "no date shows which" in found(pilot), "the doubt")
        await pilot.press("ctrl+t")
        dialog = await asked(pilot, wait_for, MappingDialog)
        await pilot.press("end", "enter")
        await asked(pilot, wait_for, AskOne)
        await pilot.press("down", "enter")
        await wait_for(pilot, lambda: dialog.is_current, "the choice")
        await pilot.press("r")
        await asked(pilot, wait_for, PickerScreen)
        await wait_for(pilot, lambda: "2026-01-05 to 2026-01-06" in found(pilot), "the dates")
        assert "As you said: dates day first" in found(pilot)
        await pilot.press("enter")
        screen = await opened(pilot, wait_for)
        assert screen.row.text == "a fine day"
    (source,) = store.recent_sources()
    assert source.read_as.date_order == "day-first"
    assert [row.post.created_at[:10] for row in store.posts(source.id)] == ["2026-01-05", "2026-01-06"]


def found_below(pilot) -> str:
    picker = next(screen for screen in pilot.app.screen_stack if isinstance(screen, PickerScreen))
    return "\n".join(str(static.content) for static in picker.query("#found Static"))
