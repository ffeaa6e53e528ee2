"""The brand kit: what makes a picture look and a text sound like one company."""

from brandmodel.brand.kit import Brand
from brandmodel.brand.pictures import palette_from_pictures
from brandmodel.brand.slices import Colour, Palette, Slice, Voice

__all__ = ["Brand", "Colour", "Palette", "Slice", "Voice", "palette_from_pictures"]
