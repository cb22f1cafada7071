"""One bundle on disk: its record, and whether its files are whole. Imports no torch.

A bundle is a directory with `meta.json` and the files it lists. Encoders lie beside the bundles in
`encoders/<sha256>/`, named by `directory_hash`, and are shared. Which bundles there are is in
`bundle_registry`, writing in `bundle_writer`, handing over in `bundle_archive`, loading the weights
in `predictor`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from mmsa_tui import __version__
from mmsa_tui.bundle.encoder_files import check_encoder
from mmsa_tui.bundle.versions import allows
from mmsa_tui.config import Paths
from mmsa_tui.decoding import from_json, to_kind
from mmsa_tui.disk.whole_file import whole_file, why
from mmsa_tui.errors import BundleError, OutputError

FORMAT_VERSION = 1
META = "meta.json"
CONFIG = "config.json"
HEAD = "fusion.safetensors"
REPLAY = "replay.safetensors"
EVALUATION = "evaluation.safetensors"
TUNING = "tuning.safetensors"
COPIES = "copies.json"
"""By what copies of the posts of the two are known: a list of keys for each; older bundles have none."""
"""Optional: labelled posts that no weight was fitted on and no gate reads, to calibrate a retrain."""
CALIBRATION = "calibration.json"
CARD = "MODEL_CARD.md"
IMPORTED = "imported"
"""In `training`, of a bundle whose own version was taken here: {id it came with, at}."""
REQUIRED = (CONFIG, HEAD, REPLAY, EVALUATION, CALIBRATION)
ANSWERING = (CONFIG, HEAD, CALIBRATION)
"""What a bundle answers by, beside its encoders; the other files hold posts, or words about it."""

_MAX_JSON = 16 * 1024 * 1024
"""Bytes; the record of a bundle is some ten kB."""
VALIDATED_F1 = 0.55


def is_validated(score: Mapping[str, Any]) -> bool:
    """Whether macro-F1 in a language is `VALIDATED_F1` or more even at its lower bound."""
    value = score.get("low", score.get("macro_f1"))
    return isinstance(value, int | float) and value >= VALIDATED_F1


_FIRST_LANGUAGES = frozenset({"en"})
"""Of bundles that do not say: they learned from English tweets and were measured on them."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class BundleMeta:
    """What `meta.json` says. `labels` are in class-index order; `files` and `encoders` hold sha256."""

    name: str
    version: str
    labels: tuple[str, ...]
    encoders: Mapping[str, str]
    created_at: str = ""
    parent: str = ""
    licence: str = ""
    sources: tuple[str, ...] = ()
    requires_mmsa: str = f">={__version__}"
    scores: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    format_version: int = FORMAT_VERSION

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: object, where: Path) -> BundleMeta:
        """Check and build.

        Raises:
            BundleError: a field is missing, of the wrong type, or of a newer format.
        """
        try:
            version = to_kind(data, _Format).format_version
            if version > FORMAT_VERSION:
                raise BundleError(
                    f"{where} is of bundle format {version}; this program reads up to {FORMAT_VERSION}",
                    "Update mmsa-tui.",
                )
            meta = to_kind(data, cls)
            to_kind(meta.training, _Training)
            if not allows(meta.requires_mmsa, __version__):
                raise BundleError(
                    f"{where} needs mmsa-tui {meta.requires_mmsa}; this is {__version__}", "Update mmsa-tui."
                )
        except ValueError as error:
            raise BundleError(f"{where}: {META} is damaged: {error}", _REPAIR) from error
        if len(meta.labels) < 2 or len(set(meta.labels)) != len(meta.labels) or not all(meta.labels):
            raise BundleError(f"{where}: labels must be two or more different words", _REPAIR)
        for key, text in (("name", meta.name), ("version", meta.version)):
            if not _NAME.fullmatch(text):
                raise BundleError(f"{where}: {key} {text!r} is not a plain name", _REPAIR)
        return meta


@dataclass(frozen=True)
class _Format:
    """All that is known of a record before it is known to be one of ours."""

    format_version: Annotated[int, Meta(ge=1)]


@dataclass(frozen=True)
class _Training:
    """What the program reads of a record's `training`, where it is there."""

    gate: Mapping[str, Any] | None = None
    promotion: Mapping[str, Any] = field(default_factory=dict)
    imported: Mapping[str, Any] = field(default_factory=dict)
    lesson: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 1


_REPAIR = "Get the bundle again from where it came, or choose another with `mmsa bundle use`."


@dataclass(frozen=True)
class Bundle:
    """A bundle whose meta was read; weights are checked by `verify_bundle` and by loading."""

    directory: Path
    meta: BundleMeta

    @property
    def id(self) -> str:
        """Name and version, `mvsa 1.0.0`: the key of predictions and what a user reads."""
        return f"{self.meta.name} {self.meta.version}"

    @property
    def labels(self) -> tuple[str, ...]:
        return self.meta.labels

    @property
    def validated_languages(self) -> frozenset[str]:
        """ISO 639 codes of the languages in which people's labels bear it out: see `is_validated`."""
        languages = self.meta.scores.get("languages")
        if not isinstance(languages, Mapping) or not languages:
            return _FIRST_LANGUAGES
        return frozenset(
            str(code)
            for code, score in languages.items()
            if isinstance(score, Mapping) and is_validated(score)
        )

    @property
    def fingerprint(self) -> str:
        """Identify the bundle: equal on every machine that has this very one, whatever it is called there."""
        return self._hash(self.meta.files)

    @property
    def model(self) -> str:
        """Identify what answers: equal for bundles whose every answer is the same.

        Where `fingerprint` differs and this does not, only the posts or the words that go with it are others.
        """
        return self._hash({name: self.meta.files.get(name, "") for name in ANSWERING})

    def _hash(self, files: Mapping[str, str]) -> str:
        what = [list(self.labels), sorted(self.meta.encoders.items()), sorted(files.items())]
        return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:32]

    @property
    def imported_id(self) -> str:
        """The id it had where it came from, if another bundle had that id here; else ""."""
        imported = self.meta.training.get(IMPORTED)
        return str(imported.get("id", "")) if isinstance(imported, Mapping) else ""

    def encoder_directory(self, which: str, paths: Paths) -> Path:
        """Find the `text` or `image` encoder: beside the bundle, among the user's, or shipped.

        Raises:
            BundleError: it is in none of those places.
        """
        sha = str(self.meta.encoders.get(which, ""))
        if re.fullmatch(r"[0-9a-f]{64}", sha):
            beside = self.directory.parent / "encoders"
            for root in (beside, *encoder_roots(paths)):
                if (root / sha / "config.json").is_file():
                    return root / sha
        raise BundleError(
            f"bundle {self.id}: its {which} encoder {sha[:12] or '(none)'} is not here",
            "Import the bundle again with `mmsa bundle import FILE`.",
        )


def encoder_roots(paths: Paths) -> tuple[Path, ...]:
    """Where encoders lie that any bundle may use: the user's, beside the user's bundles, shipped."""
    return (paths.encoders_dir, paths.bundles_dir / "encoders", paths.shipped_bundles / "encoders")


def read_json(path: Path) -> Any:
    """Read a small JSON file of a bundle.

    Raises:
        BundleError: missing, unreadable or not JSON.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_JSON + 1)
        if len(data) > _MAX_JSON:
            raise ValueError(f"it is larger than {_MAX_JSON >> 20} MB")
        return from_json(data, object)
    except FileNotFoundError as error:
        raise BundleError(f"{path.parent}: {path.name} is missing", _REPAIR) from error
    except (OSError, ValueError) as error:
        raise BundleError(f"{path}: cannot be read ({error})", _REPAIR) from error


def read_bundle(directory: Path) -> Bundle:
    """Read a bundle's meta.

    Raises:
        BundleError: no bundle there, damaged, or newer than this program.
    """
    if not directory.is_dir():
        raise BundleError(f"{directory} is not a bundle directory", "See `mmsa bundle list`.")
    meta = BundleMeta.from_json(read_json(directory / META), directory)
    _compare_labels(meta, directory)
    return Bundle(directory, meta)


def _compare_labels(meta: BundleMeta, directory: Path) -> None:
    """Refuse labels that are not those the weights were written with; the first bundles do not repeat them.

    Nothing else would notice two labels that have changed places: every answer would be the opposite.
    """
    try:
        config = read_json(directory / CONFIG)
    except BundleError:
        # Missing or damaged, which whoever needs it will say.
        return
    if isinstance(config, dict) and "labels" in config and config["labels"] != list(meta.labels):
        raise BundleError(
            f"{directory}: {META} names the labels {', '.join(meta.labels)}, {CONFIG} others"
            " or in another order",
            _REPAIR,
        )


def verify_bundle(bundle: Bundle, paths: Paths) -> None:
    """Compare every file and both encoders with their checksums, and see that the encoders are data.

    Raises:
        BundleError: a file is missing, altered or cut short, or an encoder is none of ours.
    """
    for name in REQUIRED:
        if name not in bundle.meta.files:
            raise BundleError(f"{bundle.directory}: {META} does not list {name}", _REPAIR)
    for name, sha in bundle.meta.files.items():
        if not _NAME.fullmatch(name):
            raise BundleError(f"{bundle.directory}: {META} lists an unsafe name {name!r}", _REPAIR)
        path = bundle.directory / name
        if not path.is_file():
            raise BundleError(f"bundle {bundle.id}: {name} is missing", _REPAIR)
        if file_hash(path) != sha:
            raise BundleError(f"bundle {bundle.id}: {name} is damaged (its checksum differs)", _REPAIR)
    for which in ("text", "image"):
        directory = bundle.encoder_directory(which, paths)
        if directory_hash(directory) != bundle.meta.encoders[which]:
            raise BundleError(
                f"bundle {bundle.id}: its {which} encoder in {directory} is damaged (its checksum differs)",
                _REPAIR,
            )
        check_encoder(directory, which)


def file_hash(path: Path) -> str:
    """sha256 of a file, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def directory_hash(directory: Path) -> str:
    """sha256 over the names and hashes of a directory's files, in name order: an encoder's identity."""
    digest = hashlib.sha256()
    for path in sorted(p for p in directory.iterdir() if p.is_file()):
        digest.update(f"{path.name}\0{file_hash(path)}\n".encode())
    return digest.hexdigest()


def write_atomically(path: Path, text: str) -> None:
    """Replace a small file in one step, on disk before the old one goes.

    Raises:
        BundleError: it cannot be written; the old one is as it was.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path, overwrite=True) as part:
            part.write_text(text, encoding="utf-8", newline="\n")
    except OutputError as error:
        raise BundleError(error.message, "Free some space or check the folder's rights.") from error
    except OSError as error:
        raise BundleError(
            f"{path} cannot be written: {why(error)}", "Free some space or check the folder's rights."
        ) from error
