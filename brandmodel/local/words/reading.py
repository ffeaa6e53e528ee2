"""Taking a brief apart by patterns and the lexicon. Every field is in the caller's words or empty."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from brandmodel.local.desk import Desk
from brandmodel.local.words.dates import Span, when_spans
from brandmodel.local.words.lexicon import Word, entries, meanings, values, words
from brandmodel.local.words.places import contact_spans, names_a_house, where_spans
from brandmodel.tasks import ReadBrief, Reading
from brandmodel.tasks.writing import Direction

READ_AT_MOST = 20_000
SUBJECT_AT_MOST = 600

_CUT = "\x1f"
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
    "and on at in from by to of for with the is called named & start starts starting apply playing au au".split()
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
_OTHER_SCRIPT = re.compile(r"[\u3040-\u9fff\uac00-\ud7af\u0590-\u08ff]")


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
    text, title, name = _without_quotes(text)
    case = _has_case(text)
    text, whens = _without(text, when_spans(text))
    text, contacts = _without(text, contact_spans(text))
    look = words(text)
    poster, text = _purpose(text, found)
    event = bool(values(found, "occasion")) or bool(whens)
    poster = poster or bool(title) or _is_announcement(text, found, whens)
    parts = _Parts(poster=poster, event=event, case=case, name=name)
    if poster:
        text, places = _without(text, where_spans(text, event=event, case=parts.case))
        parts.where += [span.text for span in places]
        for clause in _clauses(text):
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


def _without(text: str, spans: Sequence[Span]) -> tuple[str, Sequence[Span]]:
    """The text with its spans cut out; offsets of what stays are kept."""
    for span in spans:
        gap = _CUT + " " * (span.end - span.start - 1)
        text = text[: span.start] + gap + text[span.end :]
    return text, spans


def _without_quotes(text: str) -> tuple[str, str, str]:
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
    cut, _ = _without(text, spans)
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


def _purpose(text: str, found: Sequence[Word]) -> tuple[bool, str]:
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
            return wanted, f"{before}{_CUT}{rest}" if _says_things(before) else rest
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
        parts.subject.append(rest)


def _sort_occasion(clause: str, found: Sequence[Word], parts: _Parts) -> None:
    """An occasion is a fact of its own; the first one is seen, too, when it names a thing."""
    head, link, tail = _split_occasion(clause)
    if link and not parts.occasion:
        parts.occasion.append(_ARTICLES.sub("", head))
        parts.subject.append(tail)
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
    known = bool(parts.where) and bool(parts.occasion or parts.name)
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


def _is_name(clause: str, parts: _Parts) -> bool:
    """Whether a whole clause is a proper name: capitals, and more than known words."""
    found = words(clause)
    if not found or len(clause.split()) > 5 or not _capitalised(found[0].text):
        return False
    unknown = [w for w in found if not w.meanings or w.value("absent") == "place"]
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
    if parts.case and first and first[0].meanings and _is_common(first[0].text):
        subject = subject[0].lower() + subject[1:]
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
    return kept.replace(_CUT, " ").replace("\n", " ")


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
