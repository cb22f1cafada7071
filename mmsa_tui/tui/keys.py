"""Every action of the main screen with its key, and what the config makes of the keys.

One table serves the bindings, the key bar, the help and the command palette. Textual's keymap gives
the bindings, by their ids, the keys of the config; what is here keeps that map free of mistakes.

Textual hands an ordinary key to the focused widget first and finds its binding when the key has
bubbled up to the app. Keys that come in one burst, from fast fingers or a slow line, would overtake
an action that way: the `1` after a `down` could label the row above, the letters after `n` could
become commands. So every key here has priority: it is looked up before anything else, in the order
typed, and its action is awaited before the next; only while text is being typed are they left to
the field.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from textual.binding import Binding
from textual.keys import Keys, key_to_character
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, TextArea

from mmsa_tui.errors import ConfigError

NO_KEY = "none"
"""In the config: the action has no key, and is left to the palette."""

N_NUMBERED, MAX_LABELS = 9, 26
"""Labels that have a digit, and those that have an action and a letter in the list of labels."""

PATIENCE_S = 2.0
"""How long a field may take to catch up with what was typed."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something a key does.

    Args:
        name: what the config calls it.
        key: its keys unless the config says otherwise, with commas between.
        short: for the key bar.
        title: for help and palette.
        where: the screen it belongs to.
        group: the heading it stands under in help.
        action: Textual's action; the name unless given.
    """

    name: str
    key: str
    short: str
    title: str
    where: str = "browse"
    in_footer: bool = False
    group: str = ""
    textual: str = ""

    @property
    def action(self) -> str:
        return self.textual or self.name


def _labels() -> Iterable[Action]:
    for number in range(1, MAX_LABELS + 1):
        yield Action(
            f"label_{number}", str(number) if number <= N_NUMBERED else NO_KEY, str(number),
            f"Give label {number} and go on",
            group="Decide", textual=f"label({number - 1})",
        )  # fmt: skip


ACTIONS: tuple[Action, ...] = (
    *_labels(),
    Action("choose_label", "0", "label…", "Choose the label from a list, and go on", group="Decide"),
    Action("accept", "space", "accept", "Accept the model's label and go on", in_footer=True, group="Decide"),
    Action("skip", "s", "skip", "Go on without a label", in_footer=True, group="Decide"),
    Action("undo", "u", "undo", "Undo", in_footer=True, group="Decide"),
    Action("redo", "ctrl+r", "redo", "Redo", group="Decide"),
    Action("note", "n", "note", "Write a note", in_footer=True, group="Decide"),
    Action("flag", "f", "flag", "Flag, or take the flag away", in_footer=True, group="Decide"),
    Action(
        "alone",
        "d",
        "alone",
        "Label duplicates with the same picture together, or each post alone",
        group="Decide",
    ),
    Action("blind", "B", "blind", "Hide all labels until you have given yours, or show them", group="Decide"),
    Action("explain", "e", "explain", "Show what decided", in_footer=True, group="Look"),
    Action("filter", "/", "filter", "Filter the posts", in_footer=True, group="Find"),
    Action(
        "context",
        "W",
        "context",
        "Words in context: every hit of the filter, with the words around it",
        group="Find",
    ),
    Action("next_queue", "tab", "queue", "Next queue", in_footer=True, group="Find"),
    Action("bulk", "b", "bulk", "Label many at once", in_footer=True, group="Decide"),
    Action("classify", "c", "classify", "Classify posts", in_footer=True, group="Work"),
    Action("pause", "p", "pause", "Pause or go on classifying", in_footer=True, group="Work"),
    Action("stop_batch", "ctrl+x", "stop", "Stop classifying; what is done is kept", group="Work"),
    Action("export", "x", "export", "Export to a file", in_footer=True, group="Work"),
    Action("overview", "a", "overview", "Overview of the posts", in_footer=True, group="Look"),
    Action("retrain", "r", "retrain", "Retrain from your corrections", in_footer=True, group="Work"),
    Action("adjudicate", "A", "settle", "Settle posts that analysts label differently", group="Work"),
    Action("audit", "t", "audit", "Label a random sample blind, for shares with intervals", group="Work"),
    Action("codebook", "G", "codebook", "The codebook: what labels mean, and other codebooks", group="Work"),
    Action("previous_queue", "shift+tab", "queue", "Previous queue", group="Find"),
    Action("clear_filter", "escape", "clear", "Clear the filter, or leave what is open", group="Find"),
    Action("sort", "S", "sort", "Sort by a column", group="Find"),
    Action("reverse_sort", "R", "reverse", "Sort the other way round", group="Find"),
    Action("columns", "C", "columns", "Choose the columns of the table", group="Find"),
    Action("jump", "g", "jump", "Jump to a post by its id", group="Find"),
    Action("mark", "v", "mark", "Mark the post, or take the mark away", group="Mark"),
    Action("mark_down", "shift+down", "mark", "Mark downwards", group="Mark"),
    Action("mark_up", "shift+up", "mark", "Mark upwards", group="Mark"),
    Action("mark_all", "ctrl+a", "mark all", "Mark all shown, or none", group="Mark"),
    Action("read_on", "J,ctrl+down", "read on", "Scroll a long post down", group="Look", textual="read(1)"),
    Action("read_back", "K,ctrl+up", "read back", "Scroll it up again", group="Look", textual="read(-1)"),
    Action("open_picture", "o", "open", "Open the picture in the system's viewer", group="Look"),
    Action("copy_text", "y", "copy", "Copy the text of the post", group="Look", textual="copy('text')"),
    Action("copy_id", "Y", "copy id", "Copy the id of the post", group="Look", textual="copy('id')"),
    Action("open_post", "O", "original", "Open the original post in the browser", group="Look"),
    Action("previous_picture", "[", "picture", "Previous picture", group="Look"),
    Action("next_picture", "]", "picture", "Next picture", group="Look"),
    Action("zoom", "enter", "zoom", "The post alone, full width; again to go back", group="Look"),
    Action(
        "messages",
        "M",
        "messages",
        "What batches, retrains and exports have come to",
        group="Work",
        textual="app.messages",
    ),
    Action("merge", "none", "merge", "Merge corrections of colleagues", group="Work"),
    Action("agree", "none", "agree", "Measure the agreement of analysts", group="Work"),
    Action("report", "none", "report", "Write a report as a web page", group="Work"),
    Action(
        "evaluate", "none", "evaluate", "Score the model on people's labels: accuracy, macro-F1", group="Work"
    ),
    Action("open_source", "ctrl+o", "open", "Open another source", group="App"),
    Action("read_again", "f5", "read", "Read the source again from disk", group="App"),
    Action(
        "palette", "ctrl+p", "commands", "Search all commands", group="App", textual="app.command_palette"
    ),
    Action("quit", "q,ctrl+q", "quit", "Leave", group="App", textual="app.quit"),
    Action("help", "f1,?", "help", "Help", in_footer=True, group="App"),
)

RESERVED: Mapping[str, str] = {
    "up": "moves the cursor",
    "down": "moves the cursor",
    "j": "moves the cursor",
    "k": "moves the cursor",
    "pageup": "scrolls",
    "pagedown": "scrolls",
    "home": "goes to the first post",
    "end": "goes to the last post",
}
"""Keys that no action may take, and why."""

_MODIFIERS = ("ctrl", "shift", "alt", "meta", "super", "hyper")
_NAMED = frozenset(key.value for key in Keys if key.value.isascii() and not key.value.startswith("<"))
_SHOWN: Mapping[str, str] = {
    "escape": "esc", "question_mark": "?", "slash": "/", "pageup": "pgup", "pagedown": "pgdn",
    "up": "↑", "down": "↓", "left": "←", "right": "→",
}  # fmt: skip


def key_table(written: str) -> list[Binding]:
    """Read a table of keys, one action a line: its keys, Textual's action, what help says of it."""
    rows = (line.split(None, 2) for line in written.strip().splitlines())
    return [Binding(key, action, title, show=False) for key, action, title in rows]


def moves(page: str, edge: str) -> list[Binding]:
    """Bind the keys that go through a list.

    Args:
        page, edge: the actions that go far, and to an end, with `{}` where -1 or 1 stands.
    """
    return key_table(f"""
        up,k      move(-1)           Up
        down,j    move(1)            Down
        pageup    {page.format(-1)}  Page up
        pagedown  {page.format(1)}   Page down
        home      {edge.format(-1)}  First
        end       {edge.format(1)}   Last
    """)


MOVES = moves("move({}0)", "move({}000000)")
"""The keys that go through a short list, for whatever has `action_move`."""

SCROLLS = key_table("""
    up        scroll(-1)   Scroll
    down      scroll(1)    Scroll
    pageup    scroll(-10)  Scroll
    pagedown  scroll(10)   Scroll
""")
"""The keys that go through a long text, for whatever has `action_scroll`."""

WRAPPED = "press_key"
"""The action of a screen that runs another one unless text is being typed."""

_URGENT = ("palette", "quit", "help", "read_again")
"""What works while text is typed too; Textual leaves letters and signs to the field in any case."""


def bindings(where: str) -> list[Binding]:
    """Bind the actions of a screen to the keys they have unless the config says otherwise."""
    return [
        _bind(key, action.name, action.action, action.title)
        for action in ACTIONS
        if action.where == where
        for key in _keys_of(action, {})
    ]


def shared_bindings(titles: Mapping[str, str]) -> list[Binding]:
    """Bind actions of the main screen on another one too, under titles that say what they do there."""
    actions = {action.name: action for action in ACTIONS}
    return [
        _bind(key, name, actions[name].action, title)
        for name, title in titles.items()
        for key in _keys_of(actions[name], {})
    ]


def first(listed: Iterable[Binding]) -> list[Binding]:
    """Have keys of a screen found before anything else, in the order typed, unless text is typed."""
    return [
        replace(binding, action=f"{WRAPPED}({binding.action!r})", priority=True)
        for binding in Binding.make_bindings(listed)
    ]


async def caught_up(field: Widget) -> None:
    """Wait until a field has taken in what was typed before this key.

    For a key with priority that ends the typing: its action comes first else, and what is typed
    right behind it would still go to the field.
    """
    done = asyncio.Event()
    if field.call_later(done.set):
        with suppress(TimeoutError):
            await asyncio.wait_for(done.wait(), PATIENCE_S)


def is_typing(screen: Screen[Any]) -> bool:
    """Whether the keys belong to a field for text now."""
    return isinstance(screen.focused, (Input, TextArea))


def keymap(keys: Mapping[str, str]) -> dict[str, str]:
    """Write the config's keys as Textual's keymap has them.

    Raises:
        ConfigError: an action or key is unknown, or two actions share a key.
    """
    check_keys(keys)
    # Textual takes an empty entry for none at all; this key is never pressed.
    return {
        action.name: ",".join(_keys_of(action, keys)) or Keys.Ignore.value
        for action in ACTIONS
        if action.name in keys
    }


def _bind(key: str, name: str, action: str, title: str) -> Binding:
    binding = Binding(key, action, title, show=False, id=name, priority=True)
    return binding if name in _URGENT else next(iter(first([binding])))


def all_keys(where: str, keys: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Find the keys of each action of a screen.

    Raises:
        ConfigError: an action or key is unknown, or two actions share a key.
    """
    check_keys(keys)
    return {action.name: _keys_of(action, keys) for action in ACTIONS if action.where == where}


def check_keys(keys: Mapping[str, str]) -> None:
    """Refuse keys that cannot work.

    Raises:
        ConfigError: an action or key is unknown, or two actions share a key.
    """
    known = {action.name: action for action in ACTIONS}
    for name in keys:
        if name not in known:
            meant = get_close_matches(name, known, n=1)
            raise ConfigError(
                f"keys.{name} in the config names no action",
                f"Did you mean {meant[0]}?" if meant else f"The actions are: {', '.join(known)}.",
            )
    taken: dict[tuple[str, str], Action] = {}
    for action in ACTIONS:
        for key in _keys_of(action, keys):
            place = f'keys.{action.name} = "{keys.get(action.name, action.key)}"'
            if not _is_key(key):
                raise ConfigError(
                    f"{place} in the config is no key", "Write for example x, ctrl+x, f6 or shift+up."
                )
            if key in RESERVED:
                raise ConfigError(
                    f"{place} in the config takes a key that {RESERVED[key]}", "Choose another key."
                )
            other = taken.setdefault((action.where, _normal(key)), action)
            if other is not action:
                raise ConfigError(
                    f"the key {show_key(key)} would both {_lower(other.title)} and {_lower(action.title)}",
                    f"Give keys.{other.name} or keys.{action.name} another key in the config.",
                )


def keys_with(labels: Mapping[str, str], own: Mapping[str, str]) -> Mapping[str, str]:
    """Put the keys of a codebook's labels beside those of the config, which win.

    Keys of labels that cannot work with them are left out, each by itself: the numbers always do.

    Raises:
        ConfigError: the config's own keys cannot work.
    """
    check_keys(own)
    both = dict(own)
    for name, keys in labels.items():
        if name in own:
            continue
        try:
            check_keys({**both, name: keys})
        except ConfigError:
            continue
        both[name] = keys
    return both


def key_for(name: str, keys: Mapping[str, str]) -> str:
    """Write the first key of an action as people read it; "" if it has none."""
    for action in ACTIONS:
        if action.name == name:
            return show_key(next(iter(_keys_of(action, keys)), ""))
    raise KeyError(name)


def show_key(key: str) -> str:
    """Write a key as people read it: `^r` for `ctrl+r`, `⇧↑` for `shift+up`."""
    *modifiers, last = key.split("+") if len(key) > 1 else [key]
    shown = _SHOWN.get(last) or key_to_character(last) or last
    if last == "space" or shown.isspace():
        shown = last
    if re.fullmatch(r"f\d+", shown):
        shown = shown.upper()
    signs = {"ctrl": "^", "shift": "⇧", "alt": "alt+"}
    return "".join(signs.get(modifier, modifier + "+") for modifier in modifiers) + shown


def _keys_of(action: Action, keys: Mapping[str, str]) -> tuple[str, ...]:
    written = keys.get(action.name, action.key).strip()
    if written == NO_KEY:
        return ()
    if written == ",":
        return ("comma",)
    return tuple(key.strip() for key in written.split(",") if key.strip())


def _is_key(key: str) -> bool:
    if len(key) == 1:
        return key.isprintable() and not key.isspace()
    *modifiers, last = key.split("+")
    if any(modifier not in _MODIFIERS for modifier in modifiers):
        return False
    if last in _NAMED or last in _SHOWN or (len(last) == 1 and last.isprintable()):
        return True
    # Textual takes the Unicode name of any character; of those only punctuation is on a keyboard.
    return (key_to_character(last) or "é").isascii()


def _normal(key: str) -> str:
    """Bring the two ways to write a key, `?` and `question_mark`, to one."""
    return _SHOWN.get(key, key) if key in ("question_mark", "slash") else key_to_character(key) or key


def _lower(title: str) -> str:
    return title[:1].lower() + title[1:]
