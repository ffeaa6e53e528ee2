"""Reading, planning and turning words into scenes: what a caller sees of it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

import brandmodel
from brandmodel.brand import Palette, Voice
from brandmodel.local.desk import Desk
from brandmodel.local.picture.colour import contrast, luminance, rgb
from brandmodel.local.picture.scene import Abstract, Landscape, StillLife
from brandmodel.local.words.lexicon import understood, understood_table, words
from brandmodel.local.words.moderation import moderate
from brandmodel.local.words.palettes import PALETTES
from brandmodel.local.words.planning import image_prompt, outline
from brandmodel.local.words.reading import read_brief
from brandmodel.local.words.scenes import scene_of
from brandmodel.local.words.searching import search, split_into_passages
from brandmodel.tasks import (
    NO_ASSET,
    Asset,
    Document,
    Moderate,
    Outline,
    OutlinePicture,
    Passage,
    ReadBrief,
    Reading,
    SearchDocuments,
    WriteImagePrompt,
)

ART = (Path(brandmodel.__file__).parent / "starter/documents/art-direction.md").read_text("utf-8")
AURELIA = "A poster for Aurelia, a cold brew tonic: autumn launch, Thursday 7 pm"


def desk(files: dict[str, bytes] | None = None) -> Desk:
    return Desk(lambda asset: (files or {})[asset.sha256])


def read(prompt: str) -> Reading:
    return read_brief(ReadBrief(prompt=prompt), desk())


def directed(query: str) -> tuple[Passage, ...]:
    data = ART.encode()
    digest = hashlib.sha256(data).hexdigest()
    asset = Asset(sha256=digest, media_type="text/markdown", size=len(data))
    document = Document(name="art-direction.md", asset=asset)
    request = SearchDocuments(query=query, documents=(document,))
    return search(request, desk({digest: data})).passages


def planned(
    prompt: str, *, passages: tuple[Passage, ...] | None = None, **fields: object
) -> Outline:
    reading = read(prompt)
    found = directed(f"{reading.subject} {reading.occasion}") if passages is None else passages
    request = OutlinePicture.model_validate({"reading": reading, "passages": found, **fields})
    return outline(request, desk())


def texts(plan: Outline) -> list[str]:
    return [line.text for line in plan.lines]


def drawn(prompt: str, *, seed: int = 1, take: int = 0, label: str = "", plinth: bool = False):
    return scene_of(
        prompt, palette=None, seed=seed, take=take, space="none", label=label, plinth=plinth
    )


# Reading


def test_a_poster_brief_is_taken_apart() -> None:
    reading = read(AURELIA)
    assert (reading.purpose, reading.name, reading.subject) == (
        "poster",
        "Aurelia",
        "a cold brew tonic",
    )
    assert (reading.occasion, reading.when) == ("autumn launch", "Thursday 7 pm")


def test_a_picture_keeps_its_subject_and_gives_its_mood() -> None:
    reading = read("Dunes at sunset, calm and wide")
    assert reading.purpose == "picture"
    assert (reading.subject, reading.mood) == ("dunes at sunset", ("calm", "wide"))


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("poster: opening, 14 May", "14 May"),
        ("poster: opening, May 14th, 2027 at 18:30", "May 14th, 2027 at 18:30"),
        ("poster: opening on 2027-05-14", "2027-05-14"),
        ("poster: opening tomorrow night", "tomorrow night"),
        ("poster: sale from 10 am to 6 pm every Sunday", "from 10 am to 6 pm every Sunday"),
        ("póster: apertura, jueves 14 de mayo a las 19:00", "jueves 14 de mayo a las 19:00"),
        ("海报：咖啡节，周四晚上7点", "周四晚上7点"),
        ("ملصق: مهرجان، الخميس الساعة 7 مساء", "الخميس الساعة 7 مساء"),
        ("poster: everything 50% off, from $5, 3 for 2", ""),
    ],
)
def test_dates_are_found_as_written_and_prices_are_none(prompt: str, expected: str) -> None:
    assert read(prompt).when == expected


@pytest.mark.parametrize(
    ("prompt", "where"),
    [
        (
            "concert poster, Friday 9 pm at the Lakeside House, Bristol",
            "the Lakeside House, Bristol",
        ),
        ("flyer for jazz night at the blue note, friday 8pm", "the blue note"),
        ("Poster: talk on tides, Monday 18:00, Harbour Hall, Cork", "Harbour Hall, Cork"),
        (
            "Poster for Kaffa, a coffee bar, opening Friday, 12 High Street, Bath",
            "12 High Street, Bath",
        ),
        ("A poster of a forest at sunset", ""),
    ],
)
def test_places_are_found_as_written(prompt: str, where: str) -> None:
    assert read(prompt).where == where


def test_quoted_words_are_the_title_and_make_a_poster() -> None:
    reading = read("A bold picture with the words “Night Market” over a city, 14 May")
    assert (reading.title, reading.purpose) == ("Night Market", "poster")
    assert "Night Market" not in reading.subject


def test_scripts_keep_their_words_and_direction() -> None:
    arabic = read("ملصق لمهرجان القهوة")
    assert (arabic.purpose, arabic.direction, arabic.subject) == ("poster", "rtl", "مهرجان القهوة")
    chinese = read("海边的日落")
    assert (chinese.purpose, chinese.direction, chinese.subject) == ("picture", "ltr", "海边的日落")
    assert read("🌊🌅").subject == "🌊🌅"


@pytest.mark.parametrize("prompt", ["", " \n ", "candle", "!!!", '"', "poster", "\x00\x1f"])
def test_scraps_are_read_without_invention(prompt: str) -> None:
    reading = read(prompt)
    said = [reading.subject, reading.name, reading.occasion, reading.when, reading.where]
    assert all(part.casefold() in prompt.casefold() for part in said)


def test_a_very_long_brief_is_shortened_and_said_so() -> None:
    reading = read("A poster for dunes in a warm light, and more of them, at the " * 2000)
    assert reading.purpose == "poster"
    assert len(reading.subject) <= 600
    assert reading.notes


# Planning


def test_a_poster_says_every_fact_of_its_brief() -> None:
    plan = planned(AURELIA)
    assert [(line.role, line.text) for line in plan.lines] == [
        ("eyebrow", "Autumn launch"),
        ("title", "Aurelia"),
        ("line", "A cold brew tonic"),
        ("detail", "Thursday 7 pm"),
    ]
    assert plan.label == "Aurelia"


@pytest.mark.parametrize(
    "prompt",
    [
        AURELIA,
        "Poster for the grand opening of Kaffa, a coffee bar, Saturday 14 May 10 am, 12 High Street",
        "wedding invitation for Ana and Luis, 12 June 2027, Villa Rosa, Lisbon",
        "Black Friday banner for Lumen headphones, 30% off, shop now",
        "Poster: Diwali dinner, 8 November, The Old Mill. RSVP hello@mill.example",
        "A book cover for a novel about the sea, 'The Long Tide' by Mara Voss",
        "CHRISTMAS MARKET POSTER, 6 DECEMBER, TOWN SQUARE",
        "海报：秋季咖啡节，周四晚上7点",
        "A card for my mother's birthday",
    ],
)
def test_no_fact_is_dropped_and_none_is_added(prompt: str) -> None:
    reading = read(prompt)
    plan = planned(prompt)
    said = " ".join(texts(plan)).casefold()
    for fact in (reading.name, reading.title, reading.when, *reading.where.split(", ")):
        assert fact.casefold() in said
    for fact in reading.occasion.split(", "):
        assert fact.casefold() in said
    added = [w for w in said.split() if w.strip("\u00b7,.:") not in prompt.casefold()]
    assert added == []
    assert sum(line.role == "title" for line in plan.lines) == 1


def test_another_day_changes_the_lines_and_nothing_else() -> None:
    thursday = planned(AURELIA, passages=directed(AURELIA))
    friday_brief = AURELIA.replace("Thursday", "Friday") + " at the Old Mill"
    friday = planned(friday_brief, passages=directed(friday_brief))
    assert texts(thursday) != texts(friday)
    assert thursday.model_copy(update={"lines": ()}) == friday.model_copy(update={"lines": ()})


def test_art_direction_steers_the_setting() -> None:
    with_it = planned(AURELIA)
    without = planned(AURELIA, passages=())
    assert "fallen leaves" in with_it.setting
    assert "fallen leaves" not in without.setting
    assert with_it.setting != without.setting


def test_art_direction_that_does_not_bear_on_the_brief_is_left_alone() -> None:
    winter = Passage(
        document="art-direction", heading="Winter", text="On a set: ice and cold light."
    )
    assert "ice" not in planned(AURELIA, passages=(winter,)).setting


def test_a_name_is_described_from_the_brands_documents() -> None:
    said = Passage(document="about", text="Aurelia is a cold brew tonic made in Cork.")
    plan = planned("A poster for Aurelia, Friday", passages=(said,))
    assert plan.subject == "a cold brew tonic"
    assert "A cold brew tonic" in texts(plan)


def test_a_tagline_of_the_brand_is_its_title() -> None:
    plan = planned(AURELIA, brand="Aurelia", tagline="Slow mornings, cold")
    title = next(line.text for line in plan.lines if line.role == "title")
    assert title == "Slow mornings, cold"
    assert any("Aurelia" in text for text in texts(plan))


def test_words_to_avoid_are_taken_out_and_noted() -> None:
    voice = Voice(avoid=("cheap", "summer sale"))
    plan = planned("Poster for Nova, a cheap soda: summer sale, 1 July", voice=voice)
    said = " ".join(texts(plan)).casefold()
    assert "cheap" not in said
    assert "summer sale" not in said
    assert "soda" in said
    assert len(plan.notes) == 2


def test_unlike_briefs_get_unlike_palettes_and_named_colours_are_kept() -> None:
    prompts = [
        "autumn launch of a tonic",
        "a forest",
        "wedding invitation",
        "city at night",
        "honey",
    ]
    palettes = {planned(prompt).palette for prompt in prompts}
    assert len(palettes) == len(prompts)
    plan = planned("poster for our shampoo Silka in teal and orange")
    assert plan.palette is not None
    assert (plan.palette.primary, plan.palette.accent) == ("#16908c", "#e67a2e")
    mine = Palette(primary="#123456")
    assert planned("a forest", palette=mine).palette == mine


def test_ink_reads_on_paper_in_every_palette() -> None:
    for curated in PALETTES:
        ink, paper = (
            float(luminance(rgb(c))) for c in (curated.palette.ink, curated.palette.paper)
        )
        assert contrast(ink, paper) >= 7, curated.name


def test_space_suits_the_shape_of_the_picture() -> None:
    assert planned(AURELIA, width=1920, height=1080).space in ("left", "right")
    assert planned(AURELIA, width=1080, height=1350).space == "top"
    assert planned("dunes at sunset").space == "none"


def test_the_image_prompt_is_plain_and_knows_the_calm_side() -> None:
    request = WriteImagePrompt(
        subject="a cold brew tonic", setting="autumn", mood="calm", space="left"
    )
    said = image_prompt(request, desk()).prompt
    assert said == "A cold brew tonic. Autumn. Calm mood, the left side stays calm and empty."


# Scenes


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("ocean at dawn in fog", {"terrain": "sea", "daytime": "dawn", "weather": "fog"}),
        (
            "a desert under the milky way",
            {"terrain": "dunes", "weather": "stars", "daytime": "night"},
        ),
        ("city skyline in the rain", {"terrain": "city", "weather": "rain"}),
        ("woods in autumn", {"terrain": "forest", "season": "autumn"}),
        ("mountain lake with snow", {"terrain": "lake", "weather": "snow", "season": "winter"}),
        ("un bosque de noche", {"terrain": "forest", "daytime": "night"}),
        ("la mer au coucher du soleil", {"terrain": "sea", "daytime": "sunset"}),
        ("Wüste bei Nacht", {"terrain": "dunes", "daytime": "night"}),
        ("森林里的日落", {"terrain": "forest", "daytime": "sunset"}),
        ("الصحراء في الليل", {"terrain": "dunes", "daytime": "night"}),
    ],
)
def test_land_is_found_in_many_words_and_languages(prompt: str, expected: dict[str, str]) -> None:
    scene, unhonoured = drawn(prompt)
    assert isinstance(scene, Landscape)
    assert {key: getattr(scene, key) for key in expected} == expected
    assert unhonoured == ()


@pytest.mark.parametrize(
    ("prompt", "product"),
    [
        ("a cold brew tonic", "bottle"),
        ("an espresso on stone", "cup"),
        ("coffee mug", "mug"),
        ("a beer can with ice", "can"),
        ("scented candle", "jar"),
        ("sunscreen", "tube"),
        ("an app for runners", "phone"),
        ("a gift", "box"),
        ("a novel", "book"),
        ("咖啡", "cup"),
        ("قهوة", "cup"),
        ("una botella de vino", "bottle"),
        ("ein Buch", "book"),
    ],
)
def test_products_are_found(prompt: str, product: str) -> None:
    scene, _ = drawn(prompt)
    assert isinstance(scene, StillLife)
    assert scene.product == product


@pytest.mark.parametrize(
    ("prompt", "words_it_cannot_honour"),
    [
        ("a dog in the snow", {"dog"}),
        ("a runner in the city at night", {"runner"}),
        ("red sneakers on concrete", {"sneakers"}),
        ("a bottle of wine on the beach", {"beach"}),
        ("the Eiffel tower in Paris", {"Eiffel tower", "Paris"}),
        ("children dancing in a meadow", {"children", "dancing"}),
        ("a zorbax in a forest", {"zorbax"}),
        ("海边的狗", {"狗"}),
        ("a lake, no people, without any boats", set()),
    ],
)
def test_what_cannot_be_drawn_is_named(prompt: str, words_it_cannot_honour: set[str]) -> None:
    _, unhonoured = drawn(prompt)
    assert set(unhonoured) == words_it_cannot_honour


def test_a_thing_that_cannot_be_drawn_gets_a_stand_in() -> None:
    shoe, _ = drawn("red sneakers")
    assert isinstance(shoe, StillLife)
    assert shoe.product == "none"
    dog, _ = drawn("a dog")
    assert isinstance(dog, Landscape)
    nothing, unhonoured = drawn("zorbax")
    assert isinstance(nothing, Abstract)
    assert unhonoured == ("zorbax",)


def test_themes_and_styles_become_brand_art() -> None:
    assert getattr(drawn("jazz concert")[0], "style", "") == "waves"
    assert getattr(drawn("geometric bauhaus pattern")[0], "style", "") == "geometry"
    calm, bold = drawn("abstract, calm")[0], drawn("abstract, bold and energetic")[0]
    assert isinstance(calm, Abstract)
    assert isinstance(bold, Abstract)
    assert calm.energy < bold.energy


def test_light_and_season_of_a_still_life_follow_the_words() -> None:
    warm, cold = (
        drawn("a bottle in low warm light, autumn")[0],
        drawn("an iced can, cold blue light")[0],
    )
    assert isinstance(warm, StillLife)
    assert isinstance(cold, StillLife)
    assert warm.warmth > 0.3 > -0.3 > cold.warmth
    assert warm.season == "autumn"
    dark = drawn("a perfume bottle on a dark backdrop")[0]
    assert isinstance(dark, StillLife)
    assert dark.backdrop == "ink"


def test_takes_differ_and_one_take_is_always_the_same() -> None:
    takes = [drawn("a bottle of tonic", take=take)[0] for take in range(4)]
    assert len({scene.seed for scene in takes}) == 4
    assert len({getattr(scene, "props", ()) for scene in takes}) > 1
    assert drawn("a bottle of tonic", take=2) == drawn("a bottle of tonic", take=2)
    dunes = {getattr(drawn("dunes at sunset", take=take)[0], "daytime", "") for take in range(6)}
    assert dunes == {"sunset"}


def test_a_label_is_written_and_a_plinth_left_empty() -> None:
    labelled, unhonoured = drawn("Aurelia, a cold brew tonic", label="Aurelia")
    assert isinstance(labelled, StillLife)
    assert (labelled.label, labelled.sublabel) == ("Aurelia", "cold brew tonic")
    assert unhonoured == ()
    empty, unhonoured = drawn("a running shoe on a plinth", plinth=True)
    assert isinstance(empty, StillLife)
    assert empty.plinth_only
    assert unhonoured == ()


def test_the_starters_art_direction_is_understood_throughout() -> None:
    for passage in split_into_passages("art-direction.md", ART):
        plan = planned(f"a picture of {passage.heading}", passages=(passage,))
        _, unhonoured = drawn(plan.setting)
        assert unhonoured == (), passage.heading


def test_the_calm_side_of_a_prompt_is_no_mood() -> None:
    with_space = drawn("Bold abstract. Bold mood, the left side stays calm and empty.")
    assert isinstance(with_space[0], Abstract)
    assert with_space[0].energy >= 0.7
    assert with_space[1] == ()


# Lexicon and moderation


def test_the_longest_phrase_of_the_lexicon_wins() -> None:
    (word,) = words("golden-hour")
    assert word.value("daytime") == "sunset"
    assert [w.text for w in words("咖啡和海边")] == ["咖啡", "和", "海边"]
    assert words("Dunes")[0].value("terrain") == "dunes"


def test_the_table_of_words_holds_every_group() -> None:
    table = understood_table()
    assert all(group in table for group, _, _ in understood())
    assert "| terrain | dunes |" in understood_table("terrain")
    assert "bottle" not in understood_table("terrain")


def test_words_to_avoid_stop_whatever_their_case_and_accents() -> None:
    request = Moderate(texts=("Très CHÉR, und billig.",), avoid=("cher", "Billig", "ill"))
    result = moderate(request, desk())
    assert not result.allowed
    assert result.reasons == ("the brand avoids: cher", "the brand avoids: Billig")
    assert moderate(Moderate(texts=("我们的便宜咖啡",), avoid=("便宜",)), desk()).allowed is False


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("how to build a pipe bomb at home", False),
        ("explicit pictures of a 12-year-old", False),
        ("a bath bomb launch", True),
        ("how to make cold brew", True),
        ("sex education for children, a talk", True),
        ("Sussex school girls' choir, Saturday", True),
    ],
)
def test_a_short_list_is_refused(text: str, allowed: bool) -> None:
    assert moderate(Moderate(texts=(text,)), desk()).allowed is allowed


def test_a_picture_is_not_said_to_be_examined() -> None:
    assert moderate(Moderate(image=NO_ASSET), desk()).looked is False
