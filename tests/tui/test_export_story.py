"""Writing posts to a file from the app."""

from __future__ import annotations

import csv

import openpyxl
from small_engine import BUNDLE, LABELS, judge
from stories import SIZE, asked, opened, text_of
from textual.widgets import Input, Select

from mmsa_tui.corrections import export_corrections
from mmsa_tui.records import Correction
from mmsa_tui.services.ingest import read_in
from mmsa_tui.store import Store
from mmsa_tui.tui.browse.screen import BrowseScreen
from mmsa_tui.tui.commands import MmsaCommands
from mmsa_tui.tui.dialogs.ask import AskText, AskWhether
from mmsa_tui.tui.dialogs.export import ExportDialog
from mmsa_tui.tui.dialogs.messages import MessagesScreen


async def ask_for(pilot, wait_for, target) -> ExportDialog:
    await opened(pilot, wait_for)
    await pilot.press("x")
    dialog = await asked(pilot, wait_for, ExportDialog)
    dialog.query_one(Input).value = str(target)
    await pilot.pause()
    return dialog


def read(target) -> list[dict[str, str]]:
    with target.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


async def back(pilot, wait_for) -> None:
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, BrowseScreen), "the main screen")


async def test_the_export_holds_every_post_with_its_label(make_app, classified, tmp_path, wait_for):
    target = tmp_path / "out.csv"
    async with make_app().run_test(size=SIZE) as pilot:
        await ask_for(pilot, wait_for, target)
        await pilot.press("enter")
        await back(pilot, wait_for)
    rows = read(target)
    assert [row["post_id"] for row in rows] == [f"{n:02}" for n in range(1, 13)]
    assert all(row["label"] for row in rows[:-1])


async def test_marked_posts_alone_are_exported_when_some_are_marked(make_app, classified, tmp_path, wait_for):
    target = tmp_path / "out.csv"
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        screen.action_mark()
        await pilot.pause()
        await ask_for(pilot, wait_for, target)
        await pilot.press("enter")
        await back(pilot, wait_for)
    assert [row["post_id"] for row in read(target)] == ["01"]


async def test_an_existing_file_is_kept_when_the_answer_is_no(make_app, classified, tmp_path, wait_for):
    target = tmp_path / "out.csv"
    target.write_text("mine", encoding="utf-8")
    async with make_app().run_test(size=SIZE) as pilot:
        await ask_for(pilot, wait_for, target)
        await pilot.press("enter")
        await asked(pilot, wait_for, AskWhether)
        await pilot.press("n")
        await asked(pilot, wait_for, ExportDialog)
    assert target.read_text(encoding="utf-8") == "mine"


async def test_an_existing_file_is_replaced_when_the_answer_is_yes(make_app, classified, tmp_path, wait_for):
    target = tmp_path / "out.csv"
    target.write_text("mine", encoding="utf-8")
    async with make_app().run_test(size=SIZE) as pilot:
        await ask_for(pilot, wait_for, target)
        await pilot.press("enter")
        await asked(pilot, wait_for, AskWhether)
        await pilot.press("y")
        await back(pilot, wait_for)
    assert len(read(target)) == 12


async def test_a_folder_that_is_not_there_is_said_in_the_dialog(make_app, classified, tmp_path, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        dialog = await ask_for(pilot, wait_for, tmp_path / "no" / "out.csv")
        await pilot.press("enter")
        await wait_for(pilot, lambda: dialog.query_one("#export-problem").display, "the problem")
        assert pilot.app.screen is dialog


async def test_another_format_changes_the_suffix(make_app, classified, tmp_path, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        dialog = await ask_for(pilot, wait_for, tmp_path / "out.csv")
        dialog.query_one("#export-format", Select).value = ".xlsx"
        await pilot.pause()
        assert dialog.query_one(Input).value.endswith("out.xlsx")


async def test_a_workbook_says_which_posts_it_holds(make_app, classified, tmp_path, wait_for):
    target = tmp_path / "out.xlsx"
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        screen.posts.go_to_filter("train")
        await wait_for(pilot, lambda: screen.n_rows == 2, "the filter")
        await ask_for(pilot, wait_for, target)
        await pilot.press("enter")
        await back(pilot, wait_for)
    book = openpyxl.load_workbook(target, read_only=True)
    facts = {row[0]: row[1] for row in book["Summary"].iter_rows(max_col=2, values_only=True) if row[0]}
    assert facts["queue"] == "all: 12 posts"
    assert (facts["filter"], facts["in the list"], facts["selection"]) == ("train", "2 posts", "none")
    assert facts["posts"] == 2


async def test_only_our_columns_are_written_when_asked(make_app, config, tmp_path, wait_for):
    table = tmp_path / "posts.csv"
    table.write_text("id,text,mood\n1,fine,good\n", encoding="utf-8")
    with Store.open(config.paths.database) as store:
        read_in(store, table)
    target = tmp_path / "out.csv"
    async with make_app().run_test(size=SIZE) as pilot:
        dialog = await ask_for(pilot, wait_for, target)
        dialog.query_one("#export-columns", Select).value = "ours"
        await pilot.press("enter")
        await back(pilot, wait_for)
    assert "mood" not in read(target)[0]


async def test_what_was_done_can_be_read_again_and_chores_are_in_the_palette(
    make_app, classified, store, tmp_path, monkeypatch, wait_for
):
    monkeypatch.chdir(tmp_path)
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await screen.run_action("evaluate")
        await wait_for(pilot, lambda: pilot.app.notices.said, "a message")
        await pilot.press("M")
        listed = await asked(pilot, wait_for, MessagesScreen)
        assert "label" in listed.query_one("#messages").render().plain
        await pilot.press("escape")
        await screen.run_action("agree")
        await wait_for(
            pilot, lambda: any("compare" in said.text for said in pilot.app.notices.said), "the reason"
        )
        found = [command.title for command in MmsaCommands(screen)._commands()]
        assert "Merge corrections of colleagues" in found


async def test_a_merged_file_keeps_its_name_and_a_long_message_says_where_all_of_it_stands(
    make_app, classified, store, tmp_path, monkeypatch, wait_for
):
    monkeypatch.chdir(tmp_path)
    made = [Correction("u1", "h1", "neutral", analyst="bob", created_at="2024-05-01T10:00:00+00:00")]
    export_corrections(made, tmp_path / "colleague.jsonl", lambda bundle: LABELS)
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await screen.run_action("merge")
        dialog = await asked(pilot, wait_for, AskText)
        dialog.dismiss("colleague.jsonl")
        await wait_for(pilot, lambda: "Merged colleague.jsonl" in text_of(screen, "#status"), "the message")
        screen.tell_and_keep("a long story " * 20)
        assert text_of(screen, "#status").rstrip().endswith("M: all of it")
        screen.tell("short")
        assert "all of it" not in text_of(screen, "#status")


async def test_a_workbook_draws_the_group_that_is_chosen(make_app, classified, tmp_path, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("x")
        dialog = await asked(pilot, wait_for, ExportDialog)
        row = dialog.query_one("#export-chart-row")
        assert not row.display
        dialog.query_one("#export-path", Input).value = str(tmp_path / "out.xlsx")
        await wait_for(pilot, lambda: row.display, "the choice of a chart")
        dialog.query_one("#export-chart", Select).value = "hashtag"
        await pilot.press("enter")
        await wait_for(pilot, (tmp_path / "out.xlsx").exists, "the workbook")
        sheet = openpyxl.load_workbook(tmp_path / "out.xlsx")["Summary"]
        assert any(row[0].value == "hashtag" for row in sheet.iter_rows())


async def test_scores_on_posts_that_were_trained_on_carry_a_warning_in_the_app(
    make_app, config, tmp_path, monkeypatch, wait_for
):
    table = tmp_path / "labelled.csv"
    lines = [f"{number},post {number},{LABELS[number % 3]}" for number in range(12)]
    table.write_text("id,text,label\n" + "\n".join(lines), encoding="utf-8")
    with Store.open(config.paths.database) as store:
        source = read_in(store, table)
        store.save_bundle_labels(BUNDLE, LABELS)
        posts = [row.post for row in store.posts(source.id) if row.post is not None]
        store.save_predictions([judge(post) for post in posts])
    seen = frozenset(post.content_hash for post in posts[:5])
    monkeypatch.setattr("mmsa_tui.tui.browse.chores.trained_on", lambda bundle: seen)
    async with make_app(str(table)).run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await screen.run_action("evaluate")
        await wait_for(pilot, lambda: pilot.app.notices.said, "the scores")
        assert "12 posts with people" in pilot.app.notices.said[-1].text
        assert "made from 5 of the 12 posts" in pilot.app.notices.said[-1].text
