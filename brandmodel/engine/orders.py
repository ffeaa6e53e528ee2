"""What a caller orders, and the plan that comes of it once tables and recipes were looked up."""

from __future__ import annotations

from dataclasses import dataclass, field

from brandmodel.engine import overrides as words
from brandmodel.engine.laws import check_recipe
from brandmodel.engine.promotion import Draft
from brandmodel.engine.spend import run_limit
from brandmodel.errors import BudgetExceededError, InvalidRequestError
from brandmodel.recipes import Recipe, find, pick, refuse_unmade_media
from brandmodel.routing import ModelTable, Tables, nano, usd
from brandmodel.tasks import Brief, Tier

LONGEST_PROMPT = 200_000


@dataclass(frozen=True, slots=True)
class Order:
    """What a caller wants: a brief and how to serve it.

    Attributes:
        recipe: by name; None picks one from the brief.
        tier: None takes the table's default.
        budget_usd: cap of this run; None takes the table's.
        review: whether reviews wait for a person; True for all, or their names.
        key: id of the caller's API key, under whose cap it runs; '' for none.
        without: vendors that must not be used.
        cascades: nobody asked for the tier, so the table's cascades hold; of a run that is gone on with.
        draft: the finished draft that it promotes.
    """

    brief: Brief
    recipe: str | None = None
    model: str | None = None
    tier: Tier | None = None
    budget_usd: float | None = None
    overrides: words.Overrides = field(default_factory=dict[str, words.Override])
    review: bool | frozenset[str] = False
    key: str = ""
    without: frozenset[str] = frozenset()
    cascades: bool = False
    draft: Draft | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """An order, resolved against tables and recipes.

    Attributes:
        cascades: whether the table's cascades hold: a tier that was asked for is meant.
    """

    order: Order
    recipe: Recipe
    table: ModelTable
    tier: Tier
    cascades: bool = False


def planned(order: Order, tables: Tables) -> Plan:
    """The order, resolved; what it cannot be served with is refused here.

    Raises:
        RequestError: the brief, the budget, the model or the recipe is none.
        RecipeError: the recipe breaks a law.
    """
    _check_brief(order.brief)
    if order.budget_usd is not None and not 0 <= order.budget_usd < 1e9:
        raise InvalidRequestError(
            f"a budget of {order.budget_usd} is not an amount",
            hint="give dollars, as in --budget 0.50",
        )
    table = tables.model(order.model)
    if order.recipe is None:
        refuse_unmade_media(order.brief.prompt)
    recipe = find(order.recipe) if order.recipe else pick(order.brief)
    if order.brief.media_type not in (None, *recipe.makes):
        raise InvalidRequestError(
            f"recipe {recipe.name!r} does not make {order.brief.media_type}",
            hint=f"it makes {', '.join(recipe.makes)}",
        )
    check_recipe(recipe.function)
    tier = order.tier or table.model.model.default_tier
    cascades = (order.tier is None or order.cascades) and bool(table.cascades)
    return Plan(order, recipe, table, tier, cascades)


def refuse_too_dear(plan: Plan, least_nano: int) -> None:
    """Refuse what costs more than its caps even at the least.

    Raises:
        BudgetExceededError: it does.
    """
    budget = nano_or_none(plan.order.budget_usd)
    limit = run_limit(plan.table, budget)
    if least_nano <= limit:
        return
    what, raised = "the budget is", "raise the budget"
    if budget is None:
        what, raised = "the cap of a run is", "give it a budget, or raise run_usd of the model"
    raise BudgetExceededError(
        f"the run costs at least ${usd(least_nano):.4f}, {what} ${usd(limit):.4f}",
        hint=f"{raised}; nothing was started",
    )


def may_refuse(brief: Brief) -> bool:
    """Whether the recipe may refuse what came with the brief, which is to be said before it begins."""
    return bool(brief.options or brief.script or brief.pictures)


def nano_or_none(amount: float | None) -> int | None:
    """Dollars as nano-USD, where there are any."""
    return None if amount is None else nano(amount)


def _check_brief(brief: Brief) -> None:
    if not brief.prompt.strip():
        raise InvalidRequestError("the prompt is empty", hint="say what you want to see or know")
    if len(brief.prompt) > LONGEST_PROMPT:
        raise InvalidRequestError(
            f"the prompt has {len(brief.prompt):,} characters", hint=f"at most {LONGEST_PROMPT:,}"
        )
    if not 0 <= brief.seed < 2**63:
        raise InvalidRequestError(f"seed {brief.seed} is out of range", hint="use 0 to 2^63 - 1")
    for name, side in (("width", brief.width), ("height", brief.height)):
        if side is not None and not 64 <= side <= 8192:
            raise InvalidRequestError(
                f"{name} of {side} pixels is out of range",
                hint="each side is from 64 to 8192 pixels",
            )
    if (brief.width or 1) * (brief.height or 1) > 34_000_000:
        raise InvalidRequestError(
            f"{brief.width}x{brief.height} is too large",
            hint="at most 34 megapixels, as in 5760x5760",
        )
