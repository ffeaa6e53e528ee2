"""A product on plinths in studio light, ray-traced."""

from brandmodel.local.picture.still_life.engine import draw

__all__ = ["draw"]
