"""The ways from the main screen to others, and what comes back along them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmsa_tui.errors import MmsaError
from mmsa_tui.store import Where
from mmsa_tui.tui.app_screen import Jump
from mmsa_tui.tui.browse.position import Position

if TYPE_CHECKING:
    from mmsa_tui.tui.browse.screen import BrowseScreen


async def export(screen: BrowseScreen) -> None:
    """Ask which posts go into which file, and say what was written."""
    from mmsa_tui.services.bundles import learned_since
    from mmsa_tui.tui.dialogs.export import ExportDialog

    posts, config = screen.posts, screen.mmsa.config
    dialog = ExportDialog(
        config.paths.database,
        screen.source,
        screen.mmsa.bundle_id,
        screen.labels,
        posts.where,
        posts.filter_text,
        posts.order,
        posts.table.selection,
        posts.queue_name,
        screen.mmsa.model.validated,
        lambda store: learned_since(store, screen.source, config.paths, config.bundle),
        is_blind=screen.is_blind,
    )

    async def take(written: str | None) -> None:
        if written is not None:
            screen.tell_and_keep(f"Written: {written}", "$text-success")

    await screen.ask(dialog, take)


async def overview(screen: BrowseScreen) -> None:
    """Show the source as a whole, and come back with a filter."""
    if would_tell(screen, "the overview"):
        return
    from mmsa_tui.tui.overview.screen import Chosen, OverviewScreen

    async def take(chosen: Chosen | None) -> None:
        if chosen is not None:
            screen.posts.go_to_filter(chosen.filter, in_queue=chosen.is_in_queue)

    await screen.ask(
        OverviewScreen(screen.source, screen.posts.where, screen.posts.filter_text, screen.posts.queue_text),
        take,
    )


def would_tell(screen: BrowseScreen, what: str) -> bool:
    """Whether labels are hidden that this would show; if so the user is told why it does not open."""
    if screen.is_blind:
        key = screen.key("blind")
        screen.tell(f"Blind: {what} would tell what is hidden ({key} shows all labels).", "$text-warning")
    return screen.is_blind


async def concordance(screen: BrowseScreen, search: str, where: Where | None) -> None:
    """List every hit of a search in some posts, and come back to one of them."""
    from mmsa_tui.tui.concordance.screen import ConcordanceScreen

    posts = screen.posts
    is_listed = search == posts.filter_text
    only = ", ".join(filter(None, (posts.queue_text, "" if is_listed else posts.filter_text)))

    async def take(ordinal: int | None) -> None:
        if ordinal is not None and not posts.show_ordinal(ordinal):
            posts.go_to_filter("", ordinal)

    await screen.ask(ConcordanceScreen(screen.source, search, where, only, is_blind=screen.is_blind), take)


async def retrain(screen: BrowseScreen) -> None:
    """Retrain, and come back to another bundle or to a post."""
    from mmsa_tui.tui.retrain.screen import RetrainScreen

    async def take(jump: Jump | None) -> None:
        # Another bundle may be in use now.
        await screen.mmsa.reload_bundle()
        screen.adopt_bundle()
        screen.refresh_rows()
        screen.show_top()
        screen.upkeep.tick()
        screen.upkeep.look_at_model()
        await _follow(screen, jump)

    await screen.ask(RetrainScreen(), take)


async def adjudicate(screen: BrowseScreen) -> None:
    """Settle what analysts label differently, and come back to a post."""
    from mmsa_tui.tui.adjudicate.screen import AdjudicateScreen

    async def take(jump: Jump | None) -> None:
        screen.refresh_rows()
        screen.upkeep.tick()
        await _follow(screen, jump)

    await screen.ask(AdjudicateScreen(screen.source.id), take)


async def audit(screen: BrowseScreen) -> None:
    from mmsa_tui.tui.audit.screen import AuditScreen

    async def take(_: None) -> None:
        screen.refresh_rows()
        screen.upkeep.tick()

    await screen.ask(AuditScreen(screen.source), take)


async def codebook(screen: BrowseScreen) -> None:
    """Show the codebook, and go on with the same source under another one."""
    from mmsa_tui.tui.codebook.screen import CodebookScreen

    async def take(chosen: str | None) -> None:
        screen.refresh_rows()
        if chosen is None:
            return
        if screen.mmsa.engine.batch is not None:
            screen.tell(
                "A batch is running: let it end, or stop it, before another codebook.", "$text-warning"
            )
            return
        await screen.upkeep.keep_position()
        screen.mmsa.take_codebook(chosen, screen.source.location)

    await screen.ask(CodebookScreen(), take)


async def _follow(screen: BrowseScreen, jump: Jump | None) -> None:
    """Go to a post that another screen has led to, in whichever source it is."""
    if jump is None:
        return
    if jump.source.id == screen.source.id:
        screen.posts.go_to_filter("", jump.ordinal)
        return
    await screen.upkeep.keep_position()
    text = Position(jump.ordinal).to_text()
    try:
        await screen.mmsa.quick.run(lambda store: store.remember_position(jump.source.id, text))
    except MmsaError as error:
        screen.mmsa.show_error(error)
    else:
        screen.mmsa.open_source(jump.source)
