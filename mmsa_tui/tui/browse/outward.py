"""What leaves the app for other programs: words for the clipboard, a picture, a page for the browser."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

from mmsa_tui.errors import MmsaError
from mmsa_tui.pictures.decoder import PictureError
from mmsa_tui.pictures.viewer import NoViewerError, open_in_browser, open_in_viewer
from mmsa_tui.services.original import address_of, allow, is_allowed, site_of
from mmsa_tui.text.display import safe, safe_line
from mmsa_tui.tui.dialogs.ask import AskWhether
from mmsa_tui.tui.widgets.post_facts import describe

if TYPE_CHECKING:
    from mmsa_tui.tui.browse.screen import BrowseScreen


def copy(screen: BrowseScreen, what: Literal["text", "id"]) -> None:
    """Hand the text or the id of the post under the cursor to the terminal's clipboard."""
    row = screen.row
    words = (row.text if what == "text" else row.post_id) if row is not None else ""
    if row is None or not words:
        screen.tell(f"This post has no {what}.")
        return
    # As it is shown: nothing in it may act where it is pasted.
    screen.app.copy_to_clipboard(safe(words, newlines=True))
    screen.tell(f"Copied: the {what} of {describe(row)}, if your terminal lets programs copy.")


async def open_picture(screen: BrowseScreen) -> None:
    """Open the picture in view with the system's viewer."""
    picture = screen.view.picture
    if picture is None:
        screen.tell("This post has no picture.")
        return
    app = screen.mmsa
    try:
        path = await asyncio.to_thread(open_in_viewer, picture, app.config.paths.cache_dir, app.pictures.read)
    except (PictureError, NoViewerError) as problem:
        screen.tell(str(problem), "$text-warning")
    else:
        screen.tell(f"opened {path.name}")


async def open_original(screen: BrowseScreen) -> None:
    """Open the post under the cursor where it was published, once the user has agreed to that site."""
    row = screen.row
    address = address_of(row) if row is not None else ""
    if not address:
        screen.tell("The source does not say where this post is on the web.")
        return
    folder, site = screen.mmsa.config.paths.data_dir, site_of(address)
    if not is_allowed(folder, site):
        text = (
            f"{safe_line(address, 300)}\n\nThe site learns that somebody here looks at this post. For {site}"
            " you are not asked again."
        )
        dialog = AskWhether("Open this page in your browser?", text, "Open (y)", "No (n)")
        if not await screen.app.push_screen_wait(dialog):
            return
        try:
            allow(folder, site)
        except MmsaError as error:
            screen.mmsa.show_error(error)
    try:
        await asyncio.to_thread(open_in_browser, address)
    except (NoViewerError, OSError) as problem:
        screen.tell(str(problem), "$text-warning")
    else:
        screen.tell(f"Opened {safe_line(address, 200)}")
