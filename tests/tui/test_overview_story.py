"""Stories of the overview: it counts right, and every part of it leads to its posts."""

from __future__ import annotations

import re

import pytest
from stories import SIZE, asked, opened
from textual.widgets import Input

from mmsa_tui.analysis import Group
from mmsa_tui.services.ingest import read_in
from mmsa_tui.store import Store
from mmsa_tui.tui.browse.screen import BrowseScreen
from mmsa_tui.tui.dialogs.ask import AskText
from mmsa_tui.tui.overview.comparison import ComparisonDialog
from mmsa_tui.tui.overview.label_columns import LabelColumns
from mmsa_tui.tui.overview.label_rows import LabelRows, cut_bar
from mmsa_tui.tui.overview.screen import OverviewScreen
from mmsa_tui.tui.widgets.label_looks import LabelLooks

LOOKS = LabelLooks(("negative", "neutral", "positive"))


async def shown(pilot, wait_for) -> OverviewScreen:
    """Open the overview and wait until all of it is counted."""
    await opened(pilot, wait_for)
    await pilot.press("a")
    screen = await asked(pilot, wait_for, OverviewScreen)
    await wait_for(
        pilot,
        lambda: screen.is_whole and "counting" not in str(screen.query_one("#overview-hashtags").render()),
        "the counts",
    )
    return screen


def text_of(screen: OverviewScreen, part: str) -> str:
    return screen.query_one(f"#overview-{part}").render().plain


async def test_the_overview_counts_what_the_store_holds(make_app, classified, store: Store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await shown(pilot, wait_for)
        tally = store.tally(classified.id, screen.app.bundle_id, "final_label")
        labels = text_of(screen, "labels")
        for label, number in tally.items():
            line = next(line for line in labels.splitlines() if (label or "no label") in line)
            assert f" {number} " in line
        assert "#blessed" in text_of(screen, "hashtags")
        assert "No dates" in text_of(screen, "time")
        assert "No authors" in text_of(screen, "authors")


async def test_a_row_leads_to_its_posts(make_app, classified, store: Store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await shown(pilot, wait_for)
        chosen = screen.query_one("#overview-labels", LabelRows).chosen
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, BrowseScreen), "the main screen")
        browse = pilot.app.screen
        await wait_for(pilot, lambda: browse.n_rows == chosen.total, "the posts of the row")
        assert browse.posts.filter_text == chosen.filter


async def test_a_column_leads_to_its_posts(make_app, classified, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await shown(pilot, wait_for)
        columns = screen.query_one("#overview-confidence", LabelColumns)
        columns.focus()
        await pilot.press("left", "right", "enter")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, BrowseScreen), "the main screen")
        browse = pilot.app.screen
        await wait_for(pilot, lambda: browse.n_rows == columns.chosen.total, "the posts of the column")


async def test_an_open_filter_narrows_the_overview_and_w_widens_it(make_app, classified, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        browse = await opened(pilot, wait_for)
        browse.posts.go_to_filter("train")
        await wait_for(pilot, lambda: browse.n_rows == 2, "the filter")
        screen = await shown(pilot, wait_for)
        title = screen.query_one("#overview-title")
        await wait_for(pilot, lambda: "2 posts · only train" in title.render().plain, "the title")
        await pilot.press("w")
        await wait_for(pilot, lambda: "12 posts" in title.render().plain, "the whole source")


async def test_a_row_of_a_filter_with_or_leads_to_the_posts_that_it_counts(make_app, classified, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        browse = await opened(pilot, wait_for)
        browse.posts.go_to_filter("train OR rain")
        await wait_for(pilot, lambda: browse.n_rows == 3, "the filter")
        screen = await shown(pilot, wait_for)
        chosen = screen.query_one("#overview-labels", LabelRows).chosen
        await pilot.press("enter")
        await wait_for(pilot, lambda: pilot.app.screen is browse, "the main screen")
        await wait_for(pilot, lambda: browse.n_rows == chosen.total, "the posts of the row")
        assert browse.posts.filter_text == f"(train OR rain) {chosen.filter}"


async def test_a_row_of_a_queue_leads_to_the_posts_of_that_queue(make_app, classified, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        browse = await opened(pilot, wait_for)
        browse.posts.queue_bar.choose("duplicates")
        await wait_for(pilot, lambda: browse.n_rows == 2, "the queue")
        screen = await shown(pilot, wait_for)
        rows = screen.query_one("#overview-labels", LabelRows)
        n_posts = rows.chosen.total
        await pilot.press("enter")
        await wait_for(pilot, lambda: pilot.app.screen is browse, "the main screen")
        await wait_for(pilot, lambda: browse.n_rows == n_posts, "the posts of the row")
        assert browse.posts.queue_name == "duplicates"


async def test_escape_goes_back_to_the_same_posts(make_app, classified, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await shown(pilot, wait_for)
        await pilot.press("escape")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, BrowseScreen), "the main screen")
        assert pilot.app.screen.posts.filter_text == ""


async def test_corrections_are_listed_by_what_they_changed(make_app, classified, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        browse = await opened(pilot, wait_for)
        said = browse.row.prediction.label
        other = next(index for index, label in enumerate(browse.labels) if label != said)
        await pilot.press(str(other + 1))
        await wait_for(pilot, lambda: browse.counts.n_corrected == 1, "the correction")
        screen = await shown(pilot, wait_for)
        assert f"{said[:3]} → {browse.labels[other][:3]}" in text_of(screen, "corrections")


async def test_an_overview_of_an_unclassified_source_says_so(make_app, source, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await shown(pilot, wait_for)
        assert "no label" in text_of(screen, "labels")
        assert "Not classified yet" in text_of(screen, "confidence")


async def test_on_a_narrow_screen_every_part_can_be_reached(make_app, classified, wait_for):
    async with make_app().run_test(size=(40, 12)) as pilot:
        screen = await shown(pilot, wait_for)
        reached = set()
        for _ in range(8):
            reached.add(screen.focused.id)
            await pilot.press("tab")
        assert len(reached) == 6


async def test_a_source_gone_while_counting_leaves_a_message(make_app, classified, store: Store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        store.forget_source(classified.id)
        await pilot.press("a")
        await wait_for(pilot, lambda: len(pilot.app._notifications) > 0, "a message")


def test_a_cut_bar_is_as_long_as_its_share_and_holds_every_label() -> None:
    parts = cut_bar(Group("x", {"negative": 2, "neutral": 1, "positive": 1}, ""), LOOKS, most=8, width=16)
    assert "".join(text for text, _ in parts) == "▇" * 8 + " " * 8
    assert [len(text) for text, _ in parts] == [4, 2, 2, 8]


def test_without_colour_a_cut_bar_is_made_of_the_labels_signs() -> None:
    group = Group("x", {"negative": 1, "positive": 1}, "")
    parts = cut_bar(group, LOOKS, most=2, width=4, has_no_colour=True)
    assert "".join(text for text, _ in parts) == "▼▼▲▲"


def test_a_bar_is_never_too_short_to_see() -> None:
    parts = cut_bar(Group("x", {"neutral": 1}, ""), LOOKS, most=10_000, width=10)
    assert "".join(text for text, _ in parts).rstrip() == "▇"


async def test_percent_makes_every_column_as_high_as_the_others(make_app, merrow, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await shown(pilot, wait_for)
        time = screen.query_one("#overview-time", LabelColumns)
        chosen = time.chosen
        await pilot.press("p")
        assert "100 %" in text_of(screen, "time")
        shares = [int(share) for share in re.findall(r"(\d+) %", text_of(screen, "time").splitlines()[0])]
        assert sum(shares) == 100
        assert f"  {chosen.total} " in text_of(screen, "time").splitlines()[0]
        await pilot.press("p")
        assert "%" not in text_of(screen, "time")


async def test_one_group_is_set_against_another(make_app, merrow, store: Store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await shown(pilot, wait_for)
        authors = screen.query_one("#overview-authors", LabelRows)
        authors.focus()
        await pilot.press("v")
        first = authors.chosen
        assert f"Compare {first.name} with" in str(screen.query_one("#overview-keys").render())
        await pilot.press("down", "v")
        dialog = await asked(pilot, wait_for, ComparisonDialog)
        table = dialog.query_one("#comparison").render().plain
        n_first = sum(number for label, number in first.counts.items() if label in LOOKS.labels)
        assert f" {n_first} " in table.splitlines()[1]
        share = 100 * first.counts["negative"] / n_first
        assert f"{share:.1f} %" in next(line for line in table.splitlines() if "negative" in line)
        assert "not corrected" in " ".join(str(part.render()) for part in dialog.query("Static"))


async def test_the_part_in_focus_is_saved_as_a_chart(make_app, merrow, wait_for, tmp_path):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await shown(pilot, wait_for)
        screen.query_one("#overview-time").focus()
        await pilot.press("s")
        dialog = await asked(pilot, wait_for, AskText)
        dialog.query_one(Input).value = str(tmp_path / "days.csv")
        await pilot.press("enter")
        await wait_for(pilot, lambda: (tmp_path / "days.csv").is_file(), "the file")
        await wait_for(
            pilot, lambda: any("days.csv" in said.text for said in pilot.app.notices.said), "the message"
        )
    lines = (tmp_path / "days.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "group,label,posts,share,low,high,share_by_model"
    assert lines[1].startswith('"2025-05-0')


@pytest.mark.parametrize(
    ("part", "said"),
    [("time", "No dates"), ("confidence", "can be saved"), ("corrections", "can be saved")],
)
async def test_what_cannot_be_saved_as_a_chart_is_said_and_nothing_else_is_saved(
    make_app, classified, wait_for, part, said
):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await shown(pilot, wait_for)
        screen.query_one(f"#overview-{part}").focus()
        await pilot.press("s")
        await wait_for(pilot, lambda: any(said in one.message for one in pilot.app._notifications), "a word")
        assert pilot.app.screen is screen


async def test_hashtags_that_are_not_listed_are_counted(make_app, config, wait_for, tmp_path):
    table = tmp_path / "tags.csv"
    lines = [f'{number},"post #tag{number}"' for number in range(70)]
    table.write_text("id,text\n" + "\n".join(lines), encoding="utf-8")
    with Store.open(config.paths.database) as store:
        read_in(store, table)
    async with make_app(str(table)).run_test(size=SIZE) as pilot:
        screen = await shown(pilot, wait_for)
        rows = screen.query_one("#overview-hashtags", LabelRows)
        await wait_for(pilot, lambda: "the largest of 70" in str(rows.border_subtitle), "how many there are")


async def test_every_key_that_the_overview_names_is_one_and_its_way_back_is_in_sight(
    make_app, classified, wait_for
):
    async with make_app().run_test(size=(80, 30)) as pilot:
        browse = await opened(pilot, wait_for)
        browse.posts.go_to_filter("label:positive")
        await wait_for(pilot, lambda: browse.posts.where is not None and browse.n_rows, "the filter")
        await pilot.press("a")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, OverviewScreen), "the overview")
        screen = pilot.app.screen
        said = str(screen.query_one("#overview-keys").render())
        assert "Esc: back" in said[:78]
        keys = re.findall(r"· (\w): ", said)
        assert "w" in keys and set(keys) <= set(screen._bindings.key_to_bindings)
