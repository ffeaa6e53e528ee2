"""Loading pyreqwest, the library that speaks HTTP, where it can be loaded safely."""

from __future__ import annotations

import functools
import importlib
import threading


@functools.cache
def load() -> None:
    """Load it on a thread that does not end before the program does.

    Its memory belongs to the thread that loads it: once that one has ended, the next client that is
    made brings the process down (pyreqwest 0.15.1), such as that of a second ``BrandModel``.
    """
    if threading.current_thread() is threading.main_thread():
        importlib.import_module("pyreqwest.client")
        return
    loaded = threading.Event()

    def stay() -> None:
        try:
            importlib.import_module("pyreqwest.client")
        finally:
            loaded.set()
        threading.Event().wait()

    threading.Thread(target=stay, name="pyreqwest", daemon=True).start()
    loaded.wait()
