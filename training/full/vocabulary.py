"""Before stage 0: cut the vocabulary of a text encoder for many languages to what tweets are made of.

    python -m training.full.vocabulary ENCODER TABLE... --pieces 79000 -o OUT

Of the 235 MB of multilingual-e5-small 192 are word embeddings, most of pieces that no tweet at hand has.
What stays: special and added tokens, every piece of the tables' texts, every single character, so that
no script that the encoder reads becomes unknown, every emoji, and of the others the most frequent, as the
tokenizer knows them.

A Unigram tokenizer takes the likeliest of all ways to part a text. Where all pieces of that way stay, it
is still the likeliest: such a text has the same pieces and the same hidden states as before. WordPiece
and BPE build each piece on others, and are refused. Weights are written in half precision.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from safetensors import SafetensorError
from tokenizers import Tokenizer
from torch import nn

from mmsa_tui.bundle.encoder_files import ARCHITECTURES
from mmsa_tui.decoding import DecodingError, from_json, to_kind
from mmsa_tui.disk.whole_file import whole_folder
from mmsa_tui.errors import BundleError, TrainingError
from mmsa_tui.model.encoders import TextEncoder
from mmsa_tui.model.views import RANGES
from mmsa_tui.text.words import emoji_among
from training.examples import read_text_table
from training.full.runs import exit_code_of
from training.full.text import load_text_encoder, save_text_encoder

TOKENIZER = "tokenizer.json"
_BESIDE = "tokenizer_config.json"
_CHARACTER = re.compile("\u2581*.?|<0x[0-9A-F]{2}>", re.DOTALL)
"""A single character, at the start of a word or within, or a byte of one that is no piece itself."""

_OTHER = "Name a folder with a text encoder of the XLM-RoBERTa kind, such as multilingual-e5-small."


@dataclass(frozen=True)
class _Unigram:
    """Pieces with their log-frequencies; the id of each is its place."""

    type: Literal["Unigram"]
    vocab: list[tuple[str, float]]
    unk_id: int | None = None


def read_tokenizer(folder: Path) -> dict[str, Any]:
    """Read an encoder's `tokenizer.json`.

    Raises:
        BundleError: it is missing, damaged, or no Unigram tokenizer.
    """
    path = folder / TOKENIZER
    tokenizer = _read_json(path)
    try:
        model = to_kind(tokenizer.get("model"), dict[str, Any])
        kind = model.get("type")
        if kind != "Unigram":
            raise BundleError(f"{path} is of the kind {kind!r:.40}; only Unigram can be cut", _OTHER)
        to_kind(model, _Unigram)
    except DecodingError as error:
        raise BundleError(f"{path} cannot be read: {error}", _OTHER) from error
    return tokenizer


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return from_json(path.read_bytes(), dict[str, Any])
    except (OSError, DecodingError) as error:
        raise BundleError(f"{path} cannot be read: {error}", _OTHER) from error


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8", newline="\n")


def ids_in(tokenizer: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Find where a tokenizer names a piece by its id: what holds the id, and its key there."""
    if tokenizer["model"].get("unk_id") is not None:
        yield tokenizer["model"], "unk_id"
    if tokenizer.get("padding"):
        yield tokenizer["padding"], "pad_id"
    for token in tokenizer.get("added_tokens") or ():
        yield token, "id"
    processors = [tokenizer.get("post_processor") or {}]
    for processor in processors:
        processors += processor.get("processors", ())
        for token in processor.get("special_tokens", {}).values():
            yield from ((token["ids"], place) for place in range(len(token["ids"])))
        # What adds them in the manner of BERT or RoBERTa has pairs of piece and id.
        yield from ((processor[name], 1) for name in ("sep", "cls") if name in processor)


def special_ids(tokenizer: Mapping[str, Any], library: Tokenizer, model: TextEncoder) -> set[int]:
    """Find the pieces that an encoder's tokenizer or config names by id.

    Args:
        library: what runs the tokenizer.

    Raises:
        BundleError: tokenizer, library and word embeddings do not fit together.
    """
    n_pieces, rows = library.get_vocab_size(), model.model.get_input_embeddings().num_embeddings
    if n_pieces > rows:
        raise BundleError(f"the encoder has {n_pieces:,} pieces and word embeddings for {rows:,}", _OTHER)
    for holder, key in ids_in(tokenizer):
        piece = library.id_to_token(holder[key])
        if piece is None or (key == "id" and piece != holder["content"]):
            raise BundleError(f"{TOKENIZER} names a piece {holder[key]}, which is another or none", _OTHER)
    named = {holder[key] for holder, key in ids_in(tokenizer)}
    return named | {old for old in _ids_in_config(model).values() if 0 <= old < n_pieces}


def _ids_in_config(model: TextEncoder) -> dict[str, int]:
    names = vars(model.model.config)
    return {name: old for name, old in names.items() if name.endswith("_token_id") and isinstance(old, int)}


def choose_pieces(vocab: Sequence[tuple[str, float]], needed: set[int], n: int) -> dict[int, int]:
    """Choose the pieces that stay: the new id of each by its old one, in their order.

    Args:
        needed: stay anyhow; ids behind the vocabulary are added tokens.

    Raises:
        TrainingError: `n` is fewer than must stay, or more than there are.
    """
    places = {piece: place for place, (piece, _) in enumerate(vocab)}
    # The same emoji must be found as before, or another text is given to the tokenizer.
    emoji = emoji_among(places.__contains__)
    kept = needed | {
        place
        for piece, place in places.items()
        if _CHARACTER.fullmatch(piece) or piece.removeprefix("\u2581") in emoji
    }
    # What an unknown character costs is reckoned from the rarest piece.
    kept.add(min(places.values(), key=lambda place: vocab[place][1]))
    others = sorted(set(places.values()) - kept, key=lambda place: (-vocab[place][1], place))
    if not len(kept) <= n <= len(kept) + len(others):
        raise TrainingError(
            f"{n:,} pieces cannot stay: {len(kept):,} are in the tables, single characters or special,"
            f" and there are {len(kept) + len(others):,}",
            "Give --pieces a number between these.",
        )
    return {old: new for new, old in enumerate(sorted(kept.union(others[: n - len(kept)])))}


def cut_tokenizer(tokenizer: dict[str, Any], kept: Mapping[int, int]) -> None:
    """Leave these pieces of a tokenizer, in place."""
    vocab = tokenizer["model"]["vocab"]
    tokenizer["model"]["vocab"] = [vocab[old] for old in kept if old < len(vocab)]
    for holder, key in ids_in(tokenizer):
        holder[key] = kept[holder[key]]


def cut_embeddings(model: TextEncoder, kept: Mapping[int, int]) -> None:
    """Leave the rows of these pieces in an encoder's word embeddings, in place.

    Raises:
        BundleError: the id of its padding would change.
    """
    config, words = model.model.config, model.model.get_input_embeddings()
    if config.pad_token_id is not None and kept.get(config.pad_token_id) != config.pad_token_id:
        # RoBERTa counts positions from this id.
        raise BundleError(f"pieces before the encoder's padding, {config.pad_token_id}, would go", _OTHER)
    for name, old in _ids_in_config(model).items():
        setattr(config, name, kept.get(old))
    words.weight = nn.Parameter(words.weight.detach()[list(kept)])
    words.num_embeddings = config.vocab_size = len(kept)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.full.vocabulary", description=__doc__)
    parser.add_argument("encoder", type=Path, help="a BERT-like encoder with a Unigram tokenizer, a folder")
    parser.add_argument("tables", type=Path, nargs="+", help="TSV files with a column `text`")
    parser.add_argument("--pieces", type=int, required=True, help="how many stay, special ones included")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args(arguments)
    return exit_code_of(lambda: _run(options), "stopped; nothing was written")


def _run(options: argparse.Namespace) -> int:
    if options.output.exists():
        raise TrainingError(f"{options.output} exists", "Choose another name with -o.")
    tokenizer = read_tokenizer(options.encoder)
    try:
        model, transform = load_text_encoder(options.encoder)
        library = Tokenizer.from_file(str(options.encoder / TOKENIZER))
    except Exception as error:  # libraries for weights and tokenizers have no common class
        raise BundleError(f"{options.encoder} cannot be loaded: {error}", _OTHER) from error
    kind = model.model.config.model_type
    if kind not in ARCHITECTURES["text"]:
        raise BundleError(f"{options.encoder} is of the kind {kind!r:.40}, which no bundle takes", _OTHER)
    needed = special_ids(tokenizer, library, model)
    # As `training.full.tweets` gives them to the encoder, but to their ends.
    transform.keep_emoji()
    library.no_truncation()
    seen = set[int]()
    for table in options.tables:
        texts = [transform.prepare(tweet.raw_text) for tweet in read_text_table(table, ())]
        seen.update(piece for encoding in library.encode_batch_fast(texts) for piece in encoding.ids)
    kept = choose_pieces(tokenizer["model"]["vocab"], needed | seen, options.pieces)
    cut_tokenizer(tokenizer, kept)
    cut_embeddings(model, kept)
    try:
        with whole_folder(options.output) as folder:
            save_text_encoder(model, transform, folder)
            _write_json(folder / TOKENIZER, tokenizer)
            if (options.encoder / _BESIDE).is_file():
                config = _read_json(options.encoder / _BESIDE)
                # It repeats what the tokenizer says, by the ids of before.
                config.pop("added_tokens_decoder", None)
                _write_json(folder / _BESIDE, config)
            if (options.encoder / RANGES).is_file():
                shutil.copyfile(options.encoder / RANGES, folder / RANGES)
    except (OSError, SafetensorError) as error:
        raise BundleError(
            f"{options.output} cannot be written: {error}", "Free some space or check the folder's rights."
        ) from error
    print(f"{len(kept):,} of {library.get_vocab_size():,} pieces, {len(seen):,} of them in the tables")
    return 0


if __name__ == "__main__":
    sys.exit(main())
