"""Label tweets by a word list, as distant supervision for the text encoder.

    python -m training.full.weak_labels TABLE... -o weak.tsv

The enriched labels of MVSA follow words, not people: the sign of a tweet's AFINN sum agrees with 82 % of
those in the train part, where people agree with 57 %. An encoder that first learns from many tweets
which words weigh how much needs the 3,000 posts only for the rest. Needs `pip install afinn`, which is
under a copyleft licence and therefore no dependency: it labels, and nothing of it is in a bundle.

Source: F. Å. Nielsen, A new ANEW, 2011 (word list AFINN, Open Database License).
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path


def weak_label(total: float) -> str:
    """Name the sign of a sum of valences."""
    return "positive" if total > 0 else "negative" if total < 0 else "neutral"


def label_table(
    rows: Iterable[dict[str, str]], valence: Callable[[str], float]
) -> Iterator[tuple[str, str, str]]:
    """Label rows with columns `text` and maybe `id`: (id, label, text), each text once."""
    seen: set[str] = set()
    for number, row in enumerate(rows):
        text = row["text"]
        if text not in seen:
            seen.add(text)
            yield row.get("id") or str(number), weak_label(valence(text)), text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", type=Path, nargs="+", help="TSV files with a column `text`")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    try:
        from afinn import Afinn
    except ImportError:
        sys.exit("AFINN is not installed; `pip install afinn` installs it")
    score: Callable[[str], float] = Afinn().score
    with options.output.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", quoting=csv.QUOTE_NONE, quotechar=None, escapechar=None)
        writer.writerow(("id", "label", "text"))
        for table in options.tables:
            with table.open(encoding="utf-8", newline="") as source:
                rows = csv.DictReader(source, delimiter="\t", quoting=csv.QUOTE_NONE)
                writer.writerows(label_table(rows, score))


if __name__ == "__main__":
    main()
