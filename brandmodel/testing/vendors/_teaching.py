"""Training, as a fake: weights that hold the colour of what they were shown, and give it to pictures."""

from __future__ import annotations

import io
import json
import struct
import zipfile

from brandmodel.testing.vendors._house import Refused
from brandmodel.testing.vendors._studio import opened, written

Colour = tuple[int, int, int]


def taught(archive: bytes) -> bytes:
    """Weights of the pictures in a zip, in the format of safetensors.

    Raises:
        Refused: it is no zip, or has no picture.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            names = [name for name in packed.namelist() if not name.endswith(".txt")]
            shown = [opened(packed.read(name)).resize((1, 1)).getpixel((0, 0)) for name in names]
    except zipfile.BadZipFile as error:
        raise Refused("bad-request", "images_data_url: not an archive") from error
    if not shown:
        raise Refused("bad-request", "images_data_url: no picture in it")
    colour = [sum(one[n] for one in shown) // len(shown) for n in range(3)]
    head = json.dumps({"__metadata__": {"colour": json.dumps(colour)}}).encode()
    return struct.pack("<Q", len(head)) + head


def colour_of(weights: bytes) -> Colour:
    """The colour that weights hold.

    Raises:
        Refused: they were not trained here.
    """
    try:
        (length,) = struct.unpack_from("<Q", weights)
        red, green, blue = json.loads(json.loads(weights[8 : 8 + length])["__metadata__"]["colour"])
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise Refused("bad-request", "loras: not a file of weights") from error
    return red, green, blue


def tinted(picture: bytes, colour: Colour) -> bytes:
    """A picture in a colour, light and shade kept."""
    from PIL import Image, ImageOps

    drawn = opened(picture)
    toned = ImageOps.colorize(drawn.convert("L"), "black", "white", mid=colour)
    return written(Image.blend(drawn, toned, 0.8))
