"""The HTTP end of a vendor's double: calls in, JSON or files out, on a free port of loopback."""

import json
import re
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

Json = dict[str, Any]
# (method, path, query, headers, body) → (status, content[, headers]); content of bytes is a file,
# all else JSON; None breaks the connection
Answer = tuple[int, Any] | tuple[int, Any, dict[str, str]] | None
Handle = Callable[[str, str, dict[str, str], Json, bytes], Answer]


class HttpWire(ThreadingHTTPServer):
    """Answers each connection in a thread of its own, so that a call may hang."""

    daemon_threads = True
    request_queue_size = 256  # many processes call at once

    def __init__(self, handle: Handle, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Connection)
        self.handle = handle
        self.port = self.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
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
        for connection in list(self._open):
            _break(connection)


def _break(connection: socket.socket) -> None:
    with suppress(OSError):  # it may be closed already
        connection.shutdown(socket.SHUT_RDWR)


class _Connection(BaseHTTPRequestHandler):
    """One connection, kept alive between calls."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: HttpWire

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:  # whoever called died over it
            self.close_connection = True
            return
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._answer(self.server.handle(self.command, unquote(parts.path), query, headers, body))

    do_POST = do_PUT = do_PATCH = do_GET

    def _answer(self, answer: Answer) -> None:
        if answer is None:
            self.close_connection = True
            _break(self.connection)
            return
        status, content, *more = answer
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        fields = {"Content-Length": str(len(body)), **(more[0] if more else {})}
        lines = [f"HTTP/1.1 {status} .", *(f"{name}: {value}" for name, value in fields.items())]
        try:
            self.wfile.write("\r\n".join([*lines, "", ""]).encode() + body)
        except OSError:
            self.close_connection = True  # the other side is gone

    def log_message(self, *_: Any) -> None:
        """Tests speak through their assertions."""


def form(content_type: str, body: bytes) -> dict[str, tuple[str, bytes]]:
    """The parts of a form: field → (file name or "", content).

    As vendors read it: the name as it stands, and no filename*=.
    """
    boundary = b"--" + content_type.partition("boundary=")[2].encode()
    parts = {}
    for part in body.split(boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        names = re.search(r'name="([^"]*)"(?:; filename="([^"]*)")?', head.decode())
        assert names is not None
        parts[names[1]] = (names[2] or "", content.removesuffix(b"\r\n"))
    return parts
