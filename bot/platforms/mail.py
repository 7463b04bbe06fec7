"""Mail by SMTP, for contacts who use no chat: what is sent to units arrives, nothing comes back."""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
import re
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from sqlalchemy import Engine

from bot.messages import Limits, Outgoing, Receipt
from bot.platforms._outbound import ANSWER_ELSEWHERE, Outbound
from config.clock import Clock
from config.errors import DubanError, MaybeSent, Refused, TryLater, UserError
from config.settings import Settings

NAME = "mail"
TIMEOUT_S = 20.0
SUBJECT = 78  # characters: longer ones are cut by those who show them
FILES_BYTES = 15 * 1024 * 1024  # of one mail; a third is added on the way, and many take 20 MB
SOON_S = 0.0  # SMTP does not say when: the outbox waits longer with each attempt
ADDRESS = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+\.[^\s@,;<>\".]+")
GONE = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")  # RFC 3463: no such mailbox, closed
GONE_CODES = (550, 551, 553)  # where the server gives no such detail

CodeOf = Callable[[int, str], str]  # the server's code and words → the code of our Refused


def from_settings(settings: Settings, store: Engine) -> Mail | None:
    """The mail account of DUBAN_MAIL_HOST; raises UserError where it is set up by half."""
    if not settings.mail_host:
        return None
    sender = settings.mail_from or settings.mail_user
    if not ADDRESS.fullmatch(sender):
        raise UserError("设置了 DUBAN_MAIL_HOST，还要在 DUBAN_MAIL_FROM 填发件人的邮箱地址。")
    return Mail(settings, sender)


def check_address(chat_id: str) -> str:
    """The address as a chat id; raises UserError where it is none."""
    if not ADDRESS.fullmatch(chat_id) or not chat_id.isascii():
        raise UserError(f"“{chat_id}”不是邮箱地址，应写成 mail:zhang@example.gov.cn。")
    name, _, domain = chat_id.rpartition("@")
    return f"{name}@{domain.lower()}"


class Mail(Outbound):
    """One account at one server; the id of a chat is a mail address."""

    name = NAME
    limits = Limits(
        text_units=100_000, hears=False, file_bytes=FILES_BYTES, files_with_text=True,
        messages_per_s=2,
    )  # fmt: skip

    def __init__(self, settings: Settings, sender: str, timeout_s: float = TIMEOUT_S) -> None:
        self._settings, self._sender, self._timeout_s = settings, sender, timeout_s
        self._clock = Clock(settings.timezone)

    async def send(self, message: Outgoing) -> Receipt:
        """One mail: the first row is its subject, all rows its text, the files are attached."""
        mail = self._written(message)
        await asyncio.to_thread(self._hand_over, message.chat_id, mail)
        return Receipt(mail["Message-ID"])

    async def check(self) -> str:
        """Whether the server lets us in."""

        def knock() -> None:
            self._connect().quit()

        await asyncio.to_thread(knock)
        return f"邮件服务器 {self._settings.mail_host} 可用，发件人 {self._sender}"

    async def close(self) -> None:
        """Each mail has its own connection."""

    def _written(self, message: Outgoing) -> EmailMessage:
        mail = EmailMessage(policy=SMTP)
        names = "、".join(file.name for file in message.files)
        rows = message.rows or (names,)
        subject = " ".join(rows[0].split())  # a line's end would end the header
        mail["Subject"] = subject if len(subject) <= SUBJECT else f"{subject[: SUBJECT - 1]}…"
        mail["From"] = Address("督办助手", addr_spec=self._sender)
        mail["To"] = message.chat_id
        mail["Date"] = format_datetime(self._clock.now())
        # the same at every attempt, so that a mail program shows two of them once; and another one
        # where a new installation counts from 1 again
        digest = hashlib.sha256(message.text.encode()).hexdigest()[:16]
        mail["Message-ID"] = f"<{message.key}.{digest}@{self._sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no absence notes, please
        # base64: rows longer than a mail's line, and no server changes anything
        mail.set_content("\n".join((*rows, "", ANSWER_ELSEWHERE)), cte="base64")
        for file in message.files:
            kind, _ = mimetypes.guess_type(file.name)
            main, _, sub = (kind or "application/octet-stream").partition("/")
            mail.add_attachment(file.content, maintype=main, subtype=sub, filename=file.name)
        return mail

    # ---- the server

    def _hand_over(self, address: str, mail: EmailMessage) -> None:
        server = self._connect()
        try:
            _ask(lambda: server.mail(self._sender), _of_us)
            _ask(lambda: server.rcpt(address), _of_the_receiver)
            _ask(lambda: server.docmd("DATA"), _of_the_mail)
            # a dot alone on a line ends the mail: lines that begin with one get a second
            content = re.sub(rb"(?m)^\.", b"..", mail.as_bytes())
            try:
                server.send(content.removesuffix(b"\r\n") + b"\r\n.\r\n")
                answer = server.getreply()
            except (OSError, smtplib.SMTPException) as error:
                kind = type(error).__name__
                raise MaybeSent(f"邮件已交出，服务器没有回音（{kind}），可能已送达") from error
            _ask(lambda: answer, _of_the_mail)
        finally:
            server.close()

    def _connect(self) -> smtplib.SMTP:
        """Greeted and logged in."""
        settings, secure = self._settings, ssl.create_default_context()
        place, timeout_s = (settings.mail_host, settings.mail_port), self._timeout_s
        with ExitStack() as held, _meaning():
            if settings.mail_security == "ssl":
                server: smtplib.SMTP = smtplib.SMTP_SSL(*place, timeout=timeout_s, context=secure)
            else:
                server = smtplib.SMTP(*place, timeout=timeout_s)
            held.callback(server.close)
            if settings.mail_security == "starttls":
                server.starttls(context=secure)
            if settings.mail_user:
                server.login(settings.mail_user, settings.mail_password.get_secret_value())
            server.ehlo_or_helo_if_needed()
            held.pop_all()  # from here on it is the caller's
        return server


@contextmanager
def _meaning() -> Iterator[None]:
    """What goes wrong before a mail is begun, as errors of ours."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        raise _fault(error.smtp_code, error.smtp_error, _of_us) from error
    except smtplib.SMTPNotSupportedError as error:
        words = f"邮件服务器不支持所设的登录或加密方式（{error}）"
        raise Refused(f"{words}，请核对 DUBAN_MAIL_SECURITY", "401") from error
    except ssl.SSLError as error:
        words = f"与邮件服务器的加密连接没有建立（{error.reason}）"
        raise TryLater(f"{words}，请核对端口和 DUBAN_MAIL_SECURITY", SOON_S) from error
    except (OSError, smtplib.SMTPException) as error:
        words = f"连不上邮件服务器（{type(error).__name__}）"
        raise TryLater(words, SOON_S) from error


def _ask(step: Callable[[], tuple[int, bytes]], code_of: CodeOf) -> None:
    """One step of the conversation; raises what its refusal means."""
    try:
        code, words = step()
    except (OSError, smtplib.SMTPException) as error:
        kind = type(error).__name__
        raise TryLater(f"邮件服务器断开了连接（{kind}）", SOON_S) from error
    if code >= 400:
        raise _fault(code, words, code_of)


def _fault(code: int, words: bytes | str, code_of: CodeOf) -> DubanError:
    """The server's own code and words as an error of ours."""
    told = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    text = f"邮件服务器答复 {code} {' '.join(told.split())[:200]}"
    return TryLater(text, SOON_S) if code < 500 else Refused(text, code_of(code, told))


def _of_us(code: int, words: str) -> str:
    return "401"  # name, password or sender: what waits is kept until somebody puts it right


def _of_the_receiver(code: int, words: str) -> str:
    detail = re.match(r"5\.\d{1,3}\.\d{1,3}", words.strip())
    gone = detail[0] in GONE if detail else code in GONE_CODES
    return "403" if gone else "400"


def _of_the_mail(code: int, words: str) -> str:
    return "400"
