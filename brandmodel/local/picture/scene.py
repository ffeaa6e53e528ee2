"""What can be drawn: a scene is plain data, small enough to travel with the picture it made.

Everything is in fractions of the picture, so that one scene drawn at two sizes is the same picture.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter

from brandmodel.brand import Palette
from brandmodel.tasks import Box, Space, Value

Terrain = Literal[
    "mountains", "island", "lake", "dunes", "hills", "forest", "sea", "city", "meadow"
]
Daytime = Literal["dawn", "day", "sunset", "dusk", "night"]
Weather = Literal["clear", "cloudy", "fog", "rain", "snow", "storm", "aurora", "stars"]
Season = Literal["spring", "summer", "autumn", "winter", "none"]
Product = Literal["bottle", "mug", "can", "box", "jar", "tube", "cup", "book", "phone", "none"]
Prop = Literal[
    "arch", "spheres", "plinths", "leaves", "citrus", "ice", "stones", "branches", "steps", "disc"
]
Framing = Literal["whole", "close", "macro"]
Role = Literal["", "paper", "ink", "primary", "accent"]
Style = Literal["geometry", "ribbons", "gradient", "halftone", "waves", "rings", "confetti"]


class _Scene(Value):
    """Common to all scenes.

    Attributes:
        palette: every colour derives from it.
        seed: reproduces the picture; already mixed with the number of the take.
        space: the side to keep calm for type.
    """

    palette: Palette = Palette()
    seed: int = 0
    space: Space = "none"


class Landscape(_Scene):
    """Land, water and sky from a height field."""

    kind: Literal["landscape"] = "landscape"
    terrain: Terrain = "mountains"
    daytime: Daytime = "day"
    weather: Weather = "clear"
    season: Season = "none"


class StillLife(_Scene):
    """A product on plinths in studio light, ray-traced.

    Attributes:
        label: words on the product's label; empty leaves it blank.
        sublabel: a smaller second line.
        plinth_only: leave the product's place empty.
        backdrop: a light sweep, a dark one, or one in the primary colour.
        warmth: -1 cool light to 1 warm, low light.
        body: which of the palette's colours the product is in; empty leaves it to the seed.
        cap: likewise its cap, lid or inside.
        design: 0 to 11, the build, print and finish of the product; None leaves it to the seed.
        framing: the whole set, the product filling the picture, or its upper part alone.
    """

    kind: Literal["still_life"] = "still_life"
    product: Product = "bottle"
    label: str = ""
    sublabel: str = ""
    props: tuple[Prop, ...] = ("arch", "spheres", "plinths")
    season: Season = "none"
    backdrop: Literal["paper", "ink", "primary"] = "paper"
    warmth: float = 0.0
    plinth_only: bool = False
    body: Role = ""
    cap: Role = ""
    design: int | None = None
    framing: Framing = "whole"


class Abstract(_Scene):
    """Brand art without a subject.

    Attributes:
        energy: 0 quiet and sparse to 1 lively and dense.
    """

    kind: Literal["abstract"] = "abstract"
    style: Style = "geometry"
    energy: float = 0.5


Scene = Annotated[Landscape | StillLife | Abstract, Field(discriminator="kind")]
SCENE: TypeAdapter[Landscape | StillLife | Abstract] = TypeAdapter(Scene)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawn scene.

    Attributes:
        pixels: (H, W, 3) uint8 sRGB.
        subjects: bounds of the main objects, the most important first.
        depth: (H, W) float32, distance from the eye, where the engine knows it.
        mask: (H, W) float32 in 0..1, coverage of the main object, where the engine knows it.
    """

    pixels: NDArray[np.uint8]
    subjects: tuple[Box, ...] = ()
    depth: NDArray[np.float32] | None = None
    mask: NDArray[np.float32] | None = None
    extra: dict[str, Any] = field(default_factory=dict[str, Any])
