"""Why a visitor is not let in."""

from hub.errors import NotFound, Unauthorised


class BadIdentity(Unauthorised):
    """The identity token is not valid: wrong secret, expired, for another site, or good for longer than an hour."""

    code = "bad_identity"


class IdentityNeeded(Unauthorised):
    """This site lets in only visitors it has identified."""

    code = "identity_needed"


class UnknownVisitor(Unauthorised):
    """No visitor of this site has this token."""

    code = "unknown_visitor"


class UnknownSite(NotFound):
    """No such site, or it is switched off."""

    code = "unknown_site"
