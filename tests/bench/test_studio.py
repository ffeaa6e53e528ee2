"""What the local studio costs: the poster, and each engine by itself. Figures are printed."""

from __future__ import annotations

import importlib
import time
from pathlib import Path

import pytest

from brandmodel import AsyncBrandModel
from brandmodel.local.picture.scene import SCENE

pytestmark = [pytest.mark.anyio, pytest.mark.bench]
POSTER = "A poster for Aurelia, a cold brew tonic: autumn launch, Thursday 7 pm"


async def test_the_poster(tmp_path: Path) -> None:
    async with AsyncBrandModel(home=tmp_path) as studio:
        first = (await studio.run(POSTER)).receipt
        again = (await studio.run(POSTER)).receipt
        friday = (await studio.run(POSTER.replace("Thursday", "Friday"))).receipt
        draft = (await studio.run(POSTER, tier="workhorse")).receipt
    print(f"\nposter 1024x1024: {first.seconds:.1f} s, {len({s.task for s in first.steps})} tasks")
    for step in sorted(first.steps, key=lambda s: -s.seconds):
        print(f"  {step.name:<10} {step.seconds:5.2f} s  {step.seconds / first.seconds:4.0%}")
    print(
        f"again: {again.seconds:.2f} s; Friday: {friday.seconds:.2f} s, {friday.count('ran')} ran"
    )
    print(f"draft: {draft.seconds:.2f} s")


@pytest.mark.parametrize(
    "scene",
    [
        {"kind": "landscape", "terrain": "mountains"},
        {"kind": "landscape", "terrain": "island"},
        {"kind": "landscape", "terrain": "city", "daytime": "night"},
        {"kind": "landscape", "terrain": "forest", "weather": "fog"},
        {"kind": "still_life", "product": "bottle", "label": "Aurelia"},
        {"kind": "still_life", "product": "mug"},
        {"kind": "abstract", "style": "geometry"},
        {"kind": "abstract", "style": "ribbons"},
    ],
    ids=lambda scene: "-".join(str(v) for v in scene.values()),
)
async def test_an_engine(scene: dict[str, str]) -> None:
    engine = importlib.import_module(f"brandmodel.local.picture.{scene['kind']}")
    one = SCENE.validate_python(scene)
    engine.draw(one, 128, 128)
    began = time.process_time()
    engine.draw(one, 1024, 1024)
    print(f"\n{' '.join(scene.values())}: {time.process_time() - began:.2f} CPU s a megapixel")
