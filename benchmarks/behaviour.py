"""What a bundle does when one thing in a post changes: `python -m benchmarks.behaviour [BUNDLE]`.

Pairs of short posts, written for this project, in the manner of M. T. Ribeiro et al., Beyond Accuracy
(CheckList), ACL 2020. A check passes where the change has the effect it must have, or none where it must
have none. Prints a pass rate for each kind; the posts are few, so a rate is a hint and no score.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import product

from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.config import find_paths
from mmsa_tui.model.predictor import Predictor
from mmsa_tui.records import Post, content_hash

Check = tuple[str, str, str, str]
"""Kind, the post before and after, and what must hold: `falls`, `rises`, `same`, or a label of both."""

_PRAISE = ("great", "lovely", "wonderful", "funny")
_THINGS = ("film", "concert", "new tram", "museum")
_FACES = (("😍", "😡"), ("😊", "😭"), ("❤️", "💔"), ("👍", "👎"))
_NAMES = (("Anna", "Fatima"), ("John", "Kwame"), ("Leipzig", "Lagos"), ("Oslo", "Karachi"))
_GOOD = {
    "en": "What a wonderful evening, I am so happy",
    "de": "Was für ein wunderbarer Abend, ich bin so glücklich",
    "fr": "Quelle merveilleuse soirée, je suis si heureux",
    "es": "Qué noche tan maravillosa, estoy muy feliz",
    "it": "Che serata meravigliosa, sono così felice",
    "pt": "Que noite maravilhosa, estou tão feliz",
    "ru": "Какой чудесный вечер, я так счастлив",
    "ar": "يا لها من أمسية رائعة، أنا سعيد جدا",
}
_BAD = {
    "en": "What a terrible evening, I am so angry",
    "de": "Was für ein schrecklicher Abend, ich bin so wütend",
    "fr": "Quelle horrible soirée, je suis furieux",
    "es": "Qué noche tan horrible, estoy furioso",
    "it": "Che serata orribile, sono furioso",
    "pt": "Que noite horrível, estou furioso",
    "ru": "Какой ужасный вечер, я в бешенстве",
    "ar": "يا لها من أمسية فظيعة، أنا غاضب جدا",
}


def checks() -> Iterator[Check]:
    """Yield all checks."""
    for word, thing in product(_PRAISE, _THINGS):
        said = f"The {thing} is {word}"
        yield "negation", said, f"The {thing} is not {word}", "falls"
        yield "intensifier", f"The {thing} is quite {word}", f"The {thing} is absolutely {word}", "rises"
        yield "typo", said, f"The {thing} is {word[0]}{word[2]}{word[1]}{word[3:]}", "same"
    for (happy, angry), thing in product(_FACES, _THINGS):
        yield "emoji swap", f"The {thing} today {happy}", f"The {thing} today {angry}", "falls"
    for (one, other), word in product(_NAMES, _PRAISE):
        yield "name or place swap", f"{one} was {word} today", f"{other} was {word} today", "same"
    for language, said in _GOOD.items():
        yield "one sentence, eight languages", _GOOD["en"], said, "positive"
        yield "one sentence, eight languages", _BAD["en"], _BAD[language], "negative"


def passes(check: Check, before: tuple[str, float], after: tuple[str, float]) -> bool:
    """Judge a check by label and valence (probability of positive less that of negative) of both posts."""
    wanted = check[3]
    if wanted == "falls":
        return after[1] < before[1] and after[0] != "positive"
    if wanted == "rises":
        return after[1] >= before[1]
    if wanted == "same":
        return after[0] == before[0]
    return after[0] == wanted


def main() -> None:
    """Print a row for each kind."""
    paths = find_paths()
    bundle = find_bundle(paths, sys.argv[1] if len(sys.argv) > 1 else "")
    predictor = Predictor.load(bundle, paths, cache=False)
    all_checks = list(checks())
    texts = list(dict.fromkeys(text for check in all_checks for text in check[1:3]))
    posts = [Post(str(n), text, content_hash=content_hash(text, [])) for n, text in enumerate(texts)]
    good, bad = bundle.labels.index("positive"), bundle.labels.index("negative")
    found = {
        text: (p.label, p.probs[good] - p.probs[bad])
        for text, p in zip(texts, predictor.predict(posts), strict=True)
    }
    print(f"{bundle.id}, {predictor.device_name}")
    for kind in dict.fromkeys(check[0] for check in all_checks):
        results = [passes(c, found[c[1]], found[c[2]]) for c in all_checks if c[0] == kind]
        print(f"  {kind:32} {sum(results):3} of {len(results)}")


if __name__ == "__main__":
    main()
