"""A protest before a library, modelled in the round."""

# ruff: noqa: B023 - a pen's lambda runs at once, before its loop moves on.

from __future__ import annotations

import math

import numpy as np

from tools.sample_scenes.canvas import Array, Canvas
from tools.sample_scenes.paints import linear, mottled, printed
from tools.sample_scenes.render import render
from tools.sample_scenes.scene import Camera, Light, Material, Part, Scene, painted
from tools.sample_scenes.solids import (
    Vector,
    blend,
    both,
    box,
    capsule,
    displaced,
    ellipsoid,
    ground,
    noise,
    sphere,
    turned,
    union,
)

SKINS = ("f0c8a8", "d9a07a", "a86c44", "6e4226", "e8b890", "8a5634")
HAIRS = ("2a1a12", "5a3a1e", "c8a060", "8a8a8a", "1a1414", "9a4a20", "e8e4dc")
COATS = ("2f4a6a", "8a2f38", "4a6a4a", "c89a3a", "5a4a6a", "c8c4bc", "2a2c30", "b05a34", "3a7a80")


def marcher(rng: np.random.Generator, x: float, z: float, arm: int, shouts: bool) -> list[Part]:
    """Model one person who looks along +z, feet below the picture.

    Args:
        arm: -1 raises the left hand, 1 the right, 0 neither.
    """
    h = float(rng.uniform(1.55, 1.75))
    skin = SKINS[int(rng.integers(len(SKINS)))]
    hair = HAIRS[int(rng.integers(len(HAIRS)))]
    coat = COATS[int(rng.integers(len(COATS)))]
    turn = float(rng.uniform(-0.05, 0.05))
    head = blend(
        0.05,
        ellipsoid((x, h, z), (0.125, 0.155, 0.14)),
        ellipsoid((x + turn, h - 0.02, z + 0.14), (0.025, 0.03, 0.03)),
        capsule((x, h - 0.25, z - 0.02), (x, h - 0.1, z - 0.01), 0.055),
    )
    long = rng.random() < 0.45
    fringe = both(
        ellipsoid((x, h + 0.035, z - 0.025), (0.15, 0.16, 0.155)),
        lambda p: (p[:, 2] - z - 0.05 - (p[:, 1] - h - 0.07) * np.float32(1.1)) * np.float32(0.65),
    )
    top = fringe
    if long:
        top = blend(
            0.05,
            fringe,
            both(ellipsoid((x, h - 0.13, z - 0.07), (0.17, 0.24, 0.1)), lambda p: p[:, 2] - np.float32(z)),
        )
    shoulder = h - 0.36
    chest = blend(
        0.12,
        ellipsoid((x, h - 0.62, z), (0.24, 0.38, 0.16)),
        capsule((x - 0.18, shoulder, z), (x + 0.18, shoulder, z), 0.09),
    )
    arms = []
    hands = []
    for side in (-1, 1):
        sx = x + side * 0.21
        if side == arm:
            elbow = (sx + side * 0.09, shoulder + 0.12, z + 0.13)
            hand = (sx + side * 0.02, shoulder + 0.42, z + 0.14)
        else:
            elbow = (sx + side * 0.08, shoulder - 0.28, z + 0.02)
            hand = (sx + side * 0.04, shoulder - 0.52, z + 0.1)
        arms += [capsule((sx, shoulder, z), elbow, 0.07, 0.06), capsule(elbow, hand, 0.06, 0.05)]
        hands.append(sphere(hand, 0.06))
    body = blend(0.07, chest, capsule((x, h - 0.7, z), (x, 0.2, z), 0.21), *arms)

    def face(p: Array) -> Array:
        colour = np.broadcast_to(linear(skin), p.shape).copy()
        ahead = p[:, 2] > z + 0.05
        dx, dy = np.abs(p[:, 0] - x - turn * 0.5), p[:, 1] - h
        colour[ahead & (np.hypot(dx - 0.05, dy - 0.02) < 0.016)] = linear("120c0a")
        colour[ahead & (np.abs(dy - 0.06 - dx * (-0.15)) < 0.008) & (np.abs(dx - 0.05) < 0.026)] = linear(
            "1c120c"
        )
        open_by = 0.028 if shouts else 0.008
        colour[ahead & (np.hypot(dx / 0.034, (dy + 0.078) / open_by) < 1)] = linear("5a1418")
        return colour

    bound: tuple[Vector, float] = ((x, h - 0.65, z), 1.2)
    near_head: tuple[Vector, float] = ((x, h - 0.05, z), 0.36)
    return [
        Part(head, Material(face, gloss=0.08, soft=0.3), near_head),
        Part(
            displaced(top, lambda p: noise(p, 1, 26) * np.float32(0.012), 0.7),
            Material(hair, gloss=0.12, sharpness=12),
            near_head,
        ),
        Part(body, Material(coat, gloss=0.04, soft=0.2), bound),
        Part(union(*hands), Material(skin, soft=0.3), bound),
    ]


def placard(
    x: float, y: float, z: float, lines: list[str], board: str, ink: str, tilt: float, wide: float
) -> list[Part]:
    """Hold up a board with words; its centre is at (x, y, z)."""
    tall = wide * 0.75
    sheet = Canvas(len(lines))
    sheet.pixels += np.float32(1)
    sheet.paint(np.ones_like(sheet.x), board)
    sheet.paint(sheet.noise(200, 160, 3), "8a8a80", 0.12)
    size = min(480 / (len(lines) + 0.4), 830 / max(len(line) for line in lines))
    for i, line in enumerate(lines):
        at = 240 + (i - (len(lines) - 1) / 2) * size * 1.02
        sheet.shape(lambda pen: pen.text(320, at, line, size, size * 0.045), ink)
    paint = printed(sheet, (0, x - wide / 2, x + wide / 2), (1, y + tall / 2, y - tall / 2))
    cosine, sine = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))

    def words(p: Array) -> Array:
        q = p.copy()
        dx, dy = p[:, 0] - x, p[:, 1] - y
        q[:, 0] = x + dx * cosine + dy * sine
        q[:, 1] = y - dx * sine + dy * cosine
        return paint(q)

    centre = (x, y, z)
    return [
        Part(
            turned(box(centre, (wide / 2, tall / 2, 0.012), 0.01), 2, tilt, centre),
            Material(words, gloss=0.05),
            (centre, wide * 0.7),
        ),
        Part(
            turned(
                capsule((x, y - tall - 0.35, z - 0.03), (x, y + tall * 0.3, z - 0.03), 0.018), 2, tilt, centre
            ),
            Material("b89a6a"),
            ((x, y - tall * 0.6, z), tall + 0.5),
        ),
    ]


def protest(passes: int, fraction: int) -> Canvas:
    """A crowd with placards stands before a public library."""
    rng = np.random.default_rng(101)
    parts: list[Part] = []
    for row in range(6):
        z = -row * 0.78
        count = 5 + row
        for i in range(count):
            x = (i - (count - 1) / 2) * 0.74 + float(rng.uniform(-0.13, 0.13)) + (row % 2) * 0.2
            arm = int(rng.choice((-1, 0, 1)))
            parts += marcher(rng, x, z + float(rng.uniform(-0.12, 0.12)), arm, bool(rng.random() < 0.6))
    for x, y, z, lines, board, ink, tilt, wide in (
        (-1.25, 2.12, -0.1, ["SAVE", "OUR", "LIBRARY"], "f4efe2", "b01c22", 5, 0.86),
        (0.95, 2.2, -0.25, ["BOOKS", "NOT CUTS"], "ffd84a", "1a1a1e", -6, 0.92),
        (-0.1, 2.5, -1.4, ["LISTEN", "TO US"], "ffffff", "1c3f8a", 3, 0.86),
        (2.2, 2.32, -1.5, ["ENOUGH!"], "d8303a", "ffffff", -4, 0.86),
        (-2.6, 2.42, -1.7, ["WE READ,", "WE VOTE"], "7ad0a0", "16301e", 7, 0.9),
        (1.1, 2.85, -2.9, ["NO", "CLOSURE"], "f4efe2", "1a1a1e", 4, 0.9),
        (-1.5, 2.9, -3.1, ["SHAME"], "2a2c34", "ffe04a", -5, 0.9),
    ):
        parts += placard(x, y, z, lines, board, ink, tilt, wide)
    parts.append(Part(ground(0), Material(mottled("8a8680", "6a6660", 3))))
    camera = Camera((0.15, 1.9, 3.7), (0, 1.93, -0.8), 42)
    hall = Canvas(102)
    hall.pixels += hall.gradient([(0, "8fa2b4"), (260, "c8ccd0")])
    hall.paint(np.clip(hall.noise(240, 80, 4) * 2.4 - 1, 0, 1), "eef0f0", 0.6)
    hall.shape(lambda pen: pen.box(70, 92, 570, 480), "c9bca0")
    hall.shape(lambda pen: pen.polygon([(50, 96), (320, 4), (590, 96)]), "b8aa8c")
    hall.shape(lambda pen: pen.polygon([(92, 90), (320, 18), (548, 90)]), "d2c6aa")
    hall.shape(lambda pen: pen.box(56, 92, 584, 116), "a89a7c")
    hall.shape(lambda pen: pen.text(320, 104, "PUBLIC  LIBRARY", 19, 0.5), "3c3426")
    for x in range(96, 560, 62):
        hall.paint(hall.mask(lambda pen: pen.box(x + 24, 130, x + 58, 480)), "5a5244", 0.55)
        column = hall.mask(lambda pen: pen.box(x, 120, x + 24, 480))
        hall.paint(column, hall.gradient([(0, "a4977a"), (9, "efe6cc"), (24, "8a7d62")], hall.x - x))
    hall.soften(2.2)
    scene = Scene(
        parts,
        camera,
        [
            Light((-0.6, 0.85, 0.75), "fff2dc", 1.35, size=0.2),
            Light((0.8, 0.4, -0.4), "b8d0f0", 0.5, shadow=False),
        ],
        painted(hall, camera),
        ambient=("b8c4d4", "6a5c50"),
        ambient_strength=0.6,
        fog=("b0b2b4", 24),
        occlusion=0.3,
        reach=16,
    )
    canvas = Canvas(103)
    canvas.load(render(scene, passes, fraction))
    canvas.finish(0.35, 0.01)
    return canvas
