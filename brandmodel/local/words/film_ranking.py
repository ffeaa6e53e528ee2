"""Ordering passages for a brief: facts first, then art direction, each by what it shares with it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from brandmodel.local.desk import Desk
from brandmodel.local.words.lexicon import words
from brandmodel.local.words.setting import is_art_direction
from brandmodel.local.words.text import stems
from brandmodel.tasks import Passage, Passages, Rerank

_STEERING = ("season", "occasion", "product", "terrain", "daytime", "mood", "weather")


def rerank(request: Rerank, desk: Desk) -> Passages:
    """The passages that bear on the query, best first; at least a third of the room is for facts."""
    facts = [p for p in request.passages if not is_art_direction(p)]
    direction = [p for p in request.passages if is_art_direction(p)]
    ranked = _ranked(request.query, facts)
    looks = _ranked(request.query, direction)
    # Direction without any bearing steers nothing; facts of a brand always may serve.
    looks = [p for p in looks if p.score > 0]
    room = max(request.top - len(looks), math.ceil(2 * request.top / 3))
    chosen = ranked[:room]
    return Passages(passages=(*chosen, *looks[: request.top - len(chosen)]))


def _ranked(query: str, passages: Sequence[Passage]) -> list[Passage]:
    """By shared stems, rare ones counting more, and by shared meanings; equal ones keep their order."""
    asked = set(stems(query))
    meant = {m for w in words(query) for m in w.meanings if m[0] in _STEERING}
    bodies = [set(stems(f"{p.heading} {p.text}")) for p in passages]
    common = Counter(s for body in bodies for s in body)
    scored: list[Passage] = []
    for passage, body in zip(passages, bodies, strict=True):
        shared = sum(math.log(1 + len(bodies) / common[s]) for s in sorted(asked & body))
        about = {m for w in words(f"{passage.heading} {passage.text}") for m in w.meanings}
        near = len(meant & about)
        heading = len(asked & set(stems(passage.heading)))
        score = round(shared + 0.6 * near + 0.8 * heading, 6)
        scored.append(passage.model_copy(update={"score": score}))
    return sorted(scored, key=lambda p: -p.score)
