"""How a command runs: its work on an event loop, then what it shows.

Every failure becomes one message and an exit code; nobody is shown a traceback.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable

import typer

from brandmodel.cli import views
from brandmodel.cli.printing import Form, form_of
from brandmodel.errors import (
    BrandModelError,
    Fault,
    InvalidRequestError,
    RunCancelled,
    RunError,
    StorageError,
)

EXIT: dict[Fault, int] = {"ours": 1, "caller": 2, "stopped": 3}
TRACEBACK = "BRANDMODEL_TRACEBACK"

Show = Callable[[], None]
"""Puts the outcome before the caller. Called when the work is over and its loop is closed."""

# typer brings the parser's errors along but exports only this one of them; its base is the
# mistake of whoever typed the command.
_UsageError: type[Exception] = typer.BadParameter.__bases__[0]


def main() -> None:
    """Parse the command line and run the command that it names."""
    _open_streams()
    from brandmodel.cli.commands import app

    arguments = sys.argv[1:]
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    form = form_of(as_json="--json" in options, events="--events" in options)
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except _UsageError as error:
        _show_usage(error, form=form)
        sys.exit(EXIT["caller"])


def go(work: Callable[[], Awaitable[Show]], *, form: Form) -> None:
    """Do a command's work, then show what came of it; every error becomes an exit code."""
    try:
        _done(work)
    except BrandModelError as error:
        views.show_error(error, form=form)
        raise typer.Exit(EXIT[error.fault]) from None
    except KeyboardInterrupt:
        views.show_error(RunCancelled("stopped"), form=form)
        raise typer.Exit(EXIT["stopped"]) from None
    except BrokenPipeError:
        # Whoever read our output has gone. The work is done, and nothing is left to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _done(work: Callable[[], Awaitable[Show]]) -> None:
    doing = "the machine refused"
    try:
        show = asyncio.run(_guarded(work))
        doing = "standard output"
        show()
        sys.stdout.flush()
    except (BrandModelError, typer.Exit, BrokenPipeError):
        raise
    except OSError as error:
        where = error.filename or doing
        raise StorageError(
            f"{where}: {error.strerror or error}",
            hint="free space, or choose another place; what is finished is kept",
        ) from error
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        frame = traceback.extract_tb(error.__traceback__)[-1]
        raise RunError(
            f"{type(error).__name__} at {frame.filename}:{frame.lineno}: {error}",
            hint=f"this is a fault of brandmodel; {TRACEBACK}=1 shows how it came about",
        ) from error


async def _guarded(work: Callable[[], Awaitable[Show]]) -> Show:
    """Let Ctrl-C and SIGTERM cancel the work, so that what is finished is written down."""
    task = asyncio.ensure_future(work())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        raise RunCancelled(
            "stopped; finished steps are kept", hint="run the same again to go on"
        ) from None


def _open_streams() -> None:
    """Make the three standard streams usable whatever they were started as."""
    # A closed one would give its number to the next file, and what is printed would go there.
    descriptor = os.open(os.devnull, os.O_RDWR)
    while descriptor <= 2:
        descriptor = os.open(os.devnull, os.O_RDWR)
    os.close(descriptor)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))
        elif hasattr(stream, "reconfigure"):
            # Terminals without our signs, and file names that are not UTF-8, still get a line.
            stream.reconfigure(errors="backslashreplace")


def _show_usage(error: Exception, *, form: Form) -> None:
    if form != "words":
        command = getattr(getattr(error, "ctx", None), "command_path", "brandmodel")
        message = str(getattr(error, "format_message", lambda: error)())
        said = InvalidRequestError(message, hint=f"see `{command} --help`")
        views.show_error(said, form=form)
    else:
        error.show()  # type: ignore[attr-defined]
