"""A birthday cake and a cup of coffee, modelled in the round."""

# ruff: noqa: B023 - a pen's lambda runs at once, before its loop moves on.

from __future__ import annotations

import math

import numpy as np

from tools.sample_scenes.canvas import Array, Canvas
from tools.sample_scenes.paints import Paint, linear, mottled
from tools.sample_scenes.render import render
from tools.sample_scenes.scene import Camera, Light, Material, Part, Scene, painted
from tools.sample_scenes.solids import (
    around,
    blend,
    both,
    capsule,
    cell_hash,
    cut,
    cylinder,
    displaced,
    ellipsoid,
    ground,
    moved,
    noise,
    sphere,
    torus,
    turned,
    union,
)


def wood(light: str, dark: str) -> Paint:
    """Make boards that run along x, with grain."""

    def paint(p: Array) -> Array:
        board = np.floor(p[:, 2] / 0.62)
        shift = p + np.stack([board * 3.7, board * 1.3, board * 0], axis=-1).astype(np.float32)
        grain = noise(shift * np.array((0.5, 1, 5), dtype=np.float32), 4, 3)
        rings = np.sin((shift[:, 2] + 0.25 * noise(shift * np.array((0.4, 1, 1)), 2, 1.5)) * 42)
        share = np.clip(0.5 + 0.55 * grain + 0.1 * rings, 0, 1)[:, None]
        colour = linear(dark) + (linear(light) - linear(dark)) * share
        gap = np.abs(p[:, 2] / 0.62 - np.round(p[:, 2] / 0.62)) < 0.012
        result: Array = (colour * np.where(gap, 0.3, 1)[:, None]).astype(np.float32)
        return result

    return paint


def birthday_cake(passes: int, fraction: int) -> Canvas:
    """A cake with six burning candles in a dim room."""

    def drips(p: Array) -> Array:
        angle = np.arctan2(p[:, 2], p[:, 0])
        low = 0.62 + 0.12 * np.sin(angle * 9 + 0.7) + 0.09 * np.sin(angle * 17 + 2)
        result: Array = (low - p[:, 1]).astype(np.float32)
        return result

    def crumb(p: Array) -> Array:
        layers = np.abs((p[:, 1] - 0.1) * 4.2 - np.round((p[:, 1] - 0.1) * 4.2)) < 0.1
        colour = mottled("f0c878", "c98f45", 14)(p)
        return np.where(layers[:, None], linear("b8283f"), colour).astype(np.float32)

    def sprinkled(p: Array) -> Array:
        icing = np.broadcast_to(linear("f6a6bd"), p.shape).copy()
        size = 0.085
        cell = np.floor(p / size)
        pick = cell_hash(p, (size, 10, size))
        middle = (cell + 0.5) * size
        off = (p - middle)[:, [0, 2]]
        turn = pick * 40
        along = off[:, 0] * np.cos(turn) + off[:, 1] * np.sin(turn)
        across = -off[:, 0] * np.sin(turn) + off[:, 1] * np.cos(turn)
        grain = (np.abs(along) < 0.028) & (np.abs(across) < 0.009) & (p[:, 1] > 0.87) & (pick > 0.3)
        colours = np.stack([linear(c) for c in ("ffffff", "5ec4e8", "ffe14d", "8fd65a", "e8433f")])
        chosen = colours[np.minimum((pick * 97 % 1 * 5).astype(int), 4)]
        return np.where(grain[:, None], chosen, icing).astype(np.float32)

    icing = blend(
        0.05,
        cylinder((0, 0.84, 0), 1.03, 0.06, 0.05),
        both(cylinder((0, 0.6, 0), 1.035, 0.34, 0.05), lambda p: drips(p) * np.float32(0.6)),
    )
    cream = around(
        blend(
            0.06, sphere((0.86, 0.97, 0), 0.12), sphere((0.86, 1.05, 0), 0.08), sphere((0.86, 1.12, 0), 0.035)
        ),
        14,
    )
    cherries = around(sphere((0.86, 1.17, 0), 0.075), 7)
    stand = union(
        cylinder((0, -0.03, 0), 1.35, 0.03, 0.03),
        torus((0, 0, 0), 1.35, 0.035),
        blend(0.2, cylinder((0, -0.3, 0), 0.16, 0.26), cylinder((0, -0.57, 0), 0.6, 0.03, 0.02)),
    )
    parts = [
        Part(cylinder((0, 0.42, 0), 1, 0.42, 0.04), Material(crumb, soft=0.2), ((0, 0.4, 0), 1.15)),
        Part(icing, Material(sprinkled, gloss=0.5, sharpness=35, soft=0.25), ((0, 0.6, 0), 1.2)),
        Part(cream, Material("fff4ea", gloss=0.25, soft=0.4), ((0, 1, 0), 1.1)),
        Part(cherries, Material("a8101e", gloss=1.1, sharpness=70, mirror=0.06), ((0, 1.15, 0), 1)),
        Part(stand, Material("eef0f2", gloss=0.8, sharpness=60, mirror=0.12), ((0, -0.2, 0), 1.5)),
        Part(ground(-0.62), Material(wood("8a5a34", "4a2a16"), gloss=0.3, sharpness=24)),
    ]
    lights = [
        Light((0.5, 0.8, 0.9), "ffd9b0", 0.55, size=0.25),
        Light((-0.9, 0.4, -0.3), "8a70c8", 0.55, shadow=False),
    ]
    colours = ("5ec4e8", "ffe14d", "8fd65a", "ff8fb0", "c89af0", "ffb05a")
    flames: list[tuple[float, float, float]] = []
    for i, colour in enumerate(colours):
        angle = 2 * math.pi * (i + 0.1) / len(colours)
        x, z = 0.48 * math.cos(angle), 0.48 * math.sin(angle)

        def stripes(p: Array, colour: str = colour, x: float = x, z: float = z) -> Array:
            twist = np.sin(p[:, 1] * 34 + np.arctan2(p[:, 2] - z, p[:, 0] - x))
            return np.where(twist[:, None] > 0.2, linear("ffffff"), linear(colour)).astype(np.float32)

        stick = Part(
            capsule((x, 0.85, z), (x, 1.45, z), 0.042),
            Material(stripes, gloss=0.3, soft=0.5),
            ((x, 1.15, z), 0.4),
        )
        wick = Part(capsule((x, 1.45, z), (x, 1.54, z), 0.008), Material("1a1210"), ((x, 1.5, z), 0.1))
        flames.append((x, 1.62, z))
        parts += [stick, wick]
        lights.append(Light((x, 1.66, z), "ffb050", 0.22, near=True, shadow=False))
    lights.append(Light((0, 1.8, 0.2), "ffb458", 1.5, near=True, size=0.5))
    camera = Camera((0.5, 1.75, 5.8), (0, 0.66, 0), 32)
    room = Canvas(41)
    room.pixels += room.gradient([(0, "1c1026"), (200, "4a2438"), (480, "2a1420")])
    room.bokeh(46, ("ffb84d", "ff7a5a", "ffd98a", "b48aff", "ff9ac0"), 24, 0.55, (-10, 104))
    scene = Scene(
        parts,
        camera,
        lights,
        painted(room, camera),
        ambient=("6a4a6a", "50302a"),
        ambient_strength=0.5,
        exposure=1.15,
        fog=("3a1c30", 13),
    )
    canvas = Canvas(42)
    canvas.load(render(scene, passes, fraction))
    forward, right, up = camera.axes()
    zoom = math.tan(math.radians(camera.view_degrees / 2))
    for flame in flames:
        off = np.array(flame) - np.array(camera.place)
        ahead = float(off @ forward)
        x = 320 + float(off @ right) / ahead / zoom * 240
        y = 240 - float(off @ up) / ahead / zoom * 240
        canvas.glow(x, y, 60, "ff9a3a", 0.4)
        canvas.light(
            canvas.mask(
                lambda pen: pen.blob([(x, y - 22), (x + 8, y + 2), (x, y + 11), (x - 8, y + 2)]), 1.6
            ),
            "ffa63a",
            1,
        )
        canvas.light(
            canvas.mask(lambda pen: pen.blob([(x, y - 13), (x + 5, y + 3), (x, y + 9), (x - 5, y + 3)]), 1),
            "fff2b8",
            1,
        )
    canvas.bloom(0.7, 16, 0.45)
    canvas.finish(0.45, 0.01)
    return canvas


def coffee_cup(passes: int, fraction: int) -> Canvas:
    """A cappuccino and a croissant on a wooden table in morning light."""

    def latte(p: Array) -> Array:
        x, z = p[:, 0] / 0.62, p[:, 2] / 0.62 + 0.05
        heart = (x * 1.5) ** 2 + (-z * 1.5 - np.sqrt(np.abs(x * 1.5)) * 0.75) ** 2
        rings = np.sin(heart * 16) > 0.35
        white = (heart < 0.62) & (rings | (heart < 0.3))
        crema = mottled("9a5a26", "6e3a14", 9)(p)
        edge = np.clip((np.hypot(x, z - 0.05) - 0.8) * 4, 0, 1)[:, None]
        colour = np.where(white[:, None], linear("f6e6cc"), crema)
        result: Array = (colour + (linear("4a260e") - colour) * edge * 0.6).astype(np.float32)
        return result

    outer = blend(
        0.25, capsule((0, 0.42, 0), (0, 0.86, 0), 0.5, 0.74), cylinder((0, 0.12, 0), 0.34, 0.06, 0.03)
    )
    outer = both(outer, lambda p: p[:, 1] - np.float32(0.98))
    cup = cut(outer, capsule((0, 0.5, 0), (0, 1.0, 0), 0.44, 0.71), 0.05)
    handle = turned(torus((0.86, 0.58, 0), 0.23, 0.062, axis=2), 0, 0)
    china = Material("f7f4ee", gloss=0.9, sharpness=70, mirror=0.07, soft=0.15)
    saucer = cut(cylinder((0, 0.03, 0), 1.25, 0.06, 0.05), ellipsoid((0, 0.55, 0), (1.55, 0.52, 1.55)), 0.05)
    spoon = blend(
        0.05,
        ellipsoid((-0.5, 0.14, 1.0), (0.2, 0.035, 0.13)),
        capsule((-0.3, 0.14, 0.98), (0.75, 0.17, 0.85), 0.03),
    )
    parts = [
        Part(cup, china, ((0, 0.5, 0), 1.0)),
        Part(handle, china, ((0.86, 0.58, 0), 0.32)),
        Part(
            both(cylinder((0, 0.8, 0), 0.66, 0.05), outer),
            Material(latte, gloss=0.3, sharpness=30),
            ((0, 0.8, 0), 0.72),
        ),
        Part(saucer, china, ((0, 0.1, 0), 1.35)),
        Part(spoon, Material("c8ccd0", gloss=1.2, sharpness=80, mirror=0.5), ((0.1, 0.14, 0.95), 0.85)),
        Part(ground(0), Material(wood("c08a54", "8a5428"), gloss=0.3, sharpness=20, mirror=0.05)),
    ]
    lumps = []
    for i in range(9):
        t = (i - 4) / 4
        radius = 0.36 * (1 - 0.75 * t * t) + 0.05
        lumps.append(ellipsoid((t * 0.95, 0.12 + radius * 0.75, 0.55 * t * t), (0.17, radius, radius * 1.05)))
    bun = displaced(
        blend(0.07, *lumps), lambda p: noise(p * np.array((3, 1, 1)), 2, 5) * np.float32(0.02), 0.75
    )
    dish = cut(cylinder((0, 0.02, 0.15), 1.3, 0.05, 0.04), ellipsoid((0, 0.5, 0.15), (1.6, 0.46, 1.6)), 0.05)
    spot = (-2.05, 0, -1.35)
    crust = Material(mottled("e0a04a", "8a4a16", 4), gloss=0.35, sharpness=18, soft=0.2)
    parts += [
        Part(moved(turned(bun, 1, 24), spot), crust, ((-2.05, 0.3, -1.2), 1.35)),
        Part(moved(dish, spot), china, ((-2.05, 0, -1.2), 1.45)),
    ]
    camera = Camera((0.2, 2.7, 4.9), (-0.55, 0.4, -0.1), 33)
    window = Canvas(51)
    window.pixels += window.gradient([(0, "f6e9d0"), (240, "d9b88a")])
    scene = Scene(
        parts,
        camera,
        [
            Light((-0.75, 0.62, -0.35), "ffe0b0", 2.1, size=0.09),
            Light((0.4, 0.8, 0.7), "cfe0ff", 0.4, shadow=False),
        ],
        painted(window, camera),
        ambient=("e8dcc8", "7a4a26"),
        ambient_strength=0.42,
        exposure=0.9,
    )
    canvas = Canvas(52)
    canvas.load(render(scene, passes, fraction))
    bars = np.sin((canvas.x * 0.9 + canvas.y * 0.5) / 46) > -0.1
    canvas.light(canvas.blurred(bars.astype(np.float32), 9), "ffcf80", 0.1)
    wisps = canvas.noise(36, 120, 4)
    column = np.exp(-(((canvas.x - 392 - 16 * np.sin(canvas.y / 34)) / 46) ** 2))
    rise = np.clip((canvas.y + 20) / 60, 0, 1) * np.clip((190 - canvas.y) / 60, 0, 1)
    canvas.light(np.clip(wisps * 2 - 0.75, 0, 1) * column.astype(np.float32) * rise, "ffffff", 0.6)
    canvas.bloom(0.8, 14, 0.35)
    canvas.finish(0.3, 0.008)
    return canvas
