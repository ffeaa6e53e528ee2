"""Sentences, stems and other small facts of text that search, answers and plans share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from brandmodel.local.words.lexicon import entries, plain

_ABBREVIATION = re.compile(
    r"(?:\b(?:Dr|Mr|Mrs|Ms|Prof|St|No|vs|etc|approx|Inc|Ltd|Co|Jr|Sr|e\.g|i\.e|z\.B|Nr|bzw|fig|[A-Z]))\.$"
)
_END = re.compile(
    r"[.!?\u2026]+[\"'\u201d\u2019)\]]*(?=\s|$)|[\u3002\uff01\uff1f]+|\n(?=\s*(?:[-*+\u2022]|\d+[.)]|\n|\|))"
)
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+(?:['\u2019.][^\W_]+)*")
_BULLET = re.compile(r"^\s*(?:[-*+\u2022]|\d+[.)]|>|\|)\s+")
_MARKUP = re.compile(r"(\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w))")
_ENDINGS = (
    "ations",
    "ation",
    "ingly",
    "ings",
    "ing",
    "edly",
    "ied",
    "ies",
    "ed",
    "es",
    "ers",
    "er",
    "ly",
    "s",
)


class Sentence(NamedTuple):
    """A sentence and where it stands: ``text[start:end]``, untrimmed of nothing but white space."""

    start: int
    end: int
    text: str


def sentences(text: str) -> Iterator[Sentence]:
    """The sentences and list items of a text, exactly as they stand in it."""
    start = 0
    for match in _END.finditer(text):
        if match.group().startswith(".") and _ABBREVIATION.search(text[start : match.end()][-8:]):
            continue
        yield from _trimmed(text, start, match.end())
        start = match.end()
    yield from _trimmed(text, start, len(text))


def _trimmed(text: str, start: int, end: int) -> Iterator[Sentence]:
    piece = text[start:end]
    bare = piece.strip()
    if re.search(r"\w", bare):
        at = start + len(piece) - len(piece.lstrip())
        yield Sentence(at, at + len(bare), bare)


def readable(sentence: str) -> str:
    """A sentence without list mark and emphasis, white space in order."""
    return " ".join(_MARKUP.sub("", _BULLET.sub("", sentence)).split())


def capital(text: str) -> str:
    """The text with a capital first letter, unless its first word is written in its own way."""
    first = text.split(" ")[0]
    # "iPhone" and "aurelia.example" keep their own first letter.
    if any(c.isupper() for c in first[1:]) or "." in first.rstrip("."):
        return text
    return text[:1].upper() + text[1:]


def squeezed(text: str) -> str:
    """The text with every stretch of white space as one space."""
    return " ".join(text.split())


def stem(word: str) -> str:
    """A crude English stem, enough to see that "steeped" and "steeping" are one."""
    bare = plain(word)
    if not bare.isascii() or any(c.isdigit() for c in bare):
        return bare
    for ending in _ENDINGS:
        if bare.endswith(ending) and len(bare) - len(ending) >= 3:
            bare = bare[: -len(ending)]
            break
    if len(bare) > 3 and bare[-1] == bare[-2] and bare[-1] not in "aeiouls":
        bare = bare[:-1]
    return bare[:-1] if len(bare) > 3 and bare[-1] in "ey" else bare


def tokens(text: str) -> list[str]:
    """The words of a text as written; characters of scripts without spaces one by one."""
    return _WORD.findall(text)


def stems(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order."""
    return [stem(w) for w in tokens(text) if plain(w) not in function_words()]


@cache
def function_words() -> frozenset[str]:
    """Words that carry grammar rather than meaning."""
    return entries("silent", "function") | _QUESTION_WORDS


_QUESTION_WORDS = frozenset(
    "how why whose whom did does doing many much long often tell know there're what's who's when's "
    "where's it's is isn't aren't don't doesn't you're".split()
)
