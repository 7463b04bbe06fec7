"""One base error, three kinds; the kind decides what happens next."""


class DubanError(Exception):
    """Base of all errors that duban raises on purpose. The message is for people: what, where, what to do."""


class UserError(DubanError):
    """The person can mend it; the message is shown to them in Chinese."""


class TryLater(DubanError):
    """The other side is busy; try again after `retry_after_s` seconds.

    `may_have_arrived` where it may have been done all the same, and does no harm when done twice.
    """

    def __init__(
        self, message: str, retry_after_s: float, *, may_have_arrived: bool = False
    ) -> None:
        super().__init__(message)
        self.retry_after_s, self.may_have_arrived = retry_after_s, may_have_arrived


class Refused(DubanError):
    """The other side said no for good; keep the message and tell an operator. `code` is the platform's own."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class MaybeSent(DubanError):
    """The connection broke after sending: it may have arrived, and is not sent again by itself."""
