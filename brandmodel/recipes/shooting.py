"""How a film gets its shots: a prompt, takes, the best of them, and a camera that moves through it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from brandmodel.brand import Palette
from brandmodel.recipes.sizing import sized, timed
from brandmodel.recipes.taking import best_take
from brandmodel.tasks import (
    AnimateImage,
    Asset,
    Brief,
    Clip,
    Context,
    CutOut,
    FilmOutline,
    GenerateImage,
    GradeImage,
    Picture,
    PlaceProduct,
    Shot,
    WriteImagePrompt,
)
from brandmodel.tasks.video import Fps

_WITH_PRODUCT = ("product", "close")


@dataclass(frozen=True, slots=True)
class Footage:
    """What the shots of a film share.

    Attributes:
        size: (width, height) of the film in pixels.
        takes: of each shot's picture.
        preview: size of the takes, as a share of the film's.
        rounds: how often a rejected shot is drawn again.
        redraw_usd: what drawing one shot again may cost before no further round begins.
        drawn_fps: frames a second that are drawn; the frames between are interpolated.
        own: pictures of a person's by shot, shown as they are.
        products: cut-out photographs by shot, stood into the scene.
    """

    brief: Brief
    outline: FilmOutline
    size: tuple[int, int]
    takes: int
    preview: float
    rounds: int
    redraw_usd: float
    fps: Fps
    drawn_fps: Fps
    own: Mapping[str, Asset]
    products: Mapping[str, Asset]


async def products_by_shot(ctx: Context, brief: Brief, shots: tuple[Shot, ...]) -> dict[str, Asset]:
    """The cut-out photograph for each shot that shows the product; each is cut out once."""
    if not brief.products:
        return {}
    cut = await ctx.gather(
        *(
            ctx.scope(f"product-{photo.sha256[:8]}").call(CutOut(image=photo), name="cut-out")
            for photo in dict.fromkeys(brief.products)
        )
    )
    wanting = [shot.id for shot in shots if shot.role in _WITH_PRODUCT] or [shots[-1].id]
    return {id_: cut[number % len(cut)].image for number, id_ in enumerate(wanting)}


async def still(unit: Context, shot: Shot, footage: Footage) -> Picture:
    """A shot's picture, from its description to the best take; a person's own is taken as it is."""
    if shot.id in footage.own:
        return Picture(image=footage.own[shot.id])
    width, height = footage.size
    preview = 1.0 if unit.finishes(GenerateImage) else footage.preview
    outline = footage.outline
    palette = unit.kit.palette or outline.palette
    product = footage.products.get(shot.id)
    best = await best_take(
        unit,
        WriteImagePrompt(
            subject=shot.description,
            mood=outline.mood,
            space=shot.space,
            product=product is not None,
        ),
        GenerateImage(
            prompt="",
            width=max(64, round(width * preview)),
            height=max(64, round(height * preview)),
            seed=unit.rng("picture").getrandbits(31),
            palette=palette,
            space=shot.space,
            label=outline.label if shot.role in _WITH_PRODUCT else "",
            plinth=product is not None,
        ),
        count=footage.takes,
        rounds=footage.rounds,
        limit_usd=footage.redraw_usd,
    )
    if product is not None:
        return await _with_product(unit, best, product, shot, footage)
    if best.scene:
        # Whoever knows the scene draws it at full size and in the palette as the camera moves.
        return best
    return await _graded(unit, await sized(unit, best, footage.size), palette)


async def filmed(unit: Context, shot: Shot, picture: Picture, footage: Footage) -> Clip:
    """The camera's move through a shot's picture."""
    width, height = footage.size
    clip = await unit.call(
        AnimateImage(
            image=picture.image,
            width=width,
            height=height,
            duration_s=shot.duration_s,
            fps=footage.drawn_fps,
            move=shot.move,
            scene=picture.scene,
            subjects=picture.subjects,
            seed=footage.brief.seed,
        ),
        name="animate",
    )
    return await timed(
        unit, clip, drawn_fps=footage.drawn_fps, fps=footage.fps, duration_s=shot.duration_s
    )


async def _with_product(
    unit: Context, scene: Picture, product: Asset, shot: Shot, footage: Footage
) -> Picture:
    """The photograph, stood into its scene; the scene tells the camera how deep it is."""
    large = await sized(unit, scene, footage.size)
    placed = await unit.call(
        PlaceProduct(scene=large.image, product=product, subjects=scene.subjects, space=shot.space),
        name="place",
    )
    return placed.model_copy(update={"scene": scene.scene})


async def _graded(unit: Context, picture: Picture, palette: Palette | None) -> Picture:
    if palette is None:
        return picture
    graded = await unit.call(GradeImage(image=picture.image, palette=palette), name="grade")
    return picture.model_copy(update={"image": graded.image})
