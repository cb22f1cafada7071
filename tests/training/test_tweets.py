"""One encoder for many languages: what is held out, what is drawn, and what is written."""

import json
import random
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest
import torch
from small_encoders import write_text_encoder

from mmsa_tui.errors import TrainingError
from mmsa_tui.model.encoders import TextEncoder
from mmsa_tui.model.views import load_ranges, read_views
from training.examples import Example, read_text_table
from training.full.averaging import average
from training.full.loop import FineTuning
from training.full.tweets import (
    LABELS,
    TweetTraining,
    draw_batches,
    label_priors,
    main,
    mistyped,
    part_tweets,
    without_copies,
)


def make_tweets(language: str, n: int) -> list[Example]:
    words = ("worst hate rain", "train a day", "best happy love")
    return [
        Example(
            str(i),
            f"{words[i % 3]} {language} {chr(97 + i // 26)}{chr(97 + i % 26)}",
            text=i % 3,
            language=language,
        )
        for i in range(n)
    ]


def test_copies_are_never_on_both_sides() -> None:
    tweets = [*make_tweets("en", 60), *make_tweets("en", 60), *make_tweets("de", 40)]
    learned, held = part_tweets(tweets, 0.2, random.Random(1))
    assert not {t.raw_text for t in learned} & {t.raw_text for t in held}
    assert Counter(t.language for t in held)["de"] == 8


def test_what_is_held_out_by_name_is_left_out_with_its_copies() -> None:
    tweets = make_tweets("en", 60)
    kept = [tweets[4], tweets[9]]
    copy = Example("copy", f"RT @somebody: {tweets[4].raw_text}", text=1, language="de")
    learned = without_copies([*tweets, copy], kept)
    assert [t.raw_text for t in learned] == [t.raw_text for t in tweets if t not in kept]


def test_one_slip_of_the_keys_leaves_links_names_and_hashtags_alone() -> None:
    rng, text = random.Random(1), "@somebody loves #sunshine a lot https://t.co/abcdefgh"
    slips = {mistyped(text, rng) for _ in range(60)}
    assert len(slips) > 4
    for slip in slips:
        assert slip.replace(slip.split()[1], "loves") == text
        assert 4 <= len(slip.split()[1]) <= 6
    assert mistyped("so it is", rng) == "so it is"


def test_rare_languages_are_drawn_more_often_than_they_occur() -> None:
    tweets = [*make_tweets("en", 400), *make_tweets("sw", 40)]
    settings = TweetTraining(temper=0.5, tuning=FineTuning(batch_size=16))
    batches = islice(draw_batches(tweets, [1] * len(tweets), settings, random.Random(1)), 100)
    drawn = Counter(tweets[row].language for batch in batches for row in batch)
    assert 0.18 < drawn["sw"] / drawn.total() < 0.30


def test_the_prior_of_a_rare_label_is_lower() -> None:
    tweets = [t for t in make_tweets("en", 90) if t.text != 1 or t.raw_text.endswith("b")]
    prior = label_priors(tweets, 0.5)["en"]
    assert prior[1] < prior[0]
    assert prior[0] == prior[2]


def test_the_command_writes_an_encoder_with_its_views_and_the_tweets_it_has_not_seen(tmp_path: Path) -> None:
    table = tmp_path / "tweets.tsv"
    rows = [f"{t.language}\t{LABELS[t.text]}\t{t.raw_text}" for t in make_tweets("en", 90)]
    table.write_text("\n".join(["lang\tlabel\ttext", *rows]), encoding="utf-8")
    start = write_text_encoder(tmp_path / "start")
    out = tmp_path / "out"
    command = [str(table), "--encoder", str(start), "-o", str(out), "--passes", "200", "--layers", "1,2"]
    assert main(command) == 0
    assert read_views(out).n_verdict == 3
    assert TextEncoder(out).blocks == (32, 32, 3)
    before = TextEncoder(start).model.get_input_embeddings().weight
    assert not torch.equal(before, TextEncoder(out).model.get_input_embeddings().weight)
    held = read_text_table(tmp_path / "out-held.tsv", LABELS)
    assert len(held) == 9
    assert {e.language for e in held} == {"en"}
    assert set(load_ranges(out)) >= {"encoder.layer.1.output.dense"}


def test_two_trainings_from_one_start_are_averaged(tmp_path: Path) -> None:
    start = write_text_encoder(tmp_path / "start")
    model, other = TextEncoder(start), TextEncoder(start)
    verdict, other.verdict = torch.nn.Linear(32, 3), torch.nn.Linear(32, 3)
    before = model.model.encoder.layer[1].output.dense.weight.detach().clone()
    wanted = (verdict.weight + other.verdict.weight).detach() / 2
    with torch.no_grad():
        other.model.encoder.layer[1].output.dense.weight.add_(1.0)
    average(model, verdict, other)
    torch.testing.assert_close(model.model.encoder.layer[1].output.dense.weight, before + 0.5)
    torch.testing.assert_close(verdict.weight, wanted)
    other.verdict = None
    with pytest.raises(TrainingError, match="has no verdict"):
        average(model, verdict, other)


def test_a_language_whose_labels_teach_nothing_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, kept = tmp_path / "tweets.tsv", tmp_path / "kept.tsv"
    rows = [
        f"{t.language}\t{LABELS[t.text]}\t{t.raw_text}"
        for t in (*make_tweets("en", 30), *make_tweets("hi", 30))
    ]
    table.write_text("\n".join(["lang\tlabel\ttext", *rows]), encoding="utf-8")
    # Two without a language are English; what nobody judged is neither learned from nor written.
    held = [f"{year}\t{row}" for year, row in zip(("learn", "test", "test", "", "", ""), rows, strict=False)]
    held = [row.replace("\ten\t", "\t\t") if n < 2 else row for n, row in enumerate(held)]
    kept.write_text(
        "\n".join(["year\tlang\tlabel\ttext", *held, f"test\ten\t?\t{rows[6].split(chr(9))[2]}"]),
        encoding="utf-8",
    )
    seen: list[Example] = []

    def train(model: TextEncoder, _: object, tweets: list[Example], __: object) -> torch.nn.Linear:
        seen.extend(tweets)
        return torch.nn.Linear(model.blocks[-1], 3)

    monkeypatch.setattr("training.full.tweets.train", train)
    start = write_text_encoder(tmp_path / "start")
    command = [str(table), "--encoder", str(start), "-o", str(tmp_path / "out"), "--layers", "1,2"]
    assert main([*command, "--held", str(kept), "--without", "hi, "]) == 0
    assert Counter(t.language for t in seen) == {"en": 23}
    written = read_text_table(tmp_path / "out-held.tsv", LABELS)
    assert [t.language for t in written] == ["en"] * 6
    assert [t.post_id.partition(":")[0] for t in written[:3]] == ["learn", "test", "test"]
    seen.clear()
    assert main([*command, "--average-with", str(start)]) != 0
    kept.write_text("lang\tlabel\ttext\nen\t?\tnobody", encoding="utf-8")
    assert main([*command, "--held", str(kept)]) != 0
    assert not seen


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--without", "en,hin"), "no table holds a judged tweet in hin"),
        (("--without", "en"), "0 tweets to learn from"),
        (("--layers", "1,3"), "--layers 1,3 is no list of layers of this encoder, which has 2"),
        (("--layers", "2,1"), "--layers 2,1 is no list"),
        (("--layers", "0,2"), "--layers 0,2 is no list"),
        (("--layers", "-1,2"), "--layers -1,2 is no list"),
        (("--layers", "2,2"), "--layers 2,2 is no list"),
        (("--layers", "one"), "--layers one is no list"),
        (("--layers", "1,,2"), "--layers 1,,2 is no list"),
        (("--layers", ""), "Give for instance --layers 1,2."),
        ((), "--layers 4,8,12 is no list"),
    ],
)
def test_what_cannot_be_done_is_refused_before_training(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    asked: tuple[str, ...],
    said: str,
) -> None:
    def train(*_: object) -> torch.nn.Linear:
        raise AssertionError("it trains")

    monkeypatch.setattr("training.full.tweets.train", train)
    table = tmp_path / "tweets.tsv"
    rows = [f"{t.language}\t{LABELS[t.text]}\t{t.raw_text}" for t in make_tweets("en", 30)]
    table.write_text("\n".join(["lang\tlabel\ttext", *rows]), encoding="utf-8")
    start = write_text_encoder(tmp_path / "start")
    asked = tuple(f"{asked[0]}={asked[1]}".split(" ")) if asked else ()
    assert main([str(table), "--encoder", str(start), "-o", str(tmp_path / "out"), *asked]) == 5
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_table_of_one_label_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    table = tmp_path / "tweets.tsv"
    table.write_text("label\ttext\n" + "\n".join(f"positive\tday {i}" for i in range(30)), encoding="utf-8")
    assert main([str(table), "--encoder", str(tmp_path), "-o", str(tmp_path / "out")]) != 0
    assert not (tmp_path / "out").exists()


def test_an_encoder_with_other_pieces_is_not_averaged_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "tweets.tsv"
    rows = [f"{t.language}\t{LABELS[t.text]}\t{t.raw_text}" for t in make_tweets("en", 90)]
    table.write_text("\n".join(["lang\tlabel\ttext", *rows]), encoding="utf-8")
    start, other, out = write_text_encoder(tmp_path / "start"), tmp_path / "other", tmp_path / "out"
    train_it = [str(table), "--encoder", str(start), "--passes", "1", "--layers", "1,2", "-o"]
    assert main([*train_it, str(other)]) == 0
    # As many pieces, two of which have changed places.
    pieces = (other / "tokenizer.json").read_text(encoding="utf-8")
    ids = json.loads(pieces)["model"]["vocab"]
    ids["best"], ids["worst"] = ids["worst"], ids["best"]
    changed = json.loads(pieces)
    changed["model"]["vocab"] = ids
    (other / "tokenizer.json").write_text(json.dumps(changed), encoding="utf-8")
    assert main([*train_it, str(out), "--average-with", str(other)]) != 0
    assert "has other word pieces" in capsys.readouterr().err
    assert not out.exists()
