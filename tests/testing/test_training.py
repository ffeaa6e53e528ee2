"""From pictures to weights to a picture in their style, and what it costs."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from brandmodel import AsyncBrandModel
from brandmodel.errors import RoutingError
from brandmodel.recipes import recipe
from brandmodel.tasks import Brief, Context, GenerateImage, TrainImageStyle, Weights
from tests.providers.media import png
from tests.testing.counter import Counter

pytestmark = pytest.mark.anyio
ROW = """
[{name}]
tasks = ["GenerateImage"]
model = "fake/lora"
price = {{ image = 0.035 }}
settings.result = {{ media = "images[0].url", family = "image" }}
settings.map = {{ prompt = "prompt", size = "image_size{{width,height}}", loras = "loras" }}
settings.loras = {loras}
"""


@recipe("taught", makes="text/plain")
async def taught(ctx: Context, brief: Brief) -> dict[str, str]:
    """Weights of the pictures that came along."""
    asked = TrainImageStyle(images=brief.pictures, trigger="acme style", steps=500)
    return {"weights": (await ctx.call(asked, name="train")).model_dump_json()}


@recipe("in-style", makes="text/plain")
async def in_style(ctx: Context, brief: Brief) -> dict[str, str]:
    """A picture by each of the rows that the prompt names."""
    made: dict[str, str] = {}
    for row in brief.prompt.split():
        asked = GenerateImage(prompt="A bottle", width=64, height=64, target=f"fal/{row}")
        made[row] = (await ctx.call(asked, name=row)).image.model_dump_json()
    return {"pictures": json.dumps(made)}


def redness(data: bytes) -> float:
    pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=float)
    return float(pixels[..., 0].mean() - pixels[..., 1:].mean())


async def test_from_pictures_to_weights_to_a_picture(vendors: Counter, tmp_path: Path) -> None:
    routers, home, before = tmp_path / "routers", tmp_path / "home", len(vendors.jobs())
    shutil.copytree(vendors.routers, routers)
    shown = [png(64, 64, f"rgb({230 + n},10,20)") for n in range(4)]
    async with AsyncBrandModel(routers=routers, home=home) as model:
        done = await model.run("Our style", recipe="taught", picture=shown)
        weights = Weights.model_validate_json(done.text)
        assert weights.trigger == "acme style"
        file = tmp_path / "acme.safetensors"
        shutil.copy(model.engine.store.path(weights.file), file)
        assert done.receipt.paid_usd == 0.2 + 500 * 0.002
        again = await model.run("Our style", recipe="taught", picture=shown)
        assert (again.text, again.receipt.paid_usd) == (done.text, 0.0)
    with (routers / "targets" / "fal.toml").open("a") as rows:
        loras = f'[{{ path = "{file}", scale = 0.9, trigger = "acme style" }}]'
        rows.write(ROW.format(name="plain", loras="[]") + ROW.format(name="styled", loras=loras))
        other = tmp_path / "other.safetensors"
        other.write_bytes(b"these are none")
        rows.write(ROW.format(name="broken", loras=f'[{{ path = "{other}" }}]'))
    async with AsyncBrandModel(routers=routers, home=home) as model:
        made = json.loads((await model.run("plain styled", recipe="in-style")).text)
        pictures = {
            row: await model.engine.store.read(weights.file.model_validate_json(told))
            for row, told in made.items()
        }
        assert redness(pictures["styled"]) > redness(pictures["plain"]) + 40
        with pytest.raises(RoutingError):
            await model.run("broken", recipe="in-style")
    billed = [(job["task"], job["usd"]) for job in vendors.jobs()[before:]]
    assert billed == [("TrainImageStyle", 1.2), ("GenerateImage", 0.035), ("GenerateImage", 0.035)]
