"""The passwords and the token of a run folder's Label Studio, in one file that only its owner can read."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from negjudge.data.durable import write_atomically
from negjudge.errors import NegjudgeError

FILE = "logins.json"
DOMAIN = "negjudge.invalid"  # reserved (RFC 2606): a mail to these addresses goes nowhere
ADMIN = f"admin@{DOMAIN}"


@dataclass(frozen=True)
class Logins:
    """The administrator's API token, and the password of every account by its mail address."""

    token: str = field(repr=False)
    passwords: dict[str, str] = field(repr=False)


def address(annotator: str) -> str:
    """Return the mail address that an annotator logs in with."""
    return f"{annotator}@{DOMAIN}"


def keep_logins(folder: Path, annotators: list[str]) -> Logins:
    """Read the logins of a server folder, making what is missing: the file is there before the server is.

    Raises NegjudgeError when the file is damaged.
    """
    path = folder / FILE
    try:
        logins = Logins(**json.loads(path.read_text()))
    except FileNotFoundError:
        logins = Logins(token=secrets.token_hex(20), passwords={})
    except (ValueError, TypeError):
        raise NegjudgeError(f"{path} is damaged; move the folder {folder} away and label again") from None
    missing = {ADMIN, *map(address, annotators)} - logins.passwords.keys()
    if missing:
        logins.passwords.update({one: secrets.token_urlsafe(15) for one in sorted(missing)})
        with private():
            write_atomically(path, json.dumps(vars(logins), indent=1) + "\n")
    return logins


@contextlib.contextmanager
def private() -> Iterator[None]:
    """Make every file that is created meanwhile readable by its owner alone."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
