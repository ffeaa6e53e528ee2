"""Writes the pages of the reference that are made from code: tasks, errors, words.

python docs/reference/make.py           writes them
python docs/reference/make.py --check   exits 1 when one is not current
"""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from brandmodel import errors
from brandmodel.local.words.lexicon import understood
from brandmodel.tasks import STAGES, TASKS

HERE = Path(__file__).parent
MADE = "<!-- made by docs/reference/make.py; do not edit -->"
_GROUPS = {
    "terrain": "Landscapes.",
    "daytime": "Time of day of a landscape.",
    "weather": "Weather of a landscape.",
    "season": "Season: colours, leaves, snow.",
    "product": "Things of a still life.",
    "prop": "What stands around a product.",
    "style": "Abstract pictures, asked for by name.",
    "theme": "Suggests an abstract picture where nothing is named that can be drawn.",
    "backdrop": "Ground of a still life.",
    "light": "Colour of the light.",
    "mood": "Mood: light, contrast, colours.",
    "occasion": "What a poster announces.",
    "colour": "Colours of the palette where the brand has none.",
    "absent": "Understood, but not drawn: people, animals, vehicles, food and more. Something else "
    "stands in, and the run says so in a note.",
    "format": "What is asked for: a poster carries type, a picture does not.",
}


def generated() -> dict[Path, str]:
    """Every generated page and what should stand in it."""
    return {
        HERE / "tasks.md": tasks(),
        HERE / "errors.md": error_tree(),
        HERE / "words.md": words(),
    }


def tasks() -> str:
    """Every task of the package, by stage, with the fields of request and result."""
    lines = [
        "# Tasks",
        "",
        MADE,
        "",
        "A task is a typed operation: a request in, a result out. Every request also has `target`, a "
        "pin of one target by its id; every result also has `notes`. A field without a default must "
        "be given. A task's name is its class in `brandmodel.tasks`.",
    ]
    for stage in STAGES:
        lines += ["", f"## {stage}"]
        for name, task in TASKS.items():
            if task.stage == stage and task.__module__.startswith("brandmodel.tasks"):
                lines += _task(name, task)
    return "\n".join(lines) + "\n"


def _task(name: str, task: Any) -> list[str]:
    result = task.result_type()
    return [
        "",
        f"### {name}",
        "",
        _first_paragraph(task),
        "",
        f"| {name} | type | default | what it is |",
        "| --- | --- | --- | --- |",
        *_rows(task, {"target"}),
        "",
        f"| gives {result.__name__} | type | default | what it is |",
        "| --- | --- | --- | --- |",
        *_rows(result, {"notes"}),
    ]


def _rows(model: Any, without: set[str]) -> list[str]:
    said = {k: v for kind in reversed(model.__mro__) for k, v in _attributes(kind).items()}
    rows: list[str] = []
    for name, info in model.model_fields.items():
        if name not in without:
            default = "" if info.is_required() else f"`{_default(info)}`"
            rows.append(
                f"| `{name}` | `{_type(info.annotation)}` | {default} | {said.get(name, '')} |"
            )
    return rows


def _attributes(kind: type) -> dict[str, str]:
    """What the class's own docstring says of each attribute."""
    _, _, section = inspect.cleandoc(kind.__doc__ or "").partition("Attributes:\n")
    entries = re.findall(r"^ {4}(\w+): (.+(?:\n {8,}.+)*)", section, re.M)
    return {name: _plain(text) for name, text in entries}


def _default(info: Any) -> str:
    value = info.get_default(call_default_factory=True)
    return f"{type(value).__name__}()" if isinstance(value, BaseModel) else repr(value)


def _type(annotation: Any) -> str:
    text = annotation.__name__ if isinstance(annotation, type) and not _args(annotation) else ""
    text = text or str(annotation)
    for noise in ("typing.", "brandmodel.tasks.", "values.", "search.", "writing.", "judging."):
        text = text.replace(noise, "")
    text = text.replace("brandmodel.brand.slices.", "").replace("layout.", "")
    return text.replace("|", "\\|")


def _args(annotation: Any) -> Any:
    return getattr(annotation, "__args__", ())


def _first_paragraph(thing: Any) -> str:
    paragraph = (inspect.getdoc(thing) or "").split("\n\n")[0]
    return _plain(paragraph)


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("``", "`").replace("|", "\\|")


def error_tree() -> str:
    """Every error, its place in the tree and the exit code of the command line."""
    exits = {"ours": 1, "caller": 2, "stopped": 3}
    lines = [
        "# Errors",
        "",
        MADE,
        "",
        "All of them stand in `brandmodel.errors`. A message says what is wrong and where, `hint` "
        "says what to do; no message names a vendor. `fault` says who can mend it and becomes the "
        "exit code of the command line.",
        "",
        "| error | what it says | fault | exit |",
        "| --- | --- | --- | --- |",
    ]

    def branch(kind: type[errors.BrandModelError], depth: int) -> None:
        indent = "&nbsp;&nbsp;&nbsp;" * depth
        said = _first_paragraph(kind)
        lines.append(f"| {indent}`{kind.__name__}` | {said} | {kind.fault} | {exits[kind.fault]} |")
        for below in kind.__subclasses__():
            if below.__module__ != "brandmodel.errors":
                continue
            if below.__name__.startswith("_"):
                for each in below.__subclasses__():
                    branch(each, depth + 1)
            else:
                branch(below, depth + 1)

    branch(errors.BrandModelError, 0)
    retryable = ", ".join(
        f"`{k.__name__}`" for k in errors.ProviderError.__subclasses__() if k.retryable
    )
    lines += ["", f"Only these are tried again at the same target: {retryable}."]
    return "\n".join(lines) + "\n"


def words() -> str:
    """The lexicon of the local studio."""
    lines = [
        "# Words that the local studio understands",
        "",
        MADE,
        "",
        "The local studio looks words up; it does not understand sentences. Case, accents and regular "
        "plurals do not matter. A word that stands nowhere here is named in a note of the run. To "
        "teach it a word, add it to a line of `brandmodel/local/words/lexicon.toml`.",
    ]
    by_group: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for group, value, listed in understood():
        by_group.setdefault(group, []).append((value, listed))
    for group, said in _GROUPS.items():
        lines += ["", f"## {group}", "", said, "", "| meaning | words |", "| --- | --- |"]
        lines += [f"| {value} | {', '.join(listed)} |" for value, listed in by_group[group]]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write or check the pages."""
    old = [p for p, text in generated().items() if not p.exists() or p.read_text() != text]
    if "--check" in sys.argv:
        for page in old:
            print(f"{page} is not current: run python docs/reference/make.py", file=sys.stderr)
        sys.exit(bool(old))
    for page in old:
        page.write_text(generated()[page], encoding="utf-8")


if __name__ == "__main__":
    main()
