"""What keys do to posts: label, accept, note, flag, many at once, undo and redo.

Each of them is on disk before the next key is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from typing import TYPE_CHECKING

from mmsa_tui.errors import MmsaError
from mmsa_tui.services import labelling
from mmsa_tui.services.labelling import Change, Done, Place
from mmsa_tui.store import Row, Where, at_ordinals
from mmsa_tui.text.display import counted, safe_line
from mmsa_tui.tui.app_screen import SUCCESS, WARNING, Voice
from mmsa_tui.tui.browse.post_list import PostList
from mmsa_tui.tui.dialogs.ask import AskText
from mmsa_tui.tui.dialogs.bulk import BulkChoice, BulkDialog, On
from mmsa_tui.tui.dialogs.working import Working
from mmsa_tui.tui.widgets.post_facts import describe

if TYPE_CHECKING:
    from mmsa_tui.tui.browse.counts import Counts


class Labeller:
    """Changes the posts of a list and says in a line what it did."""

    def __init__(self, posts: PostList, counts: Counts, voice: Voice) -> None:
        self._posts, self._counts, self._voice = posts, counts, voice
        self.labels_alone = False
        """Whether a label goes to the post under the cursor only, not to those that repeat it."""

    @property
    def place(self) -> Place:
        app, source = self._posts.mmsa, self._posts.source
        return Place(source.id, source.location, app.bundle_id, app.config.analyst)

    # one post

    async def label(self, index: int) -> None:
        """Give the post under the cursor a label, and go on."""
        labels = self._posts.mmsa.labels
        if index < len(labels):
            await self._give(labels[index], "")

    async def accept(self) -> None:
        """Take the model's label for the analyst's, and go on."""
        row = await self._posts.row_to_change()
        if row is None:
            return
        if row.final_label:
            await self._give(row.final_label, "accepted ")
        else:
            hint = f"{self._voice.key('classify')} classifies."
            self._voice.tell(f"There is no prediction to accept yet: {hint}", WARNING)

    async def _give(self, label: str, how: str) -> None:
        title = f"{how}{self._posts.mmsa.looks.sign(label)} {label}"
        await self._change(Change(label=label), title, alone=self.labels_alone, advances=True)

    def skip(self) -> None:
        """Go on to the next post."""
        if not self._posts.advance() and len(self._posts.listing):
            self._voice.tell(
                f"That was the last post of this list. {self._voice.key('next_queue')} opens the next queue.",
                "",
            )

    async def flag(self) -> None:
        row = await self._posts.row_to_change()
        if row is None:
            return
        flagged = not (row.correction is not None and row.correction.flagged)
        await self._change(Change(flagged=flagged), "flag" if flagged else "flag removed", alone=True)

    async def note(self, row: Row | None) -> None:
        """Ask for the note on a post, beginning with the one that the row bears."""
        if row is None or row.post is None:
            self._refuse_failure()
            return
        note = row.correction.note if row.correction else ""

        async def take(answer: str | None) -> None:
            if answer is not None and answer != note:
                title = "note" if answer else "note removed"
                await self._change(Change(note=answer), title, alone=True, row=row)

        dialog = AskText(f"Note on {describe(row.post)}", note, "what you saw")
        await self._posts.mmsa.ask(dialog, take)

    async def _change(
        self, change: Change, title: str, *, alone: bool, row: Row | None = None, advances: bool = False
    ) -> None:
        row = row or await self._posts.row_to_change()
        if row is None:
            return
        if row.post is None:
            self._refuse_failure()
            return
        app, place = self._posts.mmsa, self.place
        try:
            done = await app.quick.run(
                lambda store: labelling.change_post(store, place, row, change, title, alone=alone)
            )
        except MmsaError as error:
            app.show_error(error)
            return
        self._tell_done(done, describe(row.post))
        if advances:
            # First on, then drawn anew: the post that is left needs no new post view.
            self.skip()
        await self._refresh(done.content_hashes)

    async def _refresh(self, content_hashes: Collection[str]) -> None:
        self._counts.expire()
        self._counts.pace.stir()
        await self._posts.refresh_posts(content_hashes)

    def _refuse_failure(self) -> None:
        if self._posts.row is not None:
            self._voice.tell("This input is not a post, so there is nothing to judge.", WARNING)

    def _tell_done(self, done: Done, name: str) -> None:
        if not done.n_posts:
            self._voice.tell(f"{done.title} · {name} (as it was)", "")
            return
        n_others = done.n_posts - 1
        others = f" and {counted(n_others, 'duplicate')} with the same picture" if n_others else ""
        self._voice.tell(f"{done.title} · {name}{others}", "")

    # undo

    async def undo(self) -> None:
        await self._step(back=True)

    async def redo(self) -> None:
        await self._step(back=False)

    async def _step(self, *, back: bool) -> None:
        app, place = self._posts.mmsa, self.place
        move = labelling.undo if back else labelling.redo
        try:
            step, rows, n_posts = await app.quick.run(lambda store: move(store, place))
        except MmsaError as error:
            app.show_error(error)
            return
        if step is None:
            await self._say_nothing_left(back)
            return
        for ordinal in rows:
            if self._posts.show_ordinal(ordinal):
                break
        await self._refresh(step.content_hashes)
        count = f" · {n_posts:,} posts" if n_posts != 1 else ""
        kept = f" · left as they are now: {step.n_kept:,} changed since then" if step.n_kept else ""
        self._voice.tell(f"{'undone' if back else 'done again'}: {step.title}{count}{kept}", "")

    async def _say_nothing_left(self, back: bool) -> None:
        place = self.place
        other = None
        if back:
            with suppress(MmsaError):
                other = await self._posts.mmsa.quick.run(lambda store: store.acts.last_actor(place.location))
        said = f"Nothing of yours is left to {'undo' if back else 'redo'}."
        whose = (
            "" if other is None else f" The last change here was made by {safe_line(other, 40) or 'no name'}."
        )
        self._voice.tell(said + whose, "")

    # copies

    async def count_copies(self, row: Row) -> labelling.Copies:
        """Count the posts that repeat one.

        Raises:
            StoreError: the database cannot be read.
        """
        place = self.place
        return await self._posts.mmsa.quick.run(lambda store: labelling.count_copies(store, place, row))

    def toggle_alone(self) -> None:
        self.labels_alone = not self.labels_alone
        together = "a post and its duplicates with the same picture"
        how = "the post under the cursor and its exact duplicates only" if self.labels_alone else together
        self._voice.tell(f"Labels now go to {how}.", "")

    # many at once

    async def bulk(self, take: Callable[[BulkChoice], None]) -> None:
        """Ask what to do to many posts; `take` gets the answer."""
        posts, app = self._posts, self._posts.mmsa
        await posts.stands()
        if not len(posts.listing):
            return
        corrected = Where("corrected_label <> ''")
        # Counted anew: the list stands still, and shows posts that have left the queue since.
        listed = posts.where or Where("TRUE")
        wheres = [listed, listed & corrected, at_ordinals(posts.table.selection) & corrected]
        source_id, bundle_id = posts.source.id, app.bundle_id
        try:
            n_listed, *n_kept = await app.slow.run(lambda store: store.counts(source_id, bundle_id, wheres))
        except MmsaError as error:
            app.show_error(error)
            return
        n_corrected: dict[On, int] = {"filter": n_kept[0], "selection": n_kept[1]}

        async def answer(choice: BulkChoice | None) -> None:
            if choice is not None:
                take(choice)

        await app.ask(
            BulkDialog(app.labels, n_listed, len(posts.table.selection), posts.described, n_corrected), answer
        )

    async def apply(self, choice: BulkChoice) -> None:
        """Do to many posts what was chosen, as one act."""
        posts, app = self._posts, self._posts.mmsa
        where = at_ordinals(posts.table.selection) if choice.on == "selection" else posts.where
        change, title = to_change(choice)
        place, keeps = self.place, choice.keep_corrected
        working = Working(f"{title}: looking at posts")
        app.push_screen(working)
        try:
            done = await app.slow.run(
                lambda store: labelling.change_many(
                    store, place, where, change, title, keeps_corrected=keeps, on_count=working.count
                )
            )
        except MmsaError as error:
            app.show_error(error)
            return
        finally:
            working.finish()
        posts.table.select(())
        await self._refresh(done.content_hashes)
        if done.n_posts:
            n_posts = f"{done.n_posts:,} post{'' if done.n_posts == 1 else 's'}"
            self._voice.tell(f"{title} · {n_posts} · {self._voice.key('undo')} takes it back", SUCCESS)
        else:
            self._voice.tell("No post was changed: they are like that already.", "")


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
