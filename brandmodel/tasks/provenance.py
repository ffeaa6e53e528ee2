"""Whose work it is, said in the file itself."""

from __future__ import annotations

from typing import ClassVar, Literal

from brandmodel.tasks._base import Request, Result, Stage
from brandmodel.tasks.values import Asset

SourceType = Literal[
    "algorithmicMedia", "trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"
]
"""IPTC digital source types: how the media came about."""


class Signed(Result):
    """The last form of an asset: foreign metadata out, the brand's provenance in."""

    asset: Asset


class Sign(Request[Signed]):
    """Strip foreign metadata and sign as the brand (C2PA).

    Attributes:
        media_type: what the file shall become; None keeps it.
        brand: the name that stands in the claim.
        signer: fingerprint of the brand's certificate, so that a new one signs anew.
        source_type: how the media came about; procedural work is ``algorithmicMedia``.
        prompt: the words it was made from, put into the manifest.
        seed: likewise.
    """

    stage: ClassVar[Stage] = "refine"

    asset: Asset
    media_type: str | None = None
    brand: str = ""
    signer: str = ""
    source_type: SourceType = "algorithmicMedia"
    prompt: str = ""
    seed: int = 0

    def sketch(self, *, dear: bool) -> Signed:
        """The same asset."""
        return Signed(asset=self.asset)
