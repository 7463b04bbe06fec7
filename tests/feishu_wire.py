"""Feishu's long connection on loopback: a websocket of protobuf frames, each event acknowledged.

A frame is SeqID 1, LogID 2, service 3, method 4 (numbers), headers 5 (key 1, value 2), payload 8.
"""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

CONTROL, DATA = 0, 1
PATIENCE_S = 60.0


def number(value: int) -> bytes:
    """A varint: seven bits a byte, the lowest first."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def chunk(field: int, content: bytes) -> bytes:
    return number(field << 3 | 2) + number(len(content)) + content


def frame(method: int, headers: dict[str, str], payload: bytes) -> bytes:
    """A frame as the vendor sends it."""
    numbers = ((1, 7), (2, 9), (3, 33), (4, method))
    out = b"".join(number(field << 3) + number(value) for field, value in numbers)
    for key, value in headers.items():
        out += chunk(5, chunk(1, key.encode()) + chunk(2, value.encode()))
    return out + chunk(8, payload)


def fields(content: bytes) -> Iterator[tuple[int, Any]]:
    """(field, number or bytes) of a message."""
    place = 0

    def read() -> int:
        nonlocal place
        value = shift = 0
        while True:
            byte = content[place]
            place += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while place < len(content):
        field, kind = divmod(read(), 8)
        if kind == 0:
            yield field, read()
        else:
            length = read()
            yield field, content[place : place + length]
            place += length


def read_frame(content: bytes) -> tuple[int, dict[str, str], bytes]:
    """(method, headers, payload)"""
    method, headers, payload = -1, {}, b""
    for field, value in fields(content):
        match field:
            case 4:
                method = value
            case 5:
                pair = dict(fields(value))
                headers[pair[1].decode()] = pair[2].decode()
            case 8:
                payload = value
    return method, headers, payload


class LongConnection:
    """Pushes events to whoever is connected; what was not acknowledged comes to the next one again."""

    def __init__(self, complaints: list[str]) -> None:
        self.complaints = complaints
        self.tickets: set[str] = set()  # each is good for one connection
        self.connections = 0
        self.answers: list[int] = []  # the codes of the acknowledgements
        self._waiting: dict[str, bytes] = {}  # event id → event
        self._changed = threading.Condition()
        self._connection: ServerConnection | None = None
        self._server = serve(self._serve, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}/ws/v2"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def push(self, event_id: str, event: dict[str, Any]) -> None:
        """An event, until it is acknowledged."""
        with self._changed:
            self._waiting[event_id] = json.dumps(event).encode()
            self._send(event_id)
            assert self._changed.wait_for(lambda: event_id not in self._waiting, PATIENCE_S)

    def drop(self) -> None:
        """The connection breaks."""
        if self._connection is not None:
            with suppress(OSError):  # it may be closed already
                self._connection.socket.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        self._server.shutdown()
        if self._connection is not None:
            self._connection.close()

    def _send(self, event_id: str) -> None:
        """The event in two frames, as the vendor cuts long ones."""
        payload = self._waiting[event_id]
        parts = [payload[:100], payload[100:]]
        for n, part in enumerate(parts):
            headers = {
                "type": "event", "message_id": event_id, "trace_id": "t", "sum": str(len(parts)),
                "seq": str(n),
            }  # fmt: skip
            with suppress(ConnectionClosed, OSError):
                if self._connection is not None:
                    self._connection.send(frame(DATA, headers, part))

    def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        query = dict(parse_qsl(urlsplit(connection.request.path).query))
        if query.get("ticket") not in self.tickets:
            self.complaints.append("a connection without a fresh ticket")
            return
        with self._changed:
            self.tickets.remove(query["ticket"])
            self.connections += 1
            self._connection = connection
            for event_id in list(self._waiting):
                self._send(event_id)
        with suppress(ConnectionClosed, OSError):
            for message in connection:
                assert isinstance(message, bytes)
                self._heard(*read_frame(message))

    def _heard(self, method: int, headers: dict[str, str], payload: bytes) -> None:
        if method == CONTROL:
            if headers["type"] != "ping":
                self.complaints.append(f"control frame {headers}")
            return
        code = json.loads(payload)["code"]
        with self._changed:
            self.answers.append(code)
            if code == 200:
                self._waiting.pop(headers["message_id"], None)
                self._changed.notify_all()
            else:  # after some seconds, in truth
                threading.Timer(0.05, self._again, [headers["message_id"]]).start()

    def _again(self, event_id: str) -> None:
        with self._changed:
            if event_id in self._waiting:
                self._send(event_id)


def url_of(wire: LongConnection, ticket: str) -> str:
    """Where to connect, with a ticket that is good once."""
    wire.tickets.add(ticket)
    return f"{wire.url}?device_id=d1&service_id=33&ticket={ticket}"
