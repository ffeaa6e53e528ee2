"""Image to video: a camera moves through a picture, with true depth where its scene is known."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from pydantic import ValidationError

from brandmodel.errors import InvalidRequestError
from brandmodel.local.desk import Desk
from brandmodel.local.motion import pipe
from brandmodel.local.motion.camera import Path, Stage, path_of
from brandmodel.local.motion.grain import Grain, ungrained
from brandmodel.local.motion.layers import Floats, Layer, Pixels, cuts_of, layers_of
from brandmodel.local.motion.life import life_of, water_of
from brandmodel.local.motion.nearness import (
    SCATTERED,
    nearness_of,
    scattered_nearness,
    with_additions,
    with_shore,
)
from brandmodel.local.motion.parallax import Screen
from brandmodel.local.picture.scene import SCENE, Abstract, Drawing, Landscape, StillLife
from brandmodel.local.retouch.pixels import load
from brandmodel.tasks import AnimateImage, Box, Clip

_Scene = Landscape | StillLife | Abstract
_ENGINES = {
    "landscape": "brandmodel.local.picture.landscape.engine",
    "still_life": "brandmodel.local.picture.still_life.engine",
    "abstract": "brandmodel.local.picture.abstract.engine",
}
_LAYERS = 4
_OVERSAMPLING = 1.35
"""Layer pixels per frame pixel: what keeps bilinear sampling from pulsing between soft and sharp."""
_ALIKE = 16.0
"""Difference of small copies, of 255, up to which two pictures are the same picture."""
_SMALL = 400
"""Pixels across: below it a drawing of ours looks unlike a large one of the same scene."""
_MOST_DRAWN = 4
"""Of the frame's pixels: the largest drawing, where the frame shows a small part of the picture."""
_CRF = 14


@dataclass(frozen=True, slots=True)
class _Source:
    """What is moved through.

    Attributes:
        pixels: (H, W, 3).
        nearness: (H, W), 0 far to 1 near; None for a flat picture.
        drawing: of the scene, where it is known.
    """

    pixels: Pixels
    nearness: Floats | None
    drawing: Drawing | None
    scene: _Scene | None


def animate(request: AnimateImage, desk: Desk) -> Clip:
    """Move the camera through a picture: exactly ``round(duration_s * fps)`` frames.

    A picture whose scene is known moves with the depth of the scene: near things pass in front of
    far ones. Any other is flat, and the camera moves over it.

    Raises:
        InvalidRequestError: the picture cannot be decoded, the scene is not one of ours, or a side
            of the clip is odd.
        MissingExtraError: there is no ffmpeg.
    """
    pixels = np.ascontiguousarray(load(desk.read(request.image))[..., :3])
    count = max(1, round(request.duration_s * request.fps))
    frame = request.width / request.height
    shape = pixels.shape[1] / pixels.shape[0]
    subject = request.subjects[0] if request.subjects else None
    scene = _scene_of(request.scene) if request.scene else None
    stage = Stage(frame, shape, subject, depth=_depth(scene))
    # The pivot is not known before the scene is drawn, but it hardly changes the zoom.
    zoom = path_of(request.move, stage, request.duration_s).closest
    most = (_MOST_DRAWN * request.width * request.height / shape) ** 0.5
    source = _source(pixels, scene, round(min(request.height * zoom, most)))
    pivot = _pivot(source, subject)
    stage = Stage(frame, shape, subject, pivot, stage.depth)
    side = 1.0 if request.seed % 2 == 0 else -1.0
    path = path_of(request.move, stage, request.duration_s, side=side)
    layers = _layers(source, path, request.height)
    coarse = _coarse(shape, request.height)
    depth = source.drawing.depth if source.drawing else None
    life = life_of(scene, depth, coarse) if scene else None
    screen = Screen(request.width, request.height, shape, _cell(request.height), life)
    video = pipe.encode(
        _frames(screen, layers, path, count, request),
        width=request.width,
        height=request.height,
        fps=request.fps,
        crf=_CRF,
        preset="ultrafast",
    )
    asset = desk.keep(
        video,
        "video/mp4",
        width=request.width,
        height=request.height,
        duration_s=count / request.fps,
    )
    return Clip(video=asset, subjects=_subjects(source, path, request.subjects))


def _frames(
    screen: Screen, layers: tuple[Layer, ...], path: Path, count: int, request: AnimateImage
) -> Iterator[Pixels]:
    middle = screen.frame(layers, path.at(0.5), 0.0)
    grain = Grain.like(middle, seed=request.seed, count=count)
    for number in range(count):
        t = number / (count - 1) if count > 1 else 0.5
        # Life counts from the middle of the shot, where it displaces least.
        seconds = (number - count / 2) / request.fps
        yield grain.over(screen.frame(layers, path.at(t), seconds), number)


def _scene_of(text: str) -> _Scene:
    try:
        return SCENE.validate_json(text)
    except ValidationError as error:
        raise InvalidRequestError(
            "the scene is not one of the local studio's",
            hint="Leave it empty for pictures from elsewhere.",
        ) from error


def _source(pixels: Pixels, scene: _Scene | None, height: int) -> _Source:
    """Draw the scene at a height in pixels; a picture that is not as drawn keeps its own pixels."""
    if scene is None:
        return _Source(pixels, None, None, None)
    width = round(height * pixels.shape[1] / pixels.shape[0])
    engine = importlib.import_module(_ENGINES[scene.kind])
    drawing = cast(Drawing, engine.draw(scene, width, height))
    near = _nearness(scene, drawing)
    # A small drawing is too coarse to be told by its likeness, and cheap to be drawn once more.
    small = pixels.shape[1] < _SMALL
    twin = engine.draw(scene, pixels.shape[1], pixels.shape[0]) if small else drawing
    if _alike(pixels, cast(Drawing, twin).pixels):
        return _Source(ungrained(drawing.pixels, scene.seed), near, drawing, scene)
    own = ungrained(pixels, scene.seed)
    grows = width > own.shape[1]
    way = cv2.INTER_LANCZOS4 if grows else cv2.INTER_AREA
    own = np.asarray(cv2.resize(own, (width, height), interpolation=way), np.uint8)
    if near is not None:
        near = with_additions(near, drawing.pixels, own)
    return _Source(own, near, drawing, scene)


def _nearness(scene: _Scene, drawing: Drawing) -> Floats | None:
    depth = drawing.depth
    if depth is not None:
        city = isinstance(scene, Landscape) and scene.terrain == "city"
        return nearness_of(with_shore(depth, water_of(depth)) if city else depth)
    if _scattered(scene):
        return scattered_nearness(drawing.pixels)
    return None


def _scattered(scene: _Scene | None) -> bool:
    return isinstance(scene, Abstract) and scene.style == "confetti"


def _depth(scene: _Scene | None) -> float:
    """How much depth the camera may count on."""
    if scene is None or isinstance(scene, Abstract):
        return 0.6 if _scattered(scene) else 0.0
    return 1.0


def _alike(a: Pixels, b: Pixels) -> bool:
    """Whether two pictures show the same everywhere, but for what their sizes make different."""
    small = (64, max(8, round(64 * a.shape[0] / a.shape[1])))
    first, second = (cv2.resize(p, small, interpolation=cv2.INTER_AREA) for p in (a, b))
    apart = np.asarray(cv2.absdiff(first, second)).max(-1)
    return float(np.percentile(apart, 99)) <= _ALIKE


def _pivot(source: _Source, subject: Box | None) -> float:
    """Nearness of the subject."""
    if source.nearness is None:
        return 0.0
    near = source.nearness
    mask = source.drawing.mask if source.drawing else None
    if mask is not None and (mask > 0.5).any():
        return float(np.median(near[mask > 0.5]))
    if subject is None:
        return float(np.median(near))
    height, width = near.shape
    rows = slice(int(subject.y * height), max(1, int((subject.y + subject.height) * height)))
    columns = slice(int(subject.x * width), max(1, int((subject.x + subject.width) * width)))
    part = near[rows, columns]
    return float(np.median(part)) if part.size else 0.0


def _cell(height: int) -> int:
    """Pixels of the frame from one point of the coarse grid to the next."""
    return min(max(2, round(height / 135)), 16)


def _coarse(shape: float, height: int) -> tuple[int, int]:
    cell = _cell(height)
    return max(8, round(shape * height / cell)), max(8, round(height / cell))


def _layers(source: _Source, path: Path, height: int) -> tuple[Layer, ...]:
    shape = source.pixels.shape[1] / source.pixels.shape[0]
    tall = round(height * path.closest * _OVERSAMPLING)
    near = source.nearness
    if near is None:
        near = np.zeros(source.pixels.shape[:2], np.float32)
    return layers_of(
        source.pixels,
        near,
        cuts=SCATTERED if _scattered(source.scene) else cuts_of(near, _LAYERS - 1),
        size=(round(tall * shape), tall),
        coarse=_coarse(shape, height),
    )


def _subjects(source: _Source, path: Path, subjects: tuple[Box, ...]) -> tuple[Box, ...]:
    return tuple(path.covered(box, _pivot(source, box)) for box in subjects)
