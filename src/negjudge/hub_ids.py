"""Names that are a folder here or a repository on the Hub: which of the two, and why the Hub gave nothing.

One rule for models, LoRAs and judges. A folder that exists is a folder. Else a name is a Hub id where it
reads USER/NAME, in letters that the Hub takes, and USER is no folder here: ``runs/mjni``, misspelt, is a
folder that is missing. So is what begins with ``./``, ``/`` or ``~``, or has more than one slash.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from negjudge.errors import NegjudgeError, describe, first_line


def is_hub_id(name: str) -> bool:
    """Tell whether a name is a Hub id, by the rule above."""
    return _reads_as_id(name) and not Path(name.split("/")[0]).is_dir()


def _reads_as_id(name: str) -> bool:
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]  # public, not re-exported

    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return name.count("/") == 1


def no_folder(name: str) -> str:
    """Return how the line begins that says of a name that is no Hub id that there is no such folder."""
    line = f"there is no model folder {name}"
    if not _reads_as_id(name):
        return line
    return f"{line} (nor was the Hub asked, since {name.split('/')[0]} is a folder here)"


@contextlib.contextmanager
def from_hub(name: str, part: str = "it") -> Iterator[None]:
    """Raise NegjudgeError, one line, where the Hub does not give ``part`` of the repository ``name``."""
    try:
        yield
    except Exception as error:  # the Hub's client, HTTP and the disk each raise their own
        raise NegjudgeError(
            f"there is no folder {name}, and the Hub did not give {part}: {_reason(error)}"
        ) from error


def _reason(error: BaseException) -> str:
    """Return why, and what to do; the cause may be below what a library made of it."""
    from huggingface_hub import errors

    def find(*kinds: type[BaseException]) -> BaseException | None:
        return next((each for each in _causes(error) if isinstance(each, kinds)), None)

    if find(errors.GatedRepoError):
        return "it is gated; accept its terms on its page there, and run `hf auth login`"
    if find(errors.RepositoryNotFoundError):
        return "there is none by that name, or it is private; check the name, or run `hf auth login`"
    if find(errors.RevisionNotFoundError):
        return "it has no such revision; check the revision"
    if isinstance(lacking := find(errors.RemoteEntryNotFoundError), errors.RemoteEntryNotFoundError):
        return f"it has no file {lacking.response.url.path.split('/')[-1]}; check the name"
    if refused := find(errors.HfHubHTTPError):
        return first_line(refused)
    if find(errors.OfflineModeIsEnabled) or (find(errors.LocalEntryNotFoundError) and _is_offline()):
        return "HF_HUB_OFFLINE is set, and the cache here lacks it; unset that, or fetch it first"
    if find(errors.LocalEntryNotFoundError, ConnectionError, TimeoutError, *_transport()):
        return "it cannot be reached; check the network, and try again"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES):
        return describe(error)
    return first_line(error)


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__


def _is_offline() -> bool:
    from huggingface_hub import constants

    return constants.HF_HUB_OFFLINE


def _transport() -> tuple[type[BaseException], ...]:
    """Return what the HTTP library below the Hub's client raises; which library differs between versions."""
    from huggingface_hub.errors import HfHubHTTPError

    return tuple(kind for kind in HfHubHTTPError.__mro__ if kind.__name__ == "HTTPError")
