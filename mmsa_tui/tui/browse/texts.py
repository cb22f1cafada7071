"""What the main screen says around its posts: in the line on top, and at the end of the status line."""

from __future__ import annotations

from mmsa_tui.retrain import ENOUGH
from mmsa_tui.text.display import counted, safe_line
from mmsa_tui.tui.browse.post_list import PostList
from mmsa_tui.tui.themes import MUTED, Part


def heading(posts: PostList, codebook: str, *, is_blind: bool) -> list[Part]:
    """Name the source, and say which of its posts are shown and how.

    Args:
        codebook: its name; "" for the default one.
    """
    source = posts.source
    n_all = source.n_posts + source.n_failures
    parts = [(" mmsa ", "bold $text-accent"), (safe_line(source.title, 60), "bold")]
    if codebook:
        parts.append((f" · {codebook}", "$text-accent"))
    parts.append((f"  {n_all:,} posts", MUTED))
    if posts.has_changed:
        parts.append((" · changed on disk", "$text-warning"))
    if posts.n_by_others:
        parts.append((f" · {posts.n_by_others:,} by another model", "$text-warning"))
    parts += _list_parts(posts, n_all)
    if is_blind:
        parts.append((" · blind", "$text-accent"))
    if posts.table.selection:
        parts.append((f" · {len(posts.table.selection):,} selected", "$text-warning"))
    return parts


def _list_parts(posts: PostList, n_all: int) -> list[Part]:
    """Say how many of the posts the list shows; nothing while the filter leaves that open."""
    if posts.filter_error is not None:
        return [(" · the filter is not understood", "$text-error")]
    if posts.is_filter_unfinished:
        return [(" · the filter is not finished", "$text-warning")]
    n_rows = len(posts.listing)
    parts = [(f" · {n_rows:,} shown", MUTED)] if n_rows != n_all else []
    if "all" in posts.hits_elsewhere:
        n_more = posts.hits_elsewhere["all"] - n_rows
        parts.append((f" · {n_more:,} more match outside this queue", "$text-warning"))
    return parts


def describe_corrections(
    n_all: int, n_here: int | None, n_posts: int | None, n_new: int, retrain_key: str
) -> list[Part]:
    """Say how many corrections there are, and how many no model has learned from, once the gate could judge.

    Args:
        n_all: corrections in all sources, of which a retrain learns; exact copies share one.
        n_here: those of this source; None while they are being counted.
        n_posts: posts of this source with one, as the queue has them; None while they are being counted.
        n_new: those that the model in use has not met.
        retrain_key: "" where it has none.
    """
    where = "in all sources " if n_here not in (None, n_all) else ""
    if not where and n_posts is not None and n_posts > n_all:
        where = f"on {n_posts:,} posts "
    parts = [(f"{counted(n_all, 'correction')} {where}", MUTED)]
    if n_new >= ENOUGH:
        new = "" if n_new == n_all else f"{n_new:,} "
        key = f" ({retrain_key})" if retrain_key else ""
        # No advice: whether learning from them pays is for the retrain screen to say.
        parts.append((f"· {new}not learned from{key} ", MUTED))
    return parts
