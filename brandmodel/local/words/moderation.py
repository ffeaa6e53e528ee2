"""Whether words may go out: the brand's own list, and what a studio refuses. Pictures are not seen."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from brandmodel.local.desk import Desk
from brandmodel.tasks import Moderate, Moderation

_MARKS = re.compile(
    r"[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0640\u200b-\u200f\ufeff\u00ad]"
)
_SPACELESS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_MINOR = (
    r"(?:child(?:ren)?|kids?|minors?|underage|toddlers?|infants?|preteens?|pre-teens?"
    r"|school\s?(?:girl|boy)s?|(?:1[0-7]|[1-9])[\s-]year[\s-]olds?)"
)
_SEXUAL = r"(?:porn\w*|nudes?|naked|sex|sexual\w*|sexy|erotic\w*|explicit)"
_NEAR = r"(?:\W+\w+){0,6}?\W+"
_HOW = r"(?:how\s+(?:to|do\s+(?:i|you))|instructions?|recipe|guide|steps?|tutorial|blueprints?)"
_MAKE = r"(?:make|making|build|building|assemble|assembling|construct\w*|synthesi[sz]\w*|produc\w+|for|of)"
_WEAPON = (
    r"(?:pipe\s+bombs?|nail\s+bombs?|car\s+bombs?|dirty\s+bombs?|explosive\s+(?:devices?|vests?)|molotov\w*|nerve\s+(?:agents?|gas)|sarin"
    r"|ricin|anthrax|napalm|bombs?|silencers?|ghost\s+guns?)"
)
_SLUR = r"(?:n[i1]gg(?:er|a)s?|f[a@]gg[o0]ts?|k[i1]kes?|sp[i1]cs|tr[a@]nn(?:y|ies)|w[e3]tb[a@]cks?)"

# Minimal on purpose: whoever publishes a model adds what the brand refuses to `voice.avoid`.
_REFUSED: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "sexual content about minors",
        re.compile(rf"\b(?:{_SEXUAL}{_NEAR}{_MINOR}|{_MINOR}{_NEAR}{_SEXUAL})\b"),
    ),
    (
        "instructions for a weapon",
        re.compile(rf"\b{_HOW}{_NEAR}{_MAKE}{_NEAR}?(?:\w+\W+){{0,2}}?{_WEAPON}\b"),
    ),
    ("a slur", re.compile(rf"\b{_SLUR}\b")),
)
# "sex education for children" is not what the first pattern is meant for.
_EXCUSED = re.compile(
    r"\b(?:sex(?:ual)?\s+(?:education|health|abuse\s+prevention)|explicit\s+(?:lyrics|consent|permission)|opposite\s+sex)\b"
)


def moderate(request: Moderate, desk: Desk) -> Moderation:
    """Check the words that a reader will read; nothing here can look at a picture."""
    text = "\n".join(request.texts)
    avoided = found_in(text, request.avoid)
    reasons = [f"the brand avoids: {phrase}" for phrase in avoided]
    reasons += [f"{what}: '{words_of_it}'" for what, words_of_it in refused(text)]
    return Moderation(allowed=not reasons, reasons=tuple(reasons))


def refused(text: str) -> tuple[tuple[str, str], ...]:
    """(what it is, the words) of everything in a text that the studio makes nothing of."""
    plain = _EXCUSED.sub(lambda m: "x" * len(m.group()), _folded(text))
    return tuple((what, m.group()) for what, pattern in _REFUSED if (m := pattern.search(plain)))


def found_in(text: str, avoid: Sequence[str]) -> tuple[str, ...]:
    """The phrases of a list that stand in a text, whatever their case and accents."""
    folded = _folded(text)
    return tuple(p for p in avoid if p.strip() and _phrase(p).search(folded))


@lru_cache(maxsize=512)
def _phrase(phrase: str) -> re.Pattern[str]:
    """A phrase at word boundaries; scripts that are written without spaces have none."""
    pieces = [re.escape(piece) for piece in _folded(phrase).split()]
    body = r"[\s\-\u2010-\u2015]+".join(pieces)
    if _SPACELESS.search(phrase):
        return re.compile(body)
    return re.compile(rf"(?<!\w){body}(?!\w)")


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return unicodedata.normalize("NFC", _MARKS.sub("", decomposed))
