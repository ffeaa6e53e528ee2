"""From a written text to the words that are said: numbers, times, money, units, short forms.

Each written word keeps the spoken ones that it stands for, so that captions show what was written
and light up when it is heard.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from brandmodel.local.sound.numbers import IS_NUMBER, cardinal, clock, digits, number, ordinal, year

Pause = Literal["", ",", ".", "?", "!"]

_UNITS = {
    "km": "kilometer", "m": "meter", "cm": "centimeter", "mm": "millimeter", "kg": "kilogram",
    "g": "gram", "mg": "milligram", "l": "liter", "ml": "milliliter", "cl": "centiliter",
    "kb": "kilobyte", "mb": "megabyte", "gb": "gigabyte", "tb": "terabyte", "hz": "hertz",
    "khz": "kilohertz", "ghz": "gigahertz", "kw": "kilowatt", "kwh": "kilowatt hour",
    "w": "watt", "v": "volt", "s": "second", "sec": "second", "min": "minute", "h": "hour",
    "hr": "hour", "hrs": "hour", "ms": "millisecond", "oz": "ounce", "lb": "pound",
    "lbs": "pound", "ft": "foot", "mph": "mile an hour", "km/h": "kilometer an hour",
    "px": "pixel", "%": "percent", "°c": "degree Celsius", "°f": "degree Fahrenheit",
    "°": "degree", "k": "thousand", "x": "times", "mp": "megapixel", "fps": "frames a second",
}  # fmt: skip
_SAME_IN_PLURAL = {"hz", "khz", "ghz", "%", "k", "x", "fps"}
_MONEY = {"$": "dollar", "€": "euro", "£": "pound", "¥": "yen", "₹": "rupee"}
_CENTS = {"$": "cent", "€": "cent", "£": "pence", "¥": "sen", "₹": "paisa"}
_SCALES = frozenset(("thousand", "million", "billion", "trillion"))
_SCALE_LETTERS = {"k": "thousand", "m": "million", "bn": "billion", "b": "billion"}
_SHORT = {
    "mr.": "mister", "mrs.": "missus", "ms.": "miz", "dr.": "doctor", "st.": "saint",
    "vs.": "versus", "vs": "versus", "etc.": "et cetera", "e.g.": "for example",
    "i.e.": "that is", "no.": "number", "approx.": "approximately", "inc.": "incorporated",
    "ltd.": "limited", "co.": "company", "&": "and", "+": "plus", "@": "at", "=": "equals",
    "w/": "with", "a.m.": "ay em", "p.m.": "pee em", "am": "am", "pm": "pee em",
    "wi-fi": "why fye", "wifi": "why fye", "ok": "okay",
}  # fmt: skip
_MONTHS = (
    "january february march april may june july august september october november december "
    "jan feb mar apr jun jul aug sep sept oct nov dec"
).split()
_BEFORE_YEARS = frozenset((*_MONTHS, "in", "since", "until", "by", "of", "est"))
_FULL_MONTHS = dict(zip(_MONTHS[12:], "january february march april june july august "
    "september september october november december".split(), strict=True))  # fmt: skip
_LETTERS = {
    "a": "ay", "b": "bee", "c": "see", "d": "dee", "e": "ee", "f": "eff", "g": "gee",
    "h": "aitch", "i": "eye", "j": "jay", "k": "kay", "l": "ell", "m": "em", "n": "en",
    "o": "oh", "p": "pee", "q": "cue", "r": "are", "s": "ess", "t": "tee", "u": "you",
    "v": "vee", "w": "double you", "x": "ex", "y": "why", "z": "zee",
}  # fmt: skip
_SAID_AS_WORDS = frozenset("nasa nato unesco unicef ikea asap laser radar saas bmw".split()) - {
    "bmw"
}
_PLAIN_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "…": "...", "–": "-"})
_EDGES = "\"'()[]{}<>«»*_~`#|"
_TIME = re.compile(r"(\d{1,2})[:.](\d{2})\s*(am|pm|a\.m\.|p\.m\.|h)?", re.I)
_HOUR = re.compile(r"(\d{1,2})(am|pm|a\.m\.|p\.m\.)", re.I)
_MERIDIEM = {"am": "ay em", "pm": "pee em", "a.m.": "ay em", "p.m.": "pee em"}
_MEASURE = re.compile(rf"({IS_NUMBER.pattern})([a-z°%/]+)", re.I)
_RANGE = re.compile(rf"({IS_NUMBER.pattern})-({IS_NUMBER.pattern})([a-z°%]*)", re.I)
_AMOUNT = re.compile(r"[\d.,]*\d(?:-[\d.,]*\d)?")
_TELEPHONE = re.compile(r"\+?\d{2,4}(?:-\d{2,4})*-\d{4}")
_ORDINAL = re.compile(r"(\d+)(st|nd|rd|th)", re.I)
_PRICE = re.compile(rf"([$€£¥₹])({IS_NUMBER.pattern})(k|m|bn|b)?", re.I)
_PRICE_BEHIND = re.compile(rf"({IS_NUMBER.pattern})([$€£¥₹])")
_ADDRESS = re.compile(
    r"(?:https?://)?(?:www\.)?([a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,})(/\S*)?", re.I
)


@dataclass(frozen=True, slots=True)
class Said:
    """A written word, what is said for it, and the pause after it.

    Attributes:
        words: lower-case words of letters and apostrophes; empty for what is not said, as a dash.
    """

    text: str
    words: tuple[str, ...]
    pause: Pause


def said(text: str) -> tuple[Said, ...]:
    """The written words in order, each with its spoken ones."""
    written = unicodedata.normalize("NFC", text).translate(_PLAIN_QUOTES).split()
    shown = unicodedata.normalize("NFC", text).split()
    out: list[Said] = []
    for place, token in enumerate(written):
        after = written[place + 1] if place + 1 < len(written) else ""
        before = written[place - 1] if place else ""
        core, pause = _parted(token, last=not after)
        spoken = _spoken(core, before.strip(_EDGES + ".,;:!?").lower(), _bare(after))
        words = tuple(w for w in (_letters_only(w) for w in spoken.split()) if w)
        if not words and out:
            last = out[-1]
            out[-1] = Said(last.text, last.words, last.pause or pause or ",")
        out.append(Said(shown[place], words, pause if words else ""))
    return tuple(out)


def _parted(token: str, *, last: bool) -> tuple[str, Pause]:
    """The word without what stands around it, and the pause it ends in."""
    core = token.strip(_EDGES)
    if core.lower() in _SHORT and not last:
        return core, ""
    end = len(core.rstrip(".,;:!?-\u2014" + _EDGES))
    tail, core = core[end:], core[:end].strip(_EDGES)
    for mark in ("?", "!", "."):
        if mark in tail:
            return core, mark
    return core, "," if tail.strip("-") or "\u2014" in token[-1:] else ""


def _bare(token: str) -> str:
    return token.strip(_EDGES + ".,;:!?").lower()


def _spoken(core: str, before: str, after: str) -> str:
    """What is said for one written word, given its neighbours."""
    low = core.lower()
    if low in _SHORT:
        if low == "am" and IS_NUMBER.fullmatch(before):
            return "ay em"
        return _SHORT[low]
    if low in _SCALES and before[:1] in _MONEY:
        return f"{low} {_MONEY[before[0]]}s"
    for rule in (_as_time, _as_price, _as_number, _as_address):
        found = rule(core, before, after)
        if found:
            return found
    if low in _UNITS and _AMOUNT.fullmatch(before):
        return _unit(low, before)
    if low in _FULL_MONTHS and IS_NUMBER.fullmatch(before or after or "x"):
        return _FULL_MONTHS[low]
    if core.isupper() and core.isascii() and core.isalpha() and 2 <= len(core) <= 4:
        return _initials(core, low)
    if any(mark in core for mark in "-/&\u2014+"):
        parts = re.sub(r"&", " and ", re.sub(r"\+", " plus ", re.sub(r"[-/\u2014]", " ", core)))
        return " ".join(_spoken(part, "", "") for part in parts.split())
    return re.sub(r"(\d+)", lambda m: f" {number(m[1])} ", core)


def _as_time(core: str, before: str, after: str) -> str:
    half_follows = after in ("am", "pm", "a.m", "p.m")
    match = _TIME.fullmatch(core)
    if match and int(match[1]) < 25 and int(match[2]) < 60:
        half = _MERIDIEM.get((match[3] or "").lower(), "")
        if ":" in core or match[3] or half_follows:
            bare = bool(half) or half_follows
            return f"{clock(int(match[1]), int(match[2]), bare=bare)} {half}"
    match = _HOUR.fullmatch(core)
    return f"{cardinal(int(match[1]))} {_MERIDIEM[match[2].lower()]}" if match else ""


def _as_price(core: str, before: str, after: str) -> str:
    match = _PRICE.fullmatch(core)
    if not match:
        behind = _PRICE_BEHIND.fullmatch(core)
        return _price(behind[1], behind[2]) if behind else ""
    scale = (match[3] or "").lower()
    if scale or after in ("million", "billion", "thousand", "trillion"):
        money = f"{_MONEY[match[1]]}s" if scale else ""
        return f"{number(match[2])} {_SCALE_LETTERS.get(scale, '')} {money}"
    return _price(match[2], match[1])


def _price(amount: str, sign: str) -> str:
    whole, _, part = amount.replace(",", "").partition(".")
    if len(part) not in (0, 2):
        return f"{number(amount)} {_MONEY[sign]}s"
    units = int(whole or "0")
    name = _MONEY[sign] + ("" if units == 1 or sign == "¥" else "s")
    cents = int(part or "0")
    if not cents:
        return f"{cardinal(units)} {name}"
    return (
        f"{cardinal(units)} {name} {cardinal(cents)}"
        if units
        else f"{cardinal(cents)} {_CENTS[sign]}s"
    )


def _as_number(core: str, before: str, after: str) -> str:
    if IS_NUMBER.fullmatch(core):
        return _plain_number(core, before, after)
    match = _ORDINAL.fullmatch(core)
    if match:
        return ordinal(int(match[1]))
    match = _RANGE.fullmatch(core)
    if match and not _TELEPHONE.fullmatch(core):
        unit = _unit(match[3].lower(), match[2]) if match[3].lower() in _UNITS else match[3]
        return f"{number(match[1])} to {number(match[2])} {unit}"
    match = _MEASURE.fullmatch(core)
    if match and match[2].lower() in _UNITS:
        return f"{number(match[1])} {_unit(match[2].lower(), match[1])}"
    if _TELEPHONE.fullmatch(core):
        return digits(core)
    if re.fullmatch(r"\d+/\d+", core):
        return (
            " over ".join(number(part) for part in core.split("/"))
            if core != "24/7"
            else "twenty four seven"
        )
    return ""


def _plain_number(core: str, before: str, after: str) -> str:
    """A bare number: a day beside a month, a year where years stand, else a count."""
    if core.isdigit():
        value = int(core)
        if value <= 31 and after in _MONTHS and value:
            return f"the {ordinal(value)} of" if before != "the" else f"{ordinal(value)} of"
        if value <= 31 and before in _MONTHS and before != "may" and value:
            return ordinal(value)
        dated = before in _BEFORE_YEARS or _ORDINAL.fullmatch(before) or not after
        if 1100 <= value <= 2099 and dated:
            return year(value)
    return number(core)


def _as_address(core: str, before: str, after: str) -> str:
    match = _ADDRESS.fullmatch(core)
    if (
        not match
        or not re.search(r"[a-z]", match[1], re.I)
        or re.fullmatch(r"(?:[a-z]\.)+[a-z]", core, re.I)
    ):
        return ""
    return " dot ".join(
        " ".join(_spoken(p, "", "") for p in part.split("-")) for part in match[1].split(".")
    )


def _unit(name: str, amount: str) -> str:
    said_unit = _UNITS[name]
    if name in _SAME_IN_PLURAL or amount.strip() == "1":
        return said_unit
    head, _, rest = said_unit.partition(" ")
    plural = "feet" if head == "foot" else f"{head}s"
    return f"{plural} {rest}".strip()


def _initials(core: str, low: str) -> str:
    """Short capitals are spelled out where they could not be a word: no vowel, or a known case."""
    vowels = sum(letter in "aeiouy" for letter in low)
    if low in _SAID_AS_WORDS or (vowels and not (len(low) <= 3 and low in _SPELLED)):
        return low
    return " ".join(_LETTERS[letter] for letter in low)


_SPELLED = frozenset(
    "ai api usa uk eu us ui ux io ceo cto cfo coo roi seo faq usb ipa iot ipo diy ev suv".split()
)


def _letters_only(word: str) -> str:
    """Lower-case ASCII letters and inner apostrophes; accents fall off (``café`` is ``cafe``)."""
    plain = unicodedata.normalize(
        "NFKD", word.replace("ß", "ss").replace("æ", "ae").replace("ø", "o")
    )
    kept = "".join(c for c in plain.lower() if c.isascii() and (c.isalpha() or c == "'"))
    return kept.strip("'")
