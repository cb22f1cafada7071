"""The one way to read a source: finds its reader and completes what the reader yields.

Completing a post means clean text, the digest of every picture and the content hash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from mmsa_tui.disk.safety import check_source, ignore, walk
from mmsa_tui.errors import MmsaError, SourceError
from mmsa_tui.pictures.files import PictureFiles
from mmsa_tui.records import Failure, Picture, Post, content_hash, hash_bytes, nameplate_hash
from mmsa_tui.sources.base import Reader, ReadOptions
from mmsa_tui.sources.detection import (
    about_format,
    claim,
    detect,
    refuse_archive,
    refuse_bad_zip,
    tell_of_packed,
)
from mmsa_tui.sources.files.byte_stream import read_start
from mmsa_tui.sources.files.contradictions import about_encoding
from mmsa_tui.sources.label_words import LabelTally
from mmsa_tui.sources.leftovers import count_unnamed
from mmsa_tui.sources.registry import reader
from mmsa_tui.sources.timestamps import DateReader, is_moment
from mmsa_tui.sources.unpacked import holds_folder, read_inside

DATE_ORIGINAL = "date_original"
"""The column that keeps a date as it was written, where it could not be read."""
_LOOK_AT_FILES = 40
_LOOK_AT_BYTES = 64 * 1024
_NO_BYTES = hash_bytes(b"")
"""The digest of a picture file that is empty."""


def read(
    source: Path | str, *, format: str | None = None, options: ReadOptions | None = None
) -> Iterator[Post | Failure]:
    """Read the posts of a source, one by one, in a stable order and bounded memory.

    Args:
        format: a name in `formats()`; without it the format is detected, and a source whose columns
            are mapped is a table.

    Raises:
        SourceError: the source as a whole cannot be read; raised before the first post, or after
            it only where `Failure` cannot say it.
        UsageError: there is no such format.
    """
    path = check_source(Path(source))
    options = options or ReadOptions()
    refuse_archive(path)
    is_said = format is not None
    if format is None:
        format = detect(path, options).format
    else:
        refuse_bad_zip(path)
    chosen = reader(format)
    if is_said and chosen.name != "table" and (told := about_format(chosen, path, options)):
        options.note(told)
    if chosen.name != "table":
        _tell_contradictions(path, chosen, options)
    # Some readers know what lies in a zip file; for the others it is a folder.
    if path.is_file() and holds_folder(path) and claim(format, path, options) is None:
        return complete(read_inside(path, chosen, options), path.name, options.note, options.date_order)
    if path.is_file() and chosen.name == "table":
        tell_of_packed(path, options.note)
    items = chosen.read(path, options)
    if path.is_dir():
        items = count_unnamed(items, path, options.note)
    return complete(items, path.name, options.note, options.date_order)


def _tell_contradictions(path: Path, chosen: Reader, options: ReadOptions) -> None:
    """Tell what of the options a source that is no table has no room for, or contradicts.

    Raises:
        UsageError: no file of the source is in the encoding that the user says.
    """
    if idle := list(options.of_tables()):
        options.note(f"{chosen.name} has no columns to choose: {', '.join(idle)} left aside")
    if options.encoding and not chosen.takes_encoding:
        options.note(f"files of {chosen.name} state their encoding: --encoding is left aside")
    elif options.encoding:
        told = [about_encoding(*sample, options.encoding) for sample in _samples(path)]
        if doubts := [text for text in told if text]:
            more = f" (and {len(doubts) - 1} more of {len(told)} files looked at)" if len(doubts) > 1 else ""
            options.note(doubts[0] + more)


def _samples(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and beginning of a file, or of some files of text in a folder."""
    names = (name for name in walk(path, ignore) if name.lower().endswith((".txt", ".csv", ".html")))
    files = [path / name for name in islice(names, _LOOK_AT_FILES)] if path.is_dir() else [path]
    return ((file.name, read_start(file, _LOOK_AT_BYTES)) for file in files)


def complete(
    items: Iterator[Post | Failure],
    name: str,
    note: Callable[[str], None] = ignore,
    date_order: str = "",
) -> Iterator[Post | Failure]:
    """Clean what a reader yields, and give every post its digests and its content hash.

    A date that a reader could not read goes to the column `date_original`, and is counted.

    Args:
        name: what is being read, for people.
        note: is told how many dates could not be read.
        date_order: how the user says that dates of numbers alone are to be read, as in `ReadOptions`.
    """
    count = 0
    read_date = DateReader(order=date_order)
    labels = LabelTally()
    with PictureFiles() as files:
        while True:
            try:
                item = next(items)
            except StopIteration:
                if unread := read_date.note():
                    note(unread)
                for shown in labels.notes():
                    note(shown)
                return
            except MmsaError as error:
                if not count:
                    raise
                yield Failure("", f"the rest of {name} cannot be read: {error.message}")
                return
            except Exception as error:
                # The boundary of the readers: what they did not foresee ends the reading, not
                # the program, and what came before it stays.
                reason = f"{type(error).__name__}: {error}"
                if not count:
                    raise SourceError(
                        f"{name} cannot be read: {reason}", "Force another format with --format."
                    ) from error
                yield Failure("", clean(f"the rest of {name} cannot be read: {reason}"))
                return
            count += 1
            if not isinstance(item, Post):
                yield _clean_failure(item)
                continue
            if item.truth:
                labels.add(item.truth)
            if item.created_at and not is_moment(item.created_at):
                moment = read_date(clean(item.created_at))
                kept = item.metadata if moment else {**item.metadata, DATE_ORIGINAL: item.created_at}
                item = replace(item, created_at=moment, metadata=kept)
            yield _complete_post(item, files)


def _complete_post(post: Post, files: PictureFiles) -> Post:
    pictures = post.pictures and tuple([_with_digest(picture, files) for picture in post.pictures])
    post_id, text, author, metadata = post.post_id, post.text, post.author, post.metadata
    # One look at all of it is several times as fast as one at each; hardly a post needs cleaning.
    whole = "\x1f".join((post_id, text, author, *metadata, *metadata.values()))
    if "\0" in whole or not (whole.isascii() or clean(whole) is whole):
        post_id, text, author, metadata = clean(post_id), clean(text), clean(author), _clean_all(metadata)
    return Post(
        post_id,
        text,
        pictures,
        author,
        post.created_at,
        post.language,
        post.encoding,
        _identity(post_id, text, pictures),
        metadata,
        post.truth,
    )


def _identity(post_id: str, text: str, pictures: Sequence[Picture]) -> str:
    digests = [picture.digest for picture in pictures if picture.digest]
    if text or any(digest != _NO_BYTES for digest in digests):
        return content_hash(text, digests)
    return nameplate_hash(post_id, [picture.name for picture in pictures])


def _clean_failure(failure: Failure) -> Failure:
    return Failure(
        clean(failure.post_id), clean(failure.reason), clean(failure.text), _clean_all(failure.metadata)
    )


def _clean_all(metadata: Mapping[str, str]) -> dict[str, str]:
    return {clean(name): clean(value) for name, value in metadata.items()}


def clean(text: str) -> str:
    """Make a text storable: no NUL, and U+FFFD for halves of surrogate pairs.

    JSON escapes and file names of another encoding bring both; databases and spreadsheets refuse.
    """
    if "\0" in text:
        text = text.replace("\0", "")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _with_digest(picture: Picture, files: PictureFiles) -> Picture:
    """Fill in the digest; a picture that cannot be read keeps "" and its name."""
    digest = picture.digest
    if picture.path is not None and not digest:
        try:
            digest = hash_bytes(files.read(picture))
        except OSError:
            digest = ""
    return replace(picture, name=clean(picture.name), alt_text=clean(picture.alt_text), digest=digest)
