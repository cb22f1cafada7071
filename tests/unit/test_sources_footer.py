"""What stands below the posts of a table and is none: it is left out and named; a post never is."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from mmsa_tui.records import Post
from mmsa_tui.sources import ReadOptions, read

HEAD = ("id", "author", "date", "text")
ROWS = [
    ("1918410713521908131", "sam_b", "2026-05-01 10:00", "A fine day at the harbour"),
    ("1918410713521908132", "leo22", "2026-05-02 10:00", "Rain again, and wind"),
    ("1918410713521908133", "ann", "2026-05-03 10:00", "My bus is late"),
]


def table(*below: str, rows: list[tuple[str, ...]] = ROWS, delimiter: str = ",") -> str:
    lines = [HEAD[: len(rows[0])], *(tuple(f'"{cell}"' for cell in row) for row in rows)]
    return "".join(delimiter.join(line) + "\n" for line in lines) + "".join(f"{line}\n" for line in below)


def posts_of(path: Path) -> tuple[list[Post], str]:
    notes: list[str] = []
    items = list(read(path, options=ReadOptions(note=notes.append)))
    assert all(isinstance(item, Post) for item in items), items
    return [item for item in items if isinstance(item, Post)], " | ".join(notes)


@pytest.mark.parametrize(
    "below",
    [
        ("Total,3",),
        ("Total,,,3",),
        ("", "Exported by Analytics Suite on 2026-05-09"),
        ('"(c) 2026 Harbour Media, all rights reserved"',),
        ("", "Rows: 3", "Generated on 2026-05-09"),
        (",,,Total: 3",),
        ("Source: the harbour's own archive",),
    ],
)
def test_what_stands_below_the_posts_is_left_out_and_named(tmp_path: Path, below: tuple[str, ...]) -> None:
    (tmp_path / "a.csv").write_text(table(*below))
    posts, told = posts_of(tmp_path / "a.csv")
    assert [post.text for post in posts] == [row[-1] for row in ROWS]
    assert all(line.strip('",').split(",")[0] in told for line in below)


def test_a_total_below_an_empty_row_of_a_workbook_is_left_out_and_named(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (HEAD, *ROWS, (), ("Total", None, None, 3)):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    posts, told = posts_of(tmp_path / "a.xlsx")
    assert len(posts) == 3 and "Total" in told


@pytest.mark.parametrize(
    "last",
    [
        ("1918410713521908134", "", "", "Total"),
        ("1918410713521908134", "", "", "5"),
        ("1918410713521908134", "kim", "", ""),
        ("", "kim", "", "Total: 3"),
        ("draft", "", "2026-05-04 10:00", "Total"),
        ("draft", "", "", "Total eclipse of the heart"),
    ],
)
def test_a_short_post_at_the_end_stays_a_post(tmp_path: Path, last: tuple[str, ...]) -> None:
    (tmp_path / "a.csv").write_text(table(rows=[*ROWS, last]))
    posts, _ = posts_of(tmp_path / "a.csv")
    assert [post.text for post in posts][3:] == [last[-1]]


def test_what_looks_like_a_total_between_posts_is_a_post(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(table(rows=[*ROWS[:2], ("Total", "", "", "3"), ROWS[2]]))
    posts, told = posts_of(tmp_path / "a.csv")
    assert len(posts) == 4 and "Total" not in told


def test_a_last_row_that_could_be_a_post_is_one_and_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(table("draft,,,See you tomorrow"))
    posts, told = posts_of(tmp_path / "a.csv")
    assert posts[-1].text == "See you tomorrow" and "See you tomorrow" in told


@pytest.mark.parametrize("rows", [[("Nice",), ("Total: 3",)], [("1", "Nice"), ("2", "Total")]])
def test_a_table_that_says_nothing_of_its_posts_keeps_every_row(
    tmp_path: Path, rows: list[tuple[str, ...]]
) -> None:
    names = ("text",) if len(rows[0]) == 1 else ("number", "text")
    (tmp_path / "a.csv").write_text("".join(",".join(row) + "\n" for row in [names, *rows]))
    posts, _ = posts_of(tmp_path / "a.csv")
    assert len(posts) == 2
