"""A recipe of five steps: find, plan, describe, make, sign.

A recipe is an async function that turns a brief into a result. It asks for tasks and never says
who serves them: that stands in routers/aurelia-1.toml and is changed there, not here.

Every `ctx.call` is a step. A step that was done before, with the same request, is taken from the
journal: change the words of step 3 and only steps 3, 4 and 5 are done again.
"""

from brandmodel.recipes import recipe
from brandmodel.tasks import (
    Asset,
    Brief,
    Context,
    GenerateImage,
    OutlinePicture,
    Reading,
    SearchDocuments,
    Sign,
    WriteImagePrompt,
)


# `words` choose this recipe when they stand in a prompt; by its name it can be had at any time.
@recipe("five-steps", makes="image/png", words=("five steps",))
async def five_steps(ctx: Context, brief: Brief) -> dict[str, Asset]:
    kit = ctx.kit  # the brand: brand.toml and its files
    width, height = brief.width or 1024, brief.height or 1024

    # 1. Search: what do the brand's own documents say on this? The name of a step is how it is
    #    found in a trace and how a person overrides it, so it must be unique in the recipe.
    found = await ctx.call(
        SearchDocuments(query=brief.prompt, documents=kit.documents, top=4),
        name="find",
    )

    # 2. Plan: subject, setting and light. The whole brief is the subject here; the task ReadBrief
    #    would first take it apart into product, occasion, date and the like.
    outline = await ctx.call(
        OutlinePicture(
            reading=Reading(subject=brief.prompt),
            passages=found.passages,
            brand=kit.name,
            voice=kit.voice,
            palette=kit.palette,
            width=width,
            height=height,
            seed=brief.seed,
        ),
        name="plan",
    )

    # 3. Describe: the plan in the words that an image model understands.
    words = await ctx.call(
        WriteImagePrompt(
            subject=outline.subject,
            setting=outline.setting,
            mood=outline.mood,
            space=outline.space,
        ),
        name="describe",
    )

    # 4. Make. A request holds only the slices of the brand that it needs: a new tagline in
    #    brand.toml makes no picture anew, a new palette does.
    picture = await ctx.call(
        GenerateImage(
            prompt=words.prompt,
            width=width,
            height=height,
            seed=brief.seed,
            palette=kit.palette or outline.palette,
            space=outline.space,
            label=outline.label,
        ),
        name="picture",
    )

    # 5. Sign, always last: everybody else's metadata out, the brand's provenance in. Say
    #    source_type="trainedAlgorithmicMedia" as soon as a trained model serves step 4.
    signed = await ctx.call(
        Sign(
            asset=picture.image,
            media_type=brief.media_type or "image/png",
            brand=kit.name,
            signer=kit.signer,
            prompt=brief.prompt,
            seed=brief.seed,
        ),
        name="sign",
    )

    # Each name is one output of the run.
    return {"picture": signed.asset}
