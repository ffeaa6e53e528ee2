"""A person's word on a step, by the step's name; each remembers the key it was made on."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal, cast

from pydantic import TypeAdapter, ValidationError

from brandmodel.errors import InvalidRequestError
from brandmodel.tasks import Request, Result, Value


class Override(Value):
    """What was said about one step.

    Attributes:
        settings: fields of the request to be set before the step is asked.
        value: ``edit``: fields of the result that a person wrote; all of them, or some.
        choice: id of the chosen take.
        lock: id of the run whose result of this step is kept, whatever changed upstream.
        made_on: the key for which it was first applied.
    """

    kind: Literal["set", "edit", "choice", "lock"]
    settings: dict[str, Any] = {}
    value: dict[str, Any] = {}
    choice: str = ""
    lock: str = ""
    made_on: str = ""


def edit(value: Result | Mapping[str, Any]) -> Override:
    """A person's own result for a step: a whole result, or the fields to change in it."""
    fields = value.model_dump(mode="json") if isinstance(value, Result) else dict(value)
    return Override(kind="edit", value=fields)


def choice(take: str) -> Override:
    """The take a person chose, by its letter."""
    return Override(kind="choice", choice=take)


def lock(run_id: str) -> Override:
    """Keep the result that this step had in an earlier run, whatever changed since."""
    return Override(kind="lock", lock=run_id)


def settings(**fields: Any) -> Override:
    """Fields of a step's request, such as ``seed``, ``prompt`` or ``target``."""
    return Override(kind="set", settings=fields)


Overrides = dict[str, Override]
OVERRIDES: TypeAdapter[Overrides] = TypeAdapter(Overrides)


def parsed(given: Mapping[str, Any] | None) -> Overrides:
    """Overrides by step name, from what a caller may write.

    ``{"outline": edit(...)}``, ``{"picture": {"seed": 7}}`` and ``{"picture.seed": 7}`` are understood.

    Raises:
        InvalidRequestError: a value is none of these.
    """
    found: Overrides = {}
    for name, value in (given or {}).items():
        if isinstance(value, Override):
            found[name] = value
        elif isinstance(value, Result):
            found[name] = edit(value)
        elif isinstance(value, Mapping):
            fields = cast("Mapping[str, Any]", value)
            found[name] = _with_settings(found.get(name), fields)
        elif "." in name:
            step, _, field = name.rpartition(".")
            found[step] = _with_settings(found.get(step), {field: value})
        else:
            raise InvalidRequestError(
                f"override of {name!r}: expected edit(...), lock(...), choice(...), or fields to set"
            )
    return found


def parse_assignment(text: str) -> tuple[str, Any]:
    """``STEP.field=value`` as a pair; the value is read as JSON where it is JSON, else as text.

    Raises:
        InvalidRequestError: the text has another form.
    """
    left, equals, right = text.partition("=")
    if not equals or "." not in left.strip("."):
        raise InvalidRequestError(
            f"--set {text!r}: expected STEP.field=value, as in picture.seed=7"
        )
    try:
        value = json.loads(right)
    except json.JSONDecodeError:
        value = right
    return left.strip(), value


def with_settings(request: Request[Any], override: Override | None, *, name: str) -> Request[Any]:
    """The request with the fields that a person set.

    Raises:
        InvalidRequestError: the task has no such field, or the value does not fit.
    """
    if override is None or override.kind != "set":
        return request
    own = {k: v for k, v in override.settings.items() if k in type(request).model_fields}
    _refuse_unknown(request, override, name)
    if not own:
        return request
    try:
        return type(request).model_validate({**_fields(request), **own})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join([name, *(str(part) for part in first["loc"])])
        raise InvalidRequestError(f"{where}: {first['msg']}, not {first['input']!r}") from error


def edited(
    result_type: type[Result], override: Override, made: Result | None, *, name: str
) -> Result:
    """The result as a person wrote it: whole, or some fields over what was made.

    Raises:
        InvalidRequestError: the fields do not make a valid result.
    """
    base = made.model_dump(mode="json") if made is not None else {}
    try:
        return result_type.model_validate({**base, **result_fields(result_type, override)})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join([name, *(str(part) for part in first["loc"])])
        raise InvalidRequestError(f"{where}: {first['msg']}") from error


def result_fields(result_type: type[Result], override: Override) -> dict[str, Any]:
    """The part of an override that speaks of the result."""
    if override.kind == "edit":
        return override.value
    return {k: v for k, v in override.settings.items() if k in result_type.model_fields}


def edits_result(request: Request[Any], override: Override | None) -> bool:
    """Whether the override changes the result rather than the request."""
    if override is None or override.kind not in ("edit", "set"):
        return False
    asked = type(request).model_fields
    fields = result_fields(type(request).result_type(), override)
    return any(name not in asked or override.kind == "edit" for name in fields)


def is_whole(result_type: type[Result], override: Override) -> bool:
    """Whether an edit gives the whole result, so that nothing has to be made first."""
    if override.kind != "edit":
        return False
    needed = {n for n in result_type.model_fields if n != "notes"}
    return needed <= set(override.value)


def refuse_unknown_steps(overrides: Overrides, asked: Iterable[str], *, planned: bool) -> None:
    """Say which step name is wrong.

    Args:
        overrides: by step name.
        asked: the names that the recipe used.
        planned: only sketched so far: ids of units that a plan will carry are not known yet, so
            names inside a scope are let through.

    Raises:
        InvalidRequestError: no step is called like this.
    """
    names = list(asked)
    for name in overrides:
        if name not in names and not (planned and "/" in name):
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise InvalidRequestError(
                f"no step is called {name!r}", hint=f"{hint}the steps are: {', '.join(names)}"
            )


def _with_settings(earlier: Override | None, fields: Mapping[str, Any]) -> Override:
    before = earlier.settings if earlier and earlier.kind == "set" else {}
    return Override(kind="set", settings={**before, **fields})


def _refuse_unknown(request: Request[Any], override: Override, name: str) -> None:
    asked = set(type(request).model_fields)
    made = set(type(request).result_type().model_fields)
    for field in override.settings:
        if field not in asked | made:
            raise InvalidRequestError(
                f"step {name!r} ({type(request).__name__}) has no field {field!r}",
                hint=f"it has: {', '.join(sorted(asked | made))}",
            )


def _fields(request: Request[Any]) -> dict[str, Any]:
    return {name: getattr(request, name) for name in type(request).model_fields}
