"""Service: a source on disk to posts in the store.

The command line and the app both come in here, so that a source read by one is known to the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mmsa_tui import sources
from mmsa_tui.disk.safety import ignore
from mmsa_tui.errors import UsageError
from mmsa_tui.records import Failure, Post, ReadAs
from mmsa_tui.sources import ReadOptions
from mmsa_tui.sources.registry import reader
from mmsa_tui.sources.stamp import changed_at
from mmsa_tui.store import SourceRow, Store
from mmsa_tui.text.language import language_of

if TYPE_CHECKING:
    from mmsa_tui.bundle.meta import Bundle

_SAID = tuple(said.name for said in fields(ReadAs) if said.name != "format")
"""What a user can say of how to read a source, beside its format."""


def location_of(source: Path | str) -> str:
    """Name a source in the store: its path without links and dots."""
    return str(Path(source).expanduser().resolve())


def describe_change(source: SourceRow) -> str:
    """Say that a source is no longer what was read of it; "" where it is, as far as can be told."""
    path, when = Path(source.location), f"{source.read_at[:16].replace('T', ' ')} UTC"
    try:
        is_newer = changed_at(path) > datetime.fromisoformat(source.read_at).timestamp()
    except FileNotFoundError:
        return f"{source.title} is no longer where it was on {when}: these are the posts it held"
    except (OSError, ValueError):
        return ""
    # The stamp alone differs also where another version of mmsa has made it.
    if not is_newer or sources.stamp_of(path, options_of(source.read_as)) == source.stamp:
        return ""
    return f"{source.title} has changed since it was read on {when}: these are the posts of before"


def read_before(
    store: Store, source: Path, bundle: Bundle, note: Callable[[str], None] = ignore
) -> SourceRow:
    """Look up a source that was read here, to show what a bundle has judged.

    Args:
        bundle: which; its model goes by its id from now on.
        note: told where the source is no longer what was read.

    Raises:
        UsageError: it was not.
    """
    row = store.source(location_of(source))
    if row is None:
        raise UsageError(
            f"{source} has not been classified with bundle {bundle.id}",
            f"Run `mmsa classify {source} -o FILE.csv` first, or choose another --bundle.",
        )
    store.save_model(bundle.id, bundle.model)
    if change := describe_change(row):
        note(f"{change}; `mmsa classify {source} -o FILE.csv` takes in what is new")
    return row


def options_of(read_as: ReadAs, note: Callable[[str], None] = ignore) -> ReadOptions:
    """Read a source as it was read before; `note` is told what holds for it as a whole."""
    return ReadOptions(**{name: getattr(read_as, name) for name in _SAID}, note=note)


def find_format(source: Path | str, format: str | None = None, options: ReadOptions | None = None) -> str:
    """Settle in which format a source is to be read, without reading it.

    Raises:
        SourceError: it is missing, unreadable, empty or in no known format.
        UsageError: there is no such format.
    """
    if format is not None:
        return reader(format).name
    return sources.detect(Path(source).expanduser(), options).format


def check_sources(named: Sequence[Path], format: str | None, options: ReadOptions) -> list[Path]:
    """Refuse what cannot be read, and drop what is named twice.

    Raises:
        SourceError: one is missing, unreadable, empty or in no known format.
    """
    unique = {location_of(source): source for source in named}
    if len(unique) < len(named):
        options.note("a source that is named twice is read once")
    for source in unique.values():
        find_format(source, format, options)
    return list(unique.values())


def read_in(
    store: Store,
    source: Path | str,
    *,
    format: str | None = None,
    options: ReadOptions | None = None,
    on_count: Callable[[int], None] | None = None,
    is_kept: bool = False,
) -> SourceRow:
    """Read a source into the store, in place of what was known of it.

    Args:
        format, options: what the user says of how to read it; kept with the source.
        is_kept: do not read it if it is as it was when it was read in the same way; which of both is noted.
        on_count: called after each post or failure with how many there have been.

    Raises:
        SourceError: the source as a whole cannot be read; what was known of it is kept.
        UsageError: there is no such format.
        StoreError: the store cannot be written.
    """
    # Absolute, because the pictures' paths are kept and used from other working folders.
    path = Path(source).expanduser().resolve()
    options = options or ReadOptions()
    read_as = ReadAs(format or "", **{name: getattr(options, name) for name in _SAID})
    # Of the state before it is read: what changes meanwhile is noticed the next time.
    stamp = sources.stamp_of(path, options)
    if is_kept and (known := _kept(store, path, read_as, stamp, options.note)) is not None:
        return known
    format = find_format(path, format, options)
    posts = map(with_language, sources.read(path, format=format, options=options))
    return store.index_source(str(path), format, path.name, posts, on_count, read_as, stamp)


def _kept(
    store: Store, path: Path, read_as: ReadAs, stamp: str, note: Callable[[str], None]
) -> SourceRow | None:
    """Find a source that need not be read again, and say so; or say why it is, unless it is new."""
    known = store.source(str(path))
    if known is None:
        return None
    if not known.stamp or known.stamp != stamp:
        note(f"{path.name}, or a picture near it, has changed since it was read: it is read again")
    elif known.read_as != read_as:
        note(f"{path.name} is to be read otherwise than before: it is read again")
    elif not store.is_complete(known):
        note(f"posts of {path.name} have been taken out of the store: it is read again")
    else:
        note(f"{path.name} is as it was when it was read: its {known.n_posts:,} posts are not read again")
        store.remember_position(known.id, known.position)
        return known
    return None


def with_language(item: Post | Failure) -> Post | Failure:
    """Tell the language of a post whose source does not; `und` is how a source says that it does not know."""
    if isinstance(item, Failure) or item.language not in ("", "und"):
        return item
    language = language_of(item.text)
    if language == item.language:
        return item
    # `replace` takes twice the time, a million times.
    return Post(
        item.post_id,
        item.text,
        item.pictures,
        item.author,
        item.created_at,
        language,
        item.encoding,
        item.content_hash,
        item.metadata,
        item.truth,
        item.image_text,
    )
