"""Draws what a prompt asks for, and draws it again at another size."""

from __future__ import annotations

import importlib
from typing import cast

from brandmodel.local.desk import Desk
from brandmodel.local.picture.scene import SCENE, Abstract, Drawing, Landscape, StillLife
from brandmodel.local.retouch.pixels import png
from brandmodel.local.retouch.upscale import fit
from brandmodel.local.words.scenes import scene_of
from brandmodel.tasks import GenerateImage, Picture, UpscaleImage

_ENGINES = {
    "landscape": "brandmodel.local.picture.landscape.engine",
    "still_life": "brandmodel.local.picture.still_life.engine",
    "abstract": "brandmodel.local.picture.abstract.engine",
}


def generate(request: GenerateImage, desk: Desk) -> Picture:
    """Parse the words into a scene and draw it; notes name the words that could not be honoured.

    A picture of our own that is to be kept to is drawn again, at the size that is asked for now.
    """
    if request.scene:
        return _drawn(SCENE.validate_json(request.scene), request.width, request.height, desk, ())
    scene, ignored = scene_of(
        request.prompt,
        palette=request.palette,
        seed=request.seed,
        take=desk.take,
        space=request.space,
        label=request.label,
        plinth=request.plinth,
    )
    notes = (f"the local studio cannot draw: {', '.join(ignored)}",) if ignored else ()
    if request.reference is not None:
        notes = (*notes, "the local studio cannot keep to a picture that it did not draw")
    return _drawn(scene, request.width, request.height, desk, notes)


def enlarge(request: UpscaleImage, desk: Desk) -> Picture:
    """Our own picture is drawn again at the larger size; a foreign one is interpolated."""
    if not request.scene:
        return fit(request, desk)
    return _drawn(SCENE.validate_json(request.scene), request.width, request.height, desk, ())


def _drawn(
    scene: Landscape | StillLife | Abstract,
    width: int,
    height: int,
    desk: Desk,
    notes: tuple[str, ...],
) -> Picture:
    engine = importlib.import_module(_ENGINES[scene.kind])
    drawing = cast(Drawing, engine.draw(scene, width, height))
    return Picture(
        image=desk.keep(png(drawing.pixels), "image/png", width=width, height=height),
        subjects=drawing.subjects,
        scene=scene.model_dump_json(),
        notes=notes,
    )
