"""What is said around a post: who, when, how often seen; what the analyst decided; what repeats it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rich.cells import cell_len
from textual.content import Content

from mmsa_tui.filters import Hits
from mmsa_tui.records import IMAGE_TEXT_BREAK, Failure, Post
from mmsa_tui.services.labelling import Copies
from mmsa_tui.store import Row
from mmsa_tui.text.display import counted, safe_line, safe_map
from mmsa_tui.text.language import main_language
from mmsa_tui.tui.themes import AGAINST, FOR, Part
from mmsa_tui.tui.widgets.label_looks import LabelLooks
from mmsa_tui.worker.messages import Explained

_COUNTS = (
    (("likes", "like_count", "favorite_count", "favourites"), "♥"),
    (("retweets", "retweet_count", "reposts"), "↻"),
    (("replies", "reply_count"), "↩"),
    (("views", "view_count", "impression_count"), "👁"),
)


def header(row: Row, place: str, width: int, validated: Collection[str] | None = None) -> Content:
    """Name a post in one or two lines: id, author, time; counts and what it answers.

    Args:
        place: where it stands in the list, for the right end of the first line.
        validated: languages in which the bundle is; None says nothing of them.
    """
    parts: list[Part] = [(safe_line(row.post_id, 80), "bold")]
    post = row.post
    if post is not None:
        if post.author:
            author = safe_line(post.author, 60)
            parts.append((author if author.startswith("@") else f"@{author}", "$text-primary"))
        if post.created_at:
            parts.append((safe_line(post.created_at[:16].replace("T", " "), 20), ""))
        if post.language:
            parts.append((safe_line(post.language, 8), "$foreground-muted"))
        by_words = row.prediction is not None and row.prediction.text_probs
        if validated is not None and by_words and main_language(post.language) not in validated:
            parts.append(("language not validated", "$text-warning"))
        parts += [*_counts(row.metadata), *_relations(row.metadata)]
    first, rest = _take(parts, width - cell_len(place) - 2)
    gap = max(2, width - cell_len(first.plain) - cell_len(place))
    lines = [Content.assemble(first, " " * gap, (place, "$foreground-muted"))]
    if rest:
        lines.append(_take(rest, width)[0])
    return Content("\n").join(lines)


def _take(parts: list[Part], width: int) -> tuple[Content, list[Part]]:
    """Join as many parts as fit into a line, the first one in any case; returns the others too."""
    line, room = [parts[0]], width - cell_len(parts[0][0])
    for part in parts[1:]:
        room -= cell_len(part[0]) + 3
        if room < 0:
            break
        line.append(part)
    return _joined(line), parts[len(line) :]


def words(row: Row, explained: Explained | None, looks: LabelLooks, hits: Hits | None = None) -> Content:
    """Write the text of a post and that in its pictures, with the words that decided coloured in place.

    Words that speak for the label are underlined, those against it in italics, in colours that no
    label has.
    """
    if row.failure is not None:
        return _failure(row.failure)
    parts = [_passage(row.text, 0, explained, hits) or Content.styled("(no text)", "$foreground-muted")]
    read = row.post.image_text if row.post is not None else ""
    if read:
        begins = len(row.text) + len(IMAGE_TEXT_BREAK)
        aside = row.post is not None and row.post.judged_text == row.post.text
        parts += [
            Content.styled("in the picture" + (", not judged by" if aside else ""), "$foreground-muted"),
            _passage(read, begins, explained, hits) or Content(""),
        ]
    return Content("\n").join(parts)


def _passage(text: str, begins: int, explained: Explained | None, hits: Hits | None) -> Content | None:
    """Write a part of what was judged, which begins at a place in the whole; None where nothing is shown."""
    shown, starts = safe_map(text)
    if not shown.strip():
        return None
    if explained is None:
        return _marked(shown, hits)
    parts: list[Part] = []
    at = 0
    for start, end, weight in sorted(explained.words):
        first, last = (starts[min(max(0, place - begins), len(text))] for place in (start, end))
        if first < at or last <= first:
            continue
        parts.append((shown[at:first], ""))
        parts.append((shown[first:last], _weight_style(weight)))
        at = last
    parts.append((shown[at:], ""))
    return Content.assemble(*parts)


def _marked(shown: str, hits: Hits | None) -> Content:
    """Mark what the filter has found."""
    content = Content(shown)
    for start, end in hits.find(shown) if hits is not None else ():
        content = content.stylize("bold underline $text-accent", start, end)
    return content


def legend(explained: Explained, looks: LabelLooks) -> Content:
    """Say how to read an explanation."""
    sign, label = looks.sign(explained.label), safe_line(explained.label, 40)
    parts: list[Part] = [
        ("What decided: ", "$foreground-muted"),
        (f"for {sign} {label}", _weight_style(1.0)),
        (" ", ""),
        ("against it", _weight_style(-1.0)),
    ]
    if explained.regions is not None:
        parts.append((" · picture: the bright parts counted", "$foreground-muted"))
    return Content.assemble(*parts)


def verdict(row: Row, looks: LabelLooks, alike: Content | None, *, is_hidden: bool = False) -> Content:
    """Say what people have decided, unless hidden, and what else bears on the decision, a line each."""
    lines = list(filter(None, [_marks(row)])) if is_hidden else [_decision(row, looks)]
    prediction = row.prediction
    if prediction is not None and prediction.conflict:
        lines.append(
            Content.assemble(
                ("≠ ", "bold $text-warning"),
                ("text says ", "$foreground-muted"),
                (prediction.text_label, looks.colour(prediction.text_label)),
                (", picture says ", "$foreground-muted"),
                (prediction.image_label, looks.colour(prediction.image_label)),
            )
        )
    if alike is not None:
        lines.append(alike)
    if row.post is not None and row.post.truth:
        lines.append(_truth(row.post, looks))
    return Content("\n").join(lines)


def alike(copies: Copies, labels_alone: bool, key: str) -> Content | None:
    """Say how many posts repeat one, in a line that fits the view; None if none does.

    Args:
        key: the key that changes whether they are labelled together.
    """
    if not copies.n_duplicates:
        return None
    duplicates = f"⧉ {counted(copies.n_duplicates, 'duplicate')}"
    if not copies.n_alike:
        return Content(f"{duplicates}, none with the same picture")
    if copies.n_alike < copies.n_duplicates:
        duplicates += f", {copies.n_alike:,} with the same picture"
    if copies.n_exact == copies.n_alike:
        return Content(f"{duplicates} · always labelled together")
    how, other = ("alone", "together") if labels_alone else ("together", "alone")
    if labels_alone and copies.n_exact:
        how = f"with {counted(copies.n_exact, 'exact duplicate')}"
    return Content.assemble(f"{duplicates} · labelled {how} ", (f"({key}: {other})", "$foreground-muted"))


def _decision(row: Row, looks: LabelLooks) -> Content:
    correction = row.correction
    if correction is None or not correction.new_label:
        parts: list[Part] = [("people  ", "$foreground-muted"), ("no label yet", "$foreground-muted")]
    else:
        label = safe_line(correction.new_label, 40)
        parts = [("people  ", "$foreground-muted")]
        parts.append((f"✎ {looks.sign(label)} {label}", f"bold {looks.colour(label)}"))
        parts.append(_by(correction.analyst))
    if correction is not None and correction.flagged:
        parts += [("  ", ""), *_flag(row)]
    if correction is not None and correction.new_label:
        parts += _other_label(row, correction.new_label, looks)
    if correction is not None and correction.note:
        parts += [("\n", ""), *_note(row, correction.note)]
    return Content.assemble(*parts)


def _marks(row: Row) -> Content | None:
    """Say what stands of a post beside labels; None for nothing."""
    correction = row.correction
    if correction is None:
        return None
    flag = _flag(row) if correction.flagged else []
    note = _note(row, correction.note) if correction.note else []
    return Content.assemble(*flag, ("\n" if flag and note else "", ""), *note)


def _flag(row: Row) -> list[Part]:
    return [("⚑ flagged", "$text-warning"), _by(row.flag_by)]


def _note(row: Row, note: str) -> list[Part]:
    return [(f"¶ {safe_line(note, 300)}", ""), _by(row.note_by)]


def _by(name: str) -> Part:
    return (f"  by {safe_line(name, 40)}" if name else "", "$foreground-muted")


def _other_label(row: Row, label: str, looks: LabelLooks) -> list[Part]:
    """Say what the model says where that is another label: its confidence is in that one."""
    prediction = row.prediction
    if prediction is None or not prediction.probs or prediction.label == label:
        return []
    said = f"{looks.sign(prediction.label)} {safe_line(prediction.label, 40)} {prediction.confidence:.0%}"
    return [("\nmodel   ", "$foreground-muted"), (said, looks.colour(prediction.label))]


def _truth(post: Post, looks: LabelLooks) -> Content:
    """Say which labels the source itself carries, those of one mind together."""
    kinds: dict[str, list[str]] = {}
    for kind, label in post.truth.items():
        kinds.setdefault(label, []).append(kind)
    parts: list[Part] = [("source  ", "$foreground-muted")]
    for label, of in kinds.items():
        parts.append((f"{looks.sign(label)} {safe_line(label, 30)} ", looks.colour(label)))
        parts.append((safe_line(f"({', '.join(of)})", 60) + "  ", "$foreground-muted"))
    return Content.assemble(*parts)


def _failure(failure: Failure) -> Content:
    parts: list[Part] = [
        ("✗ This input is not a post: ", "$text-warning"),
        (safe_line(failure.reason, 400), ""),
    ]
    if failure.text:
        parts.append(("\n\n" + safe_map(failure.text)[0], "$foreground-muted"))
    return Content.assemble(*parts)


def _counts(metadata: Mapping[str, str]) -> list[Part]:
    parts = []
    for names, sign in _COUNTS:
        value = next((metadata[name] for name in names if metadata.get(name)), "")
        if value and value != "0":
            number = f"{int(value):,}" if value.isascii() and value.isdigit() and len(value) < 15 else value
            parts.append((f"{sign} {safe_line(number, 20)}", "$foreground-muted"))
    return parts


def _relations(metadata: Mapping[str, str]) -> list[Part]:
    for name, word in (("retweet_of", "RT of"), ("reply_to", "reply to"), ("quote_of", "quotes")):
        if metadata.get(name):
            return [(f"{word} {safe_line(metadata[name], 30)}", "$foreground-muted")]
    return []


def _joined(parts: list[Part]) -> Content:
    separated: list[Part] = []
    for part in parts:
        if separated:
            separated.append((" · ", "$foreground-disabled"))
        separated.append(part)
    return Content.assemble(*separated)


def _weight_style(weight: float) -> str:
    strength = round(15 + 50 * min(1.0, abs(weight)))
    return f"underline on {FOR} {strength}%" if weight > 0 else f"italic on {AGAINST} {strength}%"


def describe(item: Post | Row) -> str:
    """Name a post in a message: its id, or the start of its words."""
    return safe_line(item.post_id, 24) or safe_line(item.text, 24)
