"""Quotes against bills: what a run comes to lies within what was quoted, whatever is asked for."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from brandmodel import AsyncBrandModel
from tests.e2e.vendors import DRAFT, FILM, POSTER, command, exact, nano
from tests.testing.counter import Counter

pytestmark = pytest.mark.anyio
OWN = "Cold brew.\nNow in a bottle."


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for.

    Attributes:
        branded: by a company with documents, a palette and a logo.
        again: after a first one, of which steps are known.
    """

    prompt: str
    recipe: str = "picture"
    wishes: dict[str, Any] = field(default_factory=dict[str, Any])
    branded: bool = False
    again: bool = False


def _picture(width: int, height: int, tier: str = "hero", **wishes: Any) -> Order:
    more = {name: wishes.pop(name) for name in ("branded", "again") if name in wishes}
    prompt = wishes.pop("prompt", POSTER)
    return Order(prompt, "picture", {"size": (width, height), "tier": tier, **wishes}, **more)


def _options(**options: Any) -> Order:
    return _picture(320, 320, options=options)


def _photograph() -> bytes:
    data, picture = io.BytesIO(), Image.new("RGB", (240, 320), "white")
    picture.paste((180, 40, 30), (80, 60, 160, 280))
    picture.save(data, "PNG")
    return data.getvalue()


QUICK = [
    _picture(160, 96),
    # Larger than any vendor draws it: one take, and enlarged for money.
    _picture(2000, 1200, "workhorse", without=["fal"], options={"takes": 1, "scale": 1.0}),
    _picture(160, 96, again=True),
    Order("What is Aurelia?", "answer", branded=True),
    Order("A voice-over", "voiceover", {"script": "One line.\nAnd another one."}),
]
EVERY = [
    _picture(160, 96, "workhorse"),
    _picture(768, 512),
    _picture(512, 768, prompt="A flyer for a summer jazz night on Friday 8 pm"),
    _picture(1400, 300, prompt="A banner: 'Spring sale' by Nordlys"),
    _picture(300, 1400, "workhorse", prompt="A picture of a mountain lake at dawn"),
    _picture(1600, 1600),
    _picture(2000, 1200, "workhorse", prompt="An illustration of three mugs"),
    _picture(64, 64),
    _picture(640, 640, branded=True),
    _picture(2048, 2048, options={"takes": 1}),
    _options(takes=1),
    _options(takes=4),
    _options(rounds=0),
    _options(rounds=3, takes=1),
    _options(preview=1.0),
    _options(preview=0.2, takes=3),
    _options(grade=0.0),
    _picture(320, 320, product=_photograph()),
    _picture(320, 320, "workhorse", product=_photograph(), branded=True),
    *(_picture(320, 320, without=[name]) for name in ("openai", "anthropic", "google")),
    *(_picture(1200, 1200, without=[name]) for name in ("fal", "replicate")),
    _picture(768, 512, again=True, seed=5),
    *(
        Order(question, "answer", {"tier": tier}, branded=True)
        for question in (
            "How is the tonic brewed and where can I buy it?",
            "Explain the price of a crate and who delivers it",
            "Summarise everything about the company, with all dates",
        )
        for tier in ("hero", "workhorse")
    ),
    Order("A voice-over for Aurelia, a cold brew tonic", "voiceover"),
    Order("A 20-second voice-over about the sea", "voiceover", {"tier": "workhorse"}),
    Order("Read aloud: The night is long. The coffee is cold.", "voiceover"),
    Order("A voice-over", "voiceover", {"script": "One.", "options": {"takes": 1}}),
    Order("A voice-over for a bakery", "voiceover", {"options": {"pace": 1.2, "takes": 5}}),
    Order("A voice-over for Aurelia", "voiceover", {"without": ["elevenlabs"]}),
    Order(FILM, "film", {**DRAFT, "product": _photograph()}),
    Order("A 5-second film of the sea, no voice", "film", {**DRAFT, "size": (180, 320)}),
    Order("A 8-second trailer for a jazz night", "film", {**DRAFT, "options": {"takes": 2}}),
    Order(FILM, "film", {**DRAFT, "without": ["replicate"]}),
    Order("A 6-second film for Nordlys", "film", {**DRAFT, "options": {"fps": 25}}, branded=True),
    Order(FILM, "film", {**DRAFT, "tier": "hero"}),
    Order("A 6-second film for Aurelia", "film", {**DRAFT, "script": OWN}),
    Order(FILM, "film", DRAFT, again=True),
]
assert len(QUICK) + len(EVERY) == 50


def _names() -> Iterator[Any]:
    for number, order in enumerate([*QUICK, *EVERY]):
        marks = () if number < len(QUICK) else (pytest.mark.vendors,)
        yield pytest.param(order, id=f"{number}-{order.recipe}", marks=marks)


@pytest.mark.parametrize("order", list(_names()))
async def test_the_bill_lies_within_the_quote(
    vendors: Counter, tmp_path: Path, order: Order
) -> None:
    more: Any = {}
    if order.branded:
        command(vendors, tmp_path / "home", "init", str(tmp_path / "brand"))
        more["brand"] = tmp_path / "brand"
    asked: Any = {"recipe": order.recipe, **order.wishes}
    async with AsyncBrandModel(routers=vendors.routers, home=tmp_path / "home", **more) as model:
        if order.again:
            await model.run(order.prompt, **{**asked, "seed": 9})
        before = len(vendors.jobs())
        quote = await model.quote(order.prompt, **asked)
        receipt = (await model.run(order.prompt, **asked)).receipt
    billed = sum(map(nano, vendors.jobs()[before:]))
    wishes = {name: wish for name, wish in order.wishes.items() if name != "product"}
    print(
        f"\n{order.recipe:9} {quote.low_usd:.9f} <= {billed / 10**9:.9f} <= {quote.high_usd:.9f}"
        f"  {wishes}",
        end="",
    )
    assert exact(quote.low_usd) <= billed <= exact(quote.high_usd)
    assert exact(receipt.paid_usd) == billed
    if order.recipe in ("picture", "answer"):
        # No plan names their steps: nothing may run of which the quote did not speak.
        assert {step.name for step in receipt.steps} <= {step.name for step in quote.steps}
    # Units of the steps are told with six digits.
    assert quote.low_units - 1e-3 <= receipt.units <= quote.high_units + 1e-3
