"""The page: counts, charts and examples as HTML. Every text goes through `_text`."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

from mmsa_tui.analysis import CLEAR, JUDGED, N_BINS, Group, with_rest
from mmsa_tui.export.colours import label_colour
from mmsa_tui.pictures.thumbnails import small_jpeg
from mmsa_tui.records import Post
from mmsa_tui.report import charts
from mmsa_tui.report.content import Content, Grouped, Table
from mmsa_tui.store import Row
from mmsa_tui.text.display import redact, safe, safe_line

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_N_NAMES = 15
_N_REASONS = 10
_N_CHARACTERS = 600
_N_LINES = 12
_SHORTEST_NAME = 3
"""Letters from which an author's name is looked for in the text; shorter ones are words."""
_PICTURE_PX = 240
_LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8}){0,3}")
_UNITS = {"hour": "an hour", "day": "a day", "week": "a week", "month": "a month", "year": "a year"}


@dataclass(frozen=True, slots=True)
class _Section:
    title: str
    body: str


def compose(content: Content) -> str:
    """Write the whole page."""
    sections = [section for section in _sections(content) if section.body]
    links = "".join(
        f'<li><a href="#s{number}">{_text(section.title)}</a></li>' for number, section in enumerate(sections)
    )
    body = "\n".join(
        f'<section aria-labelledby="s{number}"><h2 id="s{number}">{_text(section.title)}</h2>'
        f"{section.body}</section>"
        for number, section in enumerate(sections)
    )
    head = "".join(
        f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in content.about.facts.items()
    )
    warnings = "".join(f'<p class="warning">{_text(words)}</p>' for words in content.about.warnings)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{_text(content.about.title)}</title>
<style>{_style(len(content.labels))}</style>
</head>
<body>
<header><h1>{_text(content.about.title)}</h1><dl>{head}</dl>{warnings}
<nav aria-label="Sections"><ul>{links}</ul></nav></header>
<main>
{body}
</main>
</body>
</html>
"""


def _sections(content: Content) -> Iterator[_Section]:
    yield _Section("What the posts feel", _overview(content))
    if content.about.change is not None:
        yield _Section(content.about.change.title, _titled(content.about.change))
    yield _Section("Over time", _over_time(content))
    yield _Section("Hashtags", _ranking(content, content.survey.hashtags, "hashtag"))
    if not content.about.redacted:
        yield _Section("Authors", _ranking(content, content.survey.authors, "author"))
    for grouped in content.about.grouped:
        yield _Section(f"Shares by {grouped.by}", _grouped(content, grouped))
    yield _Section("Text against picture", _at_odds(content))
    for label in content.labels:
        yield _Section(f"Most clearly {label}", _clearest(content, label))
    yield _Section("Hardest to tell", _examples(content, content.examples.unsure))
    yield _Section("How sure the model is", _confidence(content))
    yield _Section("Corrections", _corrections(content))
    for table in content.about.tables:
        yield _Section(table.title, _titled(table))
    yield _Section("What was judged, and how", _coverage(content))
    yield _Section("Method", "".join(map(_paragraph, content.about.method)))


def _overview(content: Content) -> str:
    counts = content.counts
    if not counts.n_labelled:
        return "<p>No post has a label.</p>"
    words = f"{counts.n_labelled:,} of {counts.n_posts:,} posts have a label; the shares are of these."
    if counts.n_corrected and content.about.intervals:
        words += " Counted as they stand, by an analyst's label or else the model's:"
    names = [name for name, _ in with_rest(content.labels, counts.labels, "")]
    known = [name for name in names if name]
    bar = charts.share_bar(counts.labels, known) + charts.legend(known, counts.labels)
    corrected = _paragraph(content.about.standing) + charts.interval_bars(content.about.intervals)
    counted = _paragraph(words) + bar
    # What can be said of all posts comes before what was merely counted.
    return corrected + counted if content.about.intervals else counted + corrected


def _over_time(content: Content) -> str:
    timeline = content.survey.timeline
    if len(timeline.buckets) < 2:
        return ""
    periods = [(group.name, group.counts) for group in timeline.buckets]
    every = max(1, -(-len(periods) // 5))
    marks = {number: periods[number][0] for number in range(0, len(periods) - every // 2, every)}
    about = f"posts by {timeline.unit} and label, {periods[0][0]} to {periods[-1][0]}"
    words = f"One column is {_UNITS[timeline.unit]} (UTC)."
    if timeline.n_undated:
        words += f" {timeline.n_undated:,} posts have no date."
    chart = charts.columns(periods, content.labels, marks, about)
    figures = _figures(timeline.unit, periods, content.labels, about)
    return (
        chart + charts.legend(content.labels) + _paragraph(words + _as_they_stand(content, "week")) + figures
    )


def _as_they_stand(content: Content, by: str) -> str:
    """Say beside a chart of counts that the audit's correction is not in it."""
    if not content.about.intervals:
        return ""
    return (
        " Labels are counted as they stand, without the audit's correction;"
        f" `mmsa report --by {by}` gives shares with intervals."
    )


def _ranking(content: Content, groups: Sequence[Group], by: str) -> str:
    if len(groups) < 2:
        return ""
    named = [(group.name, group.counts) for group in groups[:_N_NAMES]]
    bars = charts.ranked_bars(named, content.labels, f"posts by {by} and label")
    return bars + charts.legend(content.labels) + _paragraph(_as_they_stand(content, by).lstrip())


def _grouped(content: Content, grouped: Grouped) -> str:
    named = [
        replace(group, name=redact(group.name) if content.about.redacted else group.name)
        for group in grouped.groups
    ]
    chart = _wide(charts.grouped_bars(named, content.labels, grouped.by), f"shares by {grouped.by}")
    notes = "".join(map(_paragraph, grouped.notes))
    return chart + charts.legend(content.labels) + notes


def _titled(table: Table) -> str:
    return _table(table.header, table.rows, table.title) + _paragraph(table.note)


def _confidence(content: Content) -> str:
    bins = content.counts.bins
    steps = [(f"{at / N_BINS:.2f} to {(at + 1) / N_BINS:.2f}", bins[at]) for at in range(N_BINS)]
    marks = {at: f"{at / N_BINS:g}" for at in range(0, N_BINS, 4)}
    about = "posts by the model's confidence and label"
    chart = charts.columns(steps, content.labels, marks, about)
    if not chart:
        return ""
    note = (
        "Posts by the model's label and the probability it gives it, whatever an analyst said. Where it is"
        " calibrated, 0.8 is right 8 times in 10."
    )
    figures = _figures("confidence", [step for step in steps if step[1].total()], content.labels, about)
    return chart + charts.legend(content.labels) + _paragraph(note) + figures


def _figures(
    by: str, counts: Sequence[tuple[str, Mapping[str, int]]], labels: Sequence[str], about: str
) -> str:
    """Write the numbers of a chart as a table to be opened: for who cannot see it, or wants to copy them."""
    rows = [(name, *(f"{found.get(label, 0):,}" for label in labels)) for name, found in counts]
    table = _table((by, *labels), rows, about)
    return f"<details><summary>In numbers: {_text(about)}</summary>{table}</details>"


def _at_odds(content: Content) -> str:
    if not content.heads:
        return ""
    both = content.heads.total()
    rows = [
        (text, *(f"{content.heads[text, image]:,}" for image in content.labels)) for text in content.labels
    ]
    n_conflicts = content.counts.n_conflicts
    n_apart = sum(number for (text, image), number in content.heads.items() if text != image)
    words = (
        f"In {n_conflicts:,} of {both:,} posts with both, text alone and picture alone disagree, each sure of"
        f" its label; in {n_apart:,} their likeliest labels differ, sure or not, as the table has it."
    )
    table = _table(("text ↓ picture →", *content.labels), rows, "text against picture")
    return _paragraph(words) + table + _examples(content, content.examples.at_odds)


def _clearest(content: Content, label: str) -> str:
    rows = content.examples.clearest[label]
    if not rows and not content.counts.labels[label]:
        return ""
    return _examples(content, rows) or _paragraph(
        f"No post is {label} with a confidence of {CLEAR:g} or more."
    )


def _corrections(content: Content) -> str:
    counts = content.counts
    if not counts.n_corrected:
        return ""
    before = [old for old, _ in counts.corrections]
    after = [new for _, new in counts.corrections]
    old_names = [*content.labels, *sorted({old for old in before if old not in content.labels})]
    new_names = [*content.labels, *sorted({new for new in after if new not in content.labels})]
    rows = [
        (old or "no label", *(f"{counts.corrections[old, new]:,}" for new in new_names)) for old in old_names
    ]
    words = f"{counts.n_corrected:,} posts have an analyst's label; {counts.n_changed:,} of these differ."
    return _paragraph(words) + _table(("model ↓ analyst →", *new_names), rows, "corrections")


def _coverage(content: Content) -> str:
    statuses = content.counts.statuses
    rows = [(f"judged {how}", f"{statuses[status]:,}") for status, how in JUDGED.items()]
    rows.append(("could not be judged", f"{statuses['failed']:,}"))
    if statuses[""]:
        rows.append(("not classified yet", f"{statuses['']:,}"))
    body = _table(("posts", "number"), rows, "what was judged")
    if content.failures and not content.about.redacted:
        reasons = [(f"{n:,}", reason) for reason, n in content.failures.most_common(_N_REASONS)]
        items = "".join(f"<li>{_text(n)} × {_text(safe_line(reason, 200))}</li>" for n, reason in reasons)
        body += f"<p>Why posts could not be judged:</p><ul>{items}</ul>"
    return body


def _examples(content: Content, rows: Sequence[Row]) -> str:
    posts = "".join(_post(row, content.about.redacted) for row in rows)
    return f'<div class="posts">{posts}</div>' if posts else ""


def _post(row: Row, redacted: bool) -> str:
    post, prediction = row.post, row.prediction
    if post is None or prediction is None:
        return ""
    known = (post.created_at[:10],) if redacted else (post.post_id, post.author, post.created_at[:16])
    belief = f"model: {prediction.label} {prediction.confidence:.2f}"
    if prediction.conflict:
        belief += f" (text {prediction.text_label}, picture {prediction.image_label})"
    if row.corrected_label:
        belief += f" · analyst: {row.corrected_label}"
    return (
        f"<article>{'' if redacted else _picture(row)}"
        f'<p class="about">{_text(" · ".join(part for part in known if part))}</p>'
        f'<p dir="auto"{_language(post.language)} class="text">{_words(post.text, post, redacted)}</p>'
        f"{_picture_words(post, redacted)}"
        f'<p class="belief">{_text(belief)}</p></article>'
    )


def _words(text: str, post: Post, redacted: bool) -> str:
    """Write the beginning of a text; redacted, without its author's name as well."""
    if redacted:
        name = post.author.strip().lstrip("@＠")
        text = redact(text)
        if len(name) >= _SHORTEST_NAME:
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "[name]", text, flags=re.IGNORECASE)
    shown = "\n".join(text[:_N_CHARACTERS].split("\n")[:_N_LINES])
    return _text(shown + ("…" if len(shown) < len(text) else ""), lines=True)


def _picture_words(post: Post, redacted: bool) -> str:
    if not post.image_text:
        return ""
    words = _words(post.image_text, post, redacted)
    return f'<p dir="auto" class="text">Words in its pictures: {words}</p>'


def _language(tag: str) -> str:
    """Tell a screen reader in which language to read."""
    return f' lang="{tag}"' if _LANGUAGE.fullmatch(tag) else ""


def _picture(row: Row) -> str:
    """Show the picture that decided, else the first."""
    assert row.post is not None and row.prediction is not None
    pictures = row.post.pictures
    if not pictures:
        return ""
    index = row.prediction.deciding_picture or 0
    chosen = pictures[index if index < len(pictures) else 0]
    small = small_jpeg(chosen, _PICTURE_PX)
    if small is None:
        return ""
    address = "data:image/jpeg;base64," + base64.b64encode(small).decode("ascii")
    # The name of a file tells who cannot see the picture nothing.
    about = chosen.alt_text or f"A picture of post {row.post_id}, which its author did not describe"
    return f'<img src="{address}" alt="{_text(about)}">'


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], about: str) -> str:
    head = "".join(f'<th scope="col">{_text(cell)}</th>' for cell in header)
    lines = "".join(
        f'<tr><th scope="row">{_text(row[0])}</th>'
        + "".join(f"<td>{_text(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    body = f"<thead><tr>{head}</tr></thead><tbody>{lines}</tbody>"
    return _wide(f'<table aria-label="{_text(about)}">{body}</table>', about)


def _wide(table: str, about: str) -> str:
    """Let keys scroll a table that is wider than the window; a region without a name is none to a reader."""
    if not table:
        return ""
    return f'<div class="wide" role="region" aria-label="Table: {_text(about)}" tabindex="0">{table}</div>'


def _paragraph(words: str) -> str:
    return f"<p>{_text(words)}</p>" if words else ""


def _text(text: str, lines: bool = False) -> str:
    return escape(safe(text, newlines=lines))


def _style(n_labels: int) -> str:
    """Give the CSS: `page.css`, and a colour for each of so many labels on light and on dark paper."""
    css = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    light, dark = (
        " ".join(f"--c{at}: {label_colour(at, n_labels, dark=on_dark)};" for at in range(n_labels))
        for on_dark in (False, True)
    )
    rules = [f".c{at} {{ background: var(--c{at}); fill: var(--c{at}); }}" for at in range(n_labels)]
    scheme = f":root {{ {light} }}\n@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"
    return "\n".join([css, scheme, *rules])
