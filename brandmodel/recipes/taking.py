"""What recipes of pictures share: draw takes, judge them, draw again; and admit words."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase

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
    Each round is judged beside the best so far, so that the result is never worse than that.

    Args:
        ctx: of the picture.
        words: from which the prompt is written.
        drawing: what is drawn; its prompt is filled in.
        count: takes of each round.
        rounds: how often a rejected picture may be drawn again.
        limit_usd: no further round once the earlier ones cost this much.
    """
    drawing = await _prompted(ctx, words, drawing)
    seen: list[Take[Picture]] = list(await ctx.takes(drawing, name="picture", count=count))
    verdict = await _judged(ctx, drawing, seen)
    best = verdict.best
    if rounds and not verdict.good:
        for number, turn in enumerate(ctx.rounds(rounds, limit_usd=limit_usd), 1):
            again = words.model_copy(update={"wanting": verdict.why or "a better picture"})
            drawing = await _prompted(turn, again, drawing)
            # The same verdict gives the same prompt: another seed makes another picture of it.
            drawing = drawing.model_copy(update={"seed": drawing.seed + number})
            drawn = await turn.takes(drawing, name="picture", count=count)
            letters = ascii_lowercase[len(seen) :]
            new = [Take(letter, take.result) for letter, take in zip(letters, drawn, strict=False)]
            verdict = await _judged(turn, drawing, [seen[best], *new])
            best = len(seen) + verdict.best - 1 if verdict.best else best
            seen += new
            if verdict.good:
                break
    return (await ctx.review(seen, name="choose", best=best)).result


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


async def _judged(
    ctx: Context, drawing: GenerateImage, takes: Sequence[Take[Picture]]
) -> Judgement:
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
