"""The city: its skyline at night, and a street seen through a rainy window."""

# ruff: noqa: B023 - a pen's lambda runs at once, before its loop moves on.

from __future__ import annotations

import numpy as np

from tools.sample_scenes.canvas import HEIGHT, WIDTH, Array, Canvas, Pen, Point


def towers(c: Canvas, base: float, low: float, high: float, wall: str, lit: float, haze: float) -> None:
    """Set a row of buildings with some windows lit; `lit` is their share."""
    x = -30.0
    while x < 660:
        width = float(c.rng.uniform(30, 66))
        peak = np.exp(-(((x + width / 2 - 350) / 190) ** 2))
        height = float(c.rng.uniform(low, low + (high - low) * (0.25 + 0.75 * peak)))
        top = base - height
        face = c.mask(lambda pen: pen.box(x, top, x + width, base))
        c.paint(face, c.gradient([(top, wall), (base, "241c3c")]))
        edge = c.mask(lambda pen: pen.box(x + width * 0.72, top, x + width, base))
        c.shade(edge, 0.35)
        if c.rng.random() < 0.4:
            mast = c.mask(
                lambda pen: (
                    pen.line([(x + width / 2, top), (x + width / 2, top - 26)], 1.4),
                    pen.box(x + width * 0.3, top - 9, x + width * 0.7, top),
                )
            )
            c.paint(mast, wall)
            c.glow(x + width / 2, top - 26, 9, "ff4040", 0.9)
        step_x, step_y = float(c.rng.choice((6, 7, 8))), float(c.rng.choice((8, 9, 11)))
        warm: list[Point] = []
        cool: list[Point] = []
        wy = top + 7
        while wy < base - 6:
            wx = x + 4
            while wx < x + width - 6:
                if c.rng.random() < lit:
                    (warm if c.rng.random() < 0.78 else cool).append((wx, wy))
                wx += step_x
            wy += step_y
        for places, colour in ((warm, "ffcf7a"), (cool, "bfe2ff")):

            def panes(pen: Pen, places: list[Point] = places) -> None:
                for px, py in places:
                    pen.level = int(c.rng.uniform(90, 255))
                    pen.box(px, py, px + step_x * 0.55, py + step_y * 0.5)

            c.light(c.mask(panes), colour, 0.95 - haze)
        x += width + float(c.rng.uniform(-8, 5))


def city_night() -> Canvas:
    """A skyline mirrored in the river after dark."""
    c = Canvas(301)
    horizon = 322.0
    c.pixels += c.gradient([(0, "0a0f2e"), (150, "1f2460"), (250, "5a3a7e"), (322, "c8647a")])
    bank = c.noise(260, 50, 5)
    c.paint(np.clip(bank * 2.6 - 1.3, 0, 1), "43306e", 0.5)
    for _ in range(110):
        x, y = float(c.rng.uniform(0, WIDTH)), float(c.rng.uniform(0, 150))
        c.light(c.mask(lambda pen: pen.ellipse(x, y, 0.7)), "ffffff", float(c.rng.uniform(0.3, 0.9)))
    c.glow(120, 74, 90, "cfd8ff", 0.35)
    c.light(c.mask(lambda pen: pen.ellipse(120, 74, 24), 0.6), "f4f2e2", 1)
    craters = c.mask(
        lambda pen: (pen.ellipse(112, 68, 6), pen.ellipse(128, 80, 8), pen.ellipse(124, 62, 4)), 2
    )
    c.shade(craters, 0.14)
    towers(c, horizon, 60, 150, "4a4080", 0.22, 0.45)
    c.light(np.exp(-(((c.y - 300) / 60) ** 2)).astype(np.float32), "c0608a", 0.22)
    towers(c, horizon, 70, 225, "2e2a5c", 0.36, 0.2)
    towers(c, horizon, 30, 120, "1a183c", 0.42, 0.0)
    c.shape(lambda pen: pen.box(0, 314, WIDTH, horizon), "0e0c22")
    for i in range(22):
        x = 14 + i * 29.5
        c.glow(x, 311, 11, "ffb85a", 0.9)
        c.light(c.mask(lambda pen: pen.ellipse(x, 311, 1.6), 0.3), "fff2cc", 1)
    c.bloom(0.7, 7, 0.4)
    water = c.mirrored(horizon, 26, 1.35)
    # Long vertical smears are what tells a river from a mirror.
    smeared: Array = np.zeros_like(water)
    for shift in range(-24, 25, 4):
        smeared += np.roll(water, shift, axis=0)
    below = (c.y > horizon).astype(np.float32)
    c.paint(below, smeared / np.float32(13) * np.array((0.95, 0.85, 1.05), dtype=np.float32))
    near = np.clip((c.y - horizon) / (HEIGHT - horizon), 0, 1)
    c.paint(below * near, "0a0a26", 0.45)
    waves = c.noise(80, 4, 3)
    c.light(np.clip(waves * 5 - 3, 0, 1) * below, "ffb890", 0.12)
    c.shade(np.clip(1.6 - waves * 4, 0, 1) * below, 0.35)
    c.finish(0.35, 0.012)
    return c


def rainy_window() -> Canvas:
    """Drops run down a pane; behind it a grey street with its lights on."""
    c = Canvas(311)
    c.pixels += c.gradient([(0, "7c90a4"), (260, "5c7084"), (480, "303c48")])
    c.shape(lambda pen: pen.box(-20, 60, 170, 480), "2a3440", 14, 0.9)
    c.shape(lambda pen: pen.box(470, 20, 660, 480), "242e3a", 16, 0.9)
    c.shape(lambda pen: pen.box(230, 150, 400, 360), "55687a", 20, 0.7)
    c.shape(lambda pen: pen.polygon([(200, 480), (290, 330), (350, 330), (480, 480)]), "5f7080", 12, 0.7)
    for x, y in ((60, 150), (110, 220), (40, 260), (540, 120), (590, 200), (520, 260)):
        c.shape(lambda pen: pen.box(x, y, x + 26, y + 34), "e8b868", 7, 0.6)
    c.bokeh(12, ("ff5a48", "ff7a5a"), 20, 0.75, (330, 420))
    c.bokeh(16, ("ffd08a", "ffe6b8"), 17, 0.6, (180, 360))
    c.bokeh(6, ("78d8b0", "8ab8ff"), 19, 0.6, (220, 330))
    c.soften(3)
    sharp = c.pixels.copy()
    fog = c.noise(140, 200, 4)
    c.paint(np.clip(0.35 + fog * 0.5, 0, 1), "93a5b3", 0.5)
    height: Array = np.zeros(c.x.shape, dtype=np.float32)
    wiped: Array = np.zeros(c.x.shape, dtype=np.float32)

    def drop(x: float, y: float, size: float) -> None:
        far_y = (c.y[:, 0] - y) / (size * 1.16)
        far_x = (c.x[0] - x) / size
        rows, columns = np.flatnonzero(np.abs(far_y) < 1), np.flatnonzero(np.abs(far_x) < 1)
        if not len(rows) or not len(columns):
            return
        dy, dx = far_y[rows][:, None], far_x[columns][None]
        squeeze = 1 - 0.18 * dy
        dome = np.sqrt(np.clip(1 - (dx * squeeze) ** 2 - dy**2, 0, 1)) * size
        part = height[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        np.maximum(part, dome, out=part)

    for _ in range(1500):
        drop(*c.rng.uniform((0, 0, 0.9), (WIDTH, HEIGHT, 3.2)))
    trails: list[tuple[float, float, float]] = []
    for _ in range(17):
        x, y = c.rng.uniform((20, -40), (620, 120))
        end, size = c.rng.uniform((200, 5.5), (460, 10))
        lean, phase = c.rng.uniform((-0.06, 0), (0.06, 6))
        while y < end:
            y += 0.5
            middle = x + lean * y + 4 * np.sin(y / 37 + phase)
            band = np.exp(-(((c.x[0] - middle) / (size * 0.62)) ** 2)).astype(np.float32)
            row = int(np.clip(y * 2, 0, HEIGHT * 2 - 1))
            wiped[row] = np.maximum(wiped[row], band)
            height[row] *= 1 - band
            if c.rng.random() < 0.018:
                trails.append((middle, y, float(c.rng.uniform(1.4, 3.8))))
        trails.append((middle, end, size))
    for trail in trails:
        drop(*trail)
    for _ in range(170):
        x, y = c.rng.uniform((0, 0), (WIDTH, HEIGHT))
        if wiped[int(y * 2), int(x * 2)] < 0.1:
            drop(x, y, float(c.rng.gamma(3.2, 1.9) + 3))
    c.paint(c.blurred(wiped, 1), sharp, 0.75)
    slope_y, slope_x = np.gradient(height)
    wet = np.clip(height * 1.2, 0, 1)
    # A drop is a lens that turns the street upside down.
    rows = np.clip((HEIGHT - c.y + slope_y * 46) * 2, 0, HEIGHT * 2 - 1)
    rows = np.where(height > 0, rows * 0.55 + c.y * 2 * 0.45, c.y * 2).astype(np.int32)
    columns = np.clip((c.x + slope_x * 70) * 2, 0, WIDTH * 2 - 1).astype(np.int32)
    lens = sharp[np.clip(rows, 0, HEIGHT * 2 - 1), columns] * np.float32(1.12)
    c.shade(np.roll(c.blurred(wet, 1.6), 5, axis=0) * (1 - wet), 0.4)
    c.paint(wet, lens)
    steep = np.clip(np.hypot(slope_x, slope_y) - 0.55, 0, 1.2)
    c.shade(np.clip(steep * np.clip(-slope_y + 0.2, 0, 1) * 1.1, 0, 0.75) * wet, 1)
    c.light(np.clip((slope_y * 0.9 + slope_x * 0.35) - 0.5, 0, 1) * wet, "e8f4ff", 0.5)
    spots = np.clip((0.24 - np.hypot(slope_x - 0.28, slope_y - 0.42)) * 7, 0, 1) * (height > 2.4)
    c.light(spots.astype(np.float32), "ffffff", 0.8)
    frame = c.mask(lambda pen: (pen.box(0, 446, WIDTH, HEIGHT), pen.box(404, 0, 420, HEIGHT)))
    shadow = c.blurred(frame, 7)
    c.shade(shadow * (1 - frame), 0.55)
    c.paint(
        frame, c.gradient([(0, "39424c"), (444, "3a434c"), (447, "78828a"), (455, "4a535c"), (480, "262c34")])
    )
    c.light(frame * np.clip(1 - np.abs(c.x - 406) / 2.5, 0, 1) * (c.y < 446), "a8b8c4", 0.5)
    c.finish(0.45, 0.012)
    return c
