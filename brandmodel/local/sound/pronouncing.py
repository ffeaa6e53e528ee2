"""Pronunciations that a dictionary of everyday English lacks: brand-like names, food, abroad.

Phones are those of the CMU dictionary in lower case, vowels with their stress.
"""

from __future__ import annotations

NAMES = {
    "aurelia": "ao0 r iy1 l iy0 ax0",
    "aurelius": "ao0 r iy1 l iy0 ax0 s",
    "aurora": "ao0 r ao1 r ax0",
    "aura": "ao1 r ax0",
    "latte": "l aa1 t ey0",
    "lattes": "l aa1 t ey0 z",
    "matcha": "m aa1 ch ax0",
    "acai": "ax0 s ay0 iy1",
    "quinoa": "k iy1 n w aa0",
    "kombucha": "k ax0 m b uw1 ch ax0",
    "prosecco": "p r ax0 s eh1 k ow0",
    "croissant": "k w aa0 s aa1 n",
    "croissants": "k w aa0 s aa1 n z",
    "barista": "b ax0 r iy1 s t ax0",
    "baristas": "b ax0 r iy1 s t ax0 z",
    "bergamot": "b er1 g ax0 m aa0 t",
    "skincare": "s k ih1 n k eh0 r",
    "ecommerce": "iy1 k aa1 m er0 s",
    "atelier": "ae0 t ax0 l y ey1",
    "maison": "m ey0 z ao1 n",
    "verde": "v eh1 r d ey0",
    "hygge": "hh uw1 g ax0",
    "vegan": "v iy1 g ax0 n",
    "fjord": "f y ao1 r d",
    "reykjavik": "r ey1 k y ax0 v ih0 k",
    "bio": "b ay1 ow0",
    "boucle": "b uw0 k l ey1",
    "aperitivo": "ax0 p eh0 r ih0 t iy1 v ow0",
    "aperitif": "ax0 p eh0 r ih0 t iy1 f",
    "niacinamide": "n ay0 ax0 s ih1 n ax0 m ay0 d",
    "saas": "s ae1 s",
    "cafe": "k ae0 f ey1",
    "cafes": "k ae0 f ey1 z",
    "elysia": "ih0 l iy1 zh ax0",
    "celeste": "s ax0 l eh1 s t",
    "gelato": "jh ax0 l aa1 t ow0",
    "umami": "uw0 m aa1 m iy0",
    "yuzu": "y uw1 z uw0",
    "soiree": "s w aa0 r ey1",
    "decor": "d ey0 k ao1 r",
    "ay": "ey1",
    "em": "eh1 m",
    "aitch": "ey1 ch",
    "ikea": "ay0 k iy1 ax0",
    "wifi": "w ay1 f ay0",
}


def pronunciation(word: str) -> str:
    """The phones of a word that is known here, also with a possessive ``'s``; else empty."""
    known = NAMES.get(word, "")
    if not known and word.endswith("'s") and word[:-2] in NAMES:
        last = NAMES[word[:-2]].split()[-1]
        known = f"{NAMES[word[:-2]]} {'s' if last in ('p', 't', 'k', 'f', 'th') else 'z'}"
    return known
