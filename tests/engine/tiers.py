"""A published model with two tiers: a cheap vendor, a dear one, and a judge between them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from brandmodel import AsyncBrandModel
from brandmodel.recipes import recipe
from brandmodel.tasks import (
    Asset,
    Brief,
    Context,
    Judgement,
    Request,
    Result,
    Score,
    Stage,
    Take,
    Usage,
)
from brandmodel.testing import FakeVendor

CHEAP_USD, DEAR_USD, JUDGE_USD = 0.02, 0.25, 0.001
NO_FILE = Asset(sha256="0" * 64, media_type="image/png", size=0)


class Sketch(Result):
    text: str = ""


class Outlined(Result):
    text: str = ""


class OutlineSketch(Request[Outlined]):
    """What shall be seen; a plan."""

    stage: ClassVar[Stage] = "plan"
    about: str

    def sketch(self, *, dear: bool) -> Outlined:
        return Outlined(text="?")


class DrawSketch(Request[Sketch]):
    """One drawing, in letters; capitals where it keeps to a reference."""

    stage: ClassVar[Stage] = "generate"
    text: str
    lines: int = 1
    kept: str = ""
    reference: Asset | None = None

    def sketch(self, *, dear: bool) -> Sketch:
        return Sketch(text="?")

    def usage(self, result: Sketch) -> Usage:
        return Usage(images=1)

    def keeping_to(self, draft: Sketch) -> DrawSketch:
        return self.model_copy(update={"reference": NO_FILE, "kept": draft.text})


class WeighSketches(Request[Judgement]):
    """The best of some drawings, and whether it will do."""

    stage: ClassVar[Stage] = "generate"
    texts: tuple[str, ...]

    def sketch(self, *, dear: bool) -> Judgement:
        scores = tuple(Score(total=0.0 if dear else 1.0) for _ in self.texts)
        return Judgement(scores=scores, good=not dear)


class Verdicts:
    """What the judge says: a score for each drawing that it has not been told of is 1."""

    def __init__(self) -> None:
        self.scores: dict[str, float] = {}
        self.bad: set[str] = set()

    def __call__(self, request: WeighSketches, take: int) -> Judgement:
        totals = [self.scores.get(text, 1.0) for text in request.texts]
        best = max(range(len(totals)), key=lambda i: (totals[i], -i))
        good = request.texts[best] not in self.bad
        return Judgement(scores=tuple(Score(total=t) for t in totals), best=best, good=good)


async def weighed(ctx: Context, takes: Sequence[Take[Sketch]]) -> Judgement:
    return await ctx.call(WeighSketches(texts=tuple(t.result.text for t in takes)), name="judge")


@recipe("sketches", makes="text/plain")
async def sketches(ctx: Context, brief: Brief) -> dict[str, str]:
    """Each word outlined, drawn by cascade, drawn again in rounds where it is no good, reviewed."""

    async def one(word: str) -> str:
        unit = ctx.scope(word)
        plan = await unit.call(OutlineSketch(about=word), name="plan")
        asked = DrawSketch(text=plan.text, lines=2 if ctx.tier == "hero" else 1)
        drawn = await unit.cascade(asked, name="drawing", judge=weighed, count=2)
        if not drawn.verdict.good:
            for number, turn in enumerate(unit.rounds(2), 1):
                again = asked.model_copy(update={"text": f"{plan.text}{number}"})
                drawn = await turn.cascade(
                    again, name="drawing", judge=weighed, count=2, before=drawn
                )
                if drawn.verdict.good:
                    break
        return (await unit.review(drawn.seen, name="choose", best=drawn.best)).result.text

    return {"text": " ".join(await ctx.gather(*(one(word) for word in brief.prompt.split())))}


class House:
    """Both vendors, the judge, and the tables in a folder."""

    def __init__(self, folder: Path, *, below: float | None = 0.7) -> None:
        self.folder = folder
        self.verdicts = Verdicts()
        self.cheap = FakeVendor("cheap").serves(
            DrawSketch, self._drawn("w"), usd_per_call=CHEAP_USD
        )
        self.dear = FakeVendor("dear").serves(DrawSketch, self._drawn("h"), usd_per_call=DEAR_USD)
        self.plans = FakeVendor("plans").serves(
            OutlineSketch, lambda r, take: Outlined(text=f"<{r.about}>"), usd_per_call=0.01
        )
        self.judge = FakeVendor("juror").serves(
            WeighSketches, self.verdicts, usd_per_call=JUDGE_USD
        )
        vendors = (self.cheap, self.dear, self.plans, self.judge)
        self.routers = folder / "routers"
        for vendor in vendors:
            vendor.routers(folder / vendor.name)
        (self.routers / "targets").mkdir(parents=True, exist_ok=True)
        rows = [(folder / v.name / "vendors.toml").read_text() for v in vendors]
        (self.routers / "vendors.toml").write_text("\n".join(rows))
        for v in vendors:
            row = (folder / v.name / "targets" / f"{v.name}.toml").read_text()
            (self.routers / "targets" / f"{v.name}.toml").write_text(row)
        self.write(below=below)

    def write(self, *, below: float | None = 0.7, draw: str = "") -> None:
        cascade = "" if below is None else f", cascade = {{ below = {below} }}"
        lists = 'workhorse = ["cheap/DrawSketch"], hero = ["dear/DrawSketch"]'
        (self.routers / "tiers.toml").write_text(
            '[model]\nname = "tiers-1"\ndefault = true\ndefault_tier = "hero"\n[tasks]\n'
            'OutlineSketch = { workhorse = ["plans/OutlineSketch"], hero = ["plans/OutlineSketch"] }\n'
            'WeighSketches = ["juror/WeighSketches"]\n'
            f"DrawSketch = {draw or f'{{ {lists}{cascade} }}'}\n"
            "[caps]\nrun_usd = 100\nconfirm = false\n"
        )

    def model(self) -> AsyncBrandModel:
        return AsyncBrandModel(routers=self.routers, home=self.folder / "home")

    @property
    def billed_usd(self) -> float:
        vendors = (self.cheap, self.dear, self.plans, self.judge)
        return sum(vendor.billed_usd_nano for vendor in vendors) / 1e9

    @staticmethod
    def _drawn(sign: str):  # type: ignore[no-untyped-def]
        def drawn(request: DrawSketch, take: int) -> Sketch:
            kept = f"={request.kept}" if request.reference else ""
            return Sketch(text=f"{request.text}{sign}{take}{kept}")

        return drawn
