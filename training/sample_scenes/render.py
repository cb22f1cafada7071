"""A small ray marcher: solids, lights and a camera to pixels. Knows nothing of any one scene.

Sphere tracing after J. C. Hart, "Sphere tracing" (1996); soft shadows and ambient occlusion after
Inigo Quilez. Colours are linear light here and become sRGB in `render`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from training.sample_scenes.canvas import HEIGHT, WIDTH, rgb
from training.sample_scenes.solids import Array, Shape, Vector, length

Paint = Callable[[Array], Array]
"""Points [N, 3] -> linear colours [N, 3]."""


def linear(code: str) -> Array:
    """Read `ffcc00` as linear light."""
    return (np.array(rgb(code), dtype=np.float32) ** 2.2).astype(np.float32)


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
        result = np.maximum(far, np.float32(0.02))
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

    def rays(self, u: Array, v: Array) -> Array:
        """Turn picture coordinates (u right, v up, -1 to 1 over the height) into directions."""
        eye, aim = np.array(self.place), np.array(self.target)
        forward = (aim - eye) / np.linalg.norm(aim - eye)
        right = np.cross(forward, (0, 1, 0))
        right /= np.linalg.norm(right)
        up = np.cross(right, forward)
        zoom = math.tan(math.radians(self.view_degrees / 2))
        rays = forward + zoom * (u[:, None] * right + v[:, None] * up)
        return (rays / np.linalg.norm(rays, axis=1, keepdims=True)).astype(np.float32)


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
        nearest = self.parts[0].distance(p)
        for part in self.parts[1:]:
            nearest = np.minimum(nearest, part.distance(p))
        return nearest


def march(scene: Scene, origin: Array, ray: Array) -> Array:
    """Follow rays to the first surface; distances [N], infinite where they meet none."""
    travelled: Array = np.full(len(ray), 0.02, dtype=np.float32)
    result: Array = np.full(len(ray), np.inf, dtype=np.float32)
    active = np.arange(len(ray))
    for _ in range(scene.steps):
        t = travelled[active]
        d = scene.distance(origin[active] + ray[active] * t[:, None])
        hit = d < 0.0006 * (1 + t)
        result[active[hit]] = t[hit]
        t = t + d * np.float32(scene.step_scale)
        travelled[active] = t
        active = active[~hit & (t < scene.reach)]
        if not len(active):
            break
    # A ray that ran out of steps while grazing something is nearly there.
    result[active] = travelled[active]
    return result


def normals(scene: Scene, p: Array, pixel: Array) -> Array:
    """Estimate surface normals by four probes around each point."""
    total: Array = np.zeros_like(p)
    for corner in ((1, -1, -1), (-1, -1, 1), (-1, 1, -1), (1, 1, 1)):
        direction = np.array(corner, dtype=np.float32)
        total += direction * scene.distance(p + direction * pixel[:, None])[:, None]
    return total / np.maximum(length(total), 1e-9)[:, None]


def shadow(scene: Scene, p: Array, to_light: Array, reach: Array, size: float) -> Array:
    """Share of a light that reaches each point; [N], 0 to 1."""
    open_share: Array = np.ones(len(p), dtype=np.float32)
    travelled: Array = np.full(len(p), 0.02, dtype=np.float32)
    active = np.arange(len(p))
    for _ in range(40):
        t = travelled[active]
        d = scene.distance(p[active] + to_light[active] * t[:, None])
        share = np.clip(0.5 + 0.5 * d / (np.float32(size) * t), 0, 1)
        open_share[active] = np.minimum(open_share[active], share)
        t = t + np.clip(d, 0.02, 0.6)
        travelled[active] = t
        active = active[(open_share[active] > 0.01) & (t < reach[active])]
        if not len(active):
            break
    return open_share * open_share * (3 - 2 * open_share)


def occlusion(scene: Scene, p: Array, normal: Array) -> Array:
    """How much of its surroundings each point sees; [N], 0 to 1."""
    hidden: Array = np.zeros(len(p), dtype=np.float32)
    weight = 1.0
    for i in range(1, 5):
        step = scene.occlusion * i / 4
        hidden += np.float32(weight) * np.maximum(step - scene.distance(p + normal * step), 0) / step
        weight *= 0.7
    return np.clip(1 - hidden * np.float32(0.42), 0, 1)


def _tilt(material: Material, p: Array, normal: Array) -> Array:
    """Tilt normals by the material's bump field."""
    assert material.bump is not None
    step = 0.004
    base = material.bump(p)
    slope = np.stack(
        [
            (material.bump(p + np.float32(step) * axis) - base) / np.float32(step)
            for axis in np.eye(3, dtype=np.float32)
        ],
        axis=-1,
    )
    tilted = normal - (slope - (slope * normal).sum(-1, keepdims=True) * normal)
    return (tilted / np.maximum(length(tilted), 1e-9)[:, None]).astype(np.float32)


def _surface(scene: Scene, p: Array, normal: Array) -> tuple[Array, Array, Array]:
    """Look up colours [N, 3], properties [N, 5] and tilted normals of points on surfaces."""
    owner = np.argmin(np.stack([part.distance(p) for part in scene.parts]), axis=0)
    colour: Array = np.zeros_like(p)
    properties: Array = np.zeros((len(p), 5), dtype=np.float32)
    for index, part in enumerate(scene.parts):
        mine = owner == index
        if not mine.any():
            continue
        material = part.material
        if callable(material.colour):
            colour[mine] = material.colour(p[mine])
        else:
            colour[mine] = linear(material.colour)
        if material.bump is not None:
            normal[mine] = _tilt(material, p[mine], normal[mine])
        properties[mine] = (
            material.gloss,
            material.sharpness,
            material.mirror,
            material.glow,
            material.soft,
        )
    return colour, properties, normal


def trace(scene: Scene, origin: Array, ray: Array, bounces: int = 1) -> tuple[Array, Array]:
    """Follow rays and light what they meet.

    Returns:
        Linear colours [N, 3] and distances [N].
    """
    far = march(scene, origin, ray)
    result = scene.sky(ray)
    seen = np.flatnonzero(np.isfinite(far) & (far < scene.reach))
    if not len(seen):
        return result, far
    view, t = ray[seen], far[seen]
    p = origin[seen] + view * t[:, None]
    normal = normals(scene, p, np.float32(0.0008) * (1 + t))
    colour, properties, normal = _surface(scene, p, normal)
    gloss, sharpness, mirror, glow, soft = (properties[:, i : i + 1] for i in range(5))
    open_share = occlusion(scene, p, normal)[:, None]
    above, below = (linear(code) for code in scene.ambient)
    upward = 0.5 + 0.5 * normal[:, 1:2]
    lit = colour * (below + (above - below) * upward) * open_share * scene.ambient_strength
    for lamp in scene.lights:
        to_light = np.broadcast_to(np.array(lamp.at, dtype=np.float32), p.shape)
        fade: Array = np.ones((len(p), 1), dtype=np.float32)
        reach: Array = np.full(len(p), min(scene.reach, 12), dtype=np.float32)
        if lamp.near:
            to_light = to_light - p
            reach = length(to_light)
            fade = 1 / (0.3 + reach[:, None] ** 2)
        to_light = to_light / length(to_light)[:, None]
        facing = (normal * to_light).sum(-1, keepdims=True)
        diffuse = np.clip((facing + soft) / (1 + soft), 0, 1)
        if lamp.shadow:
            lifted = p + normal * np.float32(0.004) * (1 + t[:, None] * np.float32(0.2))
            fade = fade * shadow(scene, lifted, to_light, reach, lamp.size)[:, None]
        half = to_light - view
        half /= length(half)[:, None]
        shine = np.clip((normal * half).sum(-1, keepdims=True), 0, 1) ** sharpness * gloss
        lit += linear(lamp.colour) * lamp.strength * fade * (colour * diffuse + shine * (facing > 0))
    lit += colour * glow
    fresnel = (1 - np.clip(-(normal * view).sum(-1, keepdims=True), 0, 1)) ** 5
    share = np.clip(mirror + (1 - mirror) * fresnel * np.clip(mirror * 4 + gloss, 0, 1), 0, 1)
    shiny = np.flatnonzero((share[:, 0] > 0.03) & (mirror[:, 0] > 0))
    if len(shiny):
        bounce = view[shiny] - 2 * (view[shiny] * normal[shiny]).sum(-1, keepdims=True) * normal[shiny]
        start = p[shiny] + normal[shiny] * np.float32(0.01)
        other = trace(scene, start, bounce, bounces - 1)[0] if bounces else scene.sky(bounce)
        lit[shiny] += (other - lit[shiny]) * share[shiny]
    if scene.fog is not None:
        code, thickness = scene.fog
        haze = 1 - np.exp(-((t[:, None] / thickness) ** 1.3))
        lit += (linear(code) - lit) * haze
    result[seen] = lit
    return result, far


def render(scene: Scene, passes: int = 2, fraction: int = 1) -> tuple[Array, Array]:
    """Draw a scene.

    Args:
        passes: samples per pixel along each side; 2 means four rays a pixel.
        fraction: 2 renders a quarter of the pixels, for a quick look.

    Returns:
        sRGB [HEIGHT, WIDTH, 3] in 0..1, and [HEIGHT, WIDTH] distances of the first sample.
    """
    width, height = WIDTH // fraction, HEIGHT // fraction
    total: Array = np.zeros((height, width, 3), dtype=np.float32)
    depth: Array = np.zeros((height, width), dtype=np.float32)
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    for sample in range(passes * passes):
        dx = (sample % passes + 0.5) / passes
        dy = (sample // passes + 0.5) / passes
        u = (2 * (xs + np.float32(dx)) - width) / height
        v = (height - 2 * (ys + np.float32(dy))) / height
        ray = scene.camera.rays(u.ravel(), v.ravel())
        origin = np.broadcast_to(np.array(scene.camera.place, dtype=np.float32), ray.shape)
        colour, far = trace(scene, origin, ray)
        colour = film(colour * np.float32(scene.exposure))
        total += colour.reshape(height, width, 3)
        if sample == 0:
            depth = far.reshape(height, width)
    picture = total / np.float32(passes * passes)
    if fraction > 1:
        picture = picture.repeat(fraction, 0).repeat(fraction, 1)
        depth = depth.repeat(fraction, 0).repeat(fraction, 1)
    return picture, depth


def film(light: Array) -> Array:
    """Map linear light to sRGB with a soft shoulder (Narkowicz's fit of the ACES curve)."""
    x = np.maximum(light, 0)
    mapped = np.clip(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0, 1)
    result: Array = (mapped ** (1 / 2.2)).astype(np.float32)
    return result
