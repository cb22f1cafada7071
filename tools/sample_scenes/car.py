"""A car, sound or wrecked, to be set into a street."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tools.sample_scenes.canvas import Array
from tools.sample_scenes.paints import linear
from tools.sample_scenes.scene import Material, Part
from tools.sample_scenes.solids import (
    Shape,
    Vector,
    blend,
    both,
    box,
    cut,
    cylinder,
    moved,
    noise,
    torus,
    turned,
    union,
)


def wheel(x: float, z: float) -> Shape:
    tyre = blend(0.05, torus((x, 0.36, z), 0.25, 0.12, axis=2))
    return union(tyre, turned(cylinder((x, 0.36, z), 0.2, 0.07, 0.02), 0, 90, (x, 0.36, z)))


def car(colour: str, crash: float) -> list[Part]:
    """Build a hatchback, 4.2 long, its nose towards +x, its wheels on y = 0.

    Args:
        crash: how far the nose is pushed in; 0 is a sound car.
    """
    lower = blend(
        0.2,
        box((-0.05, 0.62, 0), (2.0, 0.3, 0.84), 0.2),
        box((1.25, 0.74, 0), (0.72, 0.2, 0.76), 0.16),
    )
    cabin = both(
        box((-0.45, 1.08, 0), (1.35, 0.42, 0.74), 0.16),
        both(
            lambda p: (p[:, 0] * 0.62 + p[:, 1] - 1.62) * np.float32(0.85),
            lambda p: (-p[:, 0] * 0.45 + p[:, 1] - 2.05) * np.float32(0.9),
        ),
    )
    cabin = both(cabin, lambda p: (np.abs(p[:, 2]) * 1.0 + p[:, 1] * 0.32 - 1.13) * np.float32(0.95))
    body = blend(0.1, lower, cabin)
    for x in (1.3, -1.3):
        arch = turned(cylinder((x, 0.36, 0), 0.42, 1.2), 0, 90, (x, 0.36, 0))
        body = cut(body, arch, 0.03)

    def amount(p: Array) -> Array:
        toward = np.clip((p[:, 0] - 0.35) / 1.6, 0, 1)
        result: Array = (toward * toward * (3 - 2 * toward)).astype(np.float32)
        return result

    def bent(p: Array) -> Array:
        a = amount(p)
        q = p.copy()
        middle = np.exp(-((p[:, 2] - 0.15) ** 2) / 0.25)
        q[:, 0] += crash * a * (0.35 + 0.85 * middle)
        q[:, 1] -= crash * 0.32 * np.sin(np.clip((p[:, 0] - 0.5) / 0.9, 0, 1) * math.pi) * (p[:, 1] > 0.5)
        return q

    def crumple(p: Array) -> Array:
        ridge = np.abs(noise(p, 2, 2.6))
        result: Array = (crash * amount(p) * (0.13 * noise(p, 2, 3.4) - 0.12 * np.exp(-ridge * 9))).astype(
            np.float32
        )
        return result

    def wreck(shape: Shape) -> Shape:
        if not crash:
            return shape
        return lambda p: (shape(bent(p)) - crumple(p)) * np.float32(0.55)

    def panel(p: Array) -> Array:
        q = bent(p) if crash else p
        base = np.broadcast_to(linear(colour), p.shape).copy()
        x, y, z = q[:, 0], q[:, 1], np.abs(q[:, 2])
        side_glass = (y > 0.98) & (y < 1.38) & (z > 0.5) & (x > -1.5) & (x < 0.72 - (y - 0.98) * 1.4)
        pillar = (np.abs(x + 0.42) < 0.05) | (x < -1.32 + (y - 0.98) * 0.4)
        screen = (y > 1.0) & (y < 1.4) & (z < 0.62) & (np.abs(x * 0.62 + y - 1.62) < 0.07)
        rear = (y > 1.0) & (y < 1.36) & (z < 0.6) & (x < -1.4)
        glass = (side_glass & ~pillar) | screen | rear
        base[glass] = linear("10161c")
        seam = (np.abs(x - 0.55) < 0.014) | (np.abs(x + 0.42) < 0.014) | (np.abs(x + 1.2) < 0.014)
        base[seam & (z > 0.7) & (y > 0.4) & (y < 0.98)] *= np.float32(0.25)
        sill = y < 0.38
        base[sill] = linear("17181a")
        lamp = (x > 1.72) & (y > 0.62) & (y < 0.82) & (z > 0.42)
        base[lamp] = linear("e8eef2")
        tail = (x < -1.92) & (y > 0.66) & (y < 0.9) & (z > 0.5)
        base[tail] = linear("b01418")
        grille = (x > 1.8) & (y > 0.44) & (y < 0.64) & (z < 0.5)
        base[grille] = linear("101214")
        if crash:
            broken = screen | (side_glass & (x > -0.4))
            web = np.abs(noise(q, 2, 9)) < 0.05
            base[broken & web] = linear("c8d4dc")
            scratch = (np.abs(noise(q * np.array((1, 4, 1)), 2, 5)) < 0.03) & (amount(p) > 0.1) & ~glass
            base[scratch] = linear("8c9094")
            soot = np.clip(amount(p) * 1.4 * (0.5 + noise(p, 2, 2)), 0, 1)[:, None]
            base = base + (linear("1a1614") - base) * soot * np.float32(0.75)
        return base.astype(np.float32)

    paint = Material(panel, gloss=0.9, sharpness=50, mirror=0.06)
    rubber = Material("141415", gloss=0.15)
    wheels = union(wheel(-1.3, 0.74), wheel(-1.3, -0.74), wheel(1.3, -0.74))
    fourth = turned(wheel(1.3, 0.74), 1, 24 if crash else 0, (1.3, 0.36, 0.74))
    if crash:
        fourth = moved(turned(fourth, 2, 9, (1.3, 0.36, 0.74)), (-0.12, -0.04, 0.06))
    rims = [
        Part(
            turned(cylinder((x, 0.36, z), 0.17, 0.09, 0.02), 0, 90, (x, 0.36, z)),
            Material("a8adb2", gloss=0.8, mirror=0.15),
            ((x, 0.36, z), 0.22),
        )
        for x, z in ((-1.3, 0.76),)
    ]
    return [
        Part(wreck(body), paint, ((0, 0.8, 0), 2.35)),
        Part(union(wheels, fourth), rubber, ((0, 0.4, 0), 1.95)),
        *rims,
    ]


def placed(parts: list[Part], degrees: float, by: Vector) -> list[Part]:
    """Turn parts around the vertical axis, then move them, with what is printed on them."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))

    def back(p: Array) -> Array:
        q = p - np.array(by, dtype=np.float32)
        r = q.copy()
        r[:, 2] = q[:, 2] * cosine + q[:, 0] * sine
        r[:, 0] = -q[:, 2] * sine + q[:, 0] * cosine
        return r

    result = []
    for part in parts:
        colour, shape = part.material.colour, part.shape
        if not isinstance(colour, str):
            colour = _after(back, colour)
        material = replace(part.material, colour=colour)
        bound = None
        if part.bound is not None:
            (x, y, z), radius = part.bound
            centre = (z * sine + x * cosine + by[0], y + by[1], z * cosine - x * sine + by[2])
            bound = (centre, radius)
        result.append(Part(_after(back, shape), material, bound))
    return result


def _after(first: Callable[[Array], Array], then: Callable[[Array], Array]) -> Callable[[Array], Array]:
    return lambda p: then(first(p))
