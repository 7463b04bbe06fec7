"""Mail: what a server answers becomes what happens next, with real SMTP on loopback."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from mailboxes import BOXES, SENDER, MailServer
from pydantic import SecretStr
from sqlalchemy import Engine

from bot.degrading import degrade
from bot.messages import Button, File, Incoming, Outgoing
from bot.platforms._outbound import ANSWER_ELSEWHERE
from bot.platforms.mail import FILES_BYTES, Mail, check_address, from_settings
from config.errors import MaybeSent, Refused, TryLater, UserError
from config.settings import Settings

pytestmark = pytest.mark.anyio
ZHANG = BOXES["private"]


@pytest.fixture
def server() -> Iterator[MailServer]:
    server = MailServer()
    server.start()
    yield server
    server.stop()
    assert server.complaints == []


def mail_to(server: MailServer, timeout_s: float = 20.0, **more: object) -> Mail:
    return Mail(Settings(**{**server.settings(), **more}), SENDER, timeout_s)


def says(*rows: str, to: str = ZHANG, files: tuple[File, ...] = ()) -> Outgoing:
    return Outgoing(to, rows, files=files, key="duban-7-0")


async def test_a_mail_has_its_first_row_as_subject_and_carries_its_files(
    server: MailServer,
) -> None:
    rows = (
        "河长制工作提醒\n\t（第3季度）" + "巡河" * 60,
        ".",
        "..一行以点开头",
        "𠮷野家河段👩‍👩‍👧" * 300,
    )
    files = (File("通报 2022年10月.xlsx", b"PK\x03\x04" * 900), File("红绿灯.png", b"\x89PNG"))
    button = ((Button("收到", "ack:1"),),)
    message = Outgoing(ZHANG, rows, buttons=button, files=files, key="duban-7-0")
    platform = mail_to(server)
    (part,) = degrade(message, platform.limits)
    receipt = await platform.send(part)
    (shown,) = server.shown("private")
    assert shown.message_id == receipt.message_id
    assert shown.text == "\n".join(rows)
    assert shown.files == {file.name: file.content for file in files}
    (_, raw), *_ = server.mails
    assert raw["Subject"].startswith("河长制工作提醒 （第3季度）")
    assert len(raw["Subject"]) == 78
    assert raw["From"].addresses[0].display_name == "督办助手"
    assert ANSWER_ELSEWHERE in raw.get_body().get_content()  # in place of the buttons
    again = await platform.send(part)
    other = await platform.send(Outgoing(ZHANG, ("别的提醒",), key="duban-7-0"))
    assert again.message_id == receipt.message_id != other.message_id


async def test_files_that_are_too_many_for_one_mail_come_apart(server: MailServer) -> None:
    big = tuple(File(f"{n}.pdf", bytes(FILES_BYTES // 2 + 1)) for n in range(2))
    parts = degrade(Outgoing(ZHANG, ("两个附件",), files=big), mail_to(server).limits)
    assert [len(part.files) for part in parts] == [0, 1, 1]


async def test_what_the_server_puts_off_is_tried_later(server: MailServer) -> None:
    server.fail("busy")
    with pytest.raises(TryLater, match=r"450 .* Greylisted"):
        await mail_to(server).send(says("提醒"))
    server.stop()
    with pytest.raises(TryLater, match="连不上"):
        await mail_to(server).send(says("提醒"))
    server.start()


@pytest.mark.parametrize(
    ("to", "code", "words"),
    [
        ("nobody@example.gov.cn", "403", "550 5.1.1 User unknown"),
        ("full@example.gov.cn", "400", "552 5.2.2 Mailbox full"),
    ],
)
async def test_a_receiver_who_is_gone_and_one_who_is_full(
    server: MailServer, to: str, code: str, words: str
) -> None:
    with pytest.raises(Refused, match=words) as caught:
        await mail_to(server).send(says("提醒", to=to))
    assert caught.value.code == code


@pytest.mark.parametrize(
    "wrong", [{"mail_password": SecretStr("wrong-word")}, {"mail_user": ""}], ids=["wrong", "none"]
)
async def test_a_wrong_password_is_our_fault(server: MailServer, wrong: dict[str, object]) -> None:
    with pytest.raises(Refused) as caught:
        await mail_to(server, **wrong).send(says("提醒"))
    assert caught.value.code == "401"
    assert "wrong-word" not in str(caught.value)


async def test_a_wrong_sender_is_our_fault_and_spam_is_not(server: MailServer) -> None:
    platform = Mail(Settings(**server.settings()), "other@example.gov.cn")
    with pytest.raises(Refused, match="553") as caught:
        await platform.send(says("提醒"))
    assert caught.value.code == "401"
    server.fail("refuse")
    with pytest.raises(Refused, match="554") as caught:
        await mail_to(server).send(says("提醒"))
    assert caught.value.code == "400"


@pytest.mark.parametrize("fault", ["drop", "hang"])
async def test_no_answer_after_the_text_may_mean_that_it_arrived(
    server: MailServer, fault: str
) -> None:
    server.fail(fault)
    with pytest.raises(MaybeSent):
        await mail_to(server, timeout_s=1).send(says("提醒"))


async def test_the_server_must_be_whom_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert)
    server = MailServer(context)
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    server.start()
    try:
        await mail_to(server, mail_security="ssl").send(says("加密的提醒"))
        assert len(server.mails) == 1
        monkeypatch.delenv("SSL_CERT_FILE")
        with pytest.raises(TryLater, match="加密连接没有建立"):
            await mail_to(server, mail_security="ssl").send(says("提醒"))
    finally:
        server.stop()


def certificate(folder: Path) -> Path:
    """A key and a certificate for 127.0.0.1 in one file."""
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "cert.pem"
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file


async def test_the_doctor_logs_in(server: MailServer) -> None:
    assert SENDER in await mail_to(server).check()


async def test_nothing_comes_and_that_is_no_fault(server: MailServer) -> None:
    heard: list[Incoming] = [one async for one in mail_to(server).receive()]
    assert heard == []


def test_what_is_set_up_by_half_and_what_is_no_address(engine: Engine) -> None:
    assert from_settings(Settings(), engine) is None
    with pytest.raises(UserError, match="DUBAN_MAIL_FROM"):
        from_settings(Settings(mail_host="smtp.example.gov.cn"), engine)
    assert check_address("Li@Example.GOV.cn") == "Li@example.gov.cn"
    for wrong in ("li", "li@", "a@b.c,d@e.f", "李@example.cn", "a@b.c\r\nBcc: x@y.z", "a b@c.d"):
        with pytest.raises(UserError):
            check_address(wrong)
