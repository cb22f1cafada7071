"""A wrecked car and a flooded street, modelled in the round."""

# ruff: noqa: B023 - a pen's lambda runs at once, before its loop moves on.

from __future__ import annotations

import numpy as np

from tools.sample_scenes.canvas import Array, Canvas
from tools.sample_scenes.car import car, placed
from tools.sample_scenes.paints import linear, mottled
from tools.sample_scenes.render import render
from tools.sample_scenes.scene import Camera, Light, Material, Part, Scene, painted
from tools.sample_scenes.solids import (
    both,
    box,
    capsule,
    cell_hash,
    cylinder,
    displaced,
    ground,
    noise,
    turned,
    union,
)


def wrecked_car(passes: int, fraction: int) -> Canvas:
    """A car has hit a lamp post; smoke, glass on the road, blue light from one side."""
    rng = np.random.default_rng(81)

    def tarmac(p: Array) -> Array:
        colour = mottled("4a4d52", "2c2e33", 3, 4)(p) * (0.8 + 0.4 * cell_hash(p, (0.05, 1, 0.05)))[:, None]
        worn = noise(p, 2, 4) > -0.25
        line = (np.abs(p[:, 2] + 2.3) < 0.07) & worn
        skid = np.exp(-((np.abs(p[:, 2] - 0.1 - 0.12 * p[:, 0]) - 0.72) ** 2) / 0.012) * (p[:, 0] < -1.4)
        colour = np.where(line[:, None], linear("c8c8bc"), colour) * (1 - 0.75 * skid[:, None])
        oil = np.clip(1.5 - np.hypot(p[:, 0] - 1.7, (p[:, 2] - 0.8) * 1.4) * 1.6 + noise(p, 2, 2), 0, 1)
        result: Array = (colour * (1 - 0.7 * oil[:, None])).astype(np.float32)
        return result

    debris = []
    for i in range(80):
        x = 1.6 + float(rng.normal(0, 0.9))
        z = 0.9 + float(rng.normal(0, 0.75))
        size = float(rng.uniform(0.015, 0.06))
        chip = turned(
            turned(
                box((x, 0.03, z), (size, 0.012, size * 0.7)), 2, float(rng.uniform(-35, 35)), (x, 0.03, z)
            ),
            1,
            float(rng.uniform(0, 180)),
            (x, 0, z),
        )
        material = (
            Material("d8e6ee", gloss=1.4, sharpness=30, mirror=0.2)
            if i % 4
            else Material("7a1418", gloss=0.3)
        )
        debris.append(Part(chip, material, ((x, 0.03, z), size * 1.4)))
    post = Part(
        union(
            capsule((1.5, 0, 0.1), (1.53, 0.9, 0.1), 0.085),
            capsule((1.53, 0.9, 0.1), (2.4, 4.6, 0.0), 0.075, 0.055),
        ),
        Material("8a9094", gloss=0.4, mirror=0.05),
    )
    bumper = Part(
        displaced(
            turned(box((2.35, 0.1, 1.4), (0.04, 0.1, 0.8), 0.03), 1, 38, (2.35, 0.1, 1.4)),
            lambda p: noise(p, 2, 3) * np.float32(0.07),
            0.55,
        ),
        Material("a3262c", gloss=0.6),
        ((2.35, 0.12, 1.4), 1.0),
    )
    warning = Part(
        both(
            union(
                capsule((-1.75, 0.05, 2.0), (-1.15, 0.05, 2.0), 0.045),
                capsule((-1.75, 0.05, 2.0), (-1.45, 0.56, 2.0), 0.045),
                capsule((-1.15, 0.05, 2.0), (-1.45, 0.56, 2.0), 0.045),
            ),
            lambda p: np.abs(p[:, 2] - 2) - np.float32(0.03),
        ),
        Material("ff3a1e", glow=0.5),
        ((-1.45, 0.3, 2), 0.5),
    )
    kerb = Part(box((0, 0.02, -3.6), (30, 0.14, 1.1), 0.05), Material(mottled("7c7d7a", "5c5d5c", 4)))
    parts = [
        *car("b0272e", 0.85),
        post,
        bumper,
        warning,
        kerb,
        Part(ground(0), Material(tarmac, gloss=0.35, sharpness=18, mirror=0.03)),
        *debris,
    ]
    camera = Camera((3.3, 2.15, 6.6), (0.35, 0.78, 0.1), 30)
    town = Canvas(82)
    town.pixels += town.gradient([(0, "2e3f5c"), (110, "6f7f98"), (190, "c39a86")])
    x = -20.0
    while x < 660:
        width, height = float(town.rng.uniform(50, 100)), float(town.rng.uniform(70, 165))
        town.shape(lambda pen: pen.box(x, 200 - height, x + width, 260), "2a3242")
        for _ in range(9):
            wx = x + float(town.rng.uniform(6, width - 10))
            wy = 200 - height + float(town.rng.uniform(8, height - 10))
            town.light(town.mask(lambda pen: pen.box(wx, wy, wx + 7, wy + 10)), "ffcf88", 0.7)
        x += width + float(town.rng.uniform(-6, 10))
    town.soften(4)
    town.bokeh(16, ("ff5a4a", "ffd28a", "6aa8ff", "6aa8ff"), 16, 0.6, (110, 200))
    scene = Scene(
        parts,
        camera,
        [
            Light((-0.3, 0.8, 0.75), "d8dcf0", 1.25, size=0.3),
            Light((-5.0, 1.6, 3.4), "3a6cff", 26, near=True, shadow=False),
            Light((5.5, 1.2, 2.6), "ff4030", 9, near=True, shadow=False),
        ],
        painted(town, camera),
        ambient=("8a98b8", "3c3a40"),
        ambient_strength=0.6,
        fog=("5c6678", 30),
        occlusion=0.35,
    )
    canvas = Canvas(83)
    canvas.load(render(scene, passes, fraction))
    drift = 430 - 0.16 * (260 - canvas.y) + 14 * np.sin(canvas.y / 40)
    width_at = 22 + 0.42 * np.clip(262 - canvas.y, 0, 400)
    plume = np.exp(-(((canvas.x - drift) / width_at) ** 2)) * np.clip((268 - canvas.y) / 50, 0, 1)
    puffs = np.clip(canvas.noise(95, 95, 5) * 2.1 - 0.62, 0, 1)
    canvas.paint((plume * puffs).astype(np.float32), "b8bcc6", 0.72)
    canvas.bloom(0.78, 14, 0.4)
    canvas.finish(0.5, 0.012)
    return canvas


def house(x: float, z: float, width: float, height: float, wall: str, roof: str) -> list[Part]:
    """Build a terraced house whose front looks along z or, left and right of the street, along x."""
    toward = 1 if x < 0 else -1

    def front(p: Array) -> Array:
        base = mottled(wall, wall, 3)(p) * (1 + 0.16 * noise(p, 3, 4))[:, None]
        along = (p[:, 2] - z) / width * 2
        up = p[:, 1]
        column = np.abs(along - np.round(along * 1.5) / 1.5) < 0.16
        row = ((up > 0.55) & (up < 1.45)) | ((up > 2.1) & (up < 2.95))
        inside = column & row & (np.abs(along) < 0.95)
        frame = (np.abs(along - np.round(along * 1.5) / 1.5) < 0.2) & (
            ((up > 0.47) & (up < 1.53)) | ((up > 2.02) & (up < 3.03))
        )
        base = np.where(frame[:, None], linear("e8e4da"), base)
        base = np.where(inside[:, None], linear("232c36"), base)
        tide = np.clip((0.62 - up) * 5, 0, 1)[:, None]
        result: Array = (base * (1 - 0.5 * tide)).astype(np.float32)
        return result

    body = box((x, height / 2 - 0.5, z), (1.6, height / 2 + 0.5, width / 2), 0.02)
    top = both(
        box((x, height + 0.5, z), (1.75, 0.6, width / 2 + 0.02)),
        lambda p: (np.abs(p[:, 0] - x) * 0.62 + p[:, 1] - height - 0.95) * np.float32(0.8),
    )
    chimney = box((x - toward * 0.2, height + 1.1, z + width * 0.3), (0.22, 0.5, 0.22))
    return [
        Part(body, Material(front, gloss=0.05), ((x, height / 2, z), height * 0.75 + width * 0.6)),
        Part(
            union(top, chimney), Material(mottled(roof, "4a3a36", 6), gloss=0.1), ((x, height + 0.8, z), 3.1)
        ),
    ]


def flooded_street(passes: int, fraction: int) -> Canvas:
    """Brown water stands between two rows of houses; a car is half under it."""
    rng = np.random.default_rng(91)
    walls = ("c9b08a", "a8604a", "d8d0c0", "8fa3ad", "c98a5a", "b8c0a0", "d0b8a8")
    parts: list[Part] = []
    for side in (-1, 1):
        z = 3.2
        for i in range(6):
            width = float(rng.uniform(2.6, 3.4))
            parts += house(
                side * 4.6,
                z - width / 2,
                width,
                float(rng.uniform(3.4, 4.2)),
                walls[(i + (side > 0) * 3) % 7],
                "7a4a3c" if i % 2 else "5a5c62",
            )
            z -= width
    parts += placed(car("d8a92e", 0), -62, (-0.9, -0.5, -1.4))
    sign = [
        Part(capsule((2.35, -1, 1.1), (2.3, 1.5, 1.1), 0.05), Material("8c9296", gloss=0.4)),
        Part(
            turned(cylinder((2.3, 1.62, 1.14), 0.36, 0.025), 0, 90, (2.3, 1.62, 1.14)),
            Material(
                lambda p: np.where(
                    (np.hypot(p[:, :1] - 2.3, p[:, 1:2] - 1.62) > 0.27) | (np.abs(p[:, 1:2] - 1.62) < 0.0),
                    linear("c0202a"),
                    linear("f2f2ee"),
                ).astype(np.float32),
                gloss=0.3,
            ),
            ((2.3, 1.62, 1.14), 0.45),
        ),
    ]
    lamps = [
        Part(
            union(
                capsule((s * 2.7, -1, z), (s * 2.7, 3.4, z), 0.05),
                capsule((s * 2.7, 3.4, z), (s * 2.1, 3.6, z), 0.04),
            ),
            Material("3c4246"),
            ((s * 2.6, 1.5, z), 2.8),
        )
        for s, z in ((-1, -3.5), (1, -7.0))
    ]
    floats = [
        Part(
            turned(box((0.9, 0.0, 1.0), (0.32, 0.2, 0.24), 0.02), 2, 14, (0.9, 0, 1.0)),
            Material(mottled("b08a54", "8a6538", 6)),
            ((0.9, 0, 1), 0.5),
        ),
        Part(
            turned(cylinder((-2.0, 0.05, 1.5), 0.26, 0.42, 0.05), 2, 72, (-2.0, 0.05, 1.5)),
            Material("2f6b45", gloss=0.4),
            ((-2, 0, 1.5), 0.55),
        ),
    ]

    def swell(p: Array) -> Array:
        q = p * np.array((1, 0, 1.6), dtype=np.float32)
        rings = np.hypot(p[:, 0] + 0.9, p[:, 2] + 1.4)
        near = 1 / (1 + 0.3 * np.clip(5 - p[:, 2], 0, None))
        chop = noise(q, 3, 2.2) * near * np.float32(0.06)
        wake = np.sin(rings * 9) * np.exp(-rings * 0.7) * np.float32(0.007)
        result: Array = (chop + wake).astype(np.float32)
        return result

    water = Material(mottled("6e5c42", "574a38", 0.8), gloss=0.5, sharpness=60, mirror=0.3, bump=swell)
    parts += [*sign, *lamps, *floats, Part(ground(0), water)]
    camera = Camera((0.5, 1.75, 6.4), (-0.1, 0.85, -2), 40)
    sky = Canvas(92)
    sky.pixels += sky.gradient([(0, "4f5a66"), (210, "a8b0b4"), (480, "b8bcba")])
    clouds = sky.noise(300, 90, 5)
    sky.paint(np.clip(clouds * 2.4 - 0.9, 0, 1), "3c4652", 0.75)
    sky.paint(np.clip(0.95 - clouds * 2.6, 0, 1), "d0d4d4", 0.5)
    scene = Scene(
        parts,
        camera,
        [Light((0.3, 0.9, 0.5), "dfe6ea", 0.9, size=0.6)],
        painted(sky, camera),
        ambient=("b0bac4", "6a6258"),
        ambient_strength=0.85,
        fog=("9aa2a8", 26),
        occlusion=0.5,
        exposure=0.95,
    )
    canvas = Canvas(93)
    canvas.load(render(scene, passes, fraction))
    canvas.rain(420, 0.2)
    canvas.finish(0.4, 0.012)
    return canvas
