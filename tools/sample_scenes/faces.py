"""A child who laughs and one who cries, modelled in the round."""

from __future__ import annotations

import numpy as np

from tools.sample_scenes.canvas import Array, Canvas
from tools.sample_scenes.paints import linear, mottled
from tools.sample_scenes.render import render
from tools.sample_scenes.scene import Camera, Light, Material, Part, Scene, painted
from tools.sample_scenes.solids import (
    blend,
    both,
    capsule,
    cut,
    displaced,
    ellipsoid,
    mirrored,
    noise,
    sphere,
    torus,
    turned,
    union,
)


def person(skin: str, flush: str, smile: bool, hair: Part, jumper: str, eyes: str) -> list[Part]:
    """Model a head and shoulders; the head is about two units high around the origin."""
    skull = blend(
        0.25,
        ellipsoid((0, 0.12, 0), (0.8, 0.88, 0.8)),
        ellipsoid((0, -0.42, 0.16), (0.56, 0.5, 0.56)),
        mirrored(sphere((0.4, -0.2, 0.42), 0.3 if smile else 0.24)),
    )
    nose = blend(
        0.1, ellipsoid((0, -0.1, 0.84), (0.13, 0.11, 0.13)), capsule((0, 0.12, 0.74), (0, -0.06, 0.84), 0.05)
    )
    ears = mirrored(
        cut(
            ellipsoid((0.82, -0.02, -0.02), (0.12, 0.22, 0.14)),
            ellipsoid((0.88, -0.02, 0.1), (0.06, 0.13, 0.08)),
            0.05,
        )
    )
    head = blend(0.06, blend(0.1, skull, nose), ears)
    sockets = mirrored(sphere((0.3, 0.13, 0.66), 0.19))
    head = cut(head, sockets, 0.05)

    def frown(p: Array) -> Array:
        arc = np.abs(np.hypot(p[:, 0], p[:, 1] + 0.84) - 0.26) - 0.022
        result: Array = np.maximum(arc, np.maximum(-0.76 - p[:, 1], -p[:, 2])).astype(np.float32)
        return result

    if smile:
        mouth = both(
            ellipsoid((0, -0.3, 0.74), (0.36, 0.34, 0.3)),
            lambda p: p[:, 1] + 0.36 - p[:, 0] ** 2 * np.float32(0.9),
        )
    else:
        whole = head
        mouth = both(frown, lambda p: -whole(p) - np.float32(0.05))
    head = cut(head, mouth, 0.04)

    def complexion(p: Array) -> Array:
        base = linear(skin) * (1 + 0.06 * noise(p, 2, 6))[:, None]
        cheek = np.exp(-((np.abs(p[:, 0]) - 0.45) ** 2 + (p[:, 1] + 0.2) ** 2) / 0.045)
        tip = np.exp(-(p[:, 0] ** 2 + (p[:, 1] + 0.1) ** 2 + (p[:, 2] - 0.95) ** 2) / 0.02)
        share = np.clip(0.55 * cheek + 0.5 * tip, 0, 1)[:, None] * (p[:, 2:3] > 0)
        if not smile:
            base = np.where(frown(p)[:, None] < 0.004, linear("5a2426"), base)
        result: Array = (base + (linear(flush) - base) * share).astype(np.float32)
        return result

    gaze = np.array((0.03, 0.02, 1) if smile else (-0.1, -0.42, 1), dtype=np.float32)
    gaze /= np.linalg.norm(gaze)

    def eye(p: Array) -> Array:
        centre = np.array((0.3, 0.13, 0.66), dtype=np.float32) * np.sign(p[:, :1] + 1e-6) ** np.array(
            (1, 0, 0)
        )
        out = p - centre
        facing = (out / np.sqrt((out**2).sum(-1, keepdims=True))) @ gaze
        ring = np.clip((facing - 0.84) * 40, 0, 1)[:, None]
        hole = np.clip((facing - 0.945) * 60, 0, 1)[:, None]
        white, iris, pupil = linear("f4f1ec"), linear(eyes), linear("0a0808")
        colour = white + (iris - white) * ring
        result: Array = (colour + (pupil - colour) * hole).astype(np.float32)
        return result

    lid = 0.235 if smile else 0.14
    lids = both(
        mirrored(sphere((0.3, 0.13, 0.66), 0.205)),
        lambda p: np.float32(lid) + (p[:, 2] - 0.66) * np.float32(0.3 if smile else 0.12) - p[:, 1],
    )
    under = both(
        mirrored(sphere((0.3, 0.12, 0.655), 0.205)),
        lambda p: p[:, 1] - np.float32(0.03 if smile else -0.01) + (p[:, 2] - 0.66) * np.float32(0.1),
    )
    skin_like = Material(complexion, gloss=0.12, sharpness=14, soft=0.35)
    brow = mirrored(
        union(
            capsule((0.15, 0.45, 0.77), (0.3, 0.52, 0.72), 0.042, 0.045),
            capsule((0.3, 0.52, 0.72), (0.48, 0.45, 0.62), 0.045, 0.022),
        )
        if smile
        else capsule((0.14, 0.56, 0.76), (0.47, 0.38, 0.62), 0.045, 0.025)
    )
    body = blend(
        0.3,
        ellipsoid((0, -2.05, -0.15), (1.35, 0.75, 0.62)),
        capsule((0, -1.5, -0.1), (0, -0.9, -0.08), 0.36),
    )

    def knit(p: Array) -> Array:
        return np.sin(p[:, 0] * 55) * np.sin(p[:, 1] * 40) * np.float32(0.006)

    neck = capsule((0, -1.6, -0.12), (0, -0.7, -0.05), 0.3)
    return [
        Part(blend(0.12, head, neck), skin_like, ((0, -0.3, 0), 1.5)),
        Part(union(lids, under), skin_like, ((0, 0.12, 0.7), 0.62)),
        Part(
            mirrored(sphere((0.3, 0.13, 0.66), 0.185)),
            Material(eye, gloss=1.2, sharpness=90, mirror=0.03),
            ((0, 0.13, 0.66), 0.55),
        ),
        Part(brow, Material("1d120d", gloss=0.05), ((0, 0.45, 0.7), 0.6)),
        hair,
        Part(
            both(body, lambda p: p[:, 1] + np.float32(1.12)),
            Material(jumper, gloss=0.04, soft=0.3, bump=knit),
            ((0, -2, 0), 1.8),
        ),
        Part(
            torus((0, -1.13, -0.1), 0.36, 0.1),
            Material(jumper, gloss=0.04, soft=0.3, bump=knit),
            ((0, -1.13, 0), 0.5),
        ),
    ]


def smiling_face(passes: int, fraction: int) -> Canvas:
    """A child with curls laughs in warm light."""

    def curls(p: Array) -> Array:
        return noise(p, 2, 7) * np.float32(0.11) + noise(p, 1, 19) * np.float32(0.04)

    cap = cut(
        union(ellipsoid((0, 0.36, -0.16), (0.98, 0.92, 0.92)), mirrored(sphere((0.72, 0.5, -0.2), 0.42))),
        ellipsoid((0, -0.12, 0.75), (0.74, 0.72, 0.8)),
        0.08,
    )
    hair = Part(
        displaced(cap, curls, 0.55),
        Material(mottled("3a2318", "150b07", 9), gloss=0.05, sharpness=10),
        ((0, 0.4, -0.15), 1.35),
    )
    parts = person("a8683f", "b8503a", True, hair, "f4b92e", "4a2612")
    parts += [
        Part(
            both(
                ellipsoid((0, -0.34, 0.62), (0.34, 0.3, 0.26)),
                lambda p: p[:, 1] + 0.36 - p[:, 0] ** 2 * np.float32(0.9),
            ),
            Material("5a1a1e", gloss=0.3),
            ((0, -0.4, 0.6), 0.45),
        ),
        Part(
            both(
                ellipsoid((0, -0.34, 0.66), (0.3, 0.3, 0.25)),
                lambda p: np.abs(p[:, 1] + 0.41 - p[:, 0] ** 2 * np.float32(0.9)) - np.float32(0.055),
            ),
            Material("fdfaf2", gloss=0.7, sharpness=50),
            ((0, -0.4, 0.6), 0.45),
        ),
        Part(
            ellipsoid((0, -0.6, 0.62), (0.17, 0.06, 0.15)),
            Material("d8606a", gloss=0.5),
            ((0, -0.6, 0.72), 0.2),
        ),
    ]
    camera = Camera((0.25, -0.1, 5.4), (0.05, -0.16, 0), 30)
    street = Canvas(21)
    street.pixels += street.gradient([(0, "ffd9a0"), (260, "ffb070"), (480, "e0705a")])
    street.paint(street.noise(160, 140, 2), "ffe9c0", 0.6)
    street.soften(6)
    street.bokeh(46, ("fff3c4", "ffe08a", "ff9a6a", "ffffff"), 30, 0.4, (0, 480))
    scene = Scene(
        parts=parts,
        camera=camera,
        lights=[
            Light((0.7, 0.7, 0.9), "ffeed2", 1.9, size=0.15),
            Light((-0.9, 0.5, -0.6), "ffc070", 1.6, shadow=False),
        ],
        sky=painted(street, camera),
        ambient=("ffe2c0", "c07a50"),
        ambient_strength=0.55,
    )
    canvas = Canvas(22)
    canvas.load(render(scene, passes, fraction))
    canvas.bloom(0.78, 12, 0.25)
    canvas.finish(0.2, 0.008)
    return canvas


def sad_face(passes: int, fraction: int) -> Canvas:
    """Someone with wet cheeks looks down in cold light."""

    def strands(p: Array) -> Array:
        return noise(p * np.array((1, 0.12, 1), dtype=np.float32), 3, 13) * np.float32(0.05)

    fall = blend(
        0.15,
        cut(
            ellipsoid((0, 0.28, -0.12), (0.93, 0.92, 0.92)),
            turned(ellipsoid((0.06, -0.25, 0.8), (0.66, 0.86, 0.7)), 2, 8),
            0.08,
        ),
        mirrored(capsule((0.8, 0.1, -0.05), (0.86, -1.3, 0.1), 0.2, 0.26)),
    )
    hair = Part(
        displaced(fall, strands, 0.6),
        Material(mottled("8a6a48", "4a3420", 6), gloss=0.1, sharpness=10),
        ((0, -0.2, -0.1), 1.75),
    )
    parts = person("e6b59a", "c9605a", False, hair, "4a5a78", "4f6e86")
    tear = union(
        ellipsoid((0.36, -0.16, 0.745), (0.045, 0.06, 0.04)),
        capsule((0.345, -0.02, 0.75), (0.36, -0.14, 0.76), 0.018),
        ellipsoid((-0.34, -0.36, 0.7), (0.042, 0.065, 0.05)),
        capsule((-0.33, -0.04, 0.75), (-0.34, -0.34, 0.73), 0.016),
    )
    parts.append(Part(tear, Material("cfe6f4", gloss=1.8, sharpness=60, mirror=0.25), ((0, -0.2, 0.75), 0.6)))
    camera = Camera((0.2, 0.25, 5.4), (0, -0.17, 0), 30)
    room = Canvas(31)
    room.pixels += room.gradient([(0, "51647a"), (300, "33465c"), (480, "1d2836")])
    room.paint(room.noise(200, 200, 2), "7d94a8", 0.4)
    room.shape(lambda pen: pen.box(430, 30, 590, 300), "9fb4c6", 22, 0.7)
    room.shape(lambda pen: pen.box(505, 30, 513, 300), "33465c", 9, 0.9)
    scene = Scene(
        parts=parts,
        camera=camera,
        lights=[
            Light((0.9, 0.55, 0.6), "cfe0f2", 1.45, size=0.2),
            Light((-0.8, 0.3, -0.5), "6f8fb8", 0.7, shadow=False),
        ],
        sky=painted(room, camera),
        ambient=("8ea6c2", "38424f"),
        ambient_strength=0.5,
    )
    canvas = Canvas(32)
    canvas.load(render(scene, passes, fraction))
    canvas.finish(0.45, 0.012)
    return canvas
