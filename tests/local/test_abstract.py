from __future__ import annotations

from typing import get_args

import cv2
import numpy as np
import pytest

from brandmodel.brand import Palette
from brandmodel.local.picture import colour
from brandmodel.local.picture.abstract.engine import draw
from brandmodel.local.picture.scene import Abstract, Style

STYLES = get_args(Style)
SIDES = ("left", "right", "top", "bottom")
FLAT = ("geometry", "rings", "confetti")


def pixels(style: str, width: int = 320, height: int = 200, **scene) -> np.ndarray:
    return draw(Abstract(style=style, **{"seed": 7, **scene}), width, height).pixels


def edges(picture: np.ndarray) -> np.ndarray:
    grey = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (0, 0), 1.5)
    return cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))


def distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(float) - b.astype(float)).mean())


def side_of(picture: np.ndarray, side: str, share: float = 0.36) -> np.ndarray:
    height, width = picture.shape[:2]
    across, down = round(width * share), round(height * share)
    return {
        "left": picture[:, :across],
        "right": picture[:, -across:],
        "top": picture[:down],
        "bottom": picture[-down:],
    }[side]


OTHER = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("size", [(64, 64), (300, 90), (90, 300), (257, 143)])
def test_every_style_fills_any_format(style, size):
    drawn = pixels(style, *size)
    assert drawn.shape == (size[1], size[0], 3)
    assert drawn.dtype == np.uint8
    assert drawn.std() > 8


@pytest.mark.parametrize("style", STYLES)
def test_a_seed_is_one_picture(style):
    assert np.array_equal(pixels(style), pixels(style))


@pytest.mark.parametrize("style", STYLES)
def test_seeds_differ(style):
    drawn = [pixels(style, seed=seed) for seed in range(4)]
    for i, one in enumerate(drawn):
        for other in drawn[:i]:
            assert distance(one, other) > 6


@pytest.mark.parametrize("style", STYLES)
def test_another_size_is_the_same_picture(style):
    small = pixels(style, 240, 150).astype(float)
    large = cv2.resize(pixels(style, 720, 450), (240, 150), interpolation=cv2.INTER_AREA)
    soft = [cv2.GaussianBlur(p.astype(np.float32), (0, 0), 1.5) for p in (small, large)]
    unlike = distance(pixels(style, 240, 150, seed=99), large)
    assert distance(*soft) < min(5.0, unlike / 3)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("side", SIDES)
def test_the_asked_side_is_calm(style, side):
    calm, lively = 0.0, 0.0
    for seed in range(3):
        found = edges(pixels(style, seed=seed, space=side, energy=0.6))
        calm += float(np.percentile(side_of(found, side), 90))
        lively += float(np.percentile(side_of(found, OTHER[side]), 90))
    if style == "gradient":
        assert calm < 3 * 12
    else:
        assert calm < 0.3 * lively


@pytest.mark.parametrize("style", ["geometry", "confetti", "rings"])
def test_energy_makes_it_livelier(style):
    quiet = sum(edges(pixels(style, seed=s, energy=0.0)).mean() for s in range(5))
    lively = sum(edges(pixels(style, seed=s, energy=1.0)).mean() for s in range(5))
    assert lively > 1.12 * quiet


@pytest.mark.parametrize("style", FLAT)
def test_flat_styles_use_the_palette_and_nothing_else(style):
    palette = Palette(ink="#1b1b1e", paper="#ffffff", primary="#d7263d", accent="#f4d35e")
    drawn = pixels(style, 480, 300, palette=palette, energy=0.2)
    lab = colour.oklab(colour.linear(drawn)).reshape(-1, 3)
    named = (palette.ink, palette.paper, palette.primary, palette.accent)
    near = np.min([np.linalg.norm(lab - colour.lab(c), axis=-1) for c in named], axis=0)
    assert (near < 0.05).mean() > 0.9


@pytest.mark.parametrize("style", STYLES)
def test_another_palette_is_another_picture_in_colour(style):
    red = Palette(ink="#2b0a0a", paper="#fff4f0", primary="#c1121f", accent="#ffb703")
    drawn = pixels(style, palette=red).reshape(-1, 3).mean(0)
    assert drawn[0] > drawn[2] + 4


def test_more_colours_of_the_brand_are_used():
    palette = Palette(more=("#8a2be2",))
    drawn = [pixels("geometry", seed=s, palette=palette) for s in range(3)]
    lab = colour.oklab(colour.linear(np.stack(drawn))).reshape(-1, 3)
    violet = np.linalg.norm(lab - colour.lab("#8a2be2"), axis=-1) < 0.06
    assert violet.mean() > 0.02


def test_the_sun_is_named_as_a_subject_where_it_stands():
    palette = Palette(accent="#ff5500")
    drawing = draw(Abstract(style="waves", seed=3, palette=palette), 400, 240)
    (sun,) = drawing.subjects
    y = int((sun.y + sun.height * 0.25) * 240)
    x = int((sun.x + sun.width / 2) * 400)
    lab = colour.oklab(colour.linear(drawing.pixels[y - 2 : y + 3, x - 2 : x + 3]))
    assert np.linalg.norm(lab.mean((0, 1)) - colour.lab("#ff5500")) < 0.05


def test_neighbouring_tiles_stand_apart():
    """No flat seam-less plain: a grid at full energy has edges in every part of the picture."""
    found = edges(pixels("geometry", 400, 400, energy=1.0))
    parts = [
        found[r : r + 100, c : c + 100].max()
        for r in range(0, 400, 100)
        for c in range(0, 400, 100)
    ]
    assert min(parts) > 40
