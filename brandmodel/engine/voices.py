"""Which voices a target has."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from brandmodel.errors import InvalidRequestError
from brandmodel.routing import Tables
from brandmodel.tasks import Provider, Speak, SpeakingProvider, Target, Voice


async def voices_of(
    target: str, tables: Tables, provider_of: Callable[[Target], Provider]
) -> Sequence[Voice]:
    """The voices of a target by its id: see ``AsyncBrandModel.voices``."""
    speaking = {
        id_: row.value for id_, row in tables.targets.items() if Speak.__name__ in row.value.tasks
    }
    if target not in speaking:
        raise InvalidRequestError(
            f"no target {target!r} that speaks",
            hint=f"there are: {', '.join(sorted(speaking))}",
        )
    provider = provider_of(speaking[target])
    if not isinstance(provider, SpeakingProvider):
        return []
    return await provider.voices(speaking[target])
