"""Stories of the adjudication screen begin here: two analysts who disagree."""

from __future__ import annotations

from small_engine import LABELS
from stories import asked, opened

from mmsa_tui.records import Correction
from mmsa_tui.store import Store
from mmsa_tui.tui.adjudicate.screen import AdjudicateScreen


def contest(store: Store, source_id: int) -> None:
    """Let Bob and Cleo label ten posts; they differ on the first three."""
    posts = [row.post for row in store.posts(source_id)][:10]
    made = []
    for at, post in enumerate(posts):
        label = LABELS[at % 3]
        other = LABELS[(at + 1) % 3] if at < 3 else label
        for who, said, minute in (("bob", label, at), ("cleo", other, 30 + at)):
            made.append(
                Correction(
                    f"{who}{at}", post.content_hash, said, analyst=who, post_id=post.post_id, text=post.text,
                    created_at=f"2024-05-01T14:{minute:02}:00+00:00", note="irony" if who == "cleo" else "",
                    facts=("label", "note"),
                )
            )  # fmt: skip
    store.add_corrections(made)


async def settling(pilot, wait_for) -> AdjudicateScreen:
    await opened(pilot, wait_for)
    await pilot.press("A")
    screen = await asked(pilot, wait_for, AdjudicateScreen)
    await wait_for(pilot, lambda: screen.case is not None and screen.view.row is not None, "the first case")
    return screen
