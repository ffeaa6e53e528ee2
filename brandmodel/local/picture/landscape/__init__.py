"""Land, water and sky from a height field."""

from brandmodel.local.picture.landscape.engine import draw

__all__ = ["draw"]
