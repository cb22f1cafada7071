"""`mmsa inspect`: a dry run that says what a source is and what classifying it will give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import typer

from mmsa_tui.cli import console, options

if TYPE_CHECKING:
    from mmsa_tui.sources import Inspection
    from mmsa_tui.sources.inspect import Trouble

_MOST_WORDS = 8
_NAMED_IF_ANY = ("  neither", "unreadable inputs", "posts with several pictures")


def register(app: typer.Typer) -> None:
    app.command(epilog=options.example("mmsa inspect tweets.csv"))(options.takes_groups(inspect))


def inspect(
    source: options.SourceArgument,
    how: options.HowToRead = options.AS_FOUND,
    json: options.JsonOption = False,
) -> None:
    """Say what a source holds, writing nothing.

    Format and why, posts, pictures found, missing and corrupt, encodings, languages, duplicates, dates,
    and what classifying will do with each post.
    """
    from mmsa_tui import sources

    read_options = how.options(shows_reading=False)
    with console.progress(f"reading {source.name}") as advance:
        found = sources.inspect(
            source.expanduser(),
            format=how.format,
            options=read_options,
            on_count=lambda count: advance(count, None),
        )
    if json:
        console.show_json(found.to_json())
    else:
        console.show("\n".join(_describe(found)))


def _describe(found: Inspection) -> Iterator[str]:
    from mmsa_tui.analysis import JUDGED

    outcomes = {**JUDGED, "failed": "not at all: a row with the reason"}
    yield f"{found.source}"
    yield f"{found.title}: {found.reason}"
    for other in found.candidates:
        yield f"might also be {other.format} (--format {other.format}): {other.reason}"
    if found.is_ambiguous:
        yield "the formats are hard to tell apart here; force one with --format if this looks wrong"
    if found.reading is not None:
        yield ""
        yield from found.reading.describe()
    else:
        for sample in found.samples:
            yield f"e.g. {sample.post_id}: {sample.text}"
    for note in found.notes:
        yield f"note: {note}"
    yield ""
    yield console.table(list(_counts(found)), right=(1,))
    yield from _troubles(found)
    for kind, labels in found.truth.items():
        yield f"people's {'' if kind == 'label' else kind + ' '}labels: {_tallied(labels)}"
    yield ""
    yield "classifying will judge"
    yield console.table(
        [(f"{n:,}", outcomes.get(status, status)) for status, n in _ranked(found.outcomes)],
        right=(0,), indent="  ",
    )  # fmt: skip


def _counts(found: Inspection) -> Iterator[tuple[str, str, str]]:
    pictures = found.pictures
    counts = {
        "posts": found.posts,
        "  text and picture": found.with_both,
        "  text only": found.text_only,
        "  picture only": found.image_only,
        "  neither": found.empty,
        "unreadable inputs": found.failures.count,
        "pictures": pictures.named,
        "  found": pictures.found,
        "  missing": pictures.missing.count,
        "  corrupt": pictures.corrupt.count,
        "posts with several pictures": pictures.posts_with_several,
    }
    for title, number in counts.items():
        if number or title not in _NAMED_IF_ANY:
            yield title, f"{number:,}", ""
    yield "duplicates", f"{found.duplicates:,}", "equal in text and pictures to an earlier post"
    yield "similar texts", f"{found.similar_texts:,}", "equal but for links, mentions and case"
    yield "encodings", "", _tallied(found.encodings)
    if found.languages:
        yield "languages", "", _tallied(found.languages)
    if found.dated:
        yield "dates", f"{found.dated:,}", f"{found.earliest} to {found.latest}"


def _troubles(found: Inspection) -> Iterator[str]:
    named = (
        ("unreadable inputs", found.failures),
        ("missing pictures", found.pictures.missing),
        ("corrupt pictures", found.pictures.corrupt),
        ("ids that occur more than once", found.repeated_ids),
        ("ids that differ only by case", found.ids_differing_by_case),
    )
    for title, trouble in named:
        if trouble.count:
            yield ""
            yield f"{title}:"
            yield from _examples(trouble)


def _examples(trouble: Trouble) -> Iterable[str]:
    yield from (f"  {example}" for example in trouble.examples)
    if trouble.count > len(trouble.examples):
        yield f"  and {trouble.count - len(trouble.examples):,} more"


def _ranked(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: -item[1])


def _tallied(counts: Mapping[str, int]) -> str:
    ranked = _ranked(counts)
    words = [f"{word} {count:,}" for word, count in ranked[:_MOST_WORDS]]
    return ", ".join(words) + (f" and {len(ranked) - _MOST_WORDS} more" if len(ranked) > _MOST_WORDS else "")
