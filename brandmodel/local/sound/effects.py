"""Sound effects from words."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable

import numpy as np

from brandmodel.local.desk import Desk
from brandmodel.local.sound import gestures, nature, wav
from brandmodel.local.sound.filters import db, faded, fitted, high_pass
from brandmodel.local.sound.loudness import limited, momentary_peak
from brandmodel.local.sound.noise import Random
from brandmodel.local.sound.wav import RATE, Samples
from brandmodel.tasks import MakeSound, Sound

Maker = Callable[[float, Random], Samples]

_LEVEL_LUFS = -18.0
_MAKERS: tuple[tuple[Maker, str], ...] = (
    (nature.waves, "wave sea ocean surf beach shore tide"),
    (nature.thunder, "thunder storm lightning"),
    (nature.rain, "rain drizzle shower raindrop"),
    (nature.crickets, "cricket cicada"),
    (nature.birds, "bird birdsong chirp"),
    (nature.fire, "fire fireplace campfire crackle flame"),
    (nature.fizz, "fizz fizzy soda sparkling bubble carbonation champagne"),
    (gestures.ice, "ice cube clink"),
    (nature.pour, "pour pouring filling"),
    (nature.stream, "stream brook river water fountain creek waterfall"),
    (nature.wind, "wind breeze gust blizzard"),
    (nature.applause, "applause clap cheer"),
    (nature.crowd, "crowd restaurant chatter audience market murmur"),
    (nature.city, "city traffic street car"),
    (gestures.riser, "riser rise build tension uplifter"),
    (gestures.impact, "impact hit boom slam punch thud braam explosion bang"),
    (gestures.sparkle, "sparkle glitter magic twinkle shimmer fairy"),
    (gestures.chime, "chime bell ding notification success gong"),
    (gestures.typing, "typing keyboard type"),
    (gestures.shutter, "shutter camera snapshot photo"),
    (gestures.click, "click button tap switch mouse"),
    (gestures.paper, "paper page book rustle"),
    (gestures.pop, "pop cork plop"),
    (gestures.ticking, "tick clock watch timer"),
    (gestures.heartbeat, "heartbeat heart pulse"),
    (gestures.footsteps, "footstep walk walking step"),
    (gestures.glitch, "glitch stutter"),
    (gestures.swell, "swell cymbal reverse"),
    (gestures.drone, "drone machine engine fridge motor"),
    (gestures.whoosh, "whoosh swoosh swish swipe transition sweep flyby"),
)
_BY_WORD = {word: maker for maker, words in _MAKERS for word in words.split()}
_WEAK = {
    "hum": gestures.drone, "night": nature.crickets, "morning": nature.birds, "dawn": nature.birds,
    "forest": nature.birds, "garden": nature.birds, "desert": nature.wind, "air": gestures.whoosh,
    "pass": gestures.whoosh, "drop": gestures.impact, "glass": gestures.chime, "urban": nature.city,
    "cafe": nature.crowd, "people": nature.crowd, "coffee": nature.pour, "drink": nature.pour,
    "digital": gestures.glitch, "error": gestures.glitch, "snap": gestures.click,
}  # fmt: skip
"""Words that only say where or when; they decide where nothing better does."""


def make_sound(request: MakeSound, desk: Desk) -> Sound:
    """The first known word decides; without one it is a whoosh, and the notes say so."""
    maker = _maker(request.description)
    words = zlib.crc32(request.description.lower().encode())
    rng = np.random.default_rng([request.seed & 0xFFFFFFFFFFFF, desk.take, words])
    count = round(request.duration_s * RATE)
    seconds = max(request.duration_s, 0.05)
    raw = fitted((maker or gestures.whoosh)(seconds, rng).astype(np.float32), count)
    samples = faded(_levelled(high_pass(raw, 28)), 0.003, min(0.08, request.duration_s / 3))
    known = (
        "" if maker else f"no sound is known for {request.description!r}; it is a neutral whoosh"
    )
    return Sound(
        audio=desk.keep(wav.encode(samples), "audio/wav", duration_s=count / RATE),
        notes=(known,) if known else (),
    )


def _maker(description: str) -> Maker | None:
    """What stands last names the thing, what stands before it describes: ``city rain`` is rain."""
    words = [
        form for word in re.findall(r"[a-z]+", description.lower())[::-1] for form in _forms(word)
    ]
    for known in (_BY_WORD, _WEAK):
        for word in words:
            if word in known:
                return known[word]
    return None


def _forms(word: str) -> tuple[str, ...]:
    """The word as it stands, then without the usual endings."""
    bare = word.removesuffix("ing")
    return (
        word,
        word.removesuffix("s"),
        word.removesuffix("es"),
        bare,
        bare + "e",
        word.removesuffix("y"),
    )


def _levelled(samples: Samples) -> Samples:
    """At a common loudness of the loudest moment, and never clipped."""
    gain = db(min(_LEVEL_LUFS - momentary_peak(samples), 40.0))
    return limited(samples * np.float32(gain), ceiling_db=-1.5)
