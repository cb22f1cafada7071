"""One picture of a post, by the terminal's graphics or by half blocks, or why there is none."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from rich.segment import Segment
from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from mmsa_tui.pictures.decoder import PictureError
from mmsa_tui.records import Picture
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.graphics import Graphics, make_picture_widget
from mmsa_tui.tui.pictures import Blocks, Pictures, fit_size, heat

if TYPE_CHECKING:
    from PIL.Image import Image

SETTLE_S = 0.03
"""How long the cursor must rest before a picture is drawn; keeps a held arrow key light."""


class BlockPicture(Widget):
    """A picture as half blocks, in the middle of the width it has."""

    def __init__(self) -> None:
        super().__init__()
        self._blocks: Blocks = []

    def show(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self.styles.height = max(1, len(blocks))
        self.refresh(layout=True)

    def render_line(self, y: int) -> Strip:
        width, style = self.size.width, self.rich_style
        if y >= len(self._blocks):
            return Strip.blank(width, style)
        line = self._blocks[y]
        left = max(0, (width - len(line)) // 2)
        return Strip([Segment(" " * left, style), *line]).adjust_cell_length(width, style)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, len(self._blocks))


class PictureView(Vertical):
    """The picture at one place of a post's pictures, and a line that says which.

    Args:
        pictures: where decoded pictures come from.
        graphics: how the terminal draws.
    """

    def __init__(self, pictures: Pictures, graphics: Graphics, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._pictures = pictures
        self._graphics = graphics
        self._wanted: tuple[tuple[Picture, ...], int, tuple[float, ...] | None, int] = ((), 0, None, 12)

    def compose(self) -> ComposeResult:
        if self._graphics == "blocks":
            yield BlockPicture()
        else:
            yield make_picture_widget(self._graphics)
        yield Static(id="picture-caption")

    def show(
        self, pictures: tuple[Picture, ...], index: int, regions: tuple[float, ...] | None, max_rows: int
    ) -> None:
        """Show a picture of a post, if it has one.

        Args:
            regions: the heat map to lay on it, or None.
            max_rows: lines it may take at most, its caption included.
        """
        wanted = (pictures, index, regions, max_rows)
        if wanted == self._wanted and self.display:
            return
        self._wanted = wanted
        self.display = bool(pictures) and max_rows >= 4
        if self.display:
            self._draw()
        else:
            self.workers.cancel_group(self, "draw")

    def on_resize(self) -> None:
        if self.display and self._wanted[0]:
            self._draw()

    @work(exclusive=True, group="draw")
    async def _draw(self) -> None:
        pictures, index, regions, max_rows = self._wanted
        await asyncio.sleep(SETTLE_S)
        if not self._is_whole:
            return
        picture = pictures[min(index, len(pictures) - 1)]
        columns = max(4, self.size.width)
        child = self.query_children().first()
        try:
            image = await self._pictures.get(picture)
        except PictureError as problem:
            if self._is_whole:
                child.display = False
                self._caption(pictures, index, str(problem))
            return
        blocks: Blocks = []
        if isinstance(child, BlockPicture):
            blocks = await self._pictures.draw(image, columns, max_rows - 1, regions)
        if not self._is_whole:
            return
        child.display = True
        self._caption(pictures, index, "")
        if isinstance(child, BlockPicture):
            child.show(blocks)
        else:
            self._show_graphics(child, image, columns, max_rows - 1, regions)
        await self._look_ahead(pictures, index)

    @property
    def _is_whole(self) -> bool:
        """Whether the widgets are still there; work that began earlier may end after them."""
        return self.is_attached and bool(self.query("#picture-caption"))

    def _show_graphics(
        self, child: Any, image: Image, columns: int, rows: int, regions: tuple[float, ...] | None
    ) -> None:
        width, height = fit_size(image.width, image.height, columns, rows)
        child.styles.width, child.styles.height = width, height
        child.image = heat(image, regions) if regions is not None else image

    async def _look_ahead(self, pictures: tuple[Picture, ...], index: int) -> None:
        """Decode the next picture of the post, which is one key away."""
        if index + 1 < len(pictures):
            try:
                await self._pictures.get(pictures[index + 1])
            except PictureError:
                pass

    def _caption(self, pictures: tuple[Picture, ...], index: int, problem: str) -> None:
        picture = pictures[min(index, len(pictures) - 1)]
        parts: list[tuple[str, str]] = []
        if len(pictures) > 1:
            parts.append((f"[{index + 1}/{len(pictures)}] ", "bold"))
        if problem:
            parts.append((f"✗ {safe_line(problem, 200)} ", "$text-warning"))
            parts.append((f"({safe_line(picture.name, 120)})", "$foreground-muted"))
        elif picture.alt_text:
            parts.append((safe_line(picture.alt_text, 200), "$foreground-muted"))
        caption = self.query_one("#picture-caption", Static)
        caption.update(Content.assemble(*parts))
        caption.display = bool(parts)
