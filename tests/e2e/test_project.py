"""A brand project from outside the tree: its recipe, its task, its provider, its published model."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from brandmodel import AsyncBrandModel, BrandModel
from brandmodel.cli.project import write_project
from brandmodel.errors import ConfigError

pytestmark = pytest.mark.anyio

SHOUT = '''
from typing import ClassVar

from brandmodel.recipes import recipe
from brandmodel.tasks import Done, Request, Result, Stage, provider


class Loud(Result):
    text: str = ""


class Shout(Request[Loud]):
    """Say it in capitals."""

    stage: ClassVar[Stage] = "generate"
    words: str

    def sketch(self, *, dear):
        return Loud(text="?")


@provider("megaphone")
class Megaphone:
    async def start(self, call):
        return Done(Loud(text=call.request.words.upper()))

    async def aclose(self):
        pass


@recipe("shout", makes="text/plain", words=("shout",))
async def shout(ctx, brief):
    loud = await ctx.call(Shout(words=brief.prompt), name="shout")
    return {"text": loud.text}
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "aurelia"
    write_project(folder)
    return folder


async def test_the_sample_recipe_runs_with_the_brands_own_model(project: Path) -> None:
    async with AsyncBrandModel(brand=project) as model:
        result = await model.run("A bottle in autumn", recipe="five-steps", size=(128, 128))
    assert result.model == "aurelia-1"
    assert len(result.receipt.steps) == 5
    assert (project / ".brandmodel" / "journal.sqlite").exists()


async def test_a_project_brings_a_task_and_a_provider_of_its_own(project: Path) -> None:
    (project / "recipes" / "shouting.py").write_text(SHOUT)
    routers = project / "routers"
    with (routers / "vendors.toml").open("a") as vendors:
        vendors.write('[mega]\nprovider = "megaphone"\n')
    (routers / "targets").mkdir(exist_ok=True)
    (routers / "targets" / "mega.toml").write_text('[phone]\ntasks = ["Shout"]\n')
    own = routers / "aurelia-1.toml"
    own.write_text(own.read_text().replace("\n[tasks]", '\n[tasks]\nShout = ["mega/phone"] #', 1))
    async with AsyncBrandModel(brand=project) as model:
        result = await model.run("please shout this")
    assert result.recipe == "shout"
    assert result.text == "PLEASE SHOUT THIS"
    assert result.receipt.steps[0].target == "mega/phone"


def test_a_broken_recipe_file_is_named_with_its_line(project: Path) -> None:
    (project / "recipes" / "broken.py").write_text("import sys\n\nx = 1 / 0\n")
    with BrandModel(brand=project) as model:
        with pytest.raises(ConfigError, match=r"broken\.py, line 3: ZeroDivisionError"):
            model.run("anything")


def test_the_brands_own_look_is_kept(project: Path) -> None:
    import numpy as np
    from PIL import Image

    from brandmodel.local.retouch.hashing import palette_distance

    with BrandModel(brand=project) as model:
        palette = model.brand.palette
        assert palette is not None
        result = model.run("A poster for the spring launch", size=(256, 256))
        pixels = np.asarray(Image.open(result.outputs[0].path).convert("RGB"))
    assert palette_distance(pixels, palette) < 0.08


def test_an_installed_package_brings_recipes_and_providers(tmp_path: Path) -> None:
    """By entry points, as a package that is installed announces them."""
    site = tmp_path / "site"
    info = site / "megaphone-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: megaphone\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[brandmodel.recipes]\nshout = megaphone\n"
        "[brandmodel.providers]\nloudspeaker = megaphone:Megaphone\n"
    )
    without_decorator = SHOUT.replace('@provider("megaphone")\n', "")
    (site / "megaphone.py").write_text(without_decorator)
    routers = tmp_path / "routers"
    (routers / "targets").mkdir(parents=True)
    (routers / "vendors.toml").write_text('[mega]\nprovider = "loudspeaker"\n')
    (routers / "targets" / "mega.toml").write_text('[phone]\ntasks = ["Shout"]\n')
    (routers / "loud-1.toml").write_text(
        '[model]\nname = "loud-1"\n[tasks]\nShout = ["mega/phone"]\n'
    )
    script = (
        "from brandmodel import BrandModel\n"
        f"with BrandModel(routers={str(routers)!r}, home={str(tmp_path / 'home')!r}) as model:\n"
        "    print(model.run('say it', recipe='shout').text)\n"
    )
    paths = os.pathsep.join([str(site), str(Path(__file__).parents[2])])
    ran = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.strip() == "SAY IT", ran.stderr
