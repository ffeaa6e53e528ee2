"""What the wires of many models share: a row's files are read, and the large ones are put up before."""

from __future__ import annotations

import asyncio
import hashlib
import io
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from brandmodel.errors import BadResponseError, ConfigError, ProviderError
from brandmodel.providers._mapping import ARCHIVE, loras, named, wanted
from brandmodel.providers._wire import File, Files, Wire
from brandmodel.tasks import Asset, Call, Target, TrainImageStyle

INLINE_BYTES = 256 * 1024
"""Up to here a file goes along in the request (Replicate's page on inputs; fal names no limit)."""
_KEPT_S = 3600.0
"""Replicate keeps an upload for a day, fal for a week: one that is this young surely is there."""


@dataclass(slots=True)
class UploadingWire(Wire):
    """A wire whose rows say which files go along.

    Attributes:
        inline: small files go along in the request.
    """

    inline: ClassVar[bool] = True
    _uploaded: dict[tuple[str, str], tuple[float, str]] = field(
        default_factory=dict[tuple[str, str], tuple[float, str]]
    )

    async def upload(self, target: Target, file: File) -> str:
        """Put a file up; where the vendor finds it."""
        raise NotImplementedError

    async def files(self, call: Call) -> Files:
        """The files that the row asks for, with their addresses."""
        read = await self._read(call)
        return {name: await self._placed(call.target, name, file) for name, file in read.items()}

    async def _read(self, call: Call) -> Mapping[str, File]:
        read = {one.sha256: File(one, await call.blobs.read(one)) for one in wanted(call)}
        for path in [one["path"] for one in loras(call) if "://" not in one["path"]]:
            read[path] = await asyncio.to_thread(_weights, call.target, path)
        if ARCHIVE in named(call):
            read[ARCHIVE] = await _archive(call)
        return read

    async def _placed(self, target: Target, name: str, file: File) -> File:
        # An archive and weights are fetched by trainers and runners that take no data URI.
        asset = name == file.asset.sha256
        if self.inline and asset and len(file.data) <= INLINE_BYTES:
            return file
        place = target.vendor, file.asset.sha256
        now = time.monotonic()
        until, url = self._uploaded.get(place, (0.0, ""))
        if now >= until:
            try:
                url = await self.upload(target, file)
            except ProviderError as error:
                error.started = False
                raise
            self._uploaded = {p: kept for p, kept in self._uploaded.items() if kept[0] > now}
            self._uploaded[place] = now + _KEPT_S, url
        return File(file.asset, b"", url=url)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the files of a request are."""

    files: Files

    def __call__(self, file: Asset | str) -> str:
        """The address of an asset, of the archive, or of a path; other addresses stay as they are."""
        name = file if isinstance(file, str) else file.sha256
        return self.files[name].address if name in self.files else str(file)


def uploaded_at(url: object) -> str:
    """The address that came back from an upload.

    Raises:
        BadResponseError: it is none.
    """
    if not isinstance(url, str) or "://" not in url:
        raise BadResponseError("the upload has no address", detail=str(url)[:200])
    return url


def _file(data: bytes, media_type: str) -> File:
    digest = hashlib.sha256(data).hexdigest()
    return File(Asset(sha256=digest, media_type=media_type, size=len(data)), data)


def _weights(target: Target, path: str) -> File:
    file = Path(path).expanduser()
    # Runners tell the format of weights by the ending of their address.
    kind = f"application/x-{file.suffix.removeprefix('.') or 'octet-stream'}"
    try:
        return _file(file.read_bytes(), kind)
    except OSError as error:
        raise ConfigError(
            f"{target.id}: the weights {path!r} cannot be read: {error.strerror}",
            hint="write an absolute path or an address into settings.loras",
        ) from error


async def _archive(call: Call) -> File:
    """The pictures of a training and their captions as one zip, equal for equal requests."""
    request = call.request
    if not isinstance(request, TrainImageStyle):
        raise ConfigError(f"{call.target.id}: only TrainImageStyle has an archive")
    pictures = [File(one, await call.blobs.read(one)) for one in request.images]
    return await asyncio.to_thread(_packed, pictures, request.captions)


def _packed(pictures: Sequence[File], captions: Sequence[str]) -> File:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number, picture in enumerate(pictures):
            stem, ending = f"{number:03}", picture.filename.rpartition(".")[2]
            archive.writestr(zipfile.ZipInfo(f"{stem}.{ending}"), picture.data)
            if number < len(captions):
                archive.writestr(zipfile.ZipInfo(f"{stem}.txt"), captions[number])
    return _file(packed.getvalue(), "application/zip")
