"""What can go wrong with users, sessions and rights."""

from hub.errors import Conflict, Forbidden, Gone, Invalid, NotFound, RateLimited, Unauthorised


class WrongPassword(Unauthorised):
    """Name or password is wrong, or the user is disabled: the three look alike on purpose."""

    code = "wrong_password"


class WrongOldPassword(Invalid):
    """Not the password of who asks: it is needed once more for this."""

    code = "wrong_old_password"


class TotpNeeded(Unauthorised):
    """The password is right; a code of the second factor is needed beside it."""

    code = "totp_needed"


class TotpWrong(Unauthorised):
    """The code of the second factor is wrong, or was used before."""

    code = "totp_wrong"


class WrongCode(Invalid):
    """The device shows another code: nothing is put in force by this one."""

    code = "totp_wrong"


class SecondFactorActive(Conflict):
    """There is a second factor already."""

    code = "second_factor_active"


class SecondFactorInactive(Conflict):
    """There is no second factor, or none that waits for its first code."""

    code = "second_factor_inactive"


class SignOnFailed(Forbidden):
    """The sign-in at the provider did not come back as it was sent: expired, repeated, in another browser, or forged."""

    code = "sign_on_failed"


class SignOnRefused(Forbidden):
    """The provider says who it is, and nobody here answers to that."""

    code = "sign_on_refused"


class TooManyAttempts(RateLimited):
    """Too many wrong passwords for this name, or from this address."""

    code = "too_many_attempts"


class NoRights(Forbidden):
    """The password is right, and nobody has given this user a role yet."""

    code = "no_rights"


class NeedsUser(Forbidden):
    """Only a person who is signed in can do this, not a token."""

    code = "needs_user"


class Escalation(Forbidden):
    """Nobody hands out, or takes over, rights that are not their own."""

    code = "escalation"


class BadCsrfToken(Forbidden):
    """A cookie alone does not prove that our own page asked: the `X-CSRF-Token` header is missing or wrong."""

    code = "bad_csrf_token"


class ForeignOrigin(Forbidden):
    """It comes from a page that may not ask: another site's, or one that may not show the widget."""

    code = "foreign_origin"


class SetupDone(Gone):
    """The first user exists: this door is closed for good."""

    code = "setup_done"


class NoSuchUser(NotFound):
    """No user by this id or name."""


class WorkNumberTaken(Conflict):
    """Another user has this work number."""

    code = "work_number_taken"


class RoleInUse(Conflict):
    """Users still have this role."""

    code = "role_in_use"


class LastAdministrator(Conflict):
    """Nobody could manage users and roles any more."""

    code = "last_administrator"


class WeakPassword(Invalid):
    """Too short, or the user's own name."""

    code = "weak_password"
