"""Reads the tables: argument, then BRANDMODEL_ROUTERS, then the project's ``routers/``, then bundled.

Vendors and targets overlay row by row, a published model replaces whole; nothing merges by field.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from brandmodel.errors import TableError, UnknownModelError
from brandmodel.routing.prices import nano
from brandmodel.routing.schema import ModelFile, PriceRow, TargetRow, TaskRow, VendorRow
from brandmodel.routing.tables import ModelTable
from brandmodel.tasks import TASKS, Chat, Price, Target, WritingRequest

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Layer:
    """One folder of tables, and what to call it."""

    label: str
    root: Traversable


@dataclass(frozen=True, slots=True)
class Row:
    """A row and the file it came from.

    Attributes:
        value: what is worked with.
        written: of a target, the row as it stands in the file: dates, licence, source of its price.
    """

    file: str
    value: Any
    written: Any = None


def tables_root() -> Traversable:
    """The bundled tables: inside the wheel, or beside the package in a checkout."""
    bundled = files("brandmodel") / "routers"
    return bundled if bundled.is_dir() else Path(__file__).parents[2] / "routers"


def load_tables(folders: Iterable[tuple[str, Path]] = ()) -> Tables:
    """Tables from folders, the first one winning, over the bundled ones.

    Raises:
        TableError: a folder does not exist.
    """
    layers: list[Layer] = []
    for label, folder in folders:
        if not folder.is_dir():
            raise TableError(folder, "", f"no such folder of routing tables (from {label})")
        layers.append(Layer(label, folder))
    return Tables((*layers, Layer("bundled", tables_root())))


class Tables:
    """All rows of all layers; files are read when they are first asked for."""

    def __init__(self, layers: tuple[Layer, ...]) -> None:
        self.layers = layers

    @cached_property
    def vendors(self) -> Mapping[str, Row]:
        """Vendor rows by name."""
        rows: dict[str, Row] = {}
        for layer in reversed(self.layers):
            file = layer.root / "vendors.toml"
            if file.is_file():
                for name, raw in _toml(file).items():
                    rows[name] = Row(str(file), _checked(VendorRow, raw, file, name))
        return rows

    @cached_property
    def credentials(self) -> Mapping[str, str]:
        """Keys by vendor, from ``credentials.toml`` of the folders; never part of a row."""
        keys: dict[str, str] = {}
        for layer in reversed(self.layers):
            file = layer.root / "credentials.toml"
            if file.is_file():
                keys.update({vendor: str(key) for vendor, key in _toml(file).items()})
        return keys

    @cached_property
    def targets(self) -> Mapping[str, Row]:
        """Target rows by id, ``vendor/model``."""
        rows: dict[str, Row] = {}
        for layer in reversed(self.layers):
            for file in _toml_files(layer.root / "targets"):
                vendor = file.name.removesuffix(".toml")
                for name, raw in _toml(file).items():
                    row = _checked(TargetRow, raw, file, name)
                    target = self._target(vendor, name, _read_in(row, layer.root, file, name), file)
                    rows[target.id] = Row(str(file), target, written=row)
        return rows

    @cached_property
    def models(self) -> Mapping[str, Row]:
        """Published models by name."""
        rows: dict[str, Row] = {}
        for layer in reversed(self.layers):
            for file in _toml_files(layer.root):
                if file.name not in ("vendors.toml", "credentials.toml"):
                    model = _checked(ModelFile, _toml(file), file, "")
                    rows[model.model.name] = Row(str(file), model)
        return rows

    @cached_property
    def default_model(self) -> str:
        """The model that is taken when none is named: of the first layer that marks one, or has one."""
        for layer in self.layers:
            own = [m for m in self.models.values() if Path(m.file).parent == Path(str(layer.root))]
            marked = [m for m in own if m.value.model.default] or (own if len(own) == 1 else [])
            if marked:
                return marked[0].value.model.name
        raise UnknownModelError("no published model is marked `default = true`")

    def model(self, name: str | None) -> ModelTable:
        """A published model, checked against the tasks and targets that exist.

        Raises:
            UnknownModelError: there is none of that name.
            TableError: it names a task or target that does not exist.
        """
        name = name or self.default_model
        row = self.models.get(name)
        if row is None:
            raise UnknownModelError(
                f"no published model {name!r}", hint=f"there are: {', '.join(sorted(self.models))}"
            )
        targets: dict[str, Target] = {id_: r.value for id_, r in self.targets.items()}
        for task, entry in row.value.tasks.items():
            _check_task(row.file, task, entry, targets)
        return ModelTable(model=row.value, file=row.file, targets=targets)

    def _target(self, vendor: str, name: str, row: TargetRow, file: Traversable) -> Target:
        owner = self.vendors.get(vendor)
        if owner is None:
            raise TableError(
                file, "", f"no vendor {vendor!r} in vendors.toml; add a row [{vendor}]"
            )
        of: VendorRow = owner.value
        settings = {
            **of.settings,
            **row.settings,
            "since": row.since,
            "until": row.until,
            "base_url": of.base_url,
            "key_env": of.key_env,
        }
        return Target(
            id=f"{vendor}/{name}",
            provider=of.provider,
            model=row.model or name,
            tasks=frozenset(_tasks(row.tasks)),
            grade=f"local/{row.revision}" if of.local else "model",
            price=tuple(_price(price) for price in row.price),
            tokens=row.tokens,
            limits=row.limits.model_dump(exclude_none=True),
            thought_tokens=row.thought_tokens,
            sketches=row.sketches,
            latency_s=row.latency_s,
            requests_per_minute=row.requests_per_minute or of.requests_per_minute,
            webhook=of.webhook,
            settings=settings,
        )


def _read_in(row: TargetRow, root: Traversable, file: Traversable, name: str) -> TargetRow:
    """A row with its workflow, where it names the file that holds it."""
    path = row.settings.get("workflow")
    if not isinstance(path, str):
        return row
    try:
        workflow = json.loads(root.joinpath(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        key = f"{name}.settings.workflow"
        raise TableError(file, key, f"{path!r} is no JSON file in the tables' folder") from error
    return row.model_copy(update={"settings": {**row.settings, "workflow": workflow}})


def _tasks(names: Iterable[str]) -> Iterator[str]:
    """Tasks by name; a group stands for all of its tasks, those of a project's own recipes as well."""
    for name in names:
        if name == "writing":
            yield from (n for n, task in TASKS.items() if issubclass(task, WritingRequest | Chat))
        elif name == "looking":
            yield from ("Judge", "Moderate")
        else:
            yield name


def _price(row: PriceRow) -> Price:
    units: dict[str, float] = row.model_dump(exclude={"max_lines"}, exclude_unset=True)
    return Price({unit: nano(each) for unit, each in units.items()}, row.max_lines)


def _check_task(file: str, task: str, row: TaskRow, targets: Mapping[str, Target]) -> None:
    key = f"tasks.{task}"
    if task not in TASKS:
        raise TableError(file, key, f"no such task{_nearest(task, TASKS)}")
    ids = row.listed()
    if not (row.targets or row.workhorse):
        raise TableError(file, key, "expected `targets`, or `workhorse` and perhaps `hero`")
    if row.cascade is not None and not (row.workhorse and row.hero):
        raise TableError(
            file, f"{key}.cascade", "expected a list for `workhorse` and one for `hero` beside it"
        )
    for id_ in ids:
        target = targets.get(id_)
        if target is None:
            raise TableError(file, key, f"no target {id_!r}{_nearest(id_, targets)}")
        if task not in target.tasks:
            raise TableError(
                file,
                key,
                f"target {id_!r} does not serve {task}, but {', '.join(sorted(target.tasks))}",
            )


def _nearest(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _toml_files(folder: Traversable) -> list[Traversable]:
    if not folder.is_dir():
        return []
    return sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)


def _toml(file: Traversable) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TableError(file, "", f"not valid TOML: {error}") from error
    except OSError as error:
        raise TableError(file, "", f"cannot be read: {error.strerror}") from error


def _checked(schema: type[M], raw: object, file: Traversable, prefix: str) -> M:
    try:
        return schema.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        parts = [str(part) for part in first["loc"] if part != "[key]"]
        path = ".".join([*([prefix] if prefix else []), *parts])
        problem = first["msg"]
        if first["type"] == "extra_forbidden":
            known = schema.model_fields if len(first["loc"]) == 1 else ()
            problem = f"unknown key{_nearest(str(first['loc'][-1]), known)}"
        elif "input" in first and not isinstance(first["input"], dict):
            problem += f", not {first['input']!r}"
        raise TableError(file, path, problem) from error
