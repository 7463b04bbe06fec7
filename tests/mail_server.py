"""The mailboxes as one of the doubles of the conformance suite."""

from mailboxes import MailServer


def make() -> MailServer:
    return MailServer()
