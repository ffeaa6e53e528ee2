"""Who holds a lease or a run: a process of a machine, and whether it is still there."""

from __future__ import annotations

import os
import socket
from functools import cache
from pathlib import Path


def own_holder() -> str:
    """This process, as ``host:process``."""
    return f"{_place()}:{os.getpid()}"


def is_gone(holder: str) -> bool:
    """Whether a process is known to have ended; of those on other machines nobody can tell.

    Args:
        holder: begins as ``own_holder`` says; more may follow.
    """
    place, _, rest = holder.partition(":")
    process = rest.partition(":")[0]
    if place != _place() or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass
    return False


@cache
def _place() -> str:
    """The machine; where containers share its name, the one in which processes are numbered."""
    numbers, name = Path("/proc/self/ns/pid"), socket.gethostname()
    return f"{name}@{numbers.stat().st_ino}" if numbers.exists() else name
