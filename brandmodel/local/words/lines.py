"""The words to be set on a poster: from the brief and the brand's own documents, nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence

from brandmodel.local.words.lexicon import entries, plain, words
from brandmodel.local.words.moderation import found_in
from brandmodel.local.words.places import contact_spans
from brandmodel.local.words.setting import is_art_direction, occasion_of
from brandmodel.local.words.text import capital, readable, sentences, squeezed
from brandmodel.tasks import OutlinePicture, Passage, TypeLine, TypeRole

TITLE_WORDS = 6
LINE_LETTERS = 140

_ARTICLE = re.compile(
    r"^(?:a|an|the|our|my|your|ein|eine|der|die|das|un|una|une|la|le|el|los|las|les)\s",
    re.IGNORECASE,
)
_TAGLINE = re.compile(
    r"^(?:tag\s?line|slogan|claim|headline|strapline)\s*:\s*(.{3,60}?)[.]?$", re.I
)
_TAGLINE_HEADING = re.compile(r"\b(?:tag\s?line|slogan|claim|strapline)\b", re.IGNORECASE)
_ACTION = re.compile(
    r"^(?:book|buy|order|reserve|shop|register|sign\sup|rsvp|join|visit|discover|taste|save\syour|get)\b",
    re.IGNORECASE,
)
_CALENDAR = re.compile(
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b(?:january|february|march|april|june|july"
    r"|august|september|october|november|december)\b|(?<=\d\s)may\b|\bmay(?=\s\d)",
    re.IGNORECASE,
)
_HALF_DAY = re.compile(r"(?<=\d)\s?([ap])\.?m\b\.?", re.IGNORECASE)
_CUTS = re.compile(
    r"\s(?=(?:for|of|with|in|on|at|from|by|about|to|that|which|and|under|over)\s)|[,:;]\s"
)


def described(name: str, passages: Sequence[Passage]) -> str:
    """What the brand's documents say that a name is: "a cold brew tonic", or an empty string."""
    if not name:
        return ""
    says = re.compile(rf"\b{re.escape(name)} is (an? [^.;:!?\n]{{3,90}})", re.IGNORECASE)
    for passage in passages:
        if not is_art_direction(passage) and (match := says.search(squeezed(passage.text))):
            return re.split(r",|\s(?:that|which|who|made|from|with|for|by|and)\s", match[1])[
                0
            ].strip()
    return ""


def lines_of(request: OutlinePicture, subject: str) -> tuple[tuple[TypeLine, ...], tuple[str, ...]]:
    """(lines, notes) of a poster; every fact of the brief is among the lines."""
    reading = request.reading
    main, offers, button = _occasion(request)
    title, line = _title(request, subject, main)
    wheres = reading.where.split(", ") if reading.where else []
    if not button and wheres and contact_spans(wheres[-1]):
        button = wheres.pop()
    if reading.name and not _holds(f"{title} {line} {request.brand}", reading.name):
        line, main = (
            (reading.name, main) if not line else (f"{capital(reading.name)}: {line}", main)
        )
    eyebrow = " \u00b7 ".join(
        capital(p) for p in [main, *offers] if p and not _holds(f"{title} {line}", p)
    )
    wanted: list[tuple[TypeRole, str]] = [
        ("eyebrow", eyebrow),
        ("title", title),
        ("line", line),
        ("detail", _date(reading.when)),
        ("detail", ", ".join(wheres)),
        ("button", button),
    ]
    kept: list[TypeLine] = []
    notes: list[str] = []
    for role, words_of_it in wanted:
        text = _tidy(words_of_it, role=role, names=(reading.name, reading.title))
        text, said = _without_avoided(text, role, request)
        notes += said
        if text:
            kept.append(TypeLine(role=role, text=text))
    return _with_title(kept, request), tuple(dict.fromkeys(notes))


def _occasion(request: OutlinePicture) -> tuple[str, list[str], str]:
    """(the occasion, offers, words for a button)."""
    main = occasion_of(request.reading)
    rest = [p for p in request.reading.occasion.split(", ") if p and p not in main.split(", ")]
    button = next((p for p in rest if _ACTION.match(p)), "")
    return main, [p for p in rest if p != button], button


def _title(request: OutlinePicture, subject: str, occasion: str) -> tuple[str, str]:
    """(title, line): quoted words, the brand's tagline, a name, the occasion, or the subject."""
    reading = request.reading
    own = not reading.name or _same(reading.name, request.brand)
    if reading.title:
        return reading.title, _line(subject, reading.title, occasion)
    if _is_talk(occasion) and subject and not _same(subject, occasion):
        return _split_title(subject)
    tagline = request.tagline.strip(" .") or _tagline(request.passages)
    if tagline and own and (reading.subject or reading.name) and not _is_event(occasion):
        named = reading.name or ""
        line = ", ".join(p for p in (named, _line(subject, tagline, occasion)) if p)
        return tagline, line
    if reading.name:
        return reading.name, _line(subject, reading.name, occasion)
    if occasion and _is_event(occasion):
        return _split_title(_bare(occasion))[0], _line(subject, occasion, "")
    if occasion and (not reading.subject or _holds(occasion, _bare(reading.subject))):
        return _split_title(_bare(occasion))
    if subject:
        return _split_title(_bare(subject))
    return tagline or request.brand, ""


def _line(subject: str, title: str, occasion: str) -> str:
    """The subject as a line, unless title or occasion says it already."""
    if not subject or _holds(f"{title} \u00b7 {occasion}", _bare(subject)):
        return ""
    if len(subject) > LINE_LETTERS:
        at = max(subject.rfind(". ", 0, LINE_LETTERS), subject.rfind(", ", 0, LINE_LETTERS))
        return subject[: at if at > 20 else LINE_LETTERS].rstrip(" ,.")
    return subject


def _is_event(occasion: str) -> bool:
    kinds = {v for w in words(occasion) for g, v in w.meanings if g == "occasion"}
    return bool(kinds & {"concert", "talk", "wedding", "party", "opening", "holiday"})


def _is_talk(occasion: str) -> bool:
    return any(m == ("occasion", "talk") for w in words(occasion) for m in w.meanings)


def _split_title(text: str) -> tuple[str, str]:
    """At most six words as the title, the rest as the line, cut where a phrase ends."""
    if len(text.split()) <= TITLE_WORDS:
        return text, ""
    cuts = [
        m.start() for m in _CUTS.finditer(text) if len(text[: m.start()].split()) <= TITLE_WORDS
    ]
    if cuts:
        return text[: cuts[-1]].rstrip(" ,:;"), text[cuts[-1] :].strip(" ,:;")[:LINE_LETTERS]
    pieces = text.split()
    return " ".join(pieces[:TITLE_WORDS]), " ".join(pieces[TITLE_WORDS:])[:LINE_LETTERS]


def _tagline(passages: Sequence[Passage]) -> str:
    """A tagline that the brand's documents call one."""
    for passage in passages:
        if is_art_direction(passage):
            continue
        for sentence in sentences(passage.text):
            text = readable(sentence.text)
            match = _TAGLINE.match(text)
            if match:
                return match[1].strip(" \"'\u201c\u201d")
            if _TAGLINE_HEADING.search(passage.heading) and len(text) <= 60:
                return text.strip(" .\"'\u201c\u201d")
    return ""


def _tidy(text: str, *, role: TypeRole, names: Sequence[str] = ()) -> str:
    """Sentence case, no full stop on a title; words in capitals throughout are brought down."""
    clean = squeezed(text).strip(" ,;:")
    if role in ("title", "line", "eyebrow", "button"):
        clean = clean.rstrip(".") if not clean.endswith("..") else clean
    if clean.isupper() and len(clean.split()) > 1 and clean not in names:
        clean = clean.title() if role == "detail" else clean.capitalize()
    if role == "line":
        clean = _sentence_case(clean)
    clean = re.sub(r"\s+([,.;:!?])", r"\1", clean)
    return clean if contact_spans(clean[:1] + clean[1:]) and " " not in clean else capital(clean)


def _sentence_case(text: str) -> str:
    """A line in title case as a sentence: the words of the lexicon lose their capitals."""
    long = re.findall(r"[^\W\d_]{4,}", text)
    if len(long) < 2 or not all(w[0].isupper() for w in long):
        return text
    for word in words(text):
        if word.meanings and word.start and word.text.istitle() and word.text != "I":
            text = text[: word.start] + word.text.lower() + text[word.end :]
    return text


def _date(when: str) -> str:
    """A date with its day and month in capitals and "7 pm" spaced; else as written."""
    spaced = _HALF_DAY.sub(lambda m: f" {m[1].lower()}m", when)
    return _CALENDAR.sub(lambda m: m.group().capitalize(), spaced)


def _without_avoided(
    text: str, role: TypeRole, request: OutlinePicture
) -> tuple[str, tuple[str, ...]]:
    """The text without the brand's words to avoid; facts are kept and the clash is noted."""
    avoided = found_in(text, request.voice.avoid)
    if not avoided:
        return text, ()
    listed = ", ".join(avoided)
    if role == "detail":
        return text, (f"'{text}' is a fact of the brief and holds a word to avoid: {listed}",)
    rest = text
    for phrase in avoided:
        rest = re.sub(rf"(?<!\w){re.escape(phrase)}(?!\w)", "", rest, flags=re.IGNORECASE)
    rest = squeezed(rest).strip(" ,;:\u00b7-")
    left = [w for w in words(rest) if plain(w.text) not in entries("silent", "function")]
    if found_in(rest, request.voice.avoid) or not left:
        return "", (f"left out '{text}': the brand avoids {listed}",)
    return capital(re.sub(r"\s+([,.;:!?])", r"\1", rest)), (f"took {listed} out of '{text}'",)


def _with_title(kept: list[TypeLine], request: OutlinePicture) -> tuple[TypeLine, ...]:
    """A poster has a title: the first words that are left take the place of one that is missing."""
    if not kept or any(line.role == "title" for line in kept):
        return tuple(kept)
    for role in ("line", "eyebrow", "detail", "button"):
        for at, line in enumerate(kept):
            if line.role == role:
                title = TypeLine(role="title", text=line.text)
                return (*kept[:at], title, *kept[at + 1 :])
    return tuple(kept)


def _bare(text: str) -> str:
    return _ARTICLE.sub("", text)


def _same(a: str, b: str) -> bool:
    return bool(a) and plain(a) == plain(b)


def _holds(text: str, part: str) -> bool:
    return bool(re.search(rf"(?<!\w){re.escape(plain(_bare(part)))}(?!\w)", plain(text)))
