"""A flat canvas: gradients, soft shapes, light, grain. Knows nothing of the scenes it is used for.

Coordinates are picture pixels (640 x 480, y down); the canvas itself is `SCALE` times finer and
is reduced at the end, which is what smooths the edges. Colours are sRGB, 0 to 1.
"""

# ruff: noqa: B023 - a pen's lambda runs at once, before its loop moves on.

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

WIDTH, HEIGHT = 640, 480
SCALE = 2

Array = NDArray[np.floating[Any]]
"""Always 32 bits in practice; numpy's own annotations often promise only some width."""
Colour = tuple[float, float, float]
Point = tuple[float, float]


def rgb(code: str) -> Colour:
    """Read `ffcc00` as three floats."""
    red, green, blue = (int(code[i : i + 2], 16) / 255 for i in (0, 2, 4))
    return red, green, blue


def resize(grid: Array, width: int, height: int) -> Array:
    """Stretch a [h, w] field to [height, width], bicubic."""
    image = Image.fromarray(grid.astype(np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC), dtype=np.float32)


def smooth_curve(points: Sequence[Point], closed: bool = True, steps: int = 12) -> list[Point]:
    """Draw a Catmull-Rom curve through the points."""
    count = len(points)
    curve: list[Point] = []
    for i in range(count if closed else count - 1):
        around = [i - 1, i, i + 1, i + 2]
        around = [j % count if closed else min(max(j, 0), count - 1) for j in around]
        p0, p1, p2, p3 = (np.array(points[j]) for j in around)
        for t in np.linspace(0, 1, steps, endpoint=False):
            p = 0.5 * (
                2 * p1
                + (p2 - p0) * t
                + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2
                + (3 * p1 - p0 - 3 * p2 + p3) * t**3
            )
            curve.append((float(p[0]), float(p[1])))
    if not closed:
        curve.append(points[-1])
    return curve


class Pen:
    """Draws into a mask in picture coordinates."""

    def __init__(self, draw: ImageDraw.ImageDraw, level: int = 255) -> None:
        self._draw = draw
        self.level = level

    def polygon(self, points: Sequence[Point]) -> Pen:
        self._draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=self.level)
        return self

    def blob(self, points: Sequence[Point]) -> Pen:
        return self.polygon(smooth_curve(points))

    def box(self, x0: float, y0: float, x1: float, y1: float, radius: float = 0) -> Pen:
        corners = (x0 * SCALE, y0 * SCALE, x1 * SCALE, y1 * SCALE)
        self._draw.rounded_rectangle(corners, radius * SCALE, fill=self.level)
        return self

    def ellipse(self, x: float, y: float, rx: float, ry: float | None = None) -> Pen:
        ry = rx if ry is None else ry
        corners = ((x - rx) * SCALE, (y - ry) * SCALE, (x + rx) * SCALE, (y + ry) * SCALE)
        self._draw.ellipse(corners, fill=self.level)
        return self

    def line(self, points: Sequence[Point], width: float = 1) -> Pen:
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self._draw.line(scaled, fill=self.level, width=max(1, round(width * SCALE)), joint="curve")
        return self

    def text(self, x: float, y: float, words: str, size: float, bold: float = 0, anchor: str = "mm") -> Pen:
        # The face inside Pillow (Aileron, CC0) draws the same letters on every machine.
        font = ImageFont.load_default(size * SCALE)
        self._draw.text(
            (x * SCALE, y * SCALE),
            words,
            fill=self.level,
            font=font,
            anchor=anchor,
            stroke_width=bold * SCALE,
        )
        return self


Stroke = Callable[[Pen], object]
"""Draws with a pen; what it returns is ignored, so that a tuple of calls will do."""


class Canvas:
    """A picture in the making.

    Attributes:
        pixels: [HEIGHT * SCALE, WIDTH * SCALE, 3], sRGB; may pass 1 until `picture` clips it.
        x, y: picture coordinates of every pixel, same height and width as `pixels`.
    """

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.pixels: Array = np.zeros((HEIGHT * SCALE, WIDTH * SCALE, 3), dtype=np.float32)
        ys, xs = np.mgrid[0 : HEIGHT * SCALE, 0 : WIDTH * SCALE].astype(np.float32)
        self.x: Array = (xs + np.float32(0.5)) / np.float32(SCALE)
        self.y: Array = (ys + np.float32(0.5)) / np.float32(SCALE)

    def load(self, pixels: Array) -> None:
        """Start from a rendered [HEIGHT, WIDTH, 3] picture."""
        for channel in range(3):
            self.pixels[..., channel] = resize(pixels[..., channel], WIDTH * SCALE, HEIGHT * SCALE)

    def gradient(self, stops: Sequence[tuple[float, str]], along: Array | None = None) -> Array:
        """Blend colours along a field (default: y): stops are (value, hex), ascending.

        Returns:
            [H, W, 3], to be used as a `colour`.
        """
        field = self.y if along is None else along
        at = [value for value, _ in stops]
        colours = [rgb(code) for _, code in stops]
        channels = [np.interp(field, at, [c[i] for c in colours]) for i in range(3)]
        return np.stack(channels, axis=-1).astype(np.float32)

    def noise(self, cell_x: float, cell_y: float | None = None, octaves: int = 4) -> Array:
        """Sum octaves of smooth noise; [H, W], about 0 to 1, centred on 0.5.

        Args:
            cell_x, cell_y: size in pixels of the largest spot; unequal sizes stretch it.
        """
        cell_y = cell_x if cell_y is None else cell_y
        total: Array = np.zeros(self.x.shape, dtype=np.float32)
        weight = 0.0
        for octave in range(octaves):
            columns = int(WIDTH / cell_x * 2**octave) + 3
            rows = int(HEIGHT / cell_y * 2**octave) + 3
            columns, rows = min(columns, WIDTH * SCALE), min(rows, HEIGHT * SCALE)
            grid = self.rng.random((rows, columns), dtype=np.float32)
            strength = 0.5**octave
            total += np.float32(strength) * resize(grid, WIDTH * SCALE, HEIGHT * SCALE)
            weight += strength
        result: Array = np.clip((total / np.float32(weight) - 0.5) * np.float32(1.5) + 0.5, 0, 1)
        return result

    def mask(self, draw: Stroke, blur: float = 0) -> Array:
        """Draw a shape; [H, W], 0 to 1, its edge softened over `blur` pixels."""
        image = Image.new("L", (WIDTH * SCALE, HEIGHT * SCALE))
        draw(Pen(ImageDraw.Draw(image)))
        return self.blurred(np.asarray(image, dtype=np.float32) / np.float32(255), blur)

    def blurred(self, field: Array, blur: float) -> Array:
        """Blur a [H, W] field of 0 to 1 by a Gaussian of `blur` pixels."""
        if blur <= 0:
            return field
        # Blurring at a quarter of the size costs a sixteenth and looks the same for wide blurs.
        step = 4 if blur > 6 else 1
        height, width = field.shape
        small = resize_area(field, width // step, height // step) if step > 1 else field
        image = Image.fromarray((np.clip(small, 0, 1) * 255).astype(np.uint8))
        image = image.filter(ImageFilter.GaussianBlur(blur * SCALE / step))
        soft = np.asarray(image, dtype=np.float32) / np.float32(255)
        return resize(soft, width, height) if step > 1 else soft

    def paint(self, mask: Array, colour: Colour | Array | str, opacity: float = 1) -> None:
        """Cover what the mask covers."""
        value = rgb(colour) if isinstance(colour, str) else colour
        cover = (mask * np.float32(opacity))[..., None]
        self.pixels += (np.asarray(value, dtype=np.float32) - self.pixels) * cover

    def shape(
        self,
        draw: Stroke,
        colour: Colour | Array | str,
        blur: float = 0,
        opacity: float = 1,
    ) -> None:
        """Draw and paint in one go."""
        self.paint(self.mask(draw, blur), colour, opacity)

    def light(self, mask: Array, colour: str, strength: float = 1) -> None:
        """Add light, as a screen: white stays white."""
        added = mask[..., None] * np.asarray(rgb(colour), dtype=np.float32) * np.float32(strength)
        self.pixels = 1 - (1 - np.minimum(self.pixels, 1)) * (1 - np.clip(added, 0, 1))

    def shade(self, mask: Array, strength: float) -> None:
        """Darken towards black."""
        self.pixels *= 1 - (mask * np.float32(strength))[..., None]

    def glow(self, x: float, y: float, radius: float, colour: str, strength: float = 1) -> None:
        """Add a round light that fades with the square of the distance."""
        far = (self.x - np.float32(x)) ** 2 + (self.y - np.float32(y)) ** 2
        self.light(1 / (1 + far / np.float32(radius) ** 2 * 4) ** 2, colour, strength)

    def bokeh(self, count: int, colours: Sequence[str], radius: float, strength: float, y: Point) -> None:
        """Scatter out-of-focus lights between two heights."""
        for _ in range(count):
            x = float(self.rng.uniform(-20, WIDTH + 20))
            at = float(self.rng.uniform(*y))
            size = float(radius * self.rng.uniform(0.5, 1.15))
            colour = colours[int(self.rng.integers(len(colours)))]
            disc = self.mask(lambda pen: pen.ellipse(x, at, size), 1.2)
            self.light(disc, colour, strength * float(self.rng.uniform(0.35, 1)))

    def rain(self, count: int, strength: float) -> None:
        """Draw slanted streaks of rain."""
        streaks: list[list[Point]] = []
        for _ in range(count):
            x, y, fall = self.rng.uniform((-40, -30, 14), (WIDTH + 40, HEIGHT, 42))
            streaks.append([(x, y), (x - fall * 0.16, y + fall)])
        drawn = self.mask(lambda pen: [pen.line(streak, 1) for streak in streaks], 0.5)
        self.light(drawn, "dfe8f0", strength)

    def bloom(self, threshold: float, blur: float, strength: float) -> None:
        """Let what is brighter than the threshold shine over its surroundings."""
        bright = np.clip(self.pixels - np.float32(threshold), 0, 1)
        for channel in range(3):
            spread = self.blurred(bright[..., channel], blur) * np.float32(strength)
            self.pixels[..., channel] = 1 - (1 - np.minimum(self.pixels[..., channel], 1)) * (
                1 - np.clip(spread, 0, 1)
            )

    def soften(self, blur: float, where: Array | None = None) -> None:
        """Blur the picture, wholly or where a [H, W] field says."""
        for channel in range(3):
            plane = np.clip(self.pixels[..., channel], 0, 1)
            soft = self.blurred(plane, blur)
            mix = 1 if where is None else where
            self.pixels[..., channel] = plane + (soft - plane) * mix

    def mirrored(self, horizon: float, ripple: float, calm: float = 0.5) -> Array:
        """Sample the picture above the horizon as water below it would show it.

        Args:
            horizon: y of the waterline.
            ripple: sideways and vertical swing of the reflection in pixels near the viewer.
            calm: vertical squeeze; 1 shows the sky at its own height.

        Returns:
            [H, W, 3], of use below the horizon only.
        """
        depth = np.clip(self.y - np.float32(horizon), 0, None)
        near = depth / np.float32(HEIGHT - horizon)
        waves = self.noise(60, 7, 3) - np.float32(0.5)
        fine = self.noise(16, 3, 2) - np.float32(0.5)
        swing = (waves + fine * np.float32(0.6)) * np.float32(ripple) * (np.float32(0.15) + near)
        source_y = np.float32(horizon) - depth * np.float32(calm) - swing * np.float32(1.6)
        source_x = self.x + swing
        rows = np.clip(source_y * SCALE, 0, horizon * SCALE - 1).astype(np.int32)
        columns = np.clip(source_x * SCALE, 0, WIDTH * SCALE - 1).astype(np.int32)
        result: Array = self.pixels[rows, columns]
        return result

    def finish(self, vignette: float = 0.25, grain: float = 0.012) -> None:
        """Darken the corners and add the grain that keeps gradients from banding."""
        centre_x, centre_y = WIDTH / 2, HEIGHT / 2
        far = ((self.x - centre_x) / centre_x) ** 2 + ((self.y - centre_y) / centre_y) ** 2
        self.pixels *= (1 - np.float32(vignette) * np.clip(far / 2, 0, 1) ** 1.5)[..., None]
        noise = self.rng.standard_normal(self.x.shape, dtype=np.float32)
        self.pixels += noise[..., None] * np.float32(grain)

    def picture(self) -> Image.Image:
        """Reduce to the final size."""
        full = Image.fromarray((np.clip(self.pixels, 0, 1) * 255 + 0.5).astype(np.uint8))
        return full.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def resize_area(grid: Array, width: int, height: int) -> Array:
    """Reduce a [h, w] field by averaging."""
    image = Image.fromarray(grid.astype(np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.BOX), dtype=np.float32)
