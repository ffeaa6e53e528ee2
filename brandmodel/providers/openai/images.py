"""``POST /images/generations`` and ``/images/edits``: pictures from words, and from pictures.

A row's ``sketches`` has a picture streamed: its unfinished states come before it, and each is billed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Literal

from brandmodel.errors import BadResponseError
from brandmodel.providers._events import Event
from brandmodel.providers._http import Ask, Part, Reply
from brandmodel.providers._json import fields, items, text, unpacked
from brandmodel.providers._prompts import picture_words
from brandmodel.providers._sizes import nearest_ratio, nearest_size, sized
from brandmodel.providers._wire import File, Files, Made, Operation, Remote
from brandmodel.providers.openai._bill import charged, usage_of
from brandmodel.providers.openai._inband import answer_of, event_of, inband
from brandmodel.providers.openai._rows import asked, asked_form
from brandmodel.tasks import Call, EditImage, GenerateImage, Picture, Usage

_STEP = 16
_LONGEST, _MOST_PIXELS = 3840, 3840 * 2160
_STEEPEST = 3.0
_SIZE = re.compile(r"[0-9]{1,5}x[0-9]{1,5}\Z")


def ask_picture(call: Call, files: Files) -> Ask:
    """The request of a picture; one that keeps to a reference is an edit of it."""
    request = call.request
    assert isinstance(request, GenerateImage)
    body = _body(call, picture_words(request), request.expected_size())
    if request.reference is not None:
        return _edit(call, body, [files[request.reference.sha256]], None)
    return asked(call, "images/generations", body)


def ask_edit(call: Call, files: Files) -> Ask:
    """The request of a change."""
    request = call.request
    assert isinstance(request, EditImage)
    body = _body(call, request.prompt, request.expected_size())
    mask = files[request.mask.sha256] if request.mask is not None else None
    return _edit(call, body, [files[one.sha256] for one in request.images], mask)


def read_picture(call: Call, reply: Reply) -> Made:
    """The picture of a reply.

    Raises:
        BadResponseError: there is none.
        BrandModelError: it tells of a failure.
    """
    return _made(call, answer_of(reply))


class PictureStream:
    """Reads the events of a streamed picture: sketches, and the picture last."""

    def __init__(self, call: Call) -> None:
        """For one call."""
        self._call = call
        self._whole: dict[str, Any] = {}
        self._sketches = 0

    def feed(self, event: Event) -> Iterator[bytes]:
        """See ``Stream``; fewer sketches than were asked for may come."""
        told = event_of(event.data)
        if told.get("error"):
            raise inband(told["error"])
        kind = text(told.get("type")) or event.kind
        if kind.endswith(".completed"):
            self._whole = told
        elif kind.endswith(".partial_image"):
            self._sketches += 1
            with suppress(BadResponseError):
                yield unpacked(text(told.get("b64_json")))

    def made(self) -> Made:
        """See ``Stream``."""
        if not self._whole:
            raise BadResponseError("the stream ended without a picture")
        return _made(self._call, self._whole, sketches=self._sketches)


def _made(call: Call, body: dict[str, Any], *, sketches: int = 0) -> Made:
    request = call.request
    assert isinstance(request, GenerateImage | EditImage)
    size = request.expected_size()
    first = fields(next(iter(items(body.get("data"))), body))
    return Made(
        lambda assets: Picture(image=assets[0]),
        media=[("image", _drawn(first))],
        usage=_usage(body, size, sketches),
        usd_nano=charged(body.get("usage")),
    )


def size_for(call: Call, width: int, height: int) -> str:
    """The size nearest to what is asked: of the row's ``sizes``, else in steps of 16.

    The limits are those of ``gpt-image-2`` (OpenAPI description 2.3.0): a ratio from 1:3 to 3:1 and at
    most 3840x2160.
    """
    sizes = call.target.settings.get("sizes")
    if sizes:
        return nearest_size(width, height, sizes)
    sides = max(width, height / _STEEPEST), max(height, width / _STEEPEST)
    scale = min(1.0, _LONGEST / max(sides), math.sqrt(_MOST_PIXELS / math.prod(sides)))
    wide, high = (max(_STEP, int(side * scale / _STEP + 0.5) * _STEP) for side in sides)
    # Rounding must not lead over a limit.
    wide, high = min(wide, 3 * high), min(high, 3 * wide)
    while wide * high > _MOST_PIXELS:
        wide, high = (wide - _STEP, high) if wide >= high else (wide, high - _STEP)
    return f"{wide}x{high}"


def _body(call: Call, prompt: str, size: tuple[int, int]) -> dict[str, Any]:
    settings = call.target.settings
    body: dict[str, Any] = {"model": call.target.model, "prompt": prompt, "n": 1}
    if ratios := settings.get("ratios"):
        body["aspect_ratio"] = nearest_ratio(*size, ratios)
    else:
        body["size"] = size_for(call, *size)
    if "quality" in settings:
        body["quality"] = settings["quality"]
    if "format" in settings:
        body["output_format"] = settings["format"]
    if call.sketches:
        body |= {"stream": True, "partial_images": call.sketches}
    return body


def _edit(call: Call, body: dict[str, Any], images: list[File], mask: File | None) -> Ask:
    """As a form; as JSON where the row's ``edit_json`` shows how a picture stands in it."""
    path, template = "images/edits", call.target.settings.get("edit_json")
    if template:
        ((name, shape),) = template.items()
        pictures = [_filled(shape, image.address) for image in images]
        masked = {"mask": _filled(shape, mask.address)} if mask else {}
        return asked(call, path, {**body, name: pictures, **masked})
    # As the official client names them: one picture, or a list of them.
    field = "image" if len(images) == 1 else "image[]"
    parts = [_part(field, image) for image in images]
    return asked_form(call, path, body, parts + ([_part("mask", mask)] if mask else []))


def _part(name: str, file: File) -> Part:
    return Part(name, file.data, file.filename, file.asset.media_type)


def _filled(shape: Any, address: str) -> Any:
    """A template with the picture's address where it says ``{image}``."""
    if isinstance(shape, dict):
        return {name: _filled(value, address) for name, value in fields(shape).items()}
    return address if shape == "{image}" else shape


def _drawn(told: dict[str, Any]) -> bytes | Remote:
    if drawn := text(told.get("b64_json")):
        return unpacked(drawn)
    if url := text(told.get("url")):
        return Remote(url)
    raise BadResponseError("the answer has no picture", detail=str(told)[:500])


def _usage(body: dict[str, Any], size: tuple[int, int], sketches: int) -> Usage | None:
    """Tokens, and what rows with a price a picture, sketch or megapixel go by."""
    told = usage_of(body.get("usage")) or Usage()
    if not told.tokens_in + told.tokens_out + sketches:
        return None
    given = text(body.get("size"))
    width, height = sized(given) if _SIZE.match(given) else size
    return told._replace(
        lines=min(width, height),
        # Models before gpt-image-1.5 draw only, and do not tell drawing from thinking.
        image_tokens_out=told.image_tokens_out or told.tokens_out,
        images=1,
        sketches=sketches,
        pixels=width * height,
    )


Kind = Literal["GenerateImage", "EditImage"]
IMAGES: dict[Kind, Operation] = {
    "GenerateImage": Operation(
        ask=ask_picture,
        read=read_picture,
        stream_ask=ask_picture,
        stream=PictureStream,
        sketches=True,
    ),
    "EditImage": Operation(
        ask=ask_edit, read=read_picture, stream_ask=ask_edit, stream=PictureStream, sketches=True
    ),
}
