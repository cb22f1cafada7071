"""Service: what a full training can be asked for, as one record.

The command line, the process that trains and the command on a bundle's record all read its fields: a new
option is one line here.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from mmsa_tui.errors import SourceError, UsageError

MODULE, TUNE_MODULE = "training.full.train", "training.tune"
"""What a process of its own runs."""


_Request = TypeVar("_Request", bound="TrainRequest")


def _said(help: str, metavar: str, *, short: str = "", made: bool = False) -> dict[str, Any]:
    """Describe an option; `made` ones decide what comes out and stand in the command that reproduces it."""
    return {"help": help, "metavar": metavar, "short": short, "made": made}


@dataclass(frozen=True, kw_only=True)
class TrainRequest:
    """A full training: of what, where to, how."""

    source: Path = field(metadata=_said("A folder or file of posts.", "SOURCE"))
    output: Path = field(metadata=_said("The run folder; an unfinished run goes on.", "DIR", short="-o"))
    labels: Path | None = field(
        default=None, metadata=_said("People's labels by post id; else the source's own.", "FILE", made=True)
    )
    recipe: str = field(
        default="default",
        metadata=_said("default, enriched, reference, or FILE.toml.", "NAME|FILE", made=True),
    )
    name: str | None = field(
        default=None, metadata=_said("The bundle's name; else the recipe's.", "NAME", made=True)
    )
    version: str = field(default="1.0.0", metadata=_said("The bundle's version.", "VERSION", made=True))
    text_encoder: str | None = field(
        default=None, metadata=_said("A folder or a hub id.", "DIR|ID", made=True)
    )
    image_encoder: str | None = field(
        default=None, metadata=_said("A folder or a hub id.", "DIR|ID", made=True)
    )
    extra_text: Path | None = field(
        default=None, metadata=_said("Labelled tweets to learn from first.", "FILE.tsv", made=True)
    )
    extra_test_years: str = field(
        default="", metadata=_said("Years of FILE.tsv that are only scored on.", "YEARS", made=True)
    )
    bundles: Path | None = field(
        default=None, metadata=_said("Where the bundle goes; else DIR/bundles.", "DIR")
    )
    licence: str = field(default="", metadata=_said("For the model card.", "WORDS", made=True))
    data_name: list[str] = field(
        default_factory=list, metadata=_said("What it learns from, for the model card.", "WORDS", made=True)
    )
    seed: int | None = field(default=None, metadata=_said("Seed of all that is random.", "N", made=True))
    device: str = field(default="auto", metadata=_said("Where the model runs.", "auto|cpu|cuda|mps"))
    threads: int = field(default=0, metadata=_said("CPU threads; 0 means all cores.", "N"))
    json: bool = field(default=False, metadata=_said("Print progress as JSON lines.", ""))

    def check(self) -> None:
        """Refuse what is not there before a process is started.

        Raises:
            SourceError: a file or folder is missing.
        """
        for path in (self.source, self.labels, self.extra_text):
            if path is not None and not path.expanduser().exists():
                raise SourceError(f"there is no file or folder {path}", "Check the spelling of the path.")

    def arguments(self) -> list[str]:
        """Write it as arguments of `MODULE`; `parse` reads them."""
        words = [str(self.source.expanduser())]
        for option, value in self._given():
            if isinstance(value, bool):
                words.append(flags_of(option)[0])
                continue
            for one in _listed(value):
                words += [flags_of(option)[0], str(one.expanduser() if isinstance(one, Path) else one)]
        return words

    def command(self, name: str = "train") -> str:
        """Write the command that makes the same once more."""
        words = ["mmsa", name, str(self.source)]
        for option, value in self._given():
            for one in _listed(value) if option.metadata["made"] else ():
                words += [flags_of(option)[0], str(one)]
        return shlex.join([*words, "-o", str(self.output)])

    def _given(self) -> Iterator[tuple[Field[Any], Any]]:
        for option in fields(self):
            value = getattr(self, option.name)
            if option.name != "source" and value not in (None, "", [], False):
                yield option, value


def _listed(value: Any) -> list[Any]:
    """List what an option is given with, once for each time that it is."""
    return value if isinstance(value, list) else [value]


@dataclass(frozen=True, kw_only=True)
class TuneRequest(TrainRequest):
    """A search for a better recipe, on the same posts and with the same encoders as a training."""

    trials: int = field(
        default=50, metadata=_said("The budget: recipes to try, those of before included.", "N", made=True)
    )
    minutes: float = field(default=0.0, metadata=_said("The budget in time; 0 is no limit.", "M", made=True))

    def check(self) -> None:
        super().check()
        if self.trials < 1 or self.minutes < 0:
            raise UsageError(
                "a search needs a trial or more", "Give --trials N, and --minutes M if you like."
            )

    def _given(self) -> Iterator[tuple[Field[Any], Any]]:
        return ((option, value) for option, value in super()._given() if option.name not in NOT_FOR_TUNING)


NOT_FOR_TUNING = ("name", "version", "bundles", "licence", "data_name", "extra_test_years")
"""Options of a training that say nothing to a search."""


def flags_of(option: Field[Any]) -> list[str]:
    """Name an option's flags, the long one first."""
    short = option.metadata["short"]
    return ["--" + option.name.replace("_", "-"), *([short] if short else [])]


def parse(arguments: Sequence[str] | None, kind_of: type[_Request]) -> _Request:
    """Read the arguments of `MODULE` or `TUNE_MODULE`; what makes no sense ends the process with code 2."""
    parser = argparse.ArgumentParser(description=kind_of.__doc__)
    kinds = get_type_hints(kind_of)
    for option in fields(kind_of):
        about: dict[str, Any] = {"help": option.metadata["help"], "default": default_of(option)}
        kind = kinds[option.name]
        if option.name == "source":
            parser.add_argument("source", type=Path, help=about["help"])
            continue
        if kind is bool:
            about["action"] = "store_true"
        elif kind == list[str]:
            about |= {"action": "append", "metavar": option.metadata["metavar"]}
        else:
            base = next(
                one for one in (Path, int, float, str) if one is kind or one in getattr(kind, "__args__", ())
            )
            about |= {"type": base, "metavar": option.metadata["metavar"]}
        parser.add_argument(*flags_of(option), required=is_required(option), **about)
    return kind_of(**vars(parser.parse_args(arguments)))


def default_of(option: Field[Any]) -> Any:
    """Tell what an option is without a word; None for one that must be given."""
    if option.default_factory is not MISSING:
        return option.default_factory()
    return None if option.default is MISSING else option.default


def is_required(option: Field[Any]) -> bool:
    """Whether an option must be given."""
    return option.default is MISSING and option.default_factory is MISSING
