"""Reading a film's brief: length, shape and voice are taken out, the rest is read as any brief."""

from __future__ import annotations

import re

from brandmodel.local.desk import Desk
from brandmodel.local.words.dates import Span
from brandmodel.local.words.film_owners import disowned, with_house
from brandmodel.local.words.lexicon import words
from brandmodel.local.words.places import names_a_house
from brandmodel.local.words.reading import READ_AT_MOST, read_brief
from brandmodel.local.words.text import capital
from brandmodel.tasks import FilmReading, ReadBrief, ReadFilmBrief, Reading
from brandmodel.tasks.film import USUAL_S, Aspect
from brandmodel.tasks.lengths import length_span

_FILM = (
    r"(?:films?|videos?|vídeos?|vidéos?|movies?|(?:tv |web )?spots?|clips?|ads?|adverts?|commercials?"
    r"|teasers?|trailers?|bumpers?|reels?|shorts?|promos?|voice-?overs?|narration|loops?)"
)
_ASPECTS: tuple[tuple[Aspect, re.Pattern[str]], ...] = (
    (
        "9:16",
        re.compile(
            r"\b9\s?[:x×/]\s?16\b|\bvertical(?:ly|e|en)?\b|\btik\s?tok\b|\b(?:instagram|insta|facebook)\s(?:reels?|story|stories)\b"
            r"|\b(?:you\s?tube\s)?shorts\b|\breels?\b|\bhochkant\w*|\bhochformat\b|\bportrait(?=\s(?:film|video|format|mode|clip|ad)\b)"
            r"|\bin portrait\b|竖屏|竖版|直式|豎屏",
            re.IGNORECASE,
        ),
    ),
    (
        "1:1",
        re.compile(
            r"\b1\s?[:x×/]\s?1\b|\bsquare(?=\s(?:\S+\s){0,2}?(?:films?|videos?|format|clips?"
            r"|spots?|ads?)\b|\s*(?:[,.;)]|$))"
            r"|\bquadratisch\w*|\bcarrée?\b|\bcuadrad[oa]\b|方形|正方形",
        ),
    ),
    ("4:5", re.compile(r"\b4\s?[:x×/]\s?5\b|\binstagram post\b", re.IGNORECASE)),
    (
        "16:9",
        re.compile(
            r"\b16\s?[:x×/]\s?9\b|\bwide-?screen\b|\bquerformat\b"
            r"|\blandscape (?:format|mode|film|video)\b|横屏|宽屏",
            re.IGNORECASE,
        ),
    ),
)
_SILENT = re.compile(
    rf"\b(?:with\s)?(?:no|without(?: an?y?)?)\s(?:voice(?:-?\s?over)?s?|narrat(?:ion|or)|speech"
    r"|spoken words?|talking|speaker)\b"
    rf"|\b(?:just|only)\s(?:the\s)?music\b|\bmusic(?:-|\s)only\b|\bnothing spoken\b|\bunspoken\b"
    rf"|\bsilent(?=\s(?:\S+\s){{0,3}}?{_FILM}\b|\s*(?:[,.;)]|$))|\bmute\b(?=\s*(?:[,.;)]|$|{_FILM}))"
    r"|\bohne\s(?:stimme|sprecher(?:in)?|ton)\b|\bnur\smusik\b|\bstumm\w*|\bsans\s(?:voix(?:\soff)?|narration|paroles)\b"
    r"|\b(?:musique seule|seulement (?:la |de la )?musique|muett?e?)\b"
    r"|\bsin\s(?:voz|locución|narración)\b|\bsolo\s(?:con\s)?música\b"
    r"|(?:没有|不要|无|不需要|無)(?:旁白|配音|人声|解说)|(?:只要|只有|纯)音乐",
    re.IGNORECASE,
)
_SPOKEN = re.compile(
    r",?\s*\bwith (?:an? |the )?(?:(?:calm|warm|soft|male|female|friendly|deep) )*"
    r"(?:voice-?\s?over|narration|voice)(?: and music)?\b"
    r"|,?\s*\bmit (?:sprecher|stimme)\b|,?\s*\bcon voz(?: en off)?\b|,?\s*\bavec (?:une )?voix(?: off)?\b",
    re.IGNORECASE,
)
_FOR_PLATFORM = re.compile(
    r"\b(?:for|on|auf|für|pour|para)\s(?:instagram|tik\s?tok|you\s?tube(?:\sshorts)?|facebook|linkedin"
    r"|social media|tv|television|the web(?:site)?|our (?:web)?site"
    r"|(?:instagram|insta)\s(?:reels?|stor(?:y|ies)))\b",
    re.IGNORECASE,
)
_WHO = (
    r"(?:owners?|lovers?|fans?|people|parents|families|students|teachers|runners|cyclists|hikers"
    r"|travell?ers|beginners|professionals|teams|designers|developers|engineers|readers|customers|guests|members|buyers|managers"
    r"|founders|investors|tourists|teenagers|kids|children|adults|women|men|players|gardeners|bakers|baristas|chefs"
    r"|home cooks|commuters|retailers|wholesalers)"
)
_AUDIENCE = re.compile(
    rf"(?:\b(?:aimed at|targeting|addressed to)\s(?P<told>[^,.;:\n]{{3,50}})"
    rf"|(?<=[,a-z])\s?,?\s?\bfor\s(?P<who>(?:[a-zà-ÿ'’-]+\s){{0,3}}{_WHO})\b(?=\s*(?:[,.;:\n]|$)))",
)
_OTHER_FORMS = (
    ("海报", re.compile(r"(?:产品|广告|宣传|品牌)?(?:短片|视频|視頻|影片|广告片|宣传片|广告)")),
    (
        "Plakat",
        re.compile(
            r"\b(?:werbe|image|kurz|produkt|marken)?(?:film|spot|video|clip)s?\b(?=.*\b(?:für|von|über|mit|zum|zur|aus)\b)",
            re.I,
        ),
    ),
    (
        "affiche",
        re.compile(
            r"\b(?:film|vidéo|spot|clip|court-métrage)\b(?=.*\b(?:pour|sur|de la|du|des)\b)", re.I
        ),
    ),
    (
        "cartel",
        re.compile(
            r"\b(?:vídeo|video|anuncio|corto(?:metraje)?|película|spot)\b(?=.*\b(?:para|sobre|del?|con)\b)",
            re.I,
        ),
    ),
)
_LEAD = re.compile(
    rf"^(?P<ask>\W*(?:(?:please|can you|could you|we need|i need|make|create|produce|give me"
    r"|we want|i want)\s)*(?:me\s|us\s)?)"
    rf"(?P<article>(?:an?|the|one|our|my)\s)?(?P<before>(?:[^\s,.:;]+\s){{0,6}}?)(?P<made>{_FILM})\b"
    r"(?P<link>\s(?:for|of|about|on|announcing|presenting|showing|introducing)\b|\s*[:,.–—-])?",
    re.IGNORECASE,
)
_INVITING = re.compile(
    r"\b(?:that\s)?(?:inviting|invites?|to invite)\s(?:people|you|everyone|guests|our \w+"
    r"|customers)\s(?:to|for)\b"
)
_ON = re.compile(rf"^(?P<film>(?:(?:an?|the|one)\s)?(?:\S+\s){{0,3}}?{_FILM})\son\s", re.IGNORECASE)
_OWN_NAME = re.compile(
    r"^(?P<name>(?:[A-Z][\w'’-]*|&)(?:\s(?:[A-Z][\w'’-]*|&))*),\s(?=(?:an?|the|our|une?|eine?|una?)\s)"
)
_CAPITALS = re.compile(r"(?:[A-Z][\w'’-]*)(?:\s(?:and|&|und|et|y|[A-Z][\w'’-]*))*")
_AVAILABLE = re.compile(
    r"^(?:now\s)?(?:available|in stores|in shops|on sale|out|out now)(?:\snow)?$", re.I
)
_HAN_ASKING = re.compile(
    r"(?:请|帮我|给我)?(?:制作|做|拍摄|拍|来)?(?:一支|一条|一个|一部|一段)的?|(?:介绍|关于|宣传)(?:一下)?"
)
_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_LATIN_NAME = re.compile(r"[A-Z][A-Za-z'’&-]+(?:\s[A-Z][A-Za-z'’&-]+)*")
_PLAIN = frozenset(
    "short brand product promo promotional explainer teaser social hero launch-film advertising marketing"
    " image mood little quick animated little single television tv web online".split()
)


def read_film_brief(request: ReadFilmBrief, desk: Desk) -> FilmReading:
    """Take a film's brief apart: length, shape, voice, audience; the rest as for a picture."""
    text = request.prompt[:READ_AT_MOST]
    length = length_span(text)
    length_s = length[2] if length else USUAL_S
    if length:
        text = re.sub(r"[^\S\n]+", " ", _cut(text, Span(length[0], length[1], "")))
    silent = bool(_SILENT.search(text))
    text = _ON.sub(r"\g<film> of ", _INVITING.sub("for", text))
    text, house = disowned(text)
    text = _FOR_PLATFORM.sub(_kept_shape, _SPOKEN.sub("", _SILENT.sub("", text)))
    aspect, text = _aspect(text)
    audience, text = _audience(text)
    text = _as_brief(_tidied(text))
    reading = _mended(read_brief(ReadBrief(prompt=text), desk), text)
    return FilmReading(
        notes=reading.notes,
        length_s=length_s,
        aspect=aspect,
        voice=not silent,
        audience=audience,
        reading=with_house(reading.model_copy(update={"notes": ()}), house),
    )


def _kept_shape(match: re.Match[str]) -> str:
    """A platform's name where it tells the shape of the frame."""
    said = match.group()
    return said if any(pattern.search(said) for _, pattern in _ASPECTS) else ""


def _aspect(text: str) -> tuple[Aspect, str]:
    for aspect, pattern in _ASPECTS:
        if match := pattern.search(text):
            start = match.start()
            if lead := re.search(r"\b(?:for|on|in|as an?)\s$", text[:start]):
                start = lead.start()
            # "A reel for Aurelia" stays a film after its shape has been read.
            said = match.group().lower()
            kept = " film " if said in ("reel", "reels", "shorts") or "story" in said else " "
            return aspect, text[:start] + kept + text[match.end() :]
    return "16:9", text


def _audience(text: str) -> tuple[str, str]:
    match = _AUDIENCE.search(text)
    if not match:
        return "", text
    who = (match["told"] or match["who"]).strip()
    # "A film for runners" is about them as long as nothing else is named.
    rest = text[: match.start()] + text[match.end() :]
    named = re.sub(_LEAD, "", _tidied(rest)).strip(" ,.:;")
    return (who, rest) if named else ("", text)


def _cut(text: str, span: Span) -> str:
    """The text without a length, and without the small words that tie it to the film."""
    before = re.sub(
        r"(?:[\s,]*\b(?:of|lasting|von|de|d['’]|with a length of|length:?|duration:?|make it"
        r"|keep it to)\s*|,\s*)$",
        "",
        text[: span.start],
        flags=re.IGNORECASE,
    )
    behind = re.sub(r"^[\s-]*(?:long\b|lange[rns]?\b|的)?[\s-]*", " ", text[span.end :])
    return f"{before} {behind}"


def _tidied(text: str) -> str:
    """No doubled marks and blanks where something was taken out."""
    text = re.sub(r"[^\S\n]+", " ", text)
    text = re.sub(r"\s+([,.;:!?])", r"\1", text)
    text = re.sub(r"([,;:])(?:\s*[,;.])+", r"\1", text)
    text = re.sub(r"\(\s*\)", "", text)
    return re.sub(r"^[\s,.;:，。、]+|[\s,;:，、]+$", "", text)


def _as_brief(text: str) -> str:
    """The brief with the words for a film as words for a poster, which tell what is announced."""
    if match := _LEAD.match(text):
        kept = [w for w in match["before"].split() if w.lower() not in _PLAIN]
        before = " ".join(kept)
        article = match["article"] or "a "
        link = match["link"] or ""
        return f"{article}{before} poster{link}{text[match.end() :]}".replace("  ", " ")
    text = _HAN_ASKING.sub("", text)
    for poster, pattern in _OTHER_FORMS:
        if match := pattern.search(text):
            return f"{text[: match.start()]}{poster}{text[match.end() :]}"
    return re.sub(rf"\b(?:as an?|in an?)\s{_FILM}\b", "", text)


def _mended(reading: Reading, text: str) -> Reading:
    """What reading a poster's brief takes apart too far for a film, put together again."""
    reading = _with_own_name(reading)
    reading = _with_maker(_without_left_overs(reading), text)
    reading = _with_venue(_with_place(reading, text), text)
    reading = _with_steering(_with_house(reading))
    latin = _LATIN_NAME.search(reading.subject)
    if not reading.name and latin and _IDEOGRAPH.search(reading.subject):
        return reading.model_copy(update={"name": latin.group().strip()})
    return reading


def _with_own_name(reading: Reading) -> Reading:
    """A name that is made of common words, or that is an event's: "Fern & Fog", "Mia and Tom"."""
    subject, name = reading.subject, reading.name
    if not name and (match := _OWN_NAME.match(subject)):
        return reading.model_copy(update={"name": match["name"], "subject": subject[match.end() :]})
    if not name and subject and _CAPITALS.fullmatch(subject):
        return reading.model_copy(update={"name": subject, "subject": ""})
    occasion = reading.occasion.split(", ")[0]
    event = len(occasion.split()) > 1 and all(w[0].isupper() for w in occasion.split())
    if event and name != occasion and name:
        # "the Harbour Food Festival, Bergen": the festival is the name, the town is where.
        where = ", ".join(p for p in (name, reading.where) if p)
        return reading.model_copy(update={"name": occasion, "where": where})
    return reading


def _with_maker(reading: Reading, text: str) -> Reading:
    """The quoted title is what the film is named after; "a novel by Ines Vale" stays whole."""
    name, title = reading.name, reading.title
    match = (
        re.search(rf"(?P<what>(?:\b[a-z]+\s){{1,3}})by\s{re.escape(name)}", text) if name else None
    )
    if match and title:
        what = re.sub(r"^(?:.*\s)?(?=an?\s)", "", match["what"]).strip()
        return reading.model_copy(update={"name": title, "subject": f"{what} by {name}"})
    subject = reading.subject
    if name and subject and not title and f"{subject} {name}" in text:
        return reading.model_copy(update={"subject": f"{subject} {name}"})
    return reading


def _without_left_overs(reading: Reading) -> Reading:
    clauses = reading.subject.split(", ")
    when = reading.when
    if when and clauses[-1].lower() == "out":
        when = f"out {when}"
    shown = re.fullmatch(r"in (?:cinemas|theatres|bookshops|shops|stores)", clauses[-1], re.I)
    if when and shown:
        when = f"{clauses.pop().lower()} {when}"
    first = re.escape(reading.occasion.split(", ")[0])
    over = re.compile(rf"(?:the |a |an )?{first}" if reading.name and first else r"a|an|the", re.I)
    kept = [c for c in clauses if not _AVAILABLE.match(c) and not over.fullmatch(c)]
    subject = re.sub(rf"\b{_FILM}$", "", ", ".join(kept)).strip(" ,.")
    if subject and not reading.name and len(subject.split()) == 1 and _is_unknown(subject):
        return reading.model_copy(update={"subject": "", "name": capital(subject), "when": when})
    return reading.model_copy(update={"subject": subject, "when": when})


def _with_venue(reading: Reading, text: str) -> Reading:
    """A capital word behind an occasion is where it is; behind a house of ours it is its name."""
    subject, name = reading.subject, reading.name
    *before, last = subject.split(", ")
    if not name and before and re.search(rf",\s{re.escape(last.capitalize())}(?=,|$)", text):
        if re.match(r"(?:our|an?)\s", subject) and last.isalpha():
            return reading.model_copy(
                update={"subject": ", ".join(before), "name": last.capitalize()}
            )
    placed = before and re.search(rf",\s{re.escape(last)}\W*$", text) and last[:1].isupper()
    if placed and name and reading.occasion and reading.when and not reading.where:
        return reading.model_copy(update={"subject": ", ".join(before), "where": last})
    loose = name and not (reading.where or reading.occasion or reading.title)
    if loose and reading.when and subject.startswith("the ") and f", {name}" in text:
        return reading.model_copy(update={"name": "", "where": name})
    return reading


def _with_place(reading: Reading, text: str) -> Reading:
    """Where nothing happens at a time, "a law firm in Leeds" says what it is, not where to go."""
    subject, where = reading.subject, reading.where
    if reading.when or not where or not subject:
        return reading
    first, *more = subject.split(", ")
    link = rf"(?P<link>in|from|of|near|aus|à|de|en)\s{re.escape(where)}"
    # "A bakery in Lisbon that opens at 6": the place stands in the middle of what is said.
    within = re.search(rf"{re.escape(first)}\s{link},?\s{re.escape(', '.join(more))}", text)
    if more and within:
        mark = "" if re.match(r"(?:that|which|who)\s", more[0]) else ","
        whole = f"{first} {within['link']} {where}{mark} {', '.join(more)}"
        return reading.model_copy(update={"subject": whole, "where": ""})
    tail = re.escape(subject.split(", ")[-1])
    match = re.search(rf"{tail},?\s{link}", text)
    if not match:
        return reading
    whole = f"{subject} {match['link']} {where}"
    return reading.model_copy(update={"subject": whole, "where": ""})


def _with_house(reading: Reading) -> Reading:
    """Where something is shown is where to go: "the Museum of Tides, Whitby: 'Salt and Light'"."""
    subject, name = reading.subject, reading.name
    if (
        "opening" in reading.occasion
        and not name
        and re.fullmatch(r"the(?:\s[A-Z][\w'’]*)+", subject)
    ):
        return reading.model_copy(update={"subject": "", "name": capital(subject)})
    house = re.match(r"the\s[A-Z]", subject) and names_a_house(subject)
    if not (house and reading.title and reading.occasion) or reading.where:
        return reading
    where = ", ".join(p for p in (subject.removeprefix("the "), name) if p)
    return reading.model_copy(update={"subject": "", "name": "", "where": where})


def _with_steering(reading: Reading) -> Reading:
    """What only steers the look of a named thing's film is no part of the thing: "autumn", "quiet"."""
    if not reading.name:
        return reading
    clauses = [c for c in re.split(r",\s|\.\s", reading.subject) if c]
    steering = [c for c in clauses if _steers(c)]
    if not steering or len(steering) == len(clauses):
        return reading
    kept = ", ".join(c for c in clauses if c not in steering)
    moods = dict.fromkeys([*reading.mood, *(c.lower() for c in steering)])
    return reading.model_copy(update={"subject": kept, "mood": tuple(moods)})


def _steers(clause: str) -> bool:
    """Whether a clause says season, hour or feeling and nothing else."""
    found = words(clause)
    return len(found) <= 2 and all(w.means("season", "daytime", "mood", "light") for w in found)


def _is_unknown(text: str) -> bool:
    found = words(text)
    return bool(found) and not any(w.meanings for w in found) and text.isascii()
