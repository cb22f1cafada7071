"""Posts that a model judges right four times in five, and analysts who label them as they are."""

from __future__ import annotations

from mmsa_tui.records import Failure, Post, Prediction, content_hash
from mmsa_tui.services.audit import answer, next_post
from mmsa_tui.store import Audit, SourceRow, Store

BUNDLE, LABELS = "words 1.0.0", ("no", "yes")


def make_post(number: int, text: str = "", **own: str) -> Post:
    text = text or f"post {number} #tag{number % 2}"
    # Half of the posts have no date.
    written = f"2024-05-{1 + number % 28:02}" if number % 2 else ""
    columns = {"Region": "North" if number % 4 else "South"} | own
    return Post(
        str(number),
        text,
        (),
        f"@a{number % 5}",
        written,
        content_hash=content_hash(text, []),
        metadata=columns,
    )


def truth_of(post: Post) -> str:
    return "yes" if int(post.post_id) % 3 == 0 else "no"


def fill(store: Store, posts: list[Post | Failure]) -> SourceRow:
    source = store.index_source("/here", "table", "Here", posts)
    made = []
    for item in posts:
        if isinstance(item, Post):
            number = int(item.post_id)
            # Right four times in five.
            said = truth_of(item) if number % 5 else ("no" if truth_of(item) == "yes" else "yes")
            probs = (0.2, 0.8) if said == "yes" else (0.8, 0.2)
            made.append(Prediction(item.content_hash, BUNDLE, "text_only", said, 0.8, probs))
    store.save_predictions(made)
    return source


def label_all(store: Store, source: SourceRow, audit: Audit, analyst: str = "ann", most: int = 10_000) -> int:
    done = 0
    while done < most and (row := next_post(store, source, audit, analyst)) is not None:
        assert row.post is not None
        answer(store, audit, row, truth_of(row.post), analyst, source.location)
        done += 1
    return done
