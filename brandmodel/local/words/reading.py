"""Taking a brief apart by patterns and the lexicon. Every field is in the caller's words or empty."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from brandmodel.local.desk import Desk
from brandmodel.local.words.asking import CUT, purpose_of, without, without_quotes
from brandmodel.local.words.dates import Span, when_spans
from brandmodel.local.words.lexicon import Word, values, words
from brandmodel.local.words.places import contact_spans, names_a_house, where_spans
from brandmodel.tasks import ReadBrief, Reading
from brandmodel.tasks.writing import Direction

READ_AT_MOST = 20_000
SUBJECT_AT_MOST = 600

_CLAUSE = re.compile(
    r"\x1f|[,;!?|\n\u060c\u061b\u061f\u3001\u3002\uff0c\uff1a\uff1b\uff01\uff1f]+(?!\d)"
    r"|:(?!\d|//)|(?<![\dDM]r)(?<!Mrs)(?<!Prof)(?<!St)(?<!\s[A-Z])(?<!\d)\.(?=\s|$)|(?<=\d)\.(?=\s|$)|\s[-\u2013\u2014]\s|[()]|\u2014"
)
_ARTICLES = re.compile(
    r"^(?:a|an|the|our|my|your|new|ein|eine|der|die|das|un|una|une|la|le|el|los|las|les)\s",
    re.IGNORECASE,
)
_LEADING = frozenset("and with showing to of for by & is are".split())
_TRAILING = frozenset(
    "and on at in from by to of for with the is called named & start starts starting apply playing"
    " launching au".split()
)
_CALL = re.compile(r"\b(?:shop|book|order|buy|register|sign up|apply) (?:now|today|here)\b", re.I)
_OFFER = re.compile(
    r"\d\s?%|[$\u20ac\u00a3\u00a5]\s?\d|\d\s?(?:[$\u20ac\u00a3\u00a5]|eur|usd|gbp|chf)\b|\bfree\s(?:entry|admission|entrance"
    r"|shipping|delivery|drinks?|samples?|tickets?|parking|refills?)|\btickets?\b|\b(?:half|full)\sprice"
    r"|\bbuy\sone|\b(?:book|buy|order|reserve|shop|register|sign\sup|rsvp|join|visit|discover|taste|save\syour"
    r"|get\s(?:yours|tickets|the))\s.{1,40}$|\badmission\b|\bentry\b|\bpre-?orders?\b",
    re.IGNORECASE,
)
_MIDDLE_NAME = re.compile(
    r"\b(?P<lead>called|named|by|from|for|of|at|with|presents?|introducing|de|von|para|pour)\s(?P<name>[^\W\d_][\w'\u2019&.-]*(?:\s[^\W\d_][\w'\u2019&.-]*){0,4})"
)
_RTL = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_LETTER = re.compile(r"[^\W\d_]")
_OWN_CASE = re.compile(r"^[a-z]+[A-Z]|^[A-Za-z]+\d")


@dataclass
class _Parts:
    """What has been taken out of a brief so far."""

    poster: bool
    event: bool
    case: bool
    subject: list[str] = field(default_factory=list[str])
    name: str = ""
    occasion: list[str] = field(default_factory=list[str])
    offers: list[str] = field(default_factory=list[str])
    where: list[str] = field(default_factory=list[str])


def read_brief(request: ReadBrief, desk: Desk) -> Reading:
    """Take a brief apart: what is to be seen, and the facts to be set in type."""
    text = _tidy(request.prompt[:READ_AT_MOST])
    found = words(text)
    text, title, name = without_quotes(text)
    case = _has_case(text)
    text, whens = without(text, when_spans(text))
    text, contacts = without(text, contact_spans(text))
    look = words(text)
    poster, text = purpose_of(text, found)
    event = bool(values(found, "occasion")) or bool(whens)
    poster = poster or bool(title) or _is_announcement(text, found, whens)
    parts = _Parts(poster=poster, event=event, case=case, name=name)
    if poster:
        text, places = without(text, where_spans(text, event=event, case=parts.case))
        parts.where += [span.text for span in places]
        clauses = _clauses(text)
        if _is_introduced(clauses, parts):
            parts.name = clauses.pop(0)
        for clause in clauses:
            _sort_poster_clause(clause, parts)
    else:
        _sort_picture(text, parts)
    facts = " ".join([*parts.where, parts.name]).casefold().split()
    look = tuple(w for w in look if w.text.casefold() not in facts)
    return _reading(request, look, parts, title, ", ".join(s.text for s in whens), contacts)


def _reading(
    request: ReadBrief,
    found: Sequence[Word],
    parts: _Parts,
    title: str,
    when: str,
    contacts: Sequence[Span],
) -> Reading:
    subject = _shortened(", ".join(parts.subject))
    notes = ("only the beginning of the brief was used: it is very long",)
    return Reading(
        notes=notes if _too_long(request.prompt, parts) else (),
        purpose="poster" if parts.poster else "picture",
        subject=subject,
        name=parts.name,
        occasion=", ".join([*parts.occasion, *parts.offers]),
        when=when,
        where=", ".join([*parts.where, *(span.text for span in contacts)]),
        title=title,
        mood=_mood(found),
        colours=tuple(dict.fromkeys(w.text.lower() for w in found if w.means("colour")))[:4],
        direction=direction(request.prompt[:READ_AT_MOST]),
    )


def _is_announcement(text: str, found: tuple[Word, ...], whens: Sequence[Span]) -> bool:
    """Whether a brief that names no format announces something all the same."""
    if whens and (values(found, "occasion") or any(re.search(r"\d", w.text) for w in whens)):
        return True
    if _CALL.search(text):
        return True
    telling = [w for w in found if not w.means("silent") or w.means("occasion")]
    return bool(telling) and telling[0].value("occasion") in ("launch", "sale", "opening", "talk")


def direction(text: str) -> Direction:
    """``rtl`` when most letters are of a script that runs from right to left."""
    letters = len(_LETTER.findall(text))
    return "rtl" if letters and 2 * len(_RTL.findall(text)) > letters else "ltr"


def _tidy(prompt: str) -> str:
    lines = (re.sub(r"[^\S\n]+", " ", line).strip(" #*>\u2022\t") for line in prompt.splitlines())
    kept = "\n".join(line for line in lines if line)
    return "".join(c for c in kept if c == "\n" or c.isprintable() or c == "\u200d")


def _has_case(text: str) -> bool:
    """Whether capitals tell names from words: not in title case, nor in capitals throughout."""
    long = [w for w in re.findall(r"[^\W\d_]{4,}", text[:600])]
    capital = sum(w[0].isupper() for w in long)
    return capital < len(long) and (len(long) < 4 or capital < 0.8 * len(long))


def _clauses(text: str) -> list[str]:
    return [clean for part in _CLAUSE.split(text) if (clean := _clean(part))]


def _clean(clause: str) -> str:
    """A clause without the marks and small words that cutting facts out has left at its ends."""
    pieces = clause.split()
    edges = " .,:;-\u2013\u2014\"'\u2026&"
    while pieces and (not pieces[-1].strip(edges) or pieces[-1].strip(edges).lower() in _TRAILING):
        pieces.pop()
    start = 0
    while start < len(pieces) and pieces[start].strip(edges).lower() in (*_LEADING, ""):
        start += 1
    return " ".join(pieces[start:]).strip(edges)


def _sort_poster_clause(clause: str, parts: _Parts) -> None:
    """Decide what a clause of a poster's brief says: look, offer, name, occasion or subject."""
    if _is_look(words(clause)):
        return
    if _OFFER.search(clause) and not (_starts_with_article(clause) and not parts.subject):
        parts.offers.append(clause)
        return
    if parts.event and _is_venue(clause, parts):
        parts.where.append(clause)
        return
    if not parts.name and _is_name(clause, parts):
        parts.name = clause
        return
    rest = _without_colours(_take_name(clause, parts))
    if not rest:
        return
    found = words(rest)
    if any(w.means("occasion") for w in found):
        _sort_occasion(rest, found, parts)
    else:
        parts.subject.append(_lowered(rest) if parts.subject else rest)


def _lowered(clause: str) -> str:
    """A further clause of the subject, without the capital that began a sentence."""
    first = words(clause)[:1]
    common = bool(first) and bool(first[0].meanings) and _is_common(first[0].text)
    return clause[:1].lower() + clause[1:] if common and clause[:2] != "I." else clause


def _sort_occasion(clause: str, found: Sequence[Word], parts: _Parts) -> None:
    """An occasion is a fact of its own; the first one is seen, too, when it names a thing."""
    head, link, tail = _split_occasion(clause)
    if link and not parts.occasion:
        parts.occasion.append(_ARTICLES.sub("", head))
        parts.subject.append(tail)
        proper = _ARTICLES.sub("", tail)
        if not parts.name and names_a_house(proper) and _is_proper(proper, parts):
            # "the opening of the Lakeside House": the house is the name, what follows is where.
            parts.name = proper
        return
    bare = _ARTICLES.sub("", clause)
    (parts.subject if parts.occasion else parts.occasion).append(bare)
    seen = any(w.means("terrain", "product", "style", "absent") for w in found)
    if len(parts.occasion) == 1 and not parts.subject and seen:
        parts.subject.append(clause)


def _without_colours(clause: str) -> str:
    """Without a closing "in teal and cream", which is said in ``colours``."""
    match = re.search(r"\s(?:in|on)\s((?:\S+(?:,\s|\sand\s)){0,3}\S+)$", clause)
    if match and (found := words(match[1])) and found[0].means("colour"):
        return clause[: match.start()]
    return clause


def _split_occasion(clause: str) -> tuple[str, str, str]:
    """Take "the grand opening of a coffee bar" apart at its preposition."""
    match = re.match(r"(.+?)\s(of|for|on|about|with|at)\s(.+)$", clause, re.IGNORECASE)
    if not match or not any(w.means("occasion") for w in words(match[1])):
        return clause, "", ""
    tail = words(match[3])
    if any(w.means("occasion") for w in tail) or all(w.means("silent", "daytime") for w in tail):
        return clause, "", ""
    return match[1], match[2], match[3]


def _is_venue(clause: str, parts: _Parts) -> bool:
    """A venue without "at": "Harbour Hall", and the town behind it."""
    if any(w.means("occasion") for w in words(clause)) and not parts.occasion:
        return False
    capital = _capitalised(clause) and _capital_run(clause) == clause
    if names_a_house(clause):
        return capital or not parts.case or bool(re.fullmatch(r"[A-Z].*\d", clause))
    known = bool(parts.where or names_a_house(parts.name)) and bool(parts.occasion or parts.name)
    if clause.endswith("ing"):
        return False
    return known and capital and parts.case and len(clause.split()) <= 2


def _starts_with_article(clause: str) -> bool:
    return bool(_ARTICLES.match(clause))


def _is_look(found: Sequence[Word]) -> bool:
    """Whether a clause speaks of mood and colour alone."""
    telling = [w for w in found if not w.means("silent") or w.means("mood", "colour")]
    return bool(telling) and all(
        w.means("mood", "colour", "light", "backdrop")
        and not w.means("occasion", "absent", "season", "daytime", "terrain", "product")
        for w in telling
    )


def _is_introduced(clauses: Sequence[str], parts: _Parts) -> bool:
    """Whether the first clause is a name that the second explains: "Yuzu, a can of lemon soda"."""
    if not parts.case or parts.name or len(clauses) < 2 or not _ARTICLES.match(clauses[1]):
        return False
    first = clauses[0].split()
    occasion = any(w.means("occasion", "format") for w in words(clauses[0]))
    return len(first) <= 4 and not occasion and all(map(_capitalised, first))


def _is_proper(clause: str, parts: _Parts) -> bool:
    """Whether every word of a clause has its capital, in a text where capitals tell."""
    return parts.case and len(clause.split()) > 1 and all(map(_capitalised, clause.split()))


def _is_name(clause: str, parts: _Parts) -> bool:
    """Whether a whole clause is a proper name: capitals, and more than known words."""
    found = words(clause)
    if not found or len(clause.split()) > 5 or not _capitalised(found[0].text):
        return False
    unknown = [w for w in found if not w.meanings or w.value("absent") == "place"]
    if parts.case and clause.isupper() and len(found) > 1:
        return True
    if not parts.case:
        return len(found) <= 2 and len(unknown) == len(found)
    return bool(unknown) and all(
        _capitalised(piece) or piece in ("of", "the", "and", "&", "de", "la")
        for piece in clause.split()
    )


def _take_name(clause: str, parts: _Parts) -> str:
    """Find a proper name inside a clause; the clause without it."""
    if parts.name or not parts.case:
        return clause
    for match in _MIDDLE_NAME.finditer(clause):
        run = _capital_run(match.group("name"))
        if run and any(not w.meanings for w in words(run)):
            parts.name = run
            before, behind = clause[: match.start()], clause[match.start("name") + len(run) :]
            kept = match.group("lead") if behind.strip() and match["lead"] in ("for", "of") else ""
            return _clean(f"{before} {kept} {behind}")
    first = _capital_run(clause)
    behind = words(clause[len(first) :])[:1]
    told = bool(behind) and behind[0].means("occasion", "product", "absent", "terrain", "style")
    if first and told and all(not w.meanings for w in words(first)):
        parts.name = first
        return _clean(clause[len(first) :])
    pieces = clause.split(" ")
    start = next((i for i, p in enumerate(pieces) if i and _capitalised(p)), 0)
    run = _capital_run(" ".join(pieces[start:])) if start else ""
    unknown = [w.text for w in words(clause) if not w.meanings]
    if run and all(piece in unknown for piece in run.split()):
        parts.name = run
        rest = " ".join([*pieces[:start], " ".join(pieces[start:])[len(run) :].strip()])
        return _clean(rest)
    return clause


def _capitalised(text: str) -> bool:
    """Whether a word begins with a capital, or is written in its own way, as "iPhone" is."""
    return text[:1].isupper() or bool(_OWN_CASE.match(text))


def _capital_run(text: str) -> str:
    """The words with capitals at the beginning of a text."""
    run: list[str] = []
    for piece in text.split():
        if not _capitalised(piece) and piece not in ("of", "&", "de", "la"):
            break
        run.append(piece)
    while run and run[-1] in ("of", "&", "de", "la"):
        run.pop()
    return " ".join(run)


def _sort_picture(text: str, parts: _Parts) -> None:
    """A picture's subject is the brief itself, without clauses that speak of the look alone."""
    subject = _clean(_things(text))
    named = re.search(r"\s(?:called|named|labell?ed)\s", subject)
    if named and not parts.name and (run := _capital_run(subject[named.end() :])):
        parts.name = run
        subject = _clean(subject[: named.start()] + subject[named.end() + len(run) :])
    name, _, rest = subject.partition(", ")
    if not parts.name and rest and _ARTICLES.match(rest) and _is_name(name, parts):
        parts.name, subject = name, rest
    first = words(subject)[:1]
    if parts.case and first and first[0].start == 0:
        subject = _lowered(subject)
    parts.subject += [subject] if subject else []


def _is_common(word: str) -> bool:
    return len(word) == 1 or word[1:].islower()


def _things(text: str) -> str:
    """The text without the clauses, behind the first, that speak of mood and colour alone."""
    kept, at, mark = "", 0, ""
    for cut in [*_CLAUSE.finditer(text), None]:
        clause = text[at : cut.start() if cut else len(text)]
        if not (kept.strip() and _is_look(words(clause))):
            kept += (mark if kept else "") + clause
        if cut:
            at, mark = cut.end(), cut.group()
    return kept.replace(CUT, " ").replace("\n", " ")


def _mood(found: Sequence[Word]) -> tuple[str, ...]:
    other = ("occasion", "absent", "terrain", "season", "format", "daytime", "product", "style")
    said = (w.text.lower() for w in found if w.means("mood") and not w.means(*other))
    return tuple(dict.fromkeys(said))[:6]


def _too_long(prompt: str, parts: _Parts) -> bool:
    return len(prompt) > READ_AT_MOST or len(", ".join(parts.subject)) > SUBJECT_AT_MOST


def _shortened(subject: str) -> str:
    if len(subject) <= SUBJECT_AT_MOST:
        return subject
    cut = subject[: SUBJECT_AT_MOST + 1]
    at = max(cut.rfind(", "), cut.rfind(". "))
    if at < SUBJECT_AT_MOST // 2:
        at = cut.rfind(" ")
    return cut[: at if at > 0 else SUBJECT_AT_MOST].strip(" ,.")
