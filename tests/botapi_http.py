"""The wire of the Bot API server: a call's parameters, whichever way the body carries them."""

import json
from collections.abc import Callable
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

from http_wire import HttpWire, Json

Upload = tuple[str, bytes]  # the name of a file, and what is in it
# (path, form) → (status, body); a body of bytes is a file; None breaks the connection
Handle = Callable[[str, dict[str, str | Upload]], tuple[int, Any] | None]


def listen(port: int, handle: Handle) -> HttpWire:
    """A server on `port`, or on a free one for 0."""

    def read(
        method: str, path: str, query: dict[str, str], headers: Json, body: bytes
    ) -> tuple[int, Any] | None:
        kind = headers.get("content-type", "")
        if kind.startswith("multipart/"):
            return handle(path, _parts(kind, body))
        return handle(path, (_members if kind.startswith("application/json") else _fields)(body))

    return HttpWire(read, port)


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
