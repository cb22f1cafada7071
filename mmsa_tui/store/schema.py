"""The tables, as named migrations in the order they were written.

A migration that has shipped is never edited: later changes are appended. `PRAGMA user_version`
is how many have been applied.
"""

from __future__ import annotations

from dataclasses import dataclass

APPLICATION_ID = 0x4D4D5341
"""`MMSA` in ASCII; tells our database from any other SQLite file."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step from a schema to the next; `statements` run in one transaction."""

    name: str
    statements: tuple[str, ...]


# A source is read into a new `reading` while the old one stays visible; the swap is one update.
# Content hashes are interned: joins on small integers in reading order are sequential, which
# keeps sorting 100,000 posts by a prediction's column under half a second.
_POSTS = (
    """CREATE TABLE sources (
        id INTEGER PRIMARY KEY,
        location TEXT NOT NULL UNIQUE,
        format TEXT NOT NULL,
        title TEXT NOT NULL,
        reading INTEGER NOT NULL REFERENCES readings (id),
        n_posts INTEGER NOT NULL DEFAULT 0,
        n_failures INTEGER NOT NULL DEFAULT 0,
        metadata_columns TEXT NOT NULL DEFAULT '[]',
        read_at TEXT NOT NULL DEFAULT '',
        opened_at TEXT NOT NULL DEFAULT '',
        position TEXT NOT NULL DEFAULT ''
    )""",
    """CREATE TABLE readings (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        location TEXT NOT NULL,
        touched_s REAL NOT NULL
    )""",
    """CREATE TABLE contents (
        id INTEGER PRIMARY KEY,
        hash TEXT NOT NULL UNIQUE
    )""",
    """CREATE TABLE posts (
        id INTEGER PRIMARY KEY,
        reading INTEGER NOT NULL REFERENCES readings (id),
        ordinal INTEGER NOT NULL,
        content_id INTEGER REFERENCES contents (id),
        post_id TEXT NOT NULL,
        text TEXT NOT NULL,
        author TEXT NOT NULL DEFAULT '',
        created_at TEXT NOT NULL DEFAULT '',
        language TEXT NOT NULL DEFAULT '',
        has_image INTEGER NOT NULL DEFAULT 0,
        n_pictures INTEGER NOT NULL DEFAULT 0,
        duplicate_group TEXT NOT NULL DEFAULT '',
        n_duplicates INTEGER NOT NULL DEFAULT 0,
        failure TEXT,
        encoding TEXT NOT NULL DEFAULT 'utf-8',
        pictures TEXT NOT NULL DEFAULT '[]',
        metadata TEXT NOT NULL DEFAULT '{}',
        truth TEXT NOT NULL DEFAULT '{}'
    )""",
    "CREATE UNIQUE INDEX posts_by_ordinal ON posts (reading, ordinal)",
    "CREATE INDEX posts_by_content ON posts (reading, content_id)",
    "CREATE INDEX posts_by_duplicate_group ON posts (reading, duplicate_group)",
    "CREATE INDEX posts_by_post_id ON posts (reading, post_id)",
    """CREATE VIRTUAL TABLE post_text USING fts5 (
        text, content = 'posts', content_rowid = 'id',
        tokenize = 'unicode61 remove_diacritics 2'
    )""",
    """CREATE TRIGGER post_is_searchable AFTER INSERT ON posts BEGIN
        INSERT INTO post_text (rowid, text) VALUES (new.id, new.text);
    END""",
    """CREATE TRIGGER post_is_no_longer_searchable AFTER DELETE ON posts BEGIN
        INSERT INTO post_text (post_text, rowid, text) VALUES ('delete', old.id, old.text);
    END""",
)

_PREDICTIONS = (
    """CREATE TABLE bundles (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        labels TEXT NOT NULL DEFAULT '[]'
    )""",
    """CREATE TABLE predictions (
        bundle_id INTEGER NOT NULL REFERENCES bundles (id),
        content_id INTEGER NOT NULL REFERENCES contents (id),
        status TEXT NOT NULL,
        label TEXT NOT NULL,
        confidence REAL,
        margin REAL,
        conflict INTEGER NOT NULL,
        text_label TEXT NOT NULL,
        image_label TEXT NOT NULL,
        probs TEXT NOT NULL,
        text_probs TEXT,
        image_probs TEXT,
        deciding_picture INTEGER,
        error TEXT NOT NULL,
        PRIMARY KEY (bundle_id, content_id)
    ) WITHOUT ROWID""",
)

# RAISE(IGNORE) makes an insert of a known uid a no-op and also stops INSERT OR REPLACE, whose
# hidden delete fires no delete trigger in a default SQLite.
_CORRECTIONS = (
    """CREATE TABLE corrections (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        uid TEXT NOT NULL UNIQUE,
        content_hash TEXT NOT NULL,
        new_label TEXT NOT NULL,
        old_label TEXT NOT NULL,
        probs TEXT NOT NULL,
        bundle TEXT NOT NULL,
        analyst TEXT NOT NULL,
        created_at TEXT NOT NULL,
        created_us INTEGER NOT NULL,
        note TEXT NOT NULL,
        flagged INTEGER NOT NULL,
        post_id TEXT NOT NULL,
        text TEXT NOT NULL
    )""",
    "CREATE INDEX corrections_by_content ON corrections (content_hash, created_us, seq)",
    """CREATE TABLE current_correction (
        content_id INTEGER PRIMARY KEY REFERENCES contents (id),
        seq INTEGER NOT NULL,
        created_us INTEGER NOT NULL,
        label TEXT NOT NULL,
        note TEXT NOT NULL,
        flagged INTEGER NOT NULL
    )""",
    "CREATE INDEX current_correction_by_seq ON current_correction (seq)",
    """CREATE TRIGGER correction_is_known BEFORE INSERT ON corrections
    WHEN EXISTS (SELECT 1 FROM corrections WHERE uid = new.uid OR seq = new.seq) BEGIN
        SELECT RAISE(IGNORE);
    END""",
    """CREATE TRIGGER correction_becomes_current AFTER INSERT ON corrections BEGIN
        INSERT INTO contents (hash) SELECT new.content_hash
            WHERE NOT EXISTS (SELECT 1 FROM contents WHERE hash = new.content_hash);
        INSERT INTO current_correction (content_id, seq, created_us, label, note, flagged)
            SELECT id, new.seq, new.created_us, new.new_label, new.note, new.flagged
            FROM contents WHERE hash = new.content_hash
            ON CONFLICT (content_id) DO UPDATE SET
                seq = excluded.seq, created_us = excluded.created_us, label = excluded.label,
                note = excluded.note, flagged = excluded.flagged
            WHERE excluded.created_us >= current_correction.created_us;
    END""",
    """CREATE TRIGGER correction_is_never_changed BEFORE UPDATE ON corrections BEGIN
        SELECT RAISE(ABORT, 'corrections are append-only');
    END""",
    """CREATE TRIGGER correction_is_never_removed BEFORE DELETE ON corrections BEGIN
        SELECT RAISE(ABORT, 'corrections are append-only');
    END""",
)

# The undo list of the app. It points at corrections by number and may be cut without loss.
_ACTS = (
    """CREATE TABLE acts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        scope TEXT NOT NULL,
        title TEXT NOT NULL,
        first_seq INTEGER NOT NULL,
        last_seq INTEGER NOT NULL,
        undone INTEGER NOT NULL DEFAULT 0
    )""",
    "CREATE INDEX acts_by_scope ON acts (scope, undone, id)",
)

_READ_AS = ("ALTER TABLE sources ADD COLUMN read_as TEXT NOT NULL DEFAULT '{}'",)

# A sample is what was drawn with a known chance, so it is kept as it was drawn. Its answers are
# rows of `corrections` that name the audit as their origin; what older rows say never counts.
_AUDITS = (
    "ALTER TABLE corrections ADD COLUMN origin TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX corrections_by_origin ON corrections (origin, content_hash) WHERE origin <> ''",
    """CREATE TABLE audits (
        id INTEGER PRIMARY KEY,
        uid TEXT NOT NULL,
        location TEXT NOT NULL,
        bundle TEXT NOT NULL,
        labels TEXT NOT NULL,
        by TEXT NOT NULL,
        seed TEXT NOT NULL,
        half_width REAL NOT NULL,
        started_at TEXT NOT NULL,
        UNIQUE (location, uid)
    )""",
    """CREATE TABLE audit_strata (
        audit_id INTEGER NOT NULL REFERENCES audits (id),
        stratum TEXT NOT NULL,
        n_contents INTEGER NOT NULL,
        bound REAL NOT NULL,
        PRIMARY KEY (audit_id, stratum)
    ) WITHOUT ROWID""",
    """CREATE TABLE audit_posts (
        audit_id INTEGER NOT NULL REFERENCES audits (id),
        content_hash TEXT NOT NULL,
        stratum TEXT NOT NULL,
        inclusion REAL NOT NULL,
        place REAL NOT NULL,
        PRIMARY KEY (audit_id, content_hash)
    ) WITHOUT ROWID""",
)

# Rows of before have no facts: each repeats the whole state of its post, and may have come from a laptop
# that knew less of it. So a row says the label, note or flag that its analyst had not given yet, where a
# note or flag is no repetition of the row before; an empty one says something only where the analyst takes
# back an own one. What an undo restores, or takes an adjudication back, says whatever differs from the row
# before. A label that may be a vote is kept as one.
_IS_RESTORED = "(uid LIKE '%:again:%' OR uid LIKE 'adjudication:undo:%')"
_SAYS_NOTE = f"""(CASE WHEN {_IS_RESTORED} THEN note <> last_note
    WHEN note = '' THEN own_note <> '' ELSE note <> own_note AND note <> last_note END)"""
_SAYS_FLAG = f"""(CASE WHEN {_IS_RESTORED} THEN flagged <> last_flagged
    WHEN flagged = 0 THEN own_flagged <> 0 ELSE own_flagged = 0 AND last_flagged = 0 END)"""
_REPEATS_LABEL = f"(new_label = CASE WHEN {_IS_RESTORED} THEN last_label ELSE own_label END)"
FACTS_SAID = f"""trim(
    CASE WHEN ({_SAYS_NOTE} OR {_SAYS_FLAG}) AND {_REPEATS_LABEL} THEN '' ELSE 'label' END
    || CASE WHEN {_SAYS_NOTE} THEN ' note' ELSE '' END
    || CASE WHEN {_SAYS_FLAG} THEN ' flag' ELSE '' END)"""
"""What a row without facts says, from its own columns, those of the row before it (`last_`) and those of
its analyst's row before it (`own_`). A migration uses it: never edited."""

_OF_POST = "PARTITION BY content_hash ORDER BY created_us, seq"
_OF_ANALYST = "PARTITION BY content_hash, analyst ORDER BY created_us, seq"


def _latest(fact: str) -> str:
    return f"""(SELECT seq FROM corrections WHERE instr(facts, '{fact}')
        AND content_hash = (SELECT hash FROM contents WHERE id = content_id)
        ORDER BY created_us DESC, seq DESC LIMIT 1)"""


def _takes(fact: str, column: str, value: str) -> str:
    said = "CASE new.facts WHEN '' THEN 'label note flag' ELSE new.facts END"
    return f"""UPDATE current_correction
        SET {fact}_seq = new.seq, {fact}_us = new.created_us, {column} = new.{value}
        WHERE content_id = (SELECT id FROM contents WHERE hash = new.content_hash)
        AND instr({said}, '{fact}') AND new.created_us >= coalesce({fact}_us, new.created_us);"""


_FACTS = (
    "DROP TRIGGER correction_becomes_current",
    "DROP TRIGGER correction_is_never_changed",
    "ALTER TABLE corrections ADD COLUMN facts TEXT NOT NULL DEFAULT ''",
    f"""UPDATE corrections SET facts = (SELECT said.facts FROM (
        SELECT seq, {FACTS_SAID} AS facts FROM (
            SELECT seq, uid, new_label, note, flagged,
                lag(new_label, 1, '') OVER ({_OF_POST}) AS last_label,
                lag(note, 1, '') OVER ({_OF_POST}) AS last_note,
                lag(flagged, 1, 0) OVER ({_OF_POST}) AS last_flagged,
                lag(new_label, 1, '') OVER ({_OF_ANALYST}) AS own_label,
                lag(note, 1, '') OVER ({_OF_ANALYST}) AS own_note,
                lag(flagged, 1, 0) OVER ({_OF_ANALYST}) AS own_flagged
            FROM corrections AS others WHERE others.content_hash = corrections.content_hash
        )) AS said WHERE said.seq = corrections.seq)""",
    """CREATE TRIGGER correction_is_never_changed BEFORE UPDATE ON corrections BEGIN
        SELECT RAISE(ABORT, 'corrections are append-only');
    END""",
    "DROP TABLE current_correction",
    """CREATE TABLE current_correction (
        content_id INTEGER PRIMARY KEY REFERENCES contents (id),
        seq INTEGER NOT NULL,
        created_us INTEGER NOT NULL,
        label TEXT NOT NULL DEFAULT '',
        note TEXT NOT NULL DEFAULT '',
        flagged INTEGER NOT NULL DEFAULT 0,
        label_seq INTEGER, label_us INTEGER,
        note_seq INTEGER, note_us INTEGER,
        flag_seq INTEGER, flag_us INTEGER
    )""",
    "CREATE INDEX current_correction_by_label ON current_correction (label_seq)",
    """INSERT INTO current_correction (content_id, seq, created_us)
        SELECT contents.id, max(seq), max(created_us) FROM corrections
        JOIN contents ON contents.hash = corrections.content_hash GROUP BY contents.id""",
    f"""UPDATE current_correction SET label_seq = {_latest("label")}, note_seq = {_latest("note")},
        flag_seq = {_latest("flag")}""",
    """UPDATE current_correction SET
        seq = coalesce(label_seq, note_seq, flag_seq, seq),
        label_us = (SELECT created_us FROM corrections WHERE corrections.seq = label_seq),
        note_us = (SELECT created_us FROM corrections WHERE corrections.seq = note_seq),
        flag_us = (SELECT created_us FROM corrections WHERE corrections.seq = flag_seq),
        label = coalesce((SELECT new_label FROM corrections WHERE corrections.seq = label_seq), ''),
        note = coalesce((SELECT note FROM corrections WHERE corrections.seq = note_seq), ''),
        flagged = coalesce((SELECT flagged FROM corrections WHERE corrections.seq = flag_seq), 0)""",
    f"""CREATE TRIGGER correction_becomes_current AFTER INSERT ON corrections BEGIN
        INSERT INTO contents (hash) SELECT new.content_hash
            WHERE NOT EXISTS (SELECT 1 FROM contents WHERE hash = new.content_hash);
        INSERT INTO current_correction (content_id, seq, created_us)
            SELECT id, new.seq, new.created_us FROM contents WHERE hash = new.content_hash
            AND NOT EXISTS (SELECT 1 FROM current_correction WHERE content_id = contents.id);
        {_takes("label", "label", "new_label")}
        {_takes("note", "note", "note")}
        {_takes("flag", "flagged", "flagged")}
        UPDATE current_correction SET seq = coalesce(label_seq, note_seq, flag_seq, seq),
            created_us = max(created_us, new.created_us)
            WHERE content_id = (SELECT id FROM contents WHERE hash = new.content_hash);
    END""",
)

# Copies have one key now, in `text.copies`, which the connection lends to SQL while it migrates.
_COPIES = (
    "UPDATE posts SET duplicate_group = text_key(text), n_duplicates = 0 WHERE failure IS NULL",
    """UPDATE posts SET n_duplicates = alike.n
    FROM (SELECT reading, duplicate_group AS name, count(*) AS n FROM posts
          WHERE duplicate_group <> '' GROUP BY reading, duplicate_group) AS alike
    WHERE posts.reading = alike.reading AND posts.duplicate_group = alike.name""",
)

_RUNTIME = ("ALTER TABLE predictions ADD COLUMN runtime TEXT NOT NULL DEFAULT ''",)

# The index of words is written by a trigger for each row in ten times the time it takes for a batch:
# each statement makes it flush. `indexing` writes it.
_WORDS_BY_BATCH = ("DROP TRIGGER IF EXISTS post_is_searchable",)

# What stands in pictures is found by their bytes, so that a picture seen again is not read again; and by
# the content of a post, which is how it is joined and searched.
_IMAGE_TEXTS = (
    """CREATE TABLE picture_texts (
        digest TEXT PRIMARY KEY,
        text TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE image_texts (
        content_id INTEGER PRIMARY KEY REFERENCES contents (id),
        text TEXT NOT NULL
    )""",
    """CREATE VIRTUAL TABLE image_words USING fts5 (
        text, content = 'image_texts', content_rowid = 'content_id',
        tokenize = 'unicode61 remove_diacritics 2'
    )""",
    """CREATE TRIGGER image_text_is_searchable AFTER INSERT ON image_texts BEGIN
        INSERT INTO image_words (rowid, text) VALUES (new.content_id, new.text);
    END""",
    """CREATE TRIGGER image_text_is_no_longer_searchable AFTER DELETE ON image_texts BEGIN
        INSERT INTO image_words (image_words, rowid, text) VALUES ('delete', old.content_id, old.text);
    END""",
)

# A store of a codebook says which, and carries its definition, for whoever has the file alone.
_CODEBOOK = ("CREATE TABLE codebook (name TEXT NOT NULL, definition TEXT NOT NULL)",)


# What was kept as a conflict was any difference; two verdicts of which one is unsure contradict nothing.
def _surest(column: str) -> str:
    # A damaged cell must not keep the store from opening.
    return f"(SELECT max(value) FROM json_each(CASE WHEN json_valid({column}) THEN {column} ELSE '[]' END))"


_SURE_CONFLICTS = (
    f"""UPDATE predictions SET conflict = 0 WHERE conflict <> 0
        AND NOT coalesce({_surest("text_probs")} >= 0.6 AND {_surest("image_probs")} >= 0.6, 0)""",
)

# A row that has no copies stands in a random place of an index by group, which took a third of the time of
# reading a million posts in.
_ONLY_COPIES = (
    "DROP INDEX IF EXISTS posts_by_duplicate_group",
    """CREATE INDEX posts_by_duplicate_group ON posts (reading, duplicate_group)
        WHERE n_duplicates > 1""",
)

# What a source was like when it was read: a run that goes on need not read it again.
_STAMP = ("ALTER TABLE sources ADD COLUMN stamp TEXT NOT NULL DEFAULT ''",)

# A seal lets whoever reads a damaged file tell what was said from what damage has made of it. What is there
# already is sealed as it is, byte by byte; the connection lends `seal_of` while it migrates.
_SEALS = (
    "ALTER TABLE corrections ADD COLUMN seal TEXT NOT NULL DEFAULT ''",
    "DROP TRIGGER correction_is_never_changed",
    """UPDATE corrections SET seal = seal_of(CAST(content_hash AS BLOB), CAST(new_label AS BLOB), created_us,
        flagged, CAST(facts AS BLOB), CAST(analyst AS BLOB), CAST(origin AS BLOB))""",
    """CREATE TRIGGER correction_is_never_changed BEFORE UPDATE ON corrections BEGIN
        SELECT RAISE(ABORT, 'corrections are append-only');
    END""",
)

# Two models can carry one name and version, so each that judges under a bundle's id is known by its hash.
# `bundles.model_id` is the one that goes by the id now. 0 in the other two is of before that was kept, and
# taken for the model that was first used under the id.
_MODELS = (
    """CREATE TABLE models (
        id INTEGER PRIMARY KEY,
        bundle_id INTEGER NOT NULL REFERENCES bundles (id),
        hash TEXT NOT NULL,
        UNIQUE (bundle_id, hash)
    )""",
    "ALTER TABLE bundles ADD COLUMN model_id INTEGER",
    "ALTER TABLE predictions ADD COLUMN model_id INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE audits ADD COLUMN model_id INTEGER NOT NULL DEFAULT 0",
)

MIGRATIONS: tuple[Migration, ...] = (
    Migration("posts", _POSTS),
    Migration("predictions", _PREDICTIONS),
    Migration("corrections", _CORRECTIONS),
    Migration("acts", _ACTS),
    Migration("read as", _READ_AS),
    Migration("audits", _AUDITS),
    Migration("facts", _FACTS),
    Migration("one key for copies", _COPIES),
    Migration("runtime of predictions", _RUNTIME),
    Migration("words by batch", _WORDS_BY_BATCH),
    Migration("words in pictures", _IMAGE_TEXTS),
    Migration("codebook", _CODEBOOK),
    Migration("conflicts of the sure", _SURE_CONFLICTS),
    Migration("index of copies alone", _ONLY_COPIES),
    Migration("stamp of sources", _STAMP),
    Migration("seals of corrections", _SEALS),
    Migration("models of bundles", _MODELS),
)
