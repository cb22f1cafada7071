"""A vocabulary that is cut: the same pieces and hidden states for what tweets are made of, and refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from small_encoders import write_text_encoder
from tokenizers import Tokenizer

from mmsa_tui.bundle.encoder_files import check_encoder
from mmsa_tui.errors import TrainingError
from mmsa_tui.model.encoders import TextEncoder
from mmsa_tui.model.preprocessing import TextTransform
from mmsa_tui.model.views import RANGES, VERDICT, TextViews, load_ranges
from training.full.text import save_text_encoder
from training.full.vocabulary import choose_pieces, main

# Special pieces but for padding stand behind the others, so that their ids move.
SPECIAL = ["<s>", "</s>", "<unk>", "<mask>"]
FLAG = "🇧🇷"
PIECES = {
    "<pad>": 0.0,
    "\u2581": -2.0,
    **dict.fromkeys("eghilnorsuvwxyzλ好❄", -4.0),
    "▁sun": -5.0,
    "▁rain": -5.1,
    "▁in": -5.2,
    "▁summer": -5.4,
    "shine": -6.0,
    "▁snow": -6.1,
    "▁storm": -6.2,
    "▁winter": -6.3,
    FLAG: -7.0,
    # The likeliest way to part "ca∰bd" depends on what an unknown character costs.
    **dict.fromkeys("abcd", -40.0),
    "a∰b": -5.0,
    "ca": -4.5,
    "bd": -4.5,
    "▁hurricane": -100.0,
    **dict.fromkeys(SPECIAL, 0.0),
}
MASK = len(PIECES) - 1
TEXTS = ["sunshine in winter", "rain", "好 λ ca∰bd", "sun ❄"]
N = len(PIECES) + 1 - 3
"""All but summer, snow and storm; with `@user`, which stands behind them."""


def template(ids: dict[str, int]) -> dict[str, Any]:
    parts = [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    parts.append({"SpecialToken": {"id": "</s>", "type_id": 0}})
    tokens = {name: {"id": name, "ids": [ids[name]], "tokens": [name]} for name in ("<s>", "</s>")}
    return {"type": "TemplateProcessing", "single": parts, "pair": parts, "special_tokens": tokens}


def roberta(ids: dict[str, int]) -> dict[str, Any]:
    pairs = {"sep": ["</s>", ids["</s>"]], "cls": ["<s>", ids["<s>"]]}
    return {"type": "RobertaProcessing", **pairs, "trim_offsets": True, "add_prefix_space": True}


def nested(ids: dict[str, int]) -> dict[str, Any]:
    return {"type": "Sequence", "processors": [roberta(ids)]}


def write_encoder(folder: Path, processor: Callable[[dict[str, int]], dict[str, Any]] = template) -> Path:
    """A two-layer XLM-RoBERTa with random weights in fp16, rows to spare, and a token behind its pieces."""
    from transformers import XLMRobertaConfig, XLMRobertaModel

    folder.mkdir()
    ids = {piece: place for place, piece in enumerate(PIECES)}
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    added = [{"id": ids[name], "content": name, **flags} for name in ("<pad>", *SPECIAL)]
    added.append({"id": len(ids), "content": "@user", **flags, "special": False})
    space = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True}
    tokenizer = {
        "version": "1.0",
        "truncation": {"max_length": 3, "strategy": "LongestFirst", "stride": 0, "direction": "Right"},
        "padding": {
            "strategy": "BatchLongest",
            "direction": "Right",
            "pad_to_multiple_of": None,
            "pad_id": ids["<mask>"],
            "pad_type_id": 0,
            "pad_token": "<mask>",
        },
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": space,
        "post_processor": processor(ids),
        "decoder": space,
        "model": {"type": "Unigram", "unk_id": ids["<unk>"], "vocab": list(PIECES.items())},
    }
    write_json(folder / "tokenizer.json", tokenizer)
    config = {"pad_token": "<pad>", "added_tokens_decoder": {str(token["id"]): token for token in added}}
    write_json(folder / "tokenizer_config.json", config)
    torch.manual_seed(0)
    model = XLMRobertaModel(
        XLMRobertaConfig(
            vocab_size=len(ids) + 4,
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=64,
            pad_token_id=ids["<pad>"],
            bos_token_id=ids["<s>"],
            eos_token_id=len(ids) + 3,
        )
    )
    model.half().save_pretrained(folder)
    return folder


def write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    write_json(path, content)


def write_table(folder: Path, texts: list[str] = TEXTS) -> Path:
    path = folder / "tweets.tsv"
    path.write_text("\n".join(["lang\ttext", *(f"en\t{text}" for text in texts)]), encoding="utf-8")
    return path


def cut(encoder: Path, pieces: int = N) -> int:
    """Cut the encoder by the texts beside it; to `cut` beside it."""
    folder = encoder.parent
    return main([str(encoder), str(write_table(folder)), "--pieces", str(pieces), "-o", str(folder / "cut")])


def transform_of(folder: Path) -> TextTransform:
    transform = TextTransform(folder)
    transform.keep_emoji()
    return transform


def pieces_of(folder: Path, text: str) -> list[str]:
    library = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return [library.id_to_token(piece) for piece in transform_of(folder).encode([text])[0]]


def states(folder: Path, texts: list[str]) -> list[torch.Tensor]:
    transform, model = transform_of(folder), TextEncoder(folder).eval()
    batch = transform.collate(transform.encode(texts))
    with torch.inference_mode():
        return model.states(torch.from_numpy(batch.input_ids), torch.from_numpy(batch.attention_mask))


@pytest.mark.parametrize("processor", [template, roberta, nested])
def test_the_texts_of_the_tables_have_the_pieces_and_hidden_states_of_before(
    tmp_path: Path, processor: Callable[[dict[str, int]], dict[str, Any]]
) -> None:
    before, after = write_encoder(tmp_path / "encoder", processor), tmp_path / "cut"
    assert cut(before) == 0
    check_encoder(after, "text")
    texts = [*TEXTS, "@user sun <mask>"]
    for text in texts:
        assert pieces_of(after, text) == pieces_of(before, text)
    assert pieces_of(after, "sunshine") == ["<s>", "▁sun", "shine", "</s>"]
    for one, two in zip(states(before, texts), states(after, texts), strict=True):
        assert torch.equal(one, two)
    assert load_file(after / "model.safetensors")["embeddings.word_embeddings.weight"].shape == (N, 32)


def test_what_is_cut_is_parted_into_what_stays_and_no_script_becomes_unknown(tmp_path: Path) -> None:
    before, after = write_encoder(tmp_path / "encoder"), tmp_path / "cut"
    assert cut(before) == 0
    assert pieces_of(before, "snow")[1:-1] == ["▁snow"]
    # Nor does the name of an emoji keep it that has a piece of its own.
    assert pieces_of(after, "snow")[1:-1] == ["▁", *"snow"]
    for text in ("xyz", "好好λ", "q", "qλ q"):
        assert pieces_of(after, text) == pieces_of(before, text)
    assert pieces_of(after, "q")[1:-1] == ["▁", "<unk>"]


def test_an_unknown_character_costs_what_it_did(tmp_path: Path) -> None:
    before, after = write_encoder(tmp_path / "encoder"), tmp_path / "cut"
    assert cut(before) == 0
    assert pieces_of(before, "ca∰bd")[1:-1] == ["▁", "c", "a∰b", "d"]
    # Had the rarest piece been cut, this would be parted at the unknown sign.
    edit(after / "tokenizer.json", lambda found: found["model"]["vocab"].__setitem__(-5, ["other", -1.0]))
    assert pieces_of(after, "ca∰bd")[1:-1] == ["▁", "ca", "<unk>", "bd"]


def test_an_emoji_is_left_in_a_text_as_before(tmp_path: Path) -> None:
    before, after = write_encoder(tmp_path / "encoder"), tmp_path / "cut"
    assert cut(before) == 0
    assert FLAG in pieces_of(after, f"sun {FLAG}")
    assert pieces_of(after, f"sun {FLAG}") == pieces_of(before, f"sun {FLAG}")


def test_all_that_names_a_piece_by_its_id_names_the_same_piece(tmp_path: Path) -> None:
    assert cut(write_encoder(tmp_path / "encoder")) == 0
    found = json.loads((tmp_path / "cut" / "tokenizer.json").read_text(encoding="utf-8"))
    vocab = [piece for piece, _ in found["model"]["vocab"]]
    assert len(vocab) == N - 1
    assert vocab[found["model"]["unk_id"]] == "<unk>"
    assert vocab[found["padding"]["pad_id"]] == "<mask>"
    added = {token["content"]: token["id"] for token in found["added_tokens"]}
    assert added == {name: vocab.index(name) for name in ("<pad>", *SPECIAL)} | {"@user": N - 1}
    config = json.loads((tmp_path / "cut" / "config.json").read_text(encoding="utf-8"))
    assert (config["vocab_size"], vocab[config["bos_token_id"]]) == (N, "<s>")
    # What was no piece names none now.
    assert config["eos_token_id"] is None
    beside = json.loads((tmp_path / "cut" / "tokenizer_config.json").read_text(encoding="utf-8"))
    assert beside == {"pad_token": "<pad>"}


def test_pieces_of_the_texts_come_before_more_frequent_ones_and_those_before_rarer_ones() -> None:
    vocab = [("x", -9.0), ("▁the", -1.0), ("▁of", -2.0), ("▁and", -3.0), ("<0x0A>", -3.5), ("▁late", -8.0)]
    vocab += [("▁last", -20.0), ("▁y", -9.0)]
    # Single characters and bytes, the rarest of all, a piece that is needed, an added token: and no more.
    assert choose_pieces(vocab, {5, 8}, 6) == {0: 0, 4: 1, 5: 2, 6: 3, 7: 4, 8: 5}
    assert list(choose_pieces(vocab, {5, 8}, 8)) == [0, 1, 2, 4, 5, 6, 7, 8]
    assert list(choose_pieces(vocab, {5, 8}, 9)) == list(range(9))
    for n in (5, 10):
        with pytest.raises(TrainingError, match=f"{n} pieces cannot stay: 6 are .* there are 9"):
            choose_pieces(vocab, {5, 8}, n)


def test_what_an_encoder_says_of_itself_goes_with_it(tmp_path: Path) -> None:
    tuned, after = tmp_path / "encoder", tmp_path / "cut"
    start = write_encoder(tmp_path / "start")
    model = TextEncoder(start)
    model.verdict = torch.nn.Linear(32, 3)
    save_text_encoder(model, TextTransform(start), tuned)
    TextViews((1, 2), 3, "kept", "int8").save(tuned)
    save_file({"encoder.layer.0.output.dense": torch.ones(64)}, tuned / RANGES)
    assert cut(tuned) == 0
    check_encoder(after, "text")
    assert TextEncoder(after).views == TextViews((1, 2), 3, "kept", "int8")
    assert torch.equal(load_file(after / VERDICT)["weight"], model.verdict.weight)
    assert set(load_ranges(after)) == {"encoder.layer.0.output.dense"}


def as_bpe(folder: Path) -> None:
    model = {"type": "BPE", "vocab": {"a": 0}, "merges": []}
    edit(folder / "tokenizer.json", lambda found: found.update(model=model))


def without_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def with_padding_behind(folder: Path) -> None:
    edit(folder / "config.json", lambda found: found.update(pad_token_id=MASK))


def with_few_rows(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    name = "embeddings.word_embeddings.weight"
    save_file(weights | {name: weights[name][:40].clone()}, folder / "model.safetensors", {"format": "pt"})
    edit(folder / "config.json", lambda found: found.update(vocab_size=40))


def with_a_gap(folder: Path) -> None:
    edit(folder / "tokenizer.json", lambda found: found["added_tokens"][-1].update(id=len(PIECES) + 2))


def as_ernie(folder: Path) -> None:
    edit(folder / "config.json", lambda found: found.update(model_type="ernie"))


def with_half_a_vocabulary(folder: Path) -> None:
    edit(folder / "tokenizer.json", lambda found: found["model"].update(vocab=[["a", 0.0], ["b"]]))


def with_half_a_config(folder: Path) -> None:
    (folder / "tokenizer_config.json").write_text('{"pad_token"', encoding="utf-8")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (as_bpe, "is of the kind 'BPE'; only Unigram can be cut"),
        (without_weights, "cannot be loaded"),
        (with_padding_behind, f"pieces before the encoder's padding, {MASK}, would go"),
        (with_few_rows, f"has {len(PIECES) + 1} pieces and word embeddings for 40"),
        (with_a_gap, f"names a piece {len(PIECES) + 2}, which is another or none"),
        (as_ernie, "is of the kind 'ernie', which no bundle takes"),
        (with_half_a_config, "tokenizer_config.json cannot be read"),
        (with_half_a_vocabulary, "tokenizer.json cannot be read"),
    ],
)
def test_an_encoder_that_cannot_be_cut_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: Callable[[Path], None], said: str
) -> None:
    encoder = write_encoder(tmp_path / "encoder")
    damage(encoder)
    assert cut(encoder) == 3
    assert said in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {"encoder", "tweets.tsv"}


def test_word_pieces_and_a_folder_without_an_encoder_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cut(write_text_encoder(tmp_path / "bert")) == 3
    assert "is of the kind 'WordPiece'" in capsys.readouterr().err
    assert cut(tmp_path / "missing") == 3
    assert "multilingual-e5-small" in capsys.readouterr().err


def test_what_is_there_is_kept_and_what_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    encoder = write_encoder(tmp_path / "encoder")
    assert cut(encoder, 20) == 5
    assert "Give --pieces a number between these" in capsys.readouterr().err

    def fill_disk(_: object, __: object, folder: Path) -> None:
        (folder / "model.safetensors").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("training.full.vocabulary.save_text_encoder", fill_disk)
        assert cut(encoder) == 3
    assert "No space left" in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {"encoder", "tweets.tsv"}
    (tmp_path / "cut").mkdir()
    assert cut(encoder) == 5
    assert list((tmp_path / "cut").iterdir()) == []
