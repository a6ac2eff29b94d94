"""Why a visitor is not let in, or not listened to."""

from hub.errors import Invalid, NotFound, Unauthorised


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


class IntroductionNeeded(Invalid):
    """The site asks for a name or an address before the first message, and it is not there or is none."""

    code = "introduction_needed"
