"""How a post becomes numbers: one transform for inference and training.

Anything here that changes what the encoders see must change `TRANSFORM_VERSION`: it is hashed
into every bundle and into every cached feature.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

TRANSFORM_VERSION = "1"
MAX_TOKENS = 128
MAX_CHARACTERS = 4_000
"""128 word pieces never need more; a 10,000-character text should not be tokenised whole."""
N_LEXICON = 4
"""VADER's negative, neutral, positive and compound scores."""

_URL = re.compile(r"https?://\S+|www\.\S+|\bt\.co/\S+", re.IGNORECASE)
_MENTION = re.compile(r"(?<!\w)@\w{1,50}")
_SPACES = re.compile(r"\s+")


def normalise_text(text: str) -> str:
    """Rewrite a tweet for the text encoder.

    Links become `http`, mentions `@user` (as in SemEval and TweetEval), emoji their English
    names, control and zero-width characters vanish, white space is single.
    """
    import emoji

    text = unicodedata.normalize("NFC", text[:MAX_CHARACTERS])
    text = _URL.sub(" http ", text)
    text = _MENTION.sub("@user", text)
    text = emoji.replace_emoji(text, replace=lambda char, data: f" {_emoji_name(data['en'])} ")
    text = "".join(" " if _is_invisible(char) else char for char in text)
    return _SPACES.sub(" ", text).strip()


def _emoji_name(alias: str) -> str:
    return alias.strip(":").replace("_", " ")


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn")


class Lexicon:
    """VADER on the raw text: hashtag words and emoji included.

    Source: C. J. Hutto and E. Gilbert, VADER, ICWSM 2014.
    """

    def __init__(self) -> None:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

        self._analyzer: SentimentIntensityAnalyzer = SentimentIntensityAnalyzer()

    def features(self, texts: Sequence[str]) -> Tensor:
        """Score texts: [B, 4] float32, columns negative, neutral, positive in 0..1, compound in -1..1."""
        out = np.zeros((len(texts), N_LEXICON), dtype=np.float32)
        for row, text in enumerate(texts):
            scores = self._analyzer.polarity_scores(text[:MAX_CHARACTERS])
            out[row] = (scores["neg"], scores["neu"], scores["pos"], scores["compound"])
        return torch.from_numpy(out)


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Return the one lexicon of this process: building it reads two files."""
    return Lexicon()


@dataclass(frozen=True)
class TokenBatch:
    """Token ids and attention mask of one batch, both [B, T] int64, T at most `MAX_TOKENS`."""

    input_ids: Tensor
    attention_mask: Tensor


class TextTransform:
    """Tweets to token ids with the encoder's own tokenizer."""

    def __init__(self, directory: str | Path) -> None:
        from transformers import AutoTokenizer

        self._tokenizer: Any = AutoTokenizer.from_pretrained(str(directory))

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Turn raw texts into token ids, special tokens included, at most 128 each."""
        normalised = [normalise_text(text) for text in texts]
        ids: list[list[int]] = self._tokenizer(
            normalised, truncation=True, max_length=MAX_TOKENS, padding=False
        )["input_ids"]
        return ids

    def collate(self, ids: Sequence[Sequence[int]], *, pad_to: int | None = None) -> TokenBatch:
        """Pad to the longest of the batch, or to `pad_to` tokens."""
        width = pad_to or max(len(row) for row in ids)
        pad = self._tokenizer.pad_token_id or 0
        input_ids = torch.full((len(ids), width), pad, dtype=torch.int64)
        mask = torch.zeros((len(ids), width), dtype=torch.int64)
        for row, tokens in enumerate(ids):
            input_ids[row, : len(tokens)] = torch.tensor(tokens, dtype=torch.int64)
            mask[row, : len(tokens)] = 1
        return TokenBatch(input_ids, mask)

    def save(self, directory: Path) -> None:
        """Write the tokenizer beside the encoder it belongs to."""
        self._tokenizer.save_pretrained(directory)

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """Name the word pieces of one encoded text."""
        pieces: list[str] = self._tokenizer.convert_ids_to_tokens(list(ids))
        return pieces
