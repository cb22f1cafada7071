"""The command palette: every action of the screen, the queues, saved views and themes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from mmsa_tui.errors import MmsaError
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.browse.filter_bar import FilterBar
from mmsa_tui.tui.browse.queue_bar import QueueBar
from mmsa_tui.tui.keys import ACTIONS, Action, key_for
from mmsa_tui.tui.themes import THEMES


@dataclass(frozen=True, slots=True)
class Command:
    """One line of the palette; `is_main` lines are there before anything is typed.

    It is found by its title, and by `name`, which is what command line and config call it.
    """

    title: str
    help: str
    run: Callable[[], object]
    is_main: bool = False
    name: str = ""


class MmsaCommands(Provider):
    """Offers what the screen can do; on a screen without actions only the themes."""

    async def discover(self) -> Hits:
        for command in self._commands():
            if command.is_main:
                yield DiscoveryHit(_shown(command.title), command.run, text=command.title, help=command.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for command in self._commands():
            score = max(matcher.match(command.title), matcher.match(command.name))
            if score > 0:
                shown = matcher.highlight(command.title)
                yield Hit(score, shown, command.run, text=command.title, help=command.help)

    def _commands(self) -> Iterator[Command]:
        yield from self._actions()
        yield from self._queues()
        yield from self._views()
        for theme in THEMES:
            yield Command(f"Theme: {theme.name}", "change the colours", partial(self._put_on, theme.name))

    def _actions(self) -> Iterator[Command]:
        keys = getattr(getattr(self.app, "config", None), "keys", {})
        labels = tuple(getattr(self.screen, "labels", ()))
        for action in ACTIONS:
            if action.name == "palette" or not self._can_run(action):
                continue
            key = key_for(action.name, keys)
            title = _title(action, labels)
            help = f"key {key}" if key else f"no key; a line in the config gives it one: keys.{action.name}"
            yield Command(title, help, partial(self._run, action.action), True, action.name.replace("_", " "))

    def _queues(self) -> Iterator[Command]:
        for bar in self.screen.query(QueueBar):
            for queue in bar.queues:
                yield Command(f"Queue: {queue.title}", queue.help, partial(bar.choose, queue.name))

    def _views(self) -> Iterator[Command]:
        for bar in self.screen.query(FilterBar):
            try:
                views = bar.views.read()
            except MmsaError:
                return
            for view in views:
                yield Command(
                    f"View: {safe_line(view.name)}", safe_line(view.filter), partial(bar.choose, view.filter)
                )

    def _can_run(self, action: Action) -> bool:
        name = action.action.partition("(")[0]
        if name.startswith("app."):
            return True
        if not hasattr(self.screen, f"action_{name}"):
            return False
        parameters = (int(action.action[6:-1]),) if name == "label" else ()
        return self.screen.check_action(name, parameters) is True

    async def _run(self, action: str) -> None:
        await self.screen.run_action(action)

    def _put_on(self, theme: str) -> None:
        self.app.theme = theme
        keep = getattr(self.app, "keep_theme", None)
        if keep is not None:
            keep(theme)


def _title(action: Action, labels: tuple[str, ...]) -> str:
    if action.textual.startswith("label("):
        index = int(action.textual[6:-1])
        if index < len(labels):
            return f"Label: {safe_line(labels[index])}"
    return action.title


def _shown(title: str) -> Content:
    return Content(title)
