"""Small pieces of spoken English: dates, places, shorter forms of a sentence, and what fits a time."""

from __future__ import annotations

import re
from typing import NamedTuple

from brandmodel.local.words.places import names_a_house
from brandmodel.local.words.text import capital, squeezed, tokens
from brandmodel.tasks.audio import WORDS_PER_S, speaking_s
from brandmodel.tasks.film import SHORTEST_SHOT_S, BeatRole

AIR_S = 0.35
"""Silence around a line, so that lines do not run into one another."""

PAUSE_S = 0.3
"""What a voice rests at a full stop within a line."""

SECONDS_A_LINE = 2.8
SECONDS_A_TITLE = 2.4
SILENT_WORDS = 9
"""As many words as are read at a glance."""

_OTHER_SCRIPT = re.compile(r"[\u0370-\u1fff\u3040-\u9fff\uac00-\ud7af]")
_ENGLISH = frozenset(
    "a an the of for with and in on at by from that your our is are this to until".split()
)
_FOREIGN = frozenset(
    "der die das und für ein eine einen einem aus den dem mit von im am zum zur ab bis"
    " le les des pour une un et du avec ouverture aux"
    " el los las una para con y del la de".split()
)
_CUTS = re.compile(
    r",\s(?=(?:because|which|who|where|when|while|so|since|although|about|in|from|with|for|at|on|by|as|but|not"
    r"|and\s(?:no|nothing|never|is|are|it|they)|and\sthe\s\w+\s(?:is|are|has|was))\b)"
    r"|\s(?=(?:because|which|so\sthat|while|although|unless)\s)|;\s|\s[–—-]\s|:\s|\s\(",
)
_NAMES_BEHIND = re.compile(r"(?<=[a-z]),\s(?=[A-Z][\w-]+(?:\s(?:and\s)?[A-Z][\w-]+)*$)")
_FINITE = re.compile(
    r"\b(?:is|are|was|were|be|has|have|had|will|can|do|does|holds?|takes?|keeps?|goes|go|comes?|makes?|contains?|costs?"
    r"|gets?|gives?|uses?|opens?|runs?|turns?|\w{3,}ed)\b"
)
_SIGNS = (
    (re.compile(r"\s?%"), " percent"),
    (re.compile(r"\s?°\s?[CF]\b"), " degrees"),
    (re.compile(r"\s&\s"), " and "),
    (re.compile(r"[€]\s?(\d[\d.,]*)|(\d[\d.,]*)\s?(?:€|EUR\b)"), "euros"),
    (re.compile(r"[$]\s?(\d[\d.,]*)|(\d[\d.,]*)\s?(?:\$|USD\b)"), "dollars"),
    (re.compile(r"[£]\s?(\d[\d.,]*)|(\d[\d.,]*)\s?(?:£|GBP\b)"), "pounds"),
    (re.compile(r"(?<=\d)\s?[-–](?=\d)"), " to "),
    (re.compile(r"\s[·|]\s"), ", "),
)
_DAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?s?"
_MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)"
)
_CLOCK = r"\d{1,2}(?:[:.]\d{2})?\s?[ap]\.?m\b\.?|\d{1,2}:\d{2}|noon|midnight"
_LED = re.compile(
    r"^(?:from|until|till|through|every|each|all|this|next|tomorrow|tonight|today|doors|starts?|starting|opens?|before"
    r"|after|since|by|between|on|in|at|out|mon[a-z]*\s?[-–]|\w+days\b)",
    re.IGNORECASE,
)
_WITH_ARTICLE = re.compile(r"\b(?:Museum|Library|Gallery|Theatre|Theater|Arena|Stadium)\b")


class Draft(NamedTuple):
    """A line that a film may have.

    Attributes:
        forms: the sentence and its shorter forms, the longest first.
        rank: lower is kept longer when time is short.
    """

    role: BeatRole
    forms: tuple[str, ...]
    rank: float


def draft(role: BeatRole, text: str, rank: float) -> Draft:
    """A draft of a text in its usual forms; without any where there is no text."""
    return Draft(role, forms(spoken(text)) if text.strip() else (), rank)


def needed_s(text: str, *, voice: bool) -> float:
    """How long a line needs: said with air around it, or read from the screen."""
    if not voice:
        return max(SHORTEST_SHOT_S + 0.3, 0.9 + 0.32 * word_count(text))
    pauses = len(re.findall(r"[.!?]\s", text)) * PAUSE_S
    return max(SHORTEST_SHOT_S, speaking_s(text) + pauses + AIR_S)


def most_lines(body_s: float, *, voice: bool) -> int:
    """How many lines a film bears; words are read sooner than they are said."""
    return max(1, round(body_s / (SECONDS_A_LINE if voice else SECONDS_A_TITLE)))


def end_length(length_s: float) -> float:
    """How long the end card stands; a film too short for one has none."""
    if length_s < 2 * SHORTEST_SHOT_S:
        return 0.0
    return round(min(4.0, max(1.4, 0.18 * length_s)), 2)


def is_english(text: str) -> bool:
    """Whether a text reads like English; scraps without small words count as English."""
    if _OTHER_SCRIPT.search(text):
        return False
    said = [w.casefold() for w in tokens(text)]
    return sum(w in _FOREIGN for w in said) <= sum(w in _ENGLISH for w in said)


def sentence(text: str) -> str:
    """A text as a sentence: a capital first, a mark last, nothing doubled."""
    clean = squeezed(text).strip(" ,;:–—-")
    clean = re.sub(r"\s+([,.;:!?])", r"\1", clean)
    if not clean:
        return ""
    wide = bool(re.search(r"[\u3040-\u30ff\u3400-\u9fff]", clean[-1]))
    ended = clean[-1] in '.!?…。！？”"»'
    return capital(clean) + ("" if ended else "。" if wide else ".")


def spoken(text: str) -> str:
    """A text as it is said: signs and currencies as words."""
    for pattern, word in _SIGNS:
        if word in ("euros", "dollars", "pounds"):
            text = pattern.sub(lambda m, w=word: f"{m[1] or m[2]} {w}", text)
        else:
            text = pattern.sub(word, text)
    return squeezed(text)


def fits(text: str, seconds: float) -> bool:
    """Whether a text can be said in a time, in a calm voice and within the word budget."""
    return speaking_s(text) <= seconds + 1e-6 and word_count(text) <= seconds * WORDS_PER_S + 1e-6


def word_count(text: str) -> int:
    """Words as they are counted against the budget."""
    return len(text.split())


def forms(text: str) -> tuple[str, ...]:
    """A sentence and its shorter forms, the longest first; every one is a whole sentence."""
    whole = sentence(text)
    bare = whole.rstrip(".")
    found = [whole]
    cuts = [m.start() for m in _CUTS.finditer(bare)] + [
        m.start() for m in _NAMES_BEHIND.finditer(bare) if ":" not in bare
    ]
    for at in sorted(cuts, reverse=True):
        before = bare[:at].rstrip(" ,;:")
        if len(before.split()) >= 3 and _FINITE.search(before):
            found.append(sentence(before))
    return tuple(dict.fromkeys(found))


def fitted(text: str, seconds: float) -> str:
    """The longest form of a text that can be said in a time; empty where none can."""
    for form in (*forms(text), *_pieces(text)):
        if fits(form, seconds):
            return form
    return ""


def _pieces(text: str) -> tuple[str, ...]:
    """What is left of a noun phrase when phrases behind it go: for lines without a verb."""
    bare = squeezed(text).rstrip(".")
    if _FINITE.search(bare):
        return ()
    cuts = [
        m.start()
        for m in re.finditer(
            r",\s|\s(?=(?:that|which|for|from|with|without|in|at|on|made)\s)", bare
        )
    ]
    return tuple(sentence(bare[:at]) for at in reversed(cuts) if at)


def said_when(when: str) -> str:
    """A date with the small words that speech needs: "Friday 9 pm" is "on Friday at 9 pm"."""
    text = spoken(when).strip(" ,.")
    if not text:
        return ""
    text = re.sub(
        rf"(?<=[a-z\d]),?\s(?:at\s)?(?={_CLOCK})(?<!to\s)(?<!from\s)", " at ", text, flags=re.I
    )
    text = re.sub(
        r"\b(at|from|until|to|by|on|opens|before|after|between|doors) at\b", r"\1", text, flags=re.I
    )
    text = re.sub(
        rf"^(out|opens?|starts?|in \w+s)\s(?={_DAY}\b|\d|{_MONTH}\b)", r"\1 on ", text, flags=re.I
    )
    if _LED.match(text):
        return text[:1].lower() + text[1:] if not re.match(_DAY, text, re.I) else text
    if hours := re.match(rf"(?:{_CLOCK}|\d{{1,2}})(?:\s?[-–]\s?|\sto\s)(?={_CLOCK})", text, re.I):
        start = re.sub(r"\s?[-–]\s?$|\sto\s$", "", hours.group())
        return f"from {start} to {text[hours.end() :]}"
    if re.match(rf"(?:{_CLOCK})", text, re.I):
        return f"at {text}"
    if re.match(rf"{_MONTH}(?:\s\d{{4}})?$", text, re.I):
        return f"in {text}"
    if re.match(rf"\d{{1,2}} to \d|(?:\d{{1,2}}\s)?{_MONTH}(?:\s\d{{1,2}})?\sto\s", text, re.I):
        return f"from {text}"
    if re.match(rf"(?:{_DAY}\b|\d|{_MONTH}\b)", text, re.I):
        return f"on {text}"
    return text


def said_where(where: str) -> str:
    """A place with its preposition: "at the Blue Room", "in Bergen", "online"."""
    text = where.strip(" ,.")
    first = text.split(", ")[0]
    if not text or re.match(r"(?:at|in|on|near)\s|online\b", text, re.IGNORECASE):
        return text
    if first[:1].isdigit() or re.match(r"(?:the|our)\s", first, re.I):
        return f"at {text}"
    if names_a_house(first) or len(first.split()) > 1:
        article = "the " if _WITH_ARTICLE.search(first) and first[:1].isupper() else ""
        return f"at {article}{text}"
    return f"in {text}"
