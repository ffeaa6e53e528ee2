"""Films as the local writer plans them, for tests of words and of shots."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import brandmodel
from brandmodel.brand import Voice
from brandmodel.local.desk import Desk
from brandmodel.local.words.film_outline import outline_film
from brandmodel.local.words.film_ranking import rerank
from brandmodel.local.words.film_reading import read_film_brief
from brandmodel.local.words.film_script import write_script
from brandmodel.local.words.film_shots import storyboard
from brandmodel.local.words.searching import split_into_passages
from brandmodel.tasks import (
    FilmOutline,
    FilmReading,
    OutlineFilm,
    Passage,
    ReadFilmBrief,
    Rerank,
    Script,
    Shot,
    Storyboard,
    WriteScript,
)

DOCUMENTS = Path(brandmodel.__file__).parent / "starter/documents"
ART = tuple(
    split_into_passages("art-direction.md", (DOCUMENTS / "art-direction.md").read_text("utf-8"))
)
ABOUT = tuple(split_into_passages("about.md", (DOCUMENTS / "about.md").read_text("utf-8")))
AURELIA = "A 15-second launch film for Aurelia, a cold brew tonic"
BRIEFS = (
    AURELIA,
    "15s film: the spring edit of Aurelia, for cafe owners",
    "A 30-second film for our jazz night at the Blue Room, Friday 9 pm, free entry",
    "A calm 15-second film about the sea at dawn, no voice",
    "Vertical 20 s video for Kestrel, a trail running shoe made from recycled nets",
    "Film for Pronto, pizza delivery in 20 minutes",
    "10-second teaser: summer sale at Nordlys, 30% off all lamps until 3 June",
    "A film for a law firm in Leeds",
    "Ein 20-sekündiger Werbefilm für Bergluft, einen Kräutertee aus den Alpen",
    "un film de 15 secondes pour la boulangerie Martin, ouverture le 3 juin",
    "Un vídeo de quince segundos para Casa Luna, una vela de soja",
    "一支30秒的竖屏短片，介绍Aurelia冷萃咖啡，没有旁白",
    'A square 15s ad for "Deep Sea Light", a talk by Dr Ana Reyes, Thursday 14 May 7 pm, '
    "Natural History Museum, Bristol",
    "A 45 second film inviting people to the opening of Mill House, a pottery studio, "
    "on 12 September at 10 am, 4 Canal Street, Hebden Bridge",
    "Make a 15 second film for Halden, a watch that winds itself from daylight; available at "
    "halden.example",
    "A film about autumn in the mountains, golden light, melancholic, music only",
    "A 6s bumper for Zest, a lemonade with real yuzu",
    "A 20-second reel for Fern & Fog, a skincare serum without perfume, made in Lisbon",
    "Wedding film for Mia and Tom, Saturday 20 June, Villa Rosa",
    "A 15-second film for Lumen, an app that dims your lights at sunset",
    "A 25-second film for the Harbour Food Festival, 5-7 July, Bergen, 40 stalls, live music",
    "60-second film for Tideway, a company that turns tidal energy into power for 12,000 homes",
    "A film for Oak & Ember, a scented candle: cedar, smoke and amber. Bold and dark.",
    "a 12-second film for the book 'The Salt Road', a novel by Ines Vale, out on 3 March",
)


class Written(NamedTuple):
    film: FilmReading
    outline: FilmOutline
    script: Script
    shots: tuple[Shot, ...]
    fields: dict[str, object]


def desk() -> Desk:
    return Desk(lambda asset: b"")


def read(prompt: str) -> FilmReading:
    return read_film_brief(ReadFilmBrief(prompt=prompt), desk())


def fields_of(
    prompt: str,
    *,
    passages: tuple[Passage, ...] = ART,
    brand: str = "",
    tagline: str = "",
    avoid: tuple[str, ...] = (),
) -> dict[str, object]:
    film = read(prompt)
    reading = film.reading
    query = " ".join((reading.name, reading.subject, reading.occasion, *reading.mood))
    best = rerank(Rerank(query=query, passages=passages, top=24), desk()).passages
    return {
        "film": film,
        "passages": best,
        "brand": brand,
        "tagline": tagline,
        "voice": Voice(avoid=avoid),
    }


def board(script: Script, outline: FilmOutline, fields: dict[str, object]) -> tuple[Shot, ...]:
    request = Storyboard.model_validate({"script": script, "outline": outline, **fields})
    return storyboard(request, desk()).shots


@cache
def write(prompt: str, **brand: object) -> Written:
    fields = fields_of(prompt, **brand)  # pyright: ignore[reportArgumentType]
    outline = outline_film(OutlineFilm.model_validate(fields), desk())
    script = write_script(WriteScript.model_validate({"outline": outline, **fields}), desk())
    film = FilmReading.model_validate(fields["film"])
    return Written(film, outline, script, board(script, outline, fields), fields)


def aurelia(prompt: str = AURELIA, **brand: object) -> Written:
    return write(
        prompt, passages=(*ABOUT, *ART), brand="Aurelia", tagline="Slow on purpose", **brand
    )


def spoilt(done: Written, role: str, **changes: object) -> Script:
    lines = tuple(
        line.model_copy(update=changes) if line.role == role else line for line in done.script.lines
    )
    return done.script.model_copy(update={"lines": lines})
