"""Writing a film's script: what is said in each beat, the few words on screen, and the end card."""

from __future__ import annotations

import re
from collections.abc import Sequence

from brandmodel.local.desk import Desk
from brandmodel.local.words.film_facts import contact_of
from brandmodel.local.words.film_outline import picture_of
from brandmodel.local.words.film_titles import silent_words, words_on_screen
from brandmodel.local.words.film_words import fitted, sentence
from brandmodel.local.words.lexicon import entries, plain
from brandmodel.local.words.moderation import found_in
from brandmodel.local.words.setting import occasion_of
from brandmodel.local.words.text import squeezed
from brandmodel.tasks import Beat, Line, OutlineFilm, Script, TypeLine, WriteScript
from brandmodel.tasks.film import CritiqueScript

MOST_END_LINES = 5


def write_script(request: WriteScript, desk: Desk) -> Script:
    """A line for every beat that has something to say, in no more words than it has time for.

    A person's own lines are taken word for word.
    """
    lines: list[Line] = []
    notes: list[str] = []
    shown: set[str] = set()
    own = iter(request.lines)
    for beat in request.outline.beats:
        if request.lines and beat.role != "end":
            line, said = _own_line(beat, next(own, ""), request, shown), ()
        else:
            line, said = line_of(beat, request, shown)
        notes += said
        if line is not None:
            lines.append(line)
            shown.add(plain(line.on_screen))
    return Script(notes=tuple(notes), lines=tuple(lines), end_lines=end_lines_of(request))


def _own_line(beat: Beat, text: str, request: WriteScript, shown: set[str]) -> Line | None:
    """A person's line as it is; a film without voice shows it as far as it can be read."""
    if not text:
        return None
    film = request.film
    if not film.voice:
        return Line(id=beat.id, role=beat.role, on_screen=silent_words(text) or text)
    on_screen = words_on_screen(beat, text, film, shown, _contact(request))
    return Line(id=beat.id, role=beat.role, text=text, on_screen=on_screen)


def line_of(
    beat: Beat, request: WriteScript | CritiqueScript, shown: set[str]
) -> tuple[Line | None, tuple[str, ...]]:
    """(the line of a beat, notes); no line where there is nothing to say."""
    text, notes = clean_of(sentence(beat.says), request.voice.avoid)
    film = request.film
    if not text:
        return None, notes
    if not film.voice:
        screen = silent_words(text)
        return (
            (Line(id=beat.id, role=beat.role, on_screen=screen), notes) if screen else (None, notes)
        )
    told = _whole(text) if beat.role == "end" else fitted(text, beat.duration_s)
    if not told:
        return None, (*notes, f"left out for want of time: '{text}'")
    on_screen = words_on_screen(beat, told, film, shown, _contact(request))
    return Line(id=beat.id, role=beat.role, text=told, on_screen=on_screen), notes


def _contact(request: WriteScript | CritiqueScript) -> str:
    """Where the brand's documents say to write, for a film that addresses someone."""
    return contact_of(request.passages) if request.film.audience else ""


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
