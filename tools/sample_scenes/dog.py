"""A dog on a lawn, modelled in the round."""

from __future__ import annotations

import numpy as np

from tools.sample_scenes.canvas import Array, Canvas
from tools.sample_scenes.paints import linear, mottled
from tools.sample_scenes.render import render
from tools.sample_scenes.scene import Camera, Light, Material, Part, Scene, painted
from tools.sample_scenes.solids import (
    blend,
    capsule,
    displaced,
    ellipsoid,
    ground,
    mirrored,
    noise,
    sphere,
    torus,
    turned,
)


def dog(passes: int, fraction: int) -> Canvas:
    """A golden puppy sits on the grass with its tongue out, a ball beside it."""

    def fur(p: Array) -> Array:
        stretched = p * np.array((1, 0.45, 1), dtype=np.float32)
        return noise(stretched, 3, 16) * np.float32(0.016)

    head = blend(
        0.16,
        ellipsoid((0, 1.62, 0.28), (0.46, 0.43, 0.42)),
        mirrored(ellipsoid((0.2, 1.46, 0.5), (0.2, 0.18, 0.2))),
        ellipsoid((0, 1.46, 0.7), (0.2, 0.16, 0.24)),
        ellipsoid((0, 1.33, 0.6), (0.14, 0.08, 0.18)),
        mirrored(sphere((0.19, 1.79, 0.52), 0.1)),
    )
    ears = mirrored(turned(ellipsoid((0.47, 1.52, 0.24), (0.12, 0.38, 0.22)), 2, 9, (0.44, 1.85, 0.2)))
    torso = blend(
        0.25,
        ellipsoid((0, 0.78, 0), (0.46, 0.62, 0.42)),
        ellipsoid((0, 0.95, 0.16), (0.36, 0.42, 0.32)),
        mirrored(ellipsoid((0.42, 0.34, 0.02), (0.26, 0.32, 0.42))),
        mirrored(capsule((0.2, 0.85, 0.28), (0.21, 0.14, 0.45), 0.16, 0.12)),
        mirrored(ellipsoid((0.21, 0.09, 0.53), (0.16, 0.1, 0.2))),
        mirrored(ellipsoid((0.52, 0.09, 0.42), (0.15, 0.1, 0.24))),
    )
    tail = capsule((-0.4, 0.2, -0.3), (-0.98, 0.62, -0.28), 0.13, 0.06)
    body = blend(0.14, head, torso, tail)

    def coat(p: Array) -> Array:
        gold, cream, dark = linear("d9964a"), linear("fbe6c4"), linear("b06f2c")
        shade = np.clip(0.5 + noise(p, 3, 5) * 0.9, 0, 1)[:, None]
        colour = dark + (gold - dark) * (0.35 + 0.65 * shade)
        chest = np.clip(1.3 - 3.2 * np.hypot(p[:, 0] * 1.3, p[:, 1] - 0.95), 0, 1) * (p[:, 2] > 0.2)
        snout = np.clip(2.2 - 5.2 * np.hypot(p[:, 0] * 1.2, (p[:, 1] - 1.42) * 1.1), 0, 1)
        snout = snout * np.clip((p[:, 2] - 0.45) * 5, 0, 1)
        blaze = np.clip(1.2 - np.abs(p[:, 0]) * 14, 0, 1) * (p[:, 1] > 1.5) * (p[:, 2] > 0.4)
        paws = np.clip(1.8 - p[:, 1] * 9, 0, 1)
        share = np.clip(chest + snout + blaze * 0.8 + paws, 0, 1)[:, None]
        result: Array = (colour + (cream - colour) * share).astype(np.float32)
        return result

    def grass(p: Array) -> Array:
        return noise(p * np.array((1, 0, 0.6), dtype=np.float32), 3, 14) * np.float32(0.05)

    fur_coat = Material(coat, gloss=0.06, sharpness=12, soft=0.3)
    wet = Material("14100e", gloss=1.0, sharpness=60, mirror=0.05)
    parts = [
        Part(displaced(body, fur, 0.75), fur_coat, ((0, 0.95, 0.1), 1.45)),
        Part(
            displaced(ears, fur, 0.75),
            Material(mottled("b9742f", "8a4f1d", 5), gloss=0.05, soft=0.3),
            ((0, 1.5, 0.2), 0.95),
        ),
        Part(mirrored(sphere((0.185, 1.68, 0.615), 0.088)), wet, ((0, 1.68, 0.615), 0.32)),
        Part(
            blend(0.03, ellipsoid((0, 1.56, 0.915), (0.1, 0.07, 0.06)), sphere((0, 1.51, 0.92), 0.035)),
            wet,
            ((0, 1.54, 0.9), 0.16),
        ),
        Part(
            capsule((0, 1.335, 0.74), (0.02, 1.13, 0.82), 0.07, 0.085),
            Material("e8657a", gloss=0.5, sharpness=40, soft=0.3),
            ((0, 1.24, 0.78), 0.24),
        ),
        Part(
            mirrored(capsule((0, 1.39, 0.9), (0.15, 1.35, 0.76), 0.016)),
            Material("3a1d14"),
            ((0, 1.37, 0.8), 0.25),
        ),
        Part(
            turned(torus((0, 1.2, 0.12), 0.345, 0.05), 0, 14, (0, 1.2, 0.12)),
            Material("c8262e", gloss=0.3),
            ((0, 1.2, 0.12), 0.46),
        ),
        Part(
            turned(ellipsoid((0, 1.04, 0.5), (0.07, 0.08, 0.02)), 0, -10, (0, 1.04, 0.5)),
            Material("f2c94c", gloss=0.9, mirror=0.15),
            ((0, 1.04, 0.5), 0.1),
        ),
        Part(
            displaced(sphere((1.02, 0.2, 0.55), 0.2), lambda p: noise(p, 2, 30) * np.float32(0.01)),
            Material(
                lambda p: np.where(
                    (np.abs(np.sin((p[:, :1] - 1.02) * 9 + 1.2) * 0.2 - (p[:, 1:2] - 0.22)) < 0.018),
                    linear("f7f7ee"),
                    linear("cfe23a"),
                ).astype(np.float32),
                soft=0.3,
            ),
            ((1.02, 0.2, 0.55), 0.25),
        ),
        Part(displaced(ground(0), grass, 0.6), Material(mottled("86a84a", "40702c", 9, 4), soft=0.2)),
    ]
    camera = Camera((0.35, 1.35, 4.6), (0.15, 1.0, 0), 31)
    garden = Canvas(12)
    garden.pixels += garden.gradient([(0, "5f9a58"), (120, "8fbf6a"), (170, "5d8f44"), (196, "6a9a4a")])
    leaves = garden.noise(90, 70, 4) * np.clip((190 - garden.y) / 60, 0, 1)
    garden.paint(np.clip(leaves * 2.4 - 1.1, 0, 1), "2c5a2a", 0.7)
    garden.soften(5)
    garden.bokeh(70, ("f6f7b0", "cfe89a", "ffffff"), 13, 0.3, (-10, 170))
    garden.soften(1.5)
    scene = Scene(
        parts=parts,
        camera=camera,
        lights=[
            Light((0.6, 0.9, 0.65), "fff1d6", 1.75, size=0.07),
            Light((-0.8, 0.5, -0.7), "ffe0a0", 0.8, shadow=False),
        ],
        sky=painted(garden, camera),
        ambient=("a8c4e0", "5c7a3c"),
        ambient_strength=0.5,
        fog=("6a9a4a", 14),
    )
    canvas = Canvas(11)
    canvas.load(render(scene, passes, fraction))
    canvas.bloom(0.75, 14, 0.25)
    canvas.finish(0.25, 0.008)
    return canvas
