"""Planning a picture by rules: subject, setting, light, colours, and the words to be set on it."""

from __future__ import annotations

import hashlib
import re

from brandmodel.local.desk import Desk
from brandmodel.local.words.lexicon import values, words
from brandmodel.local.words.lines import described, lines_of
from brandmodel.local.words.palettes import palette_for
from brandmodel.local.words.seeing import Seen, seen
from brandmodel.local.words.setting import look_of, occasion_of, wanted
from brandmodel.local.words.text import capital
from brandmodel.tasks import ImagePrompt, Outline, OutlinePicture, Space, WriteImagePrompt

WIDE = 1.25
LABEL_LETTERS = 18

_CURES = (
    (
        re.compile(r"\b(?:exposure|over-?exposed|blown|burnt|clip\w*|glare|too bright|lights)\b"),
        "soft light, even and gentle",
        "soft light under high clouds",
    ),
    (
        re.compile(r"\b(?:under-?exposed|too dark|murky|shadows?)\b"),
        "bright, airy light in every corner",
        "bright light under a clear sky",
    ),
    (
        re.compile(r"\b(?:contrast|flat|dull|grey|washed)\b"),
        "bold contrast between light and deep shade",
        "bold contrast under a clear sky",
    ),
    (
        re.compile(r"\b(?:sharpness|blurr?\w*|unsharp|detail is|lacks detail|focus)\b"),
        "crisp edges and fine detail",
        "crisp detail under a clear sky",
    ),
    (
        re.compile(r"\b(?:palette|colou?rs?|off-brand|tint|cast)\b"),
        "few colours, those of the palette",
        "few colours in thin mist",
    ),
    (
        re.compile(r"\b(?:calm|busy|clutter\w*|crowded|room for|space|empty)\b"),
        "few things, far apart, and much empty space",
        "much empty space in thin mist",
    ),
)
"""What judges miss, and what asks for it: on a set, and in the open."""

_SIDES = {
    "left": "the left side",
    "right": "the right side",
    "top": "the upper part",
    "bottom": "the lower part",
}


def outline(request: OutlinePicture, desk: Desk) -> Outline:
    """Plan a picture. Dates, places and offers of the brief reach ``lines`` and nothing else."""
    reading = request.reading
    name = reading.name or (request.brand if not reading.subject else "")
    told = reading.subject or described(name, request.passages)
    subject = _subject(told, request) or name
    look = look_of(reading, subject, request.passages, request.voice.tone)
    poster = reading.purpose == "poster"
    lines, notes = lines_of(request, told) if poster else ((), ())
    palette = request.palette or palette_for(
        wanted(look, reading),
        values(words(" ".join(reading.colours)), "colour"),
        subject=subject,
        seed=request.seed,
    )
    return Outline(
        notes=notes,
        subject=subject,
        setting=look.setting,
        mood=look.mood,
        palette=palette,
        space=_space(request, subject) if lines else "none",
        lines=lines,
        label=_label(request, look.saw),
    )


def image_prompt(request: WriteImagePrompt, desk: Desk) -> ImagePrompt:
    """Say in two or three plain sentences what is to be seen, and what was missed before."""
    subject = request.subject.strip(" .")
    if request.product:
        subject = f"an empty plinth, set for {subject}" if subject else "an empty plinth"
    setting = request.setting.strip(" .;")
    calm = f"{_SIDES[request.space]} stays calm and empty" if request.space in _SIDES else ""
    feeling = f"{request.mood} mood" if request.mood else ""
    # The description of a shot may have said either already.
    calm, feeling = ("" if part.lower() in subject.lower() else part for part in (calm, feeling))
    asked = _asked_for(request.wanting, subject) if request.wanting.strip() else ""
    sentences = [subject, setting, ", ".join(part for part in (feeling, calm) if part), asked]
    said = [capital(s) for s in sentences if s]
    return ImagePrompt(
        prompt=" ".join(s if s.endswith(("!", "?", "。")) else f"{s}." for s in said)
    )


def _asked_for(wanting: str, subject: str) -> str:
    """The opposite of what a judge missed, in words that leave subject, hour and season alone.

    In the open the weather makes the light; on a set it is the lamp.
    """
    said = wanting.lower()
    outside = seen(subject).kind == "landscape"
    found = [land if outside else lit for missed, lit, land in _CURES if missed.search(said)]
    other = "seen under high clouds" if outside else "a simple picture with one main subject"
    return ", ".join(found) or other


def _subject(told: str, request: OutlinePicture) -> str:
    """What is to be seen: the subject, or the occasion where the subject names nothing visible."""
    reading = request.reading
    occasion = occasion_of(reading)
    shown = seen(told).head is not None or not occasion
    subject = told if told and shown else occasion or told or reading.title
    return subject.capitalize() if subject.isupper() and " " in subject else subject


def _space(request: OutlinePicture, subject: str) -> Space:
    """Wide pictures keep a side free, tall and square ones the top."""
    if request.width / max(request.height, 1) < WIDE:
        return "top"
    digest = hashlib.sha256(f"{request.seed}\n{subject}".encode()).digest()
    left_first = request.reading.direction == "ltr"
    # Type begins where reading begins, three times out of four.
    usual, other = ("left", "right") if left_first else ("right", "left")
    return usual if digest[0] % 4 else other


def _label(request: OutlinePicture, saw: Seen) -> str:
    """The name on the product, where one is shown."""
    if saw.kind != "still_life" or saw.head is None or not saw.head.means("product"):
        return ""
    reading = request.reading
    book = saw.head.value("product") == "book"
    name = (reading.title if book else "") or reading.name or request.brand
    event = bool(values(words(name), "occasion"))
    return name if len(name) <= LABEL_LETTERS and not event else ""
