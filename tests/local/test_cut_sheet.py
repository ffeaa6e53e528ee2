"""The storyboard sheet: every shot as a card, in the order in which it is read."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from brandmodel.brand import Palette
from brandmodel.errors import InvalidRequestError
from brandmodel.local.cut.sheet import draw_storyboard
from brandmodel.tasks import Asset, Card, DrawStoryboard
from tests.local.cutting import Studio, flat

FILLS = ((200, 40, 40), (40, 160, 60), (40, 60, 200), (220, 180, 40))


@pytest.fixture
def studio() -> Studio:
    return Studio()


def picture(studio: Studio, fill: tuple[int, int, int], upright: bool = False) -> Asset:
    """A flat picture with a black edge, which shows what was cropped."""
    pixels = flat(fill)
    pixels = np.ascontiguousarray(pixels.transpose(1, 0, 2)) if upright else pixels
    cv2.rectangle(pixels, (0, 0), (pixels.shape[1] - 1, pixels.shape[0] - 1), (0, 0, 0), 6)
    return studio.file(cv2.imencode(".png", pixels[..., ::-1])[1].tobytes(), "image/png")


def drawn(studio: Studio, cards: list[Card], **more: object) -> np.ndarray:
    request = DrawStoryboard.model_validate({"cards": cards, **more})
    made = draw_storyboard(request, studio.desk).image
    sheet = cv2.imdecode(np.frombuffer(studio.desk.made[made.sha256], np.uint8), 1)[..., ::-1]
    assert sheet.shape[:2] == (made.height, made.width)
    return sheet


def place(sheet: np.ndarray, fill: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """(x, y, width, height) of a colour."""
    mask = (np.abs(sheet.astype(int) - fill).max(-1) < 6).astype(np.uint8)
    return tuple(cv2.boundingRect(cv2.erode(mask, np.ones((9, 9), np.uint8))))


@pytest.mark.parametrize("upright", [False, True])
def test_every_picture_is_there_whole_and_in_order(studio: Studio, upright: bool):
    cards = [
        Card(id=f"s{i}", image=picture(studio, fill, upright), duration_s=2.5, line="A line.")
        for i, fill in enumerate(FILLS)
    ]
    cards.insert(2, Card(id="missing", duration_s=1))
    sheet = drawn(studio, cards, title="Film")
    places = [place(sheet, fill) for fill in FILLS]
    assert [(y, x) for x, y, *_ in places] == sorted((y, x) for x, y, *_ in places)
    for x, y, w, h in places:
        assert (w + 8) / (h + 8) == pytest.approx(9 / 16 if upright else 16 / 9, rel=0.03)
        # The black edge is still around it.
        middle = sheet[y + h // 2]
        assert middle[x - 8 : x].max(-1).min() < 40
        assert middle[x + w : x + w + 8].max(-1).min() < 40


def test_what_is_read_from_the_right_begins_at_the_right(studio: Studio):
    cards = [
        Card(id=f"s{i}", image=picture(studio, fill), duration_s=1, line="الأشياء الجميلة")
        for i, fill in enumerate(FILLS[:2])
    ]
    sheet = drawn(studio, cards, title="فيلم الربيع")
    assert place(sheet, FILLS[0])[0] > place(sheet, FILLS[1])[0] + 300
    # The title is in the right half of its band, above the pictures.
    head = sheet[: place(sheet, FILLS[0])[1] - 30].astype(int)
    ink = np.abs(head - head[0, 0]).max(-1) > 100
    assert ink[:, sheet.shape[1] // 2 :].sum() > 4 * ink[:, : sheet.shape[1] // 2].sum() > 0


def test_the_brands_paper_is_the_ground_dark_or_light(studio: Studio):
    cards = [Card(id="a", duration_s=1, line="A line.")]
    for paper, ink in (("#16141f", "#f4efe6"), ("#f4efe6", "#16141f")):
        sheet = drawn(studio, cards, title="Film", palette=Palette(paper=paper, ink=ink))
        assert [int(v) for v in sheet[0, 0]] == [int(paper[i : i + 2], 16) for i in (1, 3, 5)]
        far = np.abs(sheet.astype(int) - sheet[0, 0]).max(-1)
        assert far.max() > 200, "the words are not in the brand's ink"


def test_a_long_title_of_one_card_is_broken_not_shrunk_away(studio: Studio):
    title = "A very long title for a single upright card that needs room"
    card = Card(id="a", image=picture(studio, FILLS[0], upright=True), duration_s=1)
    short, long = (drawn(studio, [card], title=t) for t in ("Film", title))
    # One more line at least; the words fill the card's width instead of a thin line.
    assert long.shape[0] > short.shape[0] + 60
    assert long.shape[1] == short.shape[1]


def test_a_damaged_picture_names_its_card(studio: Studio):
    broken = studio.file(b"no picture", "image/png")
    with pytest.raises(InvalidRequestError, match="'lake'"):
        drawn(studio, [Card(id="lake", image=broken, duration_s=1)])
