"""The answer: from a question to sentences that each stand in the brand's own documents."""

from __future__ import annotations

from brandmodel.recipes import Made, recipe
from brandmodel.recipes.taking import admit
from brandmodel.tasks import (
    Brief,
    CheckSources,
    Context,
    Moderate,
    PlanAnswer,
    SearchDocuments,
    Value,
    WriteAnswer,
)


class AnswerOptions(Value):
    """What a published model's table may set per tier."""

    passages: int = 8


@recipe(
    "answer",
    makes=("text/markdown", "text/plain"),
    words=("answer", "explain", "summarise", "summarize"),
)
async def answer(ctx: Context, brief: Brief) -> Made:
    """Search, plan, write, check against the sources."""
    options = ctx.options(AnswerOptions)
    found = await ctx.call(
        SearchDocuments(
            query=brief.prompt[:4000], documents=ctx.kit.documents, top=options.passages
        ),
        name="search",
    )
    plan = await ctx.call(PlanAnswer(question=brief.prompt, passages=found.passages), name="plan")
    written = await ctx.call(
        WriteAnswer(
            question=brief.prompt,
            points=plan.points,
            passages=found.passages,
            voice=ctx.kit.voice,
        ),
        name="write",
    )
    checked = await ctx.call(CheckSources(answer=written, passages=found.passages), name="check")
    words = (brief.prompt[:4000], checked.text)
    await admit(ctx, Moderate(texts=words, avoid=ctx.kit.voice.avoid), name="moderate")
    sources = "\n".join(
        f"[{number}]: {cited.document}: “{cited.quote}”"
        for number, cited in enumerate(checked.citations, 1)
    )
    text = f"{checked.text}\n\n{sources}\n" if sources else f"{checked.text}\n"
    return {"answer": text}
