"""Both encoders of a bundle as they run here: opened when first needed, and replaced when they break down."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from mmsa_tui.errors import BundleError
from mmsa_tui.model.encoded import Floats
from mmsa_tui.model.preprocessing import TRANSFORM_VERSION, TextTransform
from mmsa_tui.model.probe import PLAIN, Choice, Choices
from mmsa_tui.model.runtimes import ImageRuntime, TextRuntime, TextSpec
from mmsa_tui.model.runtimes.openvino import Numbers

_T = TypeVar("_T")
_R = TypeVar("_R", TextRuntime, ImageRuntime)


class _Encoder(Generic[_R]):
    """One of the two: what was chosen to run it, and what does once it is open."""

    def __init__(
        self, what: str, choice: Choice, chosen: Callable[[Numbers], _R], plain: Callable[[], _R]
    ) -> None:
        self.what, self.choice = what, choice
        self.open_chosen: Callable[[Numbers], _R] = chosen
        self.open_plain: Callable[[], _R] = plain
        self.runtime: _R | None = None
        self.opening = threading.Lock()
        """Of its own: while one encoder is opened the other is opened beside it, or runs."""

    @property
    def is_chosen(self) -> bool:
        """Whether another runtime than the plain one was chosen for it."""
        return self.choice.provider != PLAIN.provider


class RuntimePair:
    """Runs texts and pictures, from any thread.

    Args:
        device: cpu, cuda or mps; a CPU runs ONNX Runtime, the others torch.
        workers: how many threads come here at once.
        graphs: where derived graphs are kept; None derives them every time.
        choices: what encodes on a CPU, and what was tried beside it.
    """

    def __init__(
        self,
        text: TextSpec,
        image: Path,
        device: str = "cpu",
        *,
        workers: int = 1,
        graphs: Path | None = None,
        choices: Choices | None = None,
    ) -> None:
        self.text_spec, self.image_folder, self.device, self.workers = text, image, device, workers
        # What was chosen is for a CPU.
        chosen = choices if choices is not None and device == "cpu" else Choices()
        self._texts = _Encoder("texts", chosen.texts, self._open_chosen_text, self._open_text)
        self._images = _Encoder("pictures", chosen.pictures, self._open_chosen_image, self._open_image)
        self.tried = choices.tried if choices is not None else Choices().tried
        """What other runtimes came to on this machine, in words for a user."""
        self._graphs = graphs
        self._transform: TextTransform | None = None
        self._changing = threading.Lock()
        """Of what both encoders share: name, keys, notes. Taken last, by who holds an encoder's own."""
        self.notes: list[str] = []
        """What did not go as planned, in words for a user."""
        self.name = self._named()
        """Where and in which numbers, as shown and kept with each prediction."""
        self.text_key, self.image_key = self._keys()
        """What the cache knows by that was encoded here, before what tells one from another; it changes when
        another runtime goes on."""

    def encode_texts(self, texts: Sequence[str]) -> tuple[str, Floats]:
        """Encode texts, as one batch, into [N, T]; first comes the key of the runtime that did it."""
        transform, _ = self.text()
        batch = transform.collate(transform.encode(texts))
        key = ""
        # Another thread may have found that the chosen runtime is broken, and changed both.
        while key != self.text_key:
            key = self.text_key
            vectors = self._run(self._texts, lambda: self.text()[1].encode(batch))
        return key, vectors

    def encode_text_without(self, text: str, words: Sequence[str]) -> Floats | None:
        """Encode a text once, and leave each of its words in turn out of its means: [N, T].

        Args:
            words: as they stand in the text, from the first on, maybe not all.

        Returns:
            None where the encoder's pieces do not tell the words apart.
        """
        transform, _ = self.text()
        ids = transform.encode([text])
        places = transform.places(ids[0], words)
        if places is None:
            return None
        batch = transform.collate(ids)
        return self._run(self._texts, lambda: self.text()[1].encode_without(batch, places))

    def encode_pictures(self, pixels: NDArray[np.uint8]) -> tuple[str, Floats]:
        """Encode pixels [B, 3, 224, 224] into [B, I]; first comes the key of the runtime that did it."""
        key = ""
        # Another thread may have found that the chosen runtime is broken, and changed both.
        while key != self.image_key:
            key = self.image_key
            vectors = self._run(self._images, lambda: self.image().encode(pixels))
        return key, vectors

    def regions(self, pixels: NDArray[np.uint8]) -> Floats:
        """Encode the pixels [3, 224, 224] of one picture into its regions, [49, I]."""
        return self._run(self._images, lambda: self.image().regions(pixels))

    def text(self) -> tuple[TextTransform, TextRuntime]:
        """Give what encodes texts, loaded."""
        with self._texts.opening:
            if self._transform is None:
                self._transform = TextTransform(self.text_spec.folder)
            return self._transform, self._loaded(self._texts)

    def image(self) -> ImageRuntime:
        """Give what encodes pictures, loaded."""
        with self._images.opening:
            return self._loaded(self._images)

    def _named(self) -> str:
        name = f"{self.device} {'fp16' if self.device == 'cuda' else self.text_spec.precision}"
        for encoder in (self._texts, self._images):
            if encoder.is_chosen:
                name += f", {encoder.what} {encoder.choice.name}"
        return name

    def _keys(self) -> tuple[str, str]:
        """Build the keys of texts and pictures."""
        texts: str = self._texts.choice.numbers if self._texts.is_chosen else self.text_spec.precision
        numbers = [
            "half" if self.device != "cpu" else "full" if found == "fp32" else found
            for found in (texts, self._images.choice.numbers)
        ]
        return (
            f"t{TRANSFORM_VERSION}:{numbers[0]}:{self.text_spec.folder.name[:20]}:",
            f"i{TRANSFORM_VERSION}:{numbers[1]}:{self.image_folder.name[:20]}:",
        )

    def _loaded(self, encoder: _Encoder[_R]) -> _R:
        """Open an encoder if it is not yet; the plain runtime does it where the chosen one cannot."""
        if encoder.runtime is None:
            choice = encoder.choice
            if choice.provider == "openvino" and choice.numbers != "int8":
                try:
                    encoder.runtime = encoder.open_chosen(choice.numbers)
                except Exception as error:  # they have no common class
                    self._leave_choice(encoder, error)
            if encoder.runtime is None:
                encoder.runtime = encoder.open_plain()
        return encoder.runtime

    def _open_chosen_text(self, numbers: Numbers) -> TextRuntime:
        from mmsa_tui.model.runtimes.openvino import open_text

        return open_text(self.text_spec, numbers, self.workers)

    def _open_chosen_image(self, numbers: Numbers) -> ImageRuntime:
        from mmsa_tui.model.runtimes.openvino import OpenVinoImage

        return OpenVinoImage(self.image_folder, numbers, self.workers)

    def _open_text(self) -> TextRuntime:
        if self.device == "cpu":
            from mmsa_tui.model.runtimes.onnx import OnnxText

            return OnnxText(self.text_spec, self._graphs)
        from mmsa_tui.model.runtimes.torch import TorchText, numbers_on

        return TorchText(self.text_spec, *numbers_on(self.device))

    def _open_image(self) -> ImageRuntime:
        if self.device == "cpu":
            from mmsa_tui.model.runtimes.onnx import OnnxImage

            return OnnxImage(self.image_folder, self._graphs)
        from mmsa_tui.model.runtimes.torch import TorchImage, numbers_on

        return TorchImage(self.image_folder, *numbers_on(self.device))

    def _run(self, encoder: _Encoder[_R], run: Callable[[], _T]) -> _T:
        """Run an encoder; should a chosen runtime break down, the plain one goes on."""
        if not encoder.is_chosen:
            return self._attempt(run)
        try:
            return run()
        except (BundleError, MemoryError):
            raise
        except Exception as error:  # they have no common class
            with encoder.opening:
                if encoder.is_chosen:
                    self._leave_choice(encoder, error)
                    encoder.runtime = None
            return self._attempt(run)

    def _leave_choice(self, encoder: _Encoder[_R], error: Exception) -> None:
        why = str(error).strip().partition("\n")[0] or type(error).__name__
        with self._changing:
            self.notes.append(
                f"{encoder.what} in {encoder.choice.name} broke down ({why}); ONNX Runtime went on"
            )
            encoder.choice = PLAIN
            self.name = self._named()
            self.text_key, self.image_key = self._keys()

    def _attempt(self, run: Callable[[], _T]) -> _T:
        """Run an encoder; should its runtime break down, torch on the CPU takes over for good."""
        try:
            return run()
        except (BundleError, MemoryError):
            raise
        except Exception as error:  # whatever a runtime raises: they have no common class
            self._fall_back(error)
            return run()

    def _fall_back(self, error: Exception) -> None:
        import torch

        from mmsa_tui.model.runtimes.torch import TorchImage, TorchText

        with self._texts.opening, self._images.opening:
            if isinstance(self._images.runtime, TorchImage) and self.device == "cpu":
                raise error
            what = str(error).strip().partition("\n")[0] or type(error).__name__
            self.notes.append(f"{self.name} broke down ({what}); torch on the CPU went on")
            self.device, cpu = "cpu", torch.device("cpu")
            self.name = f"cpu {self.text_spec.precision} torch"
            self._texts.runtime = TorchText(self.text_spec, cpu)
            self._images.runtime = TorchImage(self.image_folder, cpu)
