"""Audits as they are kept: what was drawn with which chance, and what was answered inside them.

Knows nothing of how a sample is drawn or what is estimated from it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mmsa_tui.errors import StoreError
from mmsa_tui.store.codec import from_sql, to_sql
from mmsa_tui.store.database import Database, Sql
from mmsa_tui.store.uids import ADJUDICATION, void_uids

ORIGIN = "audit:"
"""What the `origin` of an act begins with that answers inside an audit; the audit's uid follows."""


@dataclass(frozen=True, slots=True)
class Audit:
    """A study of one source. `uid` is the same on every laptop that draws the same sample.

    `by` names what the sample is stratified by, besides the bundle's label. `half_width` is the
    wished half of the interval of a share, between 0 and 1. `started_at` is ISO 8601 UTC. `model` is the
    hash of the model by whose labels it was drawn, "" where that is not known.
    """

    uid: str
    location: str
    bundle: str
    labels: tuple[str, ...]
    by: str
    seed: str
    half_width: float
    started_at: str
    model: str = ""

    @property
    def origin(self) -> str:
        """What an act given inside this audit carries as its origin."""
        return ORIGIN + self.uid


@dataclass(frozen=True, slots=True)
class Stratum:
    """A part of the source that is sampled on its own.

    `n_contents` is how many different posts it held when the sample was drawn. Posts whose lot,
    in [0, 1), is below `bound` are in the sample.
    """

    name: str
    n_contents: int
    bound: float


@dataclass(frozen=True, slots=True)
class SampledPost:
    """A post that was drawn. `inclusion` is its chance to be; `place` orders the work, in [0, 1)."""

    content_hash: str
    stratum: str
    inclusion: float
    place: float


@dataclass(frozen=True, slots=True)
class AuditAnswer:
    """What one analyst says of one post of an audit."""

    content_hash: str
    analyst: str
    label: str
    created_at: str


_COLUMNS = """a.uid, a.location, a.bundle, a.labels, a.by, a.seed, a.half_width, a.started_at, coalesce(
    (SELECT hash FROM models WHERE models.id = a.model_id),
    (SELECT hash FROM models JOIN bundles ON bundles.id = models.bundle_id WHERE bundles.name = a.bundle
        ORDER BY models.id LIMIT 1), '')"""
"""What `_to_audit` needs."""


class Audits:
    """The audits of all sources in a database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def start(self, audit: Audit, strata: Sequence[Stratum], sample: Sequence[SampledPost]) -> None:
        """Keep a new audit with its sample, or nothing; its model is the one of the bundle's id now.

        Raises:
            StoreError: the source has an audit of this uid.
        """
        db = self._db
        with db.transaction():
            if db.one(
                "SELECT 1 FROM audits WHERE location = ? AND uid = ?", (to_sql(audit.location), audit.uid)
            ):
                raise StoreError(
                    f"{audit.location} has the audit {audit.uid} already",
                    "Go on with it, or choose another seed.",
                )
            db.run(
                "INSERT INTO audits"
                " (uid, location, bundle, labels, by, seed, half_width, started_at, model_id)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?,"
                " coalesce((SELECT model_id FROM bundles WHERE name = ?), 0))",
                (
                    *(audit.uid, to_sql(audit.location), audit.bundle, json.dumps(audit.labels)),
                    *(to_sql(audit.by), audit.seed, audit.half_width, audit.started_at, audit.bundle),
                ),
            )
            self.extend(audit.location, audit.uid, strata, sample)

    def extend(
        self, location: str, uid: str, strata: Sequence[Stratum], sample: Sequence[SampledPost]
    ) -> None:
        """Replace the strata of an audit and its sample by larger ones."""
        db = self._db
        with db.transaction():
            number = _number(db, location, uid)
            db.run("DELETE FROM audit_strata WHERE audit_id = ?", (number,))
            db.run("DELETE FROM audit_posts WHERE audit_id = ?", (number,))
            rows: list[Sequence[Sql]] = [
                (number, to_sql(part.name), part.n_contents, part.bound) for part in strata
            ]
            db.run_many(
                "INSERT INTO audit_strata (audit_id, stratum, n_contents, bound) VALUES (?, ?, ?, ?)", rows
            )
            drawn: list[Sequence[Sql]] = [
                (number, post.content_hash, to_sql(post.stratum), post.inclusion, post.place)
                for post in sample
            ]
            db.run_many(
                "INSERT INTO audit_posts (audit_id, content_hash, stratum, inclusion, place)"
                " VALUES (?, ?, ?, ?, ?)",
                drawn,
            )

    def of(self, location: str) -> list[Audit]:
        """List the audits of a source, the one started last first."""
        rows = self._db.all(
            f"SELECT {_COLUMNS} FROM audits a WHERE location = ? ORDER BY id DESC",
            (to_sql(location),),
        )
        return self._db.decode(_to_audit, rows)

    def elsewhere(self, source_id: int) -> list[Audit]:
        """List audits of other places most of whose posts a source holds, as after a move; newest first."""
        rows = self._db.all(
            f"SELECT {_COLUMNS}"
            " FROM audits a CROSS JOIN sources s JOIN audit_posts d ON d.audit_id = a.id"
            " JOIN contents c ON c.hash = d.content_hash"
            " WHERE s.id = ? AND a.location <> s.location AND EXISTS"
            " (SELECT 1 FROM posts WHERE posts.reading = s.reading AND posts.content_id = c.id)"
            " GROUP BY a.id"
            " HAVING 2 * count(*) > (SELECT count(*) FROM audit_posts WHERE audit_id = a.id)"
            " ORDER BY a.id DESC",
            (source_id,),
        )
        return self._db.decode(_to_audit, rows)

    def strata(self, location: str, uid: str) -> list[Stratum]:
        """List the strata of an audit by name, as they were when the sample was drawn."""
        rows = self._db.all(
            "SELECT stratum, n_contents, bound FROM audit_strata WHERE audit_id = ? ORDER BY stratum",
            (_number(self._db, location, uid),),
        )
        return self._db.decode(lambda row: Stratum(from_sql(row[0]), row[1], row[2]), rows)

    def sample(self, location: str, uid: str) -> list[SampledPost]:
        """List the posts that were drawn, in the order in which they are to be labelled."""
        rows = self._db.all(
            "SELECT content_hash, stratum, inclusion, place FROM audit_posts WHERE audit_id = ?"
            " ORDER BY place, content_hash",
            (_number(self._db, location, uid),),
        )
        return self._db.decode(lambda row: SampledPost(row[0], from_sql(row[1]), row[2], row[3]), rows)

    def answers(self, uid: str) -> list[AuditAnswer]:
        """List what each analyst last said of each post inside an audit; what was taken back is left out."""
        # Ascending: of an analyst's several answers the last one stays.
        rows = self._db.all(
            "SELECT content_hash, analyst, new_label, created_at FROM corrections WHERE origin = ?"
            " AND (facts = '' OR instr(facts, 'label')) ORDER BY created_us, seq",
            (ORIGIN + uid,),
        )
        latest = {
            (row[0], row[1]): AuditAnswer(row[0], from_sql(row[1]), row[2], row[3])
            for row in self._db.decode(tuple, rows)
        }
        return [answer for answer in latest.values() if answer.label]

    def decisions(self, uid: str) -> dict[str, str]:
        """Look up what was decided on posts of an audit after all that its coders said of them.

        Whoever labels such a post anew opens it again, and a decision that was taken back is none.
        """
        decided = self._db.all(
            "SELECT content_hash, uid, new_label, created_us FROM corrections WHERE instr(uid, ?) = 1"
            " AND content_hash IN (SELECT content_hash FROM corrections WHERE origin = ?)"
            " AND (facts = '' OR instr(facts, 'label')) ORDER BY created_us, seq",
            (ADJUDICATION, ORIGIN + uid),
        )
        said = self._db.all(
            "SELECT content_hash, MAX(created_us) FROM corrections WHERE origin = ?"
            " AND (facts = '' OR instr(facts, 'label')) GROUP BY content_hash",
            (ORIGIN + uid,),
        )
        latest: dict[str, int] = dict(self._db.decode(lambda row: (row[0], row[1]), said))
        acts = self._db.decode(tuple, decided)
        void = void_uids(act[1] for act in acts)
        return {
            digest: label
            for digest, act, label, created_us in acts
            if act not in void and label and created_us >= latest[digest]
        }

    def contents(self) -> frozenset[str]:
        """List the posts that any audit has drawn."""
        rows = self._db.all("SELECT DISTINCT content_hash FROM audit_posts")
        return frozenset(digest for (digest,) in rows)

    def rename_label(self, before: str, after: str) -> None:
        """Give a label another name in every audit; answers are acts, and said again by whoever renames."""
        for number, labels in self._db.all("SELECT id, labels FROM audits"):
            renamed = [after if label == before else label for label in json.loads(labels)]
            self._db.run("UPDATE audits SET labels = ? WHERE id = ?", (json.dumps(renamed), number))


def _to_audit(row: tuple[Any, ...]) -> Audit:
    return Audit(row[0], from_sql(row[1]), row[2], tuple(json.loads(row[3])), from_sql(row[4]), *row[5:])


def _number(db: Database, location: str, uid: str) -> int:
    row = db.one("SELECT id FROM audits WHERE location = ? AND uid = ?", (to_sql(location), uid))
    if row is None:
        raise StoreError(f"{location} has no audit {uid}", "Start one with `mmsa audit start`.")
    return int(row[0])
