"""Things with words and numbers: a bar chart, a departures board, a polling-station notice."""

# ruff: noqa: B023 - a pen's lambda runs at once, before its loop moves on.

from __future__ import annotations

import numpy as np

from tools.sample_scenes.canvas import WIDTH, Canvas, Pen


def bar_chart() -> Canvas:
    """A screenshot of a chart: passengers of the harbour ferry by month."""
    c = Canvas(401)
    c.pixels += np.float32(1)
    c.paint(np.ones_like(c.x), "f5f6f8")
    c.shape(lambda pen: pen.box(0, 0, WIDTH, 34), "e4e7ec")
    for i, colour in enumerate(("f2655a", "f5bd4f", "5fc454")):
        c.shape(lambda pen: pen.ellipse(20 + i * 20, 17, 6), colour)
    c.shape(lambda pen: pen.box(92, 8, 548, 27, 8), "ffffff")
    c.shape(lambda pen: pen.text(320, 17.5, "data.merrow.example / ferry / passengers", 11.5), "7a8290")
    c.shape(lambda pen: pen.box(20, 50, 620, 464, 10), "d9dde4", 3)
    c.shape(lambda pen: pen.box(20, 48, 620, 462, 10), "ffffff")
    c.shape(lambda pen: pen.text(44, 78, "Harbour ferry: passengers per month", 20, 0.35, "lm"), "1f2937")
    c.shape(
        lambda pen: pen.text(44, 102, "Thousands. Source: Merrow port office, open data", 12.5, 0, "lm"),
        "6b7280",
    )
    values = (31, 28, 36, 44, 52, 61, 78, 83, 64, 49, 37, 34)
    before = (29, 27, 33, 41, 50, 63, 74, 79, 60, 47, 35, 36)
    bottom, scale = 412.0, 3.05
    for level in range(0, 91, 15):
        y = bottom - level * scale
        c.shape(lambda pen: pen.box(84, y, 596, y + 0.8), "e5e7eb")
        c.shape(lambda pen: pen.text(76, y, str(level), 12, 0, "rm"), "6b7280")
    for i, (now, then) in enumerate(zip(values, before, strict=True)):
        x = 96 + i * 42
        c.shape(lambda pen: pen.box(x, bottom - then * scale, x + 14, bottom, 2), "c7d2e0")
        bar = c.mask(lambda pen: pen.box(x + 15, bottom - now * scale, x + 30, bottom, 2))
        c.paint(bar, c.gradient([(150, "2f6fd0"), (412, "4f9be8")]))
        c.shape(lambda pen: pen.text(x + 15, 427, "JFMAMJJASOND"[i], 12.5), "4b5563")
    c.shape(lambda pen: pen.box(440, 70, 452, 82, 2), "c7d2e0")
    c.shape(lambda pen: pen.text(458, 76.5, "2023", 12.5, 0, "lm"), "4b5563")
    c.shape(lambda pen: pen.box(510, 70, 522, 82, 2), "3f85dc")
    c.shape(lambda pen: pen.text(528, 76.5, "2024", 12.5, 0, "lm"), "4b5563")
    c.shape(lambda pen: pen.text(320, 449, "updated 2 May", 11), "9ca3af")
    return c


def flight_board() -> Canvas:
    """A departures board on which nearly everything is cancelled."""
    c = Canvas(411)
    c.pixels += c.gradient([(0, "2a2f38"), (480, "14171c")])
    c.glow(320, -40, 420, "8aa0c0", 0.35)
    c.shape(lambda pen: pen.box(22, 26, 618, 452, 8), "000000", 8, 0.6)
    c.shape(
        lambda pen: pen.box(24, 24, 616, 448, 6),
        c.gradient([(24, "3a4048"), (32, "1c2026"), (448, "0e1014")]),
    )
    c.shape(lambda pen: pen.box(34, 34, 606, 84, 3), c.gradient([(34, "f2c230"), (84, "d9a514")]))
    c.shape(lambda pen: pen.text(98, 59, "Departures", 31, 0.7, "lm"), "17181a")

    def plane(pen: Pen) -> None:
        pen.polygon([(50, 70), (84, 47), (88, 48), (86, 53), (54, 74)])
        pen.polygon([(62, 60), (46, 51), (50, 49), (72, 54)])
        pen.polygon([(72, 60), (76, 76), (79, 73), (79, 56)])
        pen.polygon([(54, 66), (45, 64), (48, 62), (57, 64)])

    c.shape(plane, "17181a")
    c.shape(lambda pen: pen.text(588, 59, "21:46", 27, 0.5, "rm"), "17181a")
    for x, head in ((46, "Time"), (126, "To"), (328, "Flight"), (424, "Gate"), (484, "Remarks")):
        c.shape(lambda pen: pen.text(x, 101, head, 13, 0, "lm"), "8d96a4")
    rows = (
        ("20:15", "LISBON", "MA 204", "B7", "CANCELLED"),
        ("20:40", "BERLIN", "NL 1182", "A3", "CANCELLED"),
        ("20:55", "OSAKA", "KS 77", "C1", "CANCELLED"),
        ("21:10", "MADRID", "MA 318", "B2", "CANCELLED"),
        ("21:25", "PORT MERROW", "HB 12", "A9", "CANCELLED"),
        ("21:50", "OSLO", "NL 640", "A5", "DELAYED"),
        ("22:05", "ATHENS", "EG 411", "--", "CANCELLED"),
        ("22:30", "DUBLIN", "EI 955", "--", "CANCELLED"),
    )
    for i, row in enumerate(rows):
        y = 116 + i * 40
        c.shape(lambda pen: pen.box(34, y, 606, y + 36, 2), "15181d")
        for x, word, count in (
            (44, row[0], 5),
            (124, row[1], 11),
            (326, row[2], 7),
            (422, row[3], 2),
            (482, row[4], 9),
        ):
            width = 13.4 if count > 2 else 16
            for k in range(count):
                left = x + k * width
                c.shape(
                    lambda pen: pen.box(left, y + 5, left + width - 1.6, y + 31, 1.5),
                    c.gradient([(y + 5, "343a44"), (y + 18, "262b33"), (y + 31, "2c323b")]),
                )
                letter = word[k] if k < len(word) else " "
                ink = "f4f2ea"
                if x == 482:
                    ink = "ff5a4a" if word == "CANCELLED" else "ffc23a"
                c.shape(lambda pen: pen.text(left + width / 2 - 0.8, y + 18.5, letter, 16.5, 0.25), ink)
                c.shade(c.mask(lambda pen: pen.box(left, y + 17.6, left + width - 1.6, y + 18.6)), 0.6)
    reds = np.clip(c.pixels[..., 0] - c.pixels[..., 1] - 0.25, 0, 1)
    c.light(c.blurred(reds, 7), "ff3a2a", 0.9)
    sheen = np.clip(1 - np.abs((c.x + c.y * 0.6) - 300) / 150, 0, 1) * (c.y < 448) * (c.y > 24)
    c.light(sheen.astype(np.float32), "a8c0e0", 0.055)

    def heads(pen: Pen) -> None:
        for x, size in ((70, 26), (168, 22), (262, 28), (384, 24), (470, 27), (572, 23)):
            pen.ellipse(x, 470 - size * 0.9, size * 0.6, size * 0.72)
            pen.blob(
                [
                    (x - size * 1.6, 520),
                    (x - size * 1.25, 474),
                    (x, 462),
                    (x + size * 1.25, 474),
                    (x + size * 1.6, 520),
                ]
            )

    people = c.mask(heads, 1.6)
    c.paint(people, "06070a", 0.96)
    c.light(np.clip(people - np.roll(people, 4, axis=0), 0, 1), "8aa0c0", 0.4)
    c.finish(0.35, 0.012)
    return c


def polling_station() -> Canvas:
    """A notice on a brick wall says where to vote and when."""
    c = Canvas(421)
    c.pixels += np.float32(0.5)
    c.paint(np.ones_like(c.x), "b8aea0")
    c.shade(1 - c.noise(5, 5, 2), 0.25)
    rows = 0
    y = -6.0
    while y < 480:
        x = -40.0 - (32 if rows % 2 else 0)
        while x < 650:
            tone = float(c.rng.uniform(0.72, 1.08))
            warm = float(c.rng.uniform(-0.03, 0.03))
            brick = (0.60 * tone + warm, 0.31 * tone, 0.24 * tone - warm)
            c.shape(lambda pen: pen.box(x, y, x + 60, y + 22, 1.5), brick, 0.5)
            c.shape(lambda pen: pen.box(x, y + 20, x + 60, y + 22.5), "3a1c14", 1, 0.5)
            x += 64
        y += 26
        rows += 1
    rough = c.noise(9, 6, 4)
    c.shade(np.clip(1.25 - rough * 2, 0, 1), 0.4)
    c.light(np.clip(rough * 2 - 1.2, 0, 1), "ffd8b8", 0.16)
    c.shade(np.clip(c.noise(240, 240, 3) * 1.6 - 0.5, 0, 1), 0.3)
    c.shape(lambda pen: pen.box(143, 60, 513, 444, 4), "000000", 10, 0.6)
    c.shape(lambda pen: pen.box(138, 50, 506, 434, 3), c.gradient([(50, "ffffff"), (434, "e9e7e0")]))
    c.shape(lambda pen: pen.box(150, 62, 494, 422, 2), "1f2a3c")
    c.shape(lambda pen: pen.box(153, 65, 491, 419, 1), "fbfaf6")
    c.shape(lambda pen: pen.box(153, 65, 491, 172, 1), "1f2a3c")
    c.shape(lambda pen: pen.text(322, 100, "POLLING", 46, 1.5), "ffffff")
    c.shape(lambda pen: pen.text(322, 144, "STATION", 46, 1.5), "ffffff")
    c.shape(lambda pen: pen.text(322, 206, "Merrow town council", 23, 0.2), "1f2a3c")
    c.shape(lambda pen: pen.text(322, 240, "Thursday 8 May", 27, 0.6), "1f2a3c")
    c.shape(lambda pen: pen.text(322, 274, "7 am to 9 pm", 27, 0.6), "1f2a3c")
    c.shape(lambda pen: pen.text(322, 312, "School hall, Quay Street", 20), "3f4a5c")
    arrow = [(238, 350), (360, 350), (360, 333), (408, 364), (360, 395), (360, 378), (238, 378)]
    c.shape(lambda pen: pen.polygon([(float(x), float(y)) for x, y in arrow]), "1f2a3c")
    for x, y in ((150, 60), (494, 60), (150, 424), (494, 424)):
        c.shape(lambda pen: pen.ellipse(x + 1, y + 2, 5), "000000", 1.5, 0.5)
        c.shape(lambda pen: pen.ellipse(x, y, 4.4), "c8ccd0")
        c.shape(lambda pen: pen.ellipse(x - 1.2, y - 1.4, 1.6), "ffffff", 0.5)
    shade = np.clip((c.x * 0.75 + c.y - 560) / 26, 0, 1)
    c.shade(c.blurred(shade.astype(np.float32), 8), 0.34)
    c.light(np.clip(1 - (c.x * 0.75 + c.y) / 700, 0, 1), "ffe8c0", 0.16)
    c.finish(0.25, 0.012)
    return c
