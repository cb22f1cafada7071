"""What a table that holds a shard of a source's posts says of itself, so that shards can be joined."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal, Self

from mmsa_tui import __version__
from mmsa_tui.bundle.meta import Bundle
from mmsa_tui.decoding import Count, from_json
from mmsa_tui.disk.packed import ContentDigest
from mmsa_tui.store import SourceRow, Store


@dataclass(frozen=True, slots=True)
class Shard:
    """Shard `number`, from 1, of `of`, cut by content `hash` or into packed `part`s.

    `whole` identifies the contents of all shards together, `n_rows` is how many inputs that are.
    `fingerprint` identifies the model, `settings` what else decides what a row says.
    """

    version: str
    bundle: str
    fingerprint: str
    labels: tuple[str, ...]
    cut: Literal["hash", "part"]
    number: Count
    of: Count
    whole: str
    n_rows: Count
    settings: Mapping[str, float | bool] = field(default_factory=dict)

    @classmethod
    def made_by(
        cls,
        bundle: Bundle,
        cut: Literal["hash", "part"],
        number: int,
        of: int,
        whole: str,
        n_rows: int,
        settings: Mapping[str, float | bool],
    ) -> Self:
        """Describe a shard that this program makes with a bundle."""
        return cls(
            __version__,
            bundle.id,
            bundle.fingerprint,
            bundle.labels,
            cut,
            number,
            of,
            whole,
            n_rows,
            settings,
        )

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Shard:
        """Undo `to_json`.

        Raises:
            DecodingError: it is none.
        """
        return from_json(text, Shard)


def digest_of_sources(store: Store, sources: Iterable[SourceRow], bundle_id: str) -> tuple[str, int]:
    """Identify all contents of sources that were read, and count their inputs."""
    digest, n_rows = ContentDigest(), 0
    for source in sources:
        for content_hash, post_id in store.values(source.id, bundle_id, ["content_hash", "post_id"]):
            digest.add(content_hash, str(post_id))
            n_rows += 1
    return digest.hex(), n_rows
