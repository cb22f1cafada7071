"""Wide views, painted flat: a harbour at sunrise and a mountain lake."""

# ruff: noqa: B023 - a pen's lambda runs at once, before its loop moves on.

from __future__ import annotations

import numpy as np

from tools.sample_scenes.canvas import HEIGHT, WIDTH, Array, Canvas, Pen, Point


def ridge(canvas: Canvas, base: float, height: float, cell: float, sharp: float = 1) -> Array:
    """Fill below a hilly line; [H, W] mask. `sharp` > 1 makes peaks of hills."""
    steps = np.linspace(0, WIDTH, 400)
    line = np.zeros_like(steps)
    size, strength = cell, 1.0
    for _ in range(6):
        knots = canvas.rng.random(int(WIDTH / size) + 4)
        line += strength * np.interp(steps / size, np.arange(len(knots)), knots)
        size, strength = size / 2, strength / 2
    line = (line - line.min()) / (line.max() - line.min())
    top = base - height * line**sharp
    points: list[Point] = [(float(x), float(y)) for x, y in zip(steps, top, strict=True)]
    return canvas.mask(lambda pen: pen.polygon([*points, (WIDTH, HEIGHT), (0, HEIGHT)]))


def clouds(canvas: Canvas, horizon: float, cell: float) -> Array:
    """Make streaks of cloud that crowd together towards the horizon; [H, W], 0 to 1."""
    low = canvas.noise(cell * 2.2, cell * 0.28, 5)
    high = canvas.noise(cell * 2.4, cell * 0.8, 5)
    near = np.clip(canvas.y / np.float32(horizon), 0, 1)
    result: Array = np.clip((high + (low - high) * near) * 2.8 - 1.25, 0, 1)
    return result


def boat(pen: Pen, x: float, y: float, size: float) -> None:
    """Outline a sailing boat at its mooring, its waterline at y."""
    pen.blob(
        [(x - 24 * size, y - 7 * size), (x + 26 * size, y - 9 * size), (x + 20 * size, y), (x - 18 * size, y)]
    )
    pen.box(x - 9 * size, y - 13 * size, x + 7 * size, y - 6 * size, 2 * size)
    pen.line([(x, y - 8 * size), (x + 1, y - 74 * size)], 1.6 * size)
    pen.line([(x, y - 18 * size), (x - 20 * size, y - 15 * size)], 2.6 * size)
    pen.line([(x + 1, y - 74 * size), (x + 25 * size, y - 9 * size)], 0.5)
    pen.line([(x + 1, y - 74 * size), (x - 23 * size, y - 8 * size)], 0.5)


def gull(pen: Pen, x: float, y: float, size: float, lift: float) -> None:
    pen.line(
        [
            (x - 10 * size, y - lift * size),
            (x - 4 * size, y - 4 * size),
            (x, y),
            (x + 4 * size, y - 4 * size),
            (x + 10 * size, y - lift * size),
        ],
        1.4 * size,
    )


def harbour_sunrise() -> Canvas:
    """The sun comes up behind moored boats and a lighthouse."""
    c = Canvas(201)
    horizon, sun_x, sun_y = 262.0, 396.0, 236.0
    c.pixels += c.gradient([(0, "27336b"), (90, "6a4f8f"), (165, "d9748a"), (220, "ff9f6b"), (262, "ffd88a")])
    bank = clouds(c, horizon, 120)
    warm = np.exp(-(((c.x - sun_x) / 330) ** 2) - ((c.y - sun_y) / 150) ** 2).astype(np.float32)
    c.paint(bank, c.gradient([(0, "4a3f7a"), (120, "a8587f"), (250, "ff8a5c")]), 0.75)
    lower_edge = np.clip(bank - np.roll(bank, 10, axis=0), 0, 1)
    c.light(lower_edge * warm, "ffd9a0", 0.9)
    c.glow(sun_x, sun_y, 300, "ff8a4a", 0.6)
    c.glow(sun_x, sun_y, 110, "ffc070", 0.8)
    c.light(c.mask(lambda pen: pen.ellipse(sun_x, sun_y, 26), 1.5), "fff3cf", 1)
    c.paint(ridge(c, 262, 58, 210), "8a5577", 0.75)
    c.paint(ridge(c, 266, 34, 120), "5c3a63", 0.9)
    for i in range(13):
        x = 20 + i * 19 + float(c.rng.uniform(-4, 4))
        w, h = float(c.rng.uniform(13, 22)), float(c.rng.uniform(13, 30))
        c.shape(
            lambda pen: (
                pen.box(x, 262 - h, x + w, 268),
                pen.polygon([(x - 1, 263 - h), (x + w / 2, 252 - h), (x + w + 1, 263 - h)]),
            ),
            "3d2850",
        )
        if i % 3:
            c.light(
                c.mask(lambda pen: pen.box(x + w * 0.4, 268 - h, x + w * 0.6, 272 - h), 0.4), "ffd98a", 0.9
            )
    c.shape(
        lambda pen: (
            pen.polygon([(560, 266), (566, 172), (582, 172), (588, 266)]),
            pen.box(563, 158, 585, 173, 2),
            pen.polygon([(563, 159), (574, 146), (585, 159)]),
            pen.blob([(520, 272), (548, 258), (604, 256), (640, 262), (660, 272)]),
        ),
        "33244a",
    )
    c.light(c.mask(lambda pen: pen.box(568, 161, 580, 170, 1), 0.6), "fff0b0", 1)
    c.glow(574, 165, 34, "ffe6a0", 0.7)
    water = c.mirrored(horizon, 30, 0.78)
    below = (c.y > horizon).astype(np.float32)
    c.paint(below, water * np.array((0.82, 0.76, 0.86), dtype=np.float32))
    near = np.clip((c.y - horizon) / (HEIGHT - horizon), 0, 1)
    c.paint(below * near, "2a2350", 0.42)
    glitter = c.noise(46, 5, 3)
    path = np.exp(-(((c.x - sun_x) / (26 + 110 * near)) ** 2)).astype(np.float32)
    c.light(np.clip(glitter * 6 - 3.1, 0, 1) * path * below, "ffe0a0", 0.95)
    for x, y, size in ((120, 300, 0.8), (262, 318, 1.05), (500, 308, 0.9), (60, 372, 1.5)):
        hull = c.mask(lambda pen: boat(pen, x, y, size))
        shadow = np.flipud(hull)
        shift = int((2 * y - HEIGHT) * 2)
        shadow = np.roll(shadow, shift, axis=0) * (c.y > y)
        wobble = (c.x + (c.noise(50, 6, 2) - 0.5) * 16).astype(np.float32)
        shadow = shadow[
            np.arange(c.y.shape[0])[:, None], np.clip(wobble * 2, 0, WIDTH * 2 - 1).astype(np.int32)
        ]
        c.paint(shadow, "2a1c3e", 0.6)
        c.paint(hull, "22173a")
        rim = np.clip(hull - np.roll(hull, -2, axis=1), 0, 1)
        c.light(rim, "ffb070", 0.75)
    c.shape(lambda pen: [pen.box(x, 384, x + 11, 480, 3) for x in range(400, 640, 58)], "150e26")
    c.shape(lambda pen: pen.polygon([(380, 404), (640, 384), (640, 412), (380, 422)]), "1c1230")
    c.light(c.mask(lambda pen: pen.line([(380, 404), (640, 384)], 1.4)), "ff9a6a", 0.6)
    for x, y, size, lift in ((180, 92, 1.2, 6), (226, 112, 0.9, 2), (150, 128, 0.7, 5), (470, 84, 0.8, 3)):
        c.shape(lambda pen: gull(pen, x, y, size, lift), "2a1c40", 0.4)
    c.bloom(0.8, 14, 0.35)
    c.finish(0.4, 0.012)
    return c


def mountain_lake() -> Canvas:
    """A still lake below snowy mountains on a clear morning."""
    c = Canvas(236)
    horizon = 300.0
    c.pixels += c.gradient([(0, "3f7fc8"), (150, "9cc8ea"), (280, "f4e6d0")])
    c.paint(clouds(c, 300, 110), "ffffff", 0.55)
    for base, height, cell, rock, lit, snow in (
        (292, 236, 170, "5a6c8c", "b8c4d8", 190.0),
        (300, 118, 210, "3a5468", "7890a0", 120.0),
    ):
        peaks = ridge(c, base, height, cell, 1.05)
        c.paint(peaks, rock)
        slope = c.noise(70, 110, 6)
        facets = np.clip((slope - np.roll(slope, 16, axis=1)) * 9 + 0.45, 0, 1)
        c.paint(peaks * facets, lit, 0.8)
        line = snow + (c.noise(40, 60, 5) - 0.5) * 130
        white = np.clip((line - c.y) / 8, 0, 1) * peaks
        c.paint(white, c.gradient([(0, "ffffff"), (300, "eef2fa")]), 0.95)
        c.paint(white * (1 - facets), "7f9cc8", 0.72)
        haze = np.clip((c.y - 190) / 110, 0, 1) * peaks
        c.paint(haze, "c8d4dc", 0.5)

    def firs(pen: Pen, base: float, size: float, step: float) -> None:
        x = -10.0
        while x < 660:
            tall = size * float(c.rng.uniform(0.6, 1.25))
            foot = base + float(c.rng.uniform(-4, 4))
            for k in range(4):
                top = foot - tall + k * tall * 0.2
                wide = tall * (0.1 + 0.055 * k)
                pen.polygon([(x, top), (x + wide, top + tall * 0.36), (x - wide, top + tall * 0.36)])
            x += step * float(c.rng.uniform(0.5, 1.2))
        pen.box(0, base - 5, 640, horizon)

    c.shape(lambda pen: firs(pen, 298, 40, 9), "4a6a62", 0.4, 0.85)
    c.shape(lambda pen: firs(pen, 302, 62, 17), "1f3f38")
    mist = np.exp(-(((c.y - 296) / 12) ** 2)).astype(np.float32) * c.noise(200, 30, 3)
    c.light(mist, "ffffff", 0.7)
    water = c.mirrored(horizon, 9, 1.05)
    below = (c.y > horizon).astype(np.float32)
    c.paint(below, water * np.array((0.8, 0.9, 0.95), dtype=np.float32))
    near = np.clip((c.y - horizon) / 180, 0, 1)
    c.paint(below * near, "12485a", 0.5)
    streaks = c.noise(220, 4, 3)
    c.light(np.clip(streaks * 5 - 3.2, 0, 1) * below * (1 - near * 0.6), "ffffff", 0.28)
    bank = c.mask(
        lambda pen: pen.blob([(-40, 500), (-30, 420), (80, 428), (190, 452), (290, 474), (330, 510)])
    )
    stones = c.noise(26, 16, 4)
    c.paint(bank, "5c6650")
    c.paint(bank * np.clip(stones * 2.4 - 0.8, 0, 1), "a8a890", 0.8)
    c.shade(bank * np.clip(1 - stones * 2.2, 0, 1), 0.5)
    for _ in range(130):
        x = float(c.rng.uniform(-5, 250))
        y = 436 + x * 0.13 + float(c.rng.uniform(0, 34))
        tip = (x + float(c.rng.uniform(-7, 9)), y - float(c.rng.uniform(12, 30)))
        c.shape(lambda pen: pen.line([(x, y), tip], 1.2), "3f6a34" if x % 2 > 1 else "7f9a4a")
        if c.rng.random() < 0.28:
            flower = ("ffd24a", "ffffff", "d87ac8")[int(c.rng.integers(3))]
            c.shape(lambda pen: pen.ellipse(*tip, 3), flower)
    c.glow(90, 20, 260, "fff0c8", 0.5)
    c.bloom(0.85, 10, 0.3)
    c.finish(0.22, 0.01)
    return c
