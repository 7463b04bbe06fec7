"""The wires of the DingTalk double: JSON over HTTP, and the stream, a websocket with acknowledgements."""

import json
import re
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

Json = dict[str, Any]
# (method, path, query, headers, body) → (status, answer); bytes are a file; None breaks the line
Handle = Callable[[str, str, dict[str, str], Json, bytes], tuple[int, Any] | None]


class HttpWire(ThreadingHTTPServer):
    """Answers each connection in a thread of its own, so that a call may hang."""

    daemon_threads = True

    def __init__(self, handle: Handle) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.handle = handle
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def stop(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: HttpWire

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PUT = do_PATCH = do_GET

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        answer = self.server.handle(self.command, parts.path, query, headers, body)
        if answer is None:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        status, content = answer
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        head = f"HTTP/1.1 {status} .\r\nContent-Length: {len(data)}\r\n\r\n".encode()
        try:
            self.wfile.write(head + data)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Tests speak through their assertions."""


def form_file(headers: Json, body: bytes) -> tuple[str, bytes]:
    """The name and the content of the part "media" of a form with files."""
    boundary = b"--" + headers["content-type"].partition("boundary=")[2].encode()
    for part in body.split(boundary):
        head, _, content = part.partition(b"\r\n\r\n")
        name = re.search(rb'name="media"; filename="([^"]+)"', head)
        if name is not None:
            return name[1].decode(), content.removesuffix(b"\r\n")
    raise ValueError("no media")


class StreamWire:
    """Pushes frames to whoever is connected; what was not acknowledged comes again to the next one."""

    def __init__(self, complaints: list[str]) -> None:
        self.complaints = complaints
        self.tickets: set[str] = set()  # each is good for one connection
        self.connections = 0
        self.last = ""  # the last frame
        self.acks: dict[str, Json] = {}
        self.acked = threading.Condition()
        self._waiting: dict[str, str] = {}  # the frames without an answer, by their id
        self._connection: ServerConnection | None = None
        self._server = serve(self._serve, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}/connect"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def push(self, kind: str, topic: str, push_id: str, data: Json) -> None:
        """One event; `push_id` marks it."""
        headers = {
            "appId": "app", "connectionId": "c", "contentType": "application/json",
            "messageId": push_id, "time": str(int(time.time() * 1000)), "topic": topic,
        }  # fmt: skip
        frame = {"specVersion": "1.0", "type": kind, "headers": headers, "data": json.dumps(data)}
        self.last = self._waiting[push_id] = json.dumps(frame)
        self.again(push_id, self.last)

    def again(self, push_id: str, frame: str) -> None:
        """The same frame once more; its answer is waited for anew."""
        self.acks.pop(push_id, None)
        with suppress(ConnectionClosed):
            if self._connection is not None:
                self._connection.send(frame)

    def code(self, push_id: str, within_s: float = 30) -> int:
        """With what a push was acknowledged."""
        with self.acked:
            assert self.acked.wait_for(lambda: push_id in self.acks, within_s), "no answer"
        return int(self.acks[push_id]["code"])

    def drop(self) -> None:
        """The connection breaks."""
        if self._connection is not None:
            with suppress(OSError):  # it may be closed already
                self._connection.socket.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        self._server.shutdown()
        self.drop()

    def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        ticket = dict(parse_qsl(urlsplit(connection.request.path).query)).get("ticket", "")
        if ticket not in self.tickets:
            self.complaints.append("a stream without a fresh ticket")
            return
        self.tickets.remove(ticket)
        self.connections += 1
        self._connection = connection
        for push_id, frame in list(self._waiting.items()):
            self.again(push_id, frame)
        with suppress(ConnectionClosed, OSError):
            for answer in connection:
                self._acknowledged(json.loads(answer))

    def _acknowledged(self, answer: Json) -> None:
        headers = answer.get("headers", {})
        push_id = headers.get("messageId", "")
        if headers.get("contentType") != "application/json" or not isinstance(answer["data"], str):
            self.complaints.append(f"an answer that is none: {answer}")
        with self.acked:
            self.acks[push_id] = answer
            self._waiting.pop(push_id, None)
            self.acked.notify_all()
