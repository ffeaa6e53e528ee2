"""What may stand in the routing tables. Unknown keys are errors."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from brandmodel.tasks import Tier

Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Policy = Literal["ordered", "cheapest", "fastest", "weighted"]
Obligation = Literal["show-name", "attribution", "non-commercial"]
Usd = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class VendorRow(_Row):
    """``vendors.toml``, ``[<vendor>]``.

    Attributes:
        provider: which adapter speaks to it.
        local: on this machine, procedural; its steps carry the grade ``local/<revision>``.
        key_env: name of the environment variable that holds the key; never the key.
        base_url: where the wire is, for hosts that speak a known one.
        requests_per_minute: what the vendor allows, for targets that do not say otherwise.
        webhook: address of yours to which it shall report that a job has ended; ``${NAME}`` in it stands
            for a variable.
        settings: further fields for the provider.
    """

    provider: str
    local: bool = False
    key_env: str = ""
    base_url: str = ""
    requests_per_minute: Count | None = None
    webhook: Annotated[str, Field(pattern=r"^((https?://|\$\{)\S+)?$")] = ""
    settings: dict[str, Any] = {}


class PriceRow(_Row):
    """``price`` of a target: USD by unit; several add up.

    Attributes:
        max_lines: the shorter side of the result, in pixels, up to which it holds.
        started_megapixel: of 2**20 pixels, each begun one counted whole.
        sketch: of each unfinished state that the row's ``sketches`` asks for.
    """

    max_lines: Annotated[int, Field(ge=1)] | None = None
    request: Usd = 0
    million_tokens_in: Usd = 0
    million_tokens_out: Usd = 0
    image: Usd = 0
    sketch: Usd = 0
    megapixel: Usd = 0
    started_megapixel: Usd = 0
    second: Usd = 0
    thousand_characters: Usd = 0


def _prices_of(entry: Any) -> Any:
    """A bare table is the short way to write a list of one."""
    return [entry] if isinstance(entry, dict) else entry


def _rising(prices: list[PriceRow]) -> list[PriceRow]:
    sizes = [price.max_lines for price in prices]
    reached = [size for size in sizes if size is not None]
    if None in sizes[:-1] or reached != sorted(set(reached)):
        raise ValueError("sizes must rise, and only the last may have no `max_lines`")
    return prices


class LimitsRow(_Row):
    """``limits`` of a target: a request beyond them goes to the next one.

    Attributes:
        max_images: pictures that go along with a request.
        durations_s: lengths of a clip that it makes; what is asked is made, and billed, as the next
            longer one.
    """

    max_input_tokens: Count | None = None
    max_output_tokens: Count | None = None
    max_characters: Count | None = None
    max_side: Count | None = None
    max_images: Count | None = None
    max_duration_s: Count | None = None
    durations_s: Annotated[list[Count], Field(min_length=1)] | None = None


Prices = Annotated[list[PriceRow], BeforeValidator(_prices_of), AfterValidator(_rising)]


class TargetRow(_Row):
    """``targets/<vendor>.toml``, ``[<model>]``.

    Attributes:
        tasks: by name, or a group: ``writing`` is every task that a language model can write,
            ``looking`` those that it does by looking at pictures.
        model: the vendor's own name; the row's name when it is left out.
        revision: of a local target: raised whenever its results change.
        price: USD by unit, perhaps by size; with its ``price_source`` and ``price_checked`` date.
        tokens: ``provider:model`` of the package genai-prices, for a price by tokens. Beside it
            ``price`` bounds a call before its tokens are known, and counts where nobody tells them.
        limits: what it takes at most.
        thought_tokens: what a model may think before it answers: asked for on top of the answer's own
            limit, and part of the highest price.
        sketches: unfinished states of a picture that a run shows while it is made, where the wire has them.
            Each costs what ``sketch`` of ``price`` says.
        latency_s: what a call usually takes, in seconds.
        requests_per_minute: what the vendor allows.
        obligations: what the licence asks of whoever uses the results.
    """

    tasks: Annotated[list[str], Field(min_length=1)]
    model: str = ""
    revision: Annotated[int, Field(ge=1)] = 1
    price: Prices = []
    tokens: Annotated[str, Field(pattern=r"^([a-z0-9_-]+:\S+)?$")] = ""
    price_source: str = ""
    price_checked: datetime.date | None = None
    limits: LimitsRow = LimitsRow()
    thought_tokens: Annotated[int, Field(ge=0)] = 0
    sketches: Annotated[int, Field(ge=0, le=3)] = 0
    latency_s: Count = 1.0
    requests_per_minute: Count | None = None
    since: datetime.date | None = None
    until: datetime.date | None = None
    licence: str = ""
    obligations: list[Obligation] = []
    settings: dict[str, Any] = {}

    @model_validator(mode="after")
    def _sketches_have_a_price(self) -> TargetRow:
        if self.sketches and not all("sketch" in price.model_fields_set for price in self.price):
            raise ValueError("`sketches` need a price: `sketch`, in USD, for every size")
        return self


class CascadeRow(_Row):
    """``cascade`` of a task: its workhorse goes first, and its hero only where that is not good enough.

    Attributes:
        below: the judge's score, from 0 to 1, below which the hero is asked.
    """

    below: Annotated[float, Field(gt=0, le=1)]


class TaskRow(_Row):
    """``[tasks] Task = {...}`` of a published model.

    Either ``targets`` (one list for both tiers), or ``workhorse`` and ``hero``.

    Attributes:
        weights: share of the steps by target id, for the policy ``weighted``; 1 where none is given.
        stand_in: a local target may serve when every other fails; shown as one, never kept.
        on_refusal: what a target's refusal does: ``stop`` the step, or let the ``next`` one try.
        deadline_s: for the whole step, over all its targets.
        cascade: where nobody asked for a tier, the hero's turn comes only after the judge's word.
    """

    targets: list[str] = []
    workhorse: list[str] = []
    hero: list[str] = []
    policy: Policy = "ordered"
    weights: dict[str, Weight] = {}
    stand_in: bool = False
    on_refusal: Literal["stop", "next"] = "stop"
    deadline_s: Count | None = None
    cascade: CascadeRow | None = None

    def listed(self) -> list[str]:
        """Every target of every list."""
        return [*self.targets, *self.workhorse, *self.hero]


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


class CapsRow(_Row):
    """``[caps]`` of a published model: what it may spend, in USD.

    Attributes:
        run_usd: of one run that was given no budget of its own.
        day_usd: of all its runs of one day, in UTC; None sets no limit.
        key_usd_per_day: of all runs of one API key in a day.
        confirm: the first live run of a project names the vendors and the price, and asks.
    """

    run_usd: Usd = 2.0
    day_usd: Usd | None = None
    key_usd_per_day: Usd | None = None
    confirm: bool = True


class ModelFile(_Row):
    """``<published model>.toml``.

    Attributes:
        tasks: targets by task.
        caps: limits of what it may spend.
        recipes: settings by recipe and tier.
    """

    model: ModelRow
    tasks: dict[str, TaskEntry]
    recipes: dict[str, dict[Tier, dict[str, Any]]] = {}
    caps: CapsRow = CapsRow()
