"""Lines for a thing that only the brief speaks of: each of its parts becomes a line, and the name comes last.

A frame around the brief's words claims nothing: "It begins with recycled nets. It becomes a shoe. It is
called Kestrel." says what "a shoe made from recycled nets" says.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from brandmodel.local.words.film_look import is_house
from brandmodel.local.words.film_phrases import LIST_WORDS, Part, PartKind, Phrase, elements
from brandmodel.local.words.film_words import sentence, spoken
from brandmodel.local.words.lexicon import plain, words
from brandmodel.local.words.product_looks import vessel_of
from brandmodel.local.words.seeing import lot
from brandmodel.local.words.text import capital
from brandmodel.tasks.film import BeatRole

Told = tuple[BeatRole, str]

_LEADS: tuple[PartKind, ...] = (
    "does", "made", "list", "for", "place", "without", "from", "is", "with", "by", "time",
)  # fmt: skip
"""Parts in the order in which they open a film; what a thing does tells most."""
_WITH_IT: tuple[PartKind, ...] = ("does", "made", "without", "from", "is")
_MASS = frozenset(
    "tonic,wine,lemonade,tea,coffee,cold brew,beer,gin,juice,water,oil,olive oil,honey,jam,soap,soda,syrup"
    ",cider,vinegar,chocolate,bread,granola,kombucha,vodka,rum,whisky,liqueur,milk,cola,matcha,cocoa,sherbet"
    ",marmalade,chai,espresso,yoghurt,ice cream".split(",")
)
_MADE_OF_IT = {"cold brew": ("coffee",), "espresso": ("coffee",), "chai": ("tea",)}
_GENERAL = re.compile(
    r"^(?:an?|the|our)\s(?:company|firm|agency|practice|charity|start-?up|studio|brand|team|business|service|platform)$",
    re.IGNORECASE,
)
_WHO = re.compile(r"^(?P<who>people|\w+s)\swho\s(?P<do>.+)$")
_HOUR_BEHIND = re.compile(
    r"^(?P<do>.+?)\s(?P<when>(?:at|in|before|after|every|by|on|all)\s\S+(?:\s\S+)?)$"
)
_WIDE_DEED_WORDS = 6


class Telling(NamedTuple):
    """How a film's lines are told.

    Attributes:
        terse: bare words rather than sentences.
        launch: what is named is new.
        audience: whom the film is for.
        seed: decides between ways that say the same.
    """

    terse: bool = False
    launch: bool = False
    audience: str = ""
    seed: int = 0


def told(phrase: Phrase, name: str, telling: Telling) -> tuple[Told, ...]:
    """The lines that hold together, in order: what the thing is, and its name at the end of them."""
    lead = _lead(phrase)
    twin = _twin(phrase) if lead is None else None
    if twin:
        lines = [f"There is {mass}." for mass in twin]
    elif lead is not None:
        lines = _LINES[lead.kind](phrase, lead, telling.terse)
    else:
        lines = [sentence(phrase.thing)]
    if name:
        lines.append(_naming(phrase, name, lead, telling, twin=bool(twin)))
    last: BeatRole = "promise" if len(lines) > 1 else "hook"
    roles: list[BeatRole] = ["hook", *("proof" for _ in lines[1:-1]), last]
    return tuple((role, spoken(line)) for role, line in zip(roles, lines, strict=False))


def compact(subject: str, name: str, telling: Telling) -> tuple[Told, ...]:
    """The same in two lines, for films that have no time for more."""
    naming = f"{name}." if telling.terse else f"This is {name}."
    if telling.launch:
        naming = f"Now there is {name}."
    lines: list[Told] = [("hook", spoken(sentence(subject)))] if subject else []
    return (*lines, ("promise", spoken(naming))) if name else tuple(lines)


def rest_of(phrase: Phrase, telling: Telling) -> tuple[str, ...]:
    """What the parts say that do not open the film, and whom it is for."""
    lead = _lead(phrase)
    it, is_ = _it(phrase)
    frames: dict[PartKind, str] = {
        "does": f"{it} {{}}",
        "made": f"{it} {is_} made from {{}}",
        "from": f"{it} {'come' if it == 'They' else 'comes'} from {{}}",
        "with": f"{it} {'come' if it == 'They' else 'comes'} with {{}}",
        "without": f"{it} {'comes' if it == 'It' else 'come'} without {{}}",
        "is": f"{it} {is_} {{}}",
        "for": f"{it} {is_} for {{}}",
        "by": "By {}",
        "time": "In {}",
    }
    said: list[str] = []
    for part in phrase.parts:
        if part is lead or _told_with(lead, part) or vessel_of(f" {part.link} {part.text}"):
            continue
        if part.kind == "list":
            said.append(in_words(part.text))
        elif part.kind == "place":
            said.append(f"{it} {is_} {part.link} {part.text}")
        else:
            said.append(frames[part.kind].format(part.text))
    if telling.audience and phrase.first("for") is None:
        said.append(f"For {telling.audience}")
    return tuple(sentence(spoken(line)) for line in said)


def in_words(listed: str) -> str:
    """A list as single words, one breath each: "Fig. Smoke. Cedar."; long elements stay a list."""
    said = elements(listed)
    if len(said) > 4 or any(len(e.split()) > LIST_WORDS for e in said):
        return sentence(listed)
    return " ".join(sentence(e) for e in said)


def is_general(phrase: Phrase) -> bool:
    """Whether a thing says nothing by itself, as "a company" does."""
    return bool(_GENERAL.match(phrase.thing))


def _lead(phrase: Phrase) -> Part | None:
    # Of a house one wants to know first where it is.
    leads = ("place", *_LEADS) if is_house(phrase.thing) else _LEADS
    told_of = [p for p in phrase.parts if not vessel_of(f" {p.link} {p.text}")]
    return next((p for kind in leads for p in told_of if _leads(p, kind)), None)


def _leads(part: Part, kind: PartKind) -> bool:
    """Whether a part opens the film; a clause that stands alone is no list."""
    return part.kind == kind and (kind != "list" or len(elements(part.text)) > 1)


def _told_with(lead: Part | None, part: Part) -> bool:
    """Whether the opening says a part already: both places of "by a loch in the Highlands"."""
    return lead is not None and lead.kind == part.kind == "place"


def _one(phrase: Phrase) -> bool:
    """Whether it is one of its kind that a name can be given to: "a hotel", not "oat milk"."""
    return bool(re.match(r"(?:an?|our)\s", phrase.thing))


def _it(phrase: Phrase) -> tuple[str, str]:
    return ("They", "are") if phrase.plural else ("It", "is")


def _thing(phrase: Phrase, *, terse: bool) -> list[str]:
    """The line that says what it is; none for "a company", which says nothing."""
    if is_general(phrase):
        return []
    it, is_ = _it(phrase)
    return [sentence(phrase.thing) if terse else f"{it} {is_} {phrase.thing}."]


def _does(phrase: Phrase, part: Part, terse: bool) -> list[str]:
    it, _ = _it(phrase)
    if part.link == "who":
        return [sentence(f"{phrase.thing} who {part.text}")]
    if part.link in ("you", "we", "they"):
        return [
            _with_object(part.text, it.replace("They", "them").lower()),
            *_thing(phrase, terse=terse),
        ]
    hour = _HOUR_BEHIND.match(part.text)
    if hour and any(w.means("daytime", "season") for w in words(hour["when"])):
        deed = [sentence(f"{hour['when']}, {it.lower()} {hour['do']}")]
    else:
        deed = _in_two(f"{it} {part.text}")
    return [*deed, *_thing(phrase, terse=terse)]


def _with_object(deed: str, what: str) -> str:
    """A clause with the thing put back in: "you can carry in one hand" is "You can carry it ..."."""
    match = re.match(
        r"(?P<who>\w+)\s(?P<can>(?:can|could|will|may|must)\s)?(?P<verb>[\w'-]+)(?P<rest>.*)$", deed
    )
    if not match:
        return sentence(deed)
    return sentence(f"{match['who']} {match['can'] or ''}{match['verb']} {what}{match['rest']}")


def _in_two(text: str) -> list[str]:
    """A long deed with its purpose as a line of its own: "... into power. Power for 12,000 homes."."""
    head, link, tail = text.rpartition(" for ")
    last = head.split()[-1] if head else ""
    if link and len(head.split()) >= _WIDE_DEED_WORDS and last.isalpha():
        return [sentence(head), sentence(f"{last} for {tail}")]
    return [sentence(text)]


def _made(phrase: Phrase, part: Part, terse: bool) -> list[str]:
    if terse:
        return [sentence(part.text), f"Now {phrase.thing}."]
    it, _ = _it(phrase)
    end = "" if it == "They" else "s"
    return [f"{it} begin{end} with {part.text}.", f"{it} become{end} {phrase.thing}."]


def _list(phrase: Phrase, part: Part, terse: bool) -> list[str]:
    whole = f"Together, {phrase.thing}." if part.link == "of" else sentence(phrase.thing)
    return [in_words(part.text), sentence(phrase.thing) if terse else whole]


def _for(phrase: Phrase, part: Part, terse: bool) -> list[str]:
    are = "are" if phrase.plural else "is"
    if match := _WHO.match(part.text):
        there = f"Here {are} {phrase.thing}" if terse else f"There {are} {phrase.thing} for them"
        return [f"Some {match['who']} {match['do']}.", f"{there}."]
    if terse:
        return [sentence(phrase.thing), sentence(f"for {part.text}")]
    return [sentence(f"for {part.text}, there {are} {phrase.thing}")]


def _place(phrase: Phrase, part: Part, terse: bool) -> list[str]:
    places = [p for p in phrase.parts if p.kind == "place"]
    are = "are" if phrase.plural else "is"
    last = places[-1]
    if len(places) == 2 and (inner := re.match(r"an?\s(?P<what>.+)$", places[0].text)):
        near = f"{places[0].link} the {inner['what']}"
        return [
            sentence(f"{last.link} {last.text}, there is {places[0].text}"),
            sentence(f"{near}, {phrase.thing}" if terse else f"{near}, there {are} {phrase.thing}"),
        ]
    where = ", ".join(f"{p.link} {p.text}" for p in reversed(places))
    if terse:
        return [sentence(phrase.thing), sentence(where)]
    return [sentence(f"{where}, there {are} {phrase.thing}")]


def _without(phrase: Phrase, part: Part, terse: bool) -> list[str]:
    if terse:
        return [sentence(f"no {part.text}"), *_thing(phrase, terse=True)]
    are = "are" if part.text.endswith("s") and not part.text.endswith("ss") else "is"
    them = "them" if phrase.plural else "it"
    return [f"There {are} no {part.text} in {them}.", *_thing(phrase, terse=False)]


def _with(phrase: Phrase, part: Part, terse: bool) -> list[str]:
    return [sentence(phrase.thing), sentence(f"with {part.text}")]


def _from(phrase: Phrase, part: Part, terse: bool) -> list[str]:
    if terse or not re.match(r"an?\s", phrase.thing):
        return [sentence(f"from {part.text}"), *_thing(phrase, terse=True)]
    return [f"From {part.text} comes {phrase.thing}."]


def _by(phrase: Phrase, part: Part, terse: bool) -> list[str]:
    return [sentence(phrase.thing), sentence(f"by {part.text}")]


def _time(phrase: Phrase, part: Part, terse: bool) -> list[str]:
    return [sentence(phrase.thing), sentence(f"in {part.text}")]


def _is(phrase: Phrase, part: Part, terse: bool) -> list[str]:
    it, is_ = _it(phrase)
    first = sentence(part.text) if terse else f"{it} {is_} {part.text}."
    return [first, *_thing(phrase, terse=terse)]


_LINES: dict[PartKind, Callable[[Phrase, Part, bool], list[str]]] = {
    "does": _does,
    "made": _made,
    "list": _list,
    "for": _for,
    "place": _place,
    "without": _without,
    "with": _with,
    "from": _from,
    "by": _by,
    "time": _time,
    "is": _is,
}


def _twin(phrase: Phrase) -> tuple[str, str] | None:
    """The two halves of a thing that is both: "a cold brew tonic" is cold brew, and tonic."""
    said = plain(re.sub(r"^(?:an?|the|our)\s", "", phrase.thing)).split()
    for at in range(1, len(said)):
        one, other = " ".join(said[:at]), " ".join(said[at:])
        if {one, other} <= _MASS and other not in _MADE_OF_IT.get(one, ()):
            return one, other
    return None


def _naming(phrase: Phrase, name: str, lead: Part | None, telling: Telling, *, twin: bool) -> str:
    """The line that names it; it comes after what is named, so that the film leads up to it."""
    if telling.launch:
        return f"Now there is {name}."
    if twin:
        return f"And there is {name}."
    if telling.terse:
        return sentence(name)
    if lead is not None and lead.kind == "by":
        return sentence(name)
    if lead is not None and lead.kind in _WITH_IT and not is_general(phrase) and _one(phrase):
        return f"It is called {name}."
    if re.match(r"(?:Dr|Prof|Professor|Mr|Mrs|Ms)\b", name):
        return f"It is {name}'s."
    if is_general(phrase) or not _one(phrase):
        return f"This is {name}."
    return capital(lot(("This is {}.", "It is called {}."), "naming", name, telling.seed)).format(
        name
    )
