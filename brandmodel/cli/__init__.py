"""The command line: ``brandmodel run``, ``quote``, ``runs``, ``show``, ``explain``, ``init``, ``doctor``.

JSON alone on standard output, progress and logs on standard error. Exit codes: 0 done, 1 our
failure, 2 the caller's mistake, 3 stopped and resumable.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point of the command."""
    try:
        # Imported here, since Ctrl-C may come while the program is still being loaded.
        from brandmodel.cli.shell import main as run

        run()
    except KeyboardInterrupt:
        print("stopped before anything began", file=sys.stderr)
        sys.exit(3)


__all__ = ["main"]
