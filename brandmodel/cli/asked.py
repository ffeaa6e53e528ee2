"""What ``run`` and ``quote`` both take: options of the command line, and the wishes that they are."""

from __future__ import annotations

import functools
import inspect
import json
import re
from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Concatenate, ParamSpec, get_type_hints

import typer

from brandmodel.errors import InvalidRequestError
from brandmodel.wishes import Wishes

P = ParamSpec("P")
BrandFolder = Annotated[Path | None, typer.Option("--brand", help="Folder of a brand project.")]
Model = Annotated[str | None, typer.Option(help="Published model.")]
Without = Annotated[
    list[str] | None,
    typer.Option(metavar="VENDOR", help="Do not use this vendor; may be repeated."),
]

_SIZE = re.compile(r"([0-9]{1,6})[x×]([0-9]{1,6})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be made, as it was typed; every field is an option of its name."""

    prompt: Annotated[
        str, typer.Argument(help="What you want, in your own words.", show_default=False)
    ]
    recipe: Annotated[
        str | None, typer.Option(help="By name; picked from the prompt when left out.")
    ] = None
    brand: BrandFolder = None
    model: Model = None
    tier: Annotated[str | None, typer.Option(help="workhorse (a draft) or hero (the final).")] = (
        None
    )
    seed: Annotated[int, typer.Option(help="Another seed, another picture.")] = 0
    size: Annotated[str | None, typer.Option(metavar="WxH", help="In pixels, as in 1024x1024.")] = (
        None
    )
    product: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A photograph of the product; may be repeated."),
    ] = None
    picture: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A finished picture, shown as it is; may be repeated."),
    ] = None
    logo: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Stands in for the brand's own.")
    ] = None
    music: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Stands in for composed music.")
    ] = None
    script: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Your own words to be said, a line each.")
    ] = None
    option: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE", help="A setting of the recipe, as in fps=30; may be repeated."
        ),
    ] = None
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="STEP.field=value", help="Set a field of one step; may be repeated."
        ),
    ] = None

    without: Without = None

    def wishes(self) -> Wishes:
        """The same for the model.

        Raises:
            InvalidRequestError: an option is not of its form.
        """
        from brandmodel.engine.overrides import parse_assignment

        wishes: Wishes = {
            "recipe": self.recipe,
            "seed": self.seed,
            "size": _size(self.size),
            "product": self.product or None,
            "picture": self.picture or None,
            "logo": self.logo,
            "music": self.music,
            "script": self.script,
            "options": dict(_setting(text) for text in self.option or ()),
            "without": self.without or (),
        }
        if self.tier == "workhorse" or self.tier == "hero":
            wishes["tier"] = self.tier
        elif self.tier is not None:
            raise InvalidRequestError(f"no tier {self.tier!r}", hint="use workhorse or hero")
        if self.sets:
            wishes["overrides"] = dict(parse_assignment(text) for text in self.sets)
        return wishes


def taking(command: Callable[Concatenate[Asked, P], None]) -> Callable[..., None]:
    """A command whose first parameter is filled from options of the command line.

    typer reads a function's signature, so the fields of ``Asked`` stand in it as parameters, in
    front of the command's own.
    """
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    hints = get_type_hints(Asked, include_extras=True)
    ahead = [_parameter(each, hints[each.name]) for each in fields(Asked)]

    @functools.wraps(command)
    def filled(**given: Any) -> None:
        asked = Asked(**{each.name: given.pop(each.name) for each in fields(Asked)})
        command(asked, **given)  # pyright: ignore[reportCallIssue]

    filled.__signature__ = inspect.Signature([*ahead, *own])  # type: ignore[attr-defined]
    filled.__annotations__ = {each.name: each.annotation for each in (*ahead, *own)}
    del filled.__wrapped__  # type: ignore[attr-defined]
    return filled


def _parameter(field: Field[Any], annotation: Any) -> inspect.Parameter:
    default = inspect.Parameter.empty if field.default is MISSING else field.default
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(field.name, kind, default=default, annotation=annotation)


def _setting(text: str) -> tuple[str, Any]:
    """``NAME=VALUE`` as a pair; the value is read as JSON where it is JSON, else as text."""
    name, equals, written = text.partition("=")
    if not equals or not name.strip():
        raise InvalidRequestError(f"--option {text!r}: expected NAME=VALUE, as in fps=30")
    try:
        return name.strip(), json.loads(written, parse_constant=_no_json)
    except ValueError:
        return name.strip(), written


def _no_json(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    size = _SIZE.fullmatch(text.strip())
    if size is None:
        raise InvalidRequestError(
            f"--size {text!r} is not a size", hint="write WxH in pixels, as in 1024x1024"
        )
    return int(size[1]), int(size[2])
