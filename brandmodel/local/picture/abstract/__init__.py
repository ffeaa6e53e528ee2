"""Brand art without a subject."""

from brandmodel.local.picture.abstract.engine import draw

__all__ = ["draw"]
