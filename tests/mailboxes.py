"""A mail server on loopback, as strict as RFC 5321 and 5322 ask, and the mailboxes of two people."""

import asyncio
import re
import socket
import ssl
import threading
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from pydantic import SecretStr
from vendor import Deliver, NotHere, Shown

from bot.platforms._outbound import ANSWER_ELSEWHERE

SENDER, PASSWORD = "duban@example.gov.cn", "pass-word-1"
BOXES = {"private": "boss@example.gov.cn", "group": "office@example.gov.cn"}
NOBODY_WRITES = "a mailbox of ours that people write to: nobody reads it"


class MailServer:
    """Takes mail for BOXES from whoever logs in as SENDER; nobody writes back."""

    name = "mail"

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.tls = tls  # spoken from the first byte on, as at port 465
        self.complaints: list[str] = []
        self.mails: list[tuple[str, EmailMessage]] = []  # (mailbox, mail), oldest first
        self._faults: list[str] = []
        self._gone: set[str] = set()
        self._waiting = threading.Event()

    # ---- as every double

    def settings(self) -> dict[str, Any]:
        return {
            "mail_host": "127.0.0.1", "mail_port": self.port, "mail_security": "none",
            "mail_user": SENDER, "mail_password": SecretStr(PASSWORD),
        }  # fmt: skip

    def start(self, deliver: Deliver | None = None, **more: Any) -> None:
        """`more` goes to aiosmtpd."""
        with socket.socket() as free:  # its own thread can't do with port 0
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._controller = Controller(
            self, hostname="127.0.0.1", port=self.port, authenticator=self._login,
            auth_require_tls=False, ssl_context=self.tls, **more,
        )  # fmt: skip
        self._controller.start()

    def stop(self) -> None:
        self._waiting.set()
        self._controller.stop()

    def chat_id(self, chat: str) -> str:
        return BOXES[chat]

    def shown(self, chat: str) -> list[Shown]:
        return [_shown(mail) for box, mail in self.mails if box == BOXES[chat]]

    def fail(self, kind: str, times: int = 1) -> None:
        self._faults += [kind] * times

    def gone(self, chat: str) -> None:
        self._gone.add(BOXES[chat])

    def say(self, chat: str, account: str, text: str, *, addressed: bool = True) -> None:
        raise NotHere(NOBODY_WRITES)

    def send_file(self, chat: str, account: str, name: str, content: bytes) -> None:
        raise NotHere(NOBODY_WRITES)

    def send_other(self, chat: str, account: str) -> None:
        raise NotHere(NOBODY_WRITES)

    def press(self, chat: str, message_id: str, account: str, label: str) -> None:
        raise NotHere(NOBODY_WRITES)

    def redeliver(self) -> None:
        raise NotHere(NOBODY_WRITES)

    def forge(self, chat: str, account: str, text: str) -> bool:
        raise NotHere(NOBODY_WRITES)

    def replay(self) -> bool:
        raise NotHere(NOBODY_WRITES)

    # ---- the conversation: aiosmtpd asks here

    def _login(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        wanted = LoginPassword(SENDER.encode(), PASSWORD.encode())
        return AuthResult(success=data == wanted, handled=False)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        if address != SENDER:
            return "553 5.7.1 Sender address rejected: not owned by user"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == "full@example.gov.cn":
            return "552 5.2.2 Mailbox full"
        if address in self._gone or address not in BOXES.values():
            return "550 5.1.1 User unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        fault = self._faults.pop(0) if self._faults else ""
        if fault == "busy":
            return "450 4.2.1 Greylisted, try again later"
        if fault == "error":
            return "451 4.3.0 Internal error"
        if fault == "refuse":
            return "554 5.7.1 Message refused as spam"
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=default)
        assert isinstance(mail, EmailMessage)
        self._check(content, mail, envelope)
        if fault != "drop":
            self.mails += [(box, mail) for box in envelope.rcpt_tos]
        if fault == "hang":
            await asyncio.to_thread(self._waiting.wait, 3)
        if fault in ("hang", "drop"):
            assert server.transport is not None
            server.transport.close()
        return "250 2.0.0 queued"

    def _check(self, content: bytes, mail: EmailMessage, envelope: Envelope) -> None:
        """What a correct program never sends."""
        for name in ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"):
            if len(mail.get_all(name, [])) != 1:
                self.complaints.append(f"{name} is there {len(mail.get_all(name, []))} times")
        if not re.fullmatch(r"<[^\s<>@]+@[^\s<>@]+>", str(mail["Message-ID"])):
            self.complaints.append(f"no message id: {mail['Message-ID']}")
        if str(mail["To"]) not in envelope.rcpt_tos:
            self.complaints.append("it is not for whom it says")
        lines = content.split(b"\r\n")
        if any(len(line) > 998 or b"\n" in line for line in lines):
            self.complaints.append("a line is too long, or does not end as lines of mail do")
        if not content.isascii():
            self.complaints.append("8 bits without 8BITMIME")


def _shown(mail: EmailMessage) -> Shown:
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content().replace("\r\n", "\n").rstrip("\n")
    assert text.endswith(ANSWER_ELSEWHERE)
    files = {
        part.get_filename() or "": part.get_payload(decode=True) for part in mail.iter_attachments()
    }
    text = text.removesuffix(ANSWER_ELSEWHERE).removesuffix("\n\n")
    return Shown(str(mail["Message-ID"]), text, [], files)  # type: ignore[arg-type]


def make() -> MailServer:
    return MailServer()
