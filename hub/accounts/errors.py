"""What can go wrong with channel accounts."""

from hub.errors import Conflict, Invalid, NotFound


class NoSuchAccount(NotFound):
    """No account by this id, or it was deleted."""


class AccountDisabled(Conflict):
    """The account is switched off: nothing goes in or out."""

    code = "account_disabled"


class RecipientTaken(Conflict):
    """Another account takes mail for this address or domain already."""

    code = "recipient_taken"


class BadAccountSettings(Invalid):
    """The adapter cannot work with these settings; `errors` says which field and why."""

    code = "bad_account_settings"

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message, errors=[{"path": path, "message": message}])


class SecretNeeded(BadAccountSettings):
    """The server was changed: its secret has to be entered again, or whoever changes it could have it sent to their own."""

    code = "secret_needed"
