"""The command line: ``brandmodel run``, ``quote``, ``runs``, ``show``, ``explain``, ``init``, ``doctor``.

JSON alone on standard output, progress and logs on standard error. Exit codes: 0 done, 1 our
failure, 2 the caller's mistake, 3 stopped and resumable.
"""

from brandmodel.cli.commands import main

__all__ = ["main"]
