"""Which keys the main screen's last line names: those that do something now, what is urgent first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmsa_tui.tui.keys import ACTIONS, Action, is_typing, key_for
from mmsa_tui.tui.widgets.bars import KeyItem, label_items
from mmsa_tui.tui.widgets.label_looks import LabelLooks

if TYPE_CHECKING:
    from mmsa_tui.tui.browse.screen import BrowseScreen

_BY_NAME = {action.name: action for action in ACTIONS}
_WHILE_TYPING = (
    ("enter", "enter", "use it"),
    ("tab", "tab", "complete"),
    ("down", "↓", "choose"),
    ("ctrl+s", "^s", "save as a view"),
    ("escape", "esc", "leave"),
    ("f1", "F1", "help on filters"),
)


@dataclass(frozen=True, slots=True)
class Situation:
    """What the screen is in the middle of."""

    is_typing: bool = False
    """In the filter."""
    is_batch: bool = False
    """Posts are being classified."""
    is_paused: bool = False
    """That is at rest until it is told to go on."""
    has_prediction: bool = False
    """The post under the cursor is classified."""
    has_marks: bool = False
    n_pictures: int = 0
    is_long: bool = False
    """There is more of the post than its view shows."""
    is_post: bool = True
    """There is a post under the cursor, not an input that could not be read, nor nothing."""


def situation(screen: BrowseScreen) -> Situation:
    """Tell what the screen is in the middle of."""
    row, batch = screen.row, screen.mmsa.engine.batch
    post = row.post if row is not None else None
    return Situation(
        is_typing=is_typing(screen),
        is_batch=batch is not None,
        is_paused=batch is not None and batch.is_paused,
        has_prediction=(
            row is not None
            and row.prediction is not None
            and bool(row.prediction.probs)
            and not screen.is_hidden(row)
        ),
        has_marks=bool(screen.posts.table.selection),
        n_pictures=len(post.pictures) if post is not None else 0,
        is_long=screen.view.is_long and post is not None,
        is_post=post is not None,
    )


def footer(now: Situation, looks: LabelLooks, keys: Mapping[str, str]) -> list[KeyItem]:
    """List the keys in the order of their use; the bar shows as many as fit, and the last.

    Args:
        keys: the config's keys by action.
    """
    if now.is_typing:
        return [KeyItem(shown, text, f"app.simulate_key('{key}')") for key, shown, text in _WHILE_TYPING]
    items = label_items(looks.labels, keys, looks) if now.is_post else []
    first = list(_urgent(now))
    rest = [action.name for action in ACTIONS if action.in_footer and _is_of_use(action, now)]
    for name in [*first, *(name for name in rest if name not in first)]:
        key = key_for(name, keys)
        if key:
            text = "go on" if name == "pause" and now.is_paused else _BY_NAME[name].short
            items.append(KeyItem(key, text, _BY_NAME[name].action))
    return items


def _urgent(now: Situation) -> Iterator[str]:
    if now.is_batch:
        yield "pause"
        yield "stop_batch"
    if now.has_marks:
        yield "bulk"
    if now.is_post and not now.has_prediction and not now.is_batch:
        yield "classify"
    if now.is_long:
        yield "read_on"
    if now.n_pictures > 1:
        yield "next_picture"


def _is_of_use(action: Action, now: Situation) -> bool:
    if action.where != "browse":
        return False
    if action.name in ("accept", "explain"):
        return now.has_prediction
    if action.name in ("note", "flag", "skip"):
        return now.is_post
    if action.name in ("pause", "stop_batch"):
        return now.is_batch
    return True
