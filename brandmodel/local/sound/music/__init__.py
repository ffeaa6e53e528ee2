"""The composer: a plan from mood words, parts written from the plan, instruments that play them."""

from brandmodel.local.sound.music.composing import compose

__all__ = ["compose"]
