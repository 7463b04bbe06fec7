"""DingTalk's stream on loopback: a websocket of JSON frames, each acknowledged."""

import json
import socket
import threading
import time
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

Json = dict[str, Any]


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

    def code(self, push_id: str, within_s: float = 60) -> int:
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
