from __future__ import annotations

import csv
import os
import re
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest
from command_runs import Mmsa
from PIL import Image
from word_model import write_word_bundle

from mmsa_tui.store import Store

HOSTILE = '<script>alert(1)</script> 1 < 2 best best best "day" & \u202egnp.exe \x1b[31m'


@pytest.fixture
def source(tmp_path: Path) -> Path:
    Image.new("RGB", (800, 600), "red").save(tmp_path / "glad_best.png")
    lines = ["id,text,image,author,date,label"]
    for number in range(40):
        word = ("best", "worst", "plain")[number % 3]
        lines.append(
            f'{number},"{word} #rain day",{"glad_best.png" if number % 5 == 0 else ""},'
            f"author{number % 4},2025-05-{1 + number % 20:02d}T08:00:00Z,positive"
        )
    hostile = HOSTILE.replace('"', '""')
    lines.append(f'40,"{hostile}",,"<b>me</b>",2025-05-02,positive')
    path = tmp_path / "posts.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


class Tags(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "srcset")]


def write(mmsa: Mmsa, source: Path) -> str:
    assert mmsa("classify", source, "-o", "out.csv").code == 0
    ran = mmsa("report", source, "-o", "report.html")
    assert ran.code == 0, ran.err
    return (source.parent / "report.html").read_text(encoding="utf-8")


def test_what_strangers_wrote_is_shown_and_never_obeyed(mmsa: Mmsa, source: Path) -> None:
    page = write(mmsa, source)
    tags = Tags()
    tags.feed(page)
    assert "1 &lt; 2 best" in page
    assert not tags.names & {"script", "b", "iframe", "link"}
    assert "\u202e" not in page and "\x1b" not in page


def test_the_page_fetches_nothing(mmsa: Mmsa, source: Path) -> None:
    tags = Tags()
    tags.feed(page := write(mmsa, source))
    assert any(address.startswith("data:image/jpeg") for address in tags.addresses)
    assert all(address.startswith(("data:image/jpeg", "#s")) for address in tags.addresses)
    assert "url(" not in page and "@import" not in page


def test_the_page_has_every_section_that_the_source_has_data_for(mmsa: Mmsa, source: Path) -> None:
    titles = re.findall("<h2[^>]*>([^<]*)</h2>", write(mmsa, source))
    assert titles == [
        "What the posts feel", "Over time", "Authors", "Text against picture", "Most clearly negative",
        "Most clearly neutral", "Most clearly positive", "Hardest to tell", "How sure the model is",
        "Against people&#x27;s labels", "What was judged, and how",
    ]  # fmt: skip


def test_who_cannot_see_the_page_finds_its_numbers_and_no_name_of_a_file(mmsa: Mmsa, source: Path) -> None:
    page = write(mmsa, source)
    named = re.findall("<table[^>]*>", page)
    assert named and all("aria-label=" in table for table in named)
    assert set(re.findall('<img[^>]* alt="([^"]*)"', page)) and "glad_best" not in page
    (over_time,) = re.findall("<summary>In numbers: posts by day.*?</details>", page, re.DOTALL)
    cells = [int(cell.replace(",", "")) for cell in re.findall("<td>([^<]*)</td>", over_time)]
    assert sum(cells) == 41


def test_posts_in_conflict_are_told_from_those_whose_labels_merely_differ(mmsa: Mmsa, source: Path) -> None:
    page = write(mmsa, source)
    n_sure, n_apart = re.findall(r"In ([\d,]+) of [\d,]+ posts with both.*?; in ([\d,]+) their", page)[0]
    (table,) = re.findall('<table aria-label="text against picture">.*?</table>', page)
    rows = [[int(cell) for cell in re.findall(r"<td>(\d+)</td>", row)] for row in table.split("<tr>")[2:]]
    off = sum(cell for at, row in enumerate(rows) for to, cell in enumerate(row) if at != to)
    assert int(n_apart) == off >= int(n_sure)


def test_a_source_that_was_not_classified_is_refused_with_what_to_do(mmsa: Mmsa, source: Path) -> None:
    ran = mmsa("report", source, "-o", "report.html")
    assert ran.code == 2
    assert "mmsa classify" in ran.err


def test_an_existing_page_is_replaced_only_on_request(mmsa: Mmsa, source: Path) -> None:
    write(mmsa, source)
    assert mmsa("report", source, "-o", "report.html").code == 2
    assert mmsa("report", source, "-o", "report.html", "--overwrite").code == 0


def test_a_page_needs_the_suffix_of_one(mmsa: Mmsa, source: Path) -> None:
    assert mmsa("report", source, "-o", "report.pdf").code == 2


def test_a_picture_that_cannot_be_decoded_costs_only_itself(mmsa: Mmsa, source: Path) -> None:
    (source.parent / "glad_best.png").write_bytes(b"no picture")
    assert "<img" not in write(mmsa, source)


def test_no_path_of_this_machine_is_in_the_page(mmsa: Mmsa, source: Path) -> None:
    assert str(source.parent) not in write(mmsa, source)


def test_a_filter_narrows_the_page_and_one_that_finds_nothing_is_refused(mmsa: Mmsa, source: Path) -> None:
    write(mmsa, source)
    assert mmsa("report", source, "-o", "some.html", "--filter", "author:author1").code == 0
    assert "of 10 posts have a label; the shares are of these." in (source.parent / "some.html").read_text(
        encoding="utf-8"
    )
    ran = mmsa("report", source, "-o", "none.html", "--filter", "author:nobody")
    assert ran.code == 2 and "passes the filter" in ran.err


def test_a_redacted_page_names_and_shows_nobody(mmsa: Mmsa, source: Path) -> None:
    with source.open("a", encoding="utf-8") as file:
        file.write("\n41,best @jane https://t.co/abc jane@example.org,glad_best.png,author9,2025-05-02,")
    assert mmsa("classify", source, "-o", "out.csv").code == 0
    assert mmsa("report", source, "-o", "safe.html", "--redact").code == 0
    page = (source.parent / "safe.html").read_text(encoding="utf-8")
    assert "@[name] [link] [mail]" in page
    for secret in ("jane", "t.co", "author9", "author1", "<img", "&lt;b&gt;me"):
        assert secret not in page


def test_no_name_gets_into_a_redacted_page_by_another_door(mmsa: Mmsa, tmp_path: Path) -> None:
    rows = [f"{n},best Janet Doe day {n},Janet Doe,{('@janet', 'janet.com')[n % 2]}" for n in range(20)]
    source = tmp_path / "@janet.csv"
    source.write_text("\n".join(["id,text,author,team", *rows]), encoding="utf-8")
    assert mmsa("classify", source, "-o", "out.csv").code == 0
    more = ["--by", "team", "--compare", "@janet", "janet.com", "--filter", 'author:"Janet Doe"']
    ran = mmsa("report", source, "-o", "safe.html", "--redact", *more)
    assert ran.code == 0, ran.err
    page = (tmp_path / "safe.html").read_text(encoding="utf-8")
    assert "best [name] day" in page and "@[name]" in page and "[link]" in page
    assert "janet" not in page.casefold()


def test_words_in_pictures_are_shown_and_redacted(mmsa: Mmsa, home: Path, source: Path) -> None:
    assert mmsa("classify", source, "-o", "out.csv").code == 0
    with Store.open(home / "data" / "mmsa.db") as store:
        row = store.source(str(source.resolve()))
        assert row is not None
        posts = [stored.post for stored in store.posts(row.id)]
        said = {
            post.content_hash: "rally <b> by @jane" for post in posts if post is not None and post.pictures
        }
        store.image_texts.save({}, said)
    assert mmsa("classify", source, "-o", "again.csv").code == 0
    assert mmsa("report", source, "-o", "all.html").code == 0
    assert "rally &lt;b&gt; by @jane" in (source.parent / "all.html").read_text(encoding="utf-8")
    assert mmsa("report", source, "-o", "safe.html", "--redact").code == 0
    page = (source.parent / "safe.html").read_text(encoding="utf-8")
    assert "rally &lt;b&gt; by @[name]" in page and "jane" not in page


def test_a_redacted_page_says_what_it_leaves_out(mmsa: Mmsa, source: Path) -> None:
    assert mmsa("classify", source, "-o", "out.csv").code == 0
    assert mmsa("report", source, "-o", "safe.html", "--redact", "--by", "label").code == 0
    page = (source.parent / "safe.html").read_text(encoding="utf-8")
    assert "<dt>left out</dt><dd>all pictures, authors" in page
    ran = mmsa("report", source, "-o", "other.html", "--redact", "--by", "author")
    assert ran.code == 2 and "names no authors" in ran.err


def test_groups_are_shown_and_compared_as_the_labels_stand(mmsa: Mmsa, source: Path) -> None:
    assert mmsa("classify", source, "-o", "out.csv").code == 0
    ran = mmsa(
        "report", source, "-o", "r.html", "--by", "author", "--by", "day", "--compare", "author1", "author2"
    )
    assert ran.code == 0, ran.err
    page = (source.parent / "r.html").read_text(encoding="utf-8")
    titles = re.findall("<h2[^>]*>([^<]*)</h2>", page)
    assert titles[:2] == ["What the posts feel", "author1 against author2"]
    assert "Shares by author" in titles and "Shares by day" in titles
    assert (
        page.count("or else the model&#x27;s, not corrected by an audit") >= 3
        and page.count('class="grouped"') == 2
    )
    # Whoever cannot see the bars reads a table: one row a group, one cell a label.
    row = re.search(r'<tr><th scope="row">author1</th>(.*?)</tr>', page.partition('class="grouped"')[2])
    assert row is not None and len(re.findall(r"<td>\d+ %</td>", row[1])) == 3
    for wrong in (["--compare", "a", "b"], ["--by", "author", "--compare", "author1", "x"], ["--by", "Town"]):
        assert mmsa("report", source, "-o", "wrong.html", *wrong).code == 2


def test_a_chart_is_saved_by_group_and_says_what_it_is_of(mmsa: Mmsa, source: Path) -> None:
    assert mmsa("classify", source, "-o", "out.csv").code == 0
    ran = mmsa("chart", source, "-o", "days.csv", "--by", "day", "--filter", "author:author1")
    assert ran.code == 0, ran.err
    assert "only author:author1" in ran.err and "not corrected" in ran.err
    lines = (source.parent / "days.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("group,label,posts,share") and '"2025-05-' in lines[1]
    assert mmsa("chart", source, "-o", "days.csv").code == 2
    assert mmsa("chart", source, "-o", "days.gif").code == 2
    assert mmsa("chart", source, "-o", "town.svg", "--by", "Town").code == 2
    ran = mmsa("chart", source, "-o", "days.csv", "--overwrite")
    assert ran.code == 0 and "has changed" not in ran.err
    source.write_text(source.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    os.utime(source, (time.time() + 60, time.time() + 60))
    ran = mmsa("chart", source, "-o", "days.csv", "--overwrite")
    assert ran.code == 0 and "has changed since it was read" in ran.err


def test_every_hit_has_a_line_with_the_words_around_it(mmsa: Mmsa, source: Path) -> None:
    assert mmsa("classify", source, "-o", "out.csv").code == 0
    with (source.parent / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    n_hits = sum(len(re.findall(r"\bday\b", text, re.IGNORECASE)) for text in texts)
    n_posts = sum(bool(re.search(r"\bday\b", text, re.IGNORECASE)) for text in texts)
    ran = mmsa("kwic", source, "day", "-o", "day.csv", "--sort", "before")
    assert ran.code == 0, ran.err
    assert n_hits and f"{n_hits:,} hit" in ran.err and f"in {n_posts:,} of {len(texts):,} posts" in ran.err
    with (source.parent / "day.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == n_hits and {line["hit"].lower() for line in lines} == {"day"}
    assert mmsa("kwic", source, "day", "-o", "day.csv").code == 2
    assert mmsa("kwic", source, "day", "--sort", "label").code == 2
    assert mmsa("kwic", source, "/da[/").code == 2
    shown = mmsa("kwic", source, "day", "--filter", "author:author1")
    assert shown.code == 0 and len(shown.out.splitlines()) < n_hits


def test_a_page_warns_of_posts_that_the_bundle_was_made_from(mmsa: Mmsa, home: Path, source: Path) -> None:
    assert "made from" not in write(mmsa, source)
    with Store.open(home / "data" / "mmsa.db") as store:
        row = store.source(str(source.resolve()))
        assert row is not None
        seen = [found.post.content_hash for found in store.posts(row.id) if found.post is not None][:7]
    write_word_bundle(home, "1.1.0", seen=seen)
    more = ("--bundle", "words 1.1.0")
    assert mmsa("classify", source, "-o", "again.csv", *more).code == 0
    assert mmsa("report", source, "-o", "seen.html", *more).code == 0
    page = (source.parent / "seen.html").read_text(encoding="utf-8")
    found = re.search(r"made from (\d+) of the (\d+) posts scored here", page)
    assert found is not None and int(found[1]) >= 7 and int(found[2]) == 41
