from __future__ import annotations

import hashlib
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from brandmodel.brand import Palette
from brandmodel.errors import InvalidRequestError
from brandmodel.local.desk import Desk
from brandmodel.local.type import faces
from brandmodel.local.type.breaking import balanced, joined, tokens, wrapped
from brandmodel.local.type.ground import Rect
from brandmodel.local.type.logo import draw_logo, logo_of
from brandmodel.local.type.shaping import Shaper, Style
from brandmodel.local.type.typeset import typeset
from brandmodel.tasks import Asset, Box, TypeLine, Typeset, TypesetPicture

INTER = Style("Inter", 400)
DISPLAY = Style("Inter Display", 700, -0.018)
CIRCLES = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 100">'
    b"<style>.a{fill:#13a89e}.b{fill:#f4a259}</style>"
    b'<circle class="a" cx="50" cy="50" r="48"/><circle class="b" cx="88" cy="50" r="24"/></svg>'
)
FULL = {
    "eyebrow": "Autumn launch",
    "title": "A tonic for slow evenings",
    "line": "Cold brew, bergamot and a little orange peel, steeped for eighteen hours.",
    "detail": "Thursday 14 May, 7 pm",
    "button": "Reserve a seat",
}


class Studio:
    """A desk that knows the files of a test."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.desk = Desk(lambda asset: self.files[asset.sha256])

    def file(self, data: bytes, media_type: str = "image/png") -> Asset:
        digest = hashlib.sha256(data).hexdigest()
        self.files[digest] = data
        return Asset(sha256=digest, media_type=media_type, size=len(data))

    def picture(self, pixels: np.ndarray) -> Asset:
        return self.file(cv2.imencode(".png", pixels[..., ::-1])[1].tobytes())

    def set(self, ground: np.ndarray, texts: dict[str, str], **more) -> TypesetPicture:
        lines = tuple(TypeLine(role=role, text=text) for role, text in texts.items())
        return typeset(Typeset(image=self.picture(ground), lines=lines, **more), self.desk)

    def pixels(self, result: TypesetPicture) -> np.ndarray:
        data = np.frombuffer(self.desk.made[result.image.sha256], np.uint8)
        return cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]


@pytest.fixture
def studio() -> Studio:
    return Studio()


def plain(width: int = 640, height: int = 400, fill=(230, 232, 228)) -> np.ndarray:
    return np.full((height, width, 3), fill, np.uint8)


def noise(width: int = 640, height: int = 400) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)


def ramp(width: int = 640, height: int = 400) -> np.ndarray:
    grey = np.linspace(0, 255, width)[None].repeat(height, 0)
    return grey[..., None].repeat(3, 2).astype(np.uint8)


def tiles(width: int = 640, height: int = 400) -> np.ndarray:
    y, x = np.indices((height, width)) // 40
    colours = np.array([(11, 37, 69), (246, 241, 229), (19, 168, 158), (244, 162, 89)], np.uint8)
    return colours[(x * 3 + y * 5) % 4]


def luminance(srgb: np.ndarray) -> np.ndarray:
    s = np.asarray(srgb, float) / 255
    light = np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)
    return light @ np.array([0.2126, 0.7152, 0.0722])


def pixel_box(box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    return (
        int(box.x * width),
        int(box.y * height),
        int(np.ceil((box.x + box.width) * width)),
        int(np.ceil((box.y + box.height) * height)),
    )


def overlap(a: Box, b: Box) -> float:
    width = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    height = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    return max(0.0, width) * max(0.0, height)


# Faces


@pytest.mark.parametrize("family", faces.FAMILIES)
def test_bundled_families_load(family):
    assert faces.typeface(family).countGlyphs() > 100


def test_weights_differ_and_the_nearest_is_taken():
    regular, bold = faces.typeface("Inter", 400), faces.typeface("Inter", 700)
    assert regular.fontStyle().weight() == 400
    assert bold.fontStyle().weight() == 700
    assert faces.typeface("Inter", 900).uniqueID() == bold.uniqueID()


def test_an_unknown_family_is_refused_with_the_names_that_exist():
    with pytest.raises(InvalidRequestError, match="Comic Sans") as caught:
        faces.typeface("Comic Sans")
    assert all(family in caught.value.hint for family in faces.FAMILIES)


@pytest.mark.parametrize("data", [b"", b"not a font", b"wOF2" * 100, b"\x89PNG\r\n" * 50])
def test_a_file_that_is_no_font_is_refused(data):
    with pytest.raises(InvalidRequestError, match="typeface"):
        faces.typeface_of(data)


@pytest.mark.parametrize(
    "text",
    [
        "Ærøskøbing, Łódź, Ştefan, Việt Nam, ½ €5 →",
        "Привет, мир. Γειά σου Κόσμε",
        "مهرجان الربيع ١٢٣، لغة پارسی گچ",
        "חורף חדש בעיר",
        "冷萃咖啡，春季新品现已上市。",
        "東京の春、コーヒーと音楽。",
    ],
)
def test_bundled_faces_cover_the_scripts(text):
    assert faces.missing_characters(text) == ()


def test_missing_characters_are_named_once_and_left_out():
    text = "Hi 😀 there 👩\u200d💻 한 😀!"
    assert faces.missing_characters(text) == ("😀", "👩", "💻", "한")
    assert faces.settable(text) == "Hi there !"


# Shaping and breaking


def test_arabic_letters_join():
    shaper = Shaper()
    apart = sum(shaper.width(letter, INTER) for letter in "بيع")
    assert shaper.width("بيع", INTER) < 0.8 * apart


def test_right_to_left_puts_the_full_stop_at_the_left():
    shaper = Shaper()
    with_stop = shaper.mask("שלום.", INTER, 60, (260, 120), (20, 80)) > 128
    without = shaper.mask("שלום", INTER, 60, (260, 120), (20, 80)) > 128
    first = with_stop[:, np.flatnonzero(with_stop.any(0))[0]]
    assert np.flatnonzero(first).min() > 80 - 60 * 0.2
    assert with_stop.sum() > without.sum()


def test_a_text_measures_the_same_at_every_size():
    shaper = Shaper()
    small, large = (shaper.ink("Cold mornings", DISPLAY, size) for size in (40, 400))
    assert (large.right - large.left) / (small.right - small.left) == pytest.approx(10, rel=0.03)


def measure(text: str) -> float:
    return Shaper.width(SHAPER, text, DISPLAY)


SHAPER = Shaper()


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_lines_hold_every_word_in_order(count):
    text = "The long way is the good way to the lake"
    pieces = tokens(text, measure, 40)
    lines = balanced(pieces, count, measure)
    assert len(lines) == count
    assert " ".join(lines) == text == joined(pieces)


def test_lines_are_even_and_no_word_stands_alone():
    lines = balanced(
        tokens("Amara Adeyemi, come and taste spring with us", measure, 40), 3, measure
    )
    widths = [measure(line) for line in lines]
    assert min(widths) > 0.6 * max(widths)
    assert all(" " in line for line in lines)


def test_headlines_do_not_end_a_line_on_an_article():
    lines = balanced(tokens("The long way is the good way", measure, 40), 2, measure)
    assert lines == ("The long way", "is the good way")


def test_chinese_breaks_between_characters_but_not_before_a_comma():
    text = "你好，世界，春季新品现已上市。"
    for count in (2, 3, 4, 5):
        lines = balanced(tokens(text, measure, 40), count, measure)
        assert "".join(lines) == text
        assert not any(line[0] in "，。" for line in lines)


def test_running_text_fits_its_width_and_leaves_no_orphan():
    text = "Single-origin cold brew tonic, steeped for eighteen hours and bottled by the lake."
    lines = wrapped(tokens(text, measure, 40), 16, measure)
    assert max(measure(line) for line in lines) <= 16
    assert measure(lines[-1]) > 0.4 * max(measure(line) for line in lines)


# Setting


@pytest.mark.parametrize("ground", [noise, ramp, tiles, plain], ids=lambda g: g.__name__)
@pytest.mark.parametrize(
    "palette", [Palette(), Palette(ink="#5a3d2b", paper="#c9b8a0", accent="#808080")]
)
def test_every_text_is_readable_on_the_finished_pixels(studio, ground, palette):
    result = studio.set(ground(1280, 800), FULL, palette=palette, name="Aurelia")
    finished = studio.pixels(result)
    height, width = finished.shape[:2]
    assert {t.role for t in result.texts} == set(FULL)
    for text in result.texts:
        x0, y0, x1, y1 = pixel_box(text.box, width, height)
        around = 4
        part = finished[y0 - around : y1 + around, x0 - around : x1 + around]
        ink = np.array([int(text.ink[i : i + 2], 16) for i in (1, 3, 5)])
        letters = (np.abs(part.astype(int) - ink).sum(-1) < 60).astype(np.uint8)
        bare = cv2.dilate(letters, np.ones((9, 9), np.uint8)) == 0
        bare[:2], bare[-2:], bare[:, :2], bare[:, -2:] = True, True, True, True
        assert letters.sum() > 20
        own = float(luminance(ink))
        low, high = np.percentile(luminance(part[bare]), (3, 97))
        worst = min((max(own, v) + 0.05) / (min(own, v) + 0.05) for v in (low, high))
        assert worst >= 4.4
        assert 4.5 <= text.contrast <= worst * 1.3


def test_a_panel_is_laid_only_where_the_ground_needs_one(studio):
    texts = {"title": "Open house", "line": "Friday at seven"}
    calm, busy = studio.set(plain(), texts), studio.set(tiles(), texts)
    assert not any(t.plate for t in calm.texts)
    assert all(t.plate for t in busy.texts)


@pytest.mark.parametrize(
    "subject",
    [
        Box(x=0.05, y=0.1, width=0.42, height=0.8),
        Box(x=0.5, y=0.05, width=0.45, height=0.9),
        Box(x=0.36, y=0.1, width=0.28, height=0.85),
        Box(x=0.1, y=0.45, width=0.8, height=0.5),
        Box(x=0.1, y=0.02, width=0.8, height=0.5),
    ],
)
def test_type_never_crosses_a_subject(studio, subject):
    result = studio.set(plain(800, 600), FULL, subjects=(subject,), name="Aurelia")
    assert sum(overlap(text.box, subject) for text in result.texts) == 0


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
@pytest.mark.parametrize("size", [(800, 450), (600, 600)])
def test_the_asked_side_is_taken(studio, side, size):
    result = studio.set(plain(*size), {"title": "Open house", "detail": "Friday"}, space=side)
    x = np.mean([t.box.x + t.box.width / 2 for t in result.texts])
    y = np.mean([t.box.y + t.box.height / 2 for t in result.texts])
    assert {"left": x < 0.5, "right": x > 0.5, "top": y < 0.5, "bottom": y > 0.5}[side]


def test_calm_ground_is_preferred(studio):
    picture = plain(800, 450)
    picture[:, :400] = noise(400, 450)
    result = studio.set(picture, {"title": "Open house", "line": "Friday at seven"})
    assert all(t.box.x >= 0.5 for t in result.texts)


SIZES = [(256, 256), (540, 960), (960, 540), (1200, 400), (300, 1200), (64, 64)]


@pytest.mark.parametrize("size", SIZES)
def test_every_format_holds_everything_inside_its_margins(studio, size):
    result = studio.set(plain(*size), FULL, name="Aurelia", logo=studio.file(CIRCLES))
    assert len(result.texts) == len(FULL)
    margin_x = 0.07 * min(size) / size[0]
    margin_y = 0.07 * min(size) / size[1]
    for text in result.texts:
        assert text.box.x >= margin_x
        assert text.box.x + text.box.width <= 1 - margin_x
        assert text.box.y >= margin_y
        assert text.box.y + text.box.height <= 1 - margin_y
    for i, one in enumerate(result.texts):
        assert all(overlap(one.box, other.box) == 0 for other in result.texts[:i])


@pytest.mark.parametrize(
    "title",
    ["words that go on " * 18, "Donaudampfschifffahrt" * 6, "上" * 120, "كلمةطويلةجدا" * 6],
    ids=["300 letters", "one word", "chinese", "arabic"],
)
def test_any_title_fits(studio, title):
    result = studio.set(plain(600, 600), {"title": title.strip(), "button": "Go"}, name="Aurelia")
    (box,) = (t.box for t in result.texts if t.role == "title")
    assert box.x >= 0.07
    assert box.y >= 0.07
    assert box.x + box.width <= 0.93
    assert box.y + box.height <= 0.93
    assert box.height > 0.02


def test_the_title_leads(studio):
    result = studio.set(plain(960, 540), FULL)
    heights = {t.role: t.box.height for t in result.texts if t.role != "line"}
    assert heights["title"] > 3 * max(h for role, h in heights.items() if role != "title")


def test_words_stay_as_written_but_eyebrows_are_capitals(studio):
    result = studio.set(plain(), {"eyebrow": "spring edit", "title": "iPhone & eBay"})
    assert [t.text for t in result.texts] == ["SPRING EDIT", "iPhone & eBay"]


def test_texts_come_back_in_the_order_of_the_request(studio):
    result = studio.set(plain(), {"button": "Go", "title": "Hello", "eyebrow": "New"})
    assert [t.role for t in result.texts] == ["button", "title", "eyebrow"]


def test_right_to_left_is_set_flush_right(studio):
    texts = {"title": "مهرجان الربيع للموسيقى", "line": "ثلاثة أيام على ضفاف البحيرة"}
    result = studio.set(plain(800, 450), texts)
    right = [t.box.x + t.box.width for t in result.texts]
    left = [t.box.x for t in result.texts]
    assert abs(right[0] - right[1]) < 0.006
    assert abs(left[0] - left[1]) > 0.02


def test_lines_hang_by_the_edge_of_their_ink(studio):
    texts = {"title": "Just over here", "line": "Join us on the shore for a while."}
    result = studio.set(plain(900, 500), texts, space="left")
    edges = {t.role: t.box.x * 900 for t in result.texts}
    assert abs(edges["title"] - edges["line"]) <= 1.5


def test_characters_without_a_glyph_are_left_out_and_named(studio):
    result = studio.set(plain(), {"title": "Party 😀 time"})
    assert result.texts[0].text == "Party time"
    assert any("😀" in note for note in result.notes)
    only = studio.set(plain(), {"title": "😀"})
    assert only.texts == ()


def test_nothing_to_set_leaves_the_picture_alone(studio):
    ground = noise(120, 80)
    assert np.array_equal(studio.pixels(studio.set(ground, {})), ground)


def test_the_same_request_gives_the_same_bytes(studio):
    one, two = (studio.set(ramp(), FULL, name="Aurelia") for _ in range(2))
    assert one == two
    assert one.image.media_type == "image/png"
    assert (one.image.width, one.image.height) == (640, 400)


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_other_picture_files_are_read(studio, suffix):
    data = cv2.imencode(suffix, plain(320, 200)[..., ::-1])[1].tobytes()
    request = Typeset(image=studio.file(data), lines=(TypeLine(role="title", text="Hello"),))
    assert typeset(request, studio.desk).texts[0].contrast > 7


def test_transparent_places_show_the_paper(studio):
    clear = np.zeros((200, 320, 4), np.uint8)
    image = studio.file(cv2.imencode(".png", clear)[1].tobytes())
    lines = (TypeLine(role="title", text="Hello"),)
    result = typeset(
        Typeset(image=image, lines=lines, palette=Palette(paper="#fff0e0")), studio.desk
    )
    assert tuple(studio.pixels(result)[2, 2]) == (0xFF, 0xF0, 0xE0)


def test_a_broken_picture_is_refused(studio):
    request = Typeset(image=studio.file(b"GIF89a nonsense"), lines=())
    with pytest.raises(InvalidRequestError, match="picture"):
        typeset(request, studio.desk)


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG of a few bytes that claims billions of pixels."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    body = b"IDAT" + zlib.compress(b"\0" * 100)
    chunks = [
        struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (head, body)
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_a_file_that_claims_billions_of_pixels_is_refused(studio):
    with pytest.raises(InvalidRequestError, match="pixels"):
        typeset(Typeset(image=studio.file(bomb()), lines=()), studio.desk)
    with pytest.raises(InvalidRequestError, match="pixels"):
        logo_of(bomb())


def test_display_faces_change_the_title_only(studio):
    sans = studio.set(plain(), {"title": "Hello there"})
    serif = studio.set(plain(), {"title": "Hello there"}, display="EB Garamond")
    assert not np.array_equal(studio.pixels(sans), studio.pixels(serif))
    with pytest.raises(InvalidRequestError, match="Papyrus"):
        studio.set(plain(), {"title": "Hello"}, display="Papyrus")


def test_a_font_file_of_ones_own_is_used(studio):
    path = Path(faces.__file__).parent / "fonts" / "EBGaramond-Medium.ttf"
    own = studio.file(path.read_bytes(), "font/ttf")
    broken = studio.file(b"no font", "font/ttf")
    set_own = studio.set(plain(), {"title": "Hello مرحبا"}, display=own)
    default = studio.set(plain(), {"title": "Hello مرحبا"})
    assert not np.array_equal(studio.pixels(set_own), studio.pixels(default))
    assert set_own.notes == ()
    with pytest.raises(InvalidRequestError, match="typeface"):
        studio.set(plain(), {"title": "Hello"}, display=broken)


@pytest.mark.parametrize("accent", ["#f4a259", "#808080", "#ffffff", "#000000", "#d7263d"])
def test_a_button_can_be_read_in_any_accent(studio, accent):
    result = studio.set(
        plain(), {"title": "Go", "button": "Go now"}, palette=Palette(accent=accent)
    )
    assert all(t.contrast >= 4.5 for t in result.texts)


def test_more_letters_than_a_picture_holds_are_refused(studio):
    with pytest.raises(InvalidRequestError, match="letters"):
        studio.set(plain(), {"title": "a " * 5000})


# Logos


def svg(body: str, box: str = "0 0 100 100") -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">{body}</svg>'.encode()


def near(pixels: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((np.abs(pixels.astype(int) - colour).sum(-1) < 24).sum())


def test_a_logo_keeps_its_colours_and_shape(studio):
    result = studio.set(plain(), {}, logo=studio.file(CIRCLES))
    finished = studio.pixels(result)
    changed = np.abs(finished.astype(int) - plain()).sum(-1) > 30
    ys, xs = np.nonzero(changed)
    assert (np.ptp(xs) + 1) / (np.ptp(ys) + 1) == pytest.approx(110 / 96, rel=0.12)
    assert near(finished, (0x13, 0xA8, 0x9E)) > 20
    assert near(finished, (0xF4, 0xA2, 0x59)) > 10


def test_empty_margins_of_a_logo_do_not_count():
    logo = logo_of(svg('<rect x="40" y="45" width="20" height="10" fill="#000"/>'))
    assert logo.aspect == pytest.approx(2.0, rel=0.05)


@pytest.mark.parametrize("fill", ["#ffffff", "#000000"])
@pytest.mark.parametrize("ground", [(255, 255, 255), (0, 0, 0), (128, 128, 128)])
def test_a_logo_is_seen_on_any_ground(fill, ground):
    pixels = np.full((80, 120, 3), ground, np.uint8)
    logo = logo_of(svg(f'<circle cx="50" cy="50" r="50" fill="{fill}"/>'))
    draw_logo(pixels, logo, Rect(20, 20, 60, 60), Palette())
    middle = float(luminance(pixels[40, 40]))
    own = float(luminance(np.array(ground)))
    assert (max(middle, own) + 0.05) / (min(middle, own) + 0.05) > 3


def test_a_bitmap_logo_keeps_its_transparency():
    image = np.zeros((40, 80, 4), np.uint8)
    image[:, :40] = (0, 0, 255, 255)
    pixels = np.full((60, 120, 3), 240, np.uint8)
    draw_logo(
        pixels, logo_of(cv2.imencode(".png", image)[1].tobytes()), Rect(10, 10, 50, 50), Palette()
    )
    assert tuple(pixels[30, 30]) == (255, 0, 0)
    assert tuple(pixels[30, 70]) == (240, 240, 240)


HOSTILE = {
    "script": svg("<script>alert(1)</script><rect width='9' height='9'/>"),
    "handler": svg("<rect width='9' height='9' onload='x()'/>"),
    "remote picture": svg("<image href='https://example.com/a.png' width='9' height='9'/>"),
    "remote use": svg("<use href='https://example.com/a.svg#x'/><rect width='9' height='9'/>"),
    "file": svg("<use href='file:///etc/passwd#x'/><rect width='9' height='9'/>"),
    "remote paint": svg("<rect width='9' height='9' fill='url(https://example.com/p)'/>"),
    "remote style": svg(
        "<style>@import 'https://example.com/x.css';</style><rect width='9' height='9'/>"
    ),
    "entities": b'<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    + svg("<desc>&b;</desc>"),
    "live text": svg("<text x='5' y='50'>Aurelia</text>"),
    "html": svg("<foreignObject><p>hi</p></foreignObject>"),
    "cut off": svg("<rect width='9' height='9'/>")[:-8],
    "no size": b"<svg xmlns='http://www.w3.org/2000/svg'><rect width='9' height='9'/></svg>",
    "thread": svg("<rect width='9' height='9'/>", "0 0 1 9000"),
    "nothing": svg(""),
    "too many parts": svg("<g/>" * 30_000),
    "too large": svg("<!--" + "x" * 4_100_000 + "-->"),
    "no picture": b"PK\x03\x04 not a picture",
    "empty": b"",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_broken_or_hostile_logo_is_refused(data):
    with pytest.raises(InvalidRequestError, match="logo"):
        logo_of(data)
