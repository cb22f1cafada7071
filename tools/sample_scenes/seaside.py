"""Fireworks over the bay and a beach at noon, painted flat."""

# ruff: noqa: B023 - a pen's lambda runs at once, before its loop moves on.

from __future__ import annotations

import math

import numpy as np

from tools.sample_scenes.canvas import Array, Canvas, Pen, Point
from tools.sample_scenes.views import gull, ridge


def fireworks() -> Canvas:
    """Fireworks over the bay, the crowd dark in front."""
    c = Canvas(211)
    horizon = 330.0
    c.pixels += c.gradient([(0, "060818"), (200, "121a44"), (330, "2c2a5c")])
    smoke = c.noise(150, 110, 5)
    c.light(np.clip(smoke * 2 - 0.9, 0, 1) * np.clip(1 - c.y / 330, 0, 1), "5a4a8a", 0.5)

    def burst(x: float, y: float, size: float, colours: tuple[str, str], count: int, droop: float) -> None:
        trails: list[tuple[list[Point], float]] = []
        sparks: list[Point] = []
        for i in range(count):
            # Directions spread over a sphere, seen from the side.
            up = float(c.rng.uniform(-1, 1))
            angle = 2.399963 * i
            reach = size * float(c.rng.uniform(0.82, 1.05))
            dx, dy = math.sqrt(1 - up * up) * math.cos(angle) * reach, up * reach
            path = [(x + dx * t, y + dy * t + droop * size * t * t) for t in np.linspace(0.22, 1, 14)]
            trails.append((path, reach))
            sparks.append(path[-1])

        def draw(pen: Pen) -> None:
            for path, _ in trails:
                for k in range(len(path) - 1):
                    pen.level = int(255 * ((k + 1) / len(path)) ** 1.3)
                    pen.line(path[k : k + 2], 1.1 + 0.9 * k / len(path))

        lines = c.mask(draw)
        c.light(c.blurred(lines, 3.5), colours[0], 1.0)
        c.light(lines, colours[0], 0.95)
        inner = np.exp(-((c.x - x) ** 2 + (c.y - y) ** 2) / (size * 0.55) ** 2).astype(np.float32)
        c.light(lines * inner, "fff8e0", 0.9)
        tips = c.mask(lambda pen: [pen.ellipse(px, py, 2.1) for px, py in sparks], 0.4)
        c.light(c.blurred(tips, 4), colours[1], 1)
        c.light(tips, "ffffff", 0.95)
        c.glow(x, y, size * 1.5, colours[0], 0.32)

    burst(190, 118, 108, ("ffb03a", "ffe08a"), 130, 0.16)
    burst(452, 92, 88, ("ff4a6a", "ff9ab0"), 110, 0.1)
    burst(345, 190, 62, ("4ad8ff", "b0f0ff"), 80, 0.12)
    burst(556, 208, 52, ("9aff6a", "d8ffb0"), 64, 0.14)
    burst(70, 232, 44, ("c86aff", "e8c0ff"), 56, 0.14)
    for foot, top, bend in ((190, 160, 6), (452, 130, -10), (345, 214, 4), (556, 230, -4), (70, 250, 8)):
        tail = [(foot + bend * t * t, top + (horizon - top) * t) for t in np.linspace(0, 1, 18)]
        c.light(c.mask(lambda pen: pen.line(tail, 1.2), 1.2), "ffb870", 0.4)
    c.paint(ridge(c, 330, 46, 190), "0e1030")
    for _ in range(70):
        x, y = float(c.rng.uniform(0, 640)), float(c.rng.uniform(308, 328))
        warm = ("ffd98a", "ffb35a", "fff0d0", "8ac8ff")[int(c.rng.integers(4))]
        c.light(c.mask(lambda pen: pen.ellipse(x, y, 1.3), 0.5), warm, 0.95)
    water = c.mirrored(horizon, 34, 1.5)
    below = (c.y > horizon).astype(np.float32)
    c.paint(below, water * np.float32(0.75))
    c.paint(below, "0a0f2c", 0.25)

    def crowd(pen: Pen) -> None:
        for row, (base, size) in enumerate(((438, 10), (458, 13), (484, 17))):
            x = -10.0 + row * 9
            while x < 660:
                y = base + float(c.rng.uniform(-7, 7))
                pen.ellipse(x, y - size * 1.5, size * 0.62, size * 0.75)
                pen.blob(
                    [
                        (x - size * 1.3, 500),
                        (x - size * 1.15, y),
                        (x, y - size * 0.75),
                        (x + size * 1.15, y),
                        (x + size * 1.3, 500),
                    ]
                )
                if c.rng.random() < 0.22:
                    side = 1 if c.rng.random() < 0.5 else -1
                    pen.line([(x + side * size, y), (x + side * size * 1.7, y - size * 1.9)], size * 0.42)
                x += size * float(c.rng.uniform(2.1, 3.4))

    people = c.mask(crowd)
    c.paint(people, "05060f", 0.97)
    rim = np.clip(people - np.roll(people, 3, axis=0), 0, 1)
    c.light(rim, "ffb870", 0.5)
    for _ in range(5):
        x, y = float(c.rng.uniform(60, 580)), float(c.rng.uniform(424, 440))
        c.light(c.mask(lambda pen: pen.box(x, y, x + 9, y + 6, 1), 0.5), "bfe0ff", 0.8)
    c.bloom(0.7, 12, 0.4)
    c.finish(0.35, 0.014)
    return c


def beach() -> Canvas:
    """A wide beach at noon: turquoise water, foam, a parasol and a towel."""
    c = Canvas(221)
    horizon = 178.0
    c.pixels += c.gradient([(0, "2f8fe0"), (120, "86c8f4"), (178, "d8f0fa")])
    puffs = c.noise(200, 70, 6)
    rise = np.clip(1 - np.abs(c.y - 118) / 70, 0, 1)
    cover = np.clip(puffs * 3.4 - 1.75, 0, 1) * rise
    c.paint(cover, "ffffff", 0.95)
    c.paint(np.clip(cover - np.roll(cover, -14, axis=0), 0, 1), "a9c4da", 0.45)
    sea = (c.y > horizon).astype(np.float32)
    c.paint(sea, c.gradient([(178, "0f5f9e"), (215, "1590b8"), (262, "2fc0c4"), (312, "8fe6d8")]))
    depth = np.clip((c.y - horizon) / 150, 0.02, 1)
    ripples = c.noise(90, 3.2, 3) * (1 - depth) + c.noise(120, 10, 4) * depth
    c.light(np.clip(ripples * 5 - 3, 0, 1) * sea, "ffffff", 0.42)
    c.shade(np.clip(2 - ripples * 5, 0, 1) * sea, 0.13)

    def shore(offset: float, seed: float) -> Array:
        wave = 318 + offset + 13 * np.sin(c.x / 96 + seed) + 6 * np.sin(c.x / 37 + seed * 2.3) - c.x * 0.03
        result: Array = wave.astype(np.float32)
        return result

    edge = shore(0, 0.6)
    sand_colour = c.gradient([(300, "e6c890"), (480, "f6e0b0")])
    sand = np.clip((c.y - edge) / 1.5, 0, 1)
    c.paint(sand, sand_colour)
    c.paint(np.clip(1 - np.abs(c.y - edge - 15) / 20, 0, 1) * sand, "b08f5c", 0.55)
    grain = c.noise(7, 3.5, 3)
    dunes = c.noise(120, 26, 4)
    c.shade(np.clip(1 - grain * 2, 0, 1) * sand, 0.16)
    c.shade(np.clip(1.1 - dunes * 2.2, 0, 1) * sand, 0.16)
    c.light(np.clip(dunes * 2.4 - 1.2, 0, 1) * sand, "fff4d8", 0.25)
    lace = c.noise(13, 7, 3)
    for offset, seed, width, strength in (
        (-4, 0.6, 11, 1.0),
        (-30, 2.1, 6, 0.75),
        (-62, 4.4, 3.6, 0.6),
        (-92, 1.3, 2, 0.5),
    ):
        band = np.abs(c.y - shore(offset, seed)) / width
        foam = np.clip(1.5 - band - np.abs(lace - 0.5) * 2.2, 0, 1)
        c.paint(foam, "ffffff", strength)
        c.shade(np.clip(1 - np.abs(c.y - shore(offset, seed) - width * 1.8) / (width * 0.9), 0, 1), 0.1)
    c.shape(lambda pen: pen.polygon([(468, 176), (478, 132), (502, 168), (500, 177)]), "fdfdfb")
    c.shape(lambda pen: pen.polygon([(474, 176), (476, 140), (458, 172)]), "e8505a")
    c.shape(lambda pen: pen.blob([(462, 177), (508, 176), (500, 184), (470, 184)]), "284060")
    ground_shadow = c.mask(
        lambda pen: pen.blob([(250, 414), (330, 396), (436, 402), (470, 420), (420, 440), (300, 442)]), 6
    )
    c.shade(ground_shadow, 0.42)
    towel = [(150, 402), (282, 388), (318, 424), (168, 442)]
    c.shape(lambda pen: pen.polygon([(x + 3, y + 4) for x, y in towel]), "8a6a3a", 2, 0.6)
    c.shape(lambda pen: pen.polygon(towel), "f4f2ea")
    for i in range(5):
        a, b = i / 5 + 0.03, i / 5 + 0.12
        strip = [
            (150 + 132 * a, 402 - 14 * a),
            (150 + 132 * b, 402 - 14 * b),
            (168 + 150 * b, 442 - 18 * b),
            (168 + 150 * a, 442 - 18 * a),
        ]
        c.shape(lambda pen: pen.polygon(strip), "2f9fc0")
    c.shape(lambda pen: pen.line([(372, 236), (356, 420)], 4.5), "f0ece2")
    c.shape(lambda pen: pen.line([(373.5, 236), (357.5, 420)], 1.2), "a8a294")
    segments = 8
    top = (374.0, 196.0)
    rim = [
        (374 + 118 * math.cos(a), 262 + 22 * math.sin(a) + 6 * abs(math.sin(a * 4)))
        for a in np.linspace(math.pi, 0, segments + 1)
    ]
    rim = [(x, y - 0.1 * (x - 374)) for x, y in rim]
    for i in range(segments):
        this, following = rim[i], rim[i + 1]
        bulges = [((top[0] + x) / 2 + (x - 374) * 0.22, (top[1] + y) / 2 - 13) for x, y in (this, following)]
        sag = ((this[0] + following[0]) / 2, (this[1] + following[1]) / 2 - 5)
        panel = [top, bulges[0], this, sag, following, bulges[1]]
        light = 1 - 0.075 * i
        base = np.array((0.93, 0.25, 0.27) if i % 2 else (0.99, 0.97, 0.92), dtype=np.float32) * light
        c.shape(lambda pen: pen.polygon(panel), (float(base[0]), float(base[1]), float(base[2])))
    c.shape(lambda pen: pen.ellipse(374, 195, 4), "f4f2ea")
    c.shape(lambda pen: pen.ellipse(232, 374, 21), "f6f3ea")
    for i, colour in enumerate(("e8434a", "2f8fd0", "f4c531")):
        start = i * 2.094 + 0.4
        wedge = [(232.0, 374.0)] + [
            (232 + 21 * math.cos(a), 374 + 21 * math.sin(a)) for a in np.linspace(start, start + 1.05, 12)
        ]
        c.shape(lambda pen: pen.polygon(wedge), colour)
    ball = c.mask(lambda pen: pen.ellipse(232, 374, 21))
    c.shade(ball * np.clip(((c.x - 226) + (c.y - 366)) / 34, 0, 1), 0.42)
    c.light(c.mask(lambda pen: pen.ellipse(224, 366, 5), 2), "ffffff", 0.8)
    for x, y, size, lift in ((120, 66, 1.1, 5), (164, 84, 0.8, 2), (566, 92, 0.9, 4)):
        c.shape(lambda pen: gull(pen, x, y, size, lift), "f8fbfd", 0.4)
    c.glow(610, -10, 260, "fff6d8", 0.5)
    c.bloom(0.86, 10, 0.3)
    c.finish(0.18, 0.01)
    return c
