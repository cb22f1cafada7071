"""What the main screen asks before it shows other posts, or shows them otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmsa_tui.errors import MmsaError
from mmsa_tui.services.concordance import search_for
from mmsa_tui.tui.app_screen import WARNING
from mmsa_tui.tui.browse import ways
from mmsa_tui.tui.browse.columns_dialog import ColumnsDialog
from mmsa_tui.tui.browse.position import ColumnChoice
from mmsa_tui.tui.browse.sorting import sorts
from mmsa_tui.tui.dialogs.ask import AskOne, AskText
from mmsa_tui.tui.widgets.post_columns import MAX_ID, choose_columns, columns_of_row

if TYPE_CHECKING:
    from mmsa_tui.tui.browse.screen import BrowseScreen


async def context(screen: BrowseScreen) -> None:
    """List every hit of the filter with the words around it; without a word to look for, ask for one."""
    posts = screen.posts
    if posts.telling:
        key = screen.key("blind")
        screen.tell(f"Blind: {posts.telling} would tell what is hidden ({key} shows all labels).", WARNING)
        return
    if posts.table.hits is not None:
        await ways.concordance(screen, posts.filter_text, posts.queue_where())
        return

    async def take(typed: str | None) -> None:
        if typed:
            await ways.concordance(screen, search_for(typed), posts.where)

    title, hint = "Which words, with those around them?", "Enter: find · esc: cancel"
    about = "one word, or several that follow each other; * lets the last one go on"
    await screen.ask(AskText(title, "", about, hint), take)


async def sort(screen: BrowseScreen) -> None:
    """Ask by which column to sort."""
    posts = screen.posts
    offered = sorts(screen.source, screen.labels)
    now = (posts.order.column, posts.order.is_own) if posts.order else ("", False)
    at = next((str(at) for at, sort in enumerate(offered) if (sort.column, sort.is_own) == now), "0")

    async def take(chosen: str | None) -> None:
        if chosen is not None:
            sort = offered[int(chosen)]
            posts.sort_by(sort.column, is_own=sort.is_own)

    options = [(str(at), sort.title) for at, sort in enumerate(offered)]
    hint = "Enter: sort · the same again: reverse · esc: cancel"
    await screen.ask(AskOne("Sort by", options, at, hint), take)


async def columns(screen: BrowseScreen) -> None:
    """Ask which columns the table is to have, for this source."""
    table = screen.posts.table
    fitting = choose_columns(table.size.width, screen.looks, MAX_ID)
    shown = table.chosen or [ColumnChoice(column.name) for column in fitting]

    async def take(chosen: tuple[ColumnChoice, ...] | None) -> None:
        if chosen is not None:
            screen.posts.choose_columns(chosen)

    known = columns_of_row(screen.looks)
    await screen.ask(ColumnsDialog(known, screen.source.metadata_columns, shown), take)


async def jump(screen: BrowseScreen) -> None:
    """Ask for the id of a post, and go there."""

    async def take(post_id: str | None) -> None:
        if post_id:
            await _go_to(screen, post_id)

    await screen.ask(AskText("Go to id", "", "the id of a post, or #12 for row 12"), take)


async def _go_to(screen: BrowseScreen, post_id: str) -> None:
    posts = screen.posts
    if post_id.startswith("#") and post_id[1:].isdecimal():
        posts.table.move_to(int(post_id[1:]) - 1)
        return
    try:
        found = await posts.listing.find(post_id)
    except MmsaError as error:
        screen.mmsa.show_error(error)
        return
    if found is None:
        screen.tell(f"There is no post {post_id} in this source.", WARNING)
    elif not posts.show_ordinal(found):
        posts.go_to_filter("", found)
        screen.tell("The filter had left it out, so all posts are shown again.")
