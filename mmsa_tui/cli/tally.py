"""What a run came to: rows by label and status, and why some failed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from mmsa_tui.analysis import Counts, with_rest
from mmsa_tui.cli.console import table
from mmsa_tui.store import Row
from mmsa_tui.text.display import safe_line

_N_REASONS = 5
_MAX_REASONS = 1000
"""Distinct reasons that are counted apart; a source may bring a new one with every post."""
_OTHER = "other reasons"
# Without the names, the reasons of different posts are the same.
_FILE_NAME = re.compile(r"\S+\.(jpe?g|png|gif|webp|bmp|tiff?)\b", re.IGNORECASE)
_NO_LABEL = "no label"


class Tally:
    """Counts rows as they pass."""

    def __init__(self, labels: Sequence[str], min_confidence: float = 0.0) -> None:
        self._labels = labels
        self._min_confidence = min_confidence
        self._counts = Counts()
        self._failures: Counter[str] = Counter()
        self._losses: Counter[str] = Counter()
        self._n_withheld = 0

    @property
    def n_rows(self) -> int:
        return self._counts.n_posts

    @property
    def n_failed(self) -> int:
        return self._counts.n_failed

    def add(self, row: Row) -> None:
        prediction = row.prediction
        self._counts.add(row)
        if row.failure is not None:
            _count(self._failures, row.failure.reason)
        elif prediction is not None:
            if prediction.status == "failed":
                _count(self._failures, _FILE_NAME.sub("…", prediction.error))
            else:
                self._n_withheld += not prediction.label
                if prediction.error:
                    _count(self._losses, _FILE_NAME.sub("…", prediction.error))

    def watch(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Count rows on their way to somewhere else."""
        for row in rows:
            self.add(row)
            yield row

    def describe(self, bundle: str, device: str, n_done: int, seconds: float, files: Sequence[Path]) -> str:
        """Tell the user.

        Args:
            device: where the model ran; "" if it was not needed.
            n_done: posts that were classified in this run.
            seconds: how long the run took.
        """
        parts = [f"{self.n_rows:,} posts, bundle {bundle}" + (f", on {device}" if device else "")]
        parts += ["", self._label_table()]
        notes = list(self._notes())
        parts += ["", *notes] if notes else []
        rate = f", {n_done / seconds:,.0f} a second" if n_done and seconds > 0 else ""
        known = self.n_rows - n_done
        parts += ["", f"{n_done:,} classified in {seconds:,.1f} s{rate}" + (
            f"; {known:,} were known, repeated or failed" if n_done and known > 0 else
            "; all were known from an earlier run" if not n_done and self.n_rows > self.n_failed else ""
        )]  # fmt: skip
        parts += [f"wrote {file}" for file in files]
        return "\n".join(parts)

    def _label_table(self) -> str:
        counts = with_rest(self._labels, self._counts.labels, _NO_LABEL)
        total = self.n_rows or 1
        rows = [(name, f"{n:,}", f"{100 * n / total:.1f} %") for name, n in counts]
        return table([("label", "posts", "share"), *rows], right=(1, 2), indent="  ")

    def _notes(self) -> Iterator[str]:
        if self.n_failed:
            yield f"{self.n_failed:,} failed and have no label:"
            yield from _reasons(self._failures)
        for status, words in (("text_only", "text"), ("image_only", "picture")):
            if self._counts.statuses[status]:
                yield f"{self._counts.statuses[status]:,} were judged by their {words} alone"
        if self._losses:
            yield f"{self._losses.total():,} were judged without something they name:"
            yield from _reasons(self._losses)
        if self._n_withheld:
            yield f"{self._n_withheld:,} have no label: confidence below {self._min_confidence:g}"


def _count(reasons: Counter[str], reason: str) -> None:
    if reason not in reasons and len(reasons) >= _MAX_REASONS:
        reason = _OTHER
    reasons[reason] += 1


def _reasons(reasons: Counter[str]) -> Iterator[str]:
    for reason, number in reasons.most_common(_N_REASONS):
        yield f"  {number:,} × {safe_line(reason, 200)}"
    rest = reasons.total() - sum(number for _, number in reasons.most_common(_N_REASONS))
    if rest:
        yield f"  {rest:,} × something else; the column `error` says what"
