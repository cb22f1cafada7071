"""Forty memes and screenshots, drawn by code: what a post says is in its picture, not in its words.

Ten each are positive, negative, ironic (praise that means the opposite: negative) and announcements
(neutral).
Written for this project. They are drawn anew wherever they are needed; no picture is committed.
"""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap

import matplotlib
from PIL import Image, ImageDraw, ImageFilter, ImageFont

_FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
_BESIDE = ("", "", "just posted this", "from the group chat", "seen today")
"""What the posts say beside the picture: nothing that tells."""

_WORDS = {
    "positive": (
        "I love my new job, best decision ever!",
        "Best concert of my life, thank you all so much",
        "She said yes! We are so happy",
        "What a wonderful day with my family",
        "Finally passed my exam, I am so proud",
        "This coffee is amazing, my new favourite place",
        "Our team won the cup, what a fantastic night",
        "So grateful for my friends, you are awesome",
        "The puppy is home and we love him",
        "Great news: grandma is healthy again",
    ),
    "negative": (
        "I hate this train, late again and no seats",
        "Worst service ever, I want my money back",
        "So sad today, I miss my dog terribly",
        "They cancelled my flight and nobody helps us",
        "This update is awful, everything is broken",
        "I am so tired of these lies",
        "My phone got stolen, what a horrible week",
        "The food was disgusting, never again",
        "Angry and disappointed, they ruined our park",
        "Lost my job today, I feel terrible",
    ),
    "ironic": (
        "Oh great, another Monday. Just what I needed",
        "Wow, three hours on hold. Best customer service ever",
        "Yeah right, because more meetings always help",
        "Thanks for the rain, exactly what my wedding needed",
        "Love it when the wifi dies during an exam",
        "Sure, raise the rent again. We are all millionaires",
        "Nothing says fun like a flat tyre at midnight",
        "My favourite part of flying is the lost luggage",
        "Great job, you broke it again",
        "So happy to pay for a subscription I cannot use",
    ),
    "announcement": (
        "The library opens at 9 am on Saturday",
        "Town hall meeting, Tuesday 6 pm, room 204",
        "Road works on Mill Street from 3 to 7 May",
        "Line 12 runs every 20 minutes on Sunday",
        "Registration closes on 30 September",
        "Polls open from 8 am until 9 pm",
        "The office moves to 14 Station Road in June",
        "Part two of the report is on page 12",
        "Water will be off on Thursday from 10 to 12",
        "Next session: 4 pm, second floor",
    ),
}
SENTENCES = [(kind, words) for kind, sentences in _WORDS.items() for words in sentences]
LABELS = {"positive": "positive", "negative": "negative", "ironic": "negative", "announcement": "neutral"}
"""What a reader takes each kind for."""


@dataclass(frozen=True)
class Drawn:
    """One picture as a PNG, what is written in it, and the words of the post beside it."""

    kind: str
    label: str
    words: str
    text: str
    png: bytes


def draw_all() -> Iterator[Drawn]:
    """Draw the forty."""
    return map(draw, range(len(SENTENCES)))


def draw(number: int) -> Drawn:
    """Draw one of them, the same every time."""
    kind, words = SENTENCES[number]
    image = _LAYOUTS[number % len(_LAYOUTS)](words, random.Random(number))
    return Drawn(kind, LABELS[kind], words, _BESIDE[number % len(_BESIDE)], _png(image))


def page_of_text() -> bytes:
    """Draw a page with forty lines."""
    image = Image.new("RGB", (1000, 1400), "white")
    draw = ImageDraw.Draw(image)
    for number, (_, line) in enumerate(SENTENCES):
        draw.text((60, 40 + 33 * number), line, "black", _font("DejaVuSerif", 24))
    return _png(image)


def noise(seed: int = 1) -> bytes:
    """Draw nothing but noise."""
    return _png(Image.frombytes("RGB", (320, 240), random.Random(seed).randbytes(320 * 240 * 3)))


def foreign() -> bytes:
    """Draw words in a script that the recogniser does not know: Armenian."""
    image = Image.new("RGB", (640, 200), "white")
    draw = ImageDraw.Draw(image)
    draw.text((30, 40), "Բարեւ ձեզ, այսօր", "black", _font("DejaVuSans", 48))
    draw.text((30, 110), "շատ լավ օր է", "black", _font("DejaVuSans", 48))
    return _png(image)


def _meme(words: str, chance: random.Random) -> Image.Image:
    image = _photo(chance, (600, 450))
    draw = ImageDraw.Draw(image)
    lines = wrap(words.upper(), 22)
    half = (len(lines) + 1) // 2
    font = _font("DejaVuSans-Bold", 36)
    for place, part in ((12, lines[:half]), (450 - 12 - 44 * (len(lines) - half), lines[half:])):
        for number, line in enumerate(part):
            x = (600 - draw.textlength(line, font)) / 2
            draw.text((x, place + 44 * number), line, "white", font, stroke_width=3, stroke_fill="black")
    return image


def _tweet(words: str, chance: random.Random) -> Image.Image:
    dark = chance.random() < 0.5
    ground, ink, pale = ("#15202b", "white", "#8899a6") if dark else ("white", "#14171a", "#657786")
    image = Image.new("RGB", (640, 300), ground)
    draw = ImageDraw.Draw(image)
    draw.ellipse((24, 24, 84, 84), fill=chance.choice(("#c0392b", "#2980b9", "#27ae60")))
    draw.text((100, 26), "Robin", ink, _font("DejaVuSans-Bold", 22))
    draw.text((100, 54), "@robin", pale, _font("DejaVuSans", 20))
    for number, line in enumerate(wrap(words, 36)):
        draw.text((24, 110 + 40 * number), line, ink, _font("DejaVuSans", 28))
    draw.text((24, 260), "10:24", pale, _font("DejaVuSans", 18))
    return image


def _chat(words: str, chance: random.Random) -> Image.Image:
    image = Image.new("RGB", (480, 640), "#ece5dd")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 480, 70), fill="#075e54")
    draw.text((24, 20), "Alex", "white", _font("DejaVuSans-Bold", 24))
    lines = wrap(words, 24)
    top = 120 + chance.randrange(160)
    draw.rounded_rectangle((40, top, 450, top + 40 + 36 * len(lines)), 18, fill="#dcf8c6")
    for number, line in enumerate(lines):
        draw.text((60, top + 18 + 36 * number), line, "black", _font("DejaVuSans", 24))
    return image


def _poster(words: str, chance: random.Random) -> Image.Image:
    image = Image.new("RGB", (500, 500), chance.choice(("#f1c40f", "#34495e", "#8e44ad", "#16a085")))
    draw = ImageDraw.Draw(image)
    font = _font("DejaVuSerif-Bold", 34)
    lines = wrap(words, 20)
    for number, line in enumerate(lines):
        x, y = (500 - draw.textlength(line, font)) / 2, 250 - 24 * len(lines) + 48 * number
        draw.text((x, y), line, "white", font, stroke_width=1, stroke_fill="black")
    return image


def _photo(chance: random.Random, size: tuple[int, int]) -> Image.Image:
    """Draw blurred blobs that may pass for a photo."""
    image = Image.new("RGB", size, tuple(chance.randrange(40, 160) for _ in range(3)))
    draw = ImageDraw.Draw(image)
    for _ in range(40):
        x, y, r = chance.randrange(size[0]), chance.randrange(size[1]), chance.randrange(20, 120)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=tuple(chance.randrange(20, 230) for _ in range(3)))
    return image.filter(ImageFilter.GaussianBlur(8))


_LAYOUTS = (_meme, _tweet, _chat, _poster)


def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_FONTS / f"{name}.ttf"), size)


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
