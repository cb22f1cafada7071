"""Solid shapes as signed distances. Knows neither cameras nor colours.

A shape maps points [N, 3] (x right, y up, z towards the viewer) to distances [N], negative inside.
Formulas: Inigo Quilez, "Distance functions" (iquilezles.org/articles/distfunctions).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tools.sample_scenes.canvas import Array

Vector = tuple[float, float, float]
Shape = Callable[[Array], Array]


def _vec(values: Vector) -> Array:
    return np.array(values, dtype=np.float32)


def length(p: Array) -> Array:
    """Euclidean length over the last axis."""
    result: Array = np.sqrt(np.einsum("...i,...i->...", p, p))
    return result


def sphere(centre: Vector, radius: float) -> Shape:
    c = _vec(centre)
    return lambda p: length(p - c) - np.float32(radius)


def ellipsoid(centre: Vector, radii: Vector) -> Shape:
    """An ellipsoid; the distance is a close lower bound, not exact."""
    c, r = _vec(centre), _vec(radii)

    def distance(p: Array) -> Array:
        q = (p - c) / r
        outer = length(q)
        inner = length(q / r)
        result: Array = outer * (outer - 1) / np.maximum(inner, 1e-6)
        return result

    return distance


def box(centre: Vector, half: Vector, round_by: float = 0) -> Shape:
    c, h = _vec(centre), _vec(half) - np.float32(round_by)

    def distance(p: Array) -> Array:
        q = np.abs(p - c) - h
        outside = length(np.maximum(q, 0))
        inside = np.minimum(q.max(axis=-1), 0)
        result: Array = outside + inside - np.float32(round_by)
        return result

    return distance


def capsule(start: Vector, end: Vector, radius: float, end_radius: float | None = None) -> Shape:
    """A rod with round ends; it may taper (then the distance is approximate)."""
    a, b = _vec(start), _vec(end)
    last = radius if end_radius is None else end_radius
    along = b - a
    squared = np.float32(along @ along)

    def distance(p: Array) -> Array:
        t = np.clip(((p - a) @ along) / squared, 0, 1)
        result: Array = length(p - a - t[:, None] * along) - (radius + t * (last - radius))
        return result.astype(np.float32)

    return distance


def cylinder(centre: Vector, radius: float, half_height: float, round_by: float = 0) -> Shape:
    """An upright cylinder."""
    c = _vec(centre)

    def distance(p: Array) -> Array:
        q = p - c
        side = np.hypot(q[:, 0], q[:, 2]) - np.float32(radius - round_by)
        top = np.abs(q[:, 1]) - np.float32(half_height - round_by)
        outside = np.hypot(np.maximum(side, 0), np.maximum(top, 0))
        result: Array = np.minimum(np.maximum(side, top), 0) + outside - np.float32(round_by)
        return result

    return distance


def plate(centre: Vector, half: Vector, corner: float, edge: float) -> Shape:
    """A lying slab whose outline has round corners and whose rim has a small round edge."""
    c = _vec(centre)
    inner = np.array((half[0] - corner, half[2] - corner), dtype=np.float32)

    def distance(p: Array) -> Array:
        q = p - c
        flat = np.abs(q[:, [0, 2]]) - inner
        side = length(np.maximum(flat, 0)) + np.minimum(flat.max(axis=-1), 0)
        side = side - np.float32(corner - edge)
        top = np.abs(q[:, 1]) - np.float32(half[1] - edge)
        outside = np.hypot(np.maximum(side, 0), np.maximum(top, 0))
        result: Array = np.minimum(np.maximum(side, top), 0) + outside - np.float32(edge)
        return result

    return distance


def torus(centre: Vector, radius: float, thickness: float, axis: int = 1) -> Shape:
    """A ring around an axis (0 = x, 1 = y, 2 = z)."""
    c = _vec(centre)
    u, v = (i for i in range(3) if i != axis)

    def distance(p: Array) -> Array:
        q = p - c
        ring = np.hypot(q[:, u], q[:, v]) - np.float32(radius)
        result: Array = np.hypot(ring, q[:, axis]) - np.float32(thickness)
        return result

    return distance


def ground(height: float = 0) -> Shape:
    return lambda p: p[:, 1] - np.float32(height)


def union(*shapes: Shape) -> Shape:
    def distance(p: Array) -> Array:
        nearest = shapes[0](p)
        for shape in shapes[1:]:
            nearest = np.minimum(nearest, shape(p))
        return nearest

    return distance


def blend(softness: float, *shapes: Shape) -> Shape:
    """Join shapes with a fillet of about `softness`."""

    def distance(p: Array) -> Array:
        a = shapes[0](p)
        for shape in shapes[1:]:
            b = shape(p)
            h = np.maximum(softness - np.abs(a - b), 0) / np.float32(softness)
            a = np.minimum(a, b) - h * h * np.float32(softness / 4)
        return a

    return distance


def cut(shape: Shape, hole: Shape, softness: float = 0.001) -> Shape:
    """Take the hole out of the shape, with a soft edge."""

    def distance(p: Array) -> Array:
        a, b = shape(p), -hole(p)
        h = np.maximum(softness - np.abs(a - b), 0) / np.float32(softness)
        result: Array = np.maximum(a, b) + h * h * np.float32(softness / 4)
        return result

    return distance


def both(first: Shape, second: Shape) -> Shape:
    """What lies in the first and in the second."""
    return lambda p: np.maximum(first(p), second(p))


def shell(shape: Shape, thickness: float) -> Shape:
    return lambda p: np.abs(shape(p)) - np.float32(thickness)


def turned(shape: Shape, axis: int, degrees: float, about: Vector = (0, 0, 0)) -> Shape:
    """Turn a shape around an axis through `about`, right-handed."""
    c = _vec(about)
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    u, v = ((1, 2), (2, 0), (0, 1))[axis]

    def distance(p: Array) -> Array:
        q = p - c
        r = q.copy()
        r[:, u] = q[:, u] * cosine + q[:, v] * sine
        r[:, v] = -q[:, u] * sine + q[:, v] * cosine
        return shape(r + c)

    return distance


def moved(shape: Shape, by: Vector) -> Shape:
    offset = _vec(by)
    return lambda p: shape(p - offset)


def mirrored(shape: Shape) -> Shape:
    """Keep the right half (x > 0) and repeat it on the left."""

    def distance(p: Array) -> Array:
        q = p.copy()
        q[:, 0] = np.abs(q[:, 0])
        return shape(q)

    return distance


def around(shape: Shape, count: int) -> Shape:
    """Repeat a shape that lies near the x axis `count` times around the y axis."""
    step = 2 * math.pi / count

    def distance(p: Array) -> Array:
        angle = np.arctan2(p[:, 2], p[:, 0])
        offset = angle - np.round(angle / step) * step
        radius = np.hypot(p[:, 0], p[:, 2])
        q = np.stack([radius * np.cos(offset), p[:, 1], radius * np.sin(offset)], axis=-1)
        return shape(q.astype(np.float32))

    return distance


def displaced(shape: Shape, height: Callable[[Array], Array], damp: float = 0.7) -> Shape:
    """Push the surface out by a field; `damp` < 1 shortens steps so that no ray jumps through."""
    return lambda p: (shape(p) - height(p)) * np.float32(damp)


def _hash(cell: NDArray[np.int64]) -> Array:
    """Hash integer cells [..., 3] to 0..1."""
    n = cell[..., 0] * 374761393 + cell[..., 1] * 668265263 + cell[..., 2] * 2147483647
    n = (n ^ (n >> 13)) * 1274126177
    n = (n ^ (n >> 16)) & 0xFFFFFF
    return (n / 0xFFFFFF).astype(np.float32)


def cell_hash(p: Array, size: Vector, salt: int = 0) -> Array:
    """Give every cell of a grid its own number, 0 to 1; [N]."""
    cell = np.floor(p / _vec(size)).astype(np.int64) + salt * 7919
    return _hash(cell)


def noise(p: Array, octaves: int = 3, frequency: float = 1) -> Array:
    """Sum octaves of value noise at points [N, 3]; [N], about -1 to 1."""
    total: Array = np.zeros(len(p), dtype=np.float32)
    strength = 0.5
    for octave in range(octaves):
        q = p * np.float32(frequency * 2**octave) + np.float32(17.3 * octave)
        low = np.floor(q)
        f = q - low
        f = f * f * (3 - 2 * f)
        cell = low.astype(np.int64)
        value: Array = np.zeros(len(p), dtype=np.float32)
        for corner in range(8):
            dx, dy, dz = corner & 1, corner >> 1 & 1, corner >> 2
            weight = (
                (f[:, 0] if dx else 1 - f[:, 0])
                * (f[:, 1] if dy else 1 - f[:, 1])
                * (f[:, 2] if dz else 1 - f[:, 2])
            )
            value += weight * _hash(cell + np.array((dx, dy, dz)))
        total += np.float32(strength) * (2 * value - 1)
        strength /= 2
    return total
