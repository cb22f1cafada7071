"""The main screen's keys that change posts: label, accept, skip, note, flag, bulk, undo, redo."""

from __future__ import annotations

import asyncio

from textual import on, work

from mmsa_tui.errors import MmsaError
from mmsa_tui.store import Row, Where
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.browse import labelling
from mmsa_tui.tui.browse.base import BrowseBase
from mmsa_tui.tui.browse.labelling import Change, Done, Place
from mmsa_tui.tui.browse.post_table import PostTable
from mmsa_tui.tui.dialogs.ask import AskText
from mmsa_tui.tui.dialogs.bulk import BulkChoice, BulkDialog, On
from mmsa_tui.tui.dialogs.working import Working
from mmsa_tui.tui.widgets.post_facts import describe

ALIKE_AFTER_S = 0.08
"""How long the cursor must rest before copies of the post are looked for."""


class BrowseLabels(BrowseBase):
    """Each action is on disk before the next key is taken."""

    labels_alone = False
    """Whether a label goes to the post under the cursor only, not to those that repeat it."""

    @property
    def place(self) -> Place:
        return Place(self.source.id, self.source.location, self.bundle_id, self.mmsa.config.analyst)

    async def action_label(self, index: int) -> None:
        if index >= len(self.labels):
            return
        label = self.labels[index]
        await self._label(label, f"{self.looks.sign(label)} {label}")

    async def action_accept(self) -> None:
        row = self.row
        if row is None:
            return
        if not row.final_label:
            self.tell(
                f"There is no prediction to accept yet: {self.key('classify')} classifies.", "$text-warning"
            )
            return
        await self._label(row.final_label, f"accepted {self.looks.sign(row.final_label)} {row.final_label}")

    async def _label(self, label: str, title: str) -> None:
        await self._change(Change(label=label), title, alone=self.labels_alone, advances=True)

    def action_skip(self) -> None:
        self.advance()

    def advance(self) -> None:
        """Go on to the next row."""
        if self.table.cursor + 1 < self.n_rows:
            self.table.move_to(self.table.cursor + 1)
        elif self.n_rows:
            self.tell(f"That was the last post of this list. {self.key('next_queue')} opens the next queue.")

    async def action_flag(self) -> None:
        row = self.row
        if row is None:
            return
        flagged = not (row.correction is not None and row.correction.flagged)
        await self._change(Change(flagged=flagged), "flag" if flagged else "flag removed", alone=True)

    async def action_note(self) -> None:
        row = self.row
        if row is None or row.post is None:
            self._refuse_failure()
            return
        note = row.correction.note if row.correction else ""

        async def take(answer: str | None) -> None:
            if answer is not None and answer != note:
                title = "note" if answer else "note removed"
                await self._change(Change(note=answer), title, alone=True, row=row)

        await self.ask(AskText(f"Note on {describe(row.post)}", note, "what you saw"), take)

    async def _change(
        self, change: Change, title: str, *, alone: bool, row: Row | None = None, advances: bool = False
    ) -> None:
        row = row or self.row
        if row is None:
            return
        if row.post is None:
            self._refuse_failure()
            return
        place = self.place
        try:
            done = await self.mmsa.quick.run(
                lambda store: labelling.change_post(store, place, row, change, title, alone=alone)
            )
        except MmsaError as error:
            self.mmsa.show_error(error)
            return
        self._tell_done(done, describe(row.post))
        if advances:
            # First on, then drawn anew: the post that is left needs no new post view.
            self.advance()
        await self.refresh_posts(done.content_hashes)

    def _refuse_failure(self) -> None:
        if self.row is not None:
            self.tell("This input is no post: there is nothing to judge.", "$text-warning")

    def _tell_done(self, done: Done, name: str) -> None:
        if not done.n_posts:
            self.tell(f"{done.title} · {name} (as it was)")
            return
        n_others = done.n_posts - 1
        others = f" and {n_others:,} that repeat{'s' if n_others == 1 else ''} it" if n_others else ""
        self.tell(f"{done.title} · {name}{others}")

    # undo

    async def action_undo(self) -> None:
        await self._step(back=True)

    async def action_redo(self) -> None:
        await self._step(back=False)

    async def _step(self, *, back: bool) -> None:
        place = self.place
        move = labelling.undo if back else labelling.redo
        try:
            step, rows = await self.mmsa.quick.run(lambda store: move(store, place))
        except MmsaError as error:
            self.mmsa.show_error(error)
            return
        word = "undone" if back else "done again"
        if step is None:
            self.tell(f"Nothing is left to {'undo' if back else 'redo'}.")
            return
        index = next((at for row in rows if (at := self.listing.index_of(row)) is not None), None)
        if index is not None:
            self.table.move_to(index)
        await self.refresh_posts(frozenset(step.content_hashes))
        n_posts = len(step.content_hashes)
        count = f" · {n_posts:,} posts" if n_posts != 1 else ""
        as_is = "was left as it is" if step.n_kept == 1 else "were left as they are"
        kept = f" · {step.n_kept:,} changed since {as_is}" if step.n_kept else ""
        self.tell(f"{word}: {step.title}{count}{kept}")

    # copies

    @on(PostTable.Highlighted)
    def _on_row(self, event: PostTable.Highlighted) -> None:
        if event.row is not None:
            self._look_for_copies(event.row)

    @work(exclusive=True, group="alike")
    async def _look_for_copies(self, row: Row) -> None:
        await asyncio.sleep(ALIKE_AFTER_S)
        place = self.place
        try:
            found = await self.mmsa.quick.run(lambda store: labelling.alike(store, place, row))
        except MmsaError:
            return
        if not self.is_whole:
            return
        shown = self.view.row
        if shown is not None and shown.ordinal == row.ordinal:
            self.view.show_alike(len(found), self.labels_alone, self.key("alone"))

    def action_alone(self) -> None:
        self.labels_alone = not self.labels_alone
        how = "the post under the cursor alone" if self.labels_alone else "a post and those that repeat it"
        self.tell(f"Labels now go to {how}.")
        if self.row is not None:
            self._look_for_copies(self.row)

    # many at once

    async def action_bulk(self) -> None:
        if not self.n_rows:
            return
        corrected = Where("corrected_label <> ''")
        # Counted anew: the list stands still, and shows posts that have left the queue since.
        listed, marked = self.where or Where("TRUE"), selected(self.selection)
        wheres = [listed, listed & corrected, marked & corrected]
        source_id, bundle_id = self.source.id, self.bundle_id
        try:
            n_listed, *n_kept = await self.mmsa.slow.run(
                lambda store: store.counts(source_id, bundle_id, wheres)
            )
        except MmsaError as error:
            self.mmsa.show_error(error)
            return
        n_corrected: dict[On, int] = {"filter": n_kept[0], "selection": n_kept[1]}
        shown = self.filter_text or (self.queue_name if self.queue_name != "all" else "")
        dialog = BulkDialog(self.labels, n_listed, len(self.selection), shown, n_corrected)
        await self.ask(dialog, self._take_bulk)

    async def _take_bulk(self, choice: BulkChoice | None) -> None:
        if choice is not None:
            self.run_worker(self.apply(choice), group="bulk")

    async def apply(self, choice: BulkChoice) -> None:
        """Do to many posts what was chosen, as one act."""
        where = selected(self.selection) if choice.on == "selection" else self.where
        change, title = to_change(choice)
        place, keeps = self.place, choice.keep_corrected
        working = Working(f"{title}: looking at posts")
        self.app.push_screen(working)
        try:
            done = await self.mmsa.slow.run(
                lambda store: labelling.change_many(
                    store, place, where, change, title, keeps_corrected=keeps, on_count=working.count
                )
            )
        except MmsaError as error:
            self.mmsa.show_error(error)
            return
        finally:
            working.finish()
        self.table.select(())
        await self.refresh_posts(done.content_hashes)
        if done.n_posts:
            posts = f"{done.n_posts:,} post{'' if done.n_posts == 1 else 's'}"
            self.tell(f"{title} · {posts} · {self.key('undo')} takes it back", "$text-success")
        else:
            self.tell("No post was changed: they are like that already.")


def selected(ordinals: tuple[int, ...]) -> Where:
    """Write a selection as a condition, however large it is."""
    numbers = "[" + ",".join(map(str, ordinals)) + "]"
    return Where("ordinal IN (SELECT value FROM json_each(?))", (numbers,))


def to_change(choice: BulkChoice) -> tuple[Change | labelling.Accept, str]:
    """Say what a choice does to each post, and what to call it."""
    match choice.action:
        case "accept":
            return "accept", "accepted"
        case "flag":
            return Change(flagged=True), "flag"
        case "unflag":
            return Change(flagged=False), "flag removed"
        case "note":
            return Change(note=choice.note), f"note “{safe_line(choice.note, 30)}”"
        case "clear":
            return Change(label=""), "label removed"
        case _:
            return Change(label=choice.label), choice.label
