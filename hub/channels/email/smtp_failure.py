"""What went wrong in sending, sorted into the hub's closed list."""

import ssl
from collections.abc import Iterator

from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPException,
    SMTPNotSupported,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from hub.channels.contract import SendError
from hub.channels.email.oauth import TokenRefused
from hub.channels.email.status import enhanced_code, failure_of
from hub.errors import HubError, Unavailable
from hub.messages.states import SendFailure

_SIGN_IN_CODES = frozenset({530, 534, 535, 538})  # RFC 4954 §6
_LATER = frozenset({SendFailure.UNAVAILABLE, SendFailure.THROTTLED})


def by_reply(code: int, text: str) -> SendFailure:
    """The failure an SMTP reply stands for. Its first digit decides whether it is worth another try (RFC 5321 §4.2.1)."""
    if code in _SIGN_IN_CODES:
        return SendFailure.BAD_CREDENTIALS
    failure = failure_of(enhanced_code(text), code)
    if 400 <= code < 500:
        return failure if failure in _LATER else SendFailure.UNAVAILABLE
    return SendFailure.REJECTED if failure in _LATER else failure


def sorted_failure(error: Exception) -> SendError:
    """`error` as a `SendError`."""
    if isinstance(error, SendError):
        return error
    if isinstance(error, SMTPResponseException):
        return _from_reply(error)
    if isinstance(error, HubError):
        return _from_ourselves(error)
    detail = f"{type(error).__name__}: {error}"
    if any(isinstance(cause, ssl.SSLError) for cause in _causes(error)):
        return SendError(SendFailure.BAD_SETTINGS, f"no safe connection (TLS): {detail}")
    if isinstance(error, SMTPNotSupported):
        return SendError(SendFailure.UNSUPPORTED, detail)
    if isinstance(error, SMTPServerDisconnected | SMTPConnectError | SMTPTimeoutError | OSError):
        return SendError(SendFailure.UNAVAILABLE, detail)
    if isinstance(error, SMTPException):  # no STARTTLS, no way to sign in we know
        return SendError(SendFailure.BAD_SETTINGS, detail)
    return SendError(SendFailure.BAD_RECIPIENT, detail)  # ValueError: what cannot be put into a command line


def _from_reply(error: SMTPResponseException) -> SendError:
    text = str(error.message)
    if isinstance(error, SMTPAuthenticationError):
        failure = SendFailure.BAD_CREDENTIALS if error.code >= 500 else SendFailure.UNAVAILABLE
    elif error.code < 400:  # no SMTP server: a malformed or impossible answer
        failure = SendFailure.UNAVAILABLE
    else:
        failure = by_reply(error.code, text)
    return SendError(failure, f"{error.code} {text}"[:500], provider_code=enhanced_code(text) or str(error.code))


def _from_ourselves(error: HubError) -> SendError:
    """No access token, no address for the server's name, or an address the egress gate does not let through."""
    if isinstance(error, TokenRefused):
        return SendError(SendFailure.BAD_CREDENTIALS, error.detail)
    failure = SendFailure.UNAVAILABLE if isinstance(error, Unavailable) else SendFailure.BAD_SETTINGS
    return SendError(failure, error.detail)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
