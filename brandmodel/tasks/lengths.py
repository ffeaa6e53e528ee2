"""How long a film shall be: the length in a brief, in figures or words of several languages."""

from __future__ import annotations

import re

_COUNTS = {
    **{"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "five": 5, "six": 6, "eight": 8, "ten": 10},
    **{"twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty-five": 45, "sixty": 60},
    **{"ninety": 90, "half a": 0.5, "a half": 0.5, "one and a half": 1.5},
    **{"eine": 1, "einer": 1, "einen": 1, "zwei": 2, "drei": 3, "zehn": 10, "fünfzehn": 15},
    **{"zwanzig": 20, "dreißig": 30, "sechzig": 60, "halbe": 0.5, "eine halbe": 0.5},
    **{"anderthalb": 1.5, "eineinhalb": 1.5, "halben": 0.5, "einer halben": 0.5},
    **{"une": 1, "deux": 2, "dix": 10, "quinze": 15, "vingt": 20, "trente": 30, "soixante": 60},
    **{"une demi": 0.5, "demi": 0.5, "un": 1, "dos": 2, "diez": 10, "quince": 15, "veinte": 20},
    **{"treinta": 30, "sesenta": 60, "medio": 0.5, "un minuto y medio": 1.5},
    **{"一": 1, "半": 0.5, "两": 2, "二": 2, "三": 3, "十": 10, "十五": 15, "二十": 20, "三十": 30},
    **{"四十五": 45, "六十": 60, "九十": 90},
}
_COUNT = "|".join(sorted(map(re.escape, _COUNTS), key=len, reverse=True))
_UNITS = (
    (3600.0, r"hours?|hrs?|stunden?|heures?|horas?|小时|個小時|个小时"),
    (60.0, r"minutes?|mins?|minuten|minutos?|minütig\w*|分钟|分鐘|分"),
    (1.0, r"seconds?|secs?|s|sekunden?|sek|sekündig\w*|secondes?|segundos?|秒钟|秒鐘|秒"),
)
_UNIT = "|".join(words for _, words in _UNITS)
_LENGTH = re.compile(
    rf"(?<![A-Za-z\d.,:$€£])(?:(?P<figure>\d{{1,3}}(?:,\d{{3}})+|\d{{1,6}}(?:[.,]\d{{1,3}})?)|(?P<word>{_COUNT}))[\s-]?"
    rf"(?P<unit>{_UNIT})(?![A-Za-zÀ-ÿ])(?:\s?(?:and\s)?(?P<rest>\d{{1,2}})\s?s\w*\b)?"
    r"(?P<half>\s(?:and a half|y medio|et demie))?"
    r"|(?<![\w:.])(?P<clock>\d{1,2}:\d{2})(?=\s?(?:min|long|minutes?|film|video|clip|spot)\b)",
    re.IGNORECASE,
)
_MADE = (
    r"films?|videos?|vídeos?|vidéos?|movies?|spots?|clips?|ads?|adverts?|commercials?|teasers?|trailers?|reels?"
    r"|bumpers?|loops?|promos?|intros?|shorts?|stor(?:y|ies)|voice-?overs?|narration|cuts?|edits?|kurzfilm|werb\w+|imagefilm"
    r"|bande-annonce|anuncios?|cortometraje|long|lang|短片|视频|視頻|影片|广告|片|配音|旁白|launch|brand|product"
)
_BEFORE = re.compile(
    rf"(?:{_MADE})\b[\s,:(—–-]*(?:of|de|d['’]|von|lasting|with a length of)?\s*$", re.I
)
_BEHIND = re.compile(
    rf"^(?:[\s-]?(?:long|lange[rns]?))?[\s-]*(?:的)?(?:(?:[^\s,.;:]+[\s-]){{0,3}}?|[^\s\w]?[竖横方]\w{{0,3}})(?:{_MADE})",
    re.I,
)
_ELSEWHERE = re.compile(
    r"\b(?:in|within|for|after|every|under|only|just|takes?|last|first|per|over|than|about|of|before|steeped|ready|open|since"
    r"|durch|nach|seit|alle|pendant|après|depuis|durante|desde)\s(?:the\s|just\s|only\s|under\s)?$",
    re.IGNORECASE,
)
_ASKED = re.compile(r"\b(?:keep it to|make it|length:?|duration:?|dauer:?|durée:?)\s*$", re.I)


def length_of(prompt: str) -> float | None:
    """The length that a brief asks for in seconds, as it is said; None when it says none.

    "Pizza in 20 minutes, a 30-second spot" is 30: a length counts where it stands by the film.
    """
    found = length_span(prompt)
    return found[2] if found else None


def length_span(prompt: str) -> tuple[int, int, float] | None:
    """(start, end, seconds) of the words that give a film's length."""
    maybe: tuple[int, int, float] | None = None
    for match in _LENGTH.finditer(prompt[:20_000]):
        before, behind = prompt[: match.start()][-60:], prompt[match.end() :][:60]
        found = (match.start(), match.end(), _seconds(match))
        if _BEHIND.search(behind) or _BEFORE.search(before) or _ASKED.search(before):
            return found
        if maybe is None and not _ELSEWHERE.search(before) and _ends_clause(before, behind):
            maybe = found
    return maybe


def _ends_clause(before: str, behind: str) -> bool:
    """Whether a length stands by itself, as in "..., 15 s" or "30s: ..."."""
    alone = re.compile(r"^\s*(?:$|[,.;:!?)\n，。；：、—–]|long\b|-\s)")
    return bool(alone.match(behind)) and bool(re.search(r"(?:^|[,.;:(\n，。；：、—–])\s*$", before))


def _seconds(match: re.Match[str]) -> float:
    if match["clock"]:
        minutes, seconds = match["clock"].split(":")
        return 60.0 * int(minutes) + int(seconds)
    figure = match["figure"]
    if figure:
        thousands = re.fullmatch(r"\d{1,3}(?:,\d{3})+", figure)
        count = float(figure.replace(",", "" if thousands else "."))
    else:
        count = float(_COUNTS[match["word"].lower()])
    each = next(s for s, words in _UNITS if re.fullmatch(words, match["unit"], re.IGNORECASE))
    count += 0.5 if match["half"] else 0.0
    return count * each + float(match["rest"] or 0)
