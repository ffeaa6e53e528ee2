"""The product still life: what a user would notice about the pictures."""

from __future__ import annotations

import math
from typing import get_args

import cv2
import numpy as np
import pytest

from brandmodel.brand import Palette
from brandmodel.local.picture.colour import contrast, lab, luminance, oklab, rgb
from brandmodel.local.picture.scene import Drawing, Product, Prop, StillLife
from brandmodel.local.picture.still_life.engine import draw
from brandmodel.local.picture.still_life.framing import bounds, camera_for
from brandmodel.local.picture.still_life.lathe import Lathe, rounded
from brandmodel.local.picture.still_life.roles import roles
from brandmodel.local.picture.still_life.solids import FAR, Ball, Block, vec
from brandmodel.local.picture.still_life.staging import staged

PALETTES = {
    "navy": Palette(),
    "red": Palette(ink="#1a1414", paper="#efe6d8", primary="#c8102e", accent="#1a1a1a"),
    "pastel": Palette(ink="#4a1942", paper="#fdf1f3", primary="#f2a7bb", accent="#8e3b76"),
    "earth": Palette(ink="#1f2a1c", paper="#f3eee0", primary="#4f7942", accent="#b5651d"),
}


_DRAWN: dict[tuple[str, int, int], Drawing] = {}


def drawn(scene: StillLife, width: int = 144, height: int = 144) -> Drawing:
    key = (scene.model_dump_json(), width, height)
    if key not in _DRAWN:
        _DRAWN[key] = draw(scene, width, height)
    return _DRAWN[key]


def scene(**fields: object) -> StillLife:
    return StillLife.model_validate({"label": "Aurelia", "seed": 7, **fields})


def differs(one: Drawing, two: Drawing) -> float:
    return float(np.abs(one.pixels.astype(int) - two.pixels.astype(int)).mean())


def test_the_same_scene_gives_the_same_bytes() -> None:
    again = draw(scene(), 144, 144)
    assert again.pixels.tobytes() == drawn(scene()).pixels.tobytes()
    assert again.subjects == drawn(scene()).subjects


def test_the_same_scene_at_two_sizes_is_the_same_picture() -> None:
    small, large = drawn(scene(), 144, 96), drawn(scene(), 432, 288)
    shrunk = cv2.resize(large.pixels, (144, 96), interpolation=cv2.INTER_AREA)
    gap = np.abs(small.pixels.astype(int) - shrunk.astype(int))
    assert gap.mean() < 4
    assert small.subjects == large.subjects


def test_seeds_are_different_pictures() -> None:
    takes = [drawn(scene(seed=seed)) for seed in (1, 2, 3)]
    assert min(differs(takes[a], takes[b]) for a, b in ((0, 1), (0, 2), (1, 2))) > 8


@pytest.mark.parametrize("product", [p for p in get_args(Product) if p != "none"])
def test_every_product_stands_in_its_box(product: str) -> None:
    drawing = drawn(scene(product=product, props=()))
    assert drawing.mask is not None
    box = drawing.subjects[0]
    rows, columns = np.nonzero(drawing.mask > 0.5)
    assert rows.size > 144 * 144 * 0.02
    assert columns.min() >= box.x * 144 - 1
    assert columns.max() <= (box.x + box.width) * 144 + 1
    assert rows.min() >= box.y * 144 - 1
    assert rows.max() <= (box.y + box.height) * 144 + 1
    assert 0 < box.x
    assert box.x + box.width < 1


@pytest.mark.parametrize("product", [p for p in get_args(Product) if p != "none"])
def test_the_name_is_legible_on_the_product(product: str) -> None:
    bare = drawn(scene(product=product, props=(), label="", seed=4), 256, 256)
    named = drawn(scene(product=product, props=(), label="WWWWW", seed=4), 256, 256)
    assert named.mask is not None
    changed = np.abs(named.pixels.astype(int) - bare.pixels.astype(int)).sum(-1) > 90
    assert changed.sum() > 60
    assert changed[named.mask == 0].mean() < 0.002


@pytest.mark.parametrize("name", sorted(PALETTES))
@pytest.mark.parametrize("backdrop", ["paper", "ink", "primary"])
def test_product_and_plinth_stand_clear_of_each_other(name: str, backdrop: str) -> None:
    for variant in range(4):
        chosen = roles(scene(palette=PALETTES[name], backdrop=backdrop), variant)
        clear = np.linalg.norm(oklab(chosen.body) - oklab(chosen.ground))
        assert clear > 0.15, (variant, clear)


@pytest.mark.parametrize("name", sorted(PALETTES))
def test_the_backdrop_is_the_one_that_was_asked_for(name: str) -> None:
    palette = PALETTES[name]
    corner: dict[str, np.ndarray] = {}
    for backdrop in ("paper", "ink", "primary"):
        pixels = drawn(scene(palette=palette, backdrop=backdrop, props=())).pixels
        corner[backdrop] = oklab(np.asarray(rgb_mean(pixels[:20, :40]), np.float32))
    assert corner["paper"][0] > 0.85
    assert corner["ink"][0] < 0.42
    hue = math.atan2(corner["primary"][2], corner["primary"][1])
    wanted = lab(palette.primary)
    turn = abs((hue - math.atan2(wanted[2], wanted[1]) + math.pi) % (2 * math.pi) - math.pi)
    assert turn < 0.35


def rgb_mean(pixels: np.ndarray) -> np.ndarray:
    mean = pixels.reshape(-1, 3).mean(0).round().astype(int)
    return np.asarray(rgb("#" + "".join(f"{v:02x}" for v in mean)))


@pytest.mark.parametrize(
    ("space", "calm"),
    [
        ("left", np.s_[:, :63]),
        ("right", np.s_[:, -63:]),
        ("top", np.s_[:63, :]),
        ("bottom", np.s_[-60:, :]),
    ],
)
@pytest.mark.parametrize("seed", [1, 2, 5])
def test_the_calm_side_stays_calm(space: str, calm: tuple[slice, slice], seed: int) -> None:
    drawing = drawn(scene(space=space, seed=seed, product="mug"))
    light = luminance((drawing.pixels / 255).astype(np.float32))
    edges = np.abs(np.diff(cv2.GaussianBlur(light, (0, 0), 1.2), axis=1))[calm]
    assert edges.max() < 0.06
    assert drawing.mask is not None
    assert drawing.mask[calm].max() == 0


@pytest.mark.parametrize("space", ["none", "left", "right", "top", "bottom"])
@pytest.mark.parametrize("aspect", [0.4, 0.5625, 1.0, 1.7778, 2.6])
def test_the_product_is_whole_at_every_aspect_ratio(space: str, aspect: float) -> None:
    for seed, product in ((0, "bottle"), (1, "mug"), (2, "phone"), (3, "mug"), (4, "tube")):
        stage = staged(scene(space=space, seed=seed, product=product), aspect)
        camera = camera_for(stage, aspect)
        product_bodies = [b for b in stage.core if b.group == "product"]
        left, top, right, bottom = bounds(camera, product_bodies)
        assert left > 0.01
        assert top > 0.01
        assert right < 0.99
        assert bottom < 0.99
        assert (right - left) * (bottom - top) > 0.008


def test_an_empty_plinth_keeps_the_products_place() -> None:
    full, empty = drawn(scene()), drawn(scene(plinth_only=True))
    assert empty.mask is not None
    assert empty.mask.max() == 0
    assert empty.subjects[0] == full.subjects[0]
    assert full.mask is not None
    inside = full.mask > 0.9
    gap = np.abs(full.pixels.astype(int) - empty.pixels.astype(int)).sum(-1)
    assert np.median(gap[inside]) > 30


LOOKED = {"body": "accent", "cap": "ink", "design": 4}


@pytest.mark.parametrize("backdrop", ["paper", "ink", "primary"])
def test_a_product_with_a_look_is_the_same_on_every_set(backdrop: str) -> None:
    def shown(seed: int, **fields: object) -> tuple[float, float]:
        one = drawn(scene(seed=seed, product="jar", **LOOKED, **fields))
        assert one.mask is not None
        hue, colourful, _ = cv2.split(cv2.cvtColor(one.pixels, cv2.COLOR_RGB2HSV))
        orange = (np.abs(hue.astype(int) - 14) < 8) & (colourful > 90)
        box = one.subjects[0]
        return float(orange[one.mask > 0.99].mean()), box.height / box.width

    share, build = shown(1, backdrop="paper")
    assert share > 0.12
    for seed in (2, 5):
        again, built = shown(seed, backdrop=backdrop)
        assert again == pytest.approx(share, abs=0.08)
        assert built == pytest.approx(build, rel=0.06)


def test_a_product_is_seen_from_as_near_as_was_asked_for() -> None:
    shares: list[float] = []
    for framing in ("whole", "close", "macro"):
        one = drawn(scene(framing=framing, space="left", seed=3), 160, 90)
        assert one.mask is not None
        shares.append(float(one.mask.mean()))
        # Type goes to the left.
        assert float(one.mask[:, :64].max()) == 0
        assert float(np.std(one.pixels[:50, :64], axis=(0, 1)).max()) < 12
    assert shares[1] > 1.8 * shares[0]
    assert shares[2] > 1.3 * shares[1]


@pytest.mark.parametrize("space", ["none", "left", "top"])
def test_a_place_seen_from_nearby_is_whole_with_what_it_stands_on(space: str) -> None:
    empty = drawn(scene(framing="macro", plinth_only=True, space=space), 160, 90)
    box = empty.subjects[0]
    assert box.y > 0.05
    assert box.y + box.height < 0.95


def test_a_set_without_product_still_has_a_subject() -> None:
    drawing = drawn(scene(product="none"))
    assert drawing.subjects
    assert drawing.mask is not None
    assert drawing.mask.max() == 1


@pytest.mark.parametrize("prop", get_args(Prop))
def test_every_prop_can_be_seen(prop: str) -> None:
    bare, with_prop = drawn(scene(props=())), drawn(scene(props=(prop,)))
    changed = np.abs(bare.pixels.astype(int) - with_prop.pixels.astype(int)).sum(-1) > 60
    assert changed.mean() > 0.008


def test_warm_light_is_warmer_and_seasons_look_different() -> None:
    def warmth(drawing: Drawing) -> float:
        red, _, blue = drawing.pixels.reshape(-1, 3).mean(0)
        return float(red - blue)

    cool, plain, warm = (drawn(scene(warmth=w, props=())) for w in (-1.0, 0.0, 1.0))
    assert warmth(cool) < warmth(plain) - 3 < warmth(warm) - 8
    seasons = [drawn(scene(season=s)) for s in ("spring", "summer", "autumn", "winter")]
    pairs = [(a, b) for i, a in enumerate(seasons) for b in seasons[i + 1 :]]
    assert min(differs(a, b) for a, b in pairs) > 2.5
    assert warmth(seasons[2]) > warmth(seasons[3]) + 12


def test_depth_is_nearer_on_the_product_than_behind_it() -> None:
    drawing = drawn(scene(props=()))
    assert drawing.depth is not None
    assert drawing.mask is not None
    assert drawing.depth.dtype == np.float32
    assert np.isfinite(drawing.depth).all()
    near = drawing.depth[drawing.mask == 1].max()
    assert near < drawing.depth[0].min()


def test_open_floor_shows_neither_streaks_nor_the_pattern_of_the_samples() -> None:
    pixels = drawn(scene(props=("arch",), seed=3), 320, 320).pixels[-40:].astype(np.float32)

    def ripple(fine: float, coarse: float) -> np.ndarray:
        soft = cv2.GaussianBlur(pixels, (0, 0), fine) - cv2.GaussianBlur(pixels, (0, 0), coarse)
        return soft[8:-8, 30:-30]

    assert np.abs(ripple(4, 12)).max() < 5
    assert ripple(0.8, 3).std() < 0.5


def test_odd_and_tiny_pictures_have_the_size_that_was_asked_for() -> None:
    drawing = draw(scene(), 33, 47)
    assert drawing.pixels.shape == (47, 33, 3)
    assert drawing.mask is not None
    assert drawing.mask.shape == (47, 33)


def test_a_name_in_another_script_and_an_unsettable_one_are_drawn() -> None:
    for label in ("北京茶", "قهوة", "Æther 🍋 & Sønner of the Far North"):
        assert drawn(scene(label=label)).pixels.shape == (144, 144, 3)


def test_rays_meet_solids_where_geometry_says() -> None:
    o = np.array([[0.0, 0.3, 3.0], [0.5, 0.5, 0.5], [5.0, 5.0, 5.0]], np.float32)
    d = np.repeat(np.array([[0.0], [0.0], [-1.0]], np.float32), 3, 1)
    cylinder = Lathe(rounded([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)]))
    assert np.allclose(cylinder.enter(o, d)[0], [4, 5 - math.sqrt(1 - 0.09), float(FAR)], atol=1e-4)
    assert np.allclose(cylinder.block(o, d), [4, 5 - math.sqrt(1 - 0.09), float(FAR)], atol=1e-4)
    ball = Ball(1.0)
    t, part = ball.enter(o, d)
    assert t[0] == pytest.approx(5 - math.sqrt(0.75), abs=1e-5)
    assert ball.normal(o[:, :1] + d[:, :1] * t[:1], part[:1])[2, 0] == pytest.approx(
        math.sqrt(0.75), abs=1e-4
    )
    block = Block(vec(1, 1, 1), edge=0.05)
    assert np.allclose(block.enter(o, d)[0], [4, 4, float(FAR)], atol=1e-3)


def test_ink_on_labels_has_contrast_in_every_scheme() -> None:
    for palette in PALETTES.values():
        for seed, product in enumerate(("bottle", "can", "mug", "book", "jar", "cup") * 2):
            show = staged(scene(palette=palette, seed=seed, product=product, props=()), 1.0).show
            assert show is not None
            ratio = contrast(float(luminance(show.ground)), float(luminance(show.ink)))
            assert ratio > 3.0, (palette.primary, seed, product, ratio)
