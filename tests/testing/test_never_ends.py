"""Jobs that never end: given up in time, stopped at the vendor's, and their money held."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from brandmodel import AsyncBrandModel
from brandmodel.errors import OutcomeUnknownError
from brandmodel.recipes import recipe
from brandmodel.tasks import Brief, Context, GenerateImage
from tests.testing.counter import Counter

pytestmark = pytest.mark.anyio


async def drawn(ctx: Context, brief: Brief) -> dict[str, str]:
    made = await ctx.call(GenerateImage(prompt=brief.prompt, width=64, height=64), name="picture")
    return {"text": f"{made.image.width} x {made.image.height}"}


@pytest.mark.parametrize("vendor", ["fal", "replicate"])
async def test_a_job_that_never_ends(vendor: str, vendors: Counter, tmp_path: Path) -> None:
    recipe("drawn-late", makes=("text/plain",))(drawn)
    routers = shutil.copytree(vendors.routers, tmp_path / "routers")
    table, targets = routers / "fake-studio.toml", f'["{vendor}/picture", "openai/fake-image"]'
    written = (
        '[model]\nname = "fake-studio"\ndefault = true\n[tasks]\n'
        f"GenerateImage = {{ targets = {targets}, deadline_s = 1 }}\n[caps]\nconfirm = false\n"
    )
    table.write_text(written)
    before = {job["job_id"] for job in vendors.jobs()}
    vendors.fault("never-finishes", vendor)
    async with AsyncBrandModel(routers=routers, home=tmp_path / "home") as model:
        with pytest.raises(OutcomeUnknownError) as caught:
            await model.run(f"A late bottle of {vendor}", recipe="drawn-late")
        assert vendor not in str(caught.value)
        journal = model.engine.journal
        (attempt,) = await journal.attempts()
        assert (attempt.state, attempt.error) == ("unknown", "ProviderTimeoutError")
        assert attempt.job, "its handle is kept: the same run again looks at it"
        held = await journal.spending(f"run:{attempt.run_id}")
        assert (held.held_nano, held.spent_nano) == (attempt.high_nano, 0)
        begun = [job for job in vendors.jobs() if job["job_id"] not in before]
        assert [job for job in begun if job["state"] == "running"] == [], "it was stopped there"
        await model.engine.resolve(attempt.id, "did-not")
        assert (await journal.spending(f"run:{attempt.run_id}")).held_nano == 0
    table.write_text(written.replace("deadline_s = 1", "deadline_s = 60"))
    async with AsyncBrandModel(routers=routers, home=tmp_path / "home") as model:
        again = await model.run(f"A late bottle of {vendor}", recipe="drawn-late")
        width, height = again.text.split(" x ")
        assert width == height, "drawn, in the size that the vendor has"
