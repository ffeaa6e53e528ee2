"""Finding venues, addresses and ways to get in touch in a text, exactly as they are written there."""

from __future__ import annotations

import re

from brandmodel.local.words.dates import Span
from brandmodel.local.words.lexicon import meanings

_CAPITAL = r"(?:[^\W\d_a-zß-öø-ÿ][\w'\u2019.&-]*|\d{1,4}[A-Za-z]?(?=\s[A-Z]))"
_NAME = rf"{_CAPITAL}(?:\s(?:(?:of|the|and|&|de|la|le|du|des|del|von|der|am|for|on)\s)*{_CAPITAL})*"
_ENDS = (
    r"(?=\s*(?:[,;.:!?|)\x1f\n]|$|\s[-\u2013\u2014]\s|\s(?:on|for|with|from|in|by|at|to|and)\b))"
)
_VENUE = re.compile(
    rf"(?:\b(?P<lead>[Aa]t|[Ii]n|[Aa]uf|[Ii]m|[Cc]hez|[Ee]n|[Aa]u|@)\s?)"
    rf"(?P<place>(?:(?:the|The|our|le|la|el|der|dem)\s)?{_NAME}(?:,\s{_NAME}{_ENDS})*)"
)
_LABELLED = re.compile(
    r"\b(?:venue|location|where|place|address)\s*:\s*(?P<place>[^;\n\x1f]+)", re.IGNORECASE
)
_ADDRESS = re.compile(
    r"\b\d{1,4}[a-z]?\s(?:[A-Z][\w'\u2019-]*\s){1,3}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Square|Place|Drive|Way|"
    r"Boulevard|Blvd|Terrace|Quay|Row|Court)\b\.?(?:,\s[A-Z][\w'\u2019-]*(?:\s[A-Z][\w'\u2019-]*)*)*"
)
_LOWER = re.compile(
    r"\b(?:at|@)\s?(?P<place>(?:the\s|our\s|joe)?[^\W\d_][^,;.:!?|\x1f\n]{2,50}?)"
    r"(?=\s*(?:[,;.:!?|\x1f\n]|$)|\s(?:on|with|for|from)\s)",
    re.IGNORECASE,
)
_CONTACT = re.compile(
    r"(?:\b(?:rsvp|apply|write|visit|(?:book|order|tickets)(?: at| from)?|e-?mail|call)"
    r"\s*:?\s*(?:to\s|at\s)?)?"
    r"(?:\bhttps?://[^\s,;]+|\bwww\.[^\s,;]+|\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}"
    r"|\b[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,3}\.(?:com|org|net|io|co|eu|uk|de|fr|es|it|example|app|studio|shop|cafe|art)\b"
    r"(?:\.[a-z]{2}\b)?(?:/[^\s,;]*)?|(?<![\w#])@[A-Za-z][\w.]{2,}|(?:\btel\.?\s|\bcall\s)?\+?\d[\d\s()/-]{8,}\d)",
    re.IGNORECASE,
)
# "at sunset" and "in May" are not places.
_NO_PLACE = ("daytime", "season", "weather", "light", "mood", "colour", "format", "silent")


_HOUSES = re.compile(
    r"\b(?:house|hall|villa|room|square|library|park|theatre|theater|club|bar|caf\u00e9|cafe|mill|centre|center|museum"
    r"|gallery|church|hotel|arena|stadium|school|gardens?|street|road|lane|pier|studio|plaza|court|tower|barn|castle"
    r"|university|college|station|beach|pavilion|terrace|rooftop|online|\w+park|\w+haus|\w+halle|\w+platz)\b",
    re.IGNORECASE,
)


def names_a_house(clause: str) -> bool:
    """Whether a clause reads like a venue: "Harbour Hall", "Room 4"."""
    return len(clause.split()) <= 6 and bool(_HOUSES.search(clause))


def contact_spans(text: str) -> tuple[Span, ...]:
    """Web and mail addresses, handles and telephone numbers."""
    return tuple(Span(m.start(), m.end(), m.group().strip(" .")) for m in _CONTACT.finditer(text))


def where_spans(text: str, *, event: bool, case: bool = True) -> tuple[Span, ...]:
    """Places: "at the Lakeside House, Bristol", "venue: ...", an address.

    Args:
        text: the brief.
        event: something happens there, so that "at the old mill" is a place without capitals, too.
        case: capitals tell names from words in this text.
    """
    spans: list[Span] = []
    for match in _LABELLED.finditer(text):
        spans.append(Span(match.start(), match.end(), match.group("place").strip(" ,.")))
    if case:
        spans += [
            Span(m.start(), m.end("place"), m.group("place").strip(" ,."))
            for m in _VENUE.finditer(text)
            if _is_place(m.group("place"))
        ]
    spans += [Span(m.start(), m.end(), m.group()) for m in _ADDRESS.finditer(text)]
    if event:
        spans += [
            Span(m.start(), m.end(), m.group("place").strip(" ,."))
            for m in _LOWER.finditer(text)
            if _is_place(m.group("place"))
        ]
    return _apart(spans)


def _is_place(words: str) -> bool:
    first = re.sub(r"^(?:the|our|le|la|el|der|dem)\s", "", words, flags=re.IGNORECASE)
    parts = first.split()
    if not parts or (len(parts) == 1 and _is_time(parts[0])):
        return False
    head = meanings(parts[0].strip(",."))
    return len(parts) > 1 or not any(group in _NO_PLACE for group, _ in head)


def _is_time(word: str) -> bool:
    return any(group in ("daytime", "season") for group, _ in meanings(word))


def _apart(spans: list[Span]) -> tuple[Span, ...]:
    """Spans in the order of the text; of two that overlap the one found first stays."""
    kept: list[Span] = []
    for span in spans:
        if all(span.end <= k.start or span.start >= k.end for k in kept):
            kept.append(span)
    return tuple(sorted(kept))
