from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_SEND = """
    async def main():
        http = Http()
        try:
            await http.send("http://127.0.0.1:9", Ask("x"), {})
        except UnavailableError:
            pass
        await http.aclose()

    asyncio.run(main())
"""
_LOOK = """
    assert origin("http://127.0.0.1:9/x")[1] == "127.0.0.1"
"""


@pytest.mark.parametrize("first", [_SEND, _LOOK], ids=["a call", "an address"])
def test_threads_that_end_one_after_the_other_can_all_call(first: str) -> None:
    """As models do that are opened and closed, each with an event loop on a thread of its own."""
    script = f"""
import asyncio, os, threading
from brandmodel.errors import UnavailableError
from brandmodel.providers._addresses import origin
from brandmodel.providers._http import Ask, Http

def first():
{first}

def others():
{_SEND}

for work in (first, others, others, others, others, others):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
print("done", flush=True)
# What the library does while the interpreter is taken down is not looked at here.
os._exit(0)
"""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr
