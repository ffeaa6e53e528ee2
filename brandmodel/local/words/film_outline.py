"""Planning a film by rules: which lines it has time for, how long each beat is, and one look for all."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from brandmodel.local.desk import Desk
from brandmodel.local.words.film_copy import is_general
from brandmodel.local.words.film_drafts import drafts_of, named_form
from brandmodel.local.words.film_look import is_house
from brandmodel.local.words.film_material import Material, material_of
from brandmodel.local.words.film_phrases import capitalised, phrase_of
from brandmodel.local.words.film_words import (
    SILENT_WORDS,
    Draft,
    end_length,
    fits,
    most_lines,
    needed_s,
    sentence,
    spoken,
    word_count,
)
from brandmodel.local.words.lexicon import plain, values, words
from brandmodel.local.words.planning import LABEL_LETTERS, outline
from brandmodel.local.words.product_looks import BOXED, look_in_words, product_named
from brandmodel.local.words.seeing import seen
from brandmodel.local.words.setting import occasion_of
from brandmodel.local.words.text import capital
from brandmodel.tasks import (
    Beat,
    FilmOutline,
    FilmReading,
    Outline,
    OutlineFilm,
    OutlinePicture,
    TypeLine,
)
from brandmodel.tasks import script as own
from brandmodel.tasks.audio import LONGEST_S
from brandmodel.tasks.film import SHORTEST_SHOT_S, Aspect, BeatRole

LONGEST_LINE_S = 5.5

_SIZES: dict[Aspect, tuple[int, int]] = {
    "16:9": (1920, 1080),
    "9:16": (1080, 1920),
    "1:1": (1080, 1080),
    "4:5": (1080, 1350),
}
_ENERGY = {
    **{"calm": 0.2, "romantic": 0.3, "elegant": 0.35, "natural": 0.35, "dark": 0.4, "warm": 0.4},
    **{
        "nostalgic": 0.4,
        "fresh": 0.55,
        "modern": 0.6,
        "playful": 0.7,
        "festive": 0.8,
        "bold": 0.85,
    },
    **{"wedding": 0.3, "talk": 0.35, "holiday": 0.5, "opening": 0.6, "launch": 0.6},
    **{"concert": 0.65, "party": 0.8, "sale": 0.8},
}
_MUSIC = {
    **{"wedding": "romantic", "talk": "calm", "holiday": "warm", "opening": "bright"},
    **{"launch": "modern", "concert": "lively", "party": "festive", "sale": "bold"},
}
_WEIGHT: dict[BeatRole, float] = {
    "hook": 1.3,
    "promise": 1.0,
    "proof": 1.0,
    "news": 1.0,
    "invite": 1.2,
    "end": 0.0,
}


def outline_film(request: OutlineFilm, desk: Desk) -> FilmOutline:
    """Choose what is said, give every line its time, and decide look and music for all shots."""
    film = request.film
    picture = picture_of(request)
    material = material_of(film, request.passages, brand=request.brand, avoid=request.voice.avoid)
    mood = _feeling(picture.mood)
    energy, music = _sound(film, mood)
    label = picture.label or _box_label(film, picture.subject)
    beats = _own_beats(request) if request.lines else _beats(request, material)
    return FilmOutline(
        notes=_notes(film, beats, material, own_words=bool(request.lines)),
        beats=beats,
        subject=picture.subject + _look(request, picture, label),
        setting=picture.setting,
        mood=mood,
        palette=picture.palette,
        label=label,
        music=music,
        energy=energy,
    )


def _box_label(film: FilmReading, subject: str) -> str:
    """The name on the box of a thing that cannot be drawn itself: a shoe, a lamp, a cake."""
    reading, saw = film.reading, seen(subject)
    thing = re.match(r"an?\s", subject) and not is_house(subject) and not occasion_of(reading)
    boxed = saw.head is not None and saw.head.value("absent") in BOXED
    return reading.name if thing and boxed and len(reading.name) <= LABEL_LETTERS else ""


def _look(request: OutlineFilm, picture: Outline, label: str) -> str:
    """How the product looks, said once for all shots."""
    product = product_named(seen(picture.subject))
    if not (product or label) or picture.palette is None:
        return ""
    return look_in_words(picture.subject, picture.palette, product=product, seed=request.seed)


def picture_of(request: OutlineFilm) -> Outline:
    """What a poster for the same brief would show and say: subject, look, palette, end card."""
    width, height = _SIZES[request.film.aspect]
    reading = request.film.reading
    subject = named_form(reading.subject)
    planned = outline(
        OutlinePicture(
            reading=reading.model_copy(update={"purpose": "poster", "subject": subject}),
            passages=request.passages,
            brand=request.brand,
            tagline=request.tagline,
            voice=request.voice,
            palette=request.palette,
            width=width,
            height=height,
            seed=request.seed,
        ),
        Desk(_no_assets),
    )
    nameless = not (reading.name or reading.title or request.brand or request.tagline)
    if not nameless or not subject or occasion_of(reading):
        return planned
    whom = f" for {request.film.audience}" if request.film.audience else ""
    return planned.model_copy(update={"lines": _entitled(planned.lines, subject + whom)})


def _entitled(lines: tuple[TypeLine, ...], subject: str) -> tuple[TypeLine, ...]:
    """The end card of what has no name: what it is and where, and below it what it does."""
    phrase = phrase_of(subject)
    place = next((p for p in phrase.parts if p.kind == "place" and capitalised(p.text)), None)
    place = place or phrase.first("for")
    does = phrase.first("does")
    if not phrase.thing or not (place or does):
        return lines
    thing = re.sub(r"^(?:an?|the|our)\s", "", phrase.thing)
    title = capital(f"{thing} {place.link} {place.text}" if place else thing)
    rest = [p for p in phrase.parts if p is not place]
    said = does.text if does and does.link not in ("you", "we", "they") else ""
    line = capital(said or " ".join(f"{p.link} {p.text}" for p in rest[:1]))
    own = [TypeLine(role="title", text=title), TypeLine(role="line", text=line)]
    others = [one for one in lines if one.role not in ("title", "line")]
    return (*(one for one in own if one.text), *others)


def _feeling(mood: str) -> str:
    """A mood without seasons and hours: those are seen, not felt."""
    parts = [m for m in mood.split(", ") if m]
    return ", ".join(m for m in parts if not any(w.means("season", "daytime") for w in words(m)))


def _no_assets(asset: object) -> bytes:
    raise KeyError(asset)


def _own_beats(request: OutlineFilm) -> tuple[Beat, ...]:
    """One beat for each line of a person's own script, and an end card where time is left."""
    length_s = min(max(request.film.length_s, own.needed_s(request.lines)), LONGEST_S)
    return own.own_beats(request.lines, length_s)


def _beats(request: OutlineFilm, material: Material) -> tuple[Beat, ...]:
    film = request.film
    length_s = round(min(max(film.length_s, 0.1), LONGEST_S), 2)
    end_s = end_length(length_s)
    body_s = length_s - end_s
    drafts = drafts_of(film, material, seed=request.seed, body_s=body_s)
    chosen = _chosen(drafts, body_s, voice=film.voice)
    says: list[tuple[BeatRole, str]] = [(d.role, text) for d, text in chosen]
    says = says or [("hook", "")]
    lengths = _lengths(says, body_s, voice=film.voice)
    beats: list[Beat] = []
    for (role, text), seconds in zip(says, lengths, strict=True):
        named = _beat_id(role, text, material.name, {b.id for b in beats})
        beats.append(Beat(id=named, role=role, says=text, duration_s=seconds))
    if end_s:
        says_end = _end(request, material, end_s, [b.says for b in beats]) if film.voice else ""
        named = _beat_id("end", "", material.name, {b.id for b in beats})
        beats.append(Beat(id=named, role="end", says=says_end, duration_s=end_s))
    return tuple(beats)


def _chosen(drafts: Sequence[Draft], body_s: float, *, voice: bool) -> list[tuple[Draft, str]]:
    """The drafts that there is time for: as many as fit, then each in a longer form if it fits."""
    most = most_lines(body_s, voice=voice)
    cap = min(LONGEST_LINE_S, max(0.55 * body_s, SHORTEST_SHOT_S))
    kept: list[tuple[Draft, str]] = []
    spent = 0.0
    for draft in sorted(drafts, key=lambda d: d.rank):
        shortest = draft.forms[-1]
        seconds = needed_s(shortest, voice=voice)
        read = voice or word_count(shortest) <= SILENT_WORDS
        if read and len(kept) < most and spent + seconds <= body_s:
            kept.append((draft, shortest))
            spent += seconds
    for at, (draft, short) in enumerate(kept):
        room = min(cap, body_s - spent + needed_s(short, voice=voice))
        longer = next((f for f in draft.forms if _said_in(f, room, voice=voice)), short)
        kept[at] = (draft, longer)
        spent += needed_s(longer, voice=voice) - needed_s(short, voice=voice)
    order = {id(d): n for n, d in enumerate(drafts)}
    return sorted(kept, key=lambda k: order[id(k[0])])


def _said_in(text: str, seconds: float, *, voice: bool) -> bool:
    brief = voice or word_count(text) <= SILENT_WORDS
    return brief and needed_s(text, voice=voice) <= seconds


def _lengths(says: Sequence[tuple[BeatRole, str]], body_s: float, *, voice: bool) -> list[float]:
    """Seconds of each beat: what its words need, and a share of what is left over."""
    needs = [needed_s(text, voice=voice) for _, text in says]
    over = body_s - sum(needs)
    if over < 0:
        return [body_s * need / sum(needs) for need in needs]
    weights = [
        _WEIGHT[role] * (1.0 + need / 4) for (role, _), need in zip(says, needs, strict=True)
    ]
    rounded = [
        round(need + over * weight / sum(weights), 2)
        for need, weight in zip(needs, weights, strict=True)
    ]
    # The last one takes what rounding left over, so that the film is exactly as long as asked.
    rounded[-1] = round(body_s - sum(rounded[:-1]), 4)
    return rounded


def _beat_id(role: str, text: str, name: str, taken: set[str]) -> str:
    """Made from what the beat is, with a letter first in its digest."""
    return content_id("line", (role, text, name), taken)


def content_id(kind: str, parts: Sequence[str], taken: set[str]) -> str:
    """A short name made from content: ``shot-c3f2``; never digits alone, never a position."""
    for turn in range(1000):
        digest = hashlib.sha256("\n".join((*parts, str(turn))).encode()).hexdigest()
        found = f"{kind}-{'abcdef'[int(digest[0], 16) % 6]}{digest[1:4]}"
        if found not in taken:
            return found
    raise ValueError("too many units for short names")


def _end(request: OutlineFilm, material: Material, end_s: float, said: Sequence[str]) -> str:
    """What is said over the end card: the name that was not just said, and the brand's tagline.

    A thing that the lines never called by its whole name is called so here.
    """
    name = spoken(request.brand or material.name)
    tagline = request.tagline.strip()
    just_said = bool(name) and plain(name) in plain(said[-1])
    phrase = phrase_of(material.head if material.english else "")
    thing = "" if is_general(phrase) else phrase.thing
    unsaid = re.match(r"an?\s", thing) and plain(thing) not in plain(" ".join(said))
    own_name = not request.brand or request.brand == material.name
    options = [
        f"{sentence(name)} {sentence(tagline)}" if name and tagline and not just_said else "",
        sentence(tagline) if tagline else "",
        sentence(f"{name}, {thing}") if name and unsaid and own_name else "",
        sentence(name) if name and not just_said else "",
    ]
    return next((o for o in options if o and fits(o, end_s)), "")


def _sound(film: FilmReading, mood: str) -> tuple[float, str]:
    """(energy, words) of the music, from the mood of the brief and its occasion."""
    occasion = occasion_of(film.reading)
    kinds = values(words(occasion), "occasion")[:1]
    moods = values(words(", ".join([*film.reading.mood, mood])), "mood")[:3]
    figures = [_ENERGY[m] for m in (*moods, *kinds) if m in _ENERGY]
    energy = round(sum(figures) / len(figures), 2) if figures else 0.45
    said = [*moods, *(_MUSIC[k] for k in kinds if k in _MUSIC)]
    genre = re.search(
        r"\b(?:jazz|techno|folk|rock|classical|piano|ambient|electronic)\b", occasion, re.I
    )
    said += [genre.group().lower()] if genre else []
    return energy, ", ".join(dict.fromkeys(said)) or "calm, warm"


def _notes(
    film: FilmReading, beats: Sequence[Beat], material: Material, *, own_words: bool
) -> tuple[str, ...]:
    notes: list[str] = []
    spoken = [b for b in beats if b.says and b.role != "end"]
    if len(spoken) < 3 and film.length_s >= 12 and not own_words:
        notes.append("few words: brief and documents say little, and nothing was invented")
    if not material.english and film.voice and not own_words:
        notes.append(
            "lines stand as the brief has them: the local writer joins sentences in English only"
        )
    return tuple(notes)
