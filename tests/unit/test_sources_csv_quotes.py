"""csv that is not RFC 4180: quotes that nobody doubled, backslashes, texts that begin with a quote.

No row may vanish: each is a post, a failure, or spans lines that a note names.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from table_files import posts, texts, write

from mmsa_tui.errors import SourceError
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import ReadOptions, read

FILES = 40
"""Of each style; 1,000 files in all take a minute."""
# fmt: off
WORDS = (
    "the", "a", "and", "love", "hate", "ferry", "museum", "“smart”", "it's", "great,",
    "really;", '"again"', '"yes",',
    '5"', "C:\\new", "\\o/", "#tag", "@me", "http://t.co/x", "!", "😍", "1,000", "a|b",
)
# fmt: on

Quote = Callable[[str, str], str]


def doubled(cell: str, delimiter: str) -> str:
    return (
        '"' + cell.replace('"', '""') + '"' if any(mark in cell for mark in (delimiter, '"', "\n")) else cell
    )


def undoubled(cell: str, delimiter: str) -> str:
    return f'"{cell}"' if any(mark in cell for mark in (delimiter, '"', "\n")) else cell


def spark(cell: str, delimiter: str) -> str:
    escaped = cell.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if any(mark in cell for mark in (delimiter, '"', "\n", "\\")) else cell


def mysql(cell: str, delimiter: str) -> str:
    for mark in ("\\", delimiter, "\n", '"'):
        cell = cell.replace(mark, "\\" + mark)
    return cell


def random_text(chance: random.Random) -> str:
    text = " ".join(chance.choice(WORDS) for _ in range(chance.randint(2, 16)))
    text = chance.choice((text, text, text, f'"{text}', f'"{text}"', f'{text}"'))
    return text.replace(" ", "\n", 1) if chance.random() < 0.1 else text


def random_rows(chance: random.Random) -> list[tuple[str, ...]]:
    rows = [("id", "text", "author", "date")]
    for _ in range(chance.randint(3, 60)):
        post_id = str(1918410713521908131 + chance.randint(1, 10**15))
        day = f"2026-05-{chance.randint(1, 28):02}"
        rows.append((post_id, random_text(chance), f"m{chance.randint(0, 99)}", day))
    return rows


def core(text: str) -> str:
    return "".join(char for char in text if char not in '"\\ \n\r')


@pytest.mark.parametrize("quote", [doubled, undoubled, spark, mysql])
def test_of_random_files_in_any_style_no_row_vanishes(tmp_path: Path, quote: Quote) -> None:
    for seed in range(FILES):
        chance = random.Random(seed)
        rows, delimiter = random_rows(chance), chance.choice(",;\t")
        content = "\n".join(delimiter.join(quote(cell, delimiter) for cell in row) for row in rows)
        path = write(tmp_path / "a.csv", content + "\n")
        notes: list[str] = []
        items = list(read(path, format="table", options=ReadOptions(note=notes.append)))
        found = Counter(core(item.text) for item in items if isinstance(item, Post))
        lost = sum((Counter(core(row[1]) for row in rows[1:]) - found).values())
        told = sum(isinstance(item, Failure) for item in items)
        assert lost <= told or any("quotes break the rules" in note for note in notes), (seed, lost, told)
        assert lost <= told + 0.02 * len(rows), (seed, lost, told)
        if quote is not undoubled:
            assert lost == 0, seed


def test_backslashes_before_quotes_are_undone(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'id,text\n1,"She said \\"never\\", and left"\n2,"a \\\\ b"\n3,"so"\n')
    assert texts(path) == ['She said "never", and left', "a \\ b", "so"]


def test_quotes_that_nobody_doubled_are_the_authors(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'id,text,author\n1,"She said "never", and left",ann\n2,"two",ben\n')
    assert [(post.text, post.author) for post in posts(path)] == [
        ('She said "never", and left', "ann"),
        ("two", "ben"),
    ]


def test_a_row_that_can_be_read_in_two_ways_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'id,a,text\n1,"x "y"","u","v"\n2,b,fine words\n3,b,more words\n')
    first, *rest = read(path, format="table")
    assert isinstance(first, Failure) and "line 2" in first.reason
    assert [item.text for item in rest] == ["fine words", "more words"]


def test_lines_that_end_in_cr_alone_are_rows(tmp_path: Path) -> None:
    assert texts(write(tmp_path / "a.csv", "id;text\r1;one, two\r2;three\r")) == ["one, two", "three"]


def test_a_first_line_that_names_the_delimiter_is_no_header(tmp_path: Path) -> None:
    assert texts(write(tmp_path / "a.csv", "sep=|\nid|text\n1|one; two\n")) == ["one; two"]


def test_texts_of_a_single_column_keep_their_commas(tmp_path: Path) -> None:
    assert texts(write(tmp_path / "a.csv", "text\nwell, well\nso, it, goes\n")) == [
        "well, well",
        "so, it, goes",
    ]


def test_a_delimiter_that_is_said_wins(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id~text\n1~one, two\n2~three, four\n")
    found = list(read(path, options=ReadOptions(delimiter="~")))
    assert [item.text for item in found] == ["one, two", "three, four"]


def test_a_binary_file_that_is_called_csv_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        list(read(write(tmp_path / "a.csv", bytes(range(256)) * 40)))


def test_texts_one_a_line_keep_their_commas(tmp_path: Path) -> None:
    rows = ["a lovely evening, so it was", "nothing works", "room 4, at 18:00, as ever"]
    assert texts(write(tmp_path / "a.txt", "\n".join(rows))) == rows
