"""Datasets of 4CAT: a CSV with `id, thread_id, timestamp, body, author…`, and its image archives.

The CSV alone, a folder with CSV and images, or a zip with both. Known columns get the names that
all sources share; the others keep theirs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from zipfile import is_zipfile

from mmsa_tui.disk.archive import Archive
from mmsa_tui.disk.safety import ignore
from mmsa_tui.errors import SourceError
from mmsa_tui.pictures.finder import PICTURE_SUFFIXES, natural_key, split_name
from mmsa_tui.pictures.media import Media, MediaFiles, file_name
from mmsa_tui.records import Failure, Picture, Post
from mmsa_tui.sources.base import Example, Match, Reader, ReadOptions
from mmsa_tui.sources.fields.tweet import Tweet, join_title, language, with_pictures, without_last_link
from mmsa_tui.sources.files.byte_stream import DAMAGE
from mmsa_tui.sources.files.csv_rows import Row
from mmsa_tui.sources.files.delimited import read_rows, rows_of
from mmsa_tui.sources.files.row_doubts import RowDoubts
from mmsa_tui.sources.files.table_rows import record_of
from mmsa_tui.sources.readers.fourcat.images import FourcatImages
from mmsa_tui.sources.timestamps import moment_or_words
from mmsa_tui.text.cleaning import html_to_text

_SIGNATURE = frozenset(("id", "timestamp", "body"))
_TELLING = frozenset(("thread_id", "unix_timestamp", "collected_from_url"))
"""One of these stands in every data set of 4CAT, whatever the platform."""
_AUTHORS = ("author_username", "account_username", "author", "username", "user", "author_nickname")
_LANGUAGES = ("language_guess", "lang", "languages")
_TITLES = ("subject", "title")
_KINDS = frozenset(("Post", "Stream"))
"""What stands under `subject` where posts have no title."""
_READ_APART = frozenset(("id", "body", "author", "timestamp", "unix_timestamp", "language_guess", "lang"))
_SHARED_NAMES = {
    "thread_id": "conversation_id",
    "link": "url",
    "author_fullname": "author_name",
    "like_count": "likes",
    "retweet_count": "retweets",
    "reply_count": "replies",
    "quote_count": "quotes",
    "impression_count": "views",
    "retweeted_user": "retweet_author",
    "quoted_user": "quote_author",
    "replied_user": "reply_to_author",
    "urls": "links",
}
_IMAGE_COLUMNS = (
    "images",
    "image_urls",
    "image_url",
    "media_urls",
    "media_url",
    "display_url",
    "photo",
    "photos",
)
_URL = re.compile(r"https?://\S+?(?=,https?://|,?\s|,?$)")

MAX_PICTURES = 100
MAX_COLUMNS = 512


@dataclass(frozen=True, slots=True)
class _Tables:
    """The CSV files of a source: by name, and how to read their rows."""

    names: list[str]
    rows: Callable[[str], Iterator[Row]]
    images: Callable[[ReadOptions], FourcatImages]
    files: MediaFiles


class Fourcat:
    """A dataset exported from 4CAT."""

    name = "4cat"
    title = "4CAT dataset (CSV, with or without images)"
    takes_encoding = True
    example = Example(
        "11",
        {
            "posts.csv": "id,thread_id,timestamp,body,author,images\n"
            "11,11,2026-05-01 10:00:00,A fine day,sam,https://files.example/90.jpg?stp=x\n",
            "posts-images/.metadata.json": '{"https://files.example/90.jpg?stp=x": {"filename": "90.jpg",'
            ' "success": true, "post_ids": ["11"]}}',
            "posts-images/90.jpg": "",
        },
    )

    def detect(self, source: Path) -> Match | None:
        try:
            with ExitStack() as stack:
                tables = _open(source, stack)
                for name in tables.names[:5]:
                    if _is_header(next(tables.rows(name), Row(1))):
                        return Match(self.name, 92, f"{name} has 4CAT's columns id, body, timestamp")
        except (OSError, SourceError):
            return None
        return None

    def read(self, source: Path, options: ReadOptions) -> Iterator[Post | Failure]:
        with ExitStack() as stack:
            tables = _open(source, stack, options.note, options.encoding)
            names = [name for name in tables.names if _is_header(next(tables.rows(name), Row(1)))]
            if not names:
                raise SourceError(
                    f"{source} holds no CSV with 4CAT's columns",
                    "Point at the CSV of the dataset, or at the folder with it.",
                )
            if len(names) < len(tables.names):
                options.note(f"CSV files with other columns left out: {len(tables.names) - len(names):,}")
            images = tables.images(options)
            for name in names:
                yield from _read_table(name, tables.rows(name), images, tables.files, options)


def _open(
    source: Path, stack: ExitStack, note: Callable[[str], None] = ignore, encoding: str = ""
) -> _Tables:
    """Find the tables of a source.

    Raises:
        SourceError, OSError: it cannot be opened.
    """
    if source.is_dir() or not is_zipfile(source):
        root = source if source.is_dir() else source.absolute().parent
        paths = [source]
        if source.is_dir():
            paths = [path for path in source.iterdir() if path.suffix.lower() == ".csv"]
            paths = [path for path in paths if path.is_file() and not path.is_symlink()]
        by_name = {path.name: path for path in sorted(paths, key=lambda path: natural_key(path.name))}
        return _Tables(
            names=list(by_name),
            rows=lambda name: read_rows(by_name[name], encoding),
            images=lambda options: FourcatImages.beside(root, options.note),
            files=MediaFiles.near(source, note),
        )
    archive = stack.enter_context(Archive(source, note))
    names = sorted((name for name in archive.members if name.lower().endswith(".csv")), key=natural_key)

    def images(options: ReadOptions) -> FourcatImages:
        found = FourcatImages()
        found.add_archive(archive)
        return found

    return _Tables(
        names, lambda name: _member_rows(archive, name, encoding), images, MediaFiles.inside(archive)
    )


def _member_rows(archive: Archive, name: str, encoding: str) -> Iterator[Row]:
    line = 0
    try:
        for row in rows_of(partial(archive.stream, name), name, encoding):
            line = row.line
            yield row
    except (*DAMAGE, OSError) as error:
        yield Row(line + 1, error=f"{name} cannot be read beyond line {line:,}: {error}")


def _is_header(row: Row) -> bool:
    names = {cell.strip() for cell in row.cells}
    return names >= _SIGNATURE and not names.isdisjoint(_TELLING)


def _read_table(
    name: str, rows: Iterator[Row], images: FourcatImages, files: MediaFiles, options: ReadOptions
) -> Iterator[Post | Failure]:
    header = [cell.strip() for cell in next(rows).cells]
    width, doubts = len(header), RowDoubts()
    if len(header) > MAX_COLUMNS:
        options.note(f"{name}: columns after the first {MAX_COLUMNS} are left out")
        header = header[:MAX_COLUMNS]
    for row in rows:
        where = f"{name} line {row.line:,}"
        record = record_of(row, {}, width, is_text=True)
        values = dict(zip(header, row.cells, strict=False))
        if record.error:
            yield Failure(where, f"{name} {record.error}", values.get("body", ""))
            continue
        doubts.add(record)
        pictures = _pictures(values, images, files)
        text = values.get("body", "")
        title = next((found for name in _TITLES if (found := values.get(name, "").strip())), "")
        title = "" if title in _KINDS else html_to_text(title).text
        if pictures or values.get("videos", "").strip():
            text = without_last_link(text)
        tweet = Tweet(
            post_id=values.get("id", "").strip(),
            # Mastodon's kin, such as Truth and Gab, write HTML.
            text=join_title(title, html_to_text(text).text).strip(),
            author=next((name for column in _AUTHORS if (name := values.get(column, "").strip())), ""),
            created_at=moment_or_words(values.get("timestamp", ""), values.get("unix_timestamp", "")),
            language=language(next((found for name in _LANGUAGES if (found := _first(values, name))), "")),
            metadata={
                _SHARED_NAMES.get(column, column): value
                for column, value in values.items()
                if value and column and column not in _READ_APART
            },
        )
        yield with_pictures(tweet, pictures, where, row.encoding)
    for told in doubts.notes(name):
        options.note(told)


def _first(values: Mapping[str, str], name: str) -> str:
    return values.get(name, "").split(",")[0].strip()


def _pictures(values: Mapping[str, str], images: FourcatImages, files: MediaFiles) -> tuple[Picture, ...]:
    """Return the pictures of a row: those it names by address, then others of its archive."""
    cells = " ".join(filter(None, (values.get(column, "") for column in _IMAGE_COLUMNS)))
    urls = list(dict.fromkeys((*_URL.findall(cells), *images.urls_of(values.get("id", "").strip()))))
    pictures = []
    for url in urls[:MAX_PICTURES]:
        picture = images.by_url(url)
        if picture is not None:
            pictures.append(picture)
        elif split_name(file_name(url))[2] in PICTURE_SUFFIXES or "format=" in url:
            pictures.extend(files.pictures([Media(url)]))
    attached = values.get("attachment_filename", "").strip()
    # An archive has the one picture of a message, often under a name of its own.
    is_found = any(picture.path for picture in pictures)
    if attached and not is_found and split_name(attached)[2] in PICTURE_SUFFIXES:
        pictures.extend(files.pictures([Media(attached)]))
    return tuple(pictures)


READER: Reader = Fourcat()
