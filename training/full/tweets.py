"""Stage 0: teach one text encoder sentiment in many languages, from tables of judged tweets.

`python -m training.full.tweets TABLE... --encoder DIR -o OUT` writes an encoder that a recipe takes with
`text.tuned = false`: its middle layers, its last layer and its own verdict are views of each text.
Beside it lies `held.tsv`, the tweets it has not seen: the table for `--extra-text`.

Three things pay: the word embeddings learn too (only rows that occur in a batch are touched), rarer
languages are drawn more often than they occur, and the loss knows how frequent each label is in each
language, so that the verdict does not repeat how its sources were collected.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from mmsa_tui.errors import TrainingError
from mmsa_tui.model.device import choose_device
from mmsa_tui.model.encoders import TextEncoder
from mmsa_tui.model.metrics import macro_f1
from mmsa_tui.model.preprocessing import TextTransform
from mmsa_tui.model.views import VERDICT, TextViews
from training.examples import Example, group_examples, read_text_table
from training.full.averaging import average, check_pieces, verdict_alike
from training.full.loop import FineTuning, ramp, seed_everything
from training.full.runs import exit_code_of
from training.full.text import load_text_encoder, save_ranges, save_text_encoder

LABELS = ("negative", "neutral", "positive")
_SORTED_BATCHES = 24
"""Batches that are drawn together and sorted by length, so that little of a batch is padding."""

_MEASURED = 1000
"""Tweets by which the ranges of an int8 graph are measured."""


@dataclass(frozen=True)
class TweetTraining:
    """Hyper-parameters.

    passes: tweets gone through in all, each as often as it is drawn. tuning: of the steps; its epochs
    do not count here. temper: a language is drawn in
    proportion to its number of tweets to this power, 1 as often as it occurs, 0 all alike.
    adjustment: strength of the logit adjustment by the frequency of labels within a language.
    masked: share of the pieces that half of the tweets lose. slips: share of the draws in which one
    letter is typed wrongly. held: share that is never learned from.
    """

    passes: int = 250_000
    tuning: FineTuning = field(
        default_factory=lambda: FineTuning(learning_rate=1e-4, head_learning_rate=8e-4, warmup=0.04)
    )
    temper: float = 0.8
    adjustment: float = 0.6
    masked: float = 0.1
    slips: float = 0.15
    held: float = 0.1
    seed: int = 5


def part_tweets(
    tweets: Sequence[Example], held: float, rng: random.Random
) -> tuple[list[Example], list[Example]]:
    """Part tweets into those to learn from and those to hold out, in each language; copies stay together."""
    groups: dict[tuple[str, int], list[Example]] = defaultdict(list)
    for tweet in group_examples(tweets):
        groups[tweet.language, tweet.group].append(tweet)
    keys = sorted(groups)
    rng.shuffle(keys)
    wanted = {language: held * n for language, n in Counter(t.language for t in tweets).items()}
    learned, kept = [], []
    for language, group in keys:
        members = groups[language, group]
        if wanted[language] > 0:
            wanted[language] -= len(members)
            kept += members
        else:
            learned += members
    # A copy in another language's table is a copy all the same.
    seen = {tweet.group for tweet in kept}
    return [tweet for tweet in learned if tweet.group not in seen], kept


def without_copies(tweets: Sequence[Example], kept: Sequence[Example]) -> list[Example]:
    """Return the tweets that are neither among `kept` nor copies of those."""
    grouped = group_examples([*tweets, *kept])
    seen = {tweet.group for tweet in grouped[len(tweets) :]}
    return [tweet for tweet in grouped[: len(tweets)] if tweet.group not in seen]


def mistyped(text: str, rng: random.Random) -> str:
    """Return the text with one slip of the keys in a word of four letters or more, if it has one.

    Two letters are exchanged, or one is left out or doubled; links, user names and hashtags stay.
    """
    words = text.split(" ")
    long = [n for n, word in enumerate(words) if len(word) >= 4 and word.isalpha()]
    if not long:
        return text
    n = rng.choice(long)
    word, at = words[n], rng.randrange(1, len(words[n]) - 1)
    words[n] = rng.choice(
        (
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
        )
    )
    return " ".join(words)


def draw_batches(
    tweets: Sequence[Example], lengths: Sequence[int], settings: TweetTraining, rng: random.Random
) -> Iterator[list[int]]:
    """Yield batches of row numbers without end; no tweet comes twice before all of its language have come."""
    rows: dict[str, list[int]] = defaultdict(list)
    for row, tweet in enumerate(tweets):
        rows[tweet.language].append(row)
    languages = sorted(rows)
    shares = [len(rows[language]) ** settings.temper for language in languages]
    waiting: dict[str, list[int]] = {language: [] for language in languages}
    while True:
        window = []
        for language in rng.choices(languages, shares, k=_SORTED_BATCHES * settings.tuning.batch_size):
            if not waiting[language]:
                waiting[language] = rng.sample(rows[language], len(rows[language]))
            window.append(waiting[language].pop())
        window.sort(key=lengths.__getitem__)
        size = settings.tuning.batch_size
        batches = [window[start : start + size] for start in range(0, len(window), size)]
        rng.shuffle(batches)
        yield from batches


def label_priors(tweets: Sequence[Example], strength: float) -> dict[str, Tensor]:
    """What the loss adds to the logits in each language, [K]."""
    counts = {tweet.language: torch.ones(len(LABELS)) for tweet in tweets}
    for tweet in tweets:
        counts[tweet.language][tweet.text] += 1
    return {language: strength * torch.log(n / n.sum()) for language, n in counts.items()}


def train(
    model: TextEncoder, transform: TextTransform, tweets: Sequence[Example], settings: TweetTraining
) -> nn.Linear:
    """Fine-tune the encoder in place; return the linear layer that judges its last layer's mean."""
    seed_everything(settings.seed)
    rng = random.Random(settings.seed)
    verdict = nn.Linear(model.blocks[-1], len(LABELS))
    nn.init.normal_(verdict.weight, std=0.02)
    nn.init.zeros_(verdict.bias)
    words = model.model.get_input_embeddings()
    words.sparse = True
    others = [p for p in model.model.parameters() if p is not words.weight]
    dense = torch.optim.AdamW(
        [
            {"params": others, "lr": settings.tuning.learning_rate},
            {"params": verdict.parameters(), "lr": settings.tuning.head_learning_rate},
        ],
        weight_decay=settings.tuning.weight_decay,
    )
    sparse = torch.optim.SparseAdam([words.weight], lr=settings.tuning.learning_rate, betas=(0.9, 0.99))
    n_steps = -(-settings.passes // settings.tuning.batch_size)
    schedules = [
        torch.optim.lr_scheduler.LambdaLR(o, lambda step: ramp(step, n_steps, settings.tuning.warmup))
        for o in (dense, sparse)
    ]
    ids = transform.encode([tweet.raw_text for tweet in tweets])
    priors = label_priors(tweets, settings.adjustment)
    model.train()
    batches = draw_batches(tweets, [len(row) for row in ids], settings, rng)
    for step, rows in zip(range(n_steps), batches, strict=False):
        drawn = [
            transform.encode([mistyped(tweets[row].raw_text, rng)])[0]
            if rng.random() < settings.slips
            else ids[row]
            for row in rows
        ]
        batch = transform.collate([_masked(row, transform, settings.masked, rng) for row in drawn])
        wanted = torch.tensor([tweets[row].text for row in rows])
        shift = torch.stack([priors[tweets[row].language] for row in rows])
        with torch.autocast("cpu", torch.bfloat16):
            features = model(torch.from_numpy(batch.input_ids), torch.from_numpy(batch.attention_mask))
        logits = verdict(nn.functional.dropout(features.float(), 0.1))
        loss = nn.functional.cross_entropy(
            logits + shift, wanted, label_smoothing=settings.tuning.label_smoothing
        )
        dense.zero_grad(set_to_none=True)
        sparse.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_([*others, *verdict.parameters()], 1.0)
        dense.step()
        # torch gives SparseAdam no types.
        sparse.step()  # type: ignore[no-untyped-call]
        for schedule in schedules:
            schedule.step()
        if step % 200 == 0:
            print(f"step {step}/{n_steps} loss {loss.item():.3f}", file=sys.stderr, flush=True)
    words.sparse = False
    model.eval()
    return verdict


def _masked(row: Sequence[int], transform: TextTransform, share: float, rng: random.Random) -> list[int]:
    mask = transform.mask_id
    if mask is None or len(row) < 7 or rng.random() < 0.5:
        return list(row)
    inner = [mask if rng.random() < share else piece for piece in row[1:-1]]
    return [row[0], *inner, row[-1]]


@torch.inference_mode()
def score_languages(
    model: TextEncoder, transform: TextTransform, verdict: nn.Linear, tweets: Sequence[Example]
) -> dict[str, float]:
    """Macro-F1 of the verdict in each language."""
    from training.full.text import encode_texts

    features = encode_texts(model, transform, [t.raw_text for t in tweets], torch.device("cpu"))
    predicted = verdict(features[:, -model.blocks[-1] :]).argmax(1).numpy()
    truth, languages = np.array([t.text for t in tweets]), np.array([t.language for t in tweets])
    return {
        language: macro_f1(truth[languages == language], predicted[languages == language])
        for language in sorted(set(languages))
    }


def write_held(tweets: Sequence[Example], path: Path, *, named: bool = False) -> None:
    """Write held-out tweets as a table for `--extra-text`, every other one marked `test` in `year`.

    Args:
        named: they came from `--held`; those that have a year there keep it.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", quoting=csv.QUOTE_NONE, quotechar=None, lineterminator="\n")
        writer.writerow(["id", "year", "lang", "label", "text"])
        for number, tweet in enumerate(tweets):
            text = " ".join(tweet.raw_text.split())
            year = tweet.post_id.partition(":")[0] if named else ""
            part = year or ("test" if number % 2 else "learn")
            writer.writerow([number, part, tweet.language, LABELS[tweet.text], text])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.full.tweets", description=__doc__)
    parser.add_argument("tables", type=Path, nargs="+", help="TSV with label, text and maybe lang (else en)")
    parser.add_argument("--encoder", type=Path, required=True, help="a BERT-like encoder, a local directory")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--passes", type=int, default=TweetTraining.passes)
    parser.add_argument("--seed", type=int, default=TweetTraining.seed)
    parser.add_argument("--temper", type=float, default=TweetTraining.temper)
    parser.add_argument(
        "--held", type=Path, help="a table of the tweets to hold out, in place of some drawn by chance"
    )
    parser.add_argument(
        "--without", default="", metavar="LANG,LANG", help="languages whose labels are not learned from"
    )
    parser.add_argument(
        "--average-with", type=Path, help="an encoder that this command wrote: the mean of both is written"
    )
    parser.add_argument("--layers", default="4,8,12", help="layers whose means are views, the last one last")
    options = parser.parse_args(arguments)
    return exit_code_of(lambda: _run(options), "stopped; nothing was written")


def _read_judged(tables: Sequence[Path]) -> list[Example]:
    """Read the tweets that have a label, each with a language."""
    return [
        tweet if tweet.language else replace(tweet, language="en")
        for table in tables
        for tweet in read_text_table(table, LABELS)
        if tweet.text >= 0
    ]


def _check_left_out(without: str, tweets: Sequence[Example]) -> set[str]:
    """Read which languages are not learned from.

    Raises:
        TrainingError: one of them is in no table, such as one that is misspelled: all would be learned from.
    """
    wanted = {language for word in without.split(",") if (language := word.strip())}
    there = {tweet.language for tweet in tweets}
    if unknown := sorted(wanted - there):
        raise TrainingError(
            f"no table holds a judged tweet in {', '.join(unknown)}, so that --without leaves nothing out",
            f"Name languages as the tables do: {', '.join(sorted(there))}.",
        )
    return wanted


def _check_layers(named: str, n_layers: int) -> tuple[int, ...]:
    """Read of which layers, the first of which is 1, an encoder of `n_layers` gives its views.

    Raises:
        TrainingError: it is no list of different layers of the encoder with its last layer at the end, which
            the verdict judges.
    """
    words = [word.strip() for word in named.split(",")]
    layers = tuple(int(word) for word in words if word.isdecimal())
    is_right = len(layers) == len(words) == len(set(layers)) and min(layers) > 0 and max(layers) <= n_layers
    if not is_right or layers[-1] != n_layers:
        third = max(n_layers // 3, 1)
        proposed = ",".join(
            str(layer) for layer in range(n_layers - 2 * third, n_layers + 1, third) if layer > 0
        )
        raise TrainingError(
            f"--layers {named} is no list of layers of this encoder, which has {n_layers}, with the last one"
            " at its end",
            f"Give for instance --layers {proposed}.",
        )
    return layers


def _run(options: argparse.Namespace) -> int:
    choose_device("cpu")
    settings = TweetTraining(passes=options.passes, seed=options.seed, temper=options.temper)
    tweets = _read_judged(options.tables)
    if options.held:
        held = _read_judged([options.held])
        if not held:
            raise TrainingError(f"{options.held} holds no tweet with a label", "Name another with --held.")
        learned = without_copies(tweets, read_text_table(options.held, LABELS))
    else:
        learned, held = part_tweets(tweets, settings.held, random.Random(settings.seed))
    left_out = _check_left_out(options.without, tweets)
    learned = [tweet for tweet in learned if tweet.language not in left_out]
    if not learned or len({tweet.text for tweet in learned}) < len(LABELS):
        raise TrainingError(
            f"{len(learned)} tweets to learn from do not show all of {', '.join(LABELS)}",
            "The tables need columns label and text.",
        )
    model, transform = load_text_encoder(options.encoder, dropout=0.1)
    transform.keep_emoji()
    layers = _check_layers(options.layers, int(model.model.config.num_hidden_layers))
    other = TextEncoder(options.average_with) if options.average_with else None
    if other is not None:
        # A training takes an hour; one that cannot be averaged is refused before.
        verdict_alike(model, other, len(LABELS))
        check_pieces(options.encoder, options.average_with)
    # Not before it is known that all of it can be done: what is refused leaves nothing.
    options.output.mkdir(parents=True, exist_ok=True)
    verdict = train(model, transform, learned, settings)
    if other is not None:
        average(model, verdict, other)
    for language, score in score_languages(model, transform, verdict, held).items():
        print(f"{language}: macro-F1 {score:.3f} held out")
    save_text_encoder(model, transform, options.output)
    save_file(
        {name: tensor.detach().contiguous() for name, tensor in verdict.state_dict().items()},
        options.output / VERDICT,
    )
    TextViews(layers, len(LABELS), "kept", "int8").save(options.output)
    some = random.Random(settings.seed).sample(learned, min(len(learned), _MEASURED))
    save_ranges(model, transform, [tweet.raw_text for tweet in some], options.output)
    beside = options.output.with_name(options.output.name + "-held.tsv")
    write_held(held, beside, named=bool(options.held))
    return 0


if __name__ == "__main__":
    sys.exit(main())
