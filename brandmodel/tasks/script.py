"""A person's own script: its lines, how long they take, and the beats that they make.

Pure functions of words: the words themselves are never changed.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence

from brandmodel.tasks.audio import speaking_s
from brandmodel.tasks.film import Beat, BeatRole, Line

BREATH_S = 0.25
"""Silence before a line, and between two."""
SHORTEST_END_S, LONGEST_END_S = 2.0, 4.0

_ROLE = re.compile(r"^(?:hook|promise|proof|news|invite|end):\s*", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?…])[\"”’)]*\s+(?=[\"“‘(]?\w)|(?<=[。！？])")
_CARD = "end card:"
_LONGEST_LINE_WORDS = 32
_LONGEST_LINE_LETTERS = 2000


def own_lines(script: str) -> tuple[str, ...]:
    """The lines of a script: one each of the file, and of a long paragraph one each sentence.

    A script that a run wrote is read back, too: roles before the lines and its end card are left out.
    """
    lines: list[str] = []
    for raw in script.splitlines():
        line = _ROLE.sub("", " ".join(raw.split()))
        if line.casefold() == _CARD:
            break
        if len(line.split()) > _LONGEST_LINE_WORDS or len(line) > _LONGEST_LINE_LETTERS:
            lines += [part for part in _SENTENCE.split(line) if part]
        elif line:
            lines.append(line)
    return tuple(lines)


def needed_s(lines: Sequence[str], *, pace: float = 1.0) -> float:
    """About how long lines take to be said one after the other, in seconds."""
    return math.fsum(speaking_s(line, pace=pace) + BREATH_S for line in lines) + BREATH_S


def own_beats(lines: Sequence[str], length_s: float) -> tuple[Beat, ...]:
    """One beat for each line, as long as its words need, and the end card in what is left.

    Ids come from the words, so that a line keeps its id when others around it change.

    Args:
        lines: at least one; together they take no longer than the film.
        length_s: of the film.
    """
    each = [speaking_s(line) + BREATH_S for line in lines]
    left = length_s - math.fsum(each)
    end_s = min(LONGEST_END_S, left) if left >= SHORTEST_END_S else 0.0
    scale = (length_s - end_s) / math.fsum(each)
    beats = [
        Beat(id=id_, role=_role(number, len(lines)), says=line, duration_s=seconds * scale)
        for number, (id_, line, seconds) in enumerate(zip(_ids(lines), lines, each, strict=True))
    ]
    if end_s:
        beats.append(Beat(id="beat-end", role="end", duration_s=end_s))
    return tuple(beats)


def own_script(lines: Sequence[str]) -> tuple[Line, ...]:
    """The lines as a script's, with the ids of ``own_beats``."""
    return tuple(
        Line(id=id_, role=_role(number, len(lines)), text=line)
        for number, (id_, line) in enumerate(zip(_ids(lines), lines, strict=True))
    )


def _ids(lines: Sequence[str]) -> list[str]:
    taken: dict[str, None] = {}
    for line in lines:
        digest = hashlib.sha256(line.encode()).hexdigest()
        said = f"line-{'abcdef'[int(digest[0], 16) % 6]}{digest[1:6]}"
        # A line that is said twice is told apart by how often it was said before.
        id_, again = said, "b"
        while id_ in taken:
            id_, again = f"{said}-{again}", chr(ord(again) + 1)
        taken[id_] = None
    return list(taken)


def _role(number: int, count: int) -> BeatRole:
    if number == 0:
        return "hook"
    return "invite" if number == count - 1 else "proof"
