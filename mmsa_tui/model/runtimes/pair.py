"""Both encoders of a bundle as they run here: opened when first needed, and replaced when they break down."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mmsa_tui.errors import BundleError
from mmsa_tui.model.encoded import Floats
from mmsa_tui.model.preprocessing import TRANSFORM_VERSION, TextTransform
from mmsa_tui.model.probe import PLAIN, Choice, Choices
from mmsa_tui.model.runtimes import ImageRuntime, TextRuntime, TextSpec

_T = TypeVar("_T")
NO_CHOICE = Choices()


class RuntimePair:
    """Runs texts and pictures, from any thread.

    Args:
        device: cpu, cuda or mps; a CPU runs ONNX Runtime, the others torch.
        workers: how many threads come here at once.
        graphs: where derived graphs are kept; None derives them every time.
        choices: what encodes pictures on a CPU, and what was tried beside it.
    """

    def __init__(
        self,
        text: TextSpec,
        image: Path,
        device: str = "cpu",
        *,
        workers: int = 1,
        graphs: Path | None = None,
        choices: Choices = NO_CHOICE,
    ) -> None:
        self._text_spec, self._image_folder, self.device = text, image, device
        is_cpu = device == "cpu"
        self._text_choice = choices.texts if is_cpu else PLAIN
        self._image_choice, self._workers = choices.pictures if is_cpu else PLAIN, workers
        self.tried = choices.tried
        """What other runtimes came to on this machine, in words for a user."""
        self._graphs = graphs
        self._texts: tuple[TextTransform, TextRuntime] | None = None
        self._images: ImageRuntime | None = None
        self._loading = threading.Lock()
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
            vectors = self._read(lambda: self.text()[1].encode(batch))
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
        return self._read(lambda: self.text()[1].encode_without(batch, places))

    def encode_pictures(self, pixels: NDArray[np.uint8]) -> tuple[str, Floats]:
        """Encode pixels [B, 3, 224, 224] into [B, I]; first comes the key of the runtime that did it."""
        key = ""
        # Another thread may have found that the chosen runtime is broken, and changed both.
        while key != self.image_key:
            key = self.image_key
            vectors = self._see(lambda: self.image().encode(pixels))
        return key, vectors

    def regions(self, pixels: NDArray[np.uint8]) -> Floats:
        """Encode the pixels [3, 224, 224] of one picture into its regions, [49, I]."""
        return self._see(lambda: self.image().regions(pixels))

    def text(self) -> tuple[TextTransform, TextRuntime]:
        """Give what encodes texts, loaded."""
        with self._loading:
            if self._texts is None:
                transform = TextTransform(self._text_spec.folder)
                self._texts = (transform, self._open_text())
            return self._texts

    def image(self) -> ImageRuntime:
        """Give what encodes pictures, loaded."""
        with self._loading:
            if self._images is None:
                self._images = self._open_image()
            return self._images

    def _named(self) -> str:
        name = f"{self.device} {'fp16' if self.device == 'cuda' else self._text_spec.precision}"
        for modality, choice in (("texts", self._text_choice), ("pictures", self._image_choice)):
            if choice.provider != PLAIN.provider:
                name += f", {modality} {choice.name}"
        return name

    def _keys(self) -> tuple[str, str]:
        """Build the keys of texts and pictures."""
        texts, pictures = self._text_choice, self._image_choice
        text: str = self._text_spec.precision if texts.provider == PLAIN.provider else texts.numbers
        numbers = [
            "half" if self.device != "cpu" else "full" if found == "fp32" else found
            for found in (text, pictures.numbers)
        ]
        return (
            f"t{TRANSFORM_VERSION}:{numbers[0]}:{self._text_spec.folder.name[:20]}:",
            f"i{TRANSFORM_VERSION}:{numbers[1]}:{self._image_folder.name[:20]}:",
        )

    def _open_text(self) -> TextRuntime:
        if self.device == "cpu":
            numbers = self._text_choice.numbers
            if self._text_choice.provider == "openvino" and numbers != "int8":
                from mmsa_tui.model.runtimes.openvino import open_text

                try:
                    return open_text(self._text_spec, numbers, self._workers)
                except Exception as error:  # they have no common class
                    self._leave_text_choice(error)
            from mmsa_tui.model.runtimes.onnx import OnnxText

            return OnnxText(self._text_spec, self._graphs)
        from mmsa_tui.model.runtimes.torch import TorchText, numbers_on

        return TorchText(self._text_spec, *numbers_on(self.device))

    def _open_image(self) -> ImageRuntime:
        if self.device == "cpu":
            numbers = self._image_choice.numbers
            if self._image_choice.provider == "openvino" and numbers != "int8":
                from mmsa_tui.model.runtimes.openvino import OpenVinoImage

                try:
                    return OpenVinoImage(self._image_folder, numbers, self._workers)
                except Exception as error:  # they have no common class
                    self._leave_image_choice(error)
            from mmsa_tui.model.runtimes.onnx import OnnxImage

            return OnnxImage(self._image_folder, self._graphs)
        from mmsa_tui.model.runtimes.torch import TorchImage, numbers_on

        return TorchImage(self._image_folder, *numbers_on(self.device))

    def _read(self, run: Callable[[], _T]) -> _T:
        """Run the text encoder; should a chosen runtime break down, the plain one goes on."""
        if self._text_choice.provider == PLAIN.provider:
            return self._attempt(run)
        try:
            return run()
        except (BundleError, MemoryError):
            raise
        except Exception as error:  # they have no common class
            with self._loading:
                if self._text_choice.provider != PLAIN.provider:
                    self._leave_text_choice(error)
                    self._texts = None
            return self._attempt(run)

    def _see(self, run: Callable[[], _T]) -> _T:
        """The same of the picture encoder."""
        if self._image_choice.provider == PLAIN.provider:
            return self._attempt(run)
        try:
            return run()
        except (BundleError, MemoryError):
            raise
        except Exception as error:  # they have no common class
            with self._loading:
                if self._image_choice.provider != PLAIN.provider:
                    self._leave_image_choice(error)
                    self._images = None
            return self._attempt(run)

    def _leave_text_choice(self, error: Exception) -> None:
        self._note_broken("texts", self._text_choice, error)
        self._text_choice = PLAIN
        self.name, (self.text_key, _) = self._named(), self._keys()

    def _leave_image_choice(self, error: Exception) -> None:
        self._note_broken("pictures", self._image_choice, error)
        self._image_choice = PLAIN
        self.name, (_, self.image_key) = self._named(), self._keys()

    def _note_broken(self, what: str, choice: Choice, error: Exception) -> None:
        why = str(error).strip().partition("\n")[0] or type(error).__name__
        self.notes.append(f"{what} in {choice.name} broke down ({why}); ONNX Runtime went on")

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

        with self._loading:
            if isinstance(self._images, TorchImage) and self.device == "cpu":
                raise error
            what = str(error).strip().partition("\n")[0] or type(error).__name__
            self.notes.append(f"{self.name} broke down ({what}); torch on the CPU went on")
            self.device, cpu = "cpu", torch.device("cpu")
            self.name = f"cpu {self._text_spec.precision} torch"
            self._texts = (TextTransform(self._text_spec.folder), TorchText(self._text_spec, cpu))
            self._images = TorchImage(self._image_folder, cpu)
