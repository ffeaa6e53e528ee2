"""The words that are understood: ``lexicon.toml``, and finding them in a text.

A text is cut into words of any script; the longest phrase that the lexicon holds wins. Scripts that
are written without spaces are cut by the longest entry that fits.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

Meaning = tuple[str, str]
"""Group and value, such as ``("terrain", "dunes")``."""

LONGEST_PHRASE = 4
LONGEST_RUN = 6

_TOKEN = re.compile(
    r"(?P<run>[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af]+)"
    r"|(?P<sign>[\u231a-\u23ff\u2600-\u27bf\u2b50\U0001f300-\U0001faff])"
    r"|(?P<word>[^\W_]+(?:['\u2019][^\W_]+)*)"
)
_MARKS = re.compile(r"[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0640]")
_PREFIXES = ("وال", "بال", "لل", "ال", "و", "ب", "ل", "ה", "ב", "ל", "ו", "מ")


class Word(NamedTuple):
    """A word or phrase as it stands in a text.

    Attributes:
        text: exactly as written.
        plain: without case, accents and plural.
        start: offset of its first character.
        end: offset behind its last character.
        meanings: what the lexicon says it means; empty when it is not in the lexicon.
    """

    text: str
    plain: str
    start: int
    end: int
    meanings: tuple[Meaning, ...] = ()

    def value(self, group: str) -> str:
        """The first value of a group, or an empty string."""
        return next((v for g, v in self.meanings if g == group), "")

    def means(self, *groups: str) -> bool:
        """Whether the word has a meaning in any of the groups."""
        return any(g in groups for g, _ in self.meanings)


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Lower case, no accents, no possessive: the form in which words are compared."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    bare = unicodedata.normalize("NFC", _MARKS.sub("", folded))
    return bare.replace("\u2019", "'").removesuffix("'s")


def singular(word: str) -> str:
    """An English plural's singular, by its ending; other words unchanged."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses", "zzes")):
        return word[:-2]
    return word[:-1]


def words(text: str) -> tuple[Word, ...]:
    """The words of a text, phrases of the lexicon in one piece."""
    tokens = tuple(_tokens(text))
    found: list[Word] = []
    at = 0
    while at < len(tokens):
        word, taken = _longest(text, tokens, at)
        found.append(word)
        at += taken
    return tuple(found)


def meanings(phrase: str) -> tuple[Meaning, ...]:
    """What a single word or phrase means, or nothing."""
    return _lookup(tuple(w.plain for w in _tokens(phrase)))


def values(found: tuple[Word, ...], group: str) -> tuple[str, ...]:
    """The values of a group, in the order of the text, each once."""
    return tuple(dict.fromkeys(v for w in found for g, v in w.meanings if g == group))


@cache
def understood() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """The lexicon as rows of (group, value, words), for documentation."""
    return tuple(
        (group, value, _entries(listed))
        for group, by_value in _file().items()
        for value, listed in by_value.items()
    )


def understood_table(*groups: str) -> str:
    """The lexicon as a Markdown table, of all groups or of those named."""
    rows = [
        f"| {group} | {value} | {', '.join(listed)} |"
        for group, value, listed in understood()
        if not groups or group in groups
    ]
    return "\n".join(["| group | meaning | words |", "| --- | --- | --- |", *rows])


@cache
def entries(group: str, *of_values: str) -> frozenset[str]:
    """The plain words and phrases of a group, or of some of its values."""
    return frozenset(
        " ".join(w.plain for w in _tokens(entry))
        for name, value, listed in understood()
        if name == group and (not of_values or value in of_values)
        for entry in listed
    )


def _entries(listed: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(w.strip() for w in listed.split(",") if w.strip()))


@cache
def _file() -> dict[str, dict[str, str]]:
    text = Path(__file__).with_name("lexicon.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def _index() -> dict[tuple[str, ...], tuple[Meaning, ...]]:
    index: dict[tuple[str, ...], list[Meaning]] = {}
    for group, value, listed in understood():
        for entry in listed:
            key = tuple(m.plain for m in _raw(entry))
            held = index.setdefault(key, [])
            if (group, value) not in held:
                held.append((group, value))
    return {key: tuple(held) for key, held in index.items()}


@cache
def _runs() -> frozenset[str]:
    return frozenset(key[0] for key in _index() if len(key) == 1 and _is_run(key[0]))


def _is_run(text: str) -> bool:
    matched = _TOKEN.match(text)
    return matched is not None and matched.lastgroup == "run"


def _raw(text: str) -> Iterator[Word]:
    for matched in _TOKEN.finditer(text):
        bare = plain(matched.group())
        if bare:
            yield Word(matched.group(), bare, matched.start(), matched.end())


def _tokens(text: str) -> Iterator[Word]:
    for word in _raw(text):
        if _is_run(word.text):
            yield from _cut(word)
        else:
            yield word


def _cut(run: Word) -> Iterator[Word]:
    """Cut a run of characters without spaces: longest entries, and what lies between them."""
    known = _runs()
    text, at, rest = run.text, 0, 0
    while at < len(text):
        size = next((n for n in range(LONGEST_RUN, 0, -1) if plain(text[at : at + n]) in known), 0)
        if not size:
            at += 1
            continue
        if rest < at:
            yield _part(run, rest, at)
        yield _part(run, at, min(at + size, len(text)))
        at = rest = min(at + size, len(text))
    if rest < len(text):
        yield _part(run, rest, len(text))


def _part(run: Word, start: int, end: int) -> Word:
    piece = run.text[start:end]
    return Word(piece, plain(piece), run.start + start, run.start + end)


def _longest(text: str, tokens: tuple[Word, ...], at: int) -> tuple[Word, int]:
    first = tokens[at]
    for size in range(min(LONGEST_PHRASE, len(tokens) - at), 0, -1):
        last = tokens[at + size - 1]
        if size > 1 and not _together(text, tokens, at, size):
            continue
        held = _lookup(tuple(t.plain for t in tokens[at : at + size]))
        if held:
            key = " ".join(t.plain for t in tokens[at : at + size])
            return Word(text[first.start : last.end], key, first.start, last.end, held), size
    return first, 1


def _together(text: str, tokens: tuple[Word, ...], at: int, size: int) -> bool:
    """Whether nothing but a space or hyphen stands between the words of a phrase."""
    return all(
        text[tokens[i].end : tokens[i + 1].start].strip(" \t\r\n-\u2010\u2011") == ""
        for i in range(at, at + size - 1)
    )


def _lookup(key: tuple[str, ...]) -> tuple[Meaning, ...]:
    index = _index()
    held = index.get(key)
    if held is None and key:
        held = index.get((*key[:-1], singular(key[-1])))
    if held is None and len(key) == 1:
        held = next(
            (index[(key[0][len(p) :],)] for p in _PREFIXES if _prefixed(key[0], p)),
            None,
        )
    return held or ()


def _prefixed(word: str, prefix: str) -> bool:
    return (
        word.startswith(prefix)
        and len(word) - len(prefix) >= 2
        and (word[len(prefix) :],) in _index()
    )
