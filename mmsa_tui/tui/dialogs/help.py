"""Help on what is on the screen: its keys as they are bound now, and the filter language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.cells import cell_len, chop_cells
from textual.app import ComposeResult
from textual.binding import BindingsMap, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.keys import Keys
from textual.screen import ModalScreen
from textual.widgets import Static

from mmsa_tui.analysis.queues import queues_of
from mmsa_tui.filters import SYNTAX, reference
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.keys import ACTIONS, SCROLLS, all_keys, key_table, keymap, show_key
from mmsa_tui.tui.widgets.label_looks import LabelLooks

Line = tuple[str, str]
"""What to press or type, and what it does."""

_INTRODUCTIONS: Mapping[str, str] = {
    "browse": "Browse posts, see why the model says what it says, and correct it. Each key is kept at once.",
    "picker": "Open a folder, a file or an export: what is in it is shown before it is read in.",
    "filter": "Type what to find. Offers open below the line: tab takes one, arrows choose, enter is done.",
    "overview": "The posts as a whole. Every row and column leads to the posts behind it.",
    "adjudicate": "Decide where analysts label a post differently. Your decision counts, their votes stay.",
    "codebook": "Labels of your own. Each codebook has audits, exports and a model apart from the others'.",
    "audit": "Label a random sample without seeing what the model says, for shares with intervals.",
    "concordance": "Every hit in a line of its own, with the words around it.",
    "retrain": "Make a better model out of your corrections, and see before you take it whether it is one.",
}
_GROUPS = ("Decide", "Look", "Find", "Mark", "Work", "App")
_SIGNS: tuple[Line, ...] = (
    ("≠", "text and picture, each sure of it, say different things"),
    ("✎", "somebody gave this post a label"),
    ("⚑", "somebody flagged it"),
    ("¶", "somebody wrote a note"),
    ("▣ 2", "it has a picture, or so many"),
    ("⧉", "so many posts say the same"),
)


class HelpScreen(ModalScreen[None]):
    """The keys of a screen, wide enough in two columns.

    Args:
        context: which screen; "filter" begins with the filter language.
        labels: the bundle's labels, for the label keys and the examples.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *SCROLLS,
        *key_table("""
            escape,q,f1,question_mark,enter  dismiss(None)  Close
            j      scroll(1)   Scroll
            k      scroll(-1)  Scroll
            space  scroll(10)  Scroll
        """),
    ]

    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        background: $background 60%;
        & > Vertical {
            width: 112;
            max-width: 98%;
            height: auto;
            max-height: 96%;
            padding: 1 2 0 2;
            background: $surface;
            border: round $border;
            border-title-color: $text-accent;
            border-title-style: bold;
            border-subtitle-color: $foreground-muted;
        }
        VerticalScroll { height: auto; max-height: 100%; scrollbar-size-vertical: 1; background: $surface; }
        #help-text { height: auto; }
    }
    """

    def __init__(self, context: str, labels: Sequence[str]) -> None:
        super().__init__()
        self._topic = context
        self._labels = tuple(labels)

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_title = f"Help: {self._topic}"
            frame.border_subtitle = "↑↓: scroll · esc: close"
            with VerticalScroll(can_focus=False):
                yield Static("", id="help-text", markup=False)

    def on_mount(self) -> None:
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def action_scroll(self, step: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=step, animate=False)

    def _draw(self) -> None:
        width = max(30, min(112, int(self.app.size.width * 0.98)) - 8)
        intro = _INTRODUCTIONS.get(self._topic, "")
        sections = self._sections()
        lines = [Content.styled(line, "$foreground-muted") for line in _wrapped(intro, width)]
        lines += [Content("")] if intro else []
        if width >= 84 and len(sections) > 1:
            lines += _side_by_side(sections, (width - 4) // 2)
        else:
            for title, rows in sections:
                lines += [*_section(title, rows, width), Content("")]
        self.query_one("#help-text", Static).update(Content("\n").join(lines))

    # what is said

    def _sections(self) -> list[tuple[str, list[Line]]]:
        language = [
            ("Filter language", list(SYNTAX)),
            ("Fields of the filter", reference(self._labels)),
        ]
        paths = getattr(getattr(self.app, "config", None), "paths", None)
        found = queues_of(getattr(paths, "codebook", ""))
        queues = ("Queues", [(queue.title, queue.help) for queue in found])
        keys = self._keys()
        match self._topic:
            case "browse":
                return [*keys, ("Signs", list(_SIGNS)), queues, *language, self._names()]
            case "filter":
                return [*language, ("Keys", _FILTER_KEYS)]
        return keys

    def _keys(self) -> list[tuple[str, list[Line]]]:
        actions = [action for action in ACTIONS if action.where == self._topic]
        if not actions:
            return [("Keys", self._keys_below())]
        keys = all_keys(self._topic, self._remapped)
        sections = []
        for group in _GROUPS:
            rows = [
                (" ".join(map(show_key, keys[action.name])) or "–", self._title(action.name, action.title))
                for action in actions
                if action.group == group and not self._is_spare(action.name)
            ]
            if rows:
                sections.append((group, rows))
        return sections

    def _names(self) -> tuple[str, list[Line]]:
        """List what the config calls each action."""
        keys = all_keys("browse", self._remapped)
        rows = [
            (" ".join(map(show_key, keys[action.name])) or "–", action.name)
            for action in ACTIONS
            if action.where == "browse" and not self._is_spare(action.name)
        ]
        return "Names of these keys, for [keys] in the config", rows

    def _keys_below(self) -> list[Line]:
        """List the keys of the screen that help was asked on, and of what has the focus there."""
        stack = self.app.screen_stack
        below = stack[stack.index(self) - 1] if self in stack and stack.index(self) else None
        if below is None:
            return []
        nodes = [below, *([below.focused] if below.focused is not None else [])]
        found: dict[str, list[str]] = {}
        for node in nodes:
            known = BindingsMap(type(node).BINDINGS)
            known.apply_keymap(keymap(self._remapped))
            for key, binding in known:
                is_shown = binding.description and key != Keys.Ignore.value
                if is_shown and not self._is_spare(binding.id or ""):
                    found.setdefault(binding.description, []).append(show_key(key))
        return [(" ".join(dict.fromkeys(keys)), title) for title, keys in found.items()]

    @property
    def _remapped(self) -> Mapping[str, str]:
        return getattr(getattr(self.app, "config", None), "keys", {})

    def _is_spare(self, name: str) -> bool:
        """Whether it is the key of a label that the bundle does not have."""
        number = name.removeprefix("label_")
        return number.isdigit() and int(number) > len(self._labels)

    def _title(self, name: str, title: str) -> str:
        number = name.removeprefix("label_")
        if not number.isdigit():
            return title
        label = self._labels[int(number) - 1]
        return f"{LabelLooks(self._labels).sign(label)} {safe_line(label, 40)}, and go on"


_FILTER_KEYS: list[Line] = [
    ("tab", "take the offer; after a mistake, repair it"),
    ("↓ ↑", "choose among the offers"),
    ("enter", "use the filter and go to the posts"),
    ("esc", "close the offers, then leave the line"),
    ("^s", "save the filter as a view"),
    ("^d", "remove the chosen view"),
    ("^u", "empty the line"),
]


def _section(title: str, rows: Sequence[Line], width: int) -> list[Content]:
    widest = max((cell_len(key) for key, _ in rows), default=0)
    # Sections of short keys line up with each other.
    key_width = 11 if widest <= 11 else min(widest, width // 2)
    lines = [Content.styled(line, "bold $text-accent") for line in _wrapped(title, width)]
    for key, text in rows:
        room = max(width - key_width - 2, 8)
        is_long = cell_len(key) > key_width
        if is_long:
            lines += [Content.styled(line, "bold $text-primary") for line in _wrapped(key, width)]
        first = " " * key_width if is_long else key + " " * (key_width - cell_len(key))
        for number, piece in enumerate(_wrapped(text, room)):
            head = first if not number else " " * key_width
            lines.append(Content.assemble((head, "bold $text-primary"), ("  " + piece, "")))
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    lines = [""]
    words = (piece for word in text.split() for piece in chop_cells(word, width))
    for word in words:
        if lines[-1] and cell_len(lines[-1]) + 1 + cell_len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _side_by_side(sections: Sequence[tuple[str, list[Line]]], width: int) -> list[Content]:
    """Set sections in two columns of about the same height, in reading order."""
    blocks = [[*_section(title, rows, width), Content("")] for title, rows in sections]
    total = sum(map(len, blocks))
    left: list[Content] = []
    while blocks and (not left or len(left) + len(blocks[0]) / 2 < total / 2):
        left += blocks.pop(0)
    right = [line for block in blocks for line in block]
    height = max(len(left), len(right))
    left += [Content("")] * (height - len(left))
    right += [Content("")] * (height - len(right))
    return [
        Content.assemble(a, " " * (width - a.cell_length + 4), b) for a, b in zip(left, right, strict=True)
    ]
