"""How often the 95 % intervals of an audit hold the truth, and how wide they are.

Posts labelled by people play the source, a model labels all of them, and an audit of 200 is drawn 500
times. For each label, of all posts and of each group, the interval should hold the true share in 95 of
100 draws; shares by the model's labels alone, with the interval that counting them suggests, are shown
beside. Writes `docs/coverage.png` and prints the table that stands in `docs/estimates.md`.

The models: `mvsa` and `mvsa unseen`, a logistic regression on the shipped bundle's features, out of fold
and on the posts the bundle never learned from; `mvsa copied`, `mvsa` as if retweeted; `semeval`, VADER;
`umsab` and `languages`, a logistic regression on character n-grams that was shown four of the languages only,
so that it is biased in others; `emotion`, `irony` and `emoji` (its six commonest), the same on posts of
middling length only, so that it is biased in the shortest and the longest. The intervals were chosen on
`mvsa`, `mvsa unseen`, `semeval` and `languages`; `umsab` and the last three were named beforehand to confirm
them.

    python benchmarks/coverage.py --data ../shared/data
"""

from __future__ import annotations

import argparse
import csv
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmsa_tui.analysis.estimates import Population, difference, estimate_shares

LABELS = ("negative", "neutral", "positive")
Z = 1.959964
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Labelled:
    """Posts with people's labels [N], a model's probabilities [N, K] and groups [N]."""

    name: str
    truth: Any
    probs: Any
    groups: Any
    labels: tuple[str, ...] = LABELS
    copies: Any = None
    """[N] how many posts each stands for; one by default."""

    @property
    def sizes(self) -> Any:
        return np.ones(len(self.truth)) if self.copies is None else self.copies


@dataclass
class Tally:
    """Draws of one share: how many held the truth, by audit and model, audit alone, model alone."""

    n: int = 0
    held: int = 0
    held_raw: int = 0
    width: float = 0.0
    width_alone: float = 0.0


def features(name: str) -> tuple[Any, Any, Any]:
    """Load a file of the shipped bundle: features [N, F], labels [N], third of VADER's scale [N]."""
    from safetensors.numpy import load_file

    (path,) = ROOT.rglob(f"mvsa-1.0.0/{name}.safetensors")
    data = load_file(path)
    keep = (data["post"] >= 0) & (data["has_image"] > 0)
    text = data["text_codes"] * data["text_scale"][:, None]
    image = data["image_codes"] * data["image_scale"][:, None]
    lexicon = data["lexicon"].astype(np.float32)
    found = np.hstack([text, image, lexicon])[keep]
    compound = lexicon[keep, -1]
    return found, data["post"][keep].astype(int), np.digitize(compound, np.quantile(compound, [1 / 3, 2 / 3]))


def mvsa() -> list[Labelled]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict

    parts = {name: features(name) for name in ("replay", "evaluation", "tuning")}
    x = np.vstack([part[0] for part in parts.values()])
    y = np.concatenate([part[1] for part in parts.values()])
    groups = np.concatenate([part[2] for part in parts.values()])
    x = (x - x.mean(0)) / (x.std(0) + 1e-6)
    model = LogisticRegression(max_iter=300, C=0.003)
    probs = cross_val_predict(model, x, y, cv=5, method="predict_proba")
    n_learned = len(parts["replay"][1])
    unseen = slice(n_learned, None)
    model.fit(x[:n_learned], y[:n_learned])
    return [
        Labelled("mvsa", y, probs, groups),
        Labelled("mvsa unseen", y[unseen], model.predict_proba(x[unseen]), groups[unseen]),
        Labelled("mvsa copied", y, probs, groups, copies=copied(len(y))),
    ]


def copied(n: int) -> Any:
    """Say how often each post was retweeted word for word: most once, few up to sixty times."""
    return np.minimum(np.random.default_rng(2).zipf(2.2, n), 60).astype(float)


def rows_of(path: Path, group: str) -> tuple[list[str], Any, Any]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    rows = [row for row in rows if row["label"] in LABELS]
    truth = np.array([LABELS.index(row["label"]) for row in rows])
    return [row["text"] for row in rows], truth, np.array([row[group] for row in rows])


def semeval(path: Path) -> Labelled:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    texts, truth, groups = rows_of(path, "year")
    chosen = np.random.default_rng(0).permutation(len(texts))[:15_000]
    analyzer = SentimentIntensityAnalyzer()
    compound = np.array([analyzer.polarity_scores(texts[at])["compound"] for at in chosen])
    # The authors' thresholds; what is left of a label's probability goes mostly to neutral.
    at = np.where(compound <= -0.05, 0, np.where(compound >= 0.05, 2, 1))
    probs = np.full((len(chosen), len(LABELS)), 0.25)
    sure = 0.4 + 0.6 * np.clip(np.abs(compound), 0.34, 1)
    for label in (0, 2):
        rows = at == label
        probs[rows, label] = sure[rows]
        probs[rows, 1] = 0.7 * (1 - sure[rows])
        probs[rows, 2 - label] = 0.3 * (1 - sure[rows])
    probs[at == 1] = (0.25, 0.5, 0.25)
    return Labelled("semeval", truth[chosen], probs, groups[chosen])


def many_languages(name: str, path: Path, learned: tuple[str, ...]) -> Labelled:
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.linear_model import LogisticRegression

    texts, truth, groups = rows_of(path, "lang")
    hashed = HashingVectorizer(analyzer="char_wb", ngram_range=(2, 4), n_features=2**16)
    x = hashed.fit_transform(texts)
    fold = np.random.default_rng(0).integers(0, 2, len(truth))
    probs = np.zeros((len(truth), len(LABELS)))
    for at in (0, 1):
        taught = (fold != at) & np.isin(groups, learned)
        model = LogisticRegression(max_iter=60, C=3).fit(x[taught], truth[taught])
        probs[fold == at] = model.predict_proba(x[fold == at])
    return Labelled(name, truth, probs, groups)


def tweets(name: str, path: Path) -> Labelled:
    """TweetEval: its six commonest labels, 15,000 posts at most; a model learns two of four lengths."""
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.linear_model import LogisticRegression

    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    labels = tuple(label for label, _ in Counter(row["label"] for row in rows).most_common(6))
    rows = [row for row in rows if row["label"] in labels]
    rng = np.random.default_rng(0)
    rows = [rows[at] for at in rng.permutation(len(rows))[:15_000]]
    truth = np.array([labels.index(row["label"]) for row in rows])
    lengths = np.array([len(row["text"]) for row in rows])
    groups = np.digitize(lengths, np.quantile(lengths, [0.15, 0.45, 0.75]))
    hashed = HashingVectorizer(analyzer="char_wb", ngram_range=(2, 4), n_features=2**16)
    x = hashed.fit_transform([row["text"] for row in rows])
    fold = rng.integers(0, 2, len(truth))
    probs = np.zeros((len(truth), len(labels)))
    for at in (0, 1):
        taught = (fold != at) & np.isin(groups, (1, 2))
        model = LogisticRegression(max_iter=60, C=3).fit(x[taught], truth[taught])
        probs[fold == at] = model.predict_proba(x[fold == at])
    return Labelled(name, truth, probs, groups, labels)


def draw(data: Labelled, n: int, rng: np.random.Generator) -> Population:
    """Audit `n` posts, stratified by the model's label as the program does."""
    predicted = data.probs.argmax(1)
    audited = np.zeros(len(predicted), dtype=bool)
    for label in range(len(data.labels)):
        stratum = np.flatnonzero(predicted == label)
        size = min(len(stratum), max(2, round(n * len(stratum) / len(predicted))))
        audited[rng.choice(stratum, size, replace=False)] = True
    given = np.where(audited[:, None], np.eye(len(data.labels))[data.truth], 0.0)
    own = np.arange(len(predicted))
    return Population(data.labels, data.sizes, data.probs, predicted, predicted, own, audited, given)


def wilson_width(share: float, n: int) -> float:
    square = Z**2 / n
    return float(2 * np.sqrt(share * (1 - share) * square + square**2 / 4) / (1 + square))


def measure(data: Labelled, n: int, n_draws: int) -> tuple[dict[tuple[str, str], Tally], dict[str, Tally]]:
    """Tally draws by group and label, and the differences between the two largest groups by label."""
    rng = np.random.default_rng(1)
    names, sizes = np.unique(data.groups, return_counts=True)
    members = {"all": np.ones(len(data.truth), dtype=bool)} | {str(g): data.groups == g for g in names}
    one, two = (str(names[at]) for at in np.argsort(-sizes, kind="stable")[:2])
    sized = {group: data.sizes * rows for group, rows in members.items()}
    true = {
        group: [
            float((counts * (data.truth == label)).sum() / counts.sum()) for label in range(len(data.labels))
        ]
        for group, counts in sized.items()
    }
    shares: dict[tuple[str, str], Tally] = {}
    differences = {label: Tally() for label in data.labels}
    for _ in range(n_draws):
        population = draw(data, n, rng)
        found = {group: estimate_shares(population, counts) for group, counts in sized.items()}
        for group, estimates in found.items():
            rows = members[group]
            for label, one_share in enumerate(estimates):
                if one_share.value is None or one_share.low is None or one_share.high is None:
                    continue
                tally = shares.setdefault((group, data.labels[label]), Tally())
                truth = true[group][label]
                tally.n += 1
                tally.held += one_share.low - 1e-9 <= truth <= one_share.high + 1e-9
                raw = float((sized[group] * (population.predicted == label)).sum() / sized[group].sum())
                tally.held_raw += abs(raw - truth) <= Z * np.sqrt(raw * (1 - raw) / sized[group].sum())
                tally.width += one_share.high - one_share.low
                counted = float(population.given[rows & population.audited, label].mean())
                tally.width_alone += wilson_width(counted, one_share.n_audited)
        for label in range(len(data.labels)):
            a, b = found[one][label], found[two][label]
            less = difference("", a, b)
            if less.low is None or less.high is None:
                continue
            tally, truth = differences[data.labels[label]], true[one][label] - true[two][label]
            tally.n += 1
            tally.held += less.low - 1e-9 <= truth <= less.high + 1e-9
    return shares, differences


def describe(
    data: Labelled, shares: dict[tuple[str, str], Tally], differences: dict[str, Tally]
) -> list[str]:
    """One line of the table for all posts, one for the groups."""
    right = float((data.probs.argmax(1) == data.truth).mean())
    lines = []
    for words, rows in (
        ("all posts", [(key, tally) for key, tally in shares.items() if key[0] == "all"]),
        ("groups", [(key, tally) for key, tally in shares.items() if key[0] != "all"]),
    ):
        held = [100 * tally.held / tally.n for _, tally in rows]
        raw = 100 * sum(tally.held_raw for _, tally in rows) / sum(tally.n for _, tally in rows)
        width = float(np.mean([tally.width / tally.width_alone for _, tally in rows]))
        overall = _held([tally for _, tally in rows])
        each = (_held([tally for key, tally in rows if key[1] == label]) for label in data.labels)
        by_label = " / ".join(f"{share:.1f}" for share in each)
        lines.append(
            f"| {data.name} | {len(data.truth):,} | {right:.3f} | {words} | {overall:.1f} | {by_label}"
            f" | {min(held):.1f} to {max(held):.1f} | {width:.2f} | {raw:.0f} |"
        )
    by_label = " / ".join(f"{_held([tally]):.1f}" for tally in differences.values())
    total = _held(list(differences.values()))
    lines.append(
        f"| {data.name} | {len(data.truth):,} | {right:.3f} | difference | {total:.1f} | {by_label} | | | |"
    )
    return lines


def _held(tallies: list[Tally]) -> float:
    return 100 * sum(tally.held for tally in tallies) / max(sum(tally.n for tally in tallies), 1)


def picture(results: list[tuple[Labelled, dict[tuple[str, str], Tally]]], target: Path) -> None:
    """Draw, for each share of each set, how often its interval held the truth, beside the model's alone."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 3.6))
    rng = np.random.default_rng(0)
    for at, (_, shares) in enumerate(results):
        for key, tally in shares.items():
            size = 60 if key[0] == "all" else 18
            for shift, held, colour in ((-0.18, tally.held, "#0b5cad"), (0.18, tally.held_raw, "#b3261e")):
                x = at + shift + rng.uniform(-0.1, 0.1)
                axes.scatter(x, 100 * held / tally.n, s=size, color=colour, alpha=0.75, linewidth=0)
    axes.axhspan(93, 97, color="#565d68", alpha=0.2, linewidth=0)
    axes.set_xticks(range(len(results)), [data.name for data, _ in results])
    axes.set_ylabel("draws in which the interval\nholds the true share (%)")
    axes.set_ylim(-3, 103)
    axes.set_title(
        "Blue: model's labels corrected by an audit of 200. Red: model's labels alone.\n"
        "Large: all posts; small: groups. Grey: 93 to 97 %.",
        fontsize=10,
    )
    figure.tight_layout()
    figure.savefig(target, dpi=130)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--audit", type=int, default=200)
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--picture", type=Path, default=ROOT / "docs" / "coverage.png")
    asked = parser.parse_args()
    warnings.filterwarnings("ignore", message=".*lbfgs failed to converge.*")
    sets = [
        *mvsa(),
        semeval(asked.data / "semeval" / "train.tsv"),
        many_languages("umsab", asked.data / "umsab" / "train.tsv", ("ar", "fr", "de", "es")),
        many_languages("languages", asked.data / "languages" / "train.tsv", ("ru", "id", "th", "sw")),
        *(tweets(name, asked.data / "tweeteval" / f"{name}.tsv") for name in ("emotion", "irony", "emoji")),
    ]
    print("| set | posts | model right | shares of | held | by label | single shares"
          " | width | model alone held |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|")
    results = []
    for data in sets:
        shares, differences = measure(data, asked.audit, asked.draws)
        results.append((data, shares))
        for line in describe(data, shares, differences):
            print(line, flush=True)
    picture(results, asked.picture)


if __name__ == "__main__":
    main()
