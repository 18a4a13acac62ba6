"""Requests to an OpenAI-compatible server: tried again where that helps, and never a secret in a message."""

from __future__ import annotations

import contextlib
import email.utils
import ipaddress
import logging
import os
import random
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from negjudge.errors import NegjudgeError

ADDRESS, KEY = "NEGJUDGE_ENDPOINT", "NEGJUDGE_API_KEY"
AGAIN = (408, 409, 429)  # and all from 500: the request was in order, the moment was not
REFUSED = (400, 415, 422, 501)  # what servers say of a parameter that they do not know
CODES = (
    "billing_hard_limit_reached",
    "content_policy_violation",
    "context_length_exceeded",
    "insufficient_quota",
    "invalid_api_key",
    "invalid_image_format",
    "invalid_request_error",
    "model_not_found",
    "rate_limit_exceeded",
    "server_error",
    "unsupported_parameter",
    "unsupported_value",
)
TIMEOUT = httpx.Timeout(180.0, connect=15.0)  # seconds

# They tell addresses at level INFO and headers below it.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True)
class Patience:
    """How often a request is tried, and how long is waited in between (seconds).

    The wait doubles from ``first`` to ``longest``, give or take a half by chance, so that those who failed
    together do not come back together. What the server asks for by Retry-After is waited, up to ``asked``.
    """

    tries: int = 6
    first: float = 1.0
    longest: float = 60.0
    asked: float = 300.0


class RefusedError(NegjudgeError):
    """The server does not take the request; ``parameter`` is the one that it names, if it does."""

    def __init__(self, message: str, parameter: str | None) -> None:
        super().__init__(message)
        self.parameter = parameter


class StoppedError(NegjudgeError):
    """Another request ended the session while this one waited."""


class Client:
    """The server whose address and key the environment gives. Messages hold neither, whatever it answers."""

    def __init__(self, patience: Patience | None = None) -> None:
        """Read the environment; NegjudgeError where the address is missing or either cannot be used."""
        self.patience = patience or Patience()
        self.stopped = threading.Event()
        self._key = os.environ.get(KEY, "").strip()
        self._url = _chat_url(os.environ.get(ADDRESS, "").strip())
        if not re.fullmatch(r"[!-~]*", self._key):
            raise NegjudgeError(f"{KEY} holds a character that no key has; set it anew")
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        # A proxy cannot reach this machine's own servers.
        self._http = httpx.Client(
            headers=headers, timeout=TIMEOUT, trust_env=not _is_loopback(self._url.host)
        )

    def close(self) -> None:
        """End what waits, and close the connections."""
        self.stopped.set()
        self._http.close()

    def post(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the chat completion of a request.

        Raises RefusedError where the server does not take the request as it is, and NegjudgeError where it
        cannot be reached, refuses the key, or fails after all tries.
        """
        fault = "it was not tried"
        for attempt in range(self.patience.tries):
            wait = None
            try:
                response = self._http.post(self._url, json=body)
            except httpx.TransportError as error:
                fault = f"no answer ({type(error).__name__})"
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise NegjudgeError(f"the endpoint cannot be asked ({type(error).__name__})") from None
            else:
                found = self._completion(response)
                if found is not None:
                    return found
                fault = f"{response.status_code}{_code(response)}"
                wait = _retry_after(response)
            if attempt + 1 < self.patience.tries:
                self._wait(attempt, wait)
        raise NegjudgeError(
            f"the endpoint failed {self.patience.tries} times, at last with {fault}; see to {ADDRESS} and try"
            " again later: what it has answered is kept"
        )

    def _completion(self, response: httpx.Response) -> dict[str, Any] | None:
        """Return the completion in a response, or ``None`` where another try may help."""
        status = response.status_code
        if status in AGAIN or (status >= 500 and status not in REFUSED):
            return None
        if status in REFUSED:
            said = (
                f"the endpoint refuses the request ({status}{_code(response)}); does its model see pictures?"
            )
            raise RefusedError(said, _parameter(response))
        if status != 200:
            raise NegjudgeError(f"the endpoint answers {status}{_code(response)}{_advice(status)}")
        with contextlib.suppress(ValueError, LookupError, TypeError):
            content: dict[str, Any] = response.json()
            if isinstance(content["choices"][0]["message"], dict):
                return content
        return None  # not a completion: a page of something in between

    def _wait(self, attempt: int, asked: float | None) -> None:
        patience = self.patience
        if asked is not None and asked > patience.asked:
            raise NegjudgeError(f"the endpoint asks to wait {asked:.0f} s; try again then")
        wait = min(patience.longest, patience.first * 2**attempt) * random.uniform(0.5, 1.5)
        if self.stopped.wait(wait if asked is None else asked + random.uniform(0, patience.first / 2)):
            raise StoppedError("stopped")


def _chat_url(address: str) -> httpx.URL:
    if not address:
        raise NegjudgeError(f"set {ADDRESS} to a server's address, such as http://127.0.0.1:8000/v1")
    with contextlib.suppress(httpx.InvalidURL, ValueError):
        url = httpx.URL(address)
        if url.scheme in ("http", "https") and url.host and (url.port or 0) < 2**16:
            return url.copy_with(path=url.path.rstrip("/") + "/chat/completions")
    raise NegjudgeError(f"{ADDRESS} is no address of the form http://127.0.0.1:8000/v1; set it anew")


def _is_loopback(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")


def _retry_after(response: httpx.Response) -> float | None:
    """Return the seconds that the server asks to wait, given as such or as a date."""
    given = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", given):
        return float(given)
    with contextlib.suppress(ValueError, TypeError):
        return max(0.0, (email.utils.parsedate_to_datetime(given) - datetime.now(UTC)).total_seconds())
    return None


def _code(response: httpx.Response) -> str:
    """Return the server's word for the fault, if it is a known one: anything else may hold the key."""
    with contextlib.suppress(ValueError, LookupError, TypeError, AttributeError):
        error = response.json()["error"]
        found = next((code for code in (error.get("code"), error.get("type")) if code in CODES), None)
        return f", {found}" if found else ""
    return ""


def _parameter(response: httpx.Response) -> str | None:
    text = response.text.lower()
    if "logprob" in text:
        return "logprobs"
    return "response_format" if re.search("response_format|json_schema|schema|guided", text) else None


def _advice(status: int) -> str:
    if status in (401, 403):
        return f": it wants another key; set {KEY}"
    if status == 404:
        return f": it has no such model, or {ADDRESS} is not its address up to /v1"
    if 300 <= status < 400:
        return f": it is elsewhere; set {ADDRESS} to where it sends"
    return "; see what the server says of it"
