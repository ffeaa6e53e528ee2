"""The phones of English: class, usual length, and how the robotic voice forms them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["vowel", "glide", "nasal", "hiss", "breath", "buzz", "stop", "voiced stop"]


@dataclass(frozen=True, slots=True)
class Phone:
    """One phone.

    Attributes:
        length_s: in connected speech at a calm pace.
        formants: hertz; after Peterson and Barney (1952) and Klatt (1980).
        glides_to: formants that a diphthong ends on.
        voice: strength of the voiced source, 0 to 1.
        hiss: strength, centre in hertz and width in octaves of its noise.
    """

    kind: Kind
    length_s: float
    formants: tuple[int, int, int]
    glides_to: tuple[int, int, int] | None = None
    voice: float = 1.0
    hiss: tuple[float, float, float] = (0.0, 3000.0, 1.0)


def _vowel(length: float, *formants: int, to: tuple[int, int, int] | None = None) -> Phone:
    return Phone("vowel", length, (formants[0], formants[1], formants[2]), to)


def _noisy(
    kind: Kind, length: float, voice: float, hiss: tuple[float, float, float], second: int
) -> Phone:
    return Phone(kind, length, (320, second, 2600), None, voice, hiss)


PHONES: dict[str, Phone] = {
    "iy": _vowel(0.110, 280, 2250, 2950),
    "ih": _vowel(0.075, 400, 1950, 2550),
    "eh": _vowel(0.095, 550, 1800, 2500),
    "ae": _vowel(0.135, 690, 1680, 2450),
    "aa": _vowel(0.130, 730, 1120, 2450),
    "ao": _vowel(0.125, 590, 880, 2420),
    "ah": _vowel(0.090, 640, 1200, 2400),
    "ax": _vowel(0.058, 500, 1450, 2450),
    "uh": _vowel(0.080, 450, 1030, 2300),
    "uw": _vowel(0.110, 310, 920, 2250),
    "er": _vowel(0.120, 480, 1320, 1700),
    "ey": _vowel(0.135, 500, 1850, 2500, to=(330, 2150, 2700)),
    "ay": _vowel(0.165, 720, 1200, 2500, to=(380, 2000, 2600)),
    "oy": _vowel(0.180, 560, 850, 2400, to=(380, 1950, 2550)),
    "aw": _vowel(0.165, 720, 1250, 2450, to=(430, 950, 2350)),
    "ow": _vowel(0.140, 540, 980, 2400, to=(380, 840, 2300)),
    "w": Phone("glide", 0.062, (300, 650, 2200), None, 0.7),
    "y": Phone("glide", 0.055, (270, 2200, 3000), None, 0.7),
    "r": Phone("glide", 0.068, (330, 1150, 1500), None, 0.75),
    "l": Phone("glide", 0.068, (360, 1050, 2750), None, 0.75),
    "m": Phone("nasal", 0.072, (260, 1050, 2200), None, 0.5),
    "n": Phone("nasal", 0.066, (260, 1500, 2500), None, 0.5),
    "ng": Phone("nasal", 0.078, (260, 1950, 2600), None, 0.5),
    "s": _noisy("hiss", 0.112, 0.0, (0.75, 6400, 0.55), 1500),
    "sh": _noisy("hiss", 0.115, 0.0, (0.8, 3400, 0.6), 1800),
    "ch": _noisy("hiss", 0.120, 0.0, (0.8, 3500, 0.6), 1800),
    "f": _noisy("breath", 0.098, 0.0, (0.22, 5200, 1.6), 1100),
    "th": _noisy("breath", 0.090, 0.0, (0.2, 6000, 1.4), 1400),
    "hh": _noisy("breath", 0.060, 0.1, (0.25, 1700, 1.5), 1500),
    "v": _noisy("buzz", 0.062, 0.5, (0.12, 4800, 1.5), 1100),
    "dh": _noisy("buzz", 0.048, 0.5, (0.1, 5400, 1.4), 1400),
    "z": _noisy("buzz", 0.088, 0.4, (0.45, 6200, 0.6), 1500),
    "zh": _noisy("buzz", 0.085, 0.4, (0.45, 3300, 0.7), 1800),
    "jh": _noisy("buzz", 0.095, 0.35, (0.5, 3400, 0.7), 1800),
    "p": _noisy("stop", 0.088, 0.0, (0.5, 1100, 1.4), 900),
    "t": _noisy("stop", 0.080, 0.0, (0.6, 4600, 0.9), 1700),
    "k": _noisy("stop", 0.090, 0.0, (0.6, 2100, 0.8), 1900),
    "b": _noisy("voiced stop", 0.066, 0.3, (0.3, 1000, 1.4), 900),
    "d": _noisy("voiced stop", 0.060, 0.3, (0.35, 4200, 1.0), 1700),
    "g": _noisy("voiced stop", 0.066, 0.3, (0.35, 2000, 0.9), 1900),
}
