"""Service: every hit of a search with the words around it; a screen, a command and a csv file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from mmsa_tui.analysis.concordance import WIDTH, Line, Sort, find_lines, sort_lines
from mmsa_tui.disk.whole_file import check_place, whole_file
from mmsa_tui.errors import OutputError, UsageError
from mmsa_tui.export.columns import Value
from mmsa_tui.export.csv_file import write_csv
from mmsa_tui.filters import hits, parse
from mmsa_tui.store import SourceRow, Store, Where
from mmsa_tui.text.display import counted

COLUMNS = (
    "post_id", "hit_number", "place", "before", "hit", "after", "final_label", "author", "created_at",
    "language",
)  # fmt: skip
MAX_HITS = 200_000
"""Lines kept in memory: some 100 MB."""


@dataclass(frozen=True, slots=True)
class Concordance:
    """The lines, how many hits there are and in how many posts, and how many posts were searched.

    There are fewer lines than hits where these are more than `MAX_HITS`.
    """

    lines: list[Line]
    n_hits: int
    n_posts: int
    n_searched: int

    @property
    def summary(self) -> str:
        """Say how much was found."""
        said = f"{counted(self.n_hits, 'hit')} in {self.n_posts:,} of {counted(self.n_searched, 'post')}"
        return said if len(self.lines) == self.n_hits else f"{said}; the first {len(self.lines):,} are listed"


def make_concordance(
    store: Store,
    source: SourceRow,
    bundle: str,
    search: str,
    where: Where | None = None,
    sort: Sort = "post",
    width: int = WIDTH,
) -> Concordance:
    """Line up everything that a filter searches for.

    Args:
        search: the filter; what it says beside words narrows the posts further.
        where: the posts to search in; None for all of the source.

    Raises:
        UsageError: the filter searches for no words, or is not understood.
    """
    found = hits(search)
    wanted = parse(search, store.bundle_labels(bundle), source.metadata_columns)
    if found is None:
        raise UsageError("there is no word to look for", "Name a word, or several that follow each other.")
    lines, n_hits, n_posts = [], 0, 0
    for line in find_lines(store, source, bundle, found, wanted if where is None else where & wanted, width):
        n_hits += 1
        n_posts += line.number == 1
        if n_hits <= MAX_HITS:
            lines.append(line)
    n_searched = store.count(source.id, bundle, where)
    return Concordance(sort_lines(lines, sort), n_hits, n_posts, n_searched)


def search_for(words: str) -> str:
    """Write words that follow each other, or a regular expression between slashes, as a filter."""
    words = words.strip()
    if len(words) > 2 and words[0] == words[-1] == "/":
        return words
    star = "*" if words.endswith("*") else ""
    return '"' + words.rstrip("*").replace('"', " ").strip() + '"' + star


def check_concordance_target(target: Path, *, overwrite: bool = False) -> None:
    """Refuse a target that cannot become a concordance.

    Raises:
        OutputError: it has another suffix, exists, or lies where no file can be written.
    """
    if target.suffix.lower() != ".csv":
        raise OutputError(f"{target} does not end in .csv", "Choose a name that ends in .csv.")
    check_place(target, overwrite=overwrite)


def save_concordance(lines: Iterable[Line], target: Path, *, overwrite: bool = False) -> int:
    """Write lines as csv; returns how many.

    Raises:
        OutputError: see `check_concordance_target`.
    """
    check_concordance_target(target, overwrite=overwrite)
    with whole_file(target, overwrite=overwrite) as part:
        return write_csv(part, COLUMNS, map(_record, lines))


def _record(line: Line) -> dict[str, Value]:
    return {
        **{name: value for name, value in asdict(line).items() if isinstance(value, str)},
        "hit_number": str(line.number),
    }
