"""Film words: from a brief to script and storyboard, as a caller and a creative director see them."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brandmodel.local.words.film_critique import critique_script
from brandmodel.local.words.film_outline import outline_film
from brandmodel.local.words.film_ranking import rerank
from brandmodel.local.words.film_script import write_script
from brandmodel.local.words.film_voiceover import write_voiceover
from brandmodel.tasks import (
    Critique,
    CritiqueScript,
    FilmOutline,
    FilmReading,
    OutlineFilm,
    ReadFilmBrief,
    Reading,
    Rerank,
    Script,
    Shots,
    Storyboard,
    TypeLine,
    WriteScript,
    WriteVoiceover,
    snapped,
)
from brandmodel.tasks.audio import WORDS_PER_S, speaking_s
from brandmodel.tasks.lengths import length_of
from tests.local.films import (
    ABOUT,
    ART,
    AURELIA,
    BRIEFS,
    Written,
    aurelia,
    desk,
    fields_of,
    read,
    spoilt,
    write,
)

STOCK = (
    "take their time|discover|experience|unleash|elevate|journey|more than just|whatever|imagine a world"
    "|once upon|the future of|redefin|next level|game.chang|made with love|perfect for"
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


@pytest.mark.parametrize(
    ("brief", "found"),
    [
        ("A film for the Harbour Jazz Festival, January 24 to 27, Bergen", "January 24 to 27"),
        ("A film for the Harbour Jazz Festival, 24 to 27 January, Bergen", "24 to 27 January"),
        ("A film for our market, 5 and 6 July, Harbour Park", "5 and 6 July"),
        ("A film for our sale from March 3 until 9", "from March 3 until 9"),
        ("A film for our party, May 14 at 6 pm", "May 14 at 6 pm"),
    ],
)
def test_days_that_belong_together_stay_together(brief: str, found: str) -> None:
    reading = read(brief).reading
    assert reading.when == found
    assert not re.search(r"\d", reading.subject)


@pytest.mark.parametrize(
    ("brief", "name", "subject"),
    [
        ("A film for Dr Sen's dental clinic", "Dr Sen's dental clinic", ""),
        ("A film for Marlow's bakery in Leeds", "Marlow's bakery", "in Leeds"),
        ("A film for Mia's birthday party, 4 May", "Mia's birthday party", ""),
        (
            "A video for Ines Vale's new novel 'Salt and Light', out 3 October",
            "Salt and Light",
            "a novel by Ines Vale",
        ),
        (
            "A film for Professor Ada Quill's lecture on tidal energy, 12 to 14 June, Whitby",
            "Professor Ada Quill",
            "tidal energy",
        ),
        (
            "A film for Tuesday Soup, a soup delivery in Rotterdam, hot at noon",
            "Tuesday Soup",
            "a soup delivery in Rotterdam, hot at noon",
        ),
        ("A film on autumn in the mountains, calm", "", "autumn in the mountains"),
    ],
)
def test_names_are_read_whole(brief: str, name: str, subject: str) -> None:
    reading = read(brief).reading
    assert (reading.name, reading.subject) == (name, subject)


def test_what_has_no_name_is_called_by_what_it_is_and_where() -> None:
    done = write("A 15-second film for a bakery in Lisbon that opens at 6 every morning")
    assert [line.text for line in done.script.end_lines] == [
        "Bakery in Lisbon",
        "Opens at 6 every morning",
    ]
    bike = write("A 12-second film about an e-bike for commuters")
    assert bike.script.end_lines[0].text == "E-bike for commuters"
    assert any("commuters" in line.text for line in bike.script.lines)


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


def test_a_launch_without_documents_leads_up_to_its_name_and_invents_nothing() -> None:
    script = write(AURELIA).script
    assert said(script) == [
        "There is cold brew.",
        "There is tonic.",
        "Now there is Aurelia.",
        "Ask for it by name.",
        "Aurelia, a cold brew tonic.",
    ]
    shown = [line.on_screen for line in script.lines]
    assert shown == ["Cold brew", "Tonic", "Aurelia", "", ""]


@pytest.mark.parametrize(
    ("prompt", "lines"),
    [
        (
            "A film for Meridian, a savings bank for people who work for themselves",
            ["Some people work for themselves.", "There is a savings bank for them."],
        ),
        (
            "A film for Kestrel, a trail running shoe made from recycled nets",
            ["It begins with recycled nets.", "It becomes a trail running shoe."],
        ),
        (
            "A film for Glen House, a small hotel by a loch in the Highlands",
            ["In the Highlands, there is a loch.", "By the loch, there is a small hotel."],
        ),
        (
            "A film for Nocturne, a perfume of fig, smoke and cedar",
            ["Fig. Smoke. Cedar.", "Together, a perfume."],
        ),
        (
            "A film for Lumen, an app that dims your lights at sunset",
            ["At sunset, it dims your lights.", "It is an app."],
        ),
        (
            "A bold film for Volta, an electric bicycle that folds in five seconds",
            ["It folds in five seconds.", "An electric bicycle.", "Volta."],
        ),
        ("A film for Vale Rosa, a wine from Portugal", ["From Portugal comes a wine."]),
        ("A 6-second film for Zest, a lemonade with real yuzu", ["A lemonade with real yuzu."]),
    ],
)
def test_what_a_thing_is_unfolds_line_by_line(prompt: str, lines: list[str]) -> None:
    assert said(write(prompt, passages=()).script)[: len(lines)] == lines


def test_what_only_steers_the_look_is_not_said() -> None:
    film = read("A 20-second autumn film for Glen House, a small hotel by a loch. Quiet, golden.")
    assert film.reading.subject == "a small hotel by a loch"
    assert set(film.reading.mood) == {"autumn", "quiet", "golden"}


def test_an_exhibition_has_its_house_as_the_place() -> None:
    done = write(
        "A 30-second film for the Museum of Tides, Whitby: the new exhibition 'Salt and Light', "
        "4 March to 30 August"
    )
    assert said(done.script) == [
        "Salt and Light.",
        "A new exhibition at the Museum of Tides, Whitby.",
        "See it from 4 March to 30 August.",
    ]


def test_lower_thirds_say_when_and_where_and_titles_are_not_repeated() -> None:
    picnic = write(
        "A film for our summer picnic, Sunday 14 July, 2 pm, Victoria Park, free entry"
    ).script
    shown = {line.role: line.on_screen for line in picnic.lines}
    assert shown == {
        "hook": "Summer picnic",
        "news": "Free entry",
        "invite": "Sunday 14 July, 2 pm · Victoria Park",
    }


@pytest.mark.parametrize("prompt", BRIEFS)
def test_words_on_screen_are_short_and_come_once(prompt: str) -> None:
    done = write(prompt)
    shown = [line.on_screen.casefold() for line in done.script.lines if line.on_screen]
    assert len(set(shown)) == len(shown)
    most = {"news": 5, "invite": 9}
    for line in done.script.lines:
        if done.film.voice:
            assert len(line.on_screen.split()) <= most.get(line.role, 5)


OWN = (
    "We were told it could not be done: tonic, from coffee.",
    "So we did it, slowly",
    "Aurelia!",
)


def own(length_s: float, **changes: object) -> tuple[FilmOutline, Script]:
    fields = fields_of(AURELIA)
    film = FilmReading.model_validate(fields["film"])
    fields["film"] = film.model_copy(update={"length_s": length_s, **changes})
    outline = outline_film(OutlineFilm.model_validate({**fields, "lines": OWN}), desk())
    request = WriteScript.model_validate({**fields, "lines": OWN, "outline": outline})
    return outline, write_script(request, desk())


def test_a_persons_own_lines_are_said_word_for_word_in_their_order() -> None:
    outline, script = own(15)
    assert tuple(said(script)) == OWN
    assert [beat.role for beat in outline.beats] == ["hook", "proof", "invite", "end"]
    assert [line.id for line in script.lines] == [b.id for b in outline.beats if b.role != "end"]
    assert outline.length_s == pytest.approx(15)
    assert outline.end_s >= 2
    for beat, text in zip(outline.beats, OWN, strict=False):
        assert beat.duration_s >= speaking_s(text) + 0.25
    assert [line.text for line in script.end_lines][0] == "Aurelia"


def test_own_lines_that_fill_the_film_leave_no_end_card() -> None:
    outline, script = own(8.5)
    assert tuple(said(script)) == OWN
    assert outline.end_s == 0
    assert outline.length_s == pytest.approx(8.5)


def test_own_lines_of_a_silent_film_are_shown() -> None:
    _, script = own(15, voice=False)
    assert all(line.on_screen and not line.text for line in script.lines)
    assert script.lines[1].on_screen == "So we did it, slowly"


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
    assert said(done.script) == ["", "", ""]
    assert [line.on_screen for line in done.script.lines] == ["The sea", "At dawn", "Calm"]
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


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("Aurelia is a cold brew tonic " + "for everybody " * 8 + "in town.", "too long"),
        ("It won the 2021 medal of Norway.", "neither brief nor documents"),
        ("The best tonic there is.", "neither brief nor documents"),
        ("Aurelia is a cheap tonic.", "avoids"),
        ("Nothing is heated.", "says again"),
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
