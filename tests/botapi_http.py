"""The wire of the Bot API server: HTTP on a free port of loopback, calls in, JSON or files out."""

import json
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote

Upload = tuple[str, bytes]  # the name of a file, and what is in it
# (path, form) → (status, body); a body of bytes is a file; None breaks the connection
Handle = Callable[[str, dict[str, str | Upload]], tuple[int, Any] | None]


class HttpServer(ThreadingHTTPServer):
    """Answers each connection in a thread of its own, so that a call may hang."""

    daemon_threads = True
    request_queue_size = 256  # many processes call at once

    def __init__(self, port: int, handle: Handle) -> None:
        super().__init__(("127.0.0.1", port), _Connection)
        self.handle = handle
        self._sockets: set[socket.socket] = set()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._sockets.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._sockets.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that died over its call is no fault of ours."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        """Stops listening and breaks the open connections, as a server that goes down."""
        self.shutdown()
        self._thread.join()
        self.server_close()
        for connection in list(self._sockets):
            _break(connection)


def _break(connection: socket.socket) -> None:
    with suppress(OSError):  # it may be closed already
        connection.shutdown(socket.SHUT_RDWR)


class _Connection(BaseHTTPRequestHandler):
    """One connection, kept alive between calls."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: HttpServer

    def do_GET(self) -> None:
        self._answer(self.server.handle(unquote(self.path), {}))

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        content = self.rfile.read(length)
        if len(content) < length:  # whoever called died over it
            self.close_connection = True
            return
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("multipart/"):
            form = _parts(kind, content)
        else:
            form = (_members if kind.startswith("application/json") else _fields)(content)
        self._answer(self.server.handle(unquote(self.path), form))

    def _answer(self, result: tuple[int, Any] | None) -> None:
        if result is None:
            self.close_connection = True
            _break(self.connection)
            return
        status, content = result
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        head = f"HTTP/1.1 {status} .\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        try:
            self.wfile.write(head + body)
        except OSError:
            self.close_connection = True  # the other side is gone

    def log_message(self, *_: Any) -> None:
        """Tests speak through their assertions."""


def _fields(content: bytes) -> dict[str, str | Upload]:
    body = content.decode()
    return {**dict(parse_qsl(body, keep_blank_values=True, strict_parsing=bool(body)))}


def _members(content: bytes) -> dict[str, str | Upload]:
    """Of a body in JSON, as form fields carry them."""
    given = json.loads(content or b"{}")
    return {k: v if isinstance(v, str) else json.dumps(v) for k, v in given.items()}


def _parts(kind: str, content: bytes) -> dict[str, str | Upload]:
    """The fields and the files of a form that carries files."""
    whole = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + content)
    form: dict[str, str | Upload] = {}
    for part in whole.iter_parts():
        name = part.get_param("name", header="content-disposition")
        value = part.get_payload(decode=True)
        file_name = part.get_filename()
        form[str(name)] = value.decode() if file_name is None else (file_name, value)
    return form
