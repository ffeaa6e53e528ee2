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
}
"""Words only: milliseconds, served in this process."""

HEAVY = {
    "GenerateImage": "brandmodel.local.picture.drawing:generate",
    "UpscaleImage": "brandmodel.local.picture.drawing:enlarge",
    "Judge": "brandmodel.local.retouch.judge:judge",
    "GradeImage": "brandmodel.local.retouch.grade:grade",
    "CutOut": "brandmodel.local.retouch.cutout:cut_out",
    "PlaceProduct": "brandmodel.local.retouch.place:place",
    "Typeset": "brandmodel.local.type.typeset:typeset",
}
"""Pixels: served by worker processes, so that the event loop stays free and crashes stay outside."""

Serve = Callable[[Any, Desk], Result]


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
