"""A chart says what the store holds, with the audit's intervals where there is one."""

from __future__ import annotations

import csv
import re
import warnings
from html import unescape
from pathlib import Path

import openpyxl
import pytest
from PIL import Image

from mmsa_tui.errors import OutputError, UsageError
from mmsa_tui.filters import parse
from mmsa_tui.records import Prediction
from mmsa_tui.services.audit import answer, next_post, start_audit
from mmsa_tui.services.charts import make_chart, save_chart
from mmsa_tui.services.comparing import compare_filters
from mmsa_tui.services.estimate import estimate
from mmsa_tui.services.estimate_tables import left_out
from mmsa_tui.services.export import Choice, export_posts
from mmsa_tui.services.ingest import read_in
from mmsa_tui.store import SourceRow, Store

LABELS = ("negative", "neutral", "positive")
BUNDLE = "small 1.0.0"
REGIONS = ("North", "=South")
N = 120


@pytest.fixture
def store(tmp_path: Path):
    with Store.open(tmp_path / "mmsa.db") as store:
        yield store


@pytest.fixture
def source(store: Store, tmp_path: Path) -> SourceRow:
    """Four weeks of posts in two regions; the model is right two times in three."""
    lines = ["id,text,created_at,Region"]
    lines += [
        f"{at},post {at} <b>$x_1$ #tag{at % 3},2024-01-{1 + at % 28:02}T08:00:00Z,{REGIONS[at % 2]}"
        for at in range(N)
    ]
    table = tmp_path / "posts.csv"
    table.write_text("\n".join(lines), encoding="utf-8")
    source = read_in(store, table)
    store.save_bundle_labels(BUNDLE, LABELS)
    made = []
    for at, row in enumerate(store.posts(source.id)):
        assert row.post is not None
        label = LABELS[0] if at % 2 else LABELS[2]
        probs = (0.7, 0.1, 0.2) if at % 2 else (0.2, 0.1, 0.7)
        made.append(Prediction(row.post.content_hash, BUNDLE, "ok", label, 0.7, probs))
    store.save_predictions(made)
    return store.source(source.location)


def audited(store: Store, source: SourceRow, size: int = 60) -> None:
    audit = start_audit(store, source, BUNDLE, size=size, seed="a")
    for at in range(size):
        row = next_post(store, source, audit, "ana")
        assert row is not None and row.prediction is not None
        label = LABELS[1] if at % 3 == 0 else row.prediction.label
        answer(store, audit, row, label, "ana", "audit")


def test_without_an_audit_it_counts_and_says_so(store: Store, source: SourceRow) -> None:
    chart = make_chart(store, source, BUNDLE)
    assert [(one.label, one.value, one.low) for one in chart.groups[0].shares] == [
        ("negative", 0.5, None),
        ("neutral", 0.0, None),
        ("positive", 0.5, None),
    ]
    assert any("not corrected" in note for note in chart.notes)


def test_with_an_audit_it_has_the_corrected_shares_and_their_intervals(
    store: Store, source: SourceRow
) -> None:
    audited(store, source)
    shares = make_chart(store, source, BUNDLE).groups[0].shares
    for one in shares:
        assert one.low is not None and one.high is not None and one.low <= one.value <= one.high
    assert shares[1].value > 0.2 and shares[1].by_model == 0
    weeks = make_chart(store, source, BUNDLE, by="week")
    assert [group.name for group in weeks.groups] == ["2024-01-01", "2024-01-08", "2024-01-15", "2024-01-22"]
    assert weeks.has_intervals


def test_a_filter_narrows_it_and_stands_below(store: Store, source: SourceRow) -> None:
    where = parse("col:Region=North", LABELS, source.metadata_columns)
    chart = make_chart(store, source, BUNDLE, by="hashtag", where=where, only="col:Region=North")
    assert sum(group.n_posts for group in chart.groups) == N / 2
    assert "60 posts with a label, only col:Region=North." in chart.notes[0]


def test_what_it_cannot_be_grouped_by_and_what_has_no_label_are_errors(
    store: Store, source: SourceRow
) -> None:
    with pytest.raises(UsageError, match="nothing called Town"):
        make_chart(store, source, BUNDLE, by="Town")
    with pytest.raises(UsageError, match="no post"):
        make_chart(store, source, BUNDLE, where=parse('"none of this"', LABELS), only="x")


@pytest.mark.parametrize("by", ["", "week", "Region"])
@pytest.mark.parametrize("has_audit", [False, True])
def test_pictures_open_and_an_svg_is_text_that_runs_nothing(
    store: Store, source: SourceRow, tmp_path: Path, by: str, has_audit: bool
) -> None:
    if has_audit:
        audited(store, source, 30)
    save_chart(store, source, BUNDLE, tmp_path / "a.png", by=by)
    with Image.open(tmp_path / "a.png") as image:
        assert min(image.size) > 500
    save_chart(store, source, BUNDLE, tmp_path / "a.svg", by=by)
    svg = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "negative" in re.sub(r"<[^>]*>", "", svg)
    assert "<script" not in svg and "<image" not in svg


def test_all_that_a_chart_says_of_its_audit_is_in_the_picture(
    store: Store, source: SourceRow, tmp_path: Path
) -> None:
    """An audit with much to be told of it; the end of a line was cut off."""
    audited(store, source)
    table = Path(source.location)
    changed = table.read_text(encoding="utf-8").replace(",post 1", ",another 1")
    table.write_text(changed, encoding="utf-8")
    others = read_in(store, table)
    chart = save_chart(store, others, BUNDLE, tmp_path / "a.svg")
    assert max(map(len, chart.notes)) > 130
    svg = (tmp_path / "a.svg").read_text(encoding="utf-8")
    drawn = unescape(" ".join(re.findall(r"<text[^>]*>([^<]*)<", svg)))
    for note in chart.notes:
        assert note in drawn


def test_a_table_holds_the_same_shares_and_no_formula(
    store: Store, source: SourceRow, tmp_path: Path
) -> None:
    chart = save_chart(store, source, BUNDLE, tmp_path / "a.csv", by="Region")
    rows = list(csv.DictReader((tmp_path / "a.csv").open(encoding="utf-8-sig")))
    assert len(rows) == len(chart.groups) * len(LABELS)
    assert {row["group"] for row in rows} == {"North", "'=South"}
    assert [float(row["share"]) for row in rows[:3]] == [one.value for one in chart.groups[0].shares]


def test_another_suffix_or_a_file_that_exists_is_refused(
    store: Store, source: SourceRow, tmp_path: Path
) -> None:
    with pytest.raises(OutputError, match="ends in none of"):
        save_chart(store, source, BUNDLE, tmp_path / "a.gif")
    (tmp_path / "a.png").write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists"):
        save_chart(store, source, BUNDLE, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == b"mine"


def test_two_filters_are_compared_with_the_audit_or_without(store: Store, source: SourceRow) -> None:
    north, south = "col:Region=North", 'col:Region="=South"'
    counted = compare_filters(store, source, BUNDLE, north, south)
    assert (counted.n_first, counted.n_second) == (60, 60)
    assert [line.difference for line in counted.lines] == [-1.0, 0.0, 1.0]
    assert counted.lines[0].low is None and "not corrected" in counted.standing
    audited(store, source)
    corrected = compare_filters(store, source, BUNDLE, north, south)
    line = corrected.lines[0]
    assert line.low is not None and line.high is not None
    assert -1 < line.low <= line.difference <= line.high < -0.3
    assert "corrected by an audit" in corrected.standing and "95 %" in corrected.standing
    known = frozenset(
        said.content_hash for said in store.audits.answers(store.audits.of(source.location)[0].uid)
    )
    taught = compare_filters(store, source, BUNDLE, north, south, learned=known)
    assert f"{len(known)} posts learned by the model" in taught.standing
    with pytest.raises(UsageError, match="share posts"):
        compare_filters(store, source, BUNDLE, north, "post")


@pytest.mark.parametrize("has_audit", [False, True])
def test_a_workbook_draws_the_weeks_from_its_own_cells(
    store: Store, source: SourceRow, tmp_path: Path, has_audit: bool
) -> None:
    if has_audit:
        audited(store, source)
    export_posts(store, source, BUNDLE, tmp_path / "a.xlsx", Choice("source"))
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["Summary"]
    (lines,) = (chart for chart in sheet._charts if type(chart).__name__ == "LineChart")
    assert len(lines.series) == len(LABELS)
    assert all((series.errBars is not None) == has_audit for series in lines.series)
    first = next(row for row in sheet.iter_rows() if row[0].value == "week")[0].row + 1
    weeks = make_chart(store, source, BUNDLE, by="week").groups
    assert [sheet.cell(first + at, 1).value for at in range(4)] == [week.name for week in weeks]
    assert sheet.cell(first, 3).value == pytest.approx(weeks[0].shares[0].value)
    assert lines.series[0].val.numRef.f == f"Summary!$C${first}:$C${first + 3}"


@pytest.mark.parametrize("by", ["hashtag", "Region"])
def test_a_workbook_draws_the_group_that_is_asked_for_from_its_own_cells(
    store: Store, source: SourceRow, tmp_path: Path, by: str
) -> None:
    export_posts(store, source, BUNDLE, tmp_path / "a.xlsx", Choice("source", chart_by=by))
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["Summary"]
    drawn = [chart for chart in sheet._charts if getattr(chart, "grouping", "") == "percentStacked"]
    groups = make_chart(store, source, BUNDLE, by=by).groups
    first = next(row for row in sheet.iter_rows() if row[0].value == by)[0].row + 1
    names = [sheet.cell(first + at, 1).value for at in range(len(groups))]
    assert names == [group.name for group in groups] and len(drawn) == 1
    assert len(drawn[0].series) == len(LABELS)
    assert drawn[0].series[0].val.numRef.f == f"Summary!$C${first}:$C${first + len(groups) - 1}"
    assert sheet.cell(first, 2).value == groups[0].n_posts
    assert sheet.cell(first, 5).value == pytest.approx(groups[0].shares[2].value)


def test_shares_in_a_workbook_of_marked_posts_are_of_these(
    store: Store, source: SourceRow, tmp_path: Path
) -> None:
    marked = tuple(range(0, N, 4))
    choice = Choice("selection", selection=marked, chart_by="Region")
    export_posts(store, source, BUNDLE, tmp_path / "a.xlsx", choice)
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["Summary"]
    tables = [row for row in sheet.iter_rows() if row[0].value in ("week", "Region")]
    counted = {}
    for header in tables:
        below = sheet.iter_rows(min_row=header[0].row + 1, max_col=2, values_only=True)
        counted[header[0].value] = 0
        for _, number in below:
            if not isinstance(number, int):
                break
            counted[header[0].value] += number
    assert counted == {"week": len(marked), "Region": len(marked)}


def test_a_group_that_the_source_does_not_have_is_refused(
    store: Store, source: SourceRow, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="nothing called Town"):
        export_posts(store, source, BUNDLE, tmp_path / "a.xlsx", Choice("source", chart_by="Town"))
    assert not (tmp_path / "a.xlsx").exists()


@pytest.fixture
def sparse(store: Store, tmp_path: Path) -> SourceRow:
    """Thirty posts: no date, no author, an empty column, a column that every third has, a value for each."""
    lines = ["id,text,Empty,Third,Serial"]
    lines += [f"{at},post {at},,{'x' if at % 3 == 0 else ''},v{at}" for at in range(30)]
    table = tmp_path / "sparse.csv"
    table.write_text("\n".join(lines), encoding="utf-8")
    source = read_in(store, table)
    store.save_bundle_labels(BUNDLE, LABELS)
    posts = [row.post for row in store.posts(source.id) if row.post is not None]
    store.save_predictions(
        [Prediction(post.content_hash, BUNDLE, "ok", LABELS[2], 0.8, (0.1, 0.1, 0.8)) for post in posts]
    )
    return store.source(source.location)


NOWHERE = [(unit, "a date") for unit in ("hour", "day", "week", "month", "year")]
NOWHERE += [("author", "an author"), ("hashtag", "a hashtag"), ("Empty", "the column Empty")]


@pytest.mark.parametrize(("by", "what"), NOWHERE)
def test_a_group_that_no_post_has_is_refused_wherever_it_is_asked_for(
    store: Store, sparse: SourceRow, tmp_path: Path, by: str, what: str
) -> None:
    def export() -> None:
        export_posts(store, sparse, BUNDLE, tmp_path / "a.xlsx", Choice("source", chart_by=by))

    doors = [export, lambda: make_chart(store, sparse, BUNDLE, by=by)]
    if by != "hashtag":
        doors.append(lambda: start_audit(store, sparse, BUNDLE, size=5, by=by))
    start_audit(store, sparse, BUNDLE, size=5)
    doors.append(lambda: estimate(store, sparse, by=by))
    for door in doors:
        with pytest.raises(UsageError, match=f"has .*{what}") as error:
            door()
        assert "Serial" in error.value.hint and f" {by}," not in error.value.hint
    assert not (tmp_path / "a.xlsx").exists()


def test_posts_and_groups_that_are_not_drawn_are_counted(store: Store, sparse: SourceRow) -> None:
    assert "20 without anything in the column Third" in make_chart(store, sparse, BUNDLE, by="Third").notes[0]
    assert "the 20 largest of 30 groups by Serial" in make_chart(store, sparse, BUNDLE, by="Serial").notes[0]
    start_audit(store, sparse, BUNDLE, size=5)
    assert "20 posts without" in left_out(estimate(store, sparse, by="Third"))[0]
    assert "The 12 largest of 30 groups" in left_out(estimate(store, sparse, by="Serial"))[0]
    assert left_out(estimate(store, sparse)) == []


def test_a_workbook_draws_the_one_week_that_is_asked_for(store: Store, tmp_path: Path) -> None:
    table = tmp_path / "week.csv"
    table.write_text(
        "id,text,created_at\n1,fine,2024-01-02\n2,fine too,2024-01-03\n3,no date,\n", encoding="utf-8"
    )
    source = read_in(store, table)
    store.save_bundle_labels(BUNDLE, LABELS)
    posts = [row.post for row in store.posts(source.id) if row.post is not None]
    store.save_predictions(
        [Prediction(post.content_hash, BUNDLE, "ok", LABELS[2], 0.8, (0.1, 0.1, 0.8)) for post in posts]
    )
    export_posts(store, source, BUNDLE, tmp_path / "a.xlsx", Choice("source", chart_by="week"))
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["Summary"]
    cells = [cell for row in sheet.iter_rows(values_only=True) for cell in row]
    assert "2024-01-01" in cells and any("1 without a date" in str(cell) for cell in cells)
    assert any(getattr(chart, "grouping", "") == "percentStacked" for chart in sheet._charts)


def a_font_with(char: str, path: Path) -> str:
    """Write a font that draws one letter as a square."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for corner in ((900, 0), (900, 800), (100, 800)):
        pen.lineTo(corner)
    pen.closePath()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "a"])
    builder.setupCharacterMap({ord(char): "a"})
    builder.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "a": pen.glyph()})
    builder.setupHorizontalMetrics({".notdef": (1000, 0), "a": (1000, 100)})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Of One Letter", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)
    return str(path)


@pytest.mark.parametrize("has_font", [False, True])
def test_letters_that_no_font_draws_are_told_and_others_are_drawn(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_font: bool
) -> None:
    table = tmp_path / "towns.csv"
    table.write_text("id,text,town\n1,fine,\u65e5\n2,fine too,Oslo\n", encoding="utf-8")
    source = read_in(store, table)
    store.save_bundle_labels(BUNDLE, LABELS)
    posts = [row.post for row in store.posts(source.id) if row.post is not None]
    store.save_predictions(
        [Prediction(post.content_hash, BUNDLE, "ok", LABELS[2], 0.8, (0.1, 0.1, 0.8)) for post in posts]
    )
    fonts = [a_font_with("\u65e5", tmp_path / "one.ttf")] if has_font else []
    monkeypatch.setattr("matplotlib.font_manager.findSystemFonts", lambda: fonts)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = save_chart(store, source, BUNDLE, tmp_path / "a.png", by="town")
        svg = save_chart(store, source, BUNDLE, tmp_path / "a.svg", by="town")
    assert any("no font" in note for note in made.notes) != has_font
    assert not any("no font" in note for note in svg.notes)
    assert "\u65e5" in (tmp_path / "a.svg").read_text(encoding="utf-8")


def test_a_column_with_a_name_of_ours_can_be_grouped_by(store: Store, tmp_path: Path) -> None:
    lines = ["id,text,day,author_id", *(f"{at},post {at},wave {at % 2},x" for at in range(6))]
    table = tmp_path / "waves.csv"
    table.write_text("\n".join(lines), encoding="utf-8")
    source = read_in(store, table)
    store.save_bundle_labels(BUNDLE, LABELS)
    hashes = [row.post.content_hash for row in store.posts(source.id) if row.post is not None]
    store.save_predictions([Prediction(one, BUNDLE, "ok", "neutral", 0.8, (0.1, 0.8, 0.1)) for one in hashes])
    chart = make_chart(store, source, BUNDLE, by="col:day")
    assert {group.name: group.n_posts for group in chart.groups} == {"wave 0": 3, "wave 1": 3}
    assert not chart.is_time
    with pytest.raises(UsageError) as caught:
        make_chart(store, source, BUNDLE, by="day")
    assert "col:day" in caught.value.hint
    with pytest.raises(UsageError) as caught:
        make_chart(store, source, BUNDLE, by="col:nowhere")
    assert "col:day" in caught.value.hint and "author_id" in caught.value.hint
