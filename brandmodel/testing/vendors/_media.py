"""What the fake aggregators make of a model's input: pictures, larger pictures, and clips."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from brandmodel.providers._json import count, text
from brandmodel.testing.vendors._bill import Counted
from brandmodel.testing.vendors._house import File, House, Refused, ratio_size
from brandmodel.testing.vendors._studio import enlarged

_LINES = {"480p": 480, "720p": 720, "1080p": 1080}


@dataclass(frozen=True, slots=True)
class Wanted:
    """An input, read.

    Attributes:
        size: of the picture; of a clip, its shape.
        seconds: of a clip.
    """

    task: str
    words: str
    size: tuple[int, int]
    seconds: int = 0
    seed: int = 0
    shown: bytes | None = None

    @classmethod
    def of(
        cls, tasks: Sequence[str], body: dict[str, Any], shown: bytes | None, size: tuple[int, int]
    ) -> Wanted:
        """Read what a model of these tasks is asked for.

        Raises:
            Refused: something that it needs is missing.
        """
        words, seed = text(body.get("prompt")), count(body.get("seed"))
        if "UpscaleImage" in tasks:
            if shown is None:
                raise Refused("bad-request", "image_url: field required")
            return cls("UpscaleImage", words, size, shown=shown)
        if not words:
            raise Refused("bad-request", "prompt: field required")
        if "GenerateVideo" not in tasks:
            return cls("GenerateImage", words, size, seed=seed, shown=shown)
        digits = str(body.get("duration", 5)).removesuffix("s")
        seconds = int(digits) if digits.isdigit() else 5
        lines = _LINES.get(text(body.get("resolution")), 480)
        shape = ratio_size(body.get("aspect_ratio") or "16:9", lines)
        task = "AnimateImage" if shown else "GenerateVideo"
        return cls(task, words, shape, max(1, seconds), seed, shown)


def counted_of(wanted: Wanted) -> Counted:
    """What is billed: seconds of a clip, else one picture."""
    return {"second": wanted.seconds} if wanted.seconds else {"image": 1}


async def made_by(house: House, wanted: Wanted) -> Sequence[File]:
    """Make it."""
    studio = house.studio
    if wanted.task == "UpscaleImage":
        assert wanted.shown is not None
        larger = await asyncio.to_thread(enlarged, wanted.shown, wanted.size)
        return [File(larger, "image/png")]
    if wanted.seconds:
        clip = await studio.clip(wanted.words, wanted.size, wanted.seconds, wanted.shown)
        return [File(clip, "video/mp4")]
    drawn = await studio.picture(wanted.words, wanted.size, wanted.seed, wanted.shown)
    return [File(drawn, "image/png")]
