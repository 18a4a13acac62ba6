"""Errors that a person can act on, and how a command ends when one is raised."""

from __future__ import annotations

import errno
import functools
import os
import sys
from collections.abc import Callable
from typing import ParamSpec

P = ParamSpec("P")

EXIT_ERROR = 2
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141


class NegjudgeError(Exception):
    """Wrong input or surroundings. The message is one line: what is wrong, and what to do."""


def command(main: Callable[P, object]) -> Callable[P, int]:
    """Wrap an entry point: 0 when it returns, 2 and one line on stderr when the fault is not ours.

    Ctrl-C ends with 130. Any other exception is a bug in this project and keeps its traceback.
    Set ``NEGJUDGE_TRACEBACK=1`` to see the traceback of every error.
    """

    @functools.wraps(main)
    def run(*args: P.args, **kwargs: P.kwargs) -> int:
        try:
            main(*args, **kwargs)
            sys.stdout.flush()
        except KeyboardInterrupt:
            print("interrupted; run the same command again", file=sys.stderr)
            return EXIT_INTERRUPTED
        except BrokenPipeError:  # the reader of our output went away: `negjudge score ... | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return EXIT_BROKEN_PIPE
        except (NegjudgeError, OSError) as error:
            if os.environ.get("NEGJUDGE_TRACEBACK") == "1":
                raise
            print(f"error: {describe(error)}", file=sys.stderr)
            return EXIT_ERROR
        return 0

    return run


def first_line(error: BaseException) -> str:
    """Return the first line of what a library's error says, which may go on for many."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def describe(error: Exception) -> str:
    """Return the one line that a person reads; a full disk and a refused permission name the file."""
    if not isinstance(error, OSError) or not error.strerror:
        return " ".join(str(error).split())
    where = f"{os.fspath(error.filename)!s}: " if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{where}no space left on the disk; free some and run the same command again"
    return f"{where}{error.strerror[:1].lower()}{error.strerror[1:]}"
