"""The arms of `classify_speed`: the same posts to the same labels, each in another way.

All have the weights of one bundle, whichever views of its text encoder the head reads, and read their
pictures from disk. Packages are imported by the arm that needs them, so that each can be measured alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmsa_tui.bundle.meta import Bundle
from mmsa_tui.config import Paths
from mmsa_tui.model.cache import FeatureCache
from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.device import n_workers
from mmsa_tui.model.encoded import Arrays
from mmsa_tui.model.encoding import open_encoders
from mmsa_tui.model.head import Head
from mmsa_tui.model.predictor import Predictor
from mmsa_tui.model.preprocessing import MAX_TOKENS, SIZE_PX, TextTransform, decode, lexicon
from mmsa_tui.model.runtimes import bucketed
from mmsa_tui.model.runtimes.graphs import EncoderWeights, image_graph, text_graph
from mmsa_tui.model.views import load_verdict, read_views
from mmsa_tui.pictures.decoder import fit_picture
from mmsa_tui.records import Post

Arm = Callable[[Sequence[Post]], list[str]]

USUAL = "usual loop (batch 1, padded to 128)"
BATCHED = "batches of 32, dynamic padding"
SENTENCES = "sentence-transformers + DataLoader"
CAREFUL = "careful ONNX Runtime fp32"
COLD = "mmsa, cold"
WARM = "mmsa, warm"


@dataclass(frozen=True)
class Judged:
    """What all arms share: the bundle and its head."""

    bundle: Bundle
    paths: Paths
    head: Head
    calibration: Calibration

    @classmethod
    def load(cls, bundle: Bundle, paths: Paths) -> Judged:
        return cls(bundle, paths, Head.load(bundle), Calibration.load(bundle))

    def folder(self, which: str) -> Path:
        return self.bundle.encoder_directory(which, self.paths)

    def labels(self, posts: Sequence[Post], text: Any, image: Any) -> list[str]:
        both = np.ones(len(posts), bool)
        scores = lexicon().features([post.text for post in posts])
        fused, _, _ = self.head.logits(Arrays(np.asarray(text), scores, np.asarray(image), both, both))
        return [self.bundle.labels[int(row)] for row in fused.argmax(1)]


def hugging_face_arm(judged: Judged, batch_size: int, pad_to_limit: bool) -> Arm:
    """The loop most people write: AutoModel in fp32, the image processor, padding to 128."""
    import torch
    from transformers import AutoModel, AutoTokenizer, MobileNetV2ImageProcessor

    from mmsa_tui.model.encoders import TextEncoder

    torch.set_num_threads(n_workers(0))
    transform = TextTransform(judged.folder("text"))
    tokenizer = AutoTokenizer.from_pretrained(str(judged.folder("text")))
    text = TextEncoder(judged.folder("text")).eval()  # AutoModel, and the mean over the tokens
    image = AutoModel.from_pretrained(str(judged.folder("image")), dtype=torch.float32).eval()
    processor = MobileNetV2ImageProcessor()

    @torch.inference_mode()
    def run(posts: Sequence[Post]) -> list[str]:
        labels: list[str] = []
        for start in range(0, len(posts), batch_size):
            batch = posts[start : start + batch_size]
            tokens = tokenizer(
                [transform.prepare(post.text) for post in batch],
                padding="max_length" if pad_to_limit else True,
                truncation=True,
                max_length=MAX_TOKENS,
                return_tensors="pt",
            )
            words = text(tokens["input_ids"], tokens["attention_mask"])
            pictures = [fit_picture(post.pictures[0].read(), 10_000) for post in batch]
            pixels = processor(pictures, return_tensors="pt")["pixel_values"]
            seen = image(pixel_values=pixels).last_hidden_state.mean(dim=(2, 3))
            labels += judged.labels(batch, words, seen)
        return labels

    return run


def sentence_transformers_arm(judged: Judged) -> Arm:
    """What a search finds first: `SentenceTransformer.encode`, and pictures from a torch DataLoader.

    Raises:
        ImportError: sentence-transformers is not installed.
    """
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Transformer
    from torch.utils.data import DataLoader, Dataset
    from transformers import AutoModel

    from mmsa_tui.model.encoders import masked_mean

    torch.set_num_threads(n_workers(0))
    folder = judged.folder("text")
    transform, views = TextTransform(folder), read_views(folder)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    verdict = load_verdict(folder, config["hidden_size"], views.n_verdict) if views.n_verdict else None

    class Pool(torch.nn.Module):
        def forward(self, features: dict[str, Any]) -> dict[str, Any]:
            mask, states = features["attention_mask"], features["all_layer_embeddings"]
            layers = views.layers or (config["num_hidden_layers"],)
            pooled = [masked_mean(states[layer], mask) for layer in layers]
            features["sentence_embedding"] = torch.cat(pooled, dim=1)
            return features

    words = Transformer(str(folder), max_seq_length=MAX_TOKENS, config_kwargs={"output_hidden_states": True})
    sentences = SentenceTransformer(modules=[words, Pool()], device="cpu")
    image = AutoModel.from_pretrained(str(judged.folder("image")), dtype=torch.float32).eval()

    class Pictures(Dataset):  # type: ignore[type-arg]
        def __init__(self, posts: Sequence[Post]) -> None:
            self._posts = posts

        def __len__(self) -> int:
            return len(self._posts)

        def __getitem__(self, row: int) -> Any:
            picture = fit_picture(self._posts[row].pictures[0].read(), 10_000).resize((SIZE_PX, SIZE_PX))
            return torch.from_numpy(np.array(picture)).permute(2, 0, 1).float().div(127.5).sub(1)

    @torch.inference_mode()
    def run(posts: Sequence[Post]) -> list[str]:
        texts = [transform.prepare(post.text) for post in posts]
        said = np.asarray(sentences.encode(texts, batch_size=32, show_progress_bar=False))
        said = said if verdict is None else verdict.beside(said)
        loader = DataLoader(Pictures(posts), batch_size=32, num_workers=n_workers(0))
        seen = [image(pixel_values=pixels).last_hidden_state.mean(dim=(2, 3)) for pixels in loader]
        return judged.labels(posts, said, torch.cat(seen))

    return run


def onnx_arm(judged: Judged) -> Arm:
    """A careful pipeline in ONNX Runtime: threads as it likes, texts by length, pictures by eights."""
    import onnxruntime

    folder = judged.folder("text")
    transform, views = TextTransform(folder), read_views(folder)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    weights = EncoderWeights(folder)
    verdict = load_verdict(folder, config["hidden_size"], views.n_verdict) if views.n_verdict else None
    words = weights["embeddings.word_embeddings.weight"]
    rest = weights["embeddings.position_embeddings.weight"].astype(np.float32)
    rest = rest + weights["embeddings.token_type_embeddings.weight"][0].astype(np.float32)
    graph = text_graph(weights, config, views.layers or (config["num_hidden_layers"],), "fp32")
    text = onnxruntime.InferenceSession(graph.SerializeToString())
    config = json.loads((judged.folder("image") / "config.json").read_text("utf-8"))
    graph = image_graph(EncoderWeights(judged.folder("image")), config)
    image = onnxruntime.InferenceSession(graph.SerializeToString())
    pool = ThreadPoolExecutor(n_workers(0))

    def run(posts: Sequence[Post]) -> list[str]:
        decoding = [pool.submit(lambda post: decode(post.pictures[0].read()), post) for post in posts]
        ids = transform.encode([post.text for post in posts])
        said: list[Any] = [None] * len(posts)
        for rows in bucketed([len(row) for row in ids], 32):
            batch = transform.collate([ids[row] for row in rows])
            embedded = words[batch.input_ids].astype(np.float32) + rest[: batch.input_ids.shape[1]]
            inputs = {"embedded": embedded, "mask": batch.attention_mask.astype(np.int32)}
            pooled = text.run(["pooled"], inputs)[0]
            for row, vector in zip(rows, pooled if verdict is None else verdict.beside(pooled), strict=True):
                said[row] = vector
        seen = [
            image.run(["pooled"], {"pixels": np.stack([job.result() for job in decoding[i : i + 8]])})[0]
            for i in range(0, len(posts), 8)
        ]
        return judged.labels(posts, np.stack(said), np.concatenate(seen))

    return run


def our_arm(judged: Judged, cache: FeatureCache | None) -> Arm:
    encoders = open_encoders(judged.bundle, judged.paths, "cpu", cache=cache)
    encoders.load()
    predictor = Predictor(judged.bundle.id, judged.bundle.labels, judged.head, judged.calibration, encoders)

    def run(posts: Sequence[Post]) -> list[str]:
        batches = [posts[i : i + 64] for i in range(0, len(posts), 64)]
        return [p.label for batch in predictor.predict_batches(batches) for p in batch]

    return run


def build(name: str, judged: Judged, cache: FeatureCache | None = None) -> Arm:
    """Load the models of an arm."""
    if name == USUAL:
        return hugging_face_arm(judged, 1, True)
    if name == BATCHED:
        return hugging_face_arm(judged, 32, False)
    if name == SENTENCES:
        return sentence_transformers_arm(judged)
    if name == CAREFUL:
        return onnx_arm(judged)
    return our_arm(judged, cache if name == WARM else None)
