"""What recipes of pictures share: draw takes, judge them, draw again; and admit words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from brandmodel.errors import ContentFilteredError
from brandmodel.tasks import (
    Context,
    GenerateImage,
    Judge,
    Judgement,
    Moderate,
    Picture,
    Take,
    WriteImagePrompt,
)


async def best_take(
    ctx: Context,
    words: WriteImagePrompt,
    drawing: GenerateImage,
    *,
    count: int,
    rounds: int = 0,
    limit_usd: float | None = None,
) -> Picture:
    """The take that a person chose, else the best that the judge has seen.

    Where not even the best is good, the prompt is mended by what the judge missed and drawn again.
    Each round is judged beside the best so far, so that the result is never worse than that. Where the
    table cascades, the workhorse draws first, and the hero only what that could not do well enough.

    Args:
        ctx: of the picture.
        words: from which the prompt is written.
        drawing: what is drawn; its prompt is filled in.
        count: takes of each round.
        rounds: how often a rejected picture may be drawn again.
        limit_usd: no further round once the earlier ones cost this much.
    """
    drawing = await _prompted(ctx, words, drawing)
    drawn = await ctx.cascade(drawing, name="picture", count=count, judge=_judging(drawing))
    if rounds and not drawn.verdict.good:
        for number, turn in enumerate(ctx.rounds(rounds, limit_usd=limit_usd), 1):
            again = words.model_copy(update={"wanting": drawn.verdict.why or "a better picture"})
            drawing = await _prompted(turn, again, drawing)
            # The same verdict gives the same prompt: another seed makes another picture of it.
            drawing = drawing.model_copy(update={"seed": drawing.seed + number})
            drawn = await turn.cascade(
                drawing, name="picture", count=count, judge=_judging(drawing), before=drawn
            )
            if drawn.verdict.good:
                break
    return (await ctx.review(drawn.seen, name="choose", best=drawn.best)).result


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


async def _prompted(ctx: Context, words: WriteImagePrompt, drawing: GenerateImage) -> GenerateImage:
    prompt = await ctx.call(words, name="prompt")
    return drawing.model_copy(update={"prompt": prompt.prompt})


def _judging(
    drawing: GenerateImage,
) -> Callable[[Context, Sequence[Take[Picture]]], Awaitable[Judgement]]:
    """Who judges takes of a drawing."""

    async def judged(ctx: Context, takes: Sequence[Take[Picture]]) -> Judgement:
        return await ctx.call(
            Judge(
                images=tuple(take.result.image for take in takes),
                prompt=drawing.prompt,
                palette=drawing.palette,
                space=drawing.space,
                subjects=tuple(take.result.subjects for take in takes),
            ),
            name="judge",
        )

    return judged
