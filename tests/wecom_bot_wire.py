"""The AI bot's websocket on loopback: one connection counts, each command is answered by its id."""

import json
import socket
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

Json = dict[str, Any]
PATIENCE_S = 60.0
BAD_CREDENTIALS, NOT_SUBSCRIBED = 853000, 846609


class Rejected(Exception):
    """An errcode, as the vendor answers with it."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(errmsg)
        self.answer = {"errcode": errcode, "errmsg": f"{errmsg}, hint: [17], from ip: 127.0.0.1"}


class Silence(Exception):
    """No answer; `breaks` says whether the connection ends with it."""

    def __init__(self, breaks: bool) -> None:
        super().__init__()
        self.breaks = breaks


class BotWire:
    """`do` carries out a command of who is subscribed, and gives the body of its answer."""

    def __init__(
        self, complaints: list[str], credentials: Json, do: Callable[[str, str, Json], Json]
    ) -> None:
        self.complaints, self.credentials, self._do = complaints, credentials, do
        self.commands: Counter[str] = Counter()
        self.subscriptions = 0  # that were granted
        self.is_deaf = False  # to pings
        self.forgets = False  # who is subscribed, while the connection stays open
        self._subscribed: ServerConnection | None = None
        self._open: list[ServerConnection] = []
        self._changed = threading.Condition()
        self._server = serve(self._serve, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def push(self, cmd: str, call_id: str, body: Json) -> None:
        """Calls whoever is subscribed, once somebody is."""
        self.send_raw(json.dumps({"cmd": cmd, "headers": {"req_id": call_id}, "body": body}))

    def send_raw(self, frame: str) -> None:
        """Any frame."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._subscribed, PATIENCE_S), "nobody is there"
            connection = self._subscribed
        assert connection is not None
        with suppress(ConnectionClosed):  # then it is lost: the vendor asks for no answer
            connection.send(frame)

    def drop(self) -> None:
        """The connection breaks."""
        with self._changed:
            self._subscribed = None
            for connection in self._open:
                with suppress(OSError):  # it may be closed already
                    connection.socket.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        self._server.shutdown()
        self.drop()

    def _serve(self, connection: ServerConnection) -> None:
        with self._changed:
            self._open.append(connection)
        with suppress(ConnectionClosed, OSError):
            for text in connection:
                self._hear(connection, json.loads(text))
        with self._changed:
            self._open.remove(connection)
            if self._subscribed is connection:
                self._subscribed = None

    def _hear(self, connection: ServerConnection, frame: Json) -> None:
        call_id = frame["headers"]["req_id"]
        if not frame.keys() <= {"cmd", "headers", "body"} or frame["headers"].keys() != {"req_id"}:
            self.complaints.append(f"a frame that is none: {frame}")
        try:
            body = self._answer(connection, frame["cmd"], call_id, frame.get("body"))
            found: Json = {"errcode": 0, "errmsg": "ok", **({"body": body} if body else {})}
        except Rejected as error:
            found = error.answer
        except Silence as silence:
            if silence.breaks:
                self.drop()
            return
        connection.send(json.dumps({"headers": {"req_id": call_id}, **found}))

    def _answer(
        self, connection: ServerConnection, cmd: str, call_id: str, body: Json | None
    ) -> Json:
        with self._changed:
            self.commands[cmd] += 1
            if cmd == "aibot_subscribe":
                return self._subscribe(connection, body)
            if self._subscribed is not connection or self.forgets:
                self.forgets = False
                raise Rejected(NOT_SUBSCRIBED, "aibot websocket not subscribed")
        if cmd == "ping":
            if self.is_deaf:
                raise Silence(breaks=False)
            return {}
        return self._do(cmd, call_id, body or {})

    def _subscribe(self, connection: ServerConnection, body: Json | None) -> Json:
        if body != self.credentials:
            raise Rejected(BAD_CREDENTIALS, "invalid bot_id or secret")
        before, self._subscribed = self._subscribed, connection
        self.subscriptions += 1
        self._changed.notify_all()
        if before is not None:
            event = {"msgtype": "event", "event": {"eventtype": "disconnected_event"}}
            body = {"msgid": "MSGID", "create_time": 1700000000, "aibotid": "b", **event}
            frame = {"cmd": "aibot_event_callback", "headers": {"req_id": "bye"}, "body": body}
            with suppress(ConnectionClosed):
                before.send(json.dumps(frame))
            with suppress(OSError):
                before.socket.shutdown(socket.SHUT_WR)
        return {}
