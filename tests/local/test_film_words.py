"""Film words: from a brief to script and storyboard, as a caller and a creative director see them."""

from __future__ import annotations

import math
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import brandmodel
from brandmodel.brand import Voice
from brandmodel.local.desk import Desk
from brandmodel.local.words.film_critique import critique_script
from brandmodel.local.words.film_outline import outline_film
from brandmodel.local.words.film_ranking import rerank
from brandmodel.local.words.film_reading import read_film_brief
from brandmodel.local.words.film_script import write_script
from brandmodel.local.words.film_shots import storyboard
from brandmodel.local.words.film_voiceover import write_voiceover
from brandmodel.local.words.scenes import scene_of
from brandmodel.local.words.searching import split_into_passages
from brandmodel.tasks import (
    Critique,
    CritiqueScript,
    FilmOutline,
    FilmReading,
    Line,
    OutlineFilm,
    Passage,
    ReadFilmBrief,
    Reading,
    Rerank,
    Script,
    Shot,
    Shots,
    Storyboard,
    TypeLine,
    WriteScript,
    WriteVoiceover,
    snapped,
)
from brandmodel.tasks.audio import WORDS_PER_S
from brandmodel.tasks.lengths import length_of

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
STOCK = (
    "take their time|discover|experience|unleash|elevate|journey|more than just|whatever|imagine a world"
    "|once upon|the future of|redefin|next level|game.chang|made with love|perfect for"
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


def criticise(done: Written, script: Script) -> Critique:
    request = CritiqueScript.model_validate(
        {"script": script, "outline": done.outline, **done.fields}
    )
    return critique_script(request, desk())


def said(script: Script) -> list[str]:
    return [line.text for line in script.lines]


def seen_words(script: Script) -> str:
    on_screen = [line.on_screen for line in script.lines]
    return " | ".join([*said(script), *on_screen, *(line.text for line in script.end_lines)])


# Reading


@pytest.mark.parametrize(
    ("prompt", "seconds"),
    [
        ("A 15-second launch film for Aurelia", 15),
        ("30s spot for Zest", 30),
        ("a one-minute film about the sea", 60),
        ("a film of a minute for Zest", 60),
        ("half a minute of video for Zest", 30),
        ("Pizza in 20 minutes, a 30-second spot", 30),
        ("a film, 15 s: opening of Casa Luna, 7 pm", 15),
        ("make it 30 seconds long, for Zest", 30),
        ("Film, 1:30 long, for Zest", 90),
        ("film 1 min 30 s for Zest", 90),
        ("Ein 20-sekündiger Werbefilm für Zest", 20),
        ("ein Film von 30 Sekunden", 30),
        ("une vidéo de 30 secondes pour Zest", 30),
        ("un film d'une minute", 60),
        ("un vídeo de quince segundos para Zest", 15),
        ("medio minuto de vídeo", 30),
        ("一支30秒的短片", 30),
        ("十五秒视频", 15),
        ("一分钟的影片", 60),
        ("0.5 s film of a poppy", 0.5),
        ("a 3,600 second film", 3600),
    ],
)
def test_a_length_is_read_as_it_is_said(prompt: str, seconds: float) -> None:
    assert read(prompt).length_s == seconds


@pytest.mark.parametrize(
    "prompt",
    [
        "A film for Pronto, pizza delivery in 20 minutes",
        "coffee steeped for 18 hours, a film",
        "A film for shoes that last 20 years",
        "A film about the last minute before dawn",
    ],
)
def test_other_lengths_of_time_are_not_the_films(prompt: str) -> None:
    assert read(prompt).length_s == 15
    assert length_of(prompt) is None


@pytest.mark.parametrize(
    ("prompt", "aspect"),
    [
        ("A film for Zest", "16:9"),
        ("A vertical film for Zest", "9:16"),
        ("A film for Zest, 9:16", "9:16"),
        ("A TikTok for Zest", "9:16"),
        ("An Instagram story for Zest", "9:16"),
        ("A square 15s ad for Zest", "1:1"),
        ("A film about the night market on Leeds square mile", "16:9"),
        ("A story about the sea", "16:9"),
        ("A landscape of dunes, film", "16:9"),
        ("4:5 film for Zest", "4:5"),
        ("一支竖屏短片，介绍Zest", "9:16"),
        ("Ein Film im Hochformat für Zest", "9:16"),
    ],
)
def test_the_shape_of_the_frame(prompt: str, aspect: str) -> None:
    assert read(prompt).aspect == aspect


@pytest.mark.parametrize(
    ("prompt", "voice"),
    [
        ("A film for Zest, no voice", False),
        ("A silent film for Zest", False),
        ("A film for Zest, music only", False),
        ("A film for Zest without voice-over", False),
        ("Ein Film für Zest, nur Musik", False),
        ("un film pour Zest, sans voix off", False),
        ("un vídeo para Zest, sin voz", False),
        ("Zest的短片，不要配音", False),
        ("A film for Zest with a warm voice-over", True),
        ("A film about a silent night in the mountains", True),
    ],
)
def test_whether_a_voice_is_wanted(prompt: str, voice: bool) -> None:
    assert read(prompt).voice is voice


def test_a_films_brief_is_taken_apart_like_any_other() -> None:
    film = read("A 20s film for Aurelia, a cold brew tonic, for cafe owners: Friday 7 pm")
    assert (film.reading.name, film.reading.subject) == ("Aurelia", "a cold brew tonic")
    assert film.reading.when == "Friday 7 pm"
    assert film.audience == "cafe owners"
    assert "second" not in film.reading.subject
    assert read("A film for the book 'The Salt Road', a novel by Ines Vale").reading.subject == (
        "a novel by Ines Vale"
    )
    assert read("A 6s bumper for Fern & Fog, a serum").reading.name == "Fern & Fog"
    assert read("A film for a law firm in Leeds").reading.where == ""


# Ranking


def test_facts_come_before_direction() -> None:
    found = rerank(
        Rerank(query="spring launch of a cold brew tonic", passages=(*ART, *ABOUT), top=12), desk()
    )
    kinds = [p.document for p in found.passages]
    assert len(kinds) == 12
    assert kinds == sorted(kinds, key=lambda d: d != "about.md")
    assert {"about.md", "art-direction.md"} == set(kinds)
    assert "Spring" in [p.heading for p in found.passages if p.document == "art-direction.md"]


def test_direction_without_bearing_is_left_out() -> None:
    found = rerank(Rerank(query="wedding", passages=ART, top=10), desk())
    assert found.passages[0].heading == "Wedding"
    assert len(found.passages) < 10


# Outline and script


@pytest.mark.parametrize("prompt", BRIEFS)
def test_every_line_fits_its_beat_and_the_beats_fit_the_film(prompt: str) -> None:
    done = write(prompt)
    assert done.outline.length_s == pytest.approx(done.film.length_s)
    for beat in done.outline.beats:
        line = done.script.line(beat.id)
        assert beat.duration_s > 0
        assert line is None or len(line.text.split()) <= WORDS_PER_S * beat.duration_s + 1e-6
    ids = [beat.id for beat in done.outline.beats]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"line-[a-f][0-9a-f]{3}", i) for i in ids)


@pytest.mark.parametrize("prompt", BRIEFS)
def test_lines_are_tidy_sentences_without_stock_phrases(prompt: str) -> None:
    lines = [text for text in said(write(prompt).script) if text]
    for text in lines:
        assert text == " ".join(text.split())
        assert re.search(r"[.!?。]$", text)
        assert text[0].upper() == text[0]
        assert not re.search(STOCK, text, re.IGNORECASE)
        assert not re.search(r"[&%]|\s[,.]|[,;:]\.", text)


@pytest.mark.parametrize("prompt", BRIEFS)
def test_every_name_and_figure_of_a_script_is_the_briefs(prompt: str) -> None:
    done = write(prompt)
    held = set(re.findall(r"\w+", prompt.casefold()))
    for text in said(done.script):
        names = re.findall(r"(?<!^)(?<![.!?] )\b[A-Z][\w']+|\d+", text)
        assert {n.casefold() for n in names} <= held
    assert criticise(done, done.script).good


def test_a_launch_without_documents_says_little_and_invents_nothing() -> None:
    lines = said(write(AURELIA).script)
    assert 3 <= len(lines) <= 5
    assert lines[0] == "A cold brew tonic."
    assert "Aurelia" in " ".join(lines)
    assert sum(len(text.split()) for text in lines) < 16


def test_documents_give_the_script_its_facts() -> None:
    done = aurelia()
    lines = said(done.script)
    assert 3 <= len(lines) <= 5
    assert "Aurelia is a cold brew tonic." in lines
    known = {w.casefold() for p in ABOUT for w in re.findall(r"\w+", p.text)}
    facts = [t for t in lines if t in ("Nothing is heated, and no sugar is added.",)]
    assert facts or any(len(set(re.findall(r"\w+", t.casefold())) & known) > 5 for t in lines)
    assert lines[-1] in ("Slow on purpose.", "Aurelia. Slow on purpose.")
    assert not re.search(r"euros|kcal|delivery|gluten|@", " ".join(lines))


def test_the_season_of_the_brief_finds_its_fact_and_what_introduces_it() -> None:
    lines = said(aurelia(BRIEFS[1]).script)
    at = next(n for n, text in enumerate(lines) if text.startswith("Rhubarb is made in spring"))
    assert lines[at - 1] == "There are three flavours: Plain, Bergamot and Rhubarb."
    assert "Rhubarb" not in " ".join(said(aurelia("An autumn launch film for Aurelia").script))


def test_a_longer_film_says_more_of_the_documents() -> None:
    short, long = aurelia(), aurelia("a one-minute brand film for Aurelia")
    assert len(long.script.lines) >= len(short.script.lines) + 4
    assert len(set(said(long.script))) == len(long.script.lines)
    assert "eighteen hours" in " ".join(said(long.script))


def test_an_occasion_says_what_when_and_where() -> None:
    jazz = write(BRIEFS[2])
    assert said(jazz.script)[0] == "Jazz night at the Blue Room."
    assert any(re.search(r"on Friday at 9 pm", text) for text in said(jazz.script))
    assert "Entry is free." in said(jazz.script)
    ends = [line.text for line in jazz.script.end_lines]
    assert "Friday 9 pm" in ends
    assert "The Blue Room" in ends
    sale = said(write(BRIEFS[6]).script)
    assert sale == ["Summer sale at Nordlys.", "30 percent off all lamps.", "Until 3 June."]


def test_a_films_words_change_with_its_brief() -> None:
    scripts = [
        tuple(said(write(prompt).script)) + (seen_words(write(prompt).script),) for prompt in BRIEFS
    ]
    assert len(set(scripts)) == len(BRIEFS)


def test_a_film_without_voice_carries_its_words_on_screen() -> None:
    done = write(BRIEFS[3])
    assert said(done.script) == ["", ""]
    assert [line.on_screen for line in done.script.lines] == ["The sea", "At dawn"]
    silent = aurelia("A 30 s film for Aurelia, no voice").script
    assert all(line.on_screen and not line.text for line in silent.lines)
    assert all(len(line.on_screen.split()) <= 9 for line in silent.lines)


def test_other_languages_stay_as_they_are() -> None:
    lines = said(write(BRIEFS[8]).script)
    assert lines == ["Ein Kräutertee aus den Alpen.", "Bergluft."]
    assert not re.search(r"\b(?:This|Its|Join|Look)\b", " ".join(said(write(BRIEFS[9]).script)))


def test_words_to_avoid_never_appear() -> None:
    done = aurelia(avoid=("sugar", "launch", "heated"))
    assert not re.search(r"sugar|heated", seen_words(done.script), re.IGNORECASE)


def test_extreme_lengths_are_planned_without_complaint() -> None:
    tiny, long = write("A 0.5 s film of poppies"), aurelia("A 3600-second film for Aurelia")
    assert tiny.outline.length_s == pytest.approx(0.5)
    assert len(tiny.shots) == 1
    assert long.film.length_s == 3600
    assert long.outline.length_s == pytest.approx(600)
    assert len(long.shots) <= 48


# Critique


def spoilt(done: Written, role: str, **changes: object) -> Script:
    lines = tuple(
        line.model_copy(update=changes) if line.role == role else line for line in done.script.lines
    )
    return done.script.model_copy(update={"lines": lines})


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("Aurelia is a cold brew tonic " + "for everybody " * 8 + "in town.", "too long"),
        ("It won the 2021 medal of Norway.", "neither brief nor documents"),
        ("The best tonic there is.", "neither brief nor documents"),
        ("Aurelia is a cheap tonic.", "avoids"),
        ("Nothing is heated, and no sugar is added.", "says again"),
        ("aurelia is a tonic", "sentence"),
    ],
)
def test_a_bad_line_is_remarked_on_and_mended(text: str, remark: str) -> None:
    done = aurelia(avoid=("cheap",))
    bad = spoilt(done, "promise", text=text)
    found = criticise(done, bad)
    promise = next(line for line in done.script.lines if line.role == "promise")
    assert not found.good
    assert [r.line_id for r in found.remarks if remark in r.text] == [promise.id]
    mended = found.script.line(promise.id)
    assert mended is None or mended.text != text
    others = [line for line in found.script.lines if line.role != "promise"]
    assert others == [line for line in done.script.lines if line.role != "promise"]
    again = criticise(done, found.script)
    assert again.good, again.remarks


def test_what_a_script_lacks_is_put_in() -> None:
    done = write(BRIEFS[2])
    lines = tuple(line for line in done.script.lines if line.role != "invite")
    found = criticise(done, Script(lines=lines))
    said_of_it = " ".join(remark.text for remark in found.remarks)
    assert re.search(r"when: Friday 9 pm", said_of_it)
    assert "invites to nothing" in said_of_it
    assert any(line.role == "invite" for line in found.script.lines)
    assert "Friday 9 pm" in [line.text for line in found.script.end_lines]


def test_figures_in_words_and_signs_are_supported() -> None:
    done = aurelia()
    good = spoilt(done, "promise", text="Steeped for 18 hours.", on_screen="18 hours")
    assert not any("neither" in r.text for r in criticise(done, good).remarks)


# Storyboard


@pytest.mark.parametrize("prompt", BRIEFS)
def test_shots_add_up_and_are_long_enough(prompt: str) -> None:
    done = write(prompt)
    total = math.fsum(shot.duration_s for shot in done.shots)
    assert total == pytest.approx(done.outline.length_s - done.outline.end_s, abs=1e-6)
    assert all(shot.duration_s >= 1.5 - 1e-9 for shot in done.shots)
    ids = [shot.id for shot in done.shots]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"shot-[a-f][0-9a-f]{3}", i) for i in ids)


@pytest.mark.parametrize("prompt", BRIEFS)
def test_shots_stand_under_their_lines_for_as_long_as_those_are_said(prompt: str) -> None:
    done = write(prompt)
    for line in done.script.lines:
        if line.role != "end":
            covered = sum(s.duration_s for s in done.shots if s.line_id == line.id)
            assert covered * WORDS_PER_S >= len(line.text.split())


@pytest.mark.parametrize("prompt", BRIEFS)
def test_no_two_shots_of_a_film_are_alike(prompt: str) -> None:
    done = write(prompt)
    assert len({shot.description for shot in done.shots}) == len(done.shots)
    for one, other in zip(done.shots, done.shots[1:], strict=False):
        assert one.move != other.move
    drawn = [scene(shot, done) for shot in done.shots]
    if len(drawn) <= 12:
        assert len(set(drawn)) == len(drawn)


def scene(shot: Shot, done: Written) -> str:
    made, _ = scene_of(
        shot.description,
        palette=done.outline.palette,
        seed=1,
        take=0,
        space=shot.space,
        label=done.outline.label if shot.role in ("product", "close") else "",
        plinth=False,
    )
    plain = made.model_dump(exclude={"space"})
    # A warmth or energy that differs by a shade is no other picture.
    return str({k: v for k, v in plain.items() if k not in ("warmth", "energy")})


def test_twelve_unlike_briefs_have_no_shot_list_in_common() -> None:
    lists = [tuple(s.description for s in write(prompt).shots) for prompt in BRIEFS]
    assert len(set(lists)) == len(BRIEFS) >= 12


def test_a_products_film_shows_the_product_in_one_light() -> None:
    done = aurelia()
    products = [shot for shot in done.shots if shot.role == "product"]
    assert products
    assert done.shots[-1].role == "product"
    assert {shot.role for shot in done.shots} >= {"wide", "detail", "product", "interlude"}
    for shot in products:
        made, _ = scene_of(
            shot.description,
            palette=None,
            seed=1,
            take=0,
            space="none",
            label="Aurelia",
            plinth=False,
        )
        assert made.kind == "still_life"
        assert made.product == "bottle"
    backdrops = {w for s in done.shots for w in re.findall(r"on a (\w+) backdrop", s.description)}
    assert len(backdrops) == 1


def test_a_film_about_the_sea_shows_the_sea_first_and_at_its_hour() -> None:
    done = write(BRIEFS[3])
    made, _ = scene_of(
        done.shots[0].description,
        palette=None,
        seed=1,
        take=0,
        space="none",
        label="",
        plinth=False,
    )
    assert made.kind == "landscape"
    assert (made.terrain, made.daytime) == ("sea", "dawn")
    lands = [s.description for s in done.shots if s.role in ("wide", "close")]
    assert all("at dawn" in text for text in lands)


def test_a_line_brings_its_place_into_its_shot() -> None:
    done = aurelia()
    hook = done.script.lines[0]
    wide = next(s for s in done.shots if s.line_id == hook.id and s.role == "wide")
    edited = spoilt(done, "hook", text="Made high up in the mountains.")
    shot = next(s for s in board(edited, done.outline, done.fields) if s.id == wide.id)
    assert "mountain" in shot.description
    assert "mountain" not in wide.description


@pytest.mark.parametrize("prompt", [AURELIA, BRIEFS[2], BRIEFS[13], BRIEFS[20]])
def test_an_edit_of_a_line_changes_the_shots_of_that_line_alone(prompt: str) -> None:
    done = write(prompt)
    line = done.script.lines[0]
    edited = spoilt(done, line.role, text="Palms in snow.", on_screen="Snow")
    after = board(edited, done.outline, done.fields)
    assert [s.id for s in after] == [s.id for s in done.shots]
    assert [s for s in after if s.line_id != line.id] == [
        s for s in done.shots if s.line_id != line.id
    ]


def test_a_line_that_has_outgrown_its_beat_gets_the_time_it_needs() -> None:
    done = write(AURELIA)
    line = done.script.lines[1]
    text = "This is Aurelia, and it is a cold brew tonic for slow mornings."
    edited = spoilt(done, line.role, text=text)
    after = board(edited, done.outline, done.fields)
    covered = sum(s.duration_s for s in after if s.line_id == line.id)
    assert covered * WORDS_PER_S >= len(text.split())
    assert math.fsum(s.duration_s for s in after) == pytest.approx(12.3)


def test_a_script_from_elsewhere_is_storyboarded_too() -> None:
    done = write(AURELIA)
    script = Script(
        lines=(
            Line(id="line-one", role="hook", text="A cold brew tonic."),
            Line(id="line-two", role="invite", text="Ask for Aurelia."),
        )
    )
    after = board(script, done.outline, done.fields)
    assert {s.line_id for s in after} == {"line-one", "line-two"}
    assert math.fsum(s.duration_s for s in after) == pytest.approx(12.3)


# Voice-over


def test_a_persons_own_text_is_kept_word_for_word() -> None:
    text = "We steep it slowly. For eighteen hours, without heat. That is all there is to it."
    for prompt in (text, f"Voice-over: {text}", f"Read this, calmly:\n{text}"):
        lines = write_voiceover(WriteVoiceover(prompt=prompt), desk()).lines
        assert " ".join(line.text for line in lines) == text
        assert all(re.search("[a-z]", line.id.removeprefix("line-")) for line in lines)
    quoted = WriteVoiceover(prompt='Record a voiceover saying "Please take your seats now."')
    assert said(write_voiceover(quoted, desk())) == ["Please take your seats now."]


def test_a_changed_sentence_keeps_the_ids_of_the_others() -> None:
    one = write_voiceover(
        WriteVoiceover(prompt="The sea was calm. Nobody spoke. We waited long."), desk()
    )
    two = write_voiceover(
        WriteVoiceover(prompt="The sea was rough. Nobody spoke a word. We waited long."), desk()
    )
    assert one.lines[-1] == two.lines[-1]
    assert one.lines[0].id != two.lines[0].id


def test_a_brief_for_a_voiceover_gets_lines() -> None:
    lines = said(
        write_voiceover(
            WriteVoiceover(prompt="A 15-second voice-over for Aurelia, a cold brew tonic"), desk()
        )
    )
    assert 2 <= len(lines) <= 5
    assert "Aurelia" in " ".join(lines)


# Cuts on beats

DURATIONS = st.lists(st.floats(1.2, 8.0), min_size=1, max_size=12)


@given(DURATIONS, st.floats(60, 180))
def test_cuts_move_to_beats_and_nothing_is_lost(durations: list[float], bpm: float) -> None:
    total = math.fsum(durations)
    beats = [n * 60 / bpm for n in range(int(total * bpm / 60) + 1)]
    moved = snapped(durations, beats)
    assert len(moved) == len(durations)
    assert math.fsum(moved) == pytest.approx(total, abs=1e-9)
    assert all(d >= 1.2 - 1e-6 for d in moved) or moved == tuple(durations)


def test_a_cut_takes_the_nearest_beat() -> None:
    assert snapped((2.4, 2.4, 2.2), (0, 1, 2, 3, 4, 5, 6)) == pytest.approx((2.0, 3.0, 2.0))
    assert snapped((3.0, 3.0), ()) == pytest.approx((3.0, 3.0))
    assert snapped((3.0, 3.0), (0.5, 9.0)) == pytest.approx((3.0, 3.0))
    assert snapped((1.3, 1.3), (0.0, 0.9, 1.8)) == pytest.approx((1.3, 1.3))


# Robustness, quotes


@settings(max_examples=40, deadline=None)
@given(
    st.one_of(st.text(max_size=300), st.lists(st.sampled_from(BRIEFS), max_size=3).map(", ".join))
)
def test_any_prompt_is_written_to_the_end(prompt: str) -> None:
    done = write.__wrapped__(prompt)
    assert criticise(done, done.script).script.lines is not None
    body_s = done.outline.length_s - done.outline.end_s
    assert math.fsum(s.duration_s for s in done.shots) == pytest.approx(body_s, abs=1e-6)
    write_voiceover(WriteVoiceover(prompt=prompt), desk())


@pytest.mark.parametrize("dear", [False, True])
def test_a_quote_follows_the_length_that_the_brief_asks_for(dear: bool) -> None:
    film = ReadFilmBrief(prompt="A 40-second film for Zest").sketch(dear=dear)
    outline = OutlineFilm(film=film).sketch(dear=dear)
    script = WriteScript(film=film, outline=outline).sketch(dear=dear)
    shots = Storyboard(film=film, outline=outline, script=script).sketch(dear=dear)
    assert outline.length_s == pytest.approx(40)
    shown_s = sum(s.duration_s for s in shots.shots)
    assert shown_s == pytest.approx(40 - outline.end_s)
    # The dearest film shows pictures throughout, the cheapest hardly any.
    assert shown_s == pytest.approx(40) if dear else shown_s < 2
    assert isinstance(shots, Shots)
    assert not any(re.search(r"-\d+$", s.id) for s in shots.shots)


def test_the_end_card_carries_no_word_to_avoid() -> None:
    done = write("A film for Zest, a cheap lemonade", avoid=("cheap",))
    card = (*done.script.end_lines, TypeLine(role="line", text="So cheap"))
    found = criticise(done, done.script.model_copy(update={"end_lines": card}))
    assert "cheap" not in " ".join(line.text for line in found.script.end_lines)


def test_nothing_is_read_where_nothing_is_said() -> None:
    assert read("").reading == Reading(purpose="picture") or read("").reading.subject == ""
