"""Procedural pictures: one file per engine, all drawing a ``Scene`` into a ``Drawing``."""
