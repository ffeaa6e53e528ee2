"""``brand.toml``: what may stand in it, and what is said to whoever wrote it wrongly."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from brandmodel.brand.pictures import palette_from_pictures
from brandmodel.brand.slices import Palette, Voice, contrast
from brandmodel.errors import BrandError

FILE = "brand.toml"
FROM_REFERENCES = "from-references"
FAMILIES = (
    "Inter Display",
    "Inter",
    "EB Garamond",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "Noto Sans SC",
)
"""Faces that come with the package."""

_ROLES = ("ink", "paper", "primary", "accent")
_LEAST_CONTRAST = 4.5
_DOCUMENTS = (".md", ".txt")
_PICTURES = (".png", ".jpg", ".jpeg", ".webp")
_LOGOS = (".svg", *_PICTURES)
_FONTS = (".ttf", ".otf", ".ttc", ".woff")
_FONT_BEGINS = (b"\x00\x01\x00\x00", b"OTTO", b"true", b"ttcf", b"wOFF")
_EXPECTED = {
    "string_type": 'text in quotes, such as "Aurelia"',
    "list_type": 'a list, such as ["one", "two"]',
    "tuple_type": 'a list, such as ["one", "two"]',
    "model_type": "a table of its own, with keys below it",
}


class _Type(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    display: str = "Inter Display"
    text: str = "Inter"


class Written(BaseModel):
    """The keys of ``brand.toml``, as they are written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    tagline: str = ""
    logo: str | None = None
    documents: tuple[str, ...] | None = None
    references: tuple[str, ...] = ()
    palette: Any = None
    type: _Type = _Type()
    voice: Voice = Voice()


class BrandFile:
    """A brand's file, read and checked; the files that it names are checked when asked for.

    Every method raises BrandError with file and key.

    Attributes:
        folder: what paths in the file count from.
        written: its keys.
    """

    def __init__(self, path: Path) -> None:
        self._file = path / FILE if path.is_dir() else path
        self.folder = self._file.parent.resolve()
        table = self._read()
        self.written = self._checked(Written, table, "")

    def palette(self, references: Sequence[Path]) -> Palette | None:
        """The colours: written down, or read out of the reference pictures."""
        written = self.written.palette
        if written is None:
            return None
        if written == FROM_REFERENCES:
            if not references:
                problem = f'"{FROM_REFERENCES}" needs pictures in `references`, and there are none'
                raise self._error("palette", problem, hint="name some, or write the colours down")
            return palette_from_pictures(references)
        if isinstance(written, str):
            problem = f'{written!r} is neither a table of colours nor "{FROM_REFERENCES}"'
            raise self._error("palette", problem)
        palette = self._checked(Palette, written, "palette")
        for role in _ROLES:
            if role not in written:
                raise self._error(
                    f"palette.{role}", "is missing", hint=f"a palette names {', '.join(_ROLES)}"
                )
        ratio = contrast(palette.ink, palette.paper)
        if ratio < _LEAST_CONTRAST:
            raise self._error(
                "palette.ink",
                f"cannot be read on paper: contrast {ratio:.1f}:1",
                hint=f"type needs {_LEAST_CONTRAST}:1; make ink darker or paper lighter",
            )
        return palette

    def face(self, key: str, written: str) -> str | Path:
        """A bundled family's name, or the path of a font file."""
        is_file = written.lower().endswith(_FONTS) or "/" in written
        if not is_file:
            if written in FAMILIES:
                return written
            near = difflib.get_close_matches(written, FAMILIES, n=1)
            raise self._error(
                key,
                f"no typeface {written!r} comes with the package" + _meant(near),
                hint=f"use {', '.join(FAMILIES[:3])}, or the path of a font file",
            )
        font = self._path(key, written, _FONTS)
        with font.open("rb") as stream:
            if stream.read(4) not in _FONT_BEGINS:
                raise self._error(
                    key, f"{written} is not a font", hint="give a TrueType or OpenType file"
                )
        return font

    def logo(self) -> Path | None:
        """The logo's file."""
        return None if self.written.logo is None else self._path("logo", self.written.logo, _LOGOS)

    def references(self) -> tuple[Path, ...]:
        """The reference pictures."""
        return self._all("references", self.written.references, _PICTURES)

    def documents(self) -> tuple[Path, ...] | None:
        """The brand's documents; None where the file does not speak of them."""
        if self.written.documents is None:
            return None
        found = self._all("documents", self.written.documents, _DOCUMENTS)
        for document in found:
            try:
                document.read_text(encoding="utf-8")
            except UnicodeDecodeError as error:
                raise self._error(
                    "documents",
                    f"{document} is not UTF-8 (byte {error.start})",
                    hint="save it as UTF-8",
                ) from None
            except OSError as error:
                raise self._error("documents", f"{document}: {error.strerror}") from error
        return found

    def _read(self) -> dict[str, Any]:
        try:
            # The mark that some editors put in front of UTF-8 is none of TOML's.
            return tomllib.loads(self._file.read_bytes().decode("utf-8-sig"))
        except FileNotFoundError:
            hint = "`brandmodel init DIR` writes one to start from"
            raise self._error("", "there is no such brand", hint=hint) from None
        except OSError as error:
            raise self._error("", f"cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            problem = f"is not UTF-8 (byte {error.start})"
            raise self._error("", problem, hint="save it as UTF-8") from None
        except tomllib.TOMLDecodeError as error:
            hint = "text stands in quotes, tables in [brackets]"
            raise self._error("", f"is not valid TOML: {error}", hint=hint) from None

    def _checked(self, model: type[Any], table: Any, prefix: str) -> Any:
        try:
            return TypeAdapter(model).validate_python(table)
        except ValidationError as invalid:
            first, *others = invalid.errors(include_url=False)
            path = [str(part) for part in first["loc"]]
            key = ".".join([prefix, *path] if prefix else path)
            more = f"{len(others)} more after this one" if others else ""
            raise self._error(key, _problem(model, cast("Any", first)), hint=more) from None

    def _all(self, key: str, written: Iterable[str], endings: tuple[str, ...]) -> tuple[Path, ...]:
        """Files, and the files in folders in the order of their names; each once."""
        found: dict[Path, None] = {}
        for each in written:
            path = self._resolved(each)
            if not path.is_dir():
                found[self._path(key, each, endings)] = None
                continue
            inside = [p for p in sorted(path.rglob("*")) if p.suffix.lower() in endings]
            if not inside:
                kinds = " or ".join(endings)
                raise self._error(key, f"the folder {each} holds no {kinds} file")
            found.update(dict.fromkeys(inside))
        return tuple(found)

    def _path(self, key: str, written: str, endings: tuple[str, ...]) -> Path:
        path = self._resolved(written)
        if not path.is_file():
            raise self._error(
                key,
                f"there is no file {written!r}",
                hint=f"paths count from {self.folder}",
            )
        if path.suffix.lower() not in endings:
            raise self._error(key, f"{written!r} is not a {' or '.join(endings)} file")
        return path

    def _resolved(self, written: str) -> Path:
        return (self.folder / Path(written).expanduser()).resolve()

    def _error(self, key: str, problem: str, *, hint: str = "") -> BrandError:
        return BrandError(self._file, key, problem, hint=hint)


def _problem(model: type[Any], error: dict[str, Any]) -> str:
    kind: str = error["type"]
    if kind == "extra_forbidden":
        *tables, wrong = map(str, error["loc"])
        for table in tables:
            model = model.model_fields[table].annotation
        known: list[str] = list(model.model_fields)
        near = difflib.get_close_matches(wrong, known, n=1)
        return f"is no key of a brand{_meant(near) or '; known here: ' + ', '.join(known)}"
    if kind == "value_error":
        return str(error["ctx"]["error"])
    expected = _EXPECTED.get(kind, str(error["msg"]).lower())
    return f"{error['input']!r} is not right here; write {expected}"


def _meant(near: Sequence[str]) -> str:
    return f"; did you mean {near[0]!r}?" if near else ""
