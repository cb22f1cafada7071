"""Service: how far a bundle agrees with people, beside simpler ways to tell.

A score alone says little. So each evaluation also scores, on the same posts, the text alone, the
picture alone, and VADER, a word list that needs no model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from mmsa_tui.bundle.contents import trained_on
from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.config import Config
from mmsa_tui.errors import UsageError
from mmsa_tui.model.metrics import FloatArray, IntArray, Scores, accuracy, bootstrap_interval, macro_f1, score
from mmsa_tui.model.reliability import Coverage, coverage
from mmsa_tui.services.classify import say_renewed
from mmsa_tui.services.slices import Figures, Slice, score_slices, slices_of
from mmsa_tui.services.work import Bar, begin, no_bar
from mmsa_tui.sources import ReadOptions
from mmsa_tui.sources.label_words import LabelMap, propose_map
from mmsa_tui.sources.labels import LabelFile, load_labels, name_as_posts
from mmsa_tui.store import Row
from mmsa_tui.text.words import lexicon_part

KINDS = ("post", "label", "text", "image")
"""What people's labels may judge; without a choice the first that the posts have is used."""

WAYS = ("fused", "text", "image", "vader")
"""The ways to tell that are compared."""

TITLES = {
    "fused": "text and picture",
    "text": "text alone",
    "image": "picture alone",
    "vader": "VADER alone",
}

_MAIN = {"post": "fused", "label": "fused", "text": "text", "image": "image"}
_NOT_SAID = -1
_VADER_LIMIT = 0.05
"""Compound scores nearer to zero are neutral: the authors' thresholds (VADER, ICWSM 2014)."""


@dataclass(frozen=True)
class Line:
    """One way to tell, scored. Intervals are 95 % bootstrap intervals over posts."""

    scores: Scores
    accuracy_interval: tuple[float, float]
    macro_f1_interval: tuple[float, float]


@dataclass(frozen=True)
class Evaluation:
    """The outcome. Counts are of inputs of the source.

    `main` is the way that answers for the kind of label: the text head for people's labels of
    texts, the image head for those of pictures, the fused prediction otherwise. `unknown` counts
    labels that the bundle does not have. `n_seen` of the `n_scored` posts are among those that the
    bundle was fitted on: on them it does better than on new ones.
    """

    label_kind: str
    labels: tuple[str, ...]
    main: str
    n_inputs: int
    n_labelled: int
    n_scored: int
    n_failed: int
    n_seen: int
    unknown: Mapping[str, int]
    lines: Mapping[str, Line]
    differences: Mapping[str, Figures]
    """The main way less each other one, over the posts on which both have an answer."""
    slices: tuple[Slice, ...] = ()
    """Parts of the posts, where they were asked for."""
    coverage: tuple[Coverage, ...] = ()
    """What share of the posts the main way answers at a wanted accuracy."""
    notes: tuple[str, ...] = ()
    """How the words of the labels were read, and which were not; that posts were judged anew."""

    @property
    def warning(self) -> str:
        """Say on how many posts the scores are too good; "" if on none."""
        if not self.n_seen:
            return ""
        return (
            f"The bundle was made from {self.n_seen:,} of the {self.n_scored:,} posts scored here:"
            " expect less on posts that are new to it."
        )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class _Judged:
    """People's labels and the answers of every way, as class indices, one entry a post."""

    truth: list[int] = field(default_factory=list)
    answers: dict[str, list[int]] = field(default_factory=lambda: {way: [] for way in WAYS})
    n_seen: int = 0
    parts: list[tuple[str, ...]] = field(default_factory=list)
    probs: dict[str, list[tuple[float, ...]]] = field(
        default_factory=lambda: {way: [] for way in ("fused", "text", "image")}
    )


@dataclass(frozen=True)
class Evaluated:
    """An evaluation, and of what; `device` is "" if the posts were classified before."""

    source: str
    bundle: str
    device: str
    outcome: Evaluation


def evaluate_source(
    config: Config,
    source: Path,
    *,
    labels_file: Path | None = None,
    label_words: Mapping[str, str] | None = None,
    kind: str | None = None,
    format: str | None = None,
    options: ReadOptions | None = None,
    ocr: bool = False,
    bar: Bar = no_bar,
) -> Evaluated:
    """Read a source, classify what is not classified yet, and score it.

    Args:
        labels_file: people's labels by post id; without it those that the source carries.
        label_words: what the user says that words of the labels mean.
        kind: one of `KINDS`; without it the first that occurs.
        ocr: read the words in pictures first.

    Raises:
        UsageError: no post has a label that could be compared, or there is no such kind.
        SourceError, BundleError, DeviceError, StoreError: something is missing or damaged.
    """
    if kind is not None and kind not in KINDS:
        raise UsageError(f"there is no label kind {kind!r}", f"Use one of {', '.join(KINDS)}.")
    options = options or ReadOptions()
    file: LabelFile | None = None
    if labels_file:
        labels = find_bundle(config.paths, config.bundle).labels
        file = load_labels(labels_file.expanduser(), options.encoding, labels, label_words)
    with begin(config, [source], format=format, options=options, bar=bar) as work:
        (row,) = work.sources
        if ocr:
            work.read_pictures(row)
        work.classify(row)
        rows = work.store.rows(row.id, work.bundle.id)
        seen = trained_on(work.bundle)
        if file:
            name_as_posts(file, lambda ids: work.store.contents_of(ids, row.id))
        truth, notes = (file.labels, tuple(file.notes)) if file else (None, ())
        outcome = evaluate(
            rows, work.bundle.labels, truth, kind, seen,
            label_words=label_words, validated=work.bundle.validated_languages,
        )  # fmt: skip
        renewed = filter(None, [say_renewed(work.bundle.id, work.n_renewed)])
        outcome = replace(outcome, notes=(*(notes or outcome.notes), *renewed))
        return Evaluated(row.location, work.bundle.id, work.device_name, outcome)


def evaluate(
    rows: Iterable[Row],
    labels: Sequence[str],
    truth: Mapping[str, Mapping[str, str]] | None = None,
    kind: str | None = None,
    seen: Collection[str] = (),
    *,
    label_words: Mapping[str, str] | None = None,
    validated: Collection[str] | None = None,
) -> Evaluation:
    """Score classified rows against people's labels.

    Args:
        labels: the bundle's label order.
        truth: people's labels by post id and kind; without it those that the source carries.
        kind: one of `KINDS`; without it the first that occurs.
        seen: content hashes of the posts that the bundle was made from.
        label_words: what the user says that words of the source's own labels mean.
        validated: languages in which the bundle is; with them parts of the posts are scored, too.

    Raises:
        UsageError: no post has a label that could be compared, or `label_words` names no label.
    """
    labelled: list[tuple[Row, Mapping[str, str]]] = []
    n_inputs = 0
    for row in rows:
        n_inputs += 1
        known = _known(row, truth)
        if known:
            labelled.append((row, known))
    index = {label.casefold(): number for number, label in enumerate(labels)}
    words = LabelMap()
    if truth is None:
        words = propose_map((word for _, known in labelled for word in known.values()), labels, label_words)
        labelled = [(row, _mapped(known, words)) for row, known in labelled]
    kind = kind or _first_kind([known for _, known in labelled], index)
    vader = _vader(index)
    judged, unknown = _Judged(), Counter[str]()
    n_labelled = n_failed = 0
    for row, known in labelled:
        said = known.get(kind, "").strip()
        if not said:
            continue
        n_labelled += 1
        if said.casefold() not in index:
            unknown[said] += 1
        elif row.prediction is None or not row.prediction.probs:
            n_failed += 1
        else:
            _add(judged, row, index[said.casefold()], labels, vader)
            if validated is not None:
                judged.parts.append(tuple(slices_of(row, validated)))
            judged.n_seen += row.post is not None and row.post.content_hash in seen
    if not judged.truth:
        raise _nothing_to_score(kind, n_labelled, n_failed, unknown, labels, truth is not None)
    outcome = _score(judged, kind, tuple(labels), n_inputs, n_labelled, n_failed, unknown)
    return replace(outcome, notes=tuple(filter(None, [words.describe()])))


def _mapped(known: Mapping[str, str], words: LabelMap) -> Mapping[str, str]:
    return {kind: words(said) or said for kind, said in known.items()}


def _known(row: Row, truth: Mapping[str, Mapping[str, str]] | None) -> Mapping[str, str]:
    if row.post is None:
        return {}
    return row.post.truth if truth is None else truth.get(row.post.post_id, {})


def _first_kind(known: Sequence[Mapping[str, str]], index: Mapping[str, int]) -> str:
    """Choose the first kind with labels that the bundle has, else the first with any."""
    usable = (k for k in KINDS if any(kinds.get(k, "").strip().casefold() in index for kinds in known))
    present = (k for k in KINDS if any(kinds.get(k) for kinds in known))
    return next(usable, next(present, KINDS[0]))


def _add(
    judged: _Judged,
    row: Row,
    truth: int,
    labels: Sequence[str],
    vader: Callable[[str], int] | None,
) -> None:
    prediction = row.prediction
    assert prediction is not None
    empty = (0.0,) * len(labels)
    judged.truth.append(truth)
    all_probs = {"fused": prediction.probs, "text": prediction.text_probs, "image": prediction.image_probs}
    for way, probs in all_probs.items():
        judged.answers[way].append(int(np.argmax(probs)) if probs else _NOT_SAID)
        judged.probs[way].append(probs or empty)
    text = row.post.judged_text if row.post is not None else row.text
    judged.answers["vader"].append(vader(text) if vader and text.strip() else _NOT_SAID)


def _vader(index: Mapping[str, int]) -> Callable[[str], int] | None:
    """Make the word list's judgement, or None for labels that it does not know."""
    if not {"negative", "neutral", "positive"} <= index.keys():
        return None
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()

    def judge(text: str) -> int:
        compound = analyzer.polarity_scores(lexicon_part(text))["compound"]
        polar = "positive" if compound > 0 else "negative"
        return index[polar if abs(compound) >= _VADER_LIMIT else "neutral"]

    return judge


def _score(
    judged: _Judged, kind: str, labels: tuple[str, ...], n_inputs: int, n_labelled: int, n_failed: int,
    unknown: Counter[str],
) -> Evaluation:  # fmt: skip
    truth = np.array(judged.truth, dtype=np.int64)
    answers = {way: np.array(said, dtype=np.int64) for way, said in judged.answers.items()}
    lines: dict[str, Line] = {}
    for way, said in answers.items():
        chosen = said != _NOT_SAID
        if chosen.any():
            probs = np.array(judged.probs[way])[chosen] if way in judged.probs else None
            lines[way] = _line(truth[chosen], said[chosen], labels, probs)
    main = _MAIN[kind] if _MAIN[kind] in lines else "fused"
    differences = {}
    for way in lines:
        both = (answers[main] != _NOT_SAID) & (answers[way] != _NOT_SAID)
        if way != main and both.any():
            differences[way] = _difference(truth[both], answers[main][both], answers[way][both])
    said = answers[main] != _NOT_SAID
    covered = coverage(truth[said], np.array(judged.probs[main])[said])
    slices: tuple[Slice, ...] = ()
    if judged.parts:
        slices = score_slices(judged.parts, truth, answers[main], answers["vader"], len(labels))
    return Evaluation(
        kind, labels, main, n_inputs, n_labelled, len(truth), n_failed, judged.n_seen,
        dict(unknown), lines, differences, slices, covered,
    )  # fmt: skip


def _line(truth: IntArray, said: IntArray, labels: Sequence[str], probs: FloatArray | None) -> Line:
    return Line(
        score(truth, said, labels, probs),
        bootstrap_interval(lambda rows: accuracy(truth[rows], said[rows]), len(truth)),
        bootstrap_interval(lambda rows: macro_f1(truth[rows], said[rows]), len(truth)),
    )


def _difference(truth: IntArray, main: IntArray, other: IntArray) -> Figures:
    def paired(statistic: Callable[[IntArray, IntArray], float]) -> tuple[float, tuple[float, float]]:
        def less(rows: IntArray) -> float:
            return statistic(truth[rows], main[rows]) - statistic(truth[rows], other[rows])

        return less(np.arange(len(truth))), bootstrap_interval(less, len(truth))

    return Figures(len(truth), *paired(accuracy), *paired(macro_f1))


def _nothing_to_score(
    kind: str, n_labelled: int, n_failed: int, unknown: Counter[str], labels: Sequence[str], has_file: bool
) -> UsageError:
    if unknown:
        found = ", ".join(name for name, _ in unknown.most_common(5))
        return UsageError(
            f"none of people's labels is one of the bundle's: found {found}",
            f"The bundle's labels are {', '.join(labels)}: say what yours mean with --labels-map "
            f"{unknown.most_common(1)[0][0]}={labels[0]},…, or choose another bundle with --bundle.",
        )
    if n_failed:
        return UsageError(f"none of the {n_failed:,} labelled posts could be classified", "")
    where = "the labels file" if has_file else "the source"
    return UsageError(
        f"{where} has no {kind} label for any post of the source",
        "Give --labels FILE with the posts' ids, and --label-kind " + "|".join(KINDS) + ".",
    )


def scores_table(outcome: Evaluation) -> list[tuple[str, ...]]:
    """Lay out the scores of every way to tell, a header first."""
    rows: list[tuple[str, ...]] = [
        ("", "posts", "accuracy", "", "macro F1", "", "weighted F1", "macro recall", "calib. error")
    ]
    for way, line in outcome.lines.items():
        scores = line.scores
        rows.append(
            (
                TITLES[way], f"{scores.n:,}",
                format_score(scores.accuracy), format_interval(line.accuracy_interval),
                format_score(scores.macro_f1), format_interval(line.macro_f1_interval),
                format_score(scores.weighted_f1), format_score(scores.macro_recall),
                "" if scores.ece is None else format_score(scores.ece),
            )
        )  # fmt: skip
    return rows


def coverage_table(outcome: Evaluation) -> list[tuple[str, ...]]:
    """Say what share of the posts is answered at each wanted accuracy, and from which confidence.

    A header comes first.
    """
    rows: list[tuple[str, ...]] = [("at an accuracy of", "it answers", "posts", "--min-confidence")]
    for one in outcome.coverage:
        share = f"{one.share:.0%}" if one.n else "none"
        rows.append((f"{one.accuracy:.0%}", share, f"{one.n:,}", f"{one.confidence:.2f}" if one.n else ""))
    return rows


def format_score(value: float) -> str:
    return f"{value:.3f}"


def format_interval(interval: tuple[float, float], sign: str = "") -> str:
    low, high = interval
    return f"[{low:{sign}.3f}, {high:{sign}.3f}]"
