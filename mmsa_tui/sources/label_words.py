"""What people's words for a label mean: `neg`, `Positive`, `0/2/4`, a word of another language.

A map is proposed where the words leave no doubt, shown, and overridden by what the user says; a word
that no map knows is counted and named, never guessed.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mmsa_tui.errors import UsageError

TRIO = ("negative", "neutral", "positive")

_SAME = {
    "negative": (
        "neg negativ negativa negative negativo négatif négative negatief"
        " negatywny negatywna negativni olumsuz negatif отрицательный"
        " отрицательная негативный негативная негатив"
        " ☹️ ☹ 🙁 😞 😠 😡 👎 消极 负面 负向 负 ネガティブ 否定的 부정 부정적 سلبي سلبية"
        " नकारात्मक αρνητικό"
    ),
    "neutral": (
        "neu neut neutr neutral neutre neutro neutra neutrale neutraal neutralny"
        " neutralna neutrální nötr tarafsız netral нейтральный нейтральная нейтрал 😐"
        " 中性 中立 中 ニュートラル 중립 중립적 محايد محايدة तटस्थ ουδέτερο"
    ),
    "positive": (
        "pos positiv positiva positive positivo positif positief pozytywny"
        " pozytywna pozitivní olumlu pozitif положительный положительная"
        " позитивный позитивная позитив"
        " 😀 😃 😊 🙂 😍 👍 积极 正面 正向 正 ポジティブ 肯定的 긍정 긍정적 إيجابي ايجابي إيجابية"
        " सकारात्मक θετικό"
    ),
}
_DEGREES = ("very", "extremely", "strongly", "highly", "slightly", "somewhat", "weakly")
_KNOWN = {word: label for label, words in _SAME.items() for word in words.split()} | {
    f"{degree}{joint}{label}": label
    for label in ("negative", "positive")
    for degree in _DEGREES
    for joint in " _-"
}
_MOST_WORDS = 1_000
_NAMED = 6

_NUMBERS: tuple[tuple[dict[str, str], frozenset[str], str], ...] = (
    ({"0": "negative", "2": "neutral", "4": "positive"}, frozenset(("4",)), "as Sentiment140 counts"),
    ({"-1": "negative", "0": "neutral", "1": "positive"}, frozenset(("-1",)), "from -1 to 1"),
    (
        {"0": "negative", "1": "neutral", "2": "positive"},
        frozenset(("0", "1", "2")),
        "from 0 to 2, as most data sets of three classes count",
    ),
)
"""Numbers, which of them must occur for them to be meant so, and in words."""


@dataclass(frozen=True, slots=True)
class LabelMap:
    """From a word to a label; `unknown` are the words that were seen and have none.

    `why` says where the map comes from, "" where words are labels already.
    """

    words: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    why: str = ""

    def __call__(self, word: str) -> str:
        """Return the label a word means, "" if the map does not know it."""
        return self.words.get(spelled(word), "")

    def describe(self) -> str:
        """Show the map, "" where no word changes."""
        changes = [f"{word} = {label}" for word, label in self.words.items() if word != label]
        if not changes:
            return ""
        return f"labels are read {self.why}: {', '.join(changes)}; override with --labels-map"


class LabelTally:
    """Counts the words that people's labels of a source are written in."""

    def __init__(self) -> None:
        self._words = Counter[str]()

    def add(self, truth: Mapping[str, str]) -> None:
        for word in truth.values():
            if word in self._words or len(self._words) < _MOST_WORDS:
                self._words[word] += 1

    def notes(self) -> list[str]:
        """Say how the words are read, and count and name those that no map knows."""
        found = propose_map(self._words)
        notes = [f"{shown} of `mmsa evaluate`"] if (shown := found.describe()) else []
        if found.unknown:
            counts = Counter[str]()
            for word, count in self._words.items():
                if spelled(word) in found.unknown:
                    counts[spelled(word)] += count
            named = ", ".join(f"{word} ({count:,})" for word, count in counts.most_common(_NAMED))
            more = f" and {len(counts) - _NAMED} more" if len(counts) > _NAMED else ""
            example = shlex.quote(",".join(f"{word}=LABEL" for word, _ in counts.most_common(2)))
            notes.append(
                f"people's labels that are none of {', '.join(TRIO)}: {named}{more}; `mmsa evaluate` "
                f"compares them with a bundle that has such labels, or by --labels-map {example}"
            )
        return notes


def spelled(word: str) -> str:
    """Write a word the way maps hold it: lower case, whole numbers without a fraction."""
    word = word.strip().lower()
    number = word.removeprefix("+").removesuffix(".0").removesuffix(",0")
    return number if number.removeprefix("-").isdecimal() else word


def propose_map(
    words: Iterable[str], labels: Sequence[str] = TRIO, stated: Mapping[str, str] | None = None
) -> LabelMap:
    """Say what the words of a source mean in the labels of a bundle.

    Args:
        words: as they stand in the source.
        labels: those that can be meant.
        stated: what the user says, word to label; it is taken first.

    Raises:
        UsageError: `stated` names a label that is not among `labels`.
    """
    own = {spelled(label): label for label in labels}
    given = {spelled(word): label for word, label in (stated or {}).items()}
    for word, label in given.items():
        if label and spelled(label) not in own:
            raise UsageError(
                f"--labels-map turns {word!r} into {label!r}, which is no label here",
                f"The labels are {', '.join(labels)}; WORD= leaves a word out.",
            )
    seen = list(dict.fromkeys(spelled(word) for word in words if word.strip()))
    numbers, why = _numbers([word for word in seen if word not in given])
    found: dict[str, str] = {}
    unknown: list[str] = []
    for word in seen:
        if word in given:
            label = own.get(spelled(given[word]), "")
        else:
            label = own.get(word) or own.get(_KNOWN.get(word, "")) or own.get(numbers.get(word, "")) or ""
        if label:
            found[word] = label
        elif word not in given:
            unknown.append(word)
    reason = "as you say" if given else why if numbers and found else "by their usual meaning"
    return LabelMap(found, tuple(unknown), reason)


def _numbers(words: Sequence[str]) -> tuple[Mapping[str, str], str]:
    """Return how a set of numbers is meant; 0 and 1 alone may be anything, and so may stars."""
    seen = frozenset(words)
    for meaning, telling, why in _NUMBERS:
        if seen and seen <= meaning.keys() and telling <= seen:
            return meaning, why
    return {}, ""


def parse_label_map(text: str) -> dict[str, str]:
    """Read `--labels-map`: `0=negative,1=neutral,2=positive`; `irrelevant=` leaves a word out.

    Raises:
        UsageError: it is not written so.
    """
    found: dict[str, str] = {}
    for pair in text.split(","):
        word, equals, label = pair.partition("=")
        if not equals or not word.strip():
            raise UsageError(
                f"--labels-map does not understand {pair.strip()!r}",
                "Write WORD=LABEL,WORD=LABEL: 1=negative,5=positive",
            )
        found[word.strip()] = label.strip()
    return found
