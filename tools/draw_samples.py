"""Draw the pictures of the sample posts: `python -m tools.draw_samples [NAME ...]`.

Every picture is made from numbers alone (no photograph, no font file, no network), always the
same, so that the project can give them away under CC0.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PIL import Image

from tools.sample_scenes import (
    boards,
    broken,
    city,
    dog,
    faces,
    protest,
    seaside,
    stadium,
    streets,
    table,
    views,
)
from tools.sample_scenes.canvas import Canvas

PICTURES = Path(__file__).parents[1] / "mmsa_tui" / "samples" / "pictures"
MAX_BYTES = 60_000

FLAT: tuple[Callable[[], Canvas], ...] = (
    views.harbour_sunrise,
    seaside.fireworks,
    seaside.beach,
    views.mountain_lake,
    city.city_night,
    city.rainy_window,
    boards.bar_chart,
    boards.flight_board,
    boards.polling_station,
)
SOLID: tuple[Callable[[int, int], Canvas], ...] = (
    dog.dog,
    faces.smiling_face,
    faces.sad_face,
    table.birthday_cake,
    table.coffee_cup,
    broken.parcel,
    broken.broken_phone,
    streets.wrecked_car,
    streets.flooded_street,
    protest.protest,
    stadium.stadium,
)


def save(picture: Image.Image, name: str, folder: Path) -> Path:
    """Write a picture, flat colours as PNG, the rest as JPEG, under `MAX_BYTES`.

    Raises:
        ValueError: it cannot be made that small.
    """
    if name == "bar_chart":
        path = folder / f"{name}.png"
        picture.quantize(96, dither=Image.Dither.NONE).save(path, optimize=True)
        return path
    path = folder / f"{name}.jpg"
    for quality in range(88, 60, -2):
        picture.save(path, quality=quality, optimize=True, progressive=True)
        if path.stat().st_size < MAX_BYTES:
            return path
    raise ValueError(f"{name} does not fit into {MAX_BYTES} bytes")


def main() -> None:
    """Draw the named pictures, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="pictures to draw; all of them by default")
    parser.add_argument("-o", "--output", type=Path, default=PICTURES, help="folder to write to")
    parser.add_argument("--quick", action="store_true", help="a coarse look at the modelled ones")
    options = parser.parse_args()
    passes, fraction = (1, 2) if options.quick else (2, 1)
    scenes: dict[str, Callable[[], Canvas]] = {scene.__name__: scene for scene in FLAT}
    for solid in SOLID:
        scenes[solid.__name__] = partial(solid, passes, fraction)
    unknown = sorted(set(options.names) - set(scenes))
    if unknown:
        parser.error(f"no such picture: {', '.join(unknown)}; there are {', '.join(sorted(scenes))}")
    options.output.mkdir(parents=True, exist_ok=True)
    for name in options.names or scenes:
        path = save(scenes[name]().picture(), name, options.output)
        print(f"{path.name} {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
