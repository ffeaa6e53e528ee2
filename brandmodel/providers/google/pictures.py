"""Pictures by ``generateContent``: made from words, and changed by words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from brandmodel.providers._http import Ask, Reply
from brandmodel.providers._prompts import edit_words, picture_words
from brandmodel.providers._sizes import nearest_ratio
from brandmodel.providers._wire import Files, Made, Operation
from brandmodel.providers.google.asking import ask_media, file_part
from brandmodel.providers.google.reading import measured, read_media
from brandmodel.tasks import Call, EditImage, GenerateImage, Picture, Usage

_RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
_SIDES = {"512": 512, "1K": 1024, "2K": 2048, "4K": 4096}
"""Side of a square picture of a size; others have about as many pixels."""


def ask_generate(call: Call, files: Files) -> Ask:
    """The request of a picture from words."""
    request = call.request
    assert isinstance(request, GenerateImage)
    shown = [request.reference] if request.reference is not None else []
    size = (request.width, request.height)
    return _ask(call, [files[asset.sha256] for asset in shown], picture_words(request), size)


def ask_edit(call: Call, files: Files) -> Ask:
    """The request of a changed picture; without a size it keeps that of the picture."""
    request = call.request
    assert isinstance(request, EditImage)
    shown = [*request.images, *([request.mask] if request.mask is not None else [])]
    size = request.expected_size() if request.width or request.height else None
    return _ask(call, [files[asset.sha256] for asset in shown], edit_words(request), size)


def read_picture(call: Call, reply: Reply) -> Made:
    """The picture of a reply."""
    request = call.request
    assert isinstance(request, GenerateImage | EditImage)
    _, data, told = read_media(reply)
    known: Usage = request.usage(request.sketch(dear=True))
    return Made(
        lambda assets: Picture(image=assets[0]),
        media=[("image", data)],
        usage=measured(known, told),
    )


def _ask(call: Call, shown: Sequence[Any], words: str, size: tuple[int, int] | None) -> Ask:
    parts = [*(file_part(file) for file in shown), {"text": words}]
    config: dict[str, Any] = {"responseModalities": ["IMAGE"]}
    if size is not None:
        config["imageConfig"] = _image_config(size, call.target.settings)
    return ask_media(call, parts, config)


def _image_config(size: tuple[int, int], settings: Any) -> dict[str, str]:
    """The nearest shape, and of the sizes that the model has the smallest that is large enough."""
    ratio = nearest_ratio(*size, settings.get("ratios", _RATIOS))
    sizes = sorted(settings.get("image_sizes", ()), key=_SIDES.__getitem__)
    if not sizes:
        return {"aspectRatio": ratio}
    pixels = size[0] * size[1]
    enough = (name for name in sizes if _SIDES[name] ** 2 >= pixels)
    return {"aspectRatio": ratio, "imageSize": next(enough, sizes[-1])}


GENERATE = Operation(ask=ask_generate, read=read_picture)
EDIT = Operation(ask=ask_edit, read=read_picture)
