"""A worker process: ``python -m brandmodel.local.worker`` serves pixel tasks over its pipes.

A program of its own, since a spawn pool breaks scripts without a main guard, and a fork after
OpenCV has started threads deadlocks. It ends when its input ends, so none outlives its parent.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def main() -> None:
    """Serve until the input ends. Whatever a library prints goes to standard error."""
    for name in THREADS:
        os.environ.setdefault(name, "1")
    # A terminal's Ctrl-C reaches the whole group; the parent decides when a worker ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    questions = os.fdopen(0, "rb")
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    _warm()
    _serve(questions, answers)


def _end_with_parent(parent: int) -> None:
    """End in the middle of a task too, when nobody is left to hand its result to."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _warm() -> None:
    try:
        import cv2

        cv2.setNumThreads(1)
    except ImportError:
        pass


def _serve(questions: BinaryIO, answers: BinaryIO) -> None:
    from brandmodel.local.frames import packed, read_frame

    while (frame := read_frame(questions)) is not None:
        head, blobs = answer(json.loads(frame[0]))
        for piece in packed(json.dumps(head).encode(), blobs):
            answers.write(piece)
        answers.flush()


def answer(question: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    """Serve one question: ``{task, request, take, store}`` to ``{result}`` or ``{error}``, and blobs."""
    from brandmodel.errors import BrandModelError
    from brandmodel.local.desk import Desk
    from brandmodel.local.serving import server_of
    from brandmodel.tasks import TASKS, Asset

    store = Path(question["store"])

    def read(asset: Asset) -> bytes:
        return (store / asset.sha256[:2] / asset.sha256[2:]).read_bytes()

    desk = Desk(read, take=question["take"])
    try:
        request = TASKS[question["task"]].model_validate_json(question["request"])
        result = server_of(question["task"])(request, desk)
    except BrandModelError as error:
        said = {"class": type(error).__name__, "message": error.message, "hint": error.hint}
        return {"error": said}, []
    except MemoryError:
        said = {
            "class": "UnavailableError",
            "message": "not enough memory",
            "hint": "ask for a smaller size",
        }
        return {"error": said}, []
    return {"result": result.model_dump_json()}, list(desk.made.values())


if __name__ == "__main__":
    sys.path[:] = [entry for entry in sys.path if entry]
    main()
