"""A final of the local studio: the scene of its draft, drawn anew."""

from __future__ import annotations

from brandmodel.local.desk import Desk
from brandmodel.local.picture.drawing import generate
from brandmodel.tasks import GenerateImage


def test_a_final_is_the_scene_of_its_draft_and_a_foreign_picture_is_said_to_be_none() -> None:
    desk = Desk(lambda asset: b"")
    draft = generate(GenerateImage(prompt="A bottle on stones", width=96, height=64, seed=3), desk)
    # Neither the words nor the seed of the final decide what is to be seen in it.
    asked = GenerateImage(prompt="Dunes", width=192, height=128, seed=9)
    final = generate(asked.keeping_to(draft), desk)
    assert (final.scene, final.image.width) == (draft.scene, 192)
    foreign = draft.model_copy(update={"scene": ""})
    assert any("did not draw" in n for n in generate(asked.keeping_to(foreign), desk).notes)
