"""What recipes do with media of another size or length than they asked for: vendors have their own."""

from __future__ import annotations

from brandmodel.tasks import Clip, Context, FitImage, InterpolateFrames, Picture, UpscaleImage
from brandmodel.tasks.video import Fps

_BARELY = 1.05
"""Up to so much larger is a matter of resampling; nobody is paid for it."""
_HALF_A_FRAME = 0.5001
"""The noise of floats is no lack of length."""


async def sized(ctx: Context, picture: Picture, size: tuple[int, int]) -> Picture:
    """The picture at exactly that size; enlarged where it is too small, and cut to the shape."""
    if _size(picture) == size:
        return picture
    width, height = size
    # Whoever knows the scene draws it again, at any size.
    if picture.scene or _growth(_size(picture), size) > _BARELY:
        picture = await ctx.call(
            UpscaleImage(
                image=picture.image,
                width=width,
                height=height,
                scene=picture.scene,
                subjects=picture.subjects,
            ),
            name="upscale",
        )
        if _size(picture) == size:
            return picture
    fitting = FitImage(image=picture.image, width=width, height=height, subjects=picture.subjects)
    return await ctx.call(fitting, name="fit")


async def timed(ctx: Context, clip: Clip, *, drawn_fps: Fps, fps: Fps, duration_s: float) -> Clip:
    """The clip at the film's frame rate and at least as long as its shot; what is longer is cut later."""
    length_s = clip.video.duration_s
    short = length_s is not None and (duration_s - length_s) * fps > _HALF_A_FRAME
    if drawn_fps == fps and not short:
        return clip
    between = InterpolateFrames(
        clip=clip.video,
        fps=fps,
        subjects=clip.subjects,
        duration_s=duration_s if short else None,
    )
    return await ctx.call(between, name="between")


def _size(picture: Picture) -> tuple[int, int]:
    return picture.image.width or 0, picture.image.height or 0


def _growth(have: tuple[int, int], wanted: tuple[int, int]) -> float:
    """How many times larger it has to get until it fills the size."""
    return max(w / max(h, 1) for h, w in zip(have, wanted, strict=True))
