"""Writing a film's script: what is said in each beat, the few words on screen, and the end card."""

from __future__ import annotations

import re
from collections.abc import Sequence

from brandmodel.local.desk import Desk
from brandmodel.local.words.film_facts import NUMBER, contact_of
from brandmodel.local.words.film_outline import picture_of
from brandmodel.local.words.film_words import (
    SILENT_WORDS,
    fitted,
    said_when,
    sentence,
    spoken,
    word_count,
)
from brandmodel.local.words.lexicon import entries, plain
from brandmodel.local.words.moderation import found_in
from brandmodel.local.words.places import contact_spans
from brandmodel.local.words.setting import occasion_of
from brandmodel.local.words.text import capital, squeezed
from brandmodel.tasks import Beat, FilmReading, Line, OutlineFilm, Script, TypeLine, WriteScript
from brandmodel.tasks.film import CritiqueScript

ON_SCREEN_WORDS = 5
MOST_END_LINES = 5
ON_SCREEN_LETTERS = 44

_FIGURE = re.compile(
    rf"(?P<figure>{NUMBER.pattern}(?:\s?(?:%|percent|°\s?C|degrees))?)\s(?P<rest>(?:[\w'’-]+\s?){{1,2}})",
    re.I,
)
_NAMING = re.compile(r"^(?:This is|Its name is|It is called) (?=\S)")
_SEASON_NEWS = re.compile(r"^New this \w+\.$")
_AFTER_FIGURE = re.compile(
    r"\s?\b(?:at|in|of|by|for|from|on|with|and|above|only|per|is|are|was|to|than|or|made|a|the)\b.*$",
    re.I,
)


def write_script(request: WriteScript, desk: Desk) -> Script:
    """A line for every beat that has something to say, in no more words than it has time for."""
    lines: list[Line] = []
    notes: list[str] = []
    shown: set[str] = set()
    for beat in request.outline.beats:
        line, said = line_of(beat, request, shown)
        notes += said
        if line is not None:
            lines.append(line)
            shown.add(plain(line.on_screen))
    return Script(notes=tuple(notes), lines=tuple(lines), end_lines=end_lines_of(request))


def line_of(
    beat: Beat, request: WriteScript | CritiqueScript, shown: set[str]
) -> tuple[Line | None, tuple[str, ...]]:
    """(the line of a beat, notes); no line where there is nothing to say."""
    text, notes = clean_of(sentence(beat.says), request.voice.avoid)
    film = request.film
    if not text:
        return None, notes
    if not film.voice:
        screen = silent_words(_NAMING.sub("", text))
        return (
            (Line(id=beat.id, role=beat.role, on_screen=screen), notes) if screen else (None, notes)
        )
    told = _whole(text) if beat.role == "end" else fitted(text, beat.duration_s)
    if not told:
        return None, (*notes, f"left out for want of time: '{text}'")
    contact = contact_of(request.passages) if film.audience else ""
    words_set = _on_screen(beat, told, film, shown, contact)
    return Line(id=beat.id, role=beat.role, text=told, on_screen=words_set), notes


def _whole(text: str) -> str:
    return " ".join(text.split())


def clean_of(text: str, avoid: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """(the text without words to avoid, notes); empty where too little of a sentence would be left."""
    avoided = found_in(text, avoid)
    if not avoided:
        return text, ()
    rest = text
    for phrase in avoided:
        rest = re.sub(rf"(?<!\w){re.escape(phrase)}(?!\w)\s?", "", rest, flags=re.IGNORECASE)
    rest = _article(squeezed(rest))
    content = [w for w in re.findall(r"\w+", rest) if plain(w) not in entries("silent", "function")]
    listed = ", ".join(avoided)
    broken = re.search(
        r"\b(?:an?|the|of|with|and|is|are|in|for)[.,]?\s*$", rest.rstrip(".! "), re.I
    )
    if found_in(rest, avoid) or len(content) < 2 or broken:
        return "", (f"left out '{text}': the brand avoids {listed}",)
    return sentence(rest), (f"took {listed} out of '{text}'",)


def _article(text: str) -> str:
    """The article that fits, once the adjective behind it is gone."""
    text = re.sub(r"\b([Aa])n\s(?=[^aeiouAEIOU\W])", r"\1 ", text)
    return re.sub(r"\b([Aa])\s(?=[aeio])", r"\1n ", text)


def silent_words(text: str) -> str:
    """A line for a film without voice: short enough to be read."""
    bare = text.strip().rstrip(".。")
    if word_count(bare) <= SILENT_WORDS and len(bare) <= ON_SCREEN_LETTERS + 16:
        return bare
    for seconds in (3.6, 3.0, 2.4, 1.8):
        short = fitted(text, seconds).rstrip(".")
        if short and word_count(short) <= SILENT_WORDS:
            return short
    return ""


def _on_screen(beat: Beat, text: str, film: FilmReading, shown: set[str], contact: str) -> str:
    """A few words that carry the beat, or none: never the whole of a long line."""
    reading = film.reading
    found = ""
    if beat.role == "invite":
        found = _invite_words(film, text, contact)
    elif beat.role == "promise" and reading.name and plain(spoken(reading.name)) in plain(text):
        found = reading.name
    elif beat.role == "hook" and (reading.when or reading.title):
        # An occasion is named in type as well; a product gets its name with the next line.
        found = text.rstrip(".")
        if word_count(found) > ON_SCREEN_WORDS:
            found = reading.title or reading.name or occasion_of(reading)
    elif beat.role != "end":
        found = figure_of(text)
        found = text.rstrip(".") if not found and _SEASON_NEWS.match(text) else found
    short = word_count(found) <= ON_SCREEN_WORDS and len(found) <= ON_SCREEN_LETTERS
    return capital(found) if found and short and plain(found) not in shown else ""


def _invite_words(film: FilmReading, text: str, contact: str) -> str:
    """When, else a contact or where, as it is written rather than said."""
    reading = film.reading
    when = reading.when.strip(" ,.")
    if when and any(plain(w) in plain(text) for w in (when, said_when(when))):
        return capital(re.sub(r"\b(\d+)\s?([ap])\.?m\b\.?", r"\1 \2m", when, flags=re.I))
    contacts = contact_spans(reading.where)
    found = contacts[0].text if contacts else reading.where.split(", ")[0]
    return found or contact


def figure_of(text: str) -> str:
    """A figure and what it counts: "eighteen hours", "70 percent"; empty where there is none."""
    match = _FIGURE.search(text.rstrip("."))
    if not match:
        return ""
    rest = match["rest"]
    what = "off" if rest.startswith("off ") else _AFTER_FIGURE.sub("", rest).strip()
    figure = match["figure"]
    if re.fullmatch(r"\d{4}", figure) or (not what and not re.search(r"%|percent|degree", figure)):
        return ""
    return squeezed(f"{figure} {what}").replace(" percent", "%")


def end_lines_of(request: WriteScript | CritiqueScript) -> tuple[TypeLine, ...]:
    """The words of the end card: those of a poster for the same brief, no more than five."""
    plan = picture_of(
        OutlineFilm(
            film=request.film,
            passages=request.passages,
            brand=request.brand,
            tagline=request.tagline,
            voice=request.voice,
        )
    )
    kept = [line for line in plan.lines if line.role != "eyebrow"]
    # An occasion such as "launch" says nothing on a card; an offer does.
    bare = {plain(w) for w in occasion_of(request.film.reading).split(", ")}
    offers = [
        line
        for line in plan.lines
        if line.role == "eyebrow" and plain(line.text) not in bare and len(kept) < MOST_END_LINES
    ]
    return tuple([*offers, *kept][:MOST_END_LINES])
