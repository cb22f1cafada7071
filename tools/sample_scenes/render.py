"""A small ray marcher: a scene to pixels. Knows nothing of any one scene.

Sphere tracing after J. C. Hart, "Sphere tracing" (1996); soft shadows and ambient occlusion after
Inigo Quilez. Colours are linear light here and become sRGB in `render`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tools.sample_scenes.canvas import HEIGHT, WIDTH, Array
from tools.sample_scenes.paints import linear
from tools.sample_scenes.scene import Material, Scene
from tools.sample_scenes.solids import length

TILE = 48
"""Pixels along the side of a tile."""
CONTRAST = 0.06
"""A step between neighbours, in sRGB, from which an edge looks jagged."""


def march(scene: Scene, origin: Array, ray: Array) -> Array:
    """Follow rays to the first surface; distances [N], infinite where they meet none."""
    scene = scene.along(origin, ray)
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
    scene = scene.along(p, to_light, size)
    open_share: Array = np.ones(len(p), dtype=np.float32)
    travelled: Array = np.full(len(p), 0.02, dtype=np.float32)
    active = np.arange(len(p))
    for _ in range(40):
        t = travelled[active]
        d = scene.distance(p[active] + to_light[active] * t[:, None])
        share = np.clip(0.5 + 0.5 * d / (np.float32(size) * t), 0, 1)
        open_share[active] = np.minimum(open_share[active], share)
        t = t + np.clip(d, 0.02, 0.8)
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
    result: Array = np.clip(1 - hidden * np.float32(0.42), 0, 1)
    return result


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
    result: Array = (tilted / np.maximum(length(tilted), 1e-9)[:, None]).astype(np.float32)
    return result


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
    local = scene.around(p, scene.occlusion + 0.05)
    normal = normals(local, p, np.float32(0.0008) * (1 + t))
    colour, properties, normal = _surface(local, p, normal)
    gloss, sharpness, mirror, glow, soft = (properties[:, i : i + 1] for i in range(5))
    open_share = occlusion(local, p, normal)[:, None]
    above, below = (linear(code) for code in scene.ambient)
    upward = 0.5 + 0.5 * normal[:, 1:2]
    lit = colour * (below + (above - below) * upward) * open_share * scene.ambient_strength
    for lamp in scene.lights:
        to_light: Array = np.broadcast_to(np.array(lamp.at, dtype=np.float32), p.shape)
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


def render(scene: Scene, passes: int = 2, fraction: int = 1) -> Array:
    """Draw a scene: one ray a pixel, and more where neighbours differ.

    Args:
        passes: extra rays along each side of a pixel that differs from its neighbours; 1 adds none.
        fraction: 2 renders a quarter of the pixels, for a quick look.

    Returns:
        sRGB [HEIGHT, WIDTH, 3] in 0..1.
    """
    width, height = WIDTH // fraction, HEIGHT // fraction

    def shoot(x: Array, y: Array) -> Array:
        ray = scene.camera.rays((2 * x - width) / height, (height - 2 * y) / height)
        origin = np.broadcast_to(np.array(scene.camera.place, dtype=np.float32), ray.shape)
        return film(trace(scene, origin, ray)[0] * np.float32(scene.exposure))

    # Tiles stay inside the processor's cache, and most parts lie outside most tiles.
    tiles = [
        (slice(top, min(top + TILE, height)), slice(left, min(left + TILE, width)))
        for top in range(0, height, TILE)
        for left in range(0, width, TILE)
    ]
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    half = np.float32(0.5)
    picture: Array = np.zeros((height, width, 3), dtype=np.float32)
    for tile in tiles:
        colour = shoot(xs[tile].ravel() + half, ys[tile].ravel() + half)
        picture[tile] = colour.reshape(*xs[tile].shape, 3)
    if passes > 1:
        rough = _differs(picture)
        for tile in tiles:
            chosen = np.flatnonzero(rough[tile])
            if not len(chosen):
                continue
            x, y = xs[tile].ravel()[chosen], ys[tile].ravel()[chosen]
            total = picture[tile].reshape(-1, 3)[chosen]
            for sample in range(passes * passes):
                dx, dy = (sample % passes + 0.5) / passes, (sample // passes + 0.5) / passes
                total = total + shoot(x + np.float32(dx), y + np.float32(dy))
            flat = picture[tile].reshape(-1, 3).copy()
            flat[chosen] = total / np.float32(passes * passes + 1)
            picture[tile] = flat.reshape(*xs[tile].shape, 3)
    return picture.repeat(fraction, 0).repeat(fraction, 1)


def _differs(picture: Array) -> NDArray[np.bool_]:
    """Find the pixels that differ from a neighbour by more than `CONTRAST`; [H, W]."""
    rough: NDArray[np.bool_] = np.zeros(picture.shape[:2], dtype=bool)
    across = np.abs(np.diff(picture, axis=1)).max(axis=-1) > CONTRAST
    down = np.abs(np.diff(picture, axis=0)).max(axis=-1) > CONTRAST
    for view, mask in (
        (rough[:, 1:], across),
        (rough[:, :-1], across),
        (rough[1:], down),
        (rough[:-1], down),
    ):
        view |= mask
    return rough


def film(light: Array) -> Array:
    """Map linear light to sRGB with a soft shoulder (Narkowicz's fit of the ACES curve)."""
    x = np.maximum(light, 0)
    mapped = np.clip(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0, 1)
    result: Array = (mapped ** (1 / 2.2)).astype(np.float32)
    return result
