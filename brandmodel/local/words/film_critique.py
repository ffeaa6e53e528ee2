"""Reading a script critically: what is too long, said twice, not to be said, unsupported or missing."""

from __future__ import annotations

import re
from collections.abc import Sequence

from brandmodel.local.desk import Desk
from brandmodel.local.words.film_facts import NUMBER
from brandmodel.local.words.film_script import clean_of, end_lines_of, line_of
from brandmodel.local.words.film_titles import silent_words
from brandmodel.local.words.film_words import fits, fitted, said_when, sentence, spoken
from brandmodel.local.words.lexicon import entries, meanings, plain
from brandmodel.local.words.moderation import found_in
from brandmodel.local.words.text import function_words, squeezed, stems, tokens
from brandmodel.tasks import Beat, Critique, CritiqueScript, Line, Remark, Script, TypeLine

REPEATED = 0.75

_CLAIM = re.compile(
    r"\b(?:best|finest|greatest|leading|unique|award|winning|revolutionary|world-class|number one|guaranteed"
    r"|unbeatable|perfect|ultimate|proven|famous|favourite|favorite|cheapest|healthiest|safest)\b",
    re.IGNORECASE,
)
_NUMBER_AS_WORD = {
    word: str(value)
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
        " sixteen seventeen eighteen nineteen twenty".split()
    )
}


def critique_script(request: CritiqueScript, desk: Desk) -> Critique:
    """Look at every line, then at the whole; mend what can be mended with the outline's own words."""
    beats = {b.id: b for b in request.outline.beats}
    remarks: list[Remark] = []
    lines: list[Line] = []
    for line in request.script.lines:
        found, mended = _line(line, beats.get(line.id), lines, request)
        remarks += [Remark(line_id=line.id, text=text) for text in found]
        if mended is not None:
            lines.append(mended)
    script = request.script.model_copy(update={"lines": tuple(lines), "notes": ()})
    missing, script = _whole(script, request)
    remarks += [Remark(text=text) for text in missing]
    return Critique(good=not remarks, remarks=tuple(remarks), script=script)


def _line(
    line: Line, beat: Beat | None, before: Sequence[Line], request: CritiqueScript
) -> tuple[list[str], Line | None]:
    """(what is wrong with a line, the line mended); None where nothing of it can stay."""
    said = line.text or line.on_screen
    if not said:
        return ["says nothing"], None
    found: list[str] = []
    text, screen = line.text, line.on_screen
    if avoided := found_in(f"{text} {screen}", request.voice.avoid):
        found.append(f"the brand avoids: {', '.join(avoided)}")
        text, screen = _cleaned(text, request), _cleaned(screen, request).rstrip(".")
    if strange := unsupported(f"{text}\n{screen}", request):
        found.append(f"neither brief nor documents say: {', '.join(strange)}")
        text = screen = ""
    # The name over the end card is meant to come again.
    if line.role != "end" and (text or screen) and _repeats(text or screen, before):
        found.append("says again what an earlier line says")
        text = screen = ""
    if text and beat is not None and not fits(text, beat.duration_s) and beat.role != "end":
        found.append(f"too long for {beat.duration_s:.1f} s")
        text = fitted(text, beat.duration_s)
    if text and text != sentence(text):
        found.append("not written as a sentence")
        text = sentence(text)
    if line.text and not text or not (text or screen):
        return found, _again(line, beat, before, request)
    return found, line.model_copy(update={"text": text, "on_screen": screen})


def _cleaned(text: str, request: CritiqueScript) -> str:
    return clean_of(text, request.voice.avoid)[0] if text else ""


def _again(
    line: Line, beat: Beat | None, before: Sequence[Line], request: CritiqueScript
) -> Line | None:
    """The line written anew from what its beat says, if that is any better."""
    if beat is None:
        return None
    anew, _ = line_of(beat, request, {plain(b.on_screen) for b in before})
    if anew is None or plain(anew.text) == plain(line.text):
        return None
    said = anew.text or anew.on_screen
    return None if unsupported(said, request) or _repeats(said, before) else anew


def unsupported(text: str, request: CritiqueScript) -> tuple[str, ...]:
    """Figures, names and boasts of a text that neither brief, brand nor documents contain."""
    known = _known(request)
    held = {plain(w) for w in tokens(known)} | set(stems(known))
    held |= {_NUMBER_AS_WORD[w] for w in held if w in _NUMBER_AS_WORD}
    out: list[str] = []
    for piece in re.split(r"(?<=[.!?])\s+|\n", text):
        said = tokens(piece)
        for at, word in enumerate(said):
            bare = plain(word)
            name = at > 0 and word[:1].isupper() and not meanings(word)
            figure = NUMBER.fullmatch(word) or word[:1].isdigit()
            boast = _CLAIM.fullmatch(word)
            if (name or figure or boast) and bare not in held and not set(stems(word)) & held:
                out.append(word)
    return tuple(dict.fromkeys(out))


def _known(request: CritiqueScript) -> str:
    film = request.film
    reading = film.reading
    parts = [reading.subject, reading.name, reading.occasion, reading.when, reading.where]
    parts += [reading.title, film.audience, request.brand, request.tagline, said_when(reading.when)]
    parts += [spoken(p) for p in parts]
    parts += [f"{p.heading} {p.text} {spoken(p.text)}" for p in request.passages]
    return " \n ".join(parts)


def _repeats(text: str, before: Sequence[Line]) -> bool:
    own = _content(text)
    return bool(own) and any(
        len(own & other) >= REPEATED * len(own | other)
        for line in before
        if (other := _content(line.text or line.on_screen))
    )


def _content(text: str) -> frozenset[str]:
    """Words that carry a line; "this is" and the like do not."""
    return frozenset(plain(w) for w in tokens(text) if plain(w) not in function_words())


def _whole(script: Script, request: CritiqueScript) -> tuple[list[str], Script]:
    """(what the whole lacks, the script with it): name, when, where, an invitation, an end card."""
    film, reading = request.film, request.film.reading
    found: list[str] = []
    heard = " ".join(f"{line.text} {line.on_screen}" for line in script.lines)
    shown = heard + " " + " ".join(line.text for line in script.end_lines)
    ends = list(script.end_lines)
    expected = end_lines_of(request)
    for what, value in (("when", reading.when), ("where", reading.where)):
        if value and not _holds(shown, value):
            found.append(f"does not say {what}: {value}")
            ends += [e for e in expected if e not in ends and _shares(e.text, value)]
    name = reading.name or request.brand
    lines = list(script.lines)
    if name and not _holds(f"{heard} {' '.join(e.text for e in ends)}", name):
        found.append(f"does not name {name}")
        ends.insert(0, TypeLine(role="title", text=name))
    invited = any(line.role == "invite" for line in lines)
    beat = next((b for b in request.outline.beats if b.role == "invite" and b.says), None)
    if not invited and beat is not None:
        anew, _ = line_of(beat, request, {plain(line.on_screen) for line in lines})
        if anew is not None and not _repeats(anew.text or anew.on_screen, lines):
            found.append("invites to nothing")
            at = next((n for n, line in enumerate(lines) if line.role == "end"), len(lines))
            lines.insert(at, anew)
    clean = [e for e in ends if e.role == "detail" or not found_in(e.text, request.voice.avoid)]
    if len(clean) < len(ends):
        found.append("the end card holds words that the brand avoids")
    if not film.voice and any(line.text for line in lines):
        found.append("the brief wants no voice")
        lines = [
            line.model_copy(
                update={"text": "", "on_screen": line.on_screen or silent_words(line.text)}
            )
            for line in lines
        ]
    return found, script.model_copy(update={"lines": tuple(lines), "end_lines": tuple(clean)})


def _holds(text: str, value: str) -> bool:
    """Whether most of a value's words stand in a text, in whatever form."""
    own = {plain(w) for w in tokens(spoken(value))} - entries("silent", "function")
    have = {plain(w) for w in tokens(f"{text} {spoken(text)}")}
    return not own or len(own & have) >= 0.7 * len(own)


def _shares(text: str, value: str) -> bool:
    return bool(text) and plain(squeezed(text)) in plain(squeezed(value))
