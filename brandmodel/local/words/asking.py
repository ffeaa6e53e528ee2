"""How a brief asks: for a poster or a picture, politely or not, with words in quotation marks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from brandmodel.local.words.dates import Span
from brandmodel.local.words.lexicon import Word, entries, meanings, words

CUT = "\x1f"

_QUOTED = re.compile(
    '\u201c([^\u201d"]{1,200})[\u201d"]|"([^"]{1,200})"|\u00ab\\s*([^\u00bb]{1,200}?)\\s*\u00bb'
    '|\u201e([^\u201c\u201d"]{1,200})[\u201c\u201d"]|\u300c([^\u300d]{1,200})\u300d|\u300e([^\u300f]{1,200})\u300f'
    "|\u300a([^\u300b]{1,200})\u300b|(?<!\\w)['\u2018]([^'\u2019\x1f]{2,120})['\u2019](?!\\w)"
)

_LABELLED = re.compile(
    r"\b(?:labell?ed|label (?:says|reads|reading|saying)|called|named)\s*:?\s*$", re.IGNORECASE
)

_SAYING = re.compile(
    r"[\s,]{0,3}\b(?:with|and|that|which)?\s*\b(?:(?:the\s)?(?:words?|title|headline|text|slogan|lettering)"
    r"|saying|says?|reads?|reading|titled|entitled|called|named)\s*:?\s*(?=\x1f)",
    re.IGNORECASE,
)

_PLEASE = (
    r"(?:(?:hi|hello|hey)[\s,!]+)?(?:please[\s,]+|(?:can|could|would)\s(?:you|we)\s(?:please\s)?"
    r"|(?:i(?:'d|\u2019d| would)?|we)\s(?:need|want|like|would like|am looking for|are looking for)\s"
    r"(?:to have\s)?)?"
    r"(?:(?:make|create|design|draw|generate|give|show|paint|render|produce|imagine|build|do)\s(?:me\s|us\s)?)?"
)

_ARTICLE = r"(?:(?:a|an|the|our|my|one|some|another|ein|eine|un|una|une|le|la)\s)?"

_LINK = (
    r"(?:\s*(?:for|of|to|about|announcing|advertising|promoting|featuring|showing|to announce"
    r"|to promote|to advertise|para|pour|für|von|de|von|des|del)\b(?:\s(?=\x1f))?|\s*[:,\u2013\u2014-])"
)

_OTHER_SCRIPT = re.compile(r"[\u3040-\u9fff\uac00-\ud7af\u0590-\u08ff]")


def without(text: str, spans: Sequence[Span]) -> tuple[str, Sequence[Span]]:
    """The text with its spans cut out; offsets of what stays are kept."""
    for span in spans:
        gap = CUT + " " * (span.end - span.start - 1)
        text = text[: span.start] + gap + text[span.end :]
    return text, spans


def without_quotes(text: str) -> tuple[str, str, str]:
    """(text without quoted words, the first quoted as title, words quoted as a label or name)."""
    title = name = ""
    spans: list[Span] = []
    for match in _QUOTED.finditer(text):
        said = next(group for group in match.groups() if group).strip()
        if _LABELLED.search(text[: match.start()][-40:]):
            name = name or said.strip(" ,.")
            lead = _LABELLED.search(text[: match.start()])
            spans.append(Span(lead.start() if lead else match.start(), match.end(), said))
        else:
            title = title or said.strip(" ,")
            spans.append(Span(match.start(), match.end(), said))
    cut, _ = without(text, spans)
    return _SAYING.sub("", cut), title, name


@cache
def _lead(group: str) -> re.Pattern[str]:
    listed = "|".join(sorted(map(re.escape, _formats(group)), key=len, reverse=True))
    link = _LINK + r"|(?=\s*(?:\x1f|$))|(?=\s(?:that|with|in)\s)"
    before = r"(?P<adjectives>(?:[\w'\u2019&%]+[\s-]){0,5}?)"
    return re.compile(
        rf"^\s*{_PLEASE}{_ARTICLE}{before}(?:{listed})s?\b(?:{link})\s*", re.IGNORECASE
    )


@cache
def _formats(*group: str) -> frozenset[str]:
    return frozenset(
        entry for entry in entries("format", *group) if not _OTHER_SCRIPT.search(entry)
    )


def purpose_of(text: str, found: Sequence[Word]) -> tuple[bool, str]:
    """Whether a poster is asked for, and the text without the words that ask."""
    for group in ("poster", "perhaps", "picture"):
        if match := _lead(group).match(text):
            rest = text[match.end() :]
            before = match.group("adjectives").strip(" -")
            if re.match(r"[A-Z][a-z]+(?:ing|ed)\b", before):
                before = before[0].lower() + before[1:]
            if group == "perhaps" and not _is_asked(match.group(), before):
                continue
            wanted = group != "picture" or any(w.value("format") == "poster" for w in words(rest))
            return wanted, f"{before}{CUT}{rest}" if _says_things(before) else rest
    if any(w.value("format") == "poster" for w in found):
        return True, _without_formats(text)
    asked = re.match(rf"^\s*{_PLEASE}", text, re.IGNORECASE)
    return False, text[asked.end() :] if asked else text


def _is_asked(lead: str, before: str) -> bool:
    """Whether "card", "cover" and the like ask for one: "a card for ...", "a birthday card"."""
    asked = re.search(rf"{_LINK}\s*$", lead, re.IGNORECASE)
    return bool(asked) or any(w.means("occasion") for w in words(before))


def _without_formats(text: str) -> str:
    for word in reversed([w for w in words(text) if w.value("format") == "poster"]):
        text = text[: word.start] + " " + text[word.end :]
    text = re.sub(
        r"^[\s\u7684]*(?:请|帮我|给我)?(?:制作|设计|做|画)?(?:一张|一个|一幅|张)?的?", "", text
    )
    if first := re.match(r"\s*ل([\u0600-\u06ff]+)", text):
        text = text[first.start(1) :] if meanings(first[1]) else text
    text = re.sub(r"(?:的|一张)\s*(?=$|[，,：:。])", "", text)
    return re.sub(r"\s*\bas (?:a|an)\s*(?=$|[,.\x1f])", "", text)


def _says_things(before: str) -> bool:
    """Whether words before "poster" are more than its size or mood."""
    return any(
        not w.meanings or w.means("occasion", "terrain", "product", "absent", "style", "season")
        for w in words(before)
        if not re.fullmatch(r"a\d|\d+|x|cm|mm|px", w.plain)
    )
