"""Where files live and what the user has set: defaults < config.toml < MMSA_* < flags.

The only module that knows a path outside a source or an output. It creates no folder and reads
nothing but the config file and which codebook is in use.
"""

from __future__ import annotations

import getpass
import importlib.util
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from mmsa_tui.decoding import DecodingError, from_toml
from mmsa_tui.errors import ConfigError

DEVICES = ("auto", "cpu", "cuda", "mps")
PICTURES = ("auto", "blocks", "sixel", "kitty")
"""How the app draws pictures; `auto` asks the terminal, `blocks` works in every one."""


BLIND = ("rounds", "always", "never")
IMAGE_TEXT = ("auto", "never")
"""When labels of the model and of others are hidden until one's own is given: while a sample is labelled
and while differences are settled, always, or never. An audit's own screen hides them in any case."""

DEFAULT_CODEBOOK = "default"
"""What people call the codebook whose labels are the shipped bundle's."""

_CODEBOOK_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
# What Windows keeps for devices, and the word for the codebook that has no folder.
_NO_CODEBOOK = re.compile(r"con|prn|aux|nul|com\d|lpt\d")


def is_codebook_name(text: str) -> bool:
    """Whether a text can name a codebook: small letters, digits and hyphens, which every disk can hold."""
    return bool(_CODEBOOK_NAME.fullmatch(text)) and not _NO_CODEBOOK.fullmatch(text)


@dataclass(frozen=True, slots=True)
class Paths:
    """Every place the program reads or writes on its own account.

    `codebook` names the codebook in use, "" the default one. Each has a store, bundles and runs of its own,
    so that nothing said under one is seen under another; encoders, features and settings are shared.
    """

    config_file: Path
    data_dir: Path
    cache_dir: Path
    shipped_bundles: Path
    codebook: str = ""

    @property
    def study_dir(self) -> Path:
        """Where what belongs to the codebook in use lies."""
        return self.codebooks_dir / self.codebook if self.codebook else self.data_dir

    @property
    def codebooks_dir(self) -> Path:
        return self.data_dir / "codebooks"

    @property
    def codebook_file(self) -> Path:
        return self.study_dir / "codebook.toml"

    @property
    def codebook_in_use_file(self) -> Path:
        """Names the codebook that is in use where nothing else is said."""
        return self.data_dir / "codebook"

    @property
    def database(self) -> Path:
        return self.study_dir / "mmsa.db"

    @property
    def bundles_dir(self) -> Path:
        return self.study_dir / "bundles"

    @property
    def encoders_dir(self) -> Path:
        return self.data_dir / "encoders"

    @property
    def runs_dir(self) -> Path:
        return self.study_dir / "runs"

    def under(self, codebook: str) -> Paths:
        """Give the places of another codebook."""
        return replace(self, codebook="" if codebook == DEFAULT_CODEBOOK else codebook)

    def to_texts(self) -> dict[str, str]:
        """Write them for another process."""
        return {name: str(getattr(self, name)) for name in self.__dataclass_fields__}

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> Paths:
        """Undo `to_texts`."""
        folders = {name: Path(text) for name, text in texts.items() if name != "codebook"}
        return cls(**folders, codebook=texts.get("codebook", ""))

    @property
    def features_file(self) -> Path:
        return self.cache_dir / "features.db"


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one run.

    `bundle` "" means the active bundle, else the default one. `threads` 0 means all cores.
    `analyst` signs corrections. `theme` "" means the app's own. `pictures` is one of `PICTURES`, `blind`
    one of `BLIND`. `image_text` is one of `IMAGE_TEXT`: whether the app reads words in pictures by itself.
    `keys` maps an action of the app to the key that starts it.
    """

    paths: Paths
    bundle: str = ""
    device: str = "auto"
    batch_size: int = 32
    threads: int = 0
    analyst: str = ""
    theme: str = ""
    pictures: str = "auto"
    blind: str = "rounds"
    image_text: str = "auto"
    keys: Mapping[str, str] = field(default_factory=dict)


def find_paths(environ: Mapping[str, str] | None = None) -> Paths:
    """Locate everything; `MMSA_HOME` moves config, data and cache under one folder."""
    environ = os.environ if environ is None else environ
    shipped = _find_shipped_bundles()
    home = environ.get("MMSA_HOME", "").strip()
    if home:
        root = Path(home).expanduser().absolute()
        return Paths(root / "config.toml", root / "data", root / "cache", shipped)
    import platformdirs

    return Paths(
        config_file=platformdirs.user_config_path("mmsa", appauthor=False) / "config.toml",
        data_dir=platformdirs.user_data_path("mmsa", appauthor=False),
        cache_dir=platformdirs.user_cache_path("mmsa", appauthor=False),
        shipped_bundles=shipped,
    )


def load_config(
    flags: Mapping[str, object] | None = None, environ: Mapping[str, str] | None = None
) -> Config:
    """Resolve the settings of this run.

    Args:
        flags: settings from the command line; a None value means the flag was not given.
        environ: the environment; that of the process unless given.

    Raises:
        ConfigError: a setting is unknown or of the wrong kind; names where it was set, the
            setting, and what is allowed.
    """
    environ = os.environ if environ is None else environ
    paths = find_paths(environ)
    settings: dict[str, object] = {}
    settings.update(_read_file(paths.config_file))
    settings.update(_read_environment(environ))
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    paths = _choose_codebook(paths, given.pop("codebook", settings.pop("codebook", None)))
    if paths.codebook:
        # It names a bundle with the labels of the default codebook.
        settings.pop("bundle", None)
    for name, value in given.items():
        settings[name] = _check(name, value, "the command line")
    if not settings.get("analyst"):
        settings["analyst"] = _user_name()
    # `_check` has seen each of them.
    return Config(paths=paths, **settings)  # type: ignore[arg-type]


def _choose_codebook(paths: Paths, said: object) -> Paths:
    """Find out which codebook is in use: the one that is said, else the one that was chosen to stay so.

    Raises:
        ConfigError: there is no such codebook.
    """
    name = str(said) if said is not None else _read_name(paths.codebook_in_use_file)
    if name in ("", DEFAULT_CODEBOOK):
        return paths
    if not is_codebook_name(name) or not paths.under(name).study_dir.is_dir():
        raise ConfigError(
            f"there is no codebook {name!r:.60}",
            "`mmsa codebook list` shows those there are; `mmsa codebook use default` goes back to the"
            " default one.",
        )
    return paths.under(name)


def _read_name(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _read_file(path: Path) -> dict[str, object]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror or error}",
            "Give yourself read access to it, or set MMSA_HOME to another folder.",
        ) from error
    try:
        table = from_toml(data)
    except DecodingError as error:
        if isinstance(error.__cause__, UnicodeDecodeError):
            raise ConfigError(f"{path} is not UTF-8 text", "Save it again as UTF-8.") from error
        raise ConfigError(
            f"{path} is not valid TOML: {error}", 'Write one setting a line, as in: device = "cpu"'
        ) from error
    return {name: _check(name, value, str(path)) for name, value in table.items()}


def _read_environment(environ: Mapping[str, str]) -> dict[str, object]:
    settings: dict[str, object] = {}
    for variable, text in environ.items():
        if not variable.startswith("MMSA_") or variable == "MMSA_HOME" or not text:
            continue
        name = variable.removeprefix("MMSA_").lower()
        value: object = text
        if name in ("batch_size", "threads"):
            try:
                value = int(text)
            except ValueError:
                value = text
        settings[name] = _check(name, value, "the environment", variable)
    return settings


def _check(name: str, value: object, place: str, shown: str = "") -> object:
    if name not in _SETTINGS:
        known = ", ".join(_SETTINGS)
        raise ConfigError(f"unknown setting {shown or name!r} in {place}", f"The settings are: {known}.")
    allowed, accepts = _SETTINGS[name]
    if not accepts(value):
        raise ConfigError(f"{shown or name} = {value!r:.80} in {place} is not allowed", f"Use {allowed}.")
    return value


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_whole(low: int, high: int) -> Callable[[object], bool]:
    # bool is an int to Python, but `threads = true` is a mistake.
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_keys(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(key, str) and key for key in value.values())


_SETTINGS: Mapping[str, tuple[str, Callable[[object], bool]]] = {
    "bundle": ("the name or folder of a bundle, as text", _is_text),
    "codebook": ("the name of a codebook, as text", _is_text),
    "device": ("one of " + ", ".join(DEVICES), lambda value: value in DEVICES),
    "batch_size": ("a whole number from 1 to 4096", _is_whole(1, 4096)),
    "threads": ("a whole number from 0 (all cores) to 1024", _is_whole(0, 1024)),
    "analyst": ("a name, as text", _is_text),
    "theme": ("the name of a theme, as text", _is_text),
    "pictures": ("one of " + ", ".join(PICTURES), lambda value: value in PICTURES),
    "blind": ("one of " + ", ".join(BLIND), lambda value: value in BLIND),
    "image_text": ("one of " + ", ".join(IMAGE_TEXT), lambda value: value in IMAGE_TEXT),
    "keys": ('a table of action = "key"', _is_keys),
}


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        # Containers run under numeric ids that have no name.
        return "analyst"


def _find_shipped_bundles() -> Path:
    """Return the folder of a checkout, else that of the distribution `mmsa-tui-bundle`."""
    checkout = Path(__file__).resolve().parent.parent / "model_bundle"
    if checkout.is_dir():
        return checkout
    # A folder of data without code: a namespace package, found without being imported.
    spec = importlib.util.find_spec("mmsa_tui_bundle")
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) if places else checkout
