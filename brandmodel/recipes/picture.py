"""The picture: from a sentence to a finished, signed picture in the brand's own look."""

from __future__ import annotations

from pydantic import Field

from brandmodel.brand import Palette
from brandmodel.recipes import Made, recipe
from brandmodel.recipes.signing import signed
from brandmodel.recipes.sizing import sized
from brandmodel.recipes.taking import admit, best_take
from brandmodel.tasks import (
    Asset,
    Brief,
    Context,
    CutOut,
    GenerateImage,
    GradeImage,
    Moderate,
    Outline,
    OutlinePicture,
    Picture,
    PlaceProduct,
    ReadBrief,
    Reading,
    SearchDocuments,
    Typeset,
    Value,
    WriteImagePrompt,
)

SIDE = 1024


class PictureOptions(Value):
    """What a published model's table may set per tier.

    Attributes:
        takes: how many alternatives are drawn.
        scale: of the asked size; a draft is smaller.
        preview: size of the takes, as a share of the final size.
        rounds: how often a picture that the judge rejects is drawn again.
        redraw_usd: what drawing it again may cost before no further round begins.
        grade: how far colours are pulled towards the palette.
    """

    takes: int = Field(default=3, ge=1, le=12)
    scale: float = Field(default=1.0, gt=0, le=1)
    preview: float = Field(default=0.5, gt=0, le=1)
    rounds: int = Field(default=1, ge=0, le=5)
    redraw_usd: float = Field(default=0.5, ge=0)
    grade: float = Field(default=0.6, ge=0, le=1)


@recipe(
    "picture",
    makes=("image/png", "image/jpeg", "image/webp"),
    words=(
        "picture",
        "image",
        "photo",
        "poster",
        "flyer",
        "banner",
        "illustration",
        "wallpaper",
        "cover",
    ),
)
async def picture(ctx: Context, brief: Brief) -> Made:
    """Read, search, outline, write the prompt, draw takes, judge, enlarge, grade, set type, sign."""
    options = ctx.options(PictureOptions)
    width, height = _size(brief)
    kit = ctx.kit
    logo = brief.logo or kit.logo

    await admit(ctx, Moderate(texts=(brief.prompt,)), name="admit")
    reading = await ctx.call(ReadBrief(prompt=brief.prompt), name="read")
    found = await ctx.call(
        SearchDocuments(query=_query(reading), documents=kit.documents), name="search"
    )
    outline = await ctx.call(
        OutlinePicture(
            reading=reading,
            passages=found.passages,
            brand=kit.name,
            tagline=kit.tagline,
            voice=kit.voice,
            palette=kit.palette,
            width=width,
            height=height,
            seed=brief.seed,
        ),
        name="outline",
    )
    palette = kit.palette or outline.palette
    # The outline is of the asked size whatever is drawn, so that a draft and its final share it.
    drawn = (max(16, round(width * options.scale)), max(16, round(height * options.scale)))
    shot = await _shot(ctx, brief, outline, palette, options, drawn)
    if brief.products:
        shot = await _with_product(ctx, brief.products[0], shot, outline)
    image = shot.image
    if palette is not None and options.grade > 0:
        graded = await ctx.call(
            GradeImage(image=image, palette=palette, strength=options.grade), name="grade"
        )
        image = graded.image
    if outline.lines or logo:
        page = await ctx.call(
            Typeset(
                image=image,
                lines=outline.lines,
                palette=palette or Palette(),
                display=kit.display,
                text=kit.text,
                logo=logo,
                name=kit.name,
                space=outline.space,
                subjects=shot.subjects,
            ),
            name="type",
        )
        image = page.image
    words = tuple(line.text for line in outline.lines)
    await admit(ctx, Moderate(texts=words, image=image, avoid=kit.voice.avoid), name="moderate")
    return {"picture": await signed(ctx, brief, image, brief.media_type or "image/png")}


async def _shot(
    ctx: Context,
    brief: Brief,
    outline: Outline,
    palette: Palette | None,
    options: PictureOptions,
    size: tuple[int, int],
) -> Picture:
    """The best take at its final size; takes are drawn smaller where all but one are dropped."""
    width, height = size
    several = options.takes > 1 and not ctx.finishes(GenerateImage)
    preview = options.preview if several else 1.0
    best = await best_take(
        ctx,
        WriteImagePrompt(
            subject=outline.subject,
            setting=outline.setting,
            mood=outline.mood,
            space=outline.space,
            product=bool(brief.products),
        ),
        GenerateImage(
            prompt="",
            width=max(16, round(width * preview)),
            height=max(16, round(height * preview)),
            seed=brief.seed,
            palette=palette,
            space=outline.space,
            label=outline.label,
            plinth=bool(brief.products),
        ),
        count=options.takes,
        rounds=options.rounds,
        limit_usd=options.redraw_usd,
    )
    return await sized(ctx, best, size)


async def _with_product(ctx: Context, product: Asset, shot: Picture, outline: Outline) -> Picture:
    """The photographed product, cut out and stood into the scene."""
    cut = await ctx.call(CutOut(image=product), name="cut-out")
    return await ctx.call(
        PlaceProduct(
            scene=shot.image, product=cut.image, subjects=shot.subjects, space=outline.space
        ),
        name="place",
    )


def _size(brief: Brief) -> tuple[int, int]:
    return brief.width or brief.height or SIDE, brief.height or brief.width or SIDE


def _query(reading: Reading) -> str:
    """What to look for. Dates and places are left out: they do not change what is found."""
    parts = (reading.name, reading.subject, reading.occasion, *reading.mood)
    return " ".join(part for part in parts if part)[:1000]
