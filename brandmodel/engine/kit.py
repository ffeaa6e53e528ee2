"""The brand as recipes see it: its files put into the store, each checked once."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from brandmodel.assets import identity
from brandmodel.assets.probe import check_picture, probe
from brandmodel.assets.store import FolderStore
from brandmodel.brand import Brand
from brandmodel.errors import BrandError, InvalidRequestError
from brandmodel.tasks import Asset, Document, Kit

_Check = Callable[[bytes, str], None]
_FONTS = ("font/ttf", "font/otf", "font/woff2", "font/woff", "font/collection")


def kit_of(brand: Brand, store: FolderStore, identity_folder: Path | None) -> Kit:
    """The kit, with every file of the brand as an asset.

    Raises:
        BrandError: a file is missing or is not what it should be; names file and key.
    """
    return Kit(
        name=brand.name,
        tagline=brand.tagline,
        palette=brand.palette,
        display=_face(brand.display, store, brand, "type.display"),
        text=_face(brand.text, store, brand, "type.text"),
        logo=_logo(brand, store),
        voice=brand.voice,
        documents=tuple(
            Document(
                name=path.name,
                asset=store.put_now(_bytes(path, brand, "documents"), name=path.name),
            )
            for path in brand.documents
        ),
        signer=identity.fingerprint(identity_folder, brand.name) if identity_folder else "",
    )


def _file_of(brand: Brand) -> str:
    return str(brand.folder / "brand.toml") if brand.folder else "brand"


def _bytes(path: Path, brand: Brand, key: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BrandError(_file_of(brand), key, f"cannot read {path}: {error.strerror}") from error


def _logo(brand: Brand, store: FolderStore) -> Asset | None:
    if brand.logo is None:
        return None
    data = _bytes(brand.logo, brand, "logo")
    is_svg = probe(data, name=brand.logo.name).media_type == "image/svg+xml"
    return _kept(data, brand.logo, store, brand, "logo", _check_svg if is_svg else _check_bitmap)


def _face(face: str | Path, store: FolderStore, brand: Brand, key: str) -> str | Asset:
    if isinstance(face, str):
        return face
    return _kept(_bytes(face, brand, key), face, store, brand, key, _check_font)


def _kept(
    data: bytes, path: Path, store: FolderStore, brand: Brand, key: str, check: _Check
) -> Asset:
    """A file of the brand in the store; what is there already was checked when it came."""
    named = Asset(sha256=hashlib.sha256(data).hexdigest(), media_type="", size=len(data))
    if not store.has(named):
        try:
            check(data, path.name)
        except InvalidRequestError as error:
            raise BrandError(_file_of(brand), key, error.message, hint=error.hint) from error
    return store.put_now(data, name=path.name)


def _check_bitmap(data: bytes, name: str) -> None:
    check_picture(data, name=name)


def _check_svg(data: bytes, name: str) -> None:
    # Without the local studio nothing here can look into it; what draws it then has to.
    if find_spec("skia") is not None:
        from brandmodel.local.type.svg import checked_svg

        checked_svg(data)


def _check_font(data: bytes, name: str) -> None:
    from PIL import ImageFont

    found = probe(data, name=name).media_type
    hint = "give a .ttf or .otf file"
    if found not in _FONTS:
        raise InvalidRequestError(f"{name} is not a font but {found}", hint=hint)
    try:
        ImageFont.truetype(io.BytesIO(data), 16)
    except (OSError, ValueError) as error:
        raise InvalidRequestError(f"{name} is a damaged font", hint=hint) from error
