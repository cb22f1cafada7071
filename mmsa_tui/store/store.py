"""The store as the rest of the program sees it: one object, one database file.

Each write is one transaction. Use one `Store` per thread; any number of threads and processes
may have the same file open.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from mmsa_tui.disk.closing import Closing
from mmsa_tui.errors import DamagedStoreError
from mmsa_tui.records import Correction, Failure, Post, Prediction, ReadAs
from mmsa_tui.store import (
    corrections,
    counting,
    erase,
    indexing,
    lookup,
    posts,
    predictions,
    rows,
    study,
)
from mmsa_tui.store.audits import Audits
from mmsa_tui.store.database import Database
from mmsa_tui.store.history import Acts
from mmsa_tui.store.image_texts import ImageTexts
from mmsa_tui.store.posts import SourceRow, StoredPost
from mmsa_tui.store.rows import Order, Row, Where


class Store(Closing):
    """Posts, predictions and corrections in one SQLite file.

    Audits, what can be undone, and the words in pictures are rooms of their own in it: `audits`, `acts`
    and `image_texts`.

    Every method may raise `StoreError`: locked for too long, full disk, damage.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self.audits = Audits(db)
        self.acts = Acts(db)
        self.image_texts = ImageTexts(db)

    @classmethod
    def open(cls, path: Path) -> Store:
        """Open or make the database and bring it up to date.

        Raises:
            StoreError: it cannot be opened or written, is damaged, belongs to another program,
                or was written by a newer version.
        """
        return cls(Database.open(path))

    @classmethod
    def open_to_write(cls, path: Path) -> Store:
        """Open the database as `open` does, and refuse one in which pages are damaged.

        Raises:
            DamagedStoreError: they are: what went into it now might be lost with the rest.
            StoreError: as `open`.
        """
        store = cls.open(path)
        try:
            store._db.check()
        except BaseException:
            store.close()
            raise
        return store

    def keep_few_pages(self) -> None:
        """Use little memory from now on, for a walk through rows in their order beside a model."""
        self._db.keep_few_pages()

    def refuse_writes(self, damage: DamagedStoreError) -> None:
        """Let nothing more be written by this connection."""
        self._db.refuse_writes(damage)

    @classmethod
    def open_to_read(cls, path: Path) -> Store:
        """Open the database as it is, also where nothing can be written.

        Raises:
            StoreError: it is not there, is damaged, belongs to another program, or was written by a newer
                version.
        """
        return cls(Database.open_to_read(path))

    def close(self) -> None:
        self._db.close()

    # whose labels it holds

    def codebook(self) -> tuple[str, str]:
        """Look up the name and definition (JSON) of the codebook it is of; "" twice for the default one."""
        return study.codebook(self._db)

    def save_codebook(self, name: str, definition: str) -> None:
        """Keep a copy of the codebook that the labels here are of."""
        study.save_codebook(self._db, name, definition)

    def rename_label(self, before: str, after: str, said: Sequence[Correction]) -> None:
        """Add acts that say once more under a new name what was said, and name it so in every audit."""
        with self._db.transaction():
            corrections.add_corrections(self._db, said)
            self.audits.rename_label(before, after)

    # sources and posts

    def index_source(
        self,
        location: str,
        format: str,
        title: str,
        items: Iterable[Post | Failure],
        on_count: Callable[[int], None] | None = None,
        read_as: ReadAs | None = None,
        stamp: str = "",
    ) -> SourceRow:
        """Read a source in; what was there of it before stays visible until all is read.

        Args:
            location: what identifies the source; equal locations replace each other.
            on_count: called after each item with the number read so far.
            read_as: what the user said of how to read it, kept to read it again.
            stamp: the state that it is read in.

        Raises:
            Whatever `items` raises; the old rows are then kept.
        """
        return indexing.index_source(self._db, location, format, title, items, on_count, read_as, stamp)

    def source(self, location: str) -> SourceRow | None:
        """Find a source that was read before."""
        return posts.source(self._db, location)

    def is_complete(self, source: SourceRow) -> bool:
        """Whether all rows are there that were read of a source; some may have been erased since."""
        return posts.count_rows(self._db, source.id) == source.n_posts + source.n_failures

    def recent_sources(self, limit: int = 20) -> list[SourceRow]:
        """List sources, the one read or looked at last first."""
        return posts.recent_sources(self._db, limit)

    def remember_position(self, source_id: int, position: str) -> None:
        """Keep where the user was in a source, and that it was looked at now."""
        posts.remember_position(self._db, source_id, position)

    def forget_source(self, source_id: int) -> None:
        """Remove a source and its posts; predictions and corrections stay."""
        indexing.forget_source(self._db, source_id)

    def own_contents(self, location: str) -> list[str]:
        """List the content hashes of posts that no other source holds."""
        return erase.own_contents(self._db, location)

    def count_said(self, location: str) -> tuple[int, int]:
        """Count the predictions and corrections of posts that no other source holds."""
        return erase.count_said(self._db, location)

    def erase(self, location: str, contents: Sequence[str]) -> None:
        """Take a source and these contents out for good, with all that was said of them."""
        erase.erase(self._db, location, contents)

    def posts(self, source_id: int) -> Iterator[StoredPost]:
        """Walk through a source in its order, in bounded memory."""
        return posts.walk(self._db, source_id)

    def post(self, source_id: int, ordinal: int) -> StoredPost:
        """Fetch one input of a source."""
        return posts.post(self._db, source_id, ordinal)

    def truth_kinds(self, source_id: int) -> list[str]:
        """List what people have judged in the source itself: `post`, `label`, `text`, `image`."""
        return posts.truth_kinds(self._db, source_id)

    def posts_with_content(self, content_hashes: Sequence[str]) -> Iterator[Post]:
        """Find posts by identity in all sources; one that several hold comes several times.

        Those of the source that was opened last come first, in batches of a few hundred hashes.
        """
        return lookup.posts_with_content(self._db, content_hashes)

    def contents_of(self, post_ids: Sequence[str], source_id: int | None = None) -> dict[str, set[str]]:
        """Find the content hashes that posts of these ids have; ids that are unknown are left out.

        Args:
            source_id: look in this source alone.
        """
        return lookup.contents_of(self._db, post_ids, source_id)

    def places_of(self, content_hash: str) -> list[tuple[int, int]]:
        """Find where posts of this content are: source id and ordinal, the source opened last first."""
        return lookup.places_of(self._db, content_hash)

    # predictions

    def save_bundle_labels(self, bundle: str, labels: Sequence[str], model: str = "") -> None:
        """Record the label order that the bundle's probabilities follow.

        Args:
            model: as in `save_model`.

        Raises:
            StoreError: the bundle is known with other labels.
        """
        predictions.save_bundle_labels(self._db, bundle, labels, model)

    def save_model(self, bundle: str, model: str) -> None:
        """Record which model goes by a bundle's id from now on; nothing for an id that is not known here.

        What other models have judged under the id is waiting to be judged anew from then on; until it is,
        it stays as it is.

        Args:
            model: the hash that identifies it; "" leaves all as it was.
        """
        predictions.save_model(self._db, bundle, model)

    def bundle_labels(self, bundle: str) -> tuple[str, ...]:
        """Look up a bundle's label order; empty if it is not known."""
        return predictions.bundle_labels(self._db, bundle)

    def save_predictions(self, predicted: Sequence[Prediction]) -> None:
        """Save all or none; one that is known for the same post and bundle is replaced."""
        predictions.save_predictions(self._db, predicted)

    def count_runtimes(self, bundle: str) -> dict[str, int]:
        """Count a bundle's predictions by where and in which numbers they were made; "" is not known."""
        return predictions.count_runtimes(self._db, bundle)

    def forget_predictions(self, source_id: int, bundle: str) -> None:
        """Remove what a bundle said of a source's posts, to classify them anew."""
        predictions.forget_predictions(self._db, source_id, bundle)

    def unpredicted(self, source_id: int, bundle: str, where: Where | None = None) -> Iterator[StoredPost]:
        """Walk through posts that the bundle has not seen, or only another model of its id; see `save_model`.

        Failures are left out.
        Predictions may be saved during the walk. Posts of equal content come once, provided
        that the earlier one is saved within a few hundred posts.
        """
        return rows.unpredicted(self._db, source_id, bundle, where)

    def count_unpredicted(self, source_id: int, bundle: str, where: Where | None = None) -> int:
        """Count the different posts that `unpredicted` has to offer."""
        return counting.count_unpredicted(self._db, source_id, bundle, where)

    def count_by_others(self, source_id: int, bundle: str, where: Where | None = None, than: str = "") -> int:
        """Count the rows that another model has judged under a bundle's id.

        Args:
            than: another one than the model of this hash; "" for the one that goes by the id now.
        """
        return counting.count_by_others(self._db, source_id, bundle, where, than)

    # joined rows

    def count(self, source_id: int, bundle: str, where: Where | None = None) -> int:
        """Count the rows of a source, or those where the condition holds."""
        return counting.count(self._db, source_id, bundle, where)

    def counts(
        self, source_id: int, bundle: str, wheres: Sequence[Where], within: Where | None = None
    ) -> list[int]:
        """Count the rows where each of several conditions holds, in one pass."""
        return counting.counts(self._db, source_id, bundle, wheres, within)

    def tally(self, source_id: int, bundle: str, column: str, where: Where | None = None) -> dict[str, int]:
        """Count rows by the value of a column, as text; "" stands for unknown."""
        return counting.tally(self._db, source_id, bundle, column, where)

    def cross_tally(
        self,
        source_id: int,
        bundle: str,
        by: Sequence[str],
        where: Where | None = None,
        also: Sequence[str] = (),
    ) -> list[tuple[Any, ...]]:
        """Count rows by several values at once, in the order of the values.

        Args:
            by: SQL expressions over the columns of `rows`, of the program's making only.
            also: claims about a row, likewise, to count those for which each holds.

        Returns:
            The values of `by`, how many rows have them, and for how many of those each of `also`
            holds.
        """
        return counting.cross_tally(self._db, source_id, bundle, by, where, also)

    def values(
        self, source_id: int, bundle: str, columns: Sequence[str], where: Where | None = None
    ) -> Iterator[tuple[Any, ...]]:
        """Walk through a few columns of the rows in the order of the source; far cheaper than `rows`.

        Raises:
            StoreError: the source was read again meanwhile.
            UsageError: there is no such column.
        """
        return counting.values(self._db, source_id, bundle, columns, where)

    def rows(
        self,
        source_id: int,
        bundle: str,
        where: Where | None = None,
        order: Order | None = None,
        limit: int | None = None,
    ) -> Iterator[Row]:
        """Walk through rows; without an order in that of the source.

        Which rows come, and in which order, is settled at the first one.

        Raises:
            StoreError: the source was read again meanwhile.
            UsageError: there is no such column to sort by.
        """
        return rows.rows(self._db, source_id, bundle, where, order, limit)

    def ordinals(
        self, source_id: int, bundle: str, where: Where | None = None, order: Order | None = None
    ) -> array[int]:
        """Settle which rows come in which order, 8 bytes each; fetch them with `rows_at`.

        A table that scrolls asks once and pages from the answer.
        """
        return rows.ordinals(self._db, source_id, bundle, where, order)

    def rows_at(self, source_id: int, bundle: str, ordinals: Sequence[int]) -> Iterator[Row]:
        """Fetch the rows with these ordinals, in the order given."""
        return rows.rows_at(self._db, source_id, bundle, ordinals)

    # corrections

    def add_corrections(self, made: Sequence[Correction]) -> int:
        """Append all or none; those whose uid is known are left out.

        An empty `uid` or `created_at` is filled in, the time so that the correction counts as
        the post's latest. Leave them empty for what the user does now.

        Returns:
            How many were new.

        Raises:
            StoreError: one names no post, or its time is no ISO 8601 time.
        """
        return corrections.add_corrections(self._db, made)

    def write_journal(self) -> None:
        """Bring the journal beside the store up to date."""
        corrections.write_journal(self._db)

    def date_corrections(self, made: Sequence[Correction]) -> list[Correction]:
        """Fill in what `add_corrections` would fill in, and add nothing.

        Those whose uid is known get the time they have here.

        Raises:
            StoreError: one names no post, or its time is no ISO 8601 time.
        """
        return corrections.date_corrections(self._db, made)

    def corrections(self, content_hash: str | None = None) -> Iterator[Correction]:
        """Walk through all acts in order of arrival, or through one post's, oldest first."""
        return corrections.corrections(self._db, content_hash)

    def current_corrections(self) -> Iterator[Correction]:
        """Walk through the latest act of each post that leaves it with a label."""
        return corrections.current_corrections(self._db)

    def current_acts(self) -> Iterator[Correction]:
        """Read the acts that count now: those that decide a post's label, its note or its flag."""
        return corrections.current_acts(self._db)

    def correction_state(self, content_hash: str) -> Correction | None:
        """Fetch the latest act on a post, even one that withdraws; its fields are the state."""
        return corrections.current_state(self._db, content_hash)

    def version(self) -> int:
        """Give a number that is another one after each change by another connection to the database."""
        row = self._db.one("PRAGMA data_version")
        assert row is not None
        return int(row[0])

    def count_corrected(self, source_id: int | None = None) -> int:
        """Count what has a corrected label, exact copies once.

        Args:
            source_id: only what stands in this source; without it all that is known.
        """
        return corrections.count_corrected(self._db, source_id)
