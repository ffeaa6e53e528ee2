"""Media requests in words, for models that take nothing but words and pictures.

A request says colours, calm sides, labels and camera moves as fields; these models want sentences.
"""

from __future__ import annotations

from collections.abc import Mapping

from brandmodel.tasks import AnimateImage, ComposeMusic, EditImage, GenerateImage
from brandmodel.tasks.video import Move

_MOVES: Mapping[Move, str] = {
    "push-in": "the camera pushes in slowly",
    "pull-out": "the camera pulls out slowly",
    "pan-left": "the camera pans slowly to the left",
    "pan-right": "the camera pans slowly to the right",
    "rise": "the camera rises slowly",
    "drift": "the camera drifts gently",
}


def picture_words(request: GenerateImage) -> str:
    """What a picture shall show, its colours and composition included."""
    said = [request.prompt.strip()]
    if (palette := request.palette) is not None:
        more = f", further {', '.join(palette.more)}" if palette.more else ""
        said.append(
            f"Colours: darks {palette.ink}, lights {palette.paper}, mainly {palette.primary}, "
            f"sparingly {palette.accent}{more}."
        )
    if request.space != "none":
        said.append(f"Keep the {request.space} third of the picture calm and empty, for type.")
    if request.plinth:
        said.append("Leave the main place empty: an empty plinth, without any product on it.")
    if request.label:
        said.append(f'The label of the product reads "{request.label}"; no other text.')
    else:
        said.append("No text, letters or logos in the picture.")
    if request.reference is not None:
        said.append("Keep the composition of the picture given: same objects, same places.")
    return " ".join(said)


def edit_words(request: EditImage) -> str:
    """What shall change in a picture."""
    if request.mask is None:
        return request.prompt
    return (
        f"{request.prompt} The last picture is a mask: change only what is transparent in it, and "
        "keep everything else as it is."
    )


def motion_words(request: AnimateImage) -> str:
    """How the camera moves through a picture."""
    return (
        f"One continuous shot without cuts: {_MOVES[request.move]}, easing in and out. Everything "
        "stays as it is in the picture; no new objects, no lettering, no dialogue."
    )


def music_words(request: ComposeMusic) -> str:
    """How a piece of music shall be."""
    energy = ("sparse and slow", "easy and steady", "dense and driving")
    mood = f"{request.mood}, " if request.mood else ""
    how = energy[min(2, int(request.energy * 3))]
    return (
        f"An instrumental piece of {request.duration_s:g} seconds, {mood}{how}, with a beginning, "
        "a rise and a clear end. No vocals."
    )
