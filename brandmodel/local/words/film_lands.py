"""The places that films show: what they are called, which lie near each other, and what each suits."""

from __future__ import annotations

import re

LANDS = {
    "mountains": "mountain ridges, one behind the other",
    "lake": "a still lake",
    "forest": "a forest",
    "hills": "rolling hills",
    "meadow": "a meadow in flower",
    "sea": "the open sea",
    "island": "an island off the coast",
    "dunes": "long dunes",
    "city": "a city skyline",
}
NEAR_LANDS = {
    "sea": ("island", "dunes", "lake"),
    "island": ("sea", "dunes", "hills"),
    "lake": ("mountains", "forest", "meadow"),
    "mountains": ("lake", "forest", "hills"),
    "forest": ("hills", "meadow", "lake"),
    "hills": ("meadow", "forest", "lake"),
    "meadow": ("hills", "forest", "lake"),
    "dunes": ("sea", "hills", "mountains"),
    "city": ("sea", "lake", "hills"),
}
SUITING: dict[str, tuple[str, ...]] = {
    "spring": ("meadow", "hills", "lake"),
    "summer": ("sea", "island", "meadow"),
    "autumn": ("forest", "hills", "lake"),
    "winter": ("mountains", "forest", "lake"),
    "phone": ("city", "mountains", "dunes"),
    "tube": ("lake", "sea", "meadow"),
    "cup": ("hills", "mountains", "lake"),
    "mug": ("hills", "forest", "lake"),
    "jar": ("forest", "dunes", "hills"),
    "book": ("sea", "forest", "dunes"),
    "concert": ("city", "lake", "mountains"),
    "party": ("city", "meadow", "sea"),
    "sale": ("city", "dunes", "hills"),
    "talk": ("city", "sea", "mountains"),
    "wedding": ("meadow", "lake", "sea"),
    "opening": ("city", "hills", "meadow"),
}
HINTS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (
        re.compile(r"\b(?:trail|hik\w+|climb\w*|outdoors?|ski\w*|rain jacket)\b"),
        ("mountains", "forest", "hills"),
    ),
    (
        re.compile(r"\b(?:tid(?:al|es)|surf\w*|sail\w*|fish\w*|salt|swim\w*|nets)\b"),
        ("sea", "island", "dunes"),
    ),
    (
        re.compile(r"\b(?:herb\w*|honey|farm\w*|milk|wine|vine\w*|grown)\b"),
        ("meadow", "lake", "forest"),
    ),
    (
        re.compile(r"\b(?:delivery|app|law|bank|taxi|office|software|firm)\b"),
        ("city", "hills", "lake"),
    ),
    (
        re.compile(r"\b(?:picnic|fair|market|festival|garden party|street party)\b"),
        ("meadow", "city", "lake"),
    ),
    (re.compile(r"\b(?:wood\w*|pottery|cedar|smoke)\b"), ("forest", "hills", "dunes")),
    (re.compile(r"\b(?:bicycle|bike|scooter|tram)s?\b"), ("city", "hills", "meadow")),
    (re.compile(r"\b(?:bakery|bread|sourdough|grain|flour)\b"), ("meadow", "city", "hills")),
    (re.compile(r"\b(?:coffee|cold brew|espresso|tea)\b"), ("lake", "mountains", "hills")),
    (re.compile(r"\b(?:rose|fig|garden|jasmine)\b"), ("meadow", "hills", "lake")),
)
