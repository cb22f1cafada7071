"""The page: counts, charts and examples as HTML. Every text goes through `_text`."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from mmsa_tui.analysis.periods import gather
from mmsa_tui.analysis.tally import BINS, Tally
from mmsa_tui.pictures.thumbnails import small_jpeg
from mmsa_tui.report import charts
from mmsa_tui.report.style import style
from mmsa_tui.store import Row
from mmsa_tui.text.display import safe, safe_line

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_N_NAMES = 15
_N_REASONS = 10
_N_CHARACTERS = 600
_PICTURE_PX = 240
_STATUS_WORDS = {
    "ok": "by text and picture",
    "text_only": "by text alone",
    "image_only": "by picture alone",
    "failed": "could not be judged",
}


@dataclass(frozen=True)
class Table:
    """A table of texts; columns after the first are numbers."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


def compose(tally: Tally, title: str, facts: Mapping[str, str], tables: Sequence[Table]) -> str:
    """Write the whole page."""
    body = "\n".join(_sections(tally, tables))
    head = "".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in facts.items())
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{_text(title)}</title>
<style>{style(len(tally.labels))}</style>
</head>
<body>
<header><h1>{_text(title)}</h1><dl>{head}</dl></header>
<main>
{body}
</main>
</body>
</html>
"""


def _sections(tally: Tally, tables: Sequence[Table]) -> Iterator[str]:
    yield _section("What the posts feel", _overview(tally))
    yield _section("Over time", _over_time(tally))
    yield _section("Hashtags", _ranking(tally, tally.by_hashtag))
    yield _section("Authors", _ranking(tally, tally.by_author))
    for label in tally.labels:
        yield _section(f"Most clearly {label}", _examples(tally.clearest[label].rows()))
    yield _section("Hardest to tell", _examples(tally.unsure.rows()))
    yield _section("Text against picture", _at_odds(tally))
    yield _section("How sure the model is", _confidence(tally))
    yield _section("Corrections", _corrections(tally))
    for table in tables:
        yield _section(table.title, _table(table.header, table.rows) + _paragraph(table.note))
    yield _section("What was judged, and how", _coverage(tally))


def _section(title: str, content: str) -> str:
    return f"<section><h2>{_text(title)}</h2>{content}</section>" if content else ""


def _overview(tally: Tally) -> str:
    total = sum(tally.by_label.values())
    if not total:
        return "<p>No post has a label.</p>"
    words = f"{total:,} of {tally.n_rows:,} posts have a label."
    return _paragraph(words) + charts.share_bar(tally.by_label, tally.labels) + charts.legend(tally.labels)


def _over_time(tally: Tally) -> str:
    periods, step = gather(tally.by_day)
    if len(periods) < 2:
        return ""
    every = max(1, -(-len(periods) // 6))
    marks = {number: periods[number][0] for number in range(0, len(periods) - every // 2, every)}
    length = {1: "a day", 7: "a week"}.get(step, f"{step} days")
    chart = charts.columns(periods, tally.labels, marks)
    return chart + charts.legend(tally.labels) + _paragraph(f"One column is {length} (UTC).")


def _ranking(tally: Tally, by_name: Mapping[str, Counter[str]]) -> str:
    ranked = sorted(by_name.items(), key=lambda item: (-item[1].total(), item[0]))[:_N_NAMES]
    if len(ranked) < 2:
        return ""
    return charts.ranked_bars(ranked, tally.labels) + charts.legend(tally.labels)


def _confidence(tally: Tally) -> str:
    steps = [
        (f"{bin_ / BINS:.2f} to {(bin_ + 1) / BINS:.2f}", tally.by_confidence[bin_]) for bin_ in range(BINS)
    ]
    marks = {bin_: f"{bin_ / BINS:g}" for bin_ in range(0, BINS, 2)}
    chart = charts.columns(steps, tally.labels, marks)
    if not chart:
        return ""
    note = "Posts by the probability of their label; where it is calibrated, 0.8 is right 8 times in 10."
    return chart + charts.legend(tally.labels) + _paragraph(note)


def _at_odds(tally: Tally) -> str:
    if not tally.heads:
        return ""
    both = sum(tally.heads.values())
    rows = [(text, *(f"{tally.heads[text, image]:,}" for image in tally.labels)) for text in tally.labels]
    words = f"In {tally.n_conflicts:,} of {both:,} posts with both, text alone and picture alone disagree."
    table = _table(("text ↓ picture →", *tally.labels), rows)
    return _paragraph(words) + table + _examples(tally.at_odds.rows())


def _corrections(tally: Tally) -> str:
    n_corrected = sum(tally.changed.values())
    if not n_corrected:
        return ""
    n_changed = sum(n for (before, after), n in tally.changed.items() if before != after)
    rows = [(old, *(f"{tally.changed[old, new]:,}" for new in tally.labels)) for old in tally.labels]
    words = f"{n_corrected:,} posts were looked at by an analyst; {n_changed:,} got another label."
    return _paragraph(words) + _table(("model ↓ analyst →", *tally.labels), rows)


def _coverage(tally: Tally) -> str:
    rows = [(words, f"{tally.by_status[status]:,}") for status, words in _STATUS_WORDS.items()]
    if tally.n_unclassified:
        rows.append(("not classified yet", f"{tally.n_unclassified:,}"))
    content = _table(("judged", "posts"), rows)
    if tally.failures:
        reasons = [(f"{n:,}", reason) for reason, n in tally.failures.most_common(_N_REASONS)]
        items = "".join(f"<li>{_text(n)} × {_text(safe_line(reason, 200))}</li>" for n, reason in reasons)
        content += f"<p>Why posts could not be judged:</p><ul>{items}</ul>"
    return content


def _examples(rows: Sequence[Row]) -> str:
    return f'<div class="posts">{"".join(map(_post, rows))}</div>' if rows else ""


def _post(row: Row) -> str:
    post, prediction = row.post, row.prediction
    assert post is not None and prediction is not None
    about = " · ".join(part for part in (post.post_id, post.author, post.created_at[:16]) if part)
    belief = f"{prediction.label} {prediction.confidence:.2f}"
    if prediction.conflict:
        belief += f" · text {prediction.text_label}, picture {prediction.image_label}"
    if row.corrected_label:
        belief += f" · analyst: {row.corrected_label}"
    shown = post.text[:_N_CHARACTERS] + ("…" if len(post.text) > _N_CHARACTERS else "")
    picture = ""
    if post.pictures:
        index = prediction.deciding_picture or 0
        chosen = post.pictures[index if index < len(post.pictures) else 0]
        small = small_jpeg(chosen, _PICTURE_PX)
        if small is not None:
            address = "data:image/jpeg;base64," + base64.b64encode(small).decode("ascii")
            picture = f'<img src="{address}" alt="{_text(chosen.alt_text or chosen.name)}">'
    return (
        f'<article>{picture}<p class="about">{_text(about)}</p>'
        f'<p dir="auto" class="text">{_text(shown, lines=True)}</p>'
        f'<p class="belief">{_text(belief)}</p></article>'
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{_text(cell)}</th>" for cell in header)
    lines = "".join("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


def _paragraph(words: str) -> str:
    return f"<p>{_text(words)}</p>" if words else ""


def _text(text: str, lines: bool = False) -> str:
    return escape(safe(text, newlines=lines))
