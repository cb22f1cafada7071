"""What a ray can meet: materials, parts, lights, a camera, and the scene they make.

Knows nothing of how rays are followed. Colours are linear light.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tools.sample_scenes.canvas import Array, Canvas
from tools.sample_scenes.paints import Paint
from tools.sample_scenes.solids import Shape, Vector, length


@dataclass(frozen=True)
class Material:
    """How a surface answers light.

    Attributes:
        colour: a hex code, or a function from points to linear colours.
        gloss: strength of the highlight; `sharpness` its exponent.
        mirror: share of reflected surroundings seen head-on; grazing angles show more.
        glow: light given off, as a multiple of the colour.
        soft: light that shines through from behind (skin, wax, fur), 0 to 1.
        bump: height field that tilts the normal without moving the surface.
    """

    colour: str | Paint
    gloss: float = 0.1
    sharpness: float = 30
    mirror: float = 0
    glow: float = 0
    soft: float = 0
    bump: Callable[[Array], Array] | None = None


@dataclass(frozen=True)
class Part:
    """A shape with a material; `bound` (centre, radius) spares far points the full formula."""

    shape: Shape
    material: Material
    bound: tuple[Vector, float] | None = None

    def distance(self, p: Array) -> Array:
        if self.bound is None:
            return self.shape(p)
        centre, radius = self.bound
        far = length(p - np.array(centre, dtype=np.float32)) - np.float32(radius)
        near = far < np.float32(0.25 * radius)
        result: Array = np.maximum(far, np.float32(0.02))
        if near.any():
            result[near] = self.shape(p[near])
        return result


@dataclass(frozen=True)
class Light:
    """A sun (`at` is its direction) or, with `near`, a lamp at a place; `size` softens shadows."""

    at: Vector
    colour: str
    strength: float = 1
    near: bool = False
    size: float = 0.1
    shadow: bool = True


@dataclass(frozen=True)
class Camera:
    place: Vector
    target: Vector
    view_degrees: float = 40
    """Vertical field of view."""

    def axes(self) -> tuple[Array, Array, Array]:
        """Unit vectors forward, right and up."""
        eye, aim = np.array(self.place), np.array(self.target)
        forward = (aim - eye) / np.linalg.norm(aim - eye)
        right = np.cross(forward, (0, 1, 0))
        right /= np.linalg.norm(right)
        up = np.cross(right, forward)
        return forward.astype(np.float32), right.astype(np.float32), up.astype(np.float32)

    def rays(self, u: Array, v: Array) -> Array:
        """Turn picture coordinates (u right, v up, -1 to 1 over the height) into directions."""
        forward, right, up = self.axes()
        zoom = math.tan(math.radians(self.view_degrees / 2))
        rays = forward + zoom * (u[:, None] * right + v[:, None] * up)
        result: Array = (rays / np.linalg.norm(rays, axis=1, keepdims=True)).astype(np.float32)
        return result


@dataclass(frozen=True)
class Scene:
    """Everything a ray can meet.

    Attributes:
        sky: directions [N, 3] -> linear colours [N, 3]; what reflections and misses see.
        ambient: colours of light from above and from below.
        fog: hex colour and the distance at which it hides two thirds, or None.
    """

    parts: Sequence[Part]
    camera: Camera
    lights: Sequence[Light]
    sky: Paint
    ambient: tuple[str, str] = ("8899bb", "443c34")
    ambient_strength: float = 0.6
    fog: tuple[str, float] | None = None
    reach: float = 40
    exposure: float = 1
    steps: int = 90
    step_scale: float = 1
    occlusion: float = 0.25

    def distance(self, p: Array) -> Array:
        nearest: Array = np.full(len(p), 2 * self.reach, dtype=np.float32)
        for part in self.parts:
            nearest = np.minimum(nearest, part.distance(p))
        return nearest

    def along(self, origin: Array, ray: Array, spread: float = 0) -> Scene:
        """Keep the parts that some ray may touch, or pass within `spread` times its length."""
        kept = []
        for part in self.parts:
            if part.bound is not None:
                away = np.array(part.bound[0], dtype=np.float32) - origin
                ahead = (away * ray).sum(-1)
                squared = (away * away).sum(-1)
                radius = part.bound[1] + spread * np.sqrt(squared)
                aside = squared - np.maximum(ahead, 0) ** 2
                if not (aside < radius * radius).any():
                    continue
            kept.append(part)
        return replace(self, parts=kept)

    def around(self, p: Array, margin: float) -> Scene:
        """Keep the parts that come within `margin` of the box around the points."""
        low, high = p.min(axis=0), p.max(axis=0)
        kept = []
        for part in self.parts:
            if part.bound is not None:
                centre, radius = part.bound
                gap = np.maximum(np.maximum(low - centre, np.array(centre) - high), 0)
                if float(np.linalg.norm(gap)) > radius + margin:
                    continue
            kept.append(part)
        return replace(self, parts=kept)


def painted(canvas: Canvas, camera: Camera) -> Paint:
    """Hang a finished canvas behind a scene, where its camera sees it."""
    pixels = np.clip(canvas.pixels, 0, 1) ** 2.2
    height, width = pixels.shape[:2]

    def sky(ray: Array) -> Array:
        forward, right, up = camera.axes()
        ahead = np.maximum(ray @ forward, 0.05)
        zoom = ahead * np.float32(math.tan(math.radians(camera.view_degrees / 2)))
        rows = (1 - (ray @ up) / zoom) * height / 2
        columns = (ray @ right) / zoom * height / 2 + width / 2
        row = np.clip(rows, 0, height - 1).astype(np.int32)
        column = np.clip(columns, 0, width - 1).astype(np.int32)
        result: Array = pixels[row, column]
        return result

    return sky
