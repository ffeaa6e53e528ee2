"""Tasks and recipes that the engine's tests run: small, typed, served by a fake vendor."""

from __future__ import annotations

from typing import ClassVar

from brandmodel.tasks import Asset, Request, Result, Stage, Usage
from brandmodel.testing import FakeVendor


class Text(Result):
    text: str = ""


class Lines(Result):
    ids: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


class Draft(Request[Lines]):
    """Whole-document planning: lines with ids of their own."""

    stage: ClassVar[Stage] = "plan"
    about: str

    def sketch(self, *, dear: bool) -> Lines:
        return Lines(ids=("sketch-a", "sketch-b"), lines=("?", "?")) if dear else Lines()


class Render(Request[Text]):
    """One unit, rendered."""

    stage: ClassVar[Stage] = "generate"
    text: str
    strength: float = 0.5
    reference: Asset | None = None

    def sketch(self, *, dear: bool) -> Text:
        # Short texts are rendered again by the recipes here, so the short one is the dear one.
        return Text(text="?" if dear else "?" * 50)

    def usage(self, result: Text) -> Usage:
        return Usage(tokens_in=200)


class Join(Request[Text]):
    stage: ClassVar[Stage] = "refine"
    parts: tuple[str, ...] = ()

    def sketch(self, *, dear: bool) -> Text:
        return Text(text="?")


def vendor(*, usd: float = 0.0, name: str = "fake") -> FakeVendor:
    """Serves all three; a rendering is upper case, a joint is one line."""
    fake = FakeVendor(name)
    fake.serves(
        Draft,
        lambda r, take: Lines(
            ids=tuple(f"line-{word}" for word in r.about.split()), lines=tuple(r.about.split())
        ),
    )
    fake.serves(Render, lambda r, take: Text(text=r.text.upper() + "'" * take), usd_per_call=usd)
    fake.serves(Join, lambda r, take: Text(text=" ".join(r.parts)))
    return fake
