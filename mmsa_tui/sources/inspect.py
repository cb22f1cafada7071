"""A dry run: what a source is, what reading it gives, and what classifying will make of it.

Reads everything once, in bounded memory, and writes nothing but a temporary file where the ids and
contents that came before are many.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from mmsa_tui.disk.safety import check_source
from mmsa_tui.errors import SourceError
from mmsa_tui.pictures.decoder import why_corrupt
from mmsa_tui.pictures.files import PictureFiles
from mmsa_tui.records import Failure, Picture, Post
from mmsa_tui.sources.base import Match, Reading, ReadOptions, SamplePost
from mmsa_tui.sources.detection import detect
from mmsa_tui.sources.reading import read
from mmsa_tui.sources.registry import reader
from mmsa_tui.sources.seen import Seen
from mmsa_tui.text.copies import text_key
from mmsa_tui.text.words import has_words

EXAMPLES = 10
"""Of each kind of trouble this many are named, and all are counted."""
SAMPLES = 2
"""Posts that are shown."""
_SHOWN = 160
_MAX_WORDS = 200
"""Distinct encodings, languages or labels that are counted apart; the rest are `others`."""


@dataclass(slots=True)
class Trouble:
    """How often something happened, and to which posts first."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, example: str) -> None:
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(example[:500])


@dataclass(slots=True)
class PictureCounts:
    """Pictures that posts name: `found` ones decode, `corrupt` ones lie there and do not."""

    named: int = 0
    found: int = 0
    missing: Trouble = field(default_factory=Trouble)
    corrupt: Trouble = field(default_factory=Trouble)
    posts_with_several: int = 0


@dataclass(slots=True)
class Inspection:
    """What was found. Counts are of posts unless they say otherwise.

    `with_both`, `text_only`, `image_only` and `empty` go by what a post names; `outcomes`, by the
    `Status` a row will have, by what can be used: a missing or corrupt picture leaves the text.
    `duplicates` repeat an earlier post in words and pictures, `similar_texts` in words but for
    links, handles and case. `earliest` and `latest` are ISO 8601 in UTC, or "". `truth` counts
    people's labels that the source carries, by kind. `reading` says how a table is read, None for other
    formats; `samples` are the first posts, shortened. `notes` hold for the source as a whole.
    """

    source: str
    format: str
    title: str
    reason: str
    is_ambiguous: bool = False
    candidates: list[Match] = field(default_factory=list)
    posts: int = 0
    failures: Trouble = field(default_factory=Trouble)
    with_both: int = 0
    text_only: int = 0
    image_only: int = 0
    empty: int = 0
    pictures: PictureCounts = field(default_factory=PictureCounts)
    encodings: dict[str, int] = field(default_factory=dict)
    languages: dict[str, int] = field(default_factory=dict)
    duplicates: int = 0
    similar_texts: int = 0
    repeated_ids: Trouble = field(default_factory=Trouble)
    ids_differing_by_case: Trouble = field(default_factory=Trouble)
    dated: int = 0
    earliest: str = ""
    latest: str = ""
    truth: dict[str, dict[str, int]] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    reading: Reading | None = None
    samples: list[SamplePost] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        """Return the fields as what `json.dumps` takes, in their order."""
        return asdict(self)


def inspect(
    source: Path | str,
    *,
    format: str | None = None,
    options: ReadOptions | None = None,
    on_count: Callable[[int], None] | None = None,
) -> Inspection:
    """Read a source from end to end and say what is in it.

    Args:
        format: as for `read`.
        options: as for `read`; its notes land in the result, and are passed on.
        on_count: called after each post or failure with how many there have been.

    Raises:
        SourceError: the source as a whole cannot be read, or there is no room for temporary files.
        UsageError: there is no such format.
    """
    path = check_source(Path(source))
    options = options or ReadOptions()
    result = _identify(path, format, options)
    notes: dict[str, None] = {}
    pass_on = options.note

    def take_note(note: str) -> None:
        notes.setdefault(note)
        pass_on(note)

    def take_reading(reading: Reading) -> None:
        result.reading = reading

    asked = replace(options, note=take_note, tell=take_reading)
    items = read(path, format=result.format, options=asked)
    with PictureFiles() as files, Seen() as seen:
        for number, item in enumerate(items, start=1):
            if isinstance(item, Failure):
                result.failures.add(f"{item.post_id}: {item.reason}" if item.post_id else item.reason)
                _tally(result.outcomes, "failed")
            else:
                result.posts += 1
                if len(result.samples) < SAMPLES:
                    result.samples.append(shorten(item))
                _count(result, item, files)
                _count_repeats(result, item, seen)
            if on_count is not None:
                on_count(number)
    result.notes = list(notes)
    return result


def shorten(post: Post) -> SamplePost:
    """Return what is shown of a post: enough to see whether its fields are the right ones."""
    text = " ".join(post.text.split())
    return SamplePost(
        post.post_id[:80],
        text[:_SHOWN] + ("…" if len(text) > _SHOWN else ""),
        post.author[:80],
        post.created_at,
        post.language[:20],
        next(iter(post.truth.values()), "")[:40],
        tuple(p.name[-80:] + (" (missing)" if p.is_missing else "") for p in post.pictures[:3]),
    )


def _identify(path: Path, format: str | None, options: ReadOptions) -> Inspection:
    try:
        found = detect(path, replace(options, columns={}) if format else options)
    except SourceError:
        if format is None:
            raise
        found = None
    claims = [found.chosen, *found.others] if found else []
    if format is None and found is not None:
        chosen, is_ambiguous = found.chosen, found.is_ambiguous
    else:
        chosen, is_ambiguous = Match(format or "", 100, f"read as {format} because you asked for it"), False
    others = [claim for claim in claims if claim.format != chosen.format]
    title = reader(chosen.format).title
    return Inspection(str(path), chosen.format, title, chosen.reason, is_ambiguous, others)


def _count(result: Inspection, post: Post, files: PictureFiles) -> None:
    has_text = bool(post.text.strip())
    usable = sum(_check(result.pictures, post, picture, files) for picture in post.pictures)
    result.pictures.posts_with_several += len(post.pictures) > 1
    if has_text and post.pictures:
        result.with_both += 1
    elif has_text:
        result.text_only += 1
    elif post.pictures:
        result.image_only += 1
    else:
        result.empty += 1
    # The rule of the predictor: links and mentions alone are nothing to judge.
    if has_words(post.text):
        _tally(result.outcomes, "ok" if usable else "text_only")
    else:
        _tally(result.outcomes, "image_only" if usable else "failed")
    _tally(result.encodings, post.encoding)
    if post.language:
        _tally(result.languages, post.language)
    if post.created_at:
        result.dated += 1
        result.earliest = min(result.earliest or post.created_at, post.created_at)
        result.latest = max(result.latest, post.created_at)
    for kind, label in post.truth.items():
        _tally(result.truth.setdefault(kind, {}), label)


def _check(counts: PictureCounts, post: Post, picture: Picture, files: PictureFiles) -> bool:
    """Count a picture and say whether it can be used."""
    counts.named += 1
    if picture.is_missing:
        counts.missing.add(f"{post.post_id}: {picture.name}")
        return False
    try:
        reason = why_corrupt(files.read(picture))
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
    if reason:
        counts.corrupt.add(f"{post.post_id}: {picture.name}: {reason}")
        return False
    counts.found += 1
    return True


def _tally(counts: dict[str, int], word: str) -> None:
    if word not in counts and len(counts) >= _MAX_WORDS:
        word = "others"
    counts[word] = counts.get(word, 0) + 1


def _count_repeats(result: Inspection, post: Post, seen: Seen) -> None:
    if seen.add("id", post.post_id):
        # Ids of digits have no case; they need no second entry.
        has_case = post.post_id.lower() != post.post_id.upper()
        if has_case and not seen.add("folded id", post.post_id.casefold()):
            result.ids_differing_by_case.add(post.post_id)
    else:
        result.repeated_ids.add(post.post_id)
    result.duplicates += not seen.add("content", post.content_hash)
    group = text_key(post.text)
    result.similar_texts += bool(group) and not seen.add("text", group)
