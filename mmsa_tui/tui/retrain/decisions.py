"""What the user decides on candidates and bundles: use, throw away, go back, see what has changed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mmsa_tui.bundle.meta import Bundle
from mmsa_tui.bundle.registry import roll_back
from mmsa_tui.errors import MmsaError
from mmsa_tui.services import promote as promotion
from mmsa_tui.services.reclassify import list_changes, sources_judged_by
from mmsa_tui.text.display import counted, safe_line
from mmsa_tui.tui.app_screen import SUCCESS, WARNING
from mmsa_tui.tui.dialogs.ask import AskOne, AskWhether
from mmsa_tui.tui.retrain import texts
from mmsa_tui.tui.retrain.changes import ChangesScreen
from mmsa_tui.tui.retrain.offer import Offer
from mmsa_tui.tui.retrain.reclassify import Reclassification

if TYPE_CHECKING:
    from mmsa_tui.tui.retrain.screen import RetrainScreen

_CLASSIFY = " Classify with it to see what it makes of the other posts."


class Decisions:
    """Does what is decided on a screen, after asking again where that is called for; one at a time."""

    def __init__(self, screen: RetrainScreen) -> None:
        self._screen = screen
        self.reclassification = Reclassification(screen.mmsa.engine)
        self.is_busy = False
        self.ways = {
            "kept": self._choose_kept,
            "discard": self._discard,
            "promote": self._promote,
            "roll_back": self._roll_back,
            "changes": self._show_changes,
        }

    async def _choose_kept(self) -> None:
        """Put a candidate on the table that nobody has decided on."""
        screen = self._screen
        if screen.seen is None or not screen.is_idle:
            return
        kept = {str(item.bundle.directory): item for item in screen.seen.kept}
        if not kept:
            screen.tell("No candidate is kept aside.")
            return
        options = [(where, texts.describe_kept(item)) for where, item in kept.items()]
        chosen = await screen.app.push_screen_wait(AskOne("Candidates kept aside", options))
        if chosen is not None:
            screen.put_forward(Offer.of_kept(kept[chosen]))

    async def _discard(self) -> None:
        """Throw the candidate on the table away."""
        screen, offer = self._screen, self._screen.offer
        if offer is None or not screen.is_idle:
            return
        if not offer.directory.exists():
            self._say_decided(offer)
            return
        await asyncio.to_thread(promotion.discard, offer.directory)
        screen.clear_offer()
        screen.tell(f"The candidate {offer.name} is gone; the bundle in use is unchanged.")
        screen.look()

    async def _promote(self) -> None:
        """Put the candidate to use; against the gate, or a batch that runs, it asks again."""
        screen = self._screen
        offer, seen = screen.offer, screen.seen
        if offer is None or seen is None or not screen.is_idle:
            return
        against = offer.objections(seen.bundle.id)
        if not await self._is_meant(offer, against):
            return
        self._set_busy(True)
        try:
            config = screen.mmsa.config
            promoted = await asyncio.to_thread(
                promotion.promote,
                config.paths,
                offer.directory,
                in_use=seen.bundle.id,
                overrule=bool(against),
                analyst=config.analyst,
            )
            screen.clear_offer()
            await self._take_up(promoted, seen.bundle)
        except MmsaError as error:
            if offer.directory.exists():
                screen.fail(error)
            else:
                self._say_decided(offer)
        finally:
            self._set_busy(False)

    def _say_decided(self, offer: Offer) -> None:
        self._screen.clear_offer()
        self._screen.tell(f"The candidate {offer.name} was used or thrown away elsewhere meanwhile.", WARNING)
        self._screen.look()

    async def _is_meant(self, offer: Offer, against: tuple[str, ...]) -> bool:
        """Ask again where there are objections, or a batch would be stopped."""
        why = [f"✗ {reason}" for reason in against]
        if against:
            why.append("Its record will say that you overruled the gate, when, and against which reasons.")
        batch = self._screen.mmsa.engine.batch
        if batch is not None:
            why.append(f"{safe_line(batch.title, 40)} is being classified: that stops; what is done is kept.")
        if not why:
            return True
        although = "" if offer.verdict.passed else " although the gate refused it"
        question = AskWhether(
            f"Use {offer.name}{although}?",
            "\n".join(why),
            yes="Overrule the gate (y)" if against else "Use it (y)",
            no="No (n)",
        )
        answer: bool = await self._screen.app.push_screen_wait(question)
        return answer

    async def _take_up(self, promoted: Bundle, before: Bundle) -> None:
        """Put a promoted bundle to use and judge again what the one before had judged."""
        screen, app = self._screen, self._screen.mmsa
        note = ", against the gate: its record says so" if promoted.meta.training.get("overruled") else ""
        await app.reload_bundle()
        screen.look()
        if app.bundle_id != promoted.id:
            kept = f"but the setting `bundle` keeps {app.bundle_id} in use"
            screen.tell(f"The bundle {promoted.id} is active{note}, {kept}.", WARNING)
            return
        goes_on = "" if app.config.paths.codebook == "" or before.meta.parent else _CLASSIFY
        screen.tell(f"The bundle {promoted.id} is in use{note}.{goes_on}", SUCCESS)
        if await app.slow.run(lambda store: bool(sources_judged_by(store, before.id))):
            await self.reclassification.run(before.id)
            await self._list_changes(before.id, promoted.id)

    async def _roll_back(self) -> None:
        """Go back to the bundle before."""
        screen, seen = self._screen, self._screen.seen
        if seen is None or not seen.way_back or not screen.is_idle:
            return
        question = AskWhether(
            f"Go back to {seen.way_back}?", f"{seen.bundle.id} stays here.", "Go back (y)", "No (n)"
        )
        if not await screen.app.push_screen_wait(question):
            return
        self._set_busy(True)
        try:
            bundle = await asyncio.to_thread(roll_back, screen.mmsa.config.paths)
            await screen.mmsa.reload_bundle()
            screen.tell(f"The bundle {bundle.id} is in use again.", SUCCESS)
            screen.look()
        except MmsaError as error:
            screen.fail(error)
        finally:
            self._set_busy(False)

    async def _show_changes(self) -> None:
        """List what the bundle in use labels otherwise than the one before."""
        screen, seen = self._screen, self._screen.seen
        if seen is None or not seen.has_changes or not screen.is_idle:
            return
        try:
            await self._list_changes(seen.bundle.meta.parent, seen.bundle.id)
        except MmsaError as error:
            screen.fail(error)

    async def _list_changes(self, before: str, after: str) -> None:
        screen = self._screen
        found = await screen.mmsa.slow.run(lambda store: list_changes(store, before, after))
        n_changed = sum(len(comparison.changes) for comparison in found)
        if not n_changed:
            screen.tell(f"Every post has the same label as by {before}.")
            return
        lists = "it" if n_changed == 1 else "them"
        posts = counted(n_changed, "post")
        screen.tell(f"The bundle {before} labels {posts} differently: v lists {lists}.", SUCCESS)
        if not screen.is_attached:
            return
        jump = await screen.app.push_screen_wait(ChangesScreen(found, before, after))
        if jump is not None:
            screen.dismiss(jump)

    def _set_busy(self, is_busy: bool) -> None:
        self.is_busy = is_busy
        self._screen.show_around()
