"""Finding dates and times in a text, exactly as they are written there."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple


class Span(NamedTuple):
    """A stretch of a text, ``text[start:end]``, and what to say of it."""

    start: int
    end: int
    text: str


_DAYS = (
    "monday|tuesday|wednesday|thursday|friday|saturday|sunday|lunes|martes|miércoles|jueves|viernes"
    "|sábado|domingo|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|montag|dienstag|mittwoch"
    "|donnerstag|freitag|samstag|sonntag"
)
_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    "|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|enero|febrero|marzo|abril|mayo|junio|julio|agosto"
    "|septiembre|octubre|noviembre|diciembre|janvier|février|mars|avril|mai|juin|juillet|août"
    "|septembre|octobre|novembre|décembre|januar|februar|märz|juni|juli|oktober|dezember"
)
_FULL_MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december"
)
_HALF = r"[ap]\.?m\b\.?"
_TO = r"(?:\s?[-\u2013]\s?|\s(?:to|until|till|through|and|&|bis|au|al)\s)"
_CLOCK = r"\d{1,2}(?:[:.]\d{2})?"
_NO_NAME = (
    rf"(?!\s(?!(?:{_MONTHS}|{_DAYS}|morning|afternoon|evening|night|noon)s?\b)"
    r"(?-i:[A-Z][a-z]+\b(?!,?\s[A-Z])))"
)
"""A day with another capital behind it is a name: "Tuesday Soup"."""
_ATOMS = (
    # 2027-05-14, 14.05.2027, 5/14/2027
    r"\b\d{4}-\d{2}-\d{2}\b",
    r"\b\d{1,2}[./]\d{1,2}[./](?:\d{4}|\d{2})\b",
    # 14 May 2027, 14-16 May, 14th of May, 14. Mai, 14 de mayo
    rf"\b\d{{1,2}}(?:st|nd|rd|th|er|\.)?(?:{_TO}\d{{1,2}}(?:st|nd|rd|th|\.)?)?\s(?:of\s|de\s)?"
    rf"(?:{_MONTHS})\b\.?(?:,?\s(?:de\s)?\d{{4}}\b)?",
    # May 14-16, 2027
    rf"\b(?:{_MONTHS})\.?\s\d{{1,2}}(?:st|nd|rd|th)?"
    rf"(?:{_TO}\d{{1,2}}(?:st|nd|rd|th)?(?![\d:%.]|\s?{_HALF}))?"
    r"(?![\d:%])(?:,?\s\d{4}\b)?",
    rf"\b(?:{_FULL_MONTHS})\s\d{{4}}\b",
    rf"\b(?<=in\s)(?:{_FULL_MONTHS})\b"
    rf"|\b(?:this|next|until|till|from|all)\s(?:{_FULL_MONTHS})\b(?!\s\d{{1,2}}\b)",
    rf"\b(?<!black\s)(?<!cyber\s)(?:(?:next|this|every|each)\s)?(?:{_DAYS})s?\b{_NO_NAME}"
    r"(?:\s(?:morning|afternoon|evening|night)s?\b)?",
    r"\b(?:mon|tues?|wed|thu(?:rs?)?|fri|sat|sun)\b\.?(?=,?\s*(?:at\s)?\d)",
    r"\b(?:mon|tue|wed|thu|fri|sat|sun)\s?[-\u2013]\s?(?:mon|tue|wed|thu|fri|sat|sun)\b",
    # 10 am-6 pm, 9-5pm, 18:30-20:00, 7 pm, 18h30, 19 Uhr
    rf"\b{_CLOCK}\s?(?:{_HALF})?\s?(?:[-\u2013]|to)\s?{_CLOCK}\s?{_HALF}",
    r"\b\d{1,2}[:.]\d{2}\s?[-\u2013]\s?\d{1,2}[:.]\d{2}(?:\s?(?:uhr|h)\b)?",
    rf"\b{_CLOCK}\s?{_HALF}",
    r"\b\d{1,2}(?:[:.]\d{2})?\s?(?:uhr\b|o'clock\b|o\u2019clock\b)",
    r"\b\d{1,2}\s?h(?:\d{2})?\b",
    r"\b\d{1,2}:\d{2}\b",
    r"(?<=\d\s)[-\u2013]\s\d{1,2}(?::\d{2})?\b",
    r"\btomorrow(?:\s(?:morning|afternoon|evening|night))?\b|\btonight\b|\btoday\b",
    r"\b(?:this|next|all)\s(?:weekend|week|month|year)\b|\bthis\s(?:evening|afternoon|morning)\b",
    r"\b(?:mañana por la (?:tarde|noche)|esta noche|ce soir|demain|heute abend)\b",
    # Chinese and Japanese
    r"(?:\d{4}年)?\d{1,2}月\d{1,2}[日号]|(?:本|下|这)?(?:周|星期|礼拜)[一二三四五六日天末]"
    r"|(?:上午|下午|晚上|早上|中午|晚)?\s?[\d一二三四五六七八九十]{1,3}[点點时時](?:半|\d{1,2}分)?"
    r"|今晚|明天|明晚|后天",
    # Arabic
    r"(?:يوم\s)?(?:الاثنين|الإثنين|الثلاثاء|الأربعاء|الخميس|الجمعة|السبت|الأحد)"
    r"|الساعة\s[\d٠-٩]{1,2}(?::[\d٠-٩]{2})?(?:\s(?:مساءً|مساء|صباحًا|صباحا))?"
    r"|[\d٠-٩]{1,2}\s(?:يناير|فبراير|مارس|أبريل|مايو|يونيو|يوليو|أغسطس|سبتمبر|أكتوبر|نوفمبر|ديسمبر)"
    r"|غدًا|غدا\b|الليلة",
    # Hebrew
    r"ב?יום\s(?:ראשון|שני|שלישי|רביעי|חמישי|שישי|שבת)|בשעה\s\d{1,2}(?::\d{2})?|מחר|הערב"
    r"|ב?-?\d{1,2}\sב(?:ינואר|פברואר|מרץ|אפריל|מאי|יוני|יולי|אוגוסט|ספטמבר|אוקטובר|נובמבר|דצמבר)",
)
# What may stand between two parts of one date, and what may lead in to it.
_BETWEEN = re.compile(
    r"[\s,\u060c\uff0c|\u00b7]*"
    r"(?:(?:at|from|to|until|till|and|&|[-\u2013]|um|ab|à|le|el|a las|a la|on|the)[\s,]*)?",
    re.IGNORECASE,
)
_KEPT_LEAD = re.compile(
    r"\b(?:from|until|till|through|every|doors|doors at|doors open at|starts?(?: at)?|starting"
    r"|opens?(?: at)?|before|after|since|by|ab|bis|desde|hasta|jusqu'au|between|noon|midday)\s$",
    re.IGNORECASE,
)
_LOST_LEAD = re.compile(
    r"(?:\b(?:on(?: the)?|at|in|le|el|am|um|this coming|the|von|date|when|time)\s*:?\s*|[\u5728]|\()$",
    re.IGNORECASE,
)
_NOON = re.compile(r"(?:\s*,?\s*(?:at\s)?)(?:noon|midday|midnight)\b", re.IGNORECASE)


@cache
def _atom() -> re.Pattern[str]:
    return re.compile("|".join(_ATOMS), re.IGNORECASE)


def when_spans(text: str) -> tuple[Span, ...]:
    """Dates and times of a text; neighbours are one span, a leading "on" or "at" is not said.

    ``Span.start`` covers that leading word, so that cutting the span out leaves clean text.
    """
    merged: list[tuple[int, int]] = []
    for match in _atom().finditer(text):
        start, end = match.span()
        if merged and _BETWEEN.fullmatch(text, merged[-1][1], start):
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return tuple(_span(text, start, end) for start, end in merged)


def _span(text: str, start: int, end: int) -> Span:
    if noon := _NOON.match(text, end):
        end = noon.end()
    before = text[max(0, start - 20) : start]
    if kept := _KEPT_LEAD.search(before):
        start -= len(before) - kept.start()
        before = text[max(0, start - 20) : start]
    said = text[start:end].strip(" ,.")
    if lost := _LOST_LEAD.search(before):
        start -= len(before) - lost.start()
        if before[lost.start()] == "(" and text[end : end + 1] == ")":
            end += 1
    return Span(start, end, said)
