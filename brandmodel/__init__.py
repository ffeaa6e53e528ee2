"""brandmodel: publish one model under your own name.

    from brandmodel import BrandModel

    studio = BrandModel()
    poster = studio.run("A poster for Aurelia, a cold brew tonic: autumn launch, Thursday 7 pm")
    poster.save("poster.png")
    print(poster.receipt)

Names are loaded when they are first used, so that the import stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brandmodel.brand import Brand, Palette, Voice
    from brandmodel.engine.overrides import choice, edit, lock
    from brandmodel.engine.quote import Quote
    from brandmodel.engine.receipt import Answer, Event, Output, Receipt
    from brandmodel.errors import BrandModelError
    from brandmodel.model import AsyncBrandModel, AsyncRun, BrandModel, Run
    from brandmodel.result import Result
    from brandmodel.tasks import Asset

__version__ = "0.1.0"

_HOMES = {
    "AsyncBrandModel": "model",
    "AsyncRun": "model",
    "BrandModel": "model",
    "Result": "result",
    "Run": "model",
    "Asset": "tasks",
    "Brand": "brand",
    "Palette": "brand",
    "Voice": "brand",
    "BrandModelError": "errors",
    "Answer": "engine.receipt",
    "Event": "engine.receipt",
    "Output": "engine.receipt",
    "Receipt": "engine.receipt",
    "Quote": "engine.quote",
    "choice": "engine.overrides",
    "edit": "engine.overrides",
    "lock": "engine.overrides",
}

__all__ = [
    "Answer",
    "Asset",
    "AsyncBrandModel",
    "AsyncRun",
    "Brand",
    "BrandModel",
    "BrandModelError",
    "Event",
    "Output",
    "Palette",
    "Quote",
    "Receipt",
    "Result",
    "Run",
    "Voice",
    "choice",
    "edit",
    "lock",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'brandmodel' has no attribute {name!r}")
    return getattr(importlib.import_module(f"brandmodel.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
