"""How a post becomes numbers: one transform for inference and training. Imports no torch.

Anything here, in `text.words` or in `pictures.decoder` that changes what the encoders see must change
`TRANSFORM_VERSION`: it is hashed into every bundle and into every cached feature.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmsa_tui.errors import BundleError
from mmsa_tui.model.views import LAST_LAYER, read_views
from mmsa_tui.pictures.decoder import square_pixels
from mmsa_tui.text.words import emoji_among, lexicon_part
from mmsa_tui.text.words import normalise_text as normalise_text

if TYPE_CHECKING:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

TRANSFORM_VERSION = "1"
SIZE_PX = 224
MAX_TOKENS = 128
N_LEXICON = 4
"""VADER's negative, neutral, positive and compound scores."""

_TOKENIZER = "tokenizer.json"
_TOKENIZER_FILES = (_TOKENIZER, "tokenizer_config.json", "special_tokens_map.json")


class Lexicon:
    """VADER on the raw text: hashtag words and emoji included.

    Source: C. J. Hutto and E. Gilbert, VADER, ICWSM 2014.
    """

    def __init__(self) -> None:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

        self._analyzer: SentimentIntensityAnalyzer = SentimentIntensityAnalyzer()

    def features(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Score texts: [B, 4], columns negative, neutral, positive in 0..1, compound in -1..1."""
        out = np.zeros((len(texts), N_LEXICON), dtype=np.float32)
        for row, text in enumerate(texts):
            scores = self._analyzer.polarity_scores(lexicon_part(text))
            out[row] = (scores["neg"], scores["neu"], scores["pos"], scores["compound"])
        return out


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Return the one lexicon of this process: building it reads two files."""
    return Lexicon()


@dataclass(frozen=True)
class TokenBatch:
    """Token ids and attention mask of one batch, both [B, T] int64, T at most `MAX_TOKENS`."""

    input_ids: NDArray[np.int64]
    attention_mask: NDArray[np.int64]


class TextTransform:
    """Tweets to token ids with the encoder's own tokenizer, emoji as its `TextViews` say.

    Args:
        directory: holds `tokenizer.json`, as Hugging Face writes it.

    Raises:
        BundleError: there is none, or it cannot be understood.
    """

    def __init__(self, directory: str | Path) -> None:
        from tokenizers import Tokenizer

        self._directory = Path(directory)
        try:
            self._tokenizer = Tokenizer.from_file(str(self._directory / _TOKENIZER))
        except Exception as error:  # the library raises nothing more specific
            raise BundleError(
                f"{self._directory / _TOKENIZER} is no tokenizer ({error})", "See `mmsa bundle verify`."
            ) from error
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()
        self._pad = self._find_pad()
        self.views = read_views(self._directory)
        self._kept_emoji = frozenset[str]()
        if self.views.emoji == "kept":
            self.keep_emoji()

    @property
    def mask_id(self) -> int | None:
        """The piece that stands for a hidden one, None where the tokenizer has none."""
        found = self._tokenizer.token_to_id("<mask>")
        if found is None:
            found = self._tokenizer.token_to_id("[MASK]")
        return None if found is None else int(found)

    def keep_emoji(self) -> None:
        """Leave the emoji that the tokenizer has as pieces of their own, from now on."""
        # Asked one by one: a list of all its pieces takes 50 ms, in which no other thread of Python runs.
        self._kept_emoji = emoji_among(lambda piece: self._tokenizer.token_to_id(piece) is not None)

    def prepare(self, text: str) -> str:
        """Turn a raw text into what the tokenizer is given."""
        return normalise_text(text, self._kept_emoji)

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Turn raw texts into token ids, special tokens included, at most 128 each."""
        normalised = list(map(self.prepare, texts))
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(normalised)]

    def places(self, ids: Sequence[int], words: Sequence[str]) -> list[range] | None:
        """Find where the pieces of a text's words stand among its token ids; behind its end where it was cut.

        Args:
            ids: what `encode` gave for the text. words: its words from the first on, maybe not all.

        Returns:
            None if the words have other pieces by themselves than in the text.
        """
        pieces = [row[1:-1] for row in self.encode(words)]
        found, at = [], 1
        for row in pieces:
            found.append(range(min(at, len(ids) - 1), min(at + len(row), len(ids) - 1)))
            at += len(row)
        in_words = [piece for row in pieces for piece in row][: len(ids) - 2]
        return found if list(ids[1 : 1 + len(in_words)]) == in_words else None

    def collate(self, ids: Sequence[Sequence[int]], *, pad_to: int | None = None) -> TokenBatch:
        """Pad to the longest of the batch, or to `pad_to` tokens."""
        width = pad_to or max(len(row) for row in ids)
        input_ids = np.full((len(ids), width), self._pad, dtype=np.int64)
        mask = np.zeros((len(ids), width), dtype=np.int64)
        for row, tokens in enumerate(ids):
            input_ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        return TokenBatch(input_ids, mask)

    def save(self, directory: Path) -> None:
        """Copy the tokenizer beside the encoder it belongs to."""
        directory.mkdir(parents=True, exist_ok=True)
        for name in _TOKENIZER_FILES:
            if (self._directory / name).is_file():
                shutil.copyfile(self._directory / name, directory / name)
        if self.views != LAST_LAYER:
            self.views.save(directory)

    def _find_pad(self) -> int:
        """Find what stands for nothing; the mask hides it, so that any id would do."""
        try:
            config = json.loads((self._directory / "tokenizer_config.json").read_text(encoding="utf-8"))
            token = config["pad_token"]
            found = self._tokenizer.token_to_id(token["content"] if isinstance(token, dict) else token)
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            found = None
        return int(found or 0)


def decode(data: bytes) -> NDArray[np.uint8]:
    """Decode picture bytes to [3, 224, 224].

    Raises:
        PictureError: see `pictures.decoder`.
    """
    return np.ascontiguousarray(square_pixels(data, SIZE_PX).transpose(2, 0, 1))


def normalise(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Scale pixels to -1..1: MobileNetV2's own normalisation."""
    scaled = pixels.astype(np.float32)
    scaled *= np.float32(1 / 127.5)
    scaled -= np.float32(1)
    return scaled
