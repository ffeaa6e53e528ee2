"""Titles on moving pictures: readable under every letter, and not broken without need."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from brandmodel.brand import Palette
from brandmodel.tasks import TypeLine
from tests.local.cutting import HEIGHT, WIDTH, Studio, flat, frames_of, luminance, shot

PALETTE = Palette(ink="#101820", paper="#f4f5f7")
LAVENDER, DUNES, LIGHT = (146, 130, 160), (168, 126, 98), (214, 210, 204)


@pytest.fixture
def studio() -> Studio:
    return Studio()


def titled(studio: Studio, ground: np.ndarray, words: str, **more: Any) -> list[np.ndarray]:
    """The frames in which a title stands still and in full, of a film of a second."""
    only = shot("a", studio.clip(ground, 24), 0, 1, lines={"title": words})
    return frames_of(studio.film(shots=(only,), duration_s=1, palette=PALETTE, **more))[11:17]


def dusk(top: tuple[int, int, int]) -> np.ndarray:
    """A sky that is warmer and a little lighter below, over dark hills."""
    t = np.linspace(0, 1, HEIGHT)[:, None, None]
    ground = np.repeat(np.array(top) * (1 - t) + (np.array(top) + (26, 4, -20)) * t, WIDTH, 1)
    ground[HEIGHT * 3 // 4 :] *= 0.55
    return ground.astype(np.uint8)


def posts() -> np.ndarray:
    """Light, with one narrow dark post after another: under few of the letters, and thin."""
    ground = flat(LIGHT)
    for x in range(100, WIDTH, 180):
        ground[:, x : x + 5] = (70, 24, 24)
    return ground


def letters_of(frame: np.ndarray, ink: str) -> np.ndarray:
    """(H, W) 0 and 1: what has the ink's colour and is thick enough for a stroke of a title."""
    colour = [int(ink[i : i + 2], 16) for i in (1, 3, 5)]
    near = (np.abs(frame.astype(int) - colour).max(-1) < 14).astype(np.uint8)
    return cv2.morphologyEx(near, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))


def contrasts(frame: np.ndarray, ink: str) -> list[float]:
    """For each part of the title about as wide as a letter: the lowest ratio beside its strokes."""
    mask = letters_of(frame, ink)
    x, _, width, _ = cv2.boundingRect(mask)
    ring = (cv2.dilate(mask, np.ones((13, 13), np.uint8)) > 0) & (
        cv2.dilate(mask, np.ones((7, 7), np.uint8)) == 0
    )
    found: list[float] = []
    own = float(np.median(luminance(frame[mask > 0])))
    for left in range(x, x + width - 20, 30):
        ground = luminance(frame[:, left : left + 30][ring[:, left : left + 30]])
        found += [
            (max(own, float(v)) + 0.05) / (min(own, float(v)) + 0.05)
            for v in np.percentile(ground, (6, 94))
        ]
    return found


@pytest.mark.parametrize("top", [LAVENDER, DUNES])
def test_a_title_on_a_middle_tone_is_light_and_readable_at_its_worst_letter(
    studio: Studio, top: tuple[int, int, int]
):
    for frame in titled(studio, dusk(top), "Cold brew"):
        assert letters_of(frame, PALETTE.paper).sum() > 1500
        assert min(contrasts(frame, PALETTE.paper)) > 4.5


def test_a_dark_title_stands_on_light_ground_as_it_is(studio: Studio):
    ground = flat(LIGHT)
    frame = titled(studio, ground, "Cold brew")[0]
    assert min(contrasts(frame, PALETTE.ink)) > 7
    away = cv2.dilate(letters_of(frame, PALETTE.ink), np.ones((31, 31), np.uint8)) == 0
    assert np.abs(frame.astype(int) - ground)[away].mean() < 3, "a veil that nobody needs"


def test_a_thin_post_behind_one_letter_counts(studio: Studio):
    for frame in titled(studio, posts(), "Cold brew"):
        assert letters_of(frame, PALETTE.ink).sum() > 1500
        assert min(contrasts(frame, PALETTE.ink)) > 4.5


def lines(frame: np.ndarray, ink: str) -> int:
    """Rows of letters: runs of rows with ink that are higher than a dot."""
    filled = np.concatenate([[0], letters_of(frame, ink).any(1).astype(int), [0]])
    starts, ends = (np.flatnonzero(np.diff(filled) == step) for step in (1, -1))
    return int((ends - starts > 12).sum())


@pytest.mark.parametrize("words", ["Cold brew", "Spring sale"])
@pytest.mark.parametrize("size", [(WIDTH, HEIGHT), (HEIGHT, WIDTH)])
def test_a_title_of_two_words_stays_on_one_line(studio: Studio, words: str, size: tuple[int, int]):
    width, height = size
    frame = titled(studio, flat(LIGHT), words, width=width, height=height)[3]
    assert lines(frame, PALETTE.ink) == 1
    # It is no smaller for it than a title may be.
    assert cv2.boundingRect(letters_of(frame, PALETTE.ink))[2] > 0.35 * width


def test_a_title_that_would_be_too_small_for_one_line_is_broken(studio: Studio):
    words = "Good things take their time and so do we"
    frame = titled(studio, flat(LIGHT), words, width=HEIGHT, height=WIDTH)[3]
    assert lines(frame, PALETTE.ink) > 1


def test_the_title_of_the_end_card_stays_on_one_line(studio: Studio):
    film = studio.film(
        shots=(shot("a", studio.clip(flat(LIGHT), 6), 0, 0.25),),
        duration_s=1.5,
        end_s=1.25,
        palette=PALETTE,
        end_lines=(TypeLine(role="title", text="Spring sale"),),
    )
    assert lines(frames_of(film)[-1], PALETTE.paper) == 1
