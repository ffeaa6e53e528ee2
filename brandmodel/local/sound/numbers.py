"""Numbers as they are spoken in English."""

from __future__ import annotations

import re

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
).split()
_TENS = ". . twenty thirty forty fifty sixty seventy eighty ninety".split()
_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"))
_ODD_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def cardinal(number: int) -> str:
    """``1204`` as ``one thousand two hundred and four``; beyond a quadrillion, digit by digit."""
    if number >= 10**15:
        return digits(str(number))
    for size, name in _SCALES:
        if number >= size:
            rest = number % size
            joint = " and " if 0 < rest < 100 else " "
            return f"{cardinal(number // size)} {name}{joint + cardinal(rest) if rest else ''}"
    if number >= 100:
        rest = number % 100
        return f"{_ONES[number // 100]} hundred{' and ' + cardinal(rest) if rest else ''}"
    if number >= 20:
        return _TENS[number // 10] + (f" {_ONES[number % 10]}" if number % 10 else "")
    return _ONES[number]


def ordinal(number: int) -> str:
    """``23`` as ``twenty third``."""
    head, _, last = cardinal(number).rpartition(" ")
    if last in _ODD_ORDINALS:
        last = _ODD_ORDINALS[last]
    elif last.endswith("y"):
        last = last[:-1] + "ieth"
    else:
        last += "th"
    return f"{head} {last}".strip()


def year(number: int) -> str:
    """``2026`` as ``twenty twenty six``, ``1905`` as ``nineteen oh five``, ``2004`` in full."""
    head, tail = divmod(number, 100)
    if head == 20 and tail < 10:
        return f"two thousand{' and ' + cardinal(tail) if tail else ''}"
    if tail == 0:
        return f"{cardinal(head)} hundred"
    return f"{cardinal(head)} {'oh ' if tail < 10 else ''}{cardinal(tail)}"


def digits(text: str) -> str:
    """Digit by digit."""
    return " ".join(_ONES[int(d)] for d in text if d.isdigit())


def number(text: str) -> str:
    """A written number, such as ``1,200`` or ``3.14`` or ``007``, as words."""
    whole, _, part = text.replace(",", "").partition(".")
    if len(whole) > 1 and whole.startswith("0"):
        said = digits(whole)
    else:
        said = cardinal(int(whole or "0"))
    return f"{said} point {digits(part)}" if part else said


def clock(hour: int, minute: int, *, bare: bool = False) -> str:
    """``10, 30`` as ``ten thirty``, ``9, 5`` as ``nine oh five``, ``9, 0`` as ``nine o'clock``.

    ``bare`` leaves out ``o'clock``, for where ``am`` or ``pm`` follows.
    """
    if minute == 0:
        return cardinal(hour) + ("" if bare else " o'clock")
    return f"{cardinal(hour)} {'oh ' if minute < 10 else ''}{cardinal(minute)}"


IS_NUMBER = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+")
