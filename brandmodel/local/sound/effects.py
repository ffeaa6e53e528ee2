"""Sound effects from words."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable

import numpy as np

from brandmodel.local.desk import Desk
from brandmodel.local.sound import gestures, nature, objects, wav
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
    (objects.door, "door hinge creak gate"),
    (objects.knock, "knock knuckle"),
    (objects.can, "tin"),
    (objects.steam, "steam espresso kettle"),
    (objects.sizzle, "sizzle frying fry grill"),
    (objects.drip, "drip droplet faucet"),
    (objects.splash, "splash dive plunge"),
    (objects.drum_roll, "drumroll drum snare"),
    (objects.register, "register coin cash money"),
    (objects.zipper, "zipper zip"),
    (objects.ringing, "telephone phone ringing ring"),
)
_BY_WORD = {word: maker for maker, words in _MAKERS for word in words.split()}
_WEAK = {
    "hum": gestures.drone, "night": nature.crickets, "morning": nature.birds, "dawn": nature.birds,
    "forest": nature.birds, "garden": nature.birds, "desert": nature.wind, "air": gestures.whoosh,
    "pass": gestures.whoosh, "drop": gestures.impact, "glass": gestures.chime, "urban": nature.city,
    "cafe": nature.crowd, "people": nature.crowd, "coffee": nature.pour, "drink": nature.pour,
    "pan": objects.sizzle, "can": objects.can, "opening": objects.can, "opens": objects.can,
    "digital": gestures.glitch, "error": gestures.glitch, "snap": gestures.click,
}  # fmt: skip
"""Words that only say where or when, or that mean something else as well; they decide where nothing
better does."""


_LEAST_S = 0.2
"""A gesture needs this much; of shorter ones the loudest part is kept."""
_BED_S = 4.0
"""What is longer than a gesture is taken for a place; the calmest one stands in for it."""


def sounds() -> dict[str, str]:
    """What can be made: the usual word for each sound, and what it is in a sentence."""
    return {
        words.split()[0]: (maker.__doc__ or "").strip().splitlines()[0] for maker, words in _MAKERS
    }


def make_sound(request: MakeSound, desk: Desk) -> Sound:
    """The last known word decides; without one something neutral stands in, and the notes say so."""
    maker = _maker(request.description)
    words = zlib.crc32(request.description.lower().encode())
    rng = np.random.default_rng([request.seed & 0xFFFFFFFFFFFF, desk.take, words])
    count = round(request.duration_s * RATE)
    seconds = max(request.duration_s, _LEAST_S)
    stand_in = gestures.whoosh if request.duration_s < _BED_S else nature.wind
    raw = _loudest((maker or stand_in)(seconds, rng).astype(np.float32), count)
    samples = faded(_levelled(high_pass(raw, 28)), 0.003, min(0.08, request.duration_s / 3))
    known = (
        f"no sound is known for {request.description!r}; {stand_in.__name__} stands in."
        f" There are: {', '.join(sounds())}"
    )
    return Sound(
        audio=desk.keep(wav.encode(samples), "audio/wav", duration_s=count / RATE),
        notes=() if maker else (known,),
    )


def _loudest(samples: Samples, count: int) -> Samples:
    """The ``count`` samples around the peak, where more were made than asked for."""
    start = int(np.abs(samples).max(axis=1).argmax()) - count // 3
    start = min(max(start, 0), max(len(samples) - count, 0))
    return fitted(samples[start:], count)


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
        re.sub(r"([bdgmnpt])\1$", r"\1", bare),
        word.removesuffix("y"),
    )


def _levelled(samples: Samples) -> Samples:
    """At a common loudness of the loudest moment, and never clipped."""
    gain = db(min(_LEVEL_LUFS - momentary_peak(samples), 40.0))
    return limited(samples * np.float32(gain), ceiling_db=-1.5)
