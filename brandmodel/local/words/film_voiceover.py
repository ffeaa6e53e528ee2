"""The lines of a voice-over: a person's own text as it is, or lines from brief and documents."""

from __future__ import annotations

import re

from brandmodel.local.desk import Desk
from brandmodel.local.words.asking import without_quotes
from brandmodel.local.words.film_outline import content_id, outline_film
from brandmodel.local.words.film_reading import read_film_brief
from brandmodel.local.words.film_script import write_script
from brandmodel.local.words.text import readable, sentences
from brandmodel.tasks import (
    Line,
    OutlineFilm,
    ReadFilmBrief,
    Script,
    WriteScript,
    WriteVoiceover,
)

LONGEST_LINE_WORDS = 32

_HANDED = re.compile(
    r"^[^\n]{0,160}?\b(?:voice-?\s?over|narration|read|say|speak|narrate|record|text|script|words)\b[^\n:\u201c\"]{0,80}"
    r"(?::\s*\n?|\n)(?P<text>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_QUOTED = re.compile(
    r"[\u201c\"\u00ab\u201e](?P<text>[^\u201d\"\u00bb]{12,})[\u201d\"\u00bb]", re.DOTALL
)
_SAYING = re.compile(
    r"\b(?:read|say|says|saying|speak|narrate|record|voice-?\s?over|narration|reads|words|text)\b",
    re.I,
)
_ORDER = re.compile(
    r"^\W*(?:please\s)?(?:an?\s|the\s|our\s)?(?:\S+\s){0,5}?(?:voice-?\s?over|narration|film|video|ad|spot|teaser|trailer)\b"
    r"|^\W*(?:please\s)?(?:make|create|write|produce|record|give|read|say)\b",
    re.IGNORECASE,
)


def write_voiceover(request: WriteVoiceover, desk: Desk) -> Script:
    """Text that is handed over is taken word for word; otherwise lines are written for the brief."""
    own = own_text(request.prompt)
    if own:
        return Script(lines=_lines(own))
    film = read_film_brief(ReadFilmBrief(prompt=request.prompt), desk)
    film = film.model_copy(update={"voice": True})
    planned = outline_film(
        OutlineFilm(
            film=film,
            passages=request.passages,
            brand=request.brand,
            tagline=request.tagline,
            voice=request.voice,
        ),
        desk,
    )
    script = write_script(
        WriteScript(
            film=film,
            passages=request.passages,
            brand=request.brand,
            tagline=request.tagline,
            voice=request.voice,
            outline=planned,
        ),
        desk,
    )
    lines = tuple(line.model_copy(update={"on_screen": ""}) for line in script.lines if line.text)
    return Script(lines=lines, notes=(*planned.notes, *script.notes))


def own_text(prompt: str) -> str:
    """The text that a prompt brings for reading, word for word; empty where it is a brief."""
    text = prompt.strip()
    if handed := _HANDED.match(text):
        told = handed["text"].strip()
        if len(list(sentences(told))) > 1 or re.search(r"[.!?\u3002]$", told.strip('"\u201d')):
            return _unquoted(told)
    quoted = _QUOTED.search(text)
    if quoted and _SAYING.search(text[: quoted.start()]) and len(quoted["text"].split()) >= 4:
        return quoted["text"].strip()
    # Two sentences and no word of what is to be made: this is the text itself.
    if len(list(sentences(text))) >= 2 and not _ORDER.match(text):
        return _unquoted(text)
    return ""


def _unquoted(text: str) -> str:
    cut, title, _ = without_quotes(text)
    return title if title and not re.search(r"\w", cut) else text


def _lines(text: str) -> tuple[Line, ...]:
    """A sentence a line; a very short one goes with the one before it in its paragraph."""
    told: list[str] = []
    for paragraph in re.split(r"\n\s*\n|\n", text):
        start = len(told)
        for piece in sentences(paragraph):
            said = readable(piece.text)
            short = len(said.split()) <= 2 and len(told) > start
            if short and len(told[-1].split()) + len(said.split()) <= LONGEST_LINE_WORDS:
                told[-1] = f"{told[-1]} {said}"
            else:
                told.append(said)
    lines: list[Line] = []
    taken: set[str] = set()
    for said in told:
        name = content_id("line", (said,), taken)
        taken.add(name)
        lines.append(Line(id=name, role="proof", text=said))
    return tuple(lines)
