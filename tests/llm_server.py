"""An OpenAI-compatible server on loopback, scripted: it answers well, lies, stalls, drops and refuses."""

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Script = Callable[["Call"], None]


class Call(BaseHTTPRequestHandler):
    """One request, and the ways to answer it."""

    server: "LlmServer"
    body: dict[str, Any]

    def do_POST(self) -> None:
        self.body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.calls.append(self.body)
        assert self.path == "/v1/chat/completions", self.path
        assert self.headers["Authorization"] == "Bearer none"
        assert self.body["model"] == "loopback"
        script = self.server.script.popleft() if self.server.script else self.server.always
        try:
            script(self)
        except (BrokenPipeError, ConnectionResetError):
            self.server.given_up.set()

    def evidence(self) -> list[str]:
        """The lines that the model may use."""
        found: list[str] = json.loads(self.body["messages"][1]["content"])["依据"]
        return found

    def reply(
        self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None
    ) -> None:
        """A whole answer."""
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def complete(self, message: dict[str, Any]) -> None:
        """A completion with its use of tokens."""
        self.reply(200, completion(message))

    def stream(self, body: dict[str, Any]) -> None:
        """One piece of an answer."""
        head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1}
        chunk = json.dumps({**head, "model": "loopback", **body}, ensure_ascii=False)
        self.write(f"data: {chunk}\n\n".encode())

    def write(self, content: bytes) -> None:
        """At once."""
        self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class LlmServer(ThreadingHTTPServer):
    """Answers by the next script, then by `always`; `calls` holds what it was sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Call)
        self.calls: list[dict[str, Any]] = []
        self.script: deque[Script] = deque()
        self.always: Script = says("")
        self.given_up = threading.Event()

    @property
    def url(self) -> str:
        """The base URL of the API."""
        return f"http://127.0.0.1:{self.server_port}/v1"


@contextmanager
def serving() -> Iterator[LlmServer]:
    """A server that runs."""
    with LlmServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def completion(message: dict[str, Any]) -> dict[str, Any]:
    """The body of a chat completion."""
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "loopback",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", **message}}],
        "usage": {"prompt_tokens": 210, "completion_tokens": 34, "total_tokens": 244},
    }  # fmt: skip


def says(text: str) -> Script:
    """Plain text."""
    return lambda call: call.complete({"content": text})


def calls_function(question: str) -> Script:
    """The structured answer that was asked for, as a function call."""

    def script(call: Call) -> None:
        name = call.body["tools"][0]["function"]["name"]
        arguments = json.dumps({"question": question}, ensure_ascii=False)
        call.complete({
            "content": None,
            "tool_calls": [{"id": "1", "type": "function", "function": {"name": name, "arguments": arguments}}],
        })  # fmt: skip

    return script


def fails(status: int, **headers: str) -> Script:
    """An error of the server, or its word that there were too many requests."""
    return lambda call: call.reply(
        status,
        {"error": {"message": "no", "type": "error"}},
        {k.replace("_", "-"): v for k, v in headers.items()},
    )


def stalls(seconds: float) -> Script:
    """The head of an answer, and then nothing for a long time."""

    def script(call: Call) -> None:
        call.send_response(200)
        call.send_header("Content-Length", "1000")
        call.end_headers()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            call.wfile.write(b" ")
            call.wfile.flush()
            time.sleep(0.02)

    return script


def streams(*steps: str | Callable[[], None], ends: str = "well") -> Script:
    """A text in pieces; a step that is no text is waited for between two of them.

    It ends well, with the use of tokens; "cut" between two pieces, as a line that is dropped there
    looks; "torn" inside of one; or "never".
    """

    def script(call: Call) -> None:
        assert call.body["stream"]
        assert call.body["stream_options"] == {"include_usage": True}
        call.send_response(200)
        call.send_header("Content-Type", "text/event-stream")
        call.end_headers()
        for step in steps:
            if isinstance(step, str):
                call.stream({"choices": [_choice({"content": step})]})
            else:
                step()
        while ends == "never":
            call.write(b": wait\n\n")
            time.sleep(0.02)
        if ends == "torn":
            call.write(b'data: {"id": "chatcmpl-1", "choices": [{"delta": {"cont')
        if ends == "well":
            call.stream({"choices": [_choice({}, "stop")]})
            call.stream({"choices": [], "usage": completion({})["usage"]})
            call.write(b"data: [DONE]\n\n")

    return script


def _choice(delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish_reason}


def drops(call: Call) -> None:
    """Half an answer, and the line is cut."""
    content = json.dumps(completion({"content": "主要河道水质达标率达到"})).encode()
    call.send_response(200)
    call.send_header("Content-Length", str(len(content)))
    call.end_headers()
    call.wfile.write(content[: len(content) // 2])
    call.close_connection = True


def garbles(call: Call) -> None:
    """What is no JSON."""
    content = b"<html>502 Bad Gateway</html>"
    call.send_response(200)
    call.send_header("Content-Type", "application/json")
    call.send_header("Content-Length", str(len(content)))
    call.end_headers()
    call.wfile.write(content)
