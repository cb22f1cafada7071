"""What becomes of a candidate: use it, throw it away, go back; and what that has changed."""

from __future__ import annotations

import asyncio

from textual import work

from mmsa_tui.bundle.meta import Bundle
from mmsa_tui.bundle.registry import roll_back
from mmsa_tui.errors import MmsaError
from mmsa_tui.services import promote as promotion
from mmsa_tui.services.reclassify import list_changes, sources_judged_by
from mmsa_tui.text.display import counted, safe_line
from mmsa_tui.tui.dialogs.ask import AskOne, AskWhether
from mmsa_tui.tui.retrain.changes import ChangesScreen
from mmsa_tui.tui.retrain.reclassify import Reclassification
from mmsa_tui.tui.retrain.view import Offer, RetrainView


class RetrainDecision(RetrainView):
    """Against the gate, or a batch that runs, it asks again."""

    def __init__(self) -> None:
        super().__init__()
        self.reclassification = Reclassification(self.mmsa.engine)

    @work(exclusive=True, group="decision")
    async def action_promote(self) -> None:
        offer, seen = self.offer, self.seen
        if offer is None or seen is None or not self.is_idle:
            return
        against = self.objections(offer)
        if not await self._is_meant(offer, against):
            return
        self._set_busy(True)
        try:
            config = self.mmsa.config
            promoted = await asyncio.to_thread(
                promotion.promote,
                config.paths,
                offer.directory,
                in_use=seen.bundle.id,
                overrule=bool(against),
                analyst=config.analyst,
            )
            self.clear_offer()
            await self._take_up(promoted, seen.bundle)
        except MmsaError as error:
            if offer.directory.exists():
                self.fail(error)
            else:
                self._say_decided(offer)
        finally:
            self._set_busy(False)

    def _say_decided(self, offer: Offer) -> None:
        self.clear_offer()
        self.tell(f"{offer.name} was used or thrown away elsewhere meanwhile.", "$text-warning")
        self.look()

    async def _is_meant(self, offer: Offer, against: tuple[str, ...]) -> bool:
        """Ask again where there are objections, or a batch would be stopped."""
        why = [f"✗ {reason}" for reason in against]
        if against:
            why.append("Its record will say that you overruled the gate, when, and against which reasons.")
        batch = self.mmsa.engine.batch
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
        answer: bool = await self.app.push_screen_wait(question)
        return answer

    async def _take_up(self, promoted: Bundle, before: Bundle) -> None:
        """Put a promoted bundle to use and judge again what the one before had judged."""
        note = ", against the gate: its record says so" if promoted.meta.training.get("overruled") else ""
        await self.mmsa.reload_bundle()
        if self.mmsa.bundle_id != promoted.id:
            self.tell(
                f"{promoted.id} is active{note}, but the setting `bundle` keeps"
                f" {self.mmsa.bundle_id} in use.",
                "$text-warning",
            )
            self.look()
            return
        self.tell(f"{promoted.id} is in use{note}.", "$text-success")
        self.look()
        if await self.mmsa.slow.run(lambda store: bool(sources_judged_by(store, before.id))):
            await self.reclassification.run(before.id)
            await self._show_changes(before.id, promoted.id)

    @work(exclusive=True, group="decision")
    async def action_discard(self) -> None:
        offer = self.offer
        if offer is None or not self.is_idle:
            return
        if not offer.directory.exists():
            self._say_decided(offer)
            return
        await asyncio.to_thread(promotion.discard, offer.directory)
        self.clear_offer()
        self.tell(f"{offer.name} is gone; the bundle in use is unchanged.")
        self.look()

    @work(exclusive=True, group="decision")
    async def action_kept(self) -> None:
        """Put a candidate on the table that nobody has decided on."""
        if self.seen is None or not self.is_idle:
            return
        kept = {str(item.bundle.directory): item for item in self.seen.kept}
        if not kept:
            self.tell("No candidate is kept aside.")
            return
        options = [(where, _describe_kept(item)) for where, item in kept.items()]
        chosen = await self.app.push_screen_wait(AskOne("Candidates kept aside", options))
        if chosen is not None:
            item = kept[chosen]
            self.put_forward(
                Offer(
                    item.bundle.directory, item.bundle.id, item.verdict, item.bundle.meta.parent, item.result
                )
            )

    @work(exclusive=True, group="decision")
    async def action_roll_back(self) -> None:
        seen = self.seen
        if seen is None or not seen.way_back or not self.is_idle:
            return
        question = AskWhether(
            f"Go back to {seen.way_back}?", f"{seen.bundle.id} stays here.", "Go back (y)", "No (n)"
        )
        if not await self.app.push_screen_wait(question):
            return
        self._set_busy(True)
        try:
            bundle = await asyncio.to_thread(roll_back, self.mmsa.config.paths)
            await self.mmsa.reload_bundle()
            self.tell(f"{bundle.id} is in use again.", "$text-success")
            self.look()
        except MmsaError as error:
            self.fail(error)
        finally:
            self._set_busy(False)

    # what it has changed

    @work(exclusive=True, group="decision")
    async def action_changes(self) -> None:
        seen = self.seen
        if seen is None or not seen.has_changes or not self.is_idle:
            return
        parent = seen.bundle.meta.parent
        try:
            await self._show_changes(parent, seen.bundle.id)
        except MmsaError as error:
            self.fail(error)

    async def _show_changes(self, before: str, after: str) -> None:
        found = await self.mmsa.slow.run(lambda store: list_changes(store, before, after))
        n_changed = sum(len(comparison.changes) for comparison in found)
        if not n_changed:
            self.tell(f"No post has another label than by {before}.")
            return
        posts = "post has" if n_changed == 1 else "posts have"
        self.tell(f"{n_changed:,} {posts} another label than by {before}: v lists them.", "$text-success")
        if not self.is_attached:
            return
        jump = await self.app.push_screen_wait(ChangesScreen(found, before, after))
        if jump is not None:
            self.dismiss(jump)

    def _set_busy(self, is_busy: bool) -> None:
        self.is_busy = is_busy
        self.show_around()


def _describe_kept(item: promotion.Kept) -> str:
    said = "passed" if item.verdict.passed else "refused"
    made = item.bundle.meta.created_at[:16].replace("T", " ")
    training = item.bundle.meta.training
    learned = counted(int(training.get("n_corrections", 0)), "correction")
    weight = f" × {training['correction_weight']:.3g}" if "correction_weight" in training else ""
    return f"{item.bundle.id} · {made} · {said} · {learned}{weight}"
