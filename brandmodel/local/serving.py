"""Which function serves which task, and whether it needs a process of its own."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any

from brandmodel.errors import MissingExtraError
from brandmodel.local.desk import Desk
from brandmodel.tasks import Result

LIGHT = {
    "SearchDocuments": "brandmodel.local.words.searching:search",
    "ReadBrief": "brandmodel.local.words.reading:read_brief",
    "OutlinePicture": "brandmodel.local.words.planning:outline",
    "WriteImagePrompt": "brandmodel.local.words.planning:image_prompt",
    "PlanAnswer": "brandmodel.local.words.answering:plan_answer",
    "WriteAnswer": "brandmodel.local.words.answering:write_answer",
    "CheckSources": "brandmodel.local.words.answering:check_sources",
    "Moderate": "brandmodel.local.words.moderation:moderate",
    "ReadFilmBrief": "brandmodel.local.words.film_reading:read_film_brief",
    "Rerank": "brandmodel.local.words.film_ranking:rerank",
    "OutlineFilm": "brandmodel.local.words.film_outline:outline_film",
    "WriteScript": "brandmodel.local.words.film_script:write_script",
    "CritiqueScript": "brandmodel.local.words.film_critique:critique_script",
    "Storyboard": "brandmodel.local.words.film_shots:storyboard",
    "WriteVoiceover": "brandmodel.local.words.film_voiceover:write_voiceover",
}
"""Words only: milliseconds, served in this process."""

HEAVY = {
    "GenerateImage": "brandmodel.local.picture.drawing:generate",
    "UpscaleImage": "brandmodel.local.picture.drawing:enlarge",
    "FitImage": "brandmodel.local.retouch.upscale:fit",
    "Judge": "brandmodel.local.retouch.judge:judge",
    "GradeImage": "brandmodel.local.retouch.grade:grade",
    "CutOut": "brandmodel.local.retouch.cutout:cut_out",
    "PlaceProduct": "brandmodel.local.retouch.place:place",
    "Typeset": "brandmodel.local.type.typeset:typeset",
    "AnimateImage": "brandmodel.local.motion.animate:animate",
    "InterpolateFrames": "brandmodel.local.motion.interpolate:interpolate",
    "Speak": "brandmodel.local.sound.voice:speak",
    "AlignWords": "brandmodel.local.sound.aligning:align",
    "ComposeMusic": "brandmodel.local.sound.music.composing:compose",
    "MakeSound": "brandmodel.local.sound.effects:make_sound",
    "FitMusic": "brandmodel.local.sound.fitting:fit",
    "JudgeSpeech": "brandmodel.local.sound.judging:judge_speech",
    "MixSound": "brandmodel.local.sound.mixing:mix",
    "DrawStoryboard": "brandmodel.local.cut.sheet:draw_storyboard",
    "Assemble": "brandmodel.local.cut.assemble:assemble",
}
"""Pixels: served by worker processes, so that the event loop stays free and crashes stay outside."""

Serve = Callable[[Any, Desk], Result]


def room_of(task: str) -> str:
    """The part of the studio that serves a task, such as ``sound``."""
    return {**LIGHT, **HEAVY}[task].split(".")[2]


@cache
def server_of(task: str) -> Serve:
    """The function that serves a task.

    Raises:
        MissingExtraError: a library it needs is not installed.
    """
    module, _, name = {**LIGHT, **HEAVY}[task].partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("brandmodel"):
            raise
        raise MissingExtraError(
            f"the local studio needs {error.name}", hint="pip install 'brandmodel[local]'"
        ) from error
