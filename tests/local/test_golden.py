"""Golden pictures: what a prompt gave when it was last looked at, by perceptual hash and palette.

Not bytes: libraries and processors differ. To renew after a change that was looked at:
``python -m tests.local.test_golden``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brandmodel.brand import Palette
from brandmodel.local.desk import Desk
from brandmodel.local.picture.drawing import generate
from brandmodel.local.retouch.hashing import hamming, palette_distance, phash
from brandmodel.local.retouch.pixels import load
from brandmodel.tasks import Asset, GenerateImage

GOLDEN = Path(__file__).parent / "golden_pictures.json"
SIDE = 256
FAR = 10
"""Bits of 63. Re-encoding moves 0 to 2, another picture about 30."""
PROMPTS = (
    "Dunes at sunset, calm and wide",
    "A lake below snowy mountains at dawn",
    "An island at midday",
    "City skyline at night",
    "A foggy forest in winter",
    "The sea in a storm",
    "A bottle of tonic in autumn, with leaves",
    "A mug of coffee with a warm disc behind it",
    "A jar with citrus in summer",
    "Bold geometry",
    "Ribbons of light on a dark ground",
    "A soft gradient",
)


def no_assets(asset: Asset) -> bytes:
    raise AssertionError("drawing reads no asset")


def drawn(prompt: str) -> Any:
    desk = Desk(no_assets)
    request = GenerateImage(prompt=prompt, width=SIDE, height=SIDE, palette=Palette())
    return load(desk.read(generate(request, desk).image))


def measured(prompt: str) -> dict[str, Any]:
    pixels = drawn(prompt)
    return {
        "hash": f"{phash(pixels):016x}",
        "palette": round(palette_distance(pixels, Palette()), 4),
    }


@pytest.mark.parametrize("prompt", PROMPTS)
def test_a_picture_is_still_the_picture(prompt: str) -> None:
    golden, now = json.loads(GOLDEN.read_text())[prompt], measured(prompt)
    assert hamming(int(golden["hash"], 16), int(now["hash"], 16)) <= FAR
    assert abs(golden["palette"] - now["palette"]) < 0.01


def test_no_two_golden_pictures_are_alike() -> None:
    hashes = [int(entry["hash"], 16) for entry in json.loads(GOLDEN.read_text()).values()]
    apart = [hamming(a, b) for i, a in enumerate(hashes) for b in hashes[:i]]
    assert min(apart) > FAR


@pytest.mark.parametrize("prompt", PROMPTS[:2])
def test_pictures_keep_to_the_palette(prompt: str) -> None:
    unlike = Palette(ink="#2a0a3a", paper="#f0fff0", primary="#00ff00", accent="#ff00ff")
    pixels = drawn(prompt)
    assert palette_distance(pixels, Palette()) < palette_distance(pixels, unlike)
    assert np.ptp(pixels.astype(int)) > 100


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps({prompt: measured(prompt) for prompt in PROMPTS}, indent=2) + "\n")
