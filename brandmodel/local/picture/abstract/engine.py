"""Brand art without a subject: seven styles, each drawn from the palette alone.

Every style keeps the side that type needs calm, and is laid out in fractions of the picture: the
same scene at another size is the same picture.
"""

from __future__ import annotations

from collections.abc import Callable

from brandmodel.local.picture.abstract.fields import gradient, halftone
from brandmodel.local.picture.abstract.lines import ribbons, waves
from brandmodel.local.picture.abstract.shapes import confetti, rings
from brandmodel.local.picture.abstract.stage import Pixels, Stage
from brandmodel.local.picture.abstract.tiles import geometry
from brandmodel.local.picture.scene import Abstract, Drawing, Style

_STYLES: dict[Style, Callable[[Stage], Pixels]] = {
    "geometry": geometry,
    "ribbons": ribbons,
    "gradient": gradient,
    "halftone": halftone,
    "waves": waves,
    "rings": rings,
    "confetti": confetti,
}


def draw(scene: Abstract, width: int, height: int) -> Drawing:
    """Draw a scene at a size in pixels.

    Most styles have no subject; the sun over waves and the balls of a halftone are given as such,
    so that type leaves them alone.
    """
    stage = Stage(scene, width, height)
    pixels = _STYLES[scene.style](stage)
    return Drawing(pixels=pixels, subjects=tuple(stage.subjects))
