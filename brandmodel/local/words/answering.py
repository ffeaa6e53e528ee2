"""Answers put together from the passages' own sentences, each with its source."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from brandmodel.local.desk import Desk
from brandmodel.local.words.lexicon import plain
from brandmodel.local.words.text import readable, sentences, squeezed, stems, tokens
from brandmodel.tasks import (
    Answer,
    AnswerPlan,
    CheckSources,
    Citation,
    Passage,
    PlanAnswer,
    WriteAnswer,
)

NOTHING_FOUND = "The documents do not say."
MOST_POINTS = 5
LEAST_SHARE = 0.34

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_NUMBER_WORD = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen"
    r"|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
    r"|hundreds?|thousands?|millions?|half|dozen|double|twice)\b"
)
_DENIAL = re.compile(
    r"\b(?:no|not|never|none|without|cannot|can't|don't|doesn't|isn't|aren't|won't|nor)\b"
)
_MARK = re.compile(r"\s*\[(\d+)\]")
_KINDS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (
        re.compile(r"^\s*(?:when|what (?:time|date|day|year)|since when|how often)\b", re.I),
        re.compile(
            r"\d{1,2}[:.]\d{2}|\b\d{4}\b|\d\s?[ap]m\b|(?:mon|tues|wednes|thurs|fri|satur|sun)day|\b(?:january|february|march|april|may|june|july|august|september|october|november|december|spring|summer|autumn|winter|every|daily|weekly)\b",
            re.I,
        ),
    ),
    (
        re.compile(r"^\s*where\b", re.I),
        re.compile(r"\b(?:in|at|near|from)\s+(?:the\s+)?[A-Z]|\b(?:street|road|square|address)\b"),
    ),
    (
        re.compile(
            r"^\s*(?:how (?:much|many|long|old|far|big|large|tall|heavy|strong|hot|cold)"
            r"|what (?:price|size|share))\b",
            re.I,
        ),
        re.compile(
            r"\d|[$\u20ac\u00a3]|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|eighteen|twenty|thirty|forty|fifty|hundred|thousand|half|free)\b",
            re.I,
        ),
    ),
    (
        re.compile(r"^\s*(?:who|whose|whom)\b", re.I),
        re.compile(r"\b[A-Z][a-z]+(?:\s[A-Z][a-z]+)+|\bfounde|\bmade by\b"),
    ),
)


class Found(NamedTuple):
    """A sentence of a passage.

    Attributes:
        order: (passage, place in it), which is the order in which answers read.
        quote: exactly as it stands in the passage.
        claim: the same words without list marks and emphasis.
    """

    order: tuple[int, int]
    document: str
    quote: str
    claim: str
    stems: frozenset[str]
    heading: frozenset[str]
    rank: float = 0.0


def plan_answer(request: PlanAnswer, desk: Desk) -> AnswerPlan:
    """The sentences that answer the question, at most five, as points."""
    found = _bearing_on(request.question, request.passages)
    if not found and request.passages:
        return AnswerPlan(notes=("no passage holds the words that the question turns on",))
    return AnswerPlan(points=tuple(f.claim for f in found))


def write_answer(request: WriteAnswer, desk: Desk) -> Answer:
    """Say the sentences that bear on the points, or on the question where there are none."""
    found = _along(request.points, request.passages) if request.points else ()
    found = found or _bearing_on(request.question, request.passages)
    if not found:
        return Answer(text=NOTHING_FOUND)
    citations = tuple(Citation(claim=f.claim, document=f.document, quote=f.quote) for f in found)
    said = [f"{_ended(f.claim)} [{n}]" for n, f in enumerate(found, 1)]
    notes = ()
    if re.match(r"^\s*(?:is|are|was|were|does|do|did|can|has|have|will)\b", request.question, re.I):
        notes = ("quoted rather than answered with yes or no: nothing here reads meanings",)
    return Answer(text=" ".join(said), citations=citations, notes=notes)


def check_sources(request: CheckSources, desk: Desk) -> Answer:
    """Keep the sentences that their citation supports, numbered anew; say what was taken out."""
    answer = request.answer
    kept: list[Citation] = []
    lines: list[str] = []
    removed: list[str] = []
    for line in answer.text.split("\n"):
        said: list[str] = []
        for text, numbers in _cited(line):
            sources = [answer.citations[n - 1] for n in numbers if 0 < n <= len(answer.citations)]
            good = [c for c in sources if _supports(text, c, request.passages)]
            if not good:
                removed += [text] if re.search(r"\w", text) and text != NOTHING_FOUND else []
                continue
            marks = "".join(f"[{_number(c, text, kept)}]" for c in good)
            said.append(f"{text} {marks}")
        if said:
            lines.append(_indent(line) + " ".join(said))
        elif not line.strip() and lines and lines[-1]:
            lines.append("")
    notes = tuple(f"taken out, no source contains it: {text}" for text in removed)
    text = "\n".join(lines).strip() or NOTHING_FOUND
    return Answer(text=text, citations=tuple(kept), notes=(*answer.notes, *notes))


def _sentences_of(passages: Sequence[Passage]) -> list[Found]:
    """Every sentence of the passages, each once."""
    found: dict[str, Found] = {}
    for at, passage in enumerate(passages):
        heading = frozenset(stems(passage.heading))
        for place, sentence in enumerate(sentences(passage.text)):
            claim = readable(sentence.text)
            if claim.endswith("?") or len(tokens(claim)) < 2:
                continue
            found.setdefault(
                claim,
                Found(
                    (at, place),
                    passage.document,
                    sentence.text,
                    claim,
                    frozenset(stems(claim)),
                    heading,
                ),
            )
    return list(found.values())


def _bearing_on(question: str, passages: Sequence[Passage]) -> tuple[Found, ...]:
    """The sentences that hold what the question turns on, in the order of the passages."""
    every = _sentences_of(passages)
    asked = dict.fromkeys(stems(question))
    if not asked or not every:
        return ()
    weight = _rarity(every, asked)
    names = _names(question) & set(asked)
    wanted = next((answer for ask, answer in _KINDS if ask.search(question)), None)
    ranked: list[Found] = []
    for found in every:
        hits = [s for s in asked if s in found.stems]
        near = [s for s in asked if s in found.heading and s not in found.stems]
        # A sentence that only repeats the name answers nothing about it.
        if not hits or (set(asked) - names and not (set(hits) | set(near)) - names):
            continue
        share = sum(weight[s] for s in hits) + 0.6 * sum(weight[s] for s in near)
        share /= sum(weight.values()) or 1.0
        fits = 0.25 if wanted and wanted.search(found.claim) else 0.0
        if share >= LEAST_SHARE or (fits and share >= LEAST_SHARE / 2):
            ranked.append(found._replace(rank=share + fits))
    ranked.sort(key=lambda f: (-f.rank, f.order))
    best = [f for f in ranked if f.rank >= 0.6 * ranked[0].rank][:MOST_POINTS]
    return tuple(sorted(best, key=lambda f: f.order))


def _along(points: Sequence[str], passages: Sequence[Passage]) -> tuple[Found, ...]:
    """For each point, in its order, the sentence that says it best."""
    every = _sentences_of(passages)
    chosen: dict[str, Found] = {}
    for point in points:
        asked = set(stems(point))
        scored = [(len(asked & f.stems) / max(len(asked), 1), f) for f in every]
        best = max(scored, key=lambda s: (s[0], -len(s[1].stems)), default=(0.0, None))
        if best[1] is not None and best[0] >= 0.5:
            chosen.setdefault(best[1].claim, best[1])
    return tuple(chosen.values())


def _rarity(every: Sequence[Found], asked: Sequence[str] | dict[str, None]) -> dict[str, float]:
    counted = Counter(s for f in every for s in f.stems)
    return {s: math.log(1 + len(every) / (1 + counted[s])) for s in asked}


def _names(question: str) -> set[str]:
    """Stems of the capitals inside a question: what it asks about, rather than what it asks."""
    said = tokens(question)[1:]
    return {s for w in said if w[:1].isupper() for s in stems(w)}


def _ended(claim: str) -> str:
    return claim if claim[-1:] in '.!?\u3002\u2026:)\u201d"' else claim + "."


def _cited(line: str) -> list[tuple[str, list[int]]]:
    """(sentence, numbers of its citations) of a line; marks may stand before or after the full stop."""
    out: list[tuple[str, list[int]]] = []
    at = 0
    held = ""
    for match in re.finditer(r"(?:\s*\[\d+\])+[.!?]?", line):
        before = held + line[at : match.start()]
        numbers = [int(n) for n in _MARK.findall(match.group())]
        stop = match.group()[-1] if match.group()[-1] in ".!?" else ""
        pieces = [readable(s.text) for s in sentences(before + stop)]
        out += [(p, []) for p in pieces[:-1]]
        out += [(pieces[-1], numbers)] if pieces else []
        at, held = match.end(), ""
    out += [(readable(s.text), []) for s in sentences(line[at:])]
    return out


def _indent(line: str) -> str:
    match = re.match(r"\s*(?:[-*+\u2022]|\d+[.)])\s+", line)
    return match.group() if match else ""


def _supports(text: str, citation: Citation, passages: Sequence[Passage]) -> bool:
    """Whether the quote stands in its document, and holds numbers, names and words of the sentence."""
    quote = squeezed(citation.quote)
    stands = any(quote in squeezed(p.text) for p in passages if p.document == citation.document)
    if not quote or not stands:
        return False
    bare = readable(citation.quote)
    for figures in (_NUMBER, _NUMBER_WORD):
        if set(figures.findall(text.casefold())) - set(figures.findall(bare.casefold())):
            return False
    if bool(_DENIAL.search(text.casefold())) != bool(_DENIAL.search(bare.casefold())):
        return False
    held = {plain(w) for w in tokens(bare)}
    names = {plain(w) for w in tokens(text)[1:] if w[:1].isupper()}
    if names - held:
        return False
    said = set(stems(text))
    return len(said & set(stems(bare))) >= 0.75 * len(said)


def _number(citation: Citation, text: str, kept: list[Citation]) -> int:
    """The citation's new number; the same source of the same claim keeps one."""
    claimed = citation.model_copy(update={"claim": text})
    if claimed not in kept:
        kept.append(claimed)
    return kept.index(claimed) + 1
