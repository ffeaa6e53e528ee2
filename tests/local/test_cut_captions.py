"""Burnt-in captions and the type beside them: nothing crosses a subject, and nothing another."""

from __future__ import annotations

import numpy as np
import pytest

from brandmodel.brand import Palette
from brandmodel.local.cut.captions import band_top, set_cues
from brandmodel.local.cut.letters import letters
from brandmodel.local.cut.stage import Stage
from brandmodel.local.desk import Desk
from brandmodel.tasks import Assemble, Asset, Box, Caption
from tests.local.cutting import Studio, changed, frames_of, shot, spoken

SIZES = {"wide": (640, 360), "upright": (360, 640), "square": (400, 400)}
LOW = Box(x=0.2, y=0.45, width=0.6, height=0.5)
TALL = Box(x=0.42, y=0.05, width=0.16, height=0.9)
WORDS = "Good things take their time, and so does this."


@pytest.fixture(scope="module")
def studio() -> Studio:
    return Studio()


def ground(width: int, height: int) -> np.ndarray:
    """Soft and light: every ink can be read."""
    across = np.linspace(190, 215, width)[None].repeat(height, 0)
    return across[..., None].repeat(3, 2).astype(np.uint8)


def middle(studio: Studio, shape: str, **fields: object) -> np.ndarray:
    """The frame in the middle of a film of one shot."""
    width, height = SIZES[shape]
    own = {key: fields.pop(key) for key in ("lines", "subjects") if key in fields}
    clip = studio.clip(ground(width, height), 24)
    one = shot("a", clip, 0, 1, **own)
    return frames_of(
        studio.film(shots=(one,), duration_s=1, width=width, height=height, burn=True, **fields)
    )[12]


def within(mask: np.ndarray, box: Box) -> np.ndarray:
    height, width = mask.shape
    x0, y0 = round(box.x * width), round(box.y * height)
    return mask[y0 : y0 + round(box.height * height), x0 : x0 + round(box.width * width)]


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("subject", [LOW, TALL], ids=["low", "tall"])
def test_captions_and_words_leave_the_subject_and_each_other_alone(
    studio: Studio, shape: str, subject: Box
):
    if shape != "wide" and subject is TALL:
        subject = subject.model_copy(update={"height": 0.45, "y": 0.2})
    captions = (spoken(WORDS, 0.0, 1.0),)
    lines = {"line": "Mara Lindqvist", "detail": "Founder"}
    plain = middle(studio, shape, subjects=(subject,))
    read = changed(plain, middle(studio, shape, subjects=(subject,), captions=captions), 30)
    both = middle(studio, shape, subjects=(subject,), captions=captions, lines=lines)
    alone = middle(studio, shape, subjects=(subject,), captions=captions)
    words = changed(alone, both, 30)
    assert read.sum() > 300, "no caption"
    assert words.sum() > 60, "no words"
    assert not within(read, subject).any()
    assert not within(words, subject).any()
    assert not (read & words).any()
    if subject is LOW:
        assert not read[read.shape[0] // 2 :].any(), "it is not raised"


@pytest.mark.parametrize("shape", SIZES)
def test_a_caption_stands_low_where_nothing_is_in_its_way(studio: Studio, shape: str):
    width, height = SIZES[shape]
    plain = middle(studio, shape)
    read = changed(plain, middle(studio, shape, captions=(spoken(WORDS, 0.0, 1.0),)))
    rows, columns = (np.flatnonzero(read.any(axis)) for axis in (1, 0))
    assert band_top(width, height) <= rows[0]
    assert abs(columns[0] + columns[-1] - width) < 12, "it is not in the middle"
    if shape == "upright":
        assert rows[-1] < 0.86 * height, "players lay their buttons over it"


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_captions_can_be_read_on_any_ground(studio: Studio, grey: int):
    clip = studio.clip(np.full((360, 640, 3), grey, np.uint8), 12)
    caption = Caption(text="Taste it with us now", start_s=0, end_s=0.5)
    film = studio.film(
        shots=(shot("a", clip, 0, 0.5),), duration_s=0.5, captions=(caption,), burn=True
    )
    frame = frames_of(film)[6].astype(float) / 255
    light = np.where(frame <= 0.04045, frame / 12.92, ((frame + 0.055) / 1.055) ** 2.4)
    luminance = light @ np.array([0.2126, 0.7152, 0.0722])
    y, size = 318, 8
    part = luminance[y - size : y + size, 260:380]
    ink, plate = np.percentile(part, 98), np.percentile(part, 20)
    assert (ink + 0.05) / (plate + 0.05) > 4.5


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize(
    "text",
    [
        "Aurelia is steeped for eighteen hours, from three ingredients: coffee, water and a little "
        "orange peel, and then it rests in the cold and the dark.",
        "慢慢来的东西才好喝十八个小时的冷萃咖啡三种原料没有别的慢慢来的东西才好喝",
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
        "الأشياء الجميلة تأخذ وقتها دائما ولهذا تنقع أوريليا ثماني عشرة ساعة كاملة في الظلام",
    ],
    ids=["long", "chinese", "one word", "arabic"],
)
def test_two_lines_at_most_and_inside_the_frame(shape: str, text: str):
    width, height = SIZES[shape]
    nothing = Asset(sha256="0" * 64, media_type="video/mp4", size=0)
    request = Assemble(
        shots=(shot("a", nothing, 0, 4),), duration_s=4, width=width, height=height, burn=True
    )
    made = set_cues(
        (Caption(text=text, start_s=0, end_s=4),),
        (),
        letters(request, Desk(lambda asset: b"")),
        Stage(width, height, 24, height),
    )
    assert "".join(cue.text for cue in made).replace(" ", "") == text.replace(" ", "")
    for cue in made:
        assert len(cue.rows) <= 2
        assert cue.area.x0 >= 0
        assert cue.area.x1 <= width
        assert cue.area.y1 <= height
    assert all(a.end <= b.first for a, b in zip(made[:-1], made[1:], strict=True))


@pytest.mark.parametrize(("name", "side"), [("Mara Lindqvist", 0), ("مارا ليندكفيست", 1)])
@pytest.mark.parametrize("shape", SIZES)
def test_a_lower_third_stands_low_by_its_bar_where_reading_begins(
    studio: Studio, shape: str, name: str, side: int
):
    palette = Palette(accent="#d02020")
    width, height = SIZES[shape]
    frame = middle(studio, shape, lines={"line": name, "detail": "Aurelia"}, palette=palette)
    words = changed(middle(studio, shape), frame, 30)
    rows, columns = (np.flatnonzero(words.any(axis)) for axis in (1, 0))
    assert rows[0] > 0.5 * height
    assert rows[-1] < (0.86 if shape == "upright" else 0.94) * height
    margin = 0.075 * min(width, height)
    near = columns[0] if side == 0 else width - 1 - columns[-1]
    assert near == pytest.approx(margin, abs=4)
    red = (frame[..., 0].astype(int) - frame[..., 1] > 60) & words
    bar = np.flatnonzero(red.any(0))
    assert bar[-1] - bar[0] < 10, "the bar is no bar"
    assert np.flatnonzero(red.any(1)).size > 0.7 * (rows[-1] - rows[0])
