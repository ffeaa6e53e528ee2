from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest

from brandmodel.brand import Palette
from brandmodel.errors import InvalidRequestError
from brandmodel.local.desk import Desk
from brandmodel.local.picture.colour import linear, oklab
from brandmodel.local.retouch.cutout import cut_out
from brandmodel.local.retouch.grade import grade, graded_pixels
from brandmodel.local.retouch.hashing import hamming, palette_distance, phash
from brandmodel.local.retouch.judge import judge
from brandmodel.local.retouch.pixels import load, png
from brandmodel.local.retouch.place import place
from brandmodel.local.retouch.upscale import fit
from brandmodel.tasks import (
    Asset,
    Box,
    CutOut,
    GradeImage,
    Judge,
    PlaceProduct,
    UpscaleImage,
)

PALETTE = Palette()
WINE = Palette(ink="#2b1020", paper="#f7ede2", primary="#b23a48", accent="#fcb97d")


def _nothing_stored(asset: Asset) -> bytes:
    raise AssertionError(f"{asset.sha256} was not put on the desk")


@pytest.fixture
def desk() -> Desk:
    return Desk(_nothing_stored)


def _asset(desk: Desk, pixels) -> Asset:
    return desk.keep(png(pixels), "image/png", width=pixels.shape[1], height=pixels.shape[0])


def _flat(colour, width=160, height=120):
    return np.full((height, width, len(colour)), colour, np.uint8)


def _bytes(pixels):
    return np.clip(pixels + 0.5, 0, 255).astype(np.uint8)


def _scenery(seed=0, width=320, height=240):
    """Soft light, slanted edges, discs and fine stripes: what photographs are made of."""
    rng = np.random.default_rng(seed)
    big = (height * 2, width * 2)
    y, x = np.mgrid[0 : big[0], 0 : big[1]].astype(np.float32)
    picture = np.stack([80 + x / 8, 90 + y / 6, 190 - x / 9], -1)
    for _ in range(24):
        colour = tuple(float(c) for c in rng.integers(20, 240, 3))
        middle = tuple(int(v) for v in rng.integers(0, (big[1], big[0])))
        if rng.random() < 0.5:
            cv2.circle(picture, middle, int(rng.integers(15, 90)), colour, -1, cv2.LINE_AA)
        else:
            box = (
                middle,
                tuple(int(v) for v in rng.integers(20, 200, 2)),
                float(rng.uniform(0, 90)),
            )
            corners = cv2.boxPoints(box).astype(np.int32)
            cv2.fillConvexPoly(picture, corners, colour, cv2.LINE_AA)
    for i in range(12):
        cv2.line(picture, (40 * i, 0), (40 * i + 150, big[0]), (240, 240, 235), 3, cv2.LINE_AA)
    return _bytes(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA))


def _product_photo(ground=(240, 238, 234), handle=False):
    """A bottle with a pale label (or a mug with a handle) on a backdrop, with a soft shadow."""
    times, width, height = 4, 240, 320
    shape = np.zeros((height * times, width * times), np.float32)

    def at(*values):
        return tuple(int(v * times) for v in values)

    if handle:
        cv2.ellipse(shape, at(160, 190), at(38, 48), 0, 0, 360, 1, 11 * times)
        cv2.rectangle(shape, at(65, 125), at(158, 260), 1, -1)
    else:
        cv2.rectangle(shape, at(80, 130), at(160, 280), 1, -1)
        cv2.ellipse(shape, at(120, 130), at(40, 30), 0, 180, 360, 1, -1)
        cv2.rectangle(shape, at(106, 60), at(134, 115), 1, -1)
    alpha = cv2.resize(shape, (width, height), interpolation=cv2.INTER_AREA)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    wall = np.array(ground, np.float32) * (1.02 - 0.14 * y / height)[..., None]
    lean = np.array([[1, -0.35, 115], [0, 0.35, 182]], np.float32)
    shadow = cv2.GaussianBlur(cv2.warpAffine(alpha, lean, (width, height)), (0, 0), 7)
    wall *= 1 - 0.28 * shadow[..., None]
    shine = 0.6 + 0.5 * np.exp(-(((x - 105) / 18) ** 2))
    thing = np.array((35, 90, 120), np.float32) * shine[..., None]
    if not handle:
        label = (y > 170) & (y < 240)
        thing = np.where(
            label[..., None], np.array((228, 222, 208)) * (0.8 + shine * 0.15)[..., None], thing
        )
    noise = np.random.default_rng(0).normal(0, 1.5, (height, width, 1))
    return _bytes(wall + (thing - wall) * alpha[..., None] + noise), alpha


def _agreement(found, true):
    return ((found > 0.5) & (true > 0.5)).sum() / ((found > 0.5) | (true > 0.5)).sum()


def _psnr(a, b):
    return 10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2))


# Reading and writing


def test_pixels_survive_writing_and_reading():
    picture = _scenery()
    assert np.array_equal(load(png(picture)), picture)
    clear = np.dstack([picture, picture[..., 0]])
    assert np.array_equal(load(png(clear)), clear)
    assert png(clear) == png(clear.copy())


def test_grey_and_deep_pictures_become_eight_bit_colour():
    grey = cv2.imencode(".png", np.full((4, 5), 77, np.uint8))[1].tobytes()
    assert np.array_equal(load(grey), _flat((77, 77, 77), 5, 4))
    deep = cv2.imencode(".png", np.full((4, 5, 3), 257 * 99, np.uint16))[1].tobytes()
    assert np.array_equal(load(deep), _flat((99, 99, 99), 5, 4))


@pytest.mark.parametrize("data", [b"", b"words", b"\x89PNG\r\n\x1a\n", png(_scenery())[:60]])
def test_what_cannot_be_decoded_is_the_callers_error(data, desk):
    with pytest.raises(InvalidRequestError, match="cannot be decoded"):
        load(data)
    with pytest.raises(InvalidRequestError):
        judge(Judge(images=(desk.keep(data + b"!", "image/png"),)), desk)


# Likeness


def test_a_hash_stays_with_the_picture_through_compression_and_scaling():
    picture = _scenery(1, 640, 480)
    _, squeezed = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 30])
    own = phash(picture)
    assert 0 <= own < 2**63
    assert hamming(own, phash(load(squeezed.tobytes()))) <= 2
    assert hamming(own, phash(cv2.resize(picture, (200, 150), interpolation=cv2.INTER_AREA))) <= 3
    assert hamming(own, phash(_scenery(2, 640, 480))) >= 16
    assert hamming(own, own) == 0


def test_the_palettes_own_colours_and_their_tints_are_close_to_it():
    stripes = np.hstack([_flat(c, 40) for c in ((11, 37, 69), (246, 241, 229), (19, 168, 158))])
    assert palette_distance(stripes, PALETTE) < 0.005
    assert palette_distance(_flat((200, 30, 200)), PALETTE) > 0.12
    pale_teal = _bytes(np.sqrt(linear(np.array((19, 168, 158), np.uint8)) * 0.5 + 0.45) * 255)
    assert palette_distance(_flat(pale_teal), PALETTE) < 0.05


# Judging


def test_the_sharper_of_two_alike_wins_and_the_note_says_so(desk):
    sharp = _scenery()
    soft = cv2.GaussianBlur(sharp, (0, 0), 3)
    verdict = judge(Judge(images=(_asset(desk, soft), _asset(desk, sharp))), desk)
    assert verdict.best == 1
    assert verdict.scores[1].sharpness == 1.0 > verdict.scores[0].sharpness
    assert verdict.why == "Picture 2 is the best: it has the finest detail."


def test_equals_are_settled_by_order(desk):
    same = _asset(desk, _scenery())
    verdict = judge(Judge(images=(same, same, same)), desk)
    assert verdict.best == 0
    assert "first of equals" in verdict.why


def test_the_brands_colours_win(desk):
    own = graded_pixels(_scenery(), WINE, 1.0)
    images = (_asset(desk, _scenery()), _asset(desk, own))
    verdict = judge(Judge(images=images, palette=WINE), desk)
    assert verdict.scores[1].palette > verdict.scores[0].palette + 0.05
    assert verdict.best == 1


def test_a_clipped_picture_loses(desk):
    burnt = _bytes(_scenery().astype(float) * 3)
    verdict = judge(Judge(images=(_asset(desk, burnt), _asset(desk, _scenery()))), desk)
    assert verdict.best == 1
    assert verdict.scores[0].exposure < 0.5 < verdict.scores[1].exposure


@pytest.mark.parametrize(("space", "winner"), [("left", 0), ("right", 1)])
def test_the_side_for_the_words_has_to_be_calm(desk, space, winner):
    right = _scenery()
    right[:, :140] = (230, 228, 220)
    images = (_asset(desk, right), _asset(desk, np.ascontiguousarray(right[:, ::-1])))
    verdict = judge(Judge(images=images, space=space), desk)
    assert verdict.best == winner
    assert "calmest place for the words" in verdict.why
    inside = ((Box(x=0.1, y=0.2, width=0.3, height=0.6),), ())
    crowded = judge(Judge(images=images, space="left", subjects=inside), desk)
    assert crowded.scores[0].calm < 0.6


def test_a_black_picture_is_not_good_enough(desk):
    verdict = judge(Judge(images=(_asset(desk, _flat((0, 0, 0))),)), desk)
    assert not verdict.good
    assert "not good enough" in verdict.why


def test_one_pixel_can_be_judged(desk):
    verdict = judge(
        Judge(images=(_asset(desk, _flat((9, 99, 9), 1, 1)),), palette=PALETTE, space="left"), desk
    )
    assert 0 <= verdict.scores[0].total <= 1


# Grading


def _graded(desk, pixels, palette, strength):
    request = GradeImage(image=_asset(desk, pixels), palette=palette, strength=strength)
    result = grade(request, desk)
    assert (result.image.width, result.image.height) == pixels.shape[1::-1]
    return load(desk.read(result.image))


def test_strength_nothing_changes_nothing(desk):
    assert np.array_equal(_graded(desk, _scenery(), PALETTE, 0), _scenery())


@pytest.mark.parametrize("palette", [PALETTE, WINE])
def test_the_stronger_the_grade_the_closer_the_palette(desk, palette):
    picture = _scenery()
    away = [palette_distance(_graded(desk, picture, palette, s), palette) for s in (0, 0.4, 0.8)]
    assert away[0] > away[1] > away[2]
    assert away[2] < 0.75 * away[0]
    # The picture is still the same picture.
    assert hamming(phash(picture), phash(_graded(desk, picture, palette, 0.8))) <= 8


def test_gradients_stay_smooth_and_keep_the_order_of_light(desk):
    for end in ((255, 255, 255), (255, 60, 20), (20, 90, 255), (200, 255, 0)):
        ramp = np.linspace((0, 0, 0), end, 256)
        out = _graded(desk, _bytes(np.tile(ramp, (8, 1, 1))), WINE, 1.0)[4].astype(int)
        assert np.abs(np.diff(out, axis=0)).max() <= 4
        lightness = oklab(linear(out.astype(np.uint8)[None]))[0, :, 0]
        assert (np.diff(lightness) > -0.004).all()
        # As many tones as before, give or take: nothing is posterised.
        assert len(np.unique(out, axis=0)) > 200


def test_no_break_between_neighbouring_hues(desk):
    turn = np.zeros((8, 720, 3), np.uint8)
    turn[..., 0] = np.linspace(0, 179, 720)
    turn[..., 1:] = (150, 220)
    wheel = cv2.cvtColor(turn, cv2.COLOR_HSV2RGB)
    wheel = cv2.GaussianBlur(wheel, (0, 0), 4)
    before = np.abs(np.diff(wheel[4].astype(int), axis=0)).max()
    after = np.abs(np.diff(_graded(desk, wheel, PALETTE, 1.0)[4].astype(int), axis=0)).max()
    assert after <= 2 * before + 1


def test_neutrals_stay_nearly_neutral_and_skin_moves_little(desk):
    strip = np.hstack([_flat(c, 20, 20) for c in ((128, 128, 128), (224, 172, 138), (90, 160, 60))])
    before = oklab(linear(strip))[10, 10::20]
    after = oklab(linear(_graded(desk, strip, WINE, 1.0)))[10, 10::20]
    grey, skin, green = np.linalg.norm((after - before)[:, 1:], axis=1)
    assert grey < 0.02
    assert skin < 0.03
    assert green > 0.06


def test_a_grade_keeps_transparency(desk):
    clear = np.dstack([_scenery(), np.tile(np.arange(320) % 256, (240, 1)).astype(np.uint8)])
    out = _graded(desk, clear, WINE, 0.7)
    assert np.array_equal(out[..., 3], clear[..., 3])
    assert not np.array_equal(out[..., :3], clear[..., :3])


def test_a_palette_without_hues_mutes(desk):
    mono = Palette(ink="#111111", paper="#ffffff", primary="#555555", accent="#aaaaaa")
    before, after = (
        np.linalg.norm(oklab(linear(p))[..., 1:], axis=-1).mean()
        for p in (_scenery(), _graded(desk, _scenery(), mono, 1.0))
    )
    assert after < 0.7 * before


# Enlarging


def _upscaled(desk, pixels, width, height, **more):
    request = UpscaleImage(image=_asset(desk, pixels), width=width, height=height, **more)
    result = fit(request, desk)
    out = load(desk.read(result.image))
    assert out.shape[:2] == (height, width)
    assert (result.image.width, result.image.height) == (width, height)
    return out, result


@pytest.mark.parametrize(("times", "gain_db"), [(2, 0.3), (4, 0.2)])
def test_enlarging_beats_lanczos(desk, times, gain_db):
    gains = []
    for seed in range(3):
        true = _scenery(seed, 480, 360)
        small = cv2.resize(true, (480 // times, 360 // times), interpolation=cv2.INTER_AREA)
        plain = cv2.resize(small, (480, 360), interpolation=cv2.INTER_LANCZOS4)
        ours, _ = _upscaled(desk, small, 480, 360)
        gains.append(_psnr(ours, true) - _psnr(plain, true))
    assert np.mean(gains) >= gain_db


def test_made_small_again_it_is_the_original(desk):
    small = _scenery(3, 100, 80)
    large, _ = _upscaled(desk, small, 300, 240)
    assert _psnr(cv2.resize(large, (100, 80), interpolation=cv2.INTER_AREA), small) > 38


def test_any_size_can_be_asked_for(desk):
    for width, height in ((333, 250), (97, 73), (320, 240), (16, 16)):
        _upscaled(desk, _scenery(), width, height)
    dot, _ = _upscaled(desk, _flat((10, 200, 30), 1, 1), 16, 16)
    assert np.array_equal(dot, _flat((10, 200, 30), 16, 16))


def test_a_transparent_edge_gets_no_dark_rim(desk):
    logo = np.zeros((40, 40, 4), np.uint8)
    logo[10:30, 10:30] = (240, 120, 40, 255)
    for side in (120, 24):
        out, _ = _upscaled(desk, logo, side, side)
        covered = out[..., 3] > 40
        assert np.abs(out[covered][:, :3].astype(int) - (240, 120, 40)).max() <= 12
        assert out[0, 0, 3] == 0
        assert out[side // 2, side // 2, 3] == 255


def test_another_shape_is_filled_around_the_subject(desk):
    picture = _flat((200, 200, 200), 200, 100)
    picture[40:60, 150:170] = (200, 0, 0)
    subject = Box(x=0.75, y=0.4, width=0.1, height=0.2)
    out, result = _upscaled(desk, picture, 200, 200, subjects=(subject,))
    assert "cut off" in result.notes[0]
    (box,) = result.subjects
    column, row = round((box.x + box.width / 2) * 200), round((box.y + box.height / 2) * 200)
    assert out[row, column, 0] > 150 > out[row, column, 1]
    # Squares stay squares.
    assert box.width * 200 == pytest.approx(box.height * 200, rel=0.05)


# Cutting out


def _cut(desk, pixels):
    result = cut_out(CutOut(image=_asset(desk, pixels)), desk)
    out = load(desk.read(result.image))
    assert out.shape == (*pixels.shape[:2], 4)
    return out, result


@pytest.mark.parametrize("ground", [(240, 238, 234), (120, 124, 130), (250, 200, 190)])
def test_a_product_is_freed_with_its_pale_label_and_without_its_shadow(desk, ground):
    photo, true = _product_photo(ground)
    out, result = _cut(desk, photo)
    assert _agreement(out[..., 3] / 255, true) > 0.97
    (box,) = result.subjects
    assert box.x == pytest.approx(80 / 240, abs=0.02)
    assert box.y == pytest.approx(60 / 320, abs=0.02)
    assert box.y + box.height == pytest.approx(280 / 320, abs=0.02)
    assert result.notes == ()


def test_a_dark_product_on_a_dark_ground_is_found(desk):
    wall = _flat((52, 56, 62), 240, 320)
    _, true = _product_photo()
    photo = _bytes(wall * (1 - true[..., None]) + 12 * true[..., None])
    out, _ = _cut(desk, photo)
    assert _agreement(out[..., 3] / 255, true) > 0.95


def test_one_can_see_through_a_handle(desk):
    photo, true = _product_photo(handle=True)
    out, _ = _cut(desk, photo)
    assert _agreement(out[..., 3] / 255, true) > 0.95
    assert out[190, 178, 3] < 20
    assert out[190, 198, 3] > 200


def test_no_rim_of_the_old_background_stays(desk):
    photo, _ = _product_photo()
    out, _ = _cut(desk, photo)
    # Rows of the dark body: half-covered pixels must not be as pale as the wall.
    body = out[250:275]
    half = body[(body[..., 3] > 20) & (body[..., 3] < 235)]
    assert len(half) > 10
    assert half[:, 0].mean() < 100


def test_a_picture_that_was_cut_out_before_is_taken_as_it_is(desk):
    clear = np.zeros((60, 80, 4), np.uint8)
    clear[10:50, 20:60] = (200, 30, 30, 255)
    clear[10, 20, 3] = 77
    out, result = _cut(desk, clear)
    assert np.array_equal(out, clear)
    assert result.subjects == (Box(x=0.25, y=10 / 60, width=0.5, height=40 / 60),)


def test_doubts_are_said(desk):
    photo, _ = _product_photo()
    _, cropped = _cut(desk, np.ascontiguousarray(photo[:, 100:]))
    assert any("picture's edge" in note for note in cropped.notes)
    tiny = _flat((240, 240, 240), 300, 300)
    tiny[140:158, 140:158] = (200, 20, 20)
    _, small = _cut(desk, tiny)
    assert any("very small" in note for note in small.notes)


@pytest.mark.parametrize(("width", "height"), [(120, 90), (1, 1), (400, 3)])
def test_where_there_is_no_object_the_picture_is_kept(desk, width, height):
    out, result = _cut(desk, _flat((180, 190, 200), width, height))
    assert (out[..., 3] == 255).all()
    assert result.subjects == ()
    assert "No object" in result.notes[0]


# Placing


@pytest.fixture
def product():
    pixels = np.zeros((300, 200, 4), np.uint8)
    pixels[40:280, 50:150] = (190, 60, 50, 255)
    return pixels


def _placed(desk, scene, product, **more):
    request = PlaceProduct(scene=_asset(desk, scene), product=_asset(desk, product), **more)
    result = place(request, desk)
    return load(desk.read(result.image)), result


def _red(pixels):
    wide = pixels.astype(int)
    return (wide[..., 0] > 1.8 * wide[..., 1]) & (wide[..., 0] > 1.8 * wide[..., 2])


STUDIO = (226, 222, 214)
SPOT = Box(x=0.3, y=0.2, width=0.4, height=0.6)


def test_the_product_stands_on_the_place_and_fits_it(desk, product):
    out, result = _placed(
        desk,
        _flat(STUDIO, 400, 300),
        product,
        subjects=(SPOT, Box(x=0, y=0, width=0.1, height=0.1)),
    )
    rows, columns = np.nonzero(_red(out))
    assert abs(rows.max() + 1 - 240) <= 2
    assert abs(rows.min() - 60) <= 2
    assert abs((columns.min() + columns.max() + 1) / 2 - 200) <= 2
    # The product keeps its shape: 100 wide, 240 high.
    assert columns.max() + 1 - columns.min() == pytest.approx(75, abs=2)
    assert result.subjects[0].y + result.subjects[0].height == pytest.approx(0.8, abs=0.01)
    assert len(result.subjects) == 2


def test_its_shadow_falls_away_from_the_light(desk, product):
    plain = _flat(STUDIO, 400, 300)
    out, _ = _placed(desk, plain, product, subjects=(SPOT,))
    change = plain[..., 0].astype(int) - out[..., 0]
    assert change[215:236, 245:300].mean() > change[215:236, 100:155].mean() + 10
    # Dark under the foot, fading soon.
    assert change[240:243, 180:220].mean() > 25 > change[262:266, 180:220].mean()
    sun = plain.copy()
    cv2.circle(sun, (370, 40), 14, (255, 255, 255), -1)
    lit, _ = _placed(desk, sun, product, subjects=(SPOT,))
    change = sun[..., 0].astype(int) - lit[..., 0]
    assert change[215:236, 100:155].mean() > change[215:236, 245:300].mean() + 10


def test_the_rest_of_the_scene_keeps_its_pixels(desk, product):
    scene = _scenery(0, 800, 300)
    out, _ = _placed(desk, scene, product, subjects=(Box(x=0.4, y=0.4, width=0.1, height=0.3),))
    assert np.array_equal(out[:, :200], scene[:, :200])
    assert np.array_equal(out[:, 700:], scene[:, 700:])


def test_the_product_takes_on_the_scenes_light(desk, product):
    product[40:280, 50:150, :3] = 150
    day, night, dusk = (
        _placed(desk, _flat(c, 400, 300), product, subjects=(SPOT,))[0][120:180, 185:215].mean(
            (0, 1)
        )
        for c in (STUDIO, (18, 30, 62), (230, 150, 90))
    )
    assert night.mean() < 0.75 * day.mean()
    assert night[2] / night[0] > day[2] / day[0]
    assert dusk[0] / dusk[2] > 1.1 * day[0] / day[2]


@pytest.mark.parametrize(("space", "half"), [("left", slice(0, 190)), ("right", slice(210, 400))])
def test_without_a_place_it_stands_beside_the_words(desk, product, space, half):
    out, _ = _placed(desk, _flat(STUDIO, 400, 300), product, space=space)
    assert _red(out).sum() > 3000
    assert not _red(out)[:, half].any()


def test_a_small_photograph_is_enlarged_and_said_so(desk, product):
    _, result = _placed(desk, _flat(STUDIO, 400, 300), product[::8, ::8], subjects=(SPOT,))
    assert "was enlarged" in result.notes[0]


def test_an_empty_product_is_refused(desk, product):
    with pytest.raises(InvalidRequestError, match="every pixel is transparent"):
        _placed(desk, _flat(STUDIO), product * 0)


def test_a_place_outside_the_scene_is_moved_in(desk, product):
    out, result = _placed(
        desk, _flat(STUDIO, 200, 200), product, subjects=(Box(x=0.8, y=0.9, width=0.6, height=0.6),)
    )
    box = result.subjects[0]
    assert box.x + box.width <= 1
    assert box.y + box.height <= 1
    assert _red(out).sum() > 1000


def test_a_wide_product_may_be_wider_than_the_place_of_a_tall_one(desk, product):
    lying = np.ascontiguousarray(product.transpose(1, 0, 2))
    spot = Box(x=0.4, y=0.3, width=0.15, height=0.5)
    out, result = _placed(desk, _flat(STUDIO, 400, 300), lying, subjects=(spot,))
    assert result.subjects[0].width > 1.4 * spot.width
    rows, columns = np.nonzero(_red(out))
    assert abs(rows.max() + 1 - 240) <= 2
    assert abs((columns.min() + columns.max() + 1) / 2 - 190) <= 2


def test_no_shadow_hangs_in_the_air_beyond_what_the_product_stands_on(desk, product):
    scene = _flat(STUDIO, 600, 300)
    spot = Box(x=0.15, y=0.1, width=0.12, height=0.7)
    out, _ = _placed(desk, scene, product, subjects=(spot,))
    changed = np.abs(out.astype(int) - scene).max(-1) > 2
    columns = np.flatnonzero(changed.any(0))
    middle = (spot.x + spot.width / 2) * 600
    assert columns.max() - middle < 1.2 * spot.width * 600
    # It fades: at its end nothing is cut off.
    edge = np.abs(out[:, columns.max() - 3 : columns.max() + 1].astype(int) - STUDIO).max()
    assert edge < 12


# Always the same


def test_the_same_request_gives_the_same_bytes():
    def all_results():
        desk = Desk(_nothing_stored)
        photo, _ = _product_photo()
        cut = cut_out(CutOut(image=_asset(desk, photo)), desk)
        yield cut
        yield grade(GradeImage(image=_asset(desk, photo), palette=WINE), desk)
        yield fit(UpscaleImage(image=_asset(desk, photo), width=300, height=400), desk)
        scene = _asset(desk, _scenery())
        yield place(PlaceProduct(scene=scene, product=cut.image, subjects=(SPOT,)), desk)
        # Work in between must not change what comes after it.
        cv2.setRNGSeed(7)

    for first, second in itertools.zip_longest(all_results(), all_results()):
        assert first == second
