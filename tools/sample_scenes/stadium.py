"""A football ground at night, modelled in the round."""

# ruff: noqa: B023 - a pen's lambda runs at once, before its loop moves on.

from __future__ import annotations

import math

import numpy as np

from tools.sample_scenes.canvas import Array, Canvas
from tools.sample_scenes.paints import linear, mottled, printed
from tools.sample_scenes.protest import SKINS
from tools.sample_scenes.render import render
from tools.sample_scenes.scene import Camera, Light, Material, Part, Scene, painted
from tools.sample_scenes.solids import both, box, capsule, cell_hash, ground, sphere, union


def stadium(passes: int, fraction: int) -> Canvas:
    """A full ground under floodlights, the ball in the net's half of the pitch."""
    rng = np.random.default_rng(111)

    def turf(p: Array) -> Array:
        stripe = (np.floor(p[:, 0] / 2.2) % 2)[:, None]
        colour = mottled("3f9a3a", "2f8030", 2.5, 4)(p) * (0.82 + 0.3 * stripe)
        x, z = p[:, 0], p[:, 2]
        lines = [
            np.abs(z + 9.4),
            np.abs(z - 6.0),
            np.abs(x),
            np.abs(np.hypot(x, z + 1.7) - 2.4),
            np.where((x > 7.5) & (np.abs(z + 1.7) < 4), np.abs(x - 7.5), 9),
            np.where((x > 7.5) & (np.abs(np.abs(z + 1.7) - 4) < 0.3), np.abs(np.abs(z + 1.7) - 4), 9),
            np.where((x < -7.5) & (np.abs(z + 1.7) < 4), np.abs(x + 7.5), 9),
            np.where((x < -7.5) & (np.abs(np.abs(z + 1.7) - 4) < 0.3), np.abs(np.abs(z + 1.7) - 4), 9),
        ]
        white = np.min(np.stack(lines), axis=0) < 0.055
        inside = (z > -9.45) & (z < 6.1) & (np.abs(x) < 13)
        return np.where((white & inside)[:, None], linear("eef4ea"), colour).astype(np.float32)

    def fans(p: Array) -> Array:
        size = 0.2
        pick = cell_hash(p, (size, size * 1.1, 50))
        other = cell_hash(p, (size, size * 1.1, 50), 5)
        home = np.stack(
            [linear(c) for c in ("d8262e", "c01c24", "f4f0ea", "2a2a34", "e8c8a8", "8a1a20", "f0d04a")]
        )
        colour = home[np.minimum((pick * 7).astype(int), 6)]
        cell_x = np.abs(p[:, 0] / size - np.floor(p[:, 0] / size) - 0.5)
        cell_y = p[:, 1] / (size * 1.1) - np.floor(p[:, 1] / (size * 1.1))
        round_head = np.hypot(cell_x * 1.3, cell_y - 0.62) < 0.3
        colour = np.where(round_head[:, None], linear("d8a888") * (0.6 + 0.8 * other[:, None]), colour)
        aisle = np.abs(p[:, 0] / 4.4 - np.round(p[:, 0] / 4.4)) < 0.03
        shade = 0.5 + 0.5 * other
        colour = colour * shade[:, None]
        return np.where(aisle[:, None], linear("6a6c74"), colour).astype(np.float32)

    def seats(p: Array) -> Array:
        result: Array = (np.sin(p[:, 1] * 28.5) * np.float32(0.02)).astype(np.float32)
        return result

    stand = both(
        lambda p: (p[:, 1] - 0.75 + (p[:, 2] + 11.2) * np.float32(0.62)) * np.float32(0.8),
        lambda p: p[:, 1] - np.float32(6.4),
    )
    upper = both(
        lambda p: (p[:, 1] - 6.0 + (p[:, 2] + 15.5) * np.float32(0.75)) * np.float32(0.8),
        lambda p: np.maximum(p[:, 1] - np.float32(10.5), p[:, 2] + np.float32(16.0)),
    )
    banner_words = Canvas(112)
    banner_words.pixels += banner_words.gradient([(0, "10214a"), (480, "0a1634")])
    for i, words in enumerate(("MERROW UNITED", "HARBOUR BANK", "MERROW UNITED", "SEA FERRIES")):
        banner_words.shape(
            lambda pen: pen.text(80 + 160 * i, 240, words, 15, 0.4), "ffe27a" if i % 2 else "ffffff"
        )
    boards = printed(banner_words, (0, -13, 13), (1, 10.2, -9.3))
    board_score = Canvas(113)
    board_score.pixels += np.float32(0.03)
    board_score.shape(lambda pen: pen.text(320, 110, "MERROW      ST IVO", 62, 1), "ffd24a")
    board_score.shape(lambda pen: pen.text(320, 290, "2 : 1", 230, 5), "fff3c8")
    score = printed(board_score, (0, 3.2, 7.6), (1, 10.1, 7.4))
    players = []
    for i in range(15):
        x, z = float(rng.uniform(-9, 9)), float(rng.uniform(-8, 4))
        shirt = "d8262e" if i % 2 else "3a6ad8"
        lean = float(rng.uniform(-0.15, 0.15))
        players += [
            Part(
                union(
                    capsule((x, 0.62, z), (x + lean, 1.0, z), 0.17),
                    capsule((x - 0.2, 0.62, z), (x + lean, 0.98, z), 0.06),
                    capsule((x + 0.25, 0.7, z), (x + lean, 0.98, z), 0.06),
                ),
                Material(shirt, soft=0.2),
                ((x, 0.8, z), 0.55),
            ),
            Part(
                union(
                    capsule((x - 0.1, 0.06, z), (x, 0.6, z), 0.075),
                    capsule((x + 0.16, 0.06, z + 0.1), (x, 0.6, z), 0.075),
                ),
                Material("f4f4f4"),
                ((x, 0.3, z), 0.5),
            ),
            Part(sphere((x + lean * 1.2, 1.28, z), 0.13), Material(SKINS[i % 6]), ((x, 1.28, z), 0.3)),
        ]
    ball = Part(sphere((1.6, 0.16, 2.2), 0.16), Material("f8f8f8", gloss=0.4), ((1.6, 0.16, 2.2), 0.2))
    parts = [
        Part(ground(0), Material(turf, soft=0.2)),
        Part(stand, Material(fans, soft=0.5, bump=seats)),
        Part(upper, Material(fans, soft=0.5, bump=seats)),
        Part(box((0, 0.45, -9.8), (16, 0.42, 0.06)), Material(boards, glow=0.8)),
        Part(box((0, 6.35, -15.3), (30, 0.5, 0.3)), Material("c9ccd4", glow=0.1)),
        Part(
            box((5.4, 8.75, -15.0), (2.3, 1.5, 0.2), 0.05), Material(score, glow=1.4), ((5.4, 8.75, -15), 3)
        ),
        *players,
        ball,
    ]
    camera = Camera((-1.5, 5.2, 11.5), (0.2, 3.0, -8), 40)
    night = Canvas(114)
    night.pixels += night.gradient([(0, "060a1c"), (150, "182448"), (300, "2c3c68")])
    scene = Scene(
        parts,
        camera,
        [
            Light((-0.5, 0.9, 0.5), "eef4ff", 1.1, size=0.2),
            Light((0.6, 0.8, 0.5), "eef4ff", 0.8, shadow=False),
        ],
        painted(night, camera),
        ambient=("8a9cc8", "3c5c3c"),
        ambient_strength=0.5,
        fog=("33466e", 60),
        reach=60,
        occlusion=0.5,
    )
    canvas = Canvas(115)
    canvas.load(render(scene, passes, fraction))
    # The far crowd lies behind the plane of focus; the pitch and the scoreboard do not.
    crowd = (canvas.y < 296) & ~((np.abs(canvas.x - 434) < 62) & (canvas.y < 120))
    canvas.soften(1.1, canvas.blurred(crowd.astype(np.float32), 3))
    canvas.shade(np.clip((300 - canvas.y) / 500, 0, 1) * crowd, 0.5)
    for x in (92, 250, 402, 560):
        canvas.glow(x, 26, 120, "a8c4ff", 0.5)
        for i in range(3):
            for j in range(5):
                lamp = canvas.mask(lambda pen: pen.ellipse(x - 22 + j * 11, 16 + i * 10, 4.4))
                canvas.light(lamp, "ffffff", 1)
    for _ in range(260):
        x, y = float(canvas.rng.uniform(0, 640)), float(canvas.rng.uniform(20, 330))
        angle, size = float(canvas.rng.uniform(0, 3.1)), float(canvas.rng.uniform(1.2, 3.6))
        dx, dy = size * math.cos(angle), size * math.sin(angle)
        colour = ("d8262e", "ffffff", "f4d04a")[int(canvas.rng.integers(3))]
        scrap = canvas.mask(
            lambda pen: pen.polygon(
                [
                    (x - dx, y - dy),
                    (x + dy * 0.5, y - dx * 0.5),
                    (x + dx, y + dy),
                    (x - dy * 0.5, y + dx * 0.5),
                ]
            )
        )
        canvas.paint(scrap, colour, 0.9)
    canvas.bloom(0.75, 14, 0.4)
    canvas.finish(0.35, 0.01)
    return canvas
