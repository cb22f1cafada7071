"""An audit: the posts of a random sample, one after the other, with the model's answers hidden.

Each label is on disk before the next key is taken. Nothing on this screen says what the model, the
source or another coder thinks of a post.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from mmsa_tui.errors import MmsaError
from mmsa_tui.services.audit import (
    SAVED,
    UNAIDED,
    Status,
    answer,
    audit_status,
    current_audit,
    extend_audit,
    next_post,
    propose_size,
    start_audit,
)
from mmsa_tui.store import Audit, Row, SourceRow, Store
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.app_screen import PostScreen
from mmsa_tui.tui.blind import masked
from mmsa_tui.tui.dialogs.ask import AskWhether
from mmsa_tui.tui.keys import MAX_LABELS, first, key_for, key_table, shared_bindings
from mmsa_tui.tui.widgets.bars import KeyItem, label_items

HIDDEN = "Hidden, so that it does not lead your eye: only blind labels count in an audit."
COUNT_EVERY = 10
"""Labels between two looks at how exact the estimates are, which walk the whole source."""

_SHARED = {
    **{f"label_{number}": "Give this label, and go on" for number in range(1, MAX_LABELS + 1)},
    "choose_label": "Give a label from a list, and go on",
    "skip": "Put this post off to the end",
    "undo": "Take your last label in this audit back, also one of another day",
    "read_on": "Scroll a long post down",
    "read_back": "Scroll it up again",
    "next_picture": "Next picture",
    "previous_picture": "Previous picture",
}


class AuditScreen(PostScreen[None]):
    """Goes through the sample of a source's audit; draws one first if there is none."""

    help_topic = "audit"
    BINDINGS: ClassVar[list[BindingType]] = [
        *shared_bindings(_SHARED),
        *first(
            [
                *key_table("""
                    plus              extend  Draw more posts into the sample
                    escape,q          leave   Back to the posts
                    f1,question_mark  help    Help
                """),
            ]
        ),
    ]

    DEFAULT_CSS = """
    AuditScreen #view { width: 100%; border: none; padding: 0 2; }
    """

    def __init__(self, source: SourceRow) -> None:
        super().__init__()
        self._source = source
        self._skipped: list[str] = []
        self._n_since_counted = 0
        self.audit: Audit | None = None
        self.progress: Status | None = None
        self.row: Row | None = None

    @property
    def analyst(self) -> str:
        return self.mmsa.config.analyst

    def compose_parts(self) -> ComposeResult:
        with Container(id="panes"):
            yield self.view

    async def on_mount(self) -> None:
        self._show_top()
        self._show_keys()
        await self._open()

    def on_resize(self) -> None:
        if self.view.is_attached:
            self._show_post()
            self._show_keys()

    # beginning

    async def _open(self) -> None:
        """Find the audit, or offer to draw one."""
        try:
            self.audit = await self.mmsa.quick.run(lambda store: current_audit(store, self._source))
        except MmsaError as error:
            self.mmsa.show_error(error)
            return
        if self.audit is not None:
            await self._next()
            self._count()
            return
        n = propose_size(self._source.n_posts, needed=SAVED if self.mmsa.model.is_there else UNAIDED)
        text = f"About {n:,} posts are drawn at random, enough for shares to about ±5 points. "
        if self.mmsa.model.is_there:
            text += (
                "You label them without seeing what the model says; its errors on them then correct the"
                " shares of all posts."
            )
        else:
            text += (
                "There is no model yet, so the shares are those of this sample alone. A model that you make"
                " later narrows their intervals; it does not learn from these posts."
            )
        await self.ask(AskWhether("Draw a random sample?", text, "Draw (y)", "Not now (n)"), self._draw)

    async def _draw(self, is_wanted: bool | None) -> None:
        if not is_wanted:
            self.dismiss(None)
            return
        source, bundle, has_model = self._source, self.mmsa.bundle_id, self.mmsa.model.is_there
        try:
            self.audit = await self.mmsa.slow.run(
                lambda store: start_audit(store, source, bundle, has_model=has_model)
            )
        except MmsaError as error:
            self.mmsa.show_error(error)
            self.dismiss(None)
            return
        await self._next()
        self._count()

    # one post after the other

    async def _next(self) -> None:
        """Fetch the next post to label; those that were put off come last."""
        audit = self.audit
        if audit is None:
            return
        source, analyst, skipped = self._source, self.analyst, tuple(self._skipped)

        def fetch(store: Store) -> Row | None:
            found = next_post(store, source, audit, analyst, skipped)
            return found or (next_post(store, source, audit, analyst) if skipped else None)

        try:
            self.row = await self.mmsa.quick.run(fetch)
        except MmsaError as error:
            self.mmsa.show_error(error)
            return
        self._show_post()
        self._show_top()
        if self.row is None:
            self.tell("You have labelled the whole sample. + draws more posts into it.", "$text-success")

    def _show_post(self) -> None:
        row = self.row
        if row is None or row.post is None:
            self.view.show(None, self.looks, "")
            return
        self.view.show(masked(row, has_columns=False), self.looks, HIDDEN, is_hidden=True)

    @work(exclusive=True, group="count")
    async def _count(self) -> None:
        """Look how exact the estimates are by now."""
        audit = self.audit
        if audit is None:
            return
        try:
            self.progress = await self.mmsa.slow.run(lambda store: audit_status(store, self._source, audit))
        except MmsaError as error:
            self.mmsa.show_error(error)
            return
        self._n_since_counted = 0
        if self.is_attached:
            self._show_top()

    # what keys do

    async def action_label(self, index: int) -> None:
        """Label the post, and go on."""
        audit, row = self.audit, self.row
        if audit is None or row is None or index >= len(self.labels):
            return
        # Keys are the codebook's of today, whose labels may have moved since the sample was drawn.
        label, analyst = self.labels[index], self.analyst
        if label not in audit.labels:
            self.tell(
                f"The label {label} joined the codebook after this sample was drawn; its labels are"
                f" {', '.join(audit.labels)}.",
                "$text-warning",
            )
            return
        try:
            await self.mmsa.quick.run(
                lambda store: answer(store, audit, row, label, analyst, self._scope(audit))
            )
        except MmsaError as error:
            self.mmsa.show_error(error)
            return
        self.tell(f"{self.looks.sign(label)} {label} · {safe_line(row.post_id, 24)}")
        if row.post is not None and row.post.content_hash in self._skipped:
            self._skipped.remove(row.post.content_hash)
        self._n_since_counted += 1
        await self._next()
        if self._n_since_counted >= COUNT_EVERY or self.row is None:
            self._count()

    async def action_skip(self) -> None:
        """Put the post off."""
        if self.row is not None and self.row.post is not None:
            digest = self.row.post.content_hash
            if digest in self._skipped:
                self._skipped.remove(digest)
            self._skipped.append(digest)
            await self._next()

    async def action_undo(self) -> None:
        """Take one's last label in this audit back."""
        audit = self.audit
        if audit is None:
            return
        step = await self.take_back(lambda store: store.acts.undo(self._scope(audit), self.analyst))
        if step is None:
            return
        await self._next()
        self.tell(f"taken back: {step.title.removeprefix('audit: ')}")
        self._count()

    async def action_extend(self) -> None:
        """Draw as many more posts as the wished interval takes, at least ten."""
        audit = self.audit
        if audit is None:
            return

        def extend(store: Store) -> int:
            status = audit_status(store, self._source, audit)
            return extend_audit(store, self._source, audit, max(status.n_needed - status.n_sampled, 10))

        try:
            n_added = await self.mmsa.slow.run(extend)
        except MmsaError as error:
            self.mmsa.show_error(error)
            return
        await self._next()
        self.tell(f"{n_added:,} more posts are in the sample" if n_added else "The sample holds every post.")
        self._count()

    # the lines around

    def _scope(self, audit: Audit) -> str:
        return f"{audit.origin} {self._source.location}"

    def _show_top(self) -> None:
        muted = "$foreground-muted"
        title = safe_line(self._source.title, 40)
        left = [(" mmsa ", "bold $text-accent"), ("audit", "bold")]
        if self.progress is not None:
            done = self.progress.by_coder.get(self.analyst, 0) + self._n_since_counted
            left.append((f"  {done:,} of {self.progress.n_sampled:,} labelled", "bold"))
            # What is said of the rest goes on with each label, although intervals are seldom computed.
            now = replace(self.progress, n_labelled=self.progress.n_labelled + self._n_since_counted)
            left.append((f" · {now.remark}", muted))
        # What is said last is cut first.
        left.append((f" · {title}", muted))
        name = safe_line(self.analyst, 24) or "(no name)"
        self.top.show(left, [(f"blind · signed {name} ", muted)])

    def _show_keys(self) -> None:
        keys = self.mmsa.config.keys
        items = label_items(self.labels, keys, self.looks)
        items += [KeyItem(key_for(name, keys), name, name) for name in ("skip", "undo")]
        items += [KeyItem("+", "more posts", "extend"), KeyItem("esc", "back", "leave")]
        self.key_bar.show([*items, KeyItem("F1", "help", "help")])
