"""The brand as recipes see it: its files put into the store, each checked once."""

from __future__ import annotations

from pathlib import Path

from brandmodel.assets import identity
from brandmodel.assets.probe import check_picture, probe
from brandmodel.assets.store import FolderStore
from brandmodel.brand import Brand
from brandmodel.errors import BrandError, InvalidRequestError
from brandmodel.tasks import Asset, Document, Kit

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
    if probe(data, name=brand.logo.name).media_type != "image/svg+xml":
        try:
            check_picture(data, name=brand.logo.name)
        except InvalidRequestError as error:
            raise BrandError(_file_of(brand), "logo", error.message, hint=error.hint) from error
    return store.put_now(data, name=brand.logo.name)


def _face(face: str | Path, store: FolderStore, brand: Brand, key: str) -> str | Asset:
    if isinstance(face, str):
        return face
    data = _bytes(face, brand, key)
    found = probe(data, name=face.name).media_type
    if found not in _FONTS:
        raise BrandError(
            _file_of(brand),
            key,
            f"{face.name} is not a font but {found}",
            hint="give a .ttf or .otf file",
        )
    return store.put_now(data, name=face.name)
