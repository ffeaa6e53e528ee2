from __future__ import annotations

from typing import get_args

import cv2
import numpy as np
import pytest

from brandmodel.brand import Palette
from brandmodel.local.picture.colour import Array, linear, luminance, oklab
from brandmodel.local.picture.landscape.engine import draw
from brandmodel.local.picture.noise import Jet, lattice
from brandmodel.local.picture.scene import (
    Daytime,
    Drawing,
    Landscape,
    Season,
    Terrain,
    Weather,
)

TERRAINS: tuple[Terrain, ...] = get_args(Terrain)
DAYTIMES: tuple[Daytime, ...] = get_args(Daytime)
WEATHERS: tuple[Weather, ...] = get_args(Weather)
SEASONS: tuple[Season, ...] = get_args(Season)
PALETTES = {
    "navy": Palette(),
    "red": Palette(ink="#141010", paper="#efe6d8", primary="#c1121f", accent="#c1121f"),
    "pink": Palette(ink="#4a1942", paper="#fdeff4", primary="#e58fb1", accent="#ffb8a0"),
    "earth": Palette(ink="#1f2d1a", paper="#f3eedd", primary="#5b8c3a", accent="#c98b3b"),
}


def seen(drawing: Drawing) -> Array:
    """OKLab of the picture at a glance: detail and grain averaged away."""
    small = cv2.resize(linear(drawing.pixels), (24, 24), interpolation=cv2.INTER_AREA)
    return oklab(np.asarray(small, np.float32))


def distance(a: Drawing, b: Drawing) -> float:
    """Mean OKLab distance of two pictures at a glance."""
    return float(np.linalg.norm(seen(a) - seen(b), axis=-1).mean())


def brightness(drawing: Drawing) -> float:
    return float(luminance(linear(drawing.pixels)).mean())


def busyness(pixels: np.ndarray) -> float:
    """How much goes on between the size of grain and the size of a wide gradient."""
    part = oklab(linear(np.ascontiguousarray(pixels)))[..., 0]
    return float((cv2.blur(part, (3, 3)) - cv2.blur(part, (25, 25))).std())


@pytest.mark.parametrize("terrain", TERRAINS)
def test_every_terrain_fills_any_frame_and_has_tones(terrain: Terrain) -> None:
    for width, height in ((120, 68), (72, 128)):
        drawing = draw(Landscape(terrain=terrain, seed=5), width, height)
        assert drawing.pixels.shape == (height, width, 3)
        assert drawing.pixels.dtype == np.uint8
        assert float(seen(drawing)[..., 0].std()) > 0.05
        for box in drawing.subjects:
            assert 0 <= box.x <= box.x + box.width <= 1.0001
            assert 0 <= box.y <= box.y + box.height <= 1.0001
        depth = drawing.depth
        assert depth is not None
        assert depth.dtype == np.float32
        assert np.isinf(depth[0]).any()
        below = depth[-1]
        assert np.isfinite(below).all()
        assert float(np.median(below)) < float(np.median(depth[int(height * 0.8)])) * 1.001


@pytest.mark.parametrize("terrain", TERRAINS)
def test_two_sizes_are_the_same_picture(terrain: Terrain) -> None:
    scene = Landscape(terrain=terrain, seed=11, daytime="sunset")
    large_side = 768 if terrain in ("lake", "forest", "meadow", "city") else 384
    small, large = draw(scene, 256, 256), draw(scene, large_side, large_side)
    other = draw(scene.model_copy(update={"seed": 12}), 256, 256)
    assert distance(small, large) < 0.02
    assert distance(small, large) < 0.5 * distance(small, other)


@pytest.mark.parametrize("terrain", ["lake", "meadow", "city"])
def test_same_scene_gives_same_bytes_and_another_seed_another_composition(terrain: Terrain) -> None:
    scene = Landscape(terrain=terrain, seed=3, weather="snow")
    first, again = draw(scene, 96, 96), draw(scene, 96, 96)
    assert first.pixels.tobytes() == again.pixels.tobytes()
    other = draw(scene.model_copy(update={"seed": 4}), 96, 96)
    assert first.pixels.tobytes() != other.pixels.tobytes()


@pytest.mark.parametrize("weather", WEATHERS)
@pytest.mark.parametrize("daytime", DAYTIMES)
def test_every_hour_and_weather_draws(daytime: Daytime, weather: Weather) -> None:
    terrain = TERRAINS[(DAYTIMES.index(daytime) + WEATHERS.index(weather)) % len(TERRAINS)]
    drawing = draw(Landscape(terrain=terrain, daytime=daytime, weather=weather, seed=1), 96, 64)
    assert drawing.pixels.std() > 3


@pytest.mark.parametrize("name", PALETTES)
def test_hours_look_like_themselves_in_any_palette(name: str) -> None:
    palette = PALETTES[name]
    pictures = {
        hour: draw(Landscape(terrain="lake", palette=palette, daytime=hour, seed=2), 128, 96)
        for hour in ("day", "sunset", "night")
    }
    assert brightness(pictures["night"]) < 0.25 * brightness(pictures["day"])
    assert brightness(pictures["night"]) < 0.5 * brightness(pictures["sunset"])
    # Warm is red over blue; OKLab's b tells yellow from blue.
    horizon = {hour: seen(p)[11:13].mean((0, 1)) for hour, p in pictures.items()}
    assert horizon["sunset"][2] > horizon["night"][2]
    night = seen(pictures["night"])[:6].mean((0, 1))
    assert night[2] < 0.005


def test_a_palette_colours_the_picture() -> None:
    pictures = [
        draw(Landscape(terrain="hills", palette=p, seed=2), 96, 96) for p in PALETTES.values()
    ]
    for i, a in enumerate(pictures):
        for b in pictures[i + 1 :]:
            assert distance(a, b) > 0.02


@pytest.mark.parametrize("weather", ["fog", "rain", "snow", "storm", "cloudy"])
def test_weather_is_visible(weather: Weather) -> None:
    clear = draw(Landscape(terrain="mountains", seed=6), 192, 128)
    changed = draw(Landscape(terrain="mountains", seed=6, weather=weather), 192, 128)
    assert distance(clear, changed) > 0.025


@pytest.mark.parametrize("weather", ["aurora", "stars"])
def test_night_skies_carry_light(weather: Weather) -> None:
    scene = Landscape(terrain="mountains", seed=6, daytime="night")
    plain = draw(scene, 256, 192).pixels[:90].astype(int)
    rich = draw(scene.model_copy(update={"weather": weather}), 256, 192).pixels[:90].astype(int)
    assert (rich.max(-1) > 60).sum() > 2 * (plain.max(-1) > 150).sum() + 40


@pytest.mark.parametrize("season", [s for s in SEASONS if s != "none"])
def test_seasons_change_the_land(season: Season) -> None:
    plain = draw(Landscape(terrain="hills", seed=9, season="none"), 128, 96)
    changed = draw(Landscape(terrain="hills", seed=9, season=season), 128, 96)
    land = np.s_[16:]
    assert float(np.linalg.norm(seen(plain)[land] - seen(changed)[land], axis=-1).mean()) > 0.01


@pytest.mark.parametrize("terrain", ["mountains", "island", "lake", "city"])
def test_a_calm_side_holds_neither_subject_nor_sun(terrain: Terrain) -> None:
    for seed in (1, 2):
        for space in ("left", "right"):
            drawing = draw(Landscape(terrain=terrain, seed=seed, space=space), 160, 90)
            for box in drawing.subjects:
                middle = box.x + box.width / 2
                assert (middle > 0.5) == (space == "left")


@pytest.mark.parametrize("terrain", ["mountains", "city", "dunes"])
def test_calm_above_gives_more_sky(terrain: Terrain) -> None:
    above = draw(Landscape(terrain=terrain, seed=4, space="top"), 120, 120)
    below = draw(Landscape(terrain=terrain, seed=4, space="bottom"), 120, 120)
    assert above.depth is not None
    assert below.depth is not None
    assert np.isinf(above.depth).mean() > np.isinf(below.depth).mean() + 0.05
    top = above.pixels[:36]
    # Dunes are calm everywhere: there the sky need only be as calm as they are.
    assert busyness(top) < max(0.6 * busyness(above.pixels), 0.015)


def test_noise_slopes_are_the_slopes_of_its_values() -> None:
    x, z = np.meshgrid(
        np.linspace(0.2, 3.2, 600, dtype=np.float32), np.linspace(5, 8, 600, dtype=np.float32)
    )
    u, w = Jet.plane(x, z, slopes=True)
    n = lattice(1).at(u, w) * 2.0 + u * w
    assert n.dx is not None
    assert n.dz is not None
    step = float(x[0, 1] - x[0, 0])
    across = (n.v[:, 2:] - n.v[:, :-2]) / (2 * step)
    along = (n.v[2:] - n.v[:-2]) / (2 * step)
    assert float(np.abs(across - n.dx[:, 1:-1]).mean()) < 0.08
    assert float(np.abs(along - n.dz[1:-1]).mean()) < 0.08
