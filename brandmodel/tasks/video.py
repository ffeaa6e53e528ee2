"""Moving pictures: animated, interpolated, assembled."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field

from brandmodel.brand import Palette
from brandmodel.tasks._base import Request, Result, Stage, Usage, Value, video_units
from brandmodel.tasks.audio import WordTime
from brandmodel.tasks.image import Picture, pixels
from brandmodel.tasks.values import Asset, Box, Space, sketched
from brandmodel.tasks.writing import TypeLine

Move = Literal["push-in", "pull-out", "pan-left", "pan-right", "rise", "drift"]
"""Camera moves; every one eases in and out."""
Codec = Literal["h264", "vp9", "av1"]
Fps = Literal[12, 15, 24, 25, 30]


def sketched_video(width: int, height: int, duration_s: float) -> Asset:
    """An MP4 of that size and length, without frames."""
    asset = sketched("video/mp4", width=width, height=height)
    return asset.model_copy(update={"duration_s": duration_s})


def _moving(duration_s: float, width: int, height: int) -> Usage:
    """Seconds of moving pictures, by size."""
    made = video_units(duration_s, width, height)
    return Usage(seconds=duration_s, video_units=made, lines=min(width, height))


class Clip(Result):
    """A shot in motion; no sound.

    Attributes:
        video: MP4; of high quality, since it is decoded again for the film.
        subjects: where the main objects are over the whole shot.
    """

    video: Asset
    subjects: tuple[Box, ...] = ()


class AnimateImage(Request[Clip]):
    """Image to video: move the camera through a picture.

    Attributes:
        scene: what ``Picture.scene`` says; a maker that knows the scene moves with true depth.
        subjects: handed on, and kept in the frame.
        reference: a clip to keep to, for makers that take one. Promotion gives none: it is the picture
            that says the composition, and that one is kept to its draft.
    """

    stage: ClassVar[Stage] = "generate"

    image: Asset
    width: int = Field(ge=64, le=4096)
    height: int = Field(ge=64, le=4096)
    duration_s: float = Field(gt=0, le=60)
    fps: Fps = 24
    move: Move = "push-in"
    scene: str = ""
    subjects: tuple[Box, ...] = ()
    seed: int = 0
    reference: Asset | None = None

    def sketch(self, *, dear: bool) -> Clip:
        """Of the right size and length."""
        return Clip(video=sketched_video(self.width, self.height, self.duration_s))

    def sketch_of_model(self, *, dear: bool) -> Clip:
        """At the dearest half as long, so that it has to be slowed down."""
        length_s = self.duration_s / 2 if dear else self.duration_s
        return Clip(video=sketched_video(self.width, self.height, length_s))

    def usage(self, result: Clip) -> Usage:
        """Seconds, by size."""
        return _moving(self.duration_s, self.width, self.height)


class GenerateVideo(Request[Clip]):
    """Make a clip from words.

    Attributes:
        reference: keep to this picture's look, or to this clip (promotion of an approved draft).
    """

    stage: ClassVar[Stage] = "generate"

    prompt: str
    width: int = Field(default=1280, ge=64, le=4096)
    height: int = Field(default=720, ge=64, le=4096)
    duration_s: float = Field(default=5.0, gt=0, le=60)
    fps: Fps = 24
    seed: int = 0
    reference: Asset | None = None

    def sketch(self, *, dear: bool) -> Clip:
        """Of the right size and length."""
        return Clip(video=sketched_video(self.width, self.height, self.duration_s))

    def sketch_of_model(self, *, dear: bool) -> Clip:
        """At the dearest half as long, so that it has to be slowed down."""
        length_s = self.duration_s / 2 if dear else self.duration_s
        return Clip(video=sketched_video(self.width, self.height, length_s))

    def usage(self, result: Clip) -> Usage:
        """Seconds, by size."""
        return _moving(self.duration_s, self.width, self.height)

    def keeping_to(self, draft: Clip) -> Self:
        """With the draft's clip as its reference."""
        return self.model_copy(update={"reference": draft.video})


class InterpolateFrames(Request[Clip]):
    """Make the frames between: a clip at a higher frame rate, or slowed down.

    Attributes:
        duration_s: what the clip is stretched to; None leaves its length.
    """

    stage: ClassVar[Stage] = "refine"

    clip: Asset
    fps: Fps = 24
    subjects: tuple[Box, ...] = ()
    duration_s: float | None = Field(default=None, gt=0, le=60)

    def sketch(self, *, dear: bool) -> Clip:
        """Of the same size, and of the length asked for."""
        length_s = self.duration_s or self.clip.duration_s
        return Clip(video=self.clip.model_copy(update={"duration_s": length_s}))

    def usage(self, result: Clip) -> Usage:
        """A tenth of what the clip itself counts."""
        asset = self.clip
        length_s = self.duration_s or asset.duration_s or 0.0
        made = _moving(length_s, asset.width or 0, asset.height or 0)
        return made._replace(video_units=made.video_units / 10)


class ShotOnFilm(Value):
    """A clip's place in the film.

    Attributes:
        start_s: on a beat.
        lines: words that are set over it: a title or a lower third.
        space: the side kept calm for them.
        subjects: what they must not cross.
    """

    id: str
    clip: Asset
    start_s: float
    duration_s: float
    lines: tuple[TypeLine, ...] = ()
    space: Space = "none"
    subjects: tuple[Box, ...] = ()


class Caption(Value):
    """A line as it is read along with the voice."""

    text: str
    start_s: float
    end_s: float
    words: tuple[WordTime, ...] = ()


class Card(Value):
    """A shot on a storyboard sheet.

    Attributes:
        image: its best take; None leaves an empty frame.
        line: what is said or read over it.
    """

    id: str
    image: Asset | None = None
    duration_s: float
    line: str = ""


class DrawStoryboard(Request[Picture]):
    """Set a film's shots on one sheet: each a card with its picture, its length and its line."""

    stage: ClassVar[Stage] = "refine"

    cards: tuple[Card, ...] = Field(min_length=1, max_length=60)
    title: str = ""
    palette: Palette | None = None
    display: str | Asset = "Inter Display"
    text: str | Asset = "Inter"

    def sketch(self, *, dear: bool) -> Picture:
        """The cards' pictures alone, or rows of four with their words."""
        count = len(self.cards)
        if not dear:
            return Picture(image=sketched("image/png", width=560, height=count * 315))
        rows = -(-count // 4)
        return Picture(image=sketched("image/png", width=2600, height=300 + rows * 520))

    def usage(self, result: Picture) -> Usage:
        """One image of its pixel count."""
        return Usage(images=1, pixels=pixels(result.image.width, result.image.height))


class Film(Result):
    """A finished film and its poster picture."""

    video: Asset
    poster: Asset


class Assemble(Request[Film]):
    """Cut the film: shots on their times, titles, end card, sound, captions; encode it once.

    Attributes:
        end_lines: words of the end card, which stands for the last ``end_s`` seconds with the logo.
        captions: become a soft track; are burnt in, too, where ``burn`` says so.
    """

    stage: ClassVar[Stage] = "refine"

    shots: tuple[ShotOnFilm, ...] = Field(min_length=1)
    duration_s: float = Field(gt=0, le=600)
    width: int = Field(ge=64, le=4096)
    height: int = Field(ge=64, le=4096)
    fps: Fps = 24
    sound: Asset | None = None
    captions: tuple[Caption, ...] = ()
    burn: bool = False
    end_lines: tuple[TypeLine, ...] = ()
    end_s: float = 0.0
    palette: Palette = Palette()
    display: str | Asset = "Inter Display"
    text: str | Asset = "Inter"
    logo: Asset | None = None
    name: str = ""
    codec: Codec = "h264"

    def sketch(self, *, dear: bool) -> Film:
        """Of the right size and length."""
        video = sketched_video(self.width, self.height, self.duration_s)
        return Film(video=video, poster=sketched("image/png", width=self.width, height=self.height))

    def usage(self, result: Film) -> Usage:
        """Encoding counts a hundredth of making."""
        made = _moving(self.duration_s, self.width, self.height)
        return made._replace(video_units=made.video_units / 100)
