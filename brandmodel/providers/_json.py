"""Reading what vendors send: whatever is there comes in the type that is wanted, or empty.

Only fields that are used are read, and one of a surprising type is as good as one that is missing.
"""

from __future__ import annotations

import binascii
import contextlib
import json
import math
from typing import Any, cast

from brandmodel.errors import BadResponseError

_NUMBERS = (int, float)


def fields(value: Any) -> dict[str, Any]:
    """An object; empty where it is none."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def parsed(data: str) -> dict[str, Any]:
    """The object of an event.

    Raises:
        BadResponseError: it is none.
    """
    # Not chained: the decoder's own error holds all of the data.
    with contextlib.suppress(ValueError, RecursionError):
        value = json.loads(data)
        if isinstance(value, dict):
            return fields(value)
        raise BadResponseError("the stream is not of objects", detail=data[:500])
    raise BadResponseError("the stream is not JSON", detail=data[:500])


def items(value: Any) -> list[Any]:
    """A list; empty where it is none."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def text(value: Any) -> str:
    """A text, fit for UTF-8; empty where it is none. Halves of characters become question marks."""
    if not isinstance(value, str):
        return ""
    return value if value.isascii() else value.encode(errors="replace").decode()


def count(value: Any) -> int:
    """A count; 0 where it is none."""
    # Most are missing, or counts already.
    if not value:
        return 0
    sound = isinstance(value, _NUMBERS) and value == value and 0 < value < 1e18
    return int(value) if sound else 0


def number(value: Any) -> float:
    """A finite number; 0 where it is none."""
    sound = isinstance(value, _NUMBERS) and not isinstance(value, bool)
    return float(value) if sound and abs(value) < 1e300 else 0.0


def unpacked(value: Any) -> bytes:
    """Bytes from base64.

    Raises:
        BadResponseError: it is none, or empty.
    """
    try:
        data = binascii.a2b_base64(text(value), strict_mode=True)
    except ValueError as error:
        raise BadResponseError("the medium is not base64", detail=text(value)[:100]) from error
    if not data:
        raise BadResponseError("the medium is empty")
    return data


def nano_usd(dollars: Any) -> int | None:
    """Nano-USD of what a vendor says it charged, rounded up; None where it says nothing sound.

    No call costs a million: what says so is a mistake, and the row's price holds.
    """
    amount = number(dollars)
    return math.ceil(round(amount * 1e9, 3)) if 0 < amount < 1e6 else None
