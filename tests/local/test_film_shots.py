"""Storyboards: what is seen and heard while each line is said."""

from __future__ import annotations

import math
import re

import pytest

from brandmodel.local.desk import Desk
from brandmodel.local.picture.scene import StillLife
from brandmodel.local.sound.effects import make_sound
from brandmodel.local.words.planning import image_prompt
from brandmodel.local.words.product_looks import look_of, parted
from brandmodel.local.words.scenes import scene_of
from brandmodel.tasks import Line, MakeSound, Script, Shot, WriteImagePrompt
from brandmodel.tasks.audio import WORDS_PER_S
from tests.local.films import AURELIA, BRIEFS, Written, aurelia, board, spoilt, write

UNLIKE = {
    AURELIA: "cold brew tonic",
    "A 20-second film for Meridian, a savings bank for people who work for themselves. Calm, modern": "city",
    "A 15-second trailer for the Lantern Festival, 5-7 July, Harbour Park, Bergen: 40 stalls, live music and "
    "fireworks": "city",
    "A warm 15-second film for Martin & Daughters, a sourdough bakery in Leith, opening on 3 June": "bakery",
    "A 12-second teaser for Volta, an electric bicycle that folds in five seconds. Bold": "electric bicycle",
    "A 30-second film for the Museum of Tides, Whitby: the new exhibition 'Salt and Light', 4 March to 30 "
    "August": "sea",
    "A vertical film for Nocturne, a perfume of fig, smoke and cedar. Dark, elegant. Music only": "perfume",
    "A vertical 15-second video for Lumen, an app that dims your lights at sunset": "at sunset",
    "A calm 20-second film about the sea at dawn, music only": "sea at dawn",
    "A 10-second trailer for The Long Frost, a winter novel by Ines Vale, out on 3 November": "novel",
    "A playful 15-second film for our summer picnic, 14 July, 2 pm, Victoria Park, free entry": "meadow",
    "A 20-second autumn film for Glen House, a small hotel by a loch in the Highlands. Quiet": "in autumn",
    "A romantic 15-second film for Vale Rosa, a sparkling wine from Portugal": "sparkling wine",
    "A 15-second film of rain over the city at night, melancholic, no voice": "rain over the city",
}


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


def shot_list(done: Written) -> tuple[tuple[str, str, str], ...]:
    return tuple((shot.role, shot.move, shot.description) for shot in done.shots)


def test_unlike_briefs_have_no_picture_in_common_with_a_whole_film() -> None:
    lists = [shot_list(write(prompt, passages=())) for prompt in (*UNLIKE, *BRIEFS)]
    assert len(set(lists)) == len({*UNLIKE, *BRIEFS})
    pictures = [{description for _, _, description in shots} for shots in lists[: len(UNLIKE)]]
    for at, one in enumerate(pictures):
        for other in pictures[at + 1 :]:
            assert len(one & other) <= len(one) / 2
    roles = {tuple(role for role, _, _ in shots) for shots in lists[: len(UNLIKE)]}
    assert len(roles) >= 9


@pytest.mark.parametrize(("prompt", "subject"), UNLIKE.items())
def test_shots_show_what_the_brief_speaks_of_and_none_twice(prompt: str, subject: str) -> None:
    done = write(prompt, passages=())
    assert subject in " | ".join(shot.description for shot in done.shots).lower()
    drawn = [scene(shot, done) for shot in done.shots]
    assert len(set(drawn)) == len(drawn)


@pytest.mark.parametrize("prompt", [*UNLIKE, *BRIEFS])
def test_sounds_leave_room_for_the_music(prompt: str) -> None:
    shots = write(prompt, passages=()).shots
    assert not any(shot.sound for shot in shots if shot.role == "interlude")
    for before, shot in zip(shots, shots[1:], strict=False):
        assert not (before.sound and shot.sound)


def test_every_sound_is_one_that_can_be_made() -> None:
    asked = {s.sound for p in (*UNLIKE, *BRIEFS) for s in write(p, passages=()).shots if s.sound}
    assert len(asked) >= 10
    for description in sorted(asked):
        request = MakeSound(description=description, duration_s=1.5)
        assert not make_sound(request, Desk(lambda asset: b"")).notes, description


@pytest.mark.parametrize(
    ("prompt", "sound"),
    [
        ("A calm film about the sea at dawn", "waves on the shore"),
        ("A film of rain over the city at night", "steady rain"),
        ("A film about an autumn forest, no voice", "birdsong in the forest"),
        ("A film about a city at dusk", "city hum"),
        (AURELIA, "ice in a glass"),
        ("A film for Vale Rosa, a sparkling wine", "fizz in a glass"),
        ("A film for Oak & Ember, a scented candle", "a small crackling fire"),
        ("A film for The Long Frost, a novel by Ines Vale", "turning pages"),
    ],
)
def test_a_shot_sounds_like_what_is_seen(prompt: str, sound: str) -> None:
    assert sound in [shot.sound for shot in write(prompt, passages=()).shots]


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


@pytest.mark.parametrize(
    "prompt",
    [
        "A 15-second launch film for Aurelia, a cold brew tonic",
        "A 20-second film for Wildrow, a honey from one valley in Wales, in a jar",
        "A 15-second film for Kestrel, a trail running shoe",
    ],
)
def test_all_shots_of_a_film_show_one_product(prompt: str) -> None:
    done = write(prompt)
    palette, label = done.outline.palette, done.outline.label
    assert label
    looks: set[tuple[str, ...]] = set()
    for number, shot in enumerate(s for s in done.shots if s.role in ("product", "close")):
        made, _ = scene_of(
            shot.description,
            palette=palette,
            seed=number,
            take=number,
            space=shot.space,
            label=label,
            plinth=False,
        )
        assert isinstance(made, StillLife)
        looks.add((made.product, made.body, made.cap, str(made.design), made.sublabel))
    assert len(looks) == 1
    assert "none" not in looks.pop()


def test_a_product_keeps_the_colour_that_the_brief_names() -> None:
    done = write("A 15-second film for Aurelia, a cold brew tonic in a green bottle")
    palette = done.outline.palette
    assert palette is not None
    shown = [s.description for s in done.shots if s.role in ("product", "close")]
    assert all(" and green," in said for said in shown)
    _, said = parted(shown[0])
    look = look_of(said, palette, "bottle")
    assert look is not None
    red, green, blue = (int(getattr(palette, look.body)[n : n + 2], 16) for n in (1, 3, 5))
    assert green > max(red, blue)


def test_films_of_things_open_on_places_and_end_on_the_thing() -> None:
    things = [
        "Aurelia, a cold brew tonic",
        "Kestrel, a trail running shoe",
        "Nocturne, a perfume of fig, smoke and cedar",
        "Lumen, a hand cream in a tube",
        "Tally, an app that keeps track of shared bills",
        "Wildrow, a honey from one valley",
    ]
    films = [write(f"A 15-second film for {thing}").shots for thing in things]
    assert sum(shots[0].role == "wide" for shots in films) >= len(films) / 2
    assert all(shots[-1].role in ("product", "close") for shots in films)
    assert all(any(s.role == "product" for s in shots) for shots in films)


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
    wide = next(s for s in done.shots if s.role == "wide")
    line = done.script.line(wide.line_id)
    assert line is not None
    edited = spoilt(done, line.role, text="Made high up in the mountains.")
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


# What a judge missed


def prompt_for(subject: str, wanting: str) -> str:
    request = WriteImagePrompt(subject=subject, mood="warm", space="left", wanting=wanting)
    return image_prompt(request, Desk(lambda asset: b"")).prompt


@pytest.mark.parametrize(
    ("wanting", "asked"),
    [
        ("Picture 1 is the best, but not good enough: its exposure is weak.", "soft light"),
        ("it loses detail in its lights", "soft light"),
        ("too dark", "bright"),
        ("its contrast is weak", "bold contrast"),
        ("the bottle is blurred", "crisp"),
        ("its palette is weak", "few colours"),
        ("the left side is too busy", "empty space"),
        ("nobody liked it", "main subject"),
    ],
)
def test_a_prompt_asks_for_what_was_missed_and_keeps_its_subject(wanting: str, asked: str) -> None:
    subject = "A cold brew tonic. Low steps and a round disc behind it"
    before, after = prompt_for(subject, ""), prompt_for(subject, wanting)
    assert after.startswith(before)
    assert asked in after.removeprefix(before).lower()
    assert look(after) == look(before)


@pytest.mark.parametrize("wanting", ["its calm is weak", "its exposure is weak", "ugly"])
def test_a_place_stays_the_place_whatever_was_missed(wanting: str) -> None:
    subject = "A wide view of the open sea in summer at sunset"
    assert look(prompt_for(subject, wanting)) == look(subject) == ("sea", "sunset", "summer")


def look(prompt: str) -> tuple[str, ...]:
    made, missing = scene_of(
        prompt, palette=None, seed=1, take=0, space="left", label="", plinth=False
    )
    assert not missing
    if made.kind == "landscape":
        return (made.terrain, made.daytime, made.season)
    assert made.kind == "still_life"
    return (made.product,)


def test_a_prompt_does_not_say_a_mood_or_a_calm_side_twice() -> None:
    said = prompt_for("The open sea. Warm mood. The left side stays calm and empty", "")
    assert said == "The open sea. Warm mood. The left side stays calm and empty."
