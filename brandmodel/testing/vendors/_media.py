"""What the fake aggregators make of a model's input: pictures, larger pictures, and clips."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from brandmodel.errors import InvalidRequestError
from brandmodel.providers._json import count, number, text
from brandmodel.testing.vendors._bill import Counted
from brandmodel.testing.vendors._house import File, House, Refused, ratio_size
from brandmodel.testing.vendors._studio import enlarged, opened
from brandmodel.testing.vendors._teaching import colour_of, taught, tinted

_LINES = {"480p": 480, "720p": 720, "1080p": 1080}
_SHAPES = {
    "16:9": (1344, 768),
    "3:2": (1216, 832),
    "1:1": (1024, 1024),
    "4:5": (896, 1088),
    "2:3": (832, 1216),
    "9:16": (768, 1344),
}
"""Sizes that a picture model has for its shapes, as many real ones do."""
_STEP, _LEAST, _MOST = 32, 256, 4096


@dataclass(frozen=True, slots=True)
class Wanted:
    """An input, read.

    Attributes:
        size: of the picture; of a clip, its shape.
        seconds: of a clip.
        steps: of a training.
        weights: that a training made, to be put on the model.
    """

    task: str
    words: str
    size: tuple[int, int]
    seconds: int = 0
    seed: int = 0
    shown: bytes | None = None
    steps: int = 0
    weights: bytes | None = None

    @classmethod
    def of(
        cls, tasks: Sequence[str], body: dict[str, Any], shown: bytes | None, size: tuple[int, int]
    ) -> Wanted:
        """Read what a model of these tasks is asked for.

        Raises:
            Refused: something that it needs is missing.
        """
        words, seed = text(body.get("prompt")), count(body.get("seed"))
        if "TrainImageStyle" in tasks:
            if shown is None:
                raise Refused("bad-request", "images_data_url: field required")
            steps = count(body.get("steps")) or 1000
            return cls("TrainImageStyle", words, size, shown=shown, steps=steps)
        if "UpscaleImage" in tasks:
            if shown is None:
                raise Refused("bad-request", "image_url: field required")
            factor = min(8.0, max(1.0, number(body.get("upscale_factor")) or 2.0))
            return cls("UpscaleImage", words, larger(shown, factor), shown=shown)
        if not words:
            raise Refused("bad-request", "prompt: field required")
        if "GenerateVideo" not in tasks:
            shape = _SHAPES.get(text(body.get("aspect_ratio")))
            return cls("GenerateImage", words, shape or _stepped(size), seed=seed, shown=shown)
        digits = str(body.get("duration", 5)).removesuffix("s")
        seconds = int(digits) if digits.isdigit() else 5
        lines = _LINES.get(text(body.get("resolution")), 480)
        shape = ratio_size(body.get("aspect_ratio") or "16:9", lines)
        task = "AnimateImage" if shown else "GenerateVideo"
        return cls(task, words, shape, max(1, seconds), seed, shown)


def larger(picture: bytes, factor: float) -> tuple[int, int]:
    """The size of a picture that is enlarged by a factor.

    Raises:
        Refused: it is no picture.
    """
    try:
        width, height = opened(picture).size
    except InvalidRequestError as error:
        raise Refused("bad-request", "image_url: not a picture") from error
    factor = min(factor, _MOST / max(width, height))
    return round(width * factor), round(height * factor)


def _stepped(size: tuple[int, int]) -> tuple[int, int]:
    """As it is drawn: no side is small, and all are multiples of a step."""
    grown = max(1.0, _LEAST / min(size))
    wide, high = (min(_MOST, round(side * grown / _STEP) * _STEP) for side in size)
    return wide, high


def counted_of(wanted: Wanted) -> Counted:
    """What is billed: seconds of a clip, steps of a training, else one picture."""
    if wanted.steps:
        return {"image": wanted.steps}
    return {"second": wanted.seconds} if wanted.seconds else {"image": 1}


async def made_by(house: House, wanted: Wanted) -> Sequence[File]:
    """Make it."""
    studio = house.studio
    if wanted.steps:
        assert wanted.shown is not None
        trained = await asyncio.to_thread(taught, wanted.shown)
        return [File(trained, "application/octet-stream")]
    if wanted.task == "UpscaleImage":
        assert wanted.shown is not None
        larger = await asyncio.to_thread(enlarged, wanted.shown, wanted.size)
        return [File(larger, "image/png")]
    if wanted.seconds:
        clip = await studio.clip(wanted.words, wanted.size, wanted.seconds, wanted.shown)
        return [File(clip, "video/mp4")]
    drawn = await studio.picture(wanted.words, wanted.size, wanted.seed, wanted.shown)
    if wanted.weights is not None:
        drawn = await asyncio.to_thread(tinted, drawn, colour_of(wanted.weights))
    return [File(drawn, "image/png")]
