"""What may stand in the routing tables. Unknown keys are errors."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from brandmodel.tasks import Tier

Policy = Literal["ordered", "cheapest"]
PriceUnit = Literal[
    "request",
    "million_tokens_in",
    "million_tokens_out",
    "image",
    "megapixel",
    "second",
    "thousand_characters",
]
Usd = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class VendorRow(_Row):
    """``vendors.toml``, ``[<vendor>]``.

    Attributes:
        provider: which adapter speaks to it.
        local: on this machine, procedural; its steps carry the grade ``local/<revision>``.
        key_env: name of the environment variable that holds the key; never the key.
        base_url: where the wire is, for hosts that speak a known one.
        settings: further fields for the provider.
    """

    provider: str
    local: bool = False
    key_env: str = ""
    base_url: str = ""
    settings: dict[str, Any] = {}


class TargetRow(_Row):
    """``targets/<vendor>.toml``, ``[<model>]``.

    Attributes:
        model: the vendor's own name; the row's name when it is left out.
        revision: of a local target: raised whenever its results change.
        price: USD by unit; with its ``price_source`` and ``price_checked`` date.
        latency_s: what a call usually takes, in seconds.
    """

    tasks: Annotated[list[str], Field(min_length=1)]
    model: str = ""
    revision: Annotated[int, Field(ge=1)] = 1
    price: dict[PriceUnit, Usd] = {}
    price_source: str = ""
    price_checked: datetime.date | None = None
    latency_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    since: datetime.date | None = None
    until: datetime.date | None = None
    licence: str = ""
    settings: dict[str, Any] = {}


class TaskRow(_Row):
    """``[tasks] Task = {...}`` of a published model.

    Either ``targets`` (one list for both tiers), or ``workhorse`` and ``hero``.

    Attributes:
        stand_in: a local target may serve when every other fails; shown as one, never kept.
    """

    targets: list[str] = []
    workhorse: list[str] = []
    hero: list[str] = []
    policy: Policy = "ordered"
    stand_in: bool = False


def _row_of(entry: Any) -> Any:
    """A bare list is the short way to write ``{ targets = [...] }``."""
    return {"targets": cast("list[Any]", entry)} if isinstance(entry, list) else entry


TaskEntry = Annotated[TaskRow, BeforeValidator(_row_of)]


class ModelRow(_Row):
    """``[model]`` of a published model.

    Attributes:
        default: the model that is taken when none is named.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
    description: str = ""
    default_tier: Tier = "hero"
    default: bool = False


class ModelFile(_Row):
    """``<published model>.toml``.

    Attributes:
        tasks: targets by task.
        recipes: settings by recipe and tier.
    """

    model: ModelRow
    tasks: dict[str, TaskEntry]
    recipes: dict[str, dict[Tier, dict[str, Any]]] = {}
