"""A crushed parcel and a broken phone, modelled in the round."""

# ruff: noqa: B023 - a pen's lambda runs at once, before its loop moves on.

from __future__ import annotations

import math

import numpy as np

from tools.sample_scenes.canvas import Array, Canvas, Point
from tools.sample_scenes.paints import Paint, linear, mottled, printed
from tools.sample_scenes.render import render
from tools.sample_scenes.scene import Camera, Light, Material, Part, Scene, painted
from tools.sample_scenes.solids import (
    blend,
    both,
    box,
    cell_hash,
    cut,
    displaced,
    ellipsoid,
    ground,
    noise,
    plate,
    sphere,
    turned,
)
from tools.sample_scenes.table import wood


def parcel(passes: int, fraction: int) -> Canvas:
    """A crushed cardboard box, torn at a corner, lies on a wet doorstep."""
    label = Canvas(61)
    label.pixels += np.float32(0.93)
    for i, line in enumerate(("MERROW POST", "I. Duarte", "4 Quay Street", "Merrow")):
        label.shape(lambda pen: pen.text(40, 70 + i * 62, line, 48, 2, "lm"), "222222")
    x = 40.0
    while x < 590:
        width = float(label.rng.choice((4, 7, 11)))
        label.shape(lambda pen: pen.box(x, 330, x + width, 440), "1a1a1a")
        x += width + float(label.rng.choice((4, 7)))
    front = Canvas(62)
    front.pixels += front.gradient([(0, "b98a54"), (480, "a87a46")])
    front.paint(front.noise(30, 200, 3), "8f6536", 0.35)
    front.shape(lambda pen: pen.box(225, 0, 345, 480), "d9c08a", 0, 0.75)
    for y in (70, 410):
        front.shape(lambda pen: pen.text(320, y, "FRAGILE   FRAGILE   FRAGILE", 44, 3), "c02a22", 0, 0.9)
    small = label.pixels[::3, ::3]
    front.pixels[340 : 340 + small.shape[0], 560 : 560 + small.shape[1]] = small
    stain = np.clip(front.noise(170, 120, 4) * 3 - 1.7, 0, 1) * np.clip((front.y - 190) / 120, 0, 1)
    front.paint(stain, "6a4520", 0.55)
    printed_front = printed(front, (0, -1.3, 1.3), (1, 1.5, 0))

    def card(p: Array) -> Array:
        plain = mottled("b98a54", "9a6e3c", 6)(p)
        tape = np.abs(p[:, 0] + 0.14) < 0.24
        top = np.where(tape[:, None], linear("d2b880"), plain)
        side = (p[:, 2] > 0.62) & (p[:, 1] < 1.44)
        return np.where(side[:, None], printed_front(p), top).astype(np.float32)

    def creases(p: Array) -> Array:
        return (0.05 * noise(p, 2, 1.2)).astype(np.float32)

    def folds(p: Array) -> Array:
        ridge = np.abs(noise(p + np.float32(3.1), 2, 1.7))
        result: Array = (-0.03 * np.exp(-ridge * 22)).astype(np.float32)
        return result

    body = box((0, 0.72, 0), (1.3, 0.74, 0.9), 0.04)
    dent = blend(
        0.2,
        ellipsoid((0.75, 1.72, 0.5), (0.85, 0.52, 0.75)),
        ellipsoid((1.55, 0.75, 0.95), (0.36, 0.5, 0.45)),
    )
    crushed = displaced(cut(body, dent, 0.22), creases, 0.55)
    hole = displaced(
        ellipsoid((0.55, 1.22, 0.85), (0.52, 0.2, 0.4)), lambda p: noise(p, 2, 6) * np.float32(0.1), 0.6
    )
    torn = cut(crushed, hole, 0.01)
    flap = displaced(
        turned(
            turned(box((0.6, 1.5, 0.62), (0.5, 0.012, 0.2), 0.01), 0, -52, (0.6, 1.42, 0.55)),
            2,
            -16,
            (0.6, 1.4, 0.6),
        ),
        lambda p: noise(p, 2, 4) * np.float32(0.05),
        0.55,
    )

    def tiles(p: Array) -> Array:
        offset = np.floor(p[:, 2] / 0.9) * 0.45
        q = np.stack([p[:, 0] + offset, p[:, 1] * 0, p[:, 2]], axis=-1).astype(np.float32)
        shade = cell_hash(q, (1.3, 10, 0.9))[:, None] * 0.35 + 0.75
        seam = np.minimum(
            np.abs(q[:, 0] / 1.3 - np.round(q[:, 0] / 1.3)) * 1.3,
            np.abs(q[:, 2] / 0.9 - np.round(q[:, 2] / 0.9)) * 0.9,
        )
        colour = mottled("8a8f92", "63696e", 5, 4)(p) * shade
        return np.where(seam[:, None] < 0.02, linear("2c3033"), colour).astype(np.float32)

    def wet(p: Array) -> Array:
        return noise(p, 3, 3.5) * np.float32(0.012)

    peanuts = [
        Part(
            turned(
                blend(
                    0.06,
                    sphere((x - 0.07, 0.06, z), 0.06),
                    sphere((x + 0.07, 0.06, z + 0.02), 0.065),
                    sphere((x, 0.07, z - 0.03), 0.05),
                ),
                1,
                turn,
                (x, 0, z),
            ),
            Material("cfe6c0", soft=0.4),
            ((x, 0.06, z), 0.16),
        )
        for x, z, turn in (
            (1.5, 1.5, 20),
            (1.15, 1.75, 70),
            (1.95, 1.25, 130),
            (0.75, 1.55, 100),
            (1.75, 1.85, 45),
        )
    ]
    parts = [
        Part(torn, Material(card, gloss=0.06, soft=0.1, bump=folds), ((0, 0.72, 0), 1.9)),
        Part(both(box((0, 0.72, 0), (1.2, 0.62, 0.8)), crushed), Material("241708"), ((0, 0.72, 0), 1.7)),
        Part(flap, Material(mottled("a87a46", "7d5630", 5)), ((0.6, 1.5, 0.62), 0.75)),
        Part(displaced(ground(0), wet, 0.8), Material(tiles, gloss=0.6, sharpness=40, mirror=0.12)),
        Part(box((0, 1.6, -2.1), (9, 2, 0.3)), Material(wood("3c5a58", "2a4240"), gloss=0.2)),
        *peanuts,
    ]
    camera = Camera((1.1, 2.5, 5.2), (0.1, 0.62, 0), 33)
    grey = Canvas(63)
    grey.pixels += grey.gradient([(0, "a8b2ba"), (480, "6a747c")])
    scene = Scene(
        parts,
        camera,
        [
            Light((-0.5, 0.9, 0.6), "e4ecf4", 1.25, size=0.35),
            Light((0.9, 0.5, 0.3), "c8d4e0", 0.45, shadow=False),
        ],
        painted(grey, camera),
        ambient=("b0bcc8", "5a5650"),
        ambient_strength=0.55,
        exposure=0.95,
    )
    canvas = Canvas(64)
    canvas.load(render(scene, passes, fraction))
    canvas.rain(220, 0.16)
    canvas.finish(0.4, 0.01)
    return canvas


def broken_phone(passes: int, fraction: int) -> Canvas:
    """A phone with a shattered screen lies on the asphalt."""
    screen = Canvas(71)
    tilt = screen.y + screen.x * np.float32(0.35)
    screen.pixels += screen.gradient([(0, "2d1b69"), (240, "a0317a"), (430, "f07a4a"), (700, "ffc46a")], tilt)
    screen.paint(np.clip(screen.noise(220, 160, 2) * 2 - 1, 0, 1), "5a2a9a", 0.4)
    # The picture lies on its side: x runs down the phone, y across it.
    dead = (screen.x > 430) & (screen.y < 230)
    screen.paint(screen.blurred(dead.astype(np.float32), 12), "050508", 0.95)
    for at, colour in ((170, "66ff9a"), (186, "ff4ad8"), (352, "66e0ff")):
        screen.light(screen.mask(lambda pen: pen.box(0, at, 640, at + 2.5)), colour, 0.8)
    rng = screen.rng
    hit = (430.0, 190.0)
    rays: list[list[Point]] = []
    count = 25
    for i in range(count):
        angle = 2 * math.pi * (i + float(rng.uniform(-0.35, 0.35))) / count
        ray: list[Point] = [hit]
        for step in range(1, 15):
            angle += float(rng.normal(0, 0.075))
            reach = 6 * step + 2.1 * step * step
            ray.append((hit[0] + reach * math.cos(angle), hit[1] + reach * math.sin(angle)))
        rays.append(ray)
    webs: list[list[Point]] = []
    for i in range(count):
        for step in range(1, 14):
            if rng.random() < 0.75 - step * 0.04:
                webs.append([rays[i][step], rays[(i + 1) % count][step]])
    facets = screen.noise(46, 46, 1)
    for i in range(count):
        for step in range(1, 12, 2):
            corners = [
                rays[i][step],
                rays[(i + 1) % count][step],
                rays[(i + 1) % count][step + 2],
                rays[i][step + 2],
            ]
            shade = float(rng.uniform(-0.28, 0.3))
            facet = screen.mask(lambda pen: pen.polygon(corners))
            if shade > 0:
                screen.light(facet, "dfe8ff", shade * max(0.15, 1 - step / 11))
            else:
                screen.shade(facet, -shade)
    screen.paint(np.clip(facets * 2 - 1.3, 0, 1), "ffffff", 0.05)
    lines = screen.mask(lambda pen: [pen.line(line, 1.3) for line in rays + webs])
    screen.shade(screen.blurred(lines, 2.4), 0.6)
    screen.light(lines, "f2f6ff", 0.9)
    screen.light(screen.mask(lambda pen: pen.ellipse(*hit, 13), 4), "ffffff", 0.85)
    glass = printed(screen, (0, -1.42, 1.42), (2, -0.69, 0.69))

    def face(p: Array) -> Array:
        lit = (np.abs(p[:, 0]) < 1.4) & (np.abs(p[:, 2]) < 0.67) & (p[:, 1] > 0.07)
        return np.where(lit[:, None], glass(p) * np.float32(0.9), linear("0b0b0d")).astype(np.float32)

    slab = plate((0, 0.06, 0), (1.5, 0.07, 0.75), 0.2, 0.02)
    frame = plate((0, 0.05, 0), (1.53, 0.055, 0.78), 0.22, 0.03)
    place = 27.0

    def asphalt(p: Array) -> Array:
        return noise(p, 3, 13) * np.float32(0.05) + noise(p, 1, 2) * np.float32(0.02)

    def gravel(p: Array) -> Array:
        speck = cell_hash(p + noise(p, 1, 20)[:, None] * np.float32(0.03), (0.05, 1, 0.05))[:, None]
        return (mottled("6a6b6e", "3e4044", 7, 4)(p) * (0.65 + 0.7 * speck)).astype(np.float32)

    def unturned(paint: Paint) -> Paint:
        cosine, sine = math.cos(math.radians(place)), math.sin(math.radians(place))

        def turned_paint(p: Array) -> Array:
            q = p.copy()
            q[:, 2] = p[:, 2] * cosine + p[:, 0] * sine
            q[:, 0] = -p[:, 2] * sine + p[:, 0] * cosine
            return paint(q)

        return turned_paint

    shards = []
    for _ in range(46):
        angle, reach = float(rng.uniform(0, 6.3)), float(rng.gamma(2, 0.32))
        x, z = 0.55 + reach * math.cos(angle) * 1.4, 0.85 + reach * math.sin(angle) * 0.7
        size = float(rng.uniform(0.012, 0.05))
        chip = turned(
            turned(
                box((x, 0.035, z), (size, 0.008, size * 0.6)), 2, float(rng.uniform(-30, 30)), (x, 0.03, z)
            ),
            1,
            float(rng.uniform(0, 180)),
            (x, 0, z),
        )
        shards.append(
            Part(chip, Material("cfe0e8", gloss=1.5, sharpness=30, mirror=0.3), ((x, 0.03, z), size * 1.5))
        )
    parts = [
        Part(
            turned(slab, 1, place),
            Material(unturned(face), gloss=0.6, sharpness=60, mirror=0.04, glow=0.75),
            ((0, 0.05, 0), 1.75),
        ),
        Part(
            turned(frame, 1, place),
            Material("9aa0a8", gloss=0.9, sharpness=40, mirror=0.25),
            ((0, 0.05, 0), 1.8),
        ),
        Part(displaced(ground(-0.04), asphalt, 0.7), Material(gravel, gloss=0.15, sharpness=14)),
        *shards,
    ]
    camera = Camera((0.15, 3.3, 2.55), (0.02, 0, 0.05), 36)
    evening = Canvas(72)
    evening.pixels += evening.gradient([(0, "c0c8d8"), (480, "8088a0")])
    scene = Scene(
        parts,
        camera,
        [
            Light((-0.8, 0.55, 0.25), "ffd8a8", 1.5, size=0.1),
            Light((0.5, 0.9, -0.6), "90a8d8", 0.4, shadow=False),
        ],
        painted(evening, camera),
        ambient=("8a9ab8", "383838"),
        ambient_strength=0.5,
    )
    canvas = Canvas(73)
    canvas.load(render(scene, passes, fraction))
    canvas.bloom(0.8, 8, 0.25)
    canvas.finish(0.5, 0.01)
    return canvas
