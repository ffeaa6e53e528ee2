"""What both ways to a clip share: what is asked for, and what is made of it."""

from __future__ import annotations

from collections.abc import Sequence

from brandmodel.providers._prompts import motion_words
from brandmodel.providers._wire import Made, Remote
from brandmodel.providers.google.reading import measured
from brandmodel.tasks import AnimateImage, Asset, Call, Clip, GenerateVideo, Usage

Moving = GenerateVideo | AnimateImage


def moving(call: Call) -> Moving:
    """The request of a call, which is for a clip."""
    assert isinstance(call.request, Moving)
    return call.request


def clip_of(call: Call, video: bytes | Remote, told: Usage | None = None) -> Made:
    """The finished clip."""
    request = moving(call)
    known = request.usage(request.sketch(dear=True))
    subjects = request.subjects if isinstance(request, AnimateImage) else ()

    def clip(assets: Sequence[Asset]) -> Clip:
        return Clip(video=assets[0], subjects=subjects, notes=_unseen(request))

    return Made(clip, media=[("video", video)], usage=measured(known, told))


def shown_in(request: Moving) -> tuple[list[Asset], str]:
    """(pictures that go along, what the model shall do with them)."""
    if isinstance(request, AnimateImage):
        return [request.image], "image_to_video"
    if request.reference is not None and _is_picture(request.reference):
        return [request.reference], "reference_to_video"
    return [], "text_to_video"


def _unseen(request: Moving) -> tuple[str, ...]:
    """A note on a reference that these models cannot look at: they take pictures, and no clips."""
    seen = request.reference is None or (
        isinstance(request, GenerateVideo) and _is_picture(request.reference)
    )
    return () if seen else ("reference could not be honoured",)


def _is_picture(asset: Asset) -> bool:
    return asset.media_type.startswith("image/")


def words_of(request: Moving) -> str:
    """What is to be seen."""
    return request.prompt if isinstance(request, GenerateVideo) else motion_words(request)


def ratio_of(request: Moving) -> str:
    """The nearer of the two shapes that there are."""
    return "16:9" if request.width >= request.height else "9:16"
