"""A real HTTP server on a socket of this machine that runs a tiny judge and speaks of chat completions.

It can be told to fail as servers do. What it says comes from the model: the next token for one question, and
for a JSON schema the model's choice among each key's values, key by key.
"""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import torch
from PIL import Image

from negjudge import Judge

FAULTS = ("429", "500", "503", "hang-up", "page")


@dataclass
class ChatServer:
    """What the server is like, and what was asked of it."""

    judge: Judge
    key: str = "sk-Secret-4711"
    structured: bool = True  # takes response_format
    logprobs: str = "given"  # given, ignored or refused
    usage: bool = True
    retry_after: str | None = "0"
    answer: str | None = None  # said instead of what the model says
    echo: bool = False  # puts key and address in whatever it answers
    faults: list[str] = field(default_factory=list)  # one a request, from the first
    bodies: list[dict[str, Any]] = field(default_factory=list)
    busiest: int = 0
    address: str = ""
    _busy: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def begin(self, body: dict[str, Any]) -> str | None:
        """Note a request down, and return the fault that it meets."""
        with self._lock:
            self.bodies.append(body)
            self._busy += 1
            self.busiest = max(self.busiest, self._busy)
            return self.faults.pop(0) if self.faults else None

    def end(self) -> None:
        with self._lock:
            self._busy -= 1

    def refusal(self, body: dict[str, Any]) -> str | None:
        if "response_format" in body and not self.structured:
            return "response_format is not supported by this model"
        if body.get("logprobs") and self.logprobs == "refused":
            return "logprobs are not supported by this model"
        return None

    def completion(self, body: dict[str, Any]) -> dict[str, Any]:
        """Answer a request by the model, or by what the test wants said."""
        system, user = body["messages"]
        picture, question = user["content"]
        encoded = picture["image_url"]["url"].removeprefix("data:image/png;base64,")
        image = Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB")
        if self.answer is not None:
            tokens = [(self.answer, torch.zeros(1).log_softmax(0), [self.answer])]
        elif "response_format" in body:
            tokens = self._structured(
                image, question["text"], body["response_format"]["json_schema"]["schema"]
            )
        else:
            assert system["content"] == "Answer with one word."
            tokens = [self._next(image, question["text"])]
        content = "".join(token for token, _, _ in tokens)
        choice: dict[str, Any] = {"index": 0, "message": {"role": "assistant", "content": content}}
        if body.get("logprobs") and self.logprobs == "given":
            choice["logprobs"] = {"content": [_listed(*token, body["top_logprobs"]) for token in tokens]}
        found: dict[str, Any] = {"object": "chat.completion", "model": body["model"], "choices": [choice]}
        if self.usage:
            found["usage"] = {"prompt_tokens": 100, "completion_tokens": len(tokens), "total_tokens": 0}
        return found

    def _next(self, image: Image.Image, question: str, among: Sequence[str] = ()) -> Any:
        """Return the likeliest next token, among some or all, with the log-probabilities of all."""
        vocabulary = self.judge.processor.tokenizer.get_vocab()
        with self._lock, torch.inference_mode():
            text = self.judge.processor.apply_chat_template(
                [
                    {"role": "system", "content": "Answer with one word."},
                    {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": question}]},
                ],
                tokenize=False,
                add_generation_prompt=True,
            )
            inputs = self.judge.processor(images=[image], text=[text], return_tensors="pt")
            scores = self.judge.model(**inputs).logits[0, -1].float()
        allowed = list(among) or list(vocabulary)
        chosen = max(allowed, key=lambda token: float(scores[vocabulary[token]]))
        names = {number: token for token, number in vocabulary.items()}
        return chosen, scores.log_softmax(0), [names[number] for number in range(len(scores))]

    def _structured(self, image: Image.Image, text: str, schema: dict[str, Any]) -> list[Any]:
        questions = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
        certain = torch.zeros(1).log_softmax(0)
        tokens: list[Any] = []
        for key, values in schema["properties"].items():
            quote = '"' if values["type"] == "string" else ""
            start = "{" if not tokens else ", "
            for piece in (f'{start}"{key}": {quote}', None, quote):
                if piece is None:
                    tokens.append(self._next(image, questions[key], [str(v) for v in values["enum"]]))
                elif piece:
                    tokens.append((piece, certain, [piece]))
        return [*tokens, ("}", certain, ["}"])]


def _listed(token: str, scores: torch.Tensor, names: list[str], count: int) -> dict[str, Any]:
    best = scores.topk(min(count, len(scores)))
    top = [
        {"token": names[place], "logprob": value}
        for value, place in zip(best.values.tolist(), best.indices.tolist(), strict=True)
    ]
    return {"token": token, "logprob": float(scores[names.index(token)]), "top_logprobs": top}


def _handler(server: ChatServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            fault = server.begin(body)
            try:
                self._answer(body, fault)
            finally:
                server.end()

        def _answer(self, body: dict[str, Any], fault: str | None) -> None:
            refusal = server.refusal(body)
            if fault == "hang-up":
                self.close_connection = True
                self.connection.close()
            elif fault == "page":
                self._send(200, b"<html>Please log in</html>")
            elif fault:
                self._fail(int(fault), "rate_limit_exceeded" if fault == "429" else "server_error", "later")
            elif self.path != "/v1/chat/completions":
                self._fail(404, "not_found", "nothing here")
            elif self.headers["Authorization"] != f"Bearer {server.key}":
                self._fail(401, "invalid_api_key", "a wrong key")
            elif refusal:
                self._fail(400, "invalid_request_error", refusal)
            else:
                found = server.completion(body)
                if server.echo:
                    found["choices"][0]["message"]["content"] += f" {self._secrets()}"
                self._send(200, json.dumps(found).encode())

        def _secrets(self) -> str:
            return f"{self.headers['Authorization']} {server.address} {self.headers['Host']}"

        def _fail(self, status: int, code: str, message: str) -> None:
            if server.echo:
                message = f"{message} {self._secrets()}"
                code = server.key.lower().replace("-", "_").rstrip("_0123456789")
            error = {"error": {"code": code, "message": message}}
            self._send(status, json.dumps(error).encode())

        def _send(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            if status == 429 and server.retry_after is not None:
                self.send_header("Retry-After", server.retry_after)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Keep the tests' output to the tests."""

    return Handler


@contextmanager
def serving(judge: Judge) -> Iterator[ChatServer]:
    """Run the server in a thread of its own on a free port of this machine."""
    server = ChatServer(judge)
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(server)) as http:
        http.daemon_threads = True
        server.address = f"http://127.0.0.1:{http.server_address[1]}/v1"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()
