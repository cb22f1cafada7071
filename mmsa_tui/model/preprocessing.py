"""How a post becomes numbers: one transform for inference and training.

Anything here, in `text.words` or in `pictures.decoder` that changes what the encoders see must change
`TRANSFORM_VERSION`: it is hashed into every bundle and into every cached feature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from mmsa_tui.pictures.decoder import square_pixels
from mmsa_tui.text.words import MAX_CHARACTERS
from mmsa_tui.text.words import normalise_text as normalise_text

if TYPE_CHECKING:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

TRANSFORM_VERSION = "1"
SIZE_PX = 224
MAX_TOKENS = 128
N_LEXICON = 4
"""VADER's negative, neutral, positive and compound scores."""


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


def decode(data: bytes) -> Tensor:
    """Decode picture bytes to [3, 224, 224] uint8.

    Raises:
        PictureError: see `pictures.decoder`.
    """
    return torch.from_numpy(square_pixels(data, SIZE_PX)).permute(2, 0, 1).contiguous()


def normalise(pixels: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """Scale uint8 pixels [B, 3, 224, 224] to -1..1, channels last: MobileNetV2's own normalisation."""
    scaled = pixels.to(dtype).mul_(1 / 127.5).sub_(1.0)
    return scaled.contiguous(memory_format=torch.channels_last)
