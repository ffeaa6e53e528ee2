"""What recipes of pictures share: draw takes, judge them, let a person choose; and admit words."""

from __future__ import annotations

from brandmodel.errors import ContentFilteredError
from brandmodel.tasks import Context, GenerateImage, Judge, Moderate, Picture


async def best_take(ctx: Context, request: GenerateImage, *, count: int) -> Picture:
    """The take that a person chose, else the one that the judge ranks first."""
    takes = await ctx.takes(request, name="picture", count=count)
    verdict = await ctx.call(
        Judge(
            images=tuple(take.result.image for take in takes),
            prompt=request.prompt,
            palette=request.palette,
            space=request.space,
            subjects=tuple(take.result.subjects for take in takes),
        ),
        name="judge",
    )
    return (await ctx.review(takes, name="choose", best=verdict.best)).result


async def admit(ctx: Context, request: Moderate, *, name: str) -> None:
    """Stop what must not be made, or must not go out.

    Raises:
        ContentFilteredError: words or picture were refused.
    """
    verdict = await ctx.call(request, name=name)
    if not verdict.allowed:
        raise ContentFilteredError(
            f"refused: {'; '.join(verdict.reasons)}", hint="change the words"
        )
