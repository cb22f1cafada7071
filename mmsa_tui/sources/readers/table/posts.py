"""How the rows of a table become posts: text, date, pictures, label; and what is told of the rest.

What a row holds beyond its roles follows the post as its metadata.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mmsa_tui.pictures.media import file_name
from mmsa_tui.records import Failure, Picture, Post
from mmsa_tui.sources import label_marks
from mmsa_tui.sources.base import ChosenRole, Reading, ReadOptions, SamplePost
from mmsa_tui.sources.columns import is_weak, parse_name, rank, spell
from mmsa_tui.sources.fields.lookup import is_gone
from mmsa_tui.sources.fields.tweet import join_title
from mmsa_tui.sources.files.cells import NOTHING, count_records, names_picture, parse_cell
from mmsa_tui.sources.files.json_envelopes import ANSWERS
from mmsa_tui.sources.files.row_doubts import RowDoubts
from mmsa_tui.sources.files.table_rows import MAX_CELL, REPEATED_HEADER, Record
from mmsa_tui.sources.ids import account_in, clean_id, id_in_address
from mmsa_tui.sources.picture_refs import RowPictures, split_references
from mmsa_tui.sources.readers.table.finding import Found
from mmsa_tui.sources.readers.table.footer import MAX_HELD, Footer
from mmsa_tui.sources.readers.table.whole_text import WholeText
from mmsa_tui.sources.roles.moment import UNKNOWN_ZONES, zone_in
from mmsa_tui.sources.timestamps import without_midnight
from mmsa_tui.text.cleaning import are_json_texts, has_escapes, html_to_text, undo_escapes, undo_json
from mmsa_tui.text.garbled import repair_utf8

MAX_COLUMNS = 512
"""Columns beyond this many do not follow a post: an export of them would open nowhere."""
_SAMPLES = 2
_SHOWN_KEYS = 8
_SHOWN = 160
_LOOK_AT_COLUMNS = 60
_ROW_NUMBERS = frozenset(("index", "idx", "nr", "no", "num", "number", "row", "rownumber", "sno", "unnamed0"))
_MOST_WORDS = 100
ORIGINAL = "text_original"
"""The column that keeps a text as it lay in the table, where reading it changed it."""
_WITHOUT_ESCAPES = frozenset(("csv", "tsv", "xlsx", "xls", "ods"))
_GARBLED = "letters that a program read in the wrong encoding"
_ADDRESSES = frozenset(("url", "urls", "link", "links"))
"""Columns of addresses: where a post has no picture of its own, they lead to a page."""
_ZONES = frozenset(("timezone", "tz", "utcoffset", "timezoneoffset", "zeitzone"))
_OFFSET = re.compile(r"[+-]\d\d:?\d\d|UTC|GMT|Z")
_TARGET = "$T$"
"""What the data sets Twitter-15 and Twitter-17 put where the target of a sentiment stood."""


class TablePosts:
    """Turns the rows of a table into posts."""

    def __init__(self, source: Path, found: Found, options: ReadOptions) -> None:
        self._found = found
        self._roles = found.roles
        self._options = options
        self._pictures = RowPictures(source, found.path, options.note, options.pictures)
        self._read_date = found.date_reader(options.date_order)
        self._cut = 0
        self._headers = 0
        self._doubts = RowDoubts()
        self._other_labels = {column: Counter[str]() for column in found.roles.other_labels}
        self._targets = _target_column(found)
        self._lists = {
            column: 0
            for column in found.table.columns
            if found.table.kind == "jsonl" and parse_name(column).parts[-1] in ANSWERS
        }
        """Columns that may hold lists of answers, and how many there were."""
        self._pages = frozenset(c for c in found.roles.image if parse_name(c).parts[-1] in _ADDRESSES)
        self._zone = _zone_column(found)
        of_labels = {} if self._roles.label else label_marks.label_columns(found.table.columns)
        rows = [record.values for record in found.table.sample if not record.error]
        self._judged = label_marks.lists_of_labels(found.table.columns, rows)
        self._marks = of_labels if label_marks.are_marked(of_labels, rows) else {}
        self._are_words = _are_words(found)
        self._zone_named = zone_in(found.roles.time or found.roles.created_at)
        self._whole = WholeText(found)
        self._foreign: Counter[str] = Counter()
        self._late: dict[str, str] = {}
        texts = [record.values.get(self._roles.text, "") for record in found.table.sample]
        # JSON and typed tables have escapes of their own, which are undone already.
        is_plain = found.table.kind in _WITHOUT_ESCAPES
        self._is_json = is_plain and are_json_texts(texts)
        self._has_escapes = is_plain and not self._is_json and has_escapes(texts)
        self._footer = Footer(found)
        self._gone = 0
        self._changes: Counter[str] = Counter()

    def reading(self) -> Reading:
        """Say how the table is read, with the first posts of it."""
        self._find_pictures()
        table, layout = self._found.table, self._found.table.layout
        records = [record for record in table.sample if not record.error]
        written = [record for record in records if record.values.get(self._roles.text, "").strip()] or records
        return Reading(
            self._found.path.name,
            table.kind,
            tuple(ChosenRole(*chosen) for chosen in self._roles.chosen()),
            tuple(table.columns[:MAX_COLUMNS]),
            tuple(self._sample(record) for record in written[:_SAMPLES]),
            layout.header_row,
            layout.sheet,
            layout.sheets,
            layout.encoding,
            layout.delimiter,
            self._options.pictures,
            self._read_date.why(),
        )

    def _sample(self, record: Record) -> SamplePost:
        values, roles = record.values, self._roles
        text = " ".join(self._clean(self._text(values)).split())
        post_id = self._id_of(values)
        found = self._pictures_of(record, post_id)
        names = (p.name[-60:] + (" (missing)" if p.is_missing else "") for p in found[:3])
        self._forget()
        return SamplePost(
            post_id[:80] or "row number",
            text[:_SHOWN] + ("…" if len(text) > _SHOWN else ""),
            self._author(values)[:80],
            self._read_date.read(self._moment(values)),
            values.get(roles.language, "").strip()[:20],
            values.get(roles.label, "").strip()[:40],
            tuple(names),
        )

    def _forget(self) -> None:
        """Take back what showing a sample has counted."""
        self._changes.clear()
        self._cut = self._gone = 0
        self._pictures.forget()

    def _find_pictures(self) -> None:
        roles, columns = self._roles, self._found.table.columns
        others = [name for name in columns[:_LOOK_AT_COLUMNS] if name not in roles.columns()]
        sample = self._found.table.sample
        self._pictures.prepare(
            (
                (self._references(record.values), self._id_of(record.values), record.values)
                for record in sample
                if not record.error and not record.pictures
            ),
            [*filter(None, [roles.id]), *(name for name in others if _may_name_pictures(name, sample))],
        )

    def _pictures_of(self, record: Record, post_id: str) -> tuple[Picture, ...]:
        """Return the pictures in the row itself, and those that it names beside them."""
        names = self._references(record.values)
        if not record.pictures:
            called = record.values.get(self._pictures.column, "").strip() if self._pictures.column else ""
            return self._pictures.find(names, post_id, called)
        own = {picture.name for picture in record.pictures}
        names = [name for name in names if file_name(name) not in own]
        return (*record.pictures, *(self._pictures.find(names) if names else ()))

    def __iter__(self) -> Iterator[Post | Failure]:
        table, roles = self._found.table, self._roles
        own = [name for name in table.columns if name not in (roles.text, roles.id)]
        if len(own) > MAX_COLUMNS:
            self._options.note(
                f"{len(table.columns):,} columns: those after the first {MAX_COLUMNS} are left out"
            )
            own = own[:MAX_COLUMNS]
        keep = list(dict.fromkeys([*roles.columns(), *roles.other_labels, *own]))
        known = set(table.columns)
        taken = {c for c in (roles.text, roles.id, roles.author, roles.created_at, *roles.image) if c}
        # The keys of a later line of jsonl are not known yet: it keeps what it has.
        for number, record in self._without_footer(table.records(() if table.is_open else keep)):
            names: Sequence[str] = own
            if table.is_open and not record.error and taken.isdisjoint(record.values):
                self._foreign[", ".join(list(record.values)[:_SHOWN_KEYS])] += 1
                continue
            if table.is_open:
                names = [n for n in record.values if n not in (roles.text, roles.id)][:MAX_COLUMNS]
                for name in names:
                    if name not in known:
                        known.add(name)
                        self._late[name] = record.where
            yield self._item(number, record, names)
        self._close()

    def _without_footer(self, records: Iterator[Record]) -> Iterator[tuple[int, Record]]:
        """Number the rows from 1; leave out repeated headers, and what stands below the posts and is none."""
        held: list[tuple[int, Record]] = []
        for number, record in enumerate(records, start=1):
            if record.error == REPEATED_HEADER:
                self._headers += 1
                continue
            if number == 1 and self._footer.stands_above(record):
                continue
            if len(held) < MAX_HELD and self._footer.may_be(record):
                held.append((number, record))
                continue
            yield from held
            held.clear()
            yield number, record
        yield from (row for row in held if not self._footer.is_one(row[1]))

    def _item(self, number: int, record: Record, names: Sequence[str]) -> Post | Failure:
        values, roles = record.values, self._roles
        given = self._id_of(values)
        post_id = given or str(number)
        metadata = {name: values[name] for name in names if name in values}
        written = self._text(values)
        text = self._clean(written)
        if text != written:
            metadata[ORIGINAL] = written
        if record.error:
            return Failure(post_id, record.error, text, metadata)
        if record.is_repaired or record.is_doubtful or record.is_short:
            self._doubts.add(record)
        for column, words in self._other_labels.items():
            if (word := values.get(column, "").strip()) and (word in words or len(words) < _MOST_WORDS):
                words[word] += 1
        for column in self._lists:
            self._lists[column] += count_records(values.get(column, ""))
        label = values.get(roles.label, "").strip() if roles.label else ""
        if self._marks:
            label = label_marks.marked(self._marks, values)
        return Post(
            post_id,
            text,
            self._pictures_of(record, given),
            author=self._author(values),
            created_at=self._read_date(moment) if (moment := self._moment(values)) else "",
            language=values.get(roles.language, "").strip().lower(),
            encoding=record.encoding,
            metadata=metadata,
            truth={"label": label.lower()} if label else {},
        )

    def _id_of(self, values: Mapping[str, str]) -> str:
        value = clean_id(values.get(self._roles.id, ""))
        return id_in_address(value) if self._roles.id_in_address else value

    def _author(self, values: Mapping[str, str]) -> str:
        value = values.get(self._roles.author, "").strip()
        if not value.isascii():
            value = repair_utf8(value)
        return account_in(value) or ("" if len(value) < 5 and value.casefold() in NOTHING else value)

    def _references(self, values: Mapping[str, str]) -> list[str]:
        found: list[str] = []
        for column in self._roles.image:
            if cell := values.get(column, ""):
                names = split_references(cell)
                if column in self._pages:
                    names = [name for name in names if "://" not in name or names_picture(name)]
                found += names
        return list(dict.fromkeys(found)) if found else found

    def _text(self, values: Mapping[str, str]) -> str:
        text = self._whole(values)
        if self._are_words and isinstance(words := parse_cell(text), list):
            text = " ".join(map(str, words))
        self._cut += len(text) >= MAX_CELL
        if self._targets and _TARGET in text:
            text = text.replace(_TARGET, values.get(self._targets, _TARGET))
        if is_gone(text):
            self._gone += 1
            text = ""
        title = values.get(self._roles.title, "") if self._roles.title else ""
        return join_title(title, text) if title.strip() else text

    def _clean(self, text: str) -> str:
        """Undo what a tool did to a text, and count it by kind."""
        if text.isascii() and not (self._is_json or self._has_escapes or "<" in text or "&" in text):
            return text
        changes: set[str] = set()
        if (repaired := repair_utf8(text)) is not text:
            text = repaired
            changes.add(_GARBLED)
        if self._is_json:
            cleaned = undo_json(text)
            text, changes = cleaned.text, changes | cleaned.changes
        if self._has_escapes:
            cleaned = undo_escapes(text)
            text, changes = cleaned.text, changes | cleaned.changes
        if "<" in text or "&" in text:
            cleaned = html_to_text(text)
            text, changes = cleaned.text, changes | cleaned.changes
        if changes:
            self._changes.update(changes)
        return text

    def _moment(self, values: Mapping[str, str]) -> str:
        """Return what a row says of its date, time and zone, in as many columns as it takes."""
        written = values.get(self._roles.created_at, "").strip()
        time = values.get(self._roles.time, "").strip() if written and self._roles.time else ""
        whole = f"{without_midnight(written)} {time}" if time else written
        if time and not self._read_date.read(whole):
            whole = written
        zone = (values.get(self._zone, "").strip() or self._zone_named) if ":" in whole else ""
        return zoned if zone and self._read_date.read(zoned := f"{whole} {zone}") else whole

    def _close(self) -> None:
        """Say what was not understood in the rows."""
        note = self._options.note
        if unread := self._read_date.note(self._roles.created_at):
            note(unread)
        if (order := self._options.date_order) and not self._read_date.depends_on_order:
            column = self._roles.created_at
            found = f"no date in `{column}` is like 05/01/2026" if column else "no column holds dates"
            note(f"--date-order {order} has no effect: {found}")
        for keys, count in self._foreign.most_common(5):
            note(f"records with none of the fields that the posts have, left out: {count:,}, with {keys}")
        if (zone := self._zone_named) and zone in UNKNOWN_ZONES:
            column = self._roles.time or self._roles.created_at
            note(f"times in `{column}` are read as UTC: how far {zone} is from it depends on the day")
        for told in self._footer.notes():
            note(told)
        if self._headers:
            note(f"rows that repeat the header, left out: {self._headers:,}")
        for told in self._doubts.notes(self._found.path.name):
            note(told)
        if self._changes:
            kinds = ", ".join(f"{kind} in {count:,}" for kind, count in sorted(self._changes.items()))
            note(f"texts are read as their authors typed them: {kinds} undone; `{ORIGINAL}` keeps them")
        if self._gone:
            note(f"texts that were removed from the site, taken for empty: {self._gone:,}")
        counted = [f"`{column}` ({_counted(words)})" for column, words in self._other_labels.items() if words]
        if counted:
            note(
                f"columns of labels that are only kept, not read as people's labels: {', '.join(counted)}; "
                f"--map label={self._roles.other_labels[0]} reads one"
            )
        if told := ", ".join(f"`{column}` ({count:,})" for column, count in self._lists.items() if count):
            note(f"answers within posts that are kept as they lie, and are no posts: {told}")
        if self._judged:
            names = ", ".join(f"`{column}`" for column in self._judged)
            note(f"labels within lists that are kept as they lie, not read as people's labels: {names}")
        if self._marks:
            note(f"people's labels are the columns that are marked: {', '.join(self._marks)}")
        if self._are_words:
            note(f"texts are lists of words in `{self._roles.text}`, joined by spaces")
        if self._cut:
            note(f"texts cut at {MAX_CELL:,} characters: {self._cut:,}")
        for name, where in list(self._late.items())[:5]:
            for kind in ("image", "created_at", "label", "author"):
                # A role that is taken has its column.
                if not getattr(self._roles, kind) and _is_called(kind, name):
                    note(f"column `{name}` first comes at {where}: --map {_word(kind)}={name} uses it")
        self._pictures.close()


def _counted(words: Counter[str]) -> str:
    shown = ", ".join(f"{word} {count:,}" for word, count in words.most_common(6))
    return shown + (f" and {len(words) - 6} more" if len(words) > 6 else "")


def _is_called(kind: str, name: str) -> bool:
    parsed = parse_name(name)
    return rank(kind, parsed) is not None and not (is_weak(kind, parsed) or parsed.is_about_author)


def _word(kind: str) -> str:
    return "date" if kind == "created_at" else kind


def _may_name_pictures(column: str, sample: Sequence[Record]) -> bool:
    """Whether pictures may be called like the cells of a column: codes, or the numbers of rows; no counts."""
    if spell(column) in _ROW_NUMBERS or column == "column_1":
        return True
    return not all(record.values.get(column, "").strip().isdigit() for record in sample)


def _are_words(found: Found) -> bool:
    """Whether texts are taken apart into lists of their words."""
    cells = [record.values.get(found.roles.text, "") for record in found.table.sample]
    filled = [cell for cell in cells if cell.strip()]
    if not filled:
        return False
    lists = (parse_cell(cell) if cell[:1] == "[" else None for cell in filled)
    return all(isinstance(words, list) and all(isinstance(w, str) for w in words) for words in lists)


def _zone_column(found: Found) -> str:
    """Return the column of the zones that the times of the posts are in, as `+0200`, "" if there is none."""
    for column in found.table.columns:
        cells = [cell for record in found.table.sample if (cell := record.values.get(column, "").strip())]
        if spell(column) in _ZONES and cells and all(map(_OFFSET.fullmatch, cells)):
            return column
    return ""


def _target_column(found: Found) -> str:
    """Return the column of the words that `$T$` stands for, "" if there is none."""
    text = found.roles.text
    sample = [record.values for record in found.table.sample]
    if not text or 2 * sum(_TARGET in values.get(text, "") for values in sample) < len(sample) or not sample:
        return ""
    at = list(found.table.columns).index(text)
    return next(iter(found.table.columns[at + 1 : at + 2]), "")
