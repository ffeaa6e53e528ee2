"""What every recipe of media ends with: signing as the brand."""

from __future__ import annotations

from brandmodel.tasks import Asset, Brief, Context, Sign

_LONGEST_PROMPT = 2000


async def signed(
    ctx: Context, brief: Brief, asset: Asset, media_type: str, *, name: str = "sign"
) -> Asset:
    """The last form of an asset: foreign metadata out, the brand's provenance in."""
    done = await ctx.call(
        Sign(
            asset=asset,
            media_type=media_type,
            brand=ctx.kit.name,
            signer=ctx.kit.signer,
            prompt=brief.prompt[:_LONGEST_PROMPT],
            seed=brief.seed,
        ),
        name=name,
    )
    return done.asset
