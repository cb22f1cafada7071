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
from mmsa_tui.model.probe import PLAIN, Choice
from mmsa_tui.model.runtimes import ImageRuntime, TextRuntime, TextSpec

_T = TypeVar("_T")


class RuntimePair:
    """Runs texts and pictures, from any thread.

    Args:
        device: cpu, cuda or mps; a CPU runs ONNX Runtime, the others torch.
        workers: how many threads come here at once.
        graphs: where derived graphs are kept; None derives them every time.
        pictures: what encodes pictures on a CPU.
    """

    def __init__(
        self,
        text: TextSpec,
        image: Path,
        device: str = "cpu",
        *,
        workers: int = 1,
        graphs: Path | None = None,
        pictures: Choice = PLAIN,
    ) -> None:
        self._text_spec, self._image_folder, self.device = text, image, device
        self._choice, self._workers = pictures if device == "cpu" else PLAIN, workers
        self._graphs = graphs
        self._texts: tuple[TextTransform, TextRuntime] | None = None
        self._images: ImageRuntime | None = None
        self._loading = threading.Lock()
        self.notes: list[str] = []
        """What did not go as planned, in words for a user."""
        numbers = text.precision if device == "cpu" else "half"
        whole = "full" if numbers == "fp32" else numbers
        self.name = f"{device} {'fp16' if device == 'cuda' else text.precision}"
        """Where and in which numbers, as shown and kept with each prediction."""
        if self._choice.provider != PLAIN.provider:
            self.name += f", pictures {self._choice.name}"
        self.text_key = f"t{TRANSFORM_VERSION}:{whole}:{text.folder.name[:20]}:"
        """What the cache knows texts by that were encoded here, before what tells one from another."""
        self.image_key = self._picture_key()
        """The same of pictures; it changes when another runtime goes on."""

    @property
    def tried(self) -> tuple[str, ...]:
        """What other runtimes came to on this machine, in words for a user."""
        return self._choice.tried

    def encode_texts(self, texts: Sequence[str]) -> Floats:
        """Encode texts, as one batch: [N, T]."""
        transform, _ = self.text()
        batch = transform.collate(transform.encode(texts))
        return self._attempt(lambda: self.text()[1].encode(batch))

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
        return self._attempt(lambda: self.text()[1].encode_without(batch, places))

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

    def _picture_key(self) -> str:
        exact = self.device == "cpu" and self._choice.numbers == "fp32"
        numbers = "full" if exact else "half" if self.device != "cpu" else self._choice.numbers
        return f"i{TRANSFORM_VERSION}:{numbers}:{self._image_folder.name[:20]}:"

    def _open_text(self) -> TextRuntime:
        if self.device == "cpu":
            from mmsa_tui.model.runtimes.onnx import OnnxText

            return OnnxText(self._text_spec, self._graphs)
        from mmsa_tui.model.runtimes.torch import TorchText, numbers_on

        return TorchText(self._text_spec, *numbers_on(self.device))

    def _open_image(self) -> ImageRuntime:
        if self.device == "cpu":
            if self._choice.provider == "openvino":
                from mmsa_tui.model.runtimes.openvino import OpenVinoImage

                try:
                    return OpenVinoImage(self._image_folder, self._choice.numbers, self._workers)
                except Exception as error:  # they have no common class
                    self._leave_choice(error)
            from mmsa_tui.model.runtimes.onnx import OnnxImage

            return OnnxImage(self._image_folder, self._graphs)
        from mmsa_tui.model.runtimes.torch import TorchImage, numbers_on

        return TorchImage(self._image_folder, *numbers_on(self.device))

    def _see(self, run: Callable[[], _T]) -> _T:
        """Run the picture encoder; should a chosen runtime break down, the plain one goes on."""
        if self._choice.provider == PLAIN.provider:
            return self._attempt(run)
        try:
            return run()
        except (BundleError, MemoryError):
            raise
        except Exception as error:  # they have no common class
            with self._loading:
                if self._choice.provider != PLAIN.provider:
                    self._leave_choice(error)
                    self._images = None
            return self._attempt(run)

    def _leave_choice(self, error: Exception) -> None:
        what = str(error).strip().partition("\n")[0] or type(error).__name__
        self.notes.append(f"pictures in {self._choice.name} broke down ({what}); ONNX Runtime went on")
        self._choice = PLAIN
        self.name = self.name.partition(", pictures")[0]
        self.image_key = self._picture_key()

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
