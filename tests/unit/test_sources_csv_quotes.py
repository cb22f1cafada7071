"""csv that is not RFC 4180: quotes that nobody doubled, backslashes, texts that begin with a quote.

No row may vanish: each is a post, a failure, or spans lines that a note names.
"""

from __future__ import annotations

import os
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from table_files import notes_of, posts, texts, write

from mmsa_tui.errors import SourceError
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import ReadOptions, read
from mmsa_tui.sources.files.csv_rows import Row
from mmsa_tui.sources.files.delimited import read_rows

FILES = int(os.environ.get("MMSA_FUZZ", "24"))
"""Of each style."""
# fmt: off
WORDS = (
    "the", "a", "and", "love", "hate", "ferry", "museum", "“smart”", "it's", "great,",
    "really;", '"again"', '"yes",',
    '5"', "C:\\new", "\\o/", "#tag", "@me", "http://t.co/x", "!", "😍", "1,000", "a|b",
)
# fmt: on

HEADERS = (
    ("id", "text", "author", "date"),
    ("text", "label"),
    ("text", "author", "date"),
    ("id", "text"),
    ("author", "id", "date", "likes", "text"),
)

Quote = Callable[[str, str], str]


def doubled(cell: str, delimiter: str) -> str:
    return (
        '"' + cell.replace('"', '""') + '"' if any(mark in cell for mark in (delimiter, '"', "\n")) else cell
    )


def undoubled(cell: str, delimiter: str) -> str:
    return f'"{cell}"' if any(mark in cell for mark in (delimiter, '"', "\n")) else cell


def undoubled_everywhere(cell: str, delimiter: str) -> str:
    return f'"{cell}"'


def r_language(cell: str, delimiter: str) -> str:
    return '"' + cell.replace("\\", "\\\\").replace('"', '\\"') + '"'


def spark(cell: str, delimiter: str) -> str:
    escaped = cell.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if any(mark in cell for mark in (delimiter, '"', "\n", "\\")) else cell


def mysql(cell: str, delimiter: str) -> str:
    for mark in ("\\", delimiter, "\n", '"'):
        cell = cell.replace(mark, "\\" + mark)
    return cell


def mysql_by_default(cell: str, delimiter: str) -> str:
    for mark in ("\\", delimiter, "\n"):
        cell = cell.replace(mark, "\\" + mark)
    return cell


def single_quotes(cell: str, delimiter: str) -> str:
    return "'" + cell.replace("'", "''") + "'"


def single_quotes_escaped(cell: str, delimiter: str) -> str:
    return "'" + cell.replace("\\", "\\\\").replace("'", "\\'") + "'"


def random_text(chance: random.Random) -> str:
    text = " ".join(chance.choice(WORDS) for _ in range(chance.randint(2, 16)))
    text = chance.choice((text, text, text, f'"{text}', f'"{text}"', f'{text}"'))
    return text.replace(" ", "\n", 1) if chance.random() < 0.1 else text


def random_rows(chance: random.Random) -> list[tuple[str, ...]]:
    rows = [chance.choice(HEADERS)]
    for _ in range(chance.randint(3, 60)):
        values = {
            "id": str(1918410713521908131 + chance.randint(1, 10**15)),
            "text": random_text(chance),
            "author": f"m{chance.randint(0, 99)}",
            "date": f"2026-05-{chance.randint(1, 28):02}",
            "likes": str(chance.randint(0, 500)),
            "label": chance.choice(("positive", "negative", "neutral")),
        }
        rows.append(tuple(values[name] for name in rows[0]))
    return rows


def core(text: str) -> str:
    return "".join(char for char in text if char not in '"\\ \n\r')


STYLES = (doubled, undoubled, undoubled_everywhere, spark, mysql, mysql_by_default, r_language)


@pytest.mark.parametrize("quote", (*STYLES, single_quotes, single_quotes_escaped))
def test_of_random_files_in_any_style_no_row_vanishes_and_none_is_made_up(
    tmp_path: Path, quote: Quote
) -> None:
    n_repaired = n_named = 0
    for seed in range(FILES):
        chance = random.Random(seed)
        source, delimiter = random_rows(chance), chance.choice(",;\t")
        lines = [delimiter.join(quote(cell, delimiter) for cell in row) + "\n" for row in source]
        path = write(tmp_path / "a.csv", "".join(lines))
        place = source[0].index("text")
        texts_there = Counter(core(row[place]) for row in source[1:])
        notes: list[str] = []
        items = list(read(path, format="table", options=ReadOptions(note=notes.append)))
        texts_read = Counter(core(item.text) for item in items if isinstance(item, Post))
        lost, made_up = texts_there - texts_read, texts_read - texts_there
        if quote not in (undoubled, undoubled_everywhere):
            assert not lost and not made_up, seed
            continue
        # Where a row can be read in two ways, it is told by its line that it is, or may be, wrong.
        rows = list(read_rows(path))
        width = len(source[0])
        told = [row for row in rows if _is_told(row, width)]
        n_repaired += sum(row.is_repaired for row in rows)
        n_named += sum(row.is_repaired and row.is_doubtful for row in rows)
        start = 1
        for line, cells in zip(lines, source, strict=True):
            end = start + line.count("\n") - 1
            if lost[core(cells[place])]:
                assert any(row.line <= end and start < row.line + row.lines for row in told), (seed, start)
            start = end + 1
        for row in rows[1:]:
            if place < len(row.cells) and made_up[core(row.cells[place])]:
                assert _is_told(row, width), (seed, row)
        counted = sum(
            int(n.replace(",", "")) for note in notes for n in re.findall(r"^rows .*?: ([\d,]+)", note)
        )
        failed = sum(isinstance(item, Failure) for item in items)
        assert counted + failed >= len({row.line for row in told[1:]})
        assert lost.total() <= 0.1 * len(source) + 3, seed
    # Texts that begin or end with a lone quote are a third of these: where none does, hardly a row is named.
    assert n_named <= 0.6 * n_repaired


def _is_told(row: Row, width: int) -> bool:
    is_other = len(row.cells) != width
    return bool(row.error) or row.is_doubtful or is_other


def test_backslashes_before_quotes_are_undone(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'id,text\n1,"She said \\"never\\", and left"\n2,"a \\\\ b"\n3,"so"\n')
    assert texts(path) == ['She said "never", and left', "a \\ b", "so"]


def test_a_text_that_ends_in_a_backslash_is_not_joined_with_the_next_row(tmp_path: Path) -> None:
    rows = [f'{10**18 + n},"so \\"it\\" goes {n}",sam\n' for n in range(12)]
    rows[4] = f"{10**18 + 4},sam,well\\\n"
    rows[8] = f"{10**18 + 8},C:\\new\\,sam\n"
    items = list(read(write(tmp_path / "a.csv", "id,text,author\n" + "".join(rows))))
    assert [item.post_id for item in items] == [str(10**18 + n) for n in range(12)]
    assert items[8].text == "C:\\new\\"


def test_backslashes_that_authors_typed_in_a_tsv_stay(tmp_path: Path) -> None:
    rows = [f'{n}\ta shrug \\o/ and C:\\new of {n} "so\tsam\n' for n in range(12)]
    path = write(tmp_path / "a.tsv", "id\ttext\tauthor\n" + "".join(rows))
    assert texts(path) == [f'a shrug \\o/ and C:\\new of {n} "so' for n in range(12)]


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


def test_rows_with_fewer_cells_than_the_header_are_counted_and_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text,likes\n1,one,3\n2,two\n3,three,4\n4,four\n")
    notes: list[str] = []
    found = list(read(path, options=ReadOptions(note=notes.append)))
    assert [item.text for item in found] == ["one", "two", "three", "four"]
    assert "rows with fewer cells than the header, the last ones taken for empty: 2 (lines 3, 5)" in notes


def test_a_row_beside_lines_that_are_none_is_told(tmp_path: Path) -> None:
    rows = "".join(f'{n},"word "{n}" said"\n' for n in range(1_000_000, 1_000_020))
    path = write(tmp_path / "a.csv", f'id,text\n{rows}1000020,"5"\nwide, they "say" so"\n1000021,more\n')
    notes: list[str] = []
    found = list(read(path, options=ReadOptions(note=notes.append)))
    assert isinstance(found[-2], Failure) and "line 23" in found[-2].reason
    assert any("parted wrongly" in note and "22" in note for note in notes)


def test_a_row_that_ran_into_the_next_is_told(tmp_path: Path) -> None:
    rows = [f"{1918410713521908131 + n},words of {n},m{n}\n" for n in range(20)]
    rows[7] = "19184107135"
    path = write(tmp_path / "a.csv", "id,text,author\n" + "".join(rows))
    notes: list[str] = []
    assert len(list(read(path, options=ReadOptions(note=notes.append)))) == 19
    assert any("parted wrongly" in note and "(line 9)" in note for note in notes), notes


def test_two_lines_run_together_are_named_also_where_quotes_hide_the_seam(tmp_path: Path) -> None:
    chosen = random.Random(7)
    for number in range(60):
        rows = [(str(10**17 + chosen.randrange(10**16)), chosen.choice(WORDS) * 3) for _ in range(12)]
        lines = ["id,text\n", *(f'{row},"{text}, and so on"\n' for row, text in rows)]
        at = chosen.randrange(1, 12)
        lines[at] = lines[at].rstrip("\n")
        notes: list[str] = []
        items = list(read(write(tmp_path / "a.csv", "".join(lines)), options=ReadOptions(note=notes.append)))
        found = {(item.post_id, item.text) for item in items if isinstance(item, Post)}
        told = any(isinstance(item, Failure) for item in items) or any("parted wrongly" in n for n in notes)
        assert told or len(found) == 12, (number, lines[at])


def test_commas_of_a_text_without_quotes_are_its_own_and_are_told(tmp_path: Path) -> None:
    rows = [f'{100 + n},2026-05-0{n + 1},sam,rain, wind, and a "ferry"\n' for n in range(5)]
    plain = [f"{200 + n},2026-05-1{n},leo,nothing to add here\n" for n in range(9)]
    notes: list[str] = []
    path = write(tmp_path / "a.csv", "".join(["id,date,author,text\n", *plain, *rows]))
    items = list(read(path, options=ReadOptions(note=notes.append)))
    assert [item.text for item in items][9:] == ['rain, wind, and a "ferry"'] * 5
    assert all(isinstance(item, Post) for item in items) and any("5 (lines 11" in note for note in notes)


SEAMS: dict[str, Callable[[Sequence[str]], str]] = {
    "plain": lambda cells: ",".join(cells),
    "all quoted": lambda cells: ",".join(f'"{cell}"' for cell in cells),
    "last quoted": lambda cells: ",".join((*cells[:-1], f'"{cells[-1]}"')),
    "first quoted": lambda cells: ",".join((f'"{cells[0]}"', *cells[1:])),
    "tabs": lambda cells: "\t".join(cells),
}


@pytest.mark.parametrize("columns", ["id,date,text,likes", "date,text,id,likes", "date,id,text"])
@pytest.mark.parametrize("style", SEAMS)
def test_two_rows_that_ran_together_are_parted_where_an_id_or_a_moment_begins(
    tmp_path: Path, style: str, columns: str
) -> None:
    rows = [
        {
            "id": str(10**18 + n),
            "date": f"2026-05-{n + 10} 10:00:00",
            "text": f"words of {n}",
            "likes": str(n),
        }
        for n in range(12)
    ]
    names = columns.split(",")
    lines = [SEAMS[style]([row[name] for name in names]) + "\n" for row in rows]
    for at in range(1, 11):
        joined = [line.rstrip("\n") if n == at else line for n, line in enumerate(lines)]
        head = "\t".join(names) if style == "tabs" else columns
        notes: list[str] = []
        path = write(tmp_path / "a.csv", f"{head}\n{''.join(joined)}")
        items = list(read(path, options=ReadOptions(note=notes.append)))
        assert [(item.post_id, item.text) for item in items] == [(row["id"], row["text"]) for row in rows], at
        assert any(f"2 (line {at + 2})" in note for note in notes), notes


@pytest.mark.parametrize("lost", ["\r", "\n", "\r\n"])
def test_a_line_end_that_lost_a_part_costs_no_row(tmp_path: Path, lost: str) -> None:
    rows = [f"{10**18 + n},2026-05-{n + 10},words of {n},{n}\r\n" for n in range(12)]
    rows[5] = rows[5].replace(lost, "")
    path = tmp_path / "a.csv"
    path.write_bytes(("id,date,text,likes\r\n" + "".join(rows)).encode())
    assert [(post.text, post.metadata["likes"]) for post in posts(path)] == [
        (f"words of {n}", str(n)) for n in range(12)
    ]


def test_a_line_of_two_rows_without_a_seam_stays_a_named_failure(tmp_path: Path) -> None:
    rows = [f"{n},words of {n},{n * 7}\n" for n in range(1, 20)]
    rows[6] = rows[6].rstrip("\n")
    items = list(read(write(tmp_path / "a.csv", "id,text,likes\n" + "".join(rows))))
    assert [item.reason for item in items if isinstance(item, Failure)] == [
        "line 8 has 5 cells and the header 3: a stray delimiter?"
    ]
    assert len(items) == 18


def test_an_id_shorter_than_those_around_it_is_told_as_one_that_was_cut(tmp_path: Path) -> None:
    rows = [f"{10**18 + n},words of {n},sam\n" for n in range(240)]
    rows[20] = rows[20][7:]
    # One digit fewer is an older tweet, and so are many in a row.
    rows[30] = rows[30][1:]
    rows[235:] = [row[4:] for row in rows[235:]]
    told = [
        note
        for note in notes_of(write(tmp_path / "a.csv", "id,text,author\n" + "".join(rows)))
        if "cut" in note
    ]
    assert len(told) == 1 and "1 (line 22)" in told[0]


def test_a_line_of_blanks_is_no_row(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text\n1,one\n   \n2,two\n \n")
    assert texts(path) == ["one", "two"] and not [note for note in notes_of(path) if "row" in note]


def test_a_quote_without_its_other_is_told_where_all_others_come_in_pairs(tmp_path: Path) -> None:
    rows = [f'{n},"words, and ""more"" of {n}",sam\n' for n in range(30)]
    rows[11] = 'and ""more"" of 11",sam,12\n'
    rows[20] = "20,words of 20,sam\n"
    told = [
        note
        for note in notes_of(write(tmp_path / "a.csv", "id,text,author\n" + "".join(rows)))
        if "cut" in note
    ]
    assert len(told) == 1 and "1 (line 13)" in told[0]
    inches = "".join(f'{n},a screen of {n}",sam\n' for n in range(30))
    assert notes_of(write(tmp_path / "b.csv", "id,text,author\n" + inches)) == []


@pytest.mark.parametrize("mark", [",", "\t"])
def test_a_date_shorter_than_those_around_it_is_told_as_one_that_was_cut(tmp_path: Path, mark: str) -> None:
    rows = [
        mark.join((f"{number}", "a fine day", f"2026-05-{number:02} 10:00:00")) for number in range(10, 30)
    ]
    rows[7] = rows[7][: -len("7 10:00:00")]
    path = tmp_path / "a.csv"
    path.write_text("\n".join([mark.join(("id", "text", "date")), *rows]) + "\n")
    (told,) = notes_of(path)
    assert "may have been cut" in told and "1 (line 9)" in told
