"""What a reply says was charged."""

from __future__ import annotations

from brandmodel.providers._http import Reply
from brandmodel.providers._json import nano_usd, number
from brandmodel.tasks import Call


def charged(call: Call, reply: Reply) -> int | None:
    """Nano-USD of the credits that the reply tells; the row's price holds where it does not."""
    each = number(call.target.settings.get("usd_per_credit"))
    told = reply.headers.get("character-cost", "")
    return nano_usd(float(told) * each) if told.replace(".", "", 1).isdecimal() else None
